//! A client at rest: saved and restored, continued by records, swapped, rolled back, killed.

mod bytes;
mod changes;
mod processes;
mod records;

use std::collections::BTreeSet;

use latchstring::Error;
use latchstring::client::{
    Address, Client, Enclosed, GroupId, LetterEvent, LinkingRequest, ListUpdate, LogStatus,
    NewDevice, Outgoing, Plan, Repair, Stop, To,
};
use latchstring::session::{Account, AccountId, Bundle, Device, Served};
use latchstring::storage::{Change, Journal, Pending, State, StateKey};

use support::forged::{self, Words};
use support::linking::{accepted, briefed};
use support::town::{Mail, Person, Town, enclosed, said, text};
use support::{NOW, TestRng, device_of, places, refusal, refuses, restored, started};

const DAY: u64 = 86_400;
const HOUR: u64 = 3600;
const OWNER: &[u8] = b"telephone of account 1";

fn key(byte: u8) -> StateKey {
    StateKey::new(1, &[byte; 32]).unwrap()
}

/// Returns the change that comes back from its record. The state itself stays as it was.
fn recorded<S: State, T>(
    state: &mut S,
    operation: impl for<'a> FnOnce(&'a mut S) -> Result<Pending<'a, S, T>, Error>,
) -> Change<S> {
    let (base, mut salts) = (state.anchor(), TestRng::new(99));
    let pending = operation(state).unwrap();
    let recorded = pending.record(&key(7), OWNER, &base, &mut salts).unwrap();
    key(7).open(OWNER, Some(&base), recorded.record().unwrap()).unwrap()
}

impl Store {
    /// Records an operation and applies it. The patterns are steps that must be in its change.
    fn find<T>(
        &mut self,
        client: &mut Client,
        patterns: &[Vec<u8>],
        operation: impl for<'a> FnOnce(&'a mut Client) -> Result<Pending<'a, Client, T>, Error>,
    ) -> T {
        let (mut stored, anchor) = (restored(client), client.anchor());
        let pending = operation(client).unwrap();
        let recorded = pending.record(&key(7), OWNER, &anchor, &mut self.rng).unwrap();
        let again: Change<Client> =
            key(7).open(OWNER, Some(&anchor), recorded.record().unwrap()).unwrap();
        let bytes = again.to_bytes();
        self.steps.insert(bytes[STEPS]);
        for pattern in patterns {
            assert!(!places(&bytes, pattern).is_empty(), "no step {}", pattern[0]);
            self.steps.insert(pattern[0]);
        }
        let out = recorded.apply();
        restored(&again).apply(&mut stored).unwrap();
        assert!(*stored.to_bytes() == *client.to_bytes(), "a record gives another state");
        assert_eq!(stored.anchor(), client.anchor());
        *client = started(&stored);
        out
    }

    fn apply<T>(
        &mut self,
        client: &mut Client,
        operation: impl for<'a> FnOnce(&'a mut Client) -> Result<Pending<'a, Client, T>, Error>,
    ) -> T {
        self.find(client, &[], operation)
    }

    /// Seals a plan; empty bytes are no content.
    fn seal(
        &mut self,
        town: &mut Town,
        plan: &mut Plan,
        content: &[u8],
        patterns: &[Vec<u8>],
    ) -> Outgoing {
        town.supply(0, 0, plan).unwrap();
        let Town { people, now, rng, .. } = town;
        let client = &mut people[0].devices[0];
        let said = said(content);
        self.find(client, patterns, |client| client.seal(plan, enclosed(&said), *now, rng))
    }

    fn receive(&mut self, town: &mut Town, mail: &Mail, patterns: &[Vec<u8>]) {
        let (client, now) = (&mut town.people[0].devices[0], town.now);
        self.find(client, patterns, |client| client.open(mail.from, &mail.message, now));
    }
}

/// The offset of the steps in a client's change: behind version, kind, anchor, the kind of state, time and count.
const STEPS: usize = 2 + 32 + 1 + 8 + 25 + 4;

/// Applies every change twice: to the client, and by its record to what the store holds.
struct Store {
    rng: TestRng,
    /// The tags of the steps that changes began with, or that were looked for and found.
    steps: BTreeSet<u8>,
}
