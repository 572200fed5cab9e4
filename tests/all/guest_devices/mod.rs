//! A guest and a host with several devices.

mod absence;
mod accounts;
mod bounds;
mod claim;
mod envelopes;
mod grants;
mod healing;
mod latecomers;
mod link;
mod lists;
mod races;
mod removal;
mod renewals;
mod stolen;
mod words;

use std::collections::{HashMap, HashSet};

use latchstring::Error;
use latchstring::client::{
    Address, Alert, Client, DeviceList, Envelope, ListMismatch, ListUpdate, OwnObject,
};
use latchstring::guest::{
    Approval, Chat, ChatEvent, ChatStatus, EndReason, Invite, Pin, Policy, ReceivedEvent,
    SyncOutcome,
};
use latchstring::storage::{Change, Pending, State, StateKey};
use support::doors::Doors;
use support::guest::{DAY, EXPIRES, ORIGIN, raw_text, text_of};
use support::home::{Home, next_list};
use support::{
    NOW, OneToOne, TestRng, altered, bundle_of, client, days, object, only, refuses, restored,
};

use crate::guest::changed;

/// Finds the envelope for one device.
fn of(envelopes: &[Envelope], to: Address) -> &[u8] {
    let mut found = envelopes.iter().filter(|envelope| envelope.to == to);
    let envelope = found.next().unwrap();
    assert!(found.next().is_none());
    &envelope.message
}

/// Puts other bytes into the place of some.
fn put(bytes: &[u8], place: usize, other: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place..place + other.len()].copy_from_slice(other);
    bytes
}

/// A guest that three devices of its host have taken in.
struct Meeting {
    doors: Doors,
    guest: Chat,
    hosts: Vec<Chat>,
}

impl Meeting {
    fn waiting(seed: u64, devices: usize) -> Self {
        let mut doors = Doors::new(seed, devices);
        let (guest, claim) = doors.guest();
        let hosts = (0..devices).map(|device| doors.take(device, &claim)).collect();
        Self { doors, guest, hosts }
    }

    /// Lets every device grant: the first grant lets the guest in, the others repeat it.
    fn new(seed: u64, devices: usize) -> Self {
        let mut meeting = Self::waiting(seed, devices);
        for device in 0..devices {
            let granted = meeting.doors.grant(device, &mut meeting.hosts[device]);
            let from = meeting.doors.address(device);
            let received = meeting.guest.receive(from, &granted, NOW).unwrap();
            assert!(received.event == ChatEvent::Granted && received.from == from);
        }
        meeting
    }
}

/// Checks that the operation's change as it is read from its record leads to the same state. The state itself
/// stays where it is.
#[track_caller]
fn leads_to_the_same<S: State, T>(
    state: &S,
    operation: impl for<'s> FnOnce(&'s mut S) -> Result<Pending<'s, S, T>, Error>,
) -> T {
    let (mut direct, mut other) = (restored(state), restored(state));
    let (key, rng) = (StateKey::new(1, &[7; 32]).unwrap(), &mut TestRng::new(0));
    let pending = operation(&mut direct).unwrap();
    let recorded = pending.record(&key, b"replica", &state.anchor(), rng).unwrap();
    let change: Change<S> = key.open(b"replica", None, recorded.record().unwrap()).unwrap();
    let read = Change::<S>::from_bytes(&change.to_bytes()).unwrap();
    assert_eq!(read.to_bytes(), change.to_bytes());
    let output = recorded.apply();
    read.apply(&mut other).unwrap();
    assert_eq!(direct.anchor(), other.anchor());
    assert!(direct.to_bytes() == other.to_bytes());
    output
}

impl Meeting {
    /// Lets the guest learn the account's newest list.
    fn guest_learns(&mut self, now: u64) -> ListUpdate {
        self.guest.learn(&self.doors.home.list, now).unwrap().apply()
    }

    /// Lets a device of the host learn it.
    fn host_learns(&mut self, device: usize, now: u64) -> ListUpdate {
        self.hosts[device].learn(&self.doors.home.list, now).unwrap().apply()
    }

    fn guest_says(&mut self, device: usize, now: u64) -> ReceivedEvent {
        let said = self.guest.send("hello", now, &mut self.doors.rng).unwrap().envelopes;
        self.hosts[device].hear(of(&said, self.doors.address(device)), now).unwrap()
    }

    fn host_says(&mut self, device: usize, now: u64) -> ReceivedEvent {
        let text = self.hosts[device].say("welcome", now, &mut self.doors.rng).unwrap();
        self.guest.receive(self.doors.address(device), &text, now).unwrap()
    }
}

impl Meeting {
    /// Links a new device of the account, which is told of the chat and comes in.
    fn link(&mut self, now: u64) -> (Client, Chat, Envelope) {
        let new = self.doors.home.link(now, &mut self.doors.rng);
        let shared = self.hosts[0].export(&self.doors.home.clients[0], now).unwrap();
        let (chat, envelope) = Chat::import(&new, &shared, now, &mut self.doors.rng).unwrap();
        (new, chat, envelope)
    }
}
