//! A device that is restored from a backup: it knows what it knew then, and the server and its peers know more.

use std::collections::{BTreeMap, BTreeSet};

use latchstring::client::{Address, Client, DeviceList, MessageId, Outgoing};
use latchstring::session::{AccountId, AccountKey, OneTimePrekey, Withdraw};
use latchstring::storage::State;

use crate::server::{Mail, attack};
use crate::world::{Held, Place, World};

/// The most steps of a device that its backup is behind.
const STEPS: usize = 40;

/// The seconds by which clocks may differ (`spec/README.md`, "Time").
const SKEW: u64 = 1800;

/// A copy of a device's state, and of what its app keeps beside it.
pub struct Backup {
    state: Vec<u8>,
    read: BTreeSet<(Address, MessageId)>,
    again: BTreeSet<(Address, MessageId)>,
    outbox: Vec<(Outgoing, BTreeMap<Address, usize>)>,
    active: BTreeMap<Address, usize>,
    accepted: BTreeSet<usize>,
    shown: BTreeSet<(AccountId, AccountKey)>,
    latest: BTreeMap<Address, usize>,
    /// The time up to which it may have been told to be.
    told: u64,
    /// The number of envelopes that were sealed before.
    sealed: usize,
    /// The envelopes that were opened since.
    pub opened: Vec<usize>,
    /// The mail that they came in.
    pub came: Vec<Mail>,
    /// The steps of the device until it is restored.
    steps: usize,
}

/// The devices that were restored.
#[derive(Default)]
pub struct Restored {
    /// The number of sessions that were begun before, by device.
    sessions: BTreeMap<Address, usize>,
    /// The messages that a device had read and has forgotten, or has sealed and has forgotten, and for whom.
    lost: BTreeSet<(usize, Address)>,
}

impl World {
    /// Takes a backup of a device once in a while, and restores it some steps later.
    pub fn step_back(&mut self, node: usize) {
        if self.server.attacks & attack::ROLLBACK == 0 || self.nodes[node].place != Place::Listed {
            return;
        }
        let begins = self.once_in(40);
        match &mut self.nodes[node].backup {
            None if begins => self.back_up(node),
            None => {}
            Some(backup) if backup.steps > 0 => backup.steps -= 1,
            Some(_) => self.restore(node),
        }
    }

    fn back_up(&mut self, number: usize) {
        let (steps, sealed) = (self.below(STEPS), self.sent.len());
        let node = &mut self.nodes[number];
        node.backup = Some(Box::new(Backup {
            state: node.client.to_bytes().to_vec(),
            read: node.read.clone(),
            again: node.again.clone(),
            outbox: node.outbox.clone(),
            active: node.active.clone(),
            accepted: node.accepted.clone(),
            shown: node.shown.clone(),
            latest: node.latest.clone(),
            told: node.watch.told,
            sealed,
            opened: Vec::new(),
            came: Vec::new(),
            steps,
        }));
    }

    /// Puts a backup in the place of a device. Its app may have kept what it has shown, and what it was to send; the
    /// server may bring what was acknowledged since.
    fn restore(&mut self, number: usize) {
        let (keeps_read, keeps_outbox) = (!self.once_in(3), self.once_in(2));
        let comes_again = !self.once_in(4);
        let (address, node) = (self.address(number), &mut self.nodes[number]);
        let Some(backup) = node.backup.take() else { return };
        // Nobody takes a list of the future, also if it is one's own, and signs behind an older one.
        let newest = self.server.lists[&address.account].last().unwrap();
        let is_future = DeviceList::decode(newest).unwrap().issued() > self.now + SKEW;
        let is_primary = self.people[node.person].nodes[0] == number;
        if is_primary && is_future {
            return;
        }
        node.client = Client::from_bytes(&backup.state).unwrap();
        node.draft = None;
        for session in node.accepted.difference(&backup.accepted) {
            if let Some(key) = &self.sessions[*session].one_time {
                self.one_time_used.remove(key);
            }
        }
        (node.active, node.accepted) = (backup.active, backup.accepted);
        (node.shown, node.latest) = (backup.shown, backup.latest);
        node.again = backup.again;
        if keeps_read {
            node.again.extend(node.read.difference(&backup.read).copied());
        } else {
            node.read = backup.read;
        }
        if !keeps_outbox {
            node.outbox = backup.outbox;
        }
        node.watch.told = node.watch.told.max(backup.told);
        node.care.forget_times();
        node.care.unread = node.client.unread().map(|unread| (unread.from, unread.id)).collect();
        let sealed = self.sent[backup.sealed..].iter().filter(|sent| sent.from == address);
        let sealed: Vec<_> = sealed.map(|sent| (sent.held, sent.to)).collect();
        for envelope in backup.opened {
            self.sent[envelope].opened = false;
            if let Held::Message(message) = self.sent[envelope].held {
                self.restored.lost.insert((message, address));
            }
        }
        for mail in backup.came.into_iter().filter(|_| comes_again) {
            self.server.bring(mail, &mut self.rng);
        }
        for (held, to) in sealed {
            if let Held::Message(message) = held {
                self.restored.lost.insert((message, to));
            }
        }
        self.restored.sessions.insert(address, self.sessions.len());
        self.impostors.forget(number);
        self.named.forget(number);
        self.count("a device is restored");
        // A primary signs nothing before it was shown the newest list.
        if is_primary {
            self.set_right(number);
            let attacks = std::mem::take(&mut self.server.attacks);
            self.fetch(number, address.account).unwrap();
            self.server.attacks = attacks;
        }
    }

    /// Tells whether one of two devices was restored, or went by a time that did not come.
    pub fn was_troubled(&self, one: Address, other: Address) -> bool {
        let was_wrong = [one, other].iter().any(|end| self.was_wrong(self.at[end]));
        was_wrong || self.was_restored(one, other)
    }

    /// Tells whether one of two devices was restored.
    pub fn was_restored(&self, one: Address, other: Address) -> bool {
        [one, other].iter().any(|end| self.restored.sessions.contains_key(end))
    }

    /// Tells whether a session is older than the last restoring of a device that it is of.
    pub fn is_torn(&self, one: Address, other: Address, session: usize) -> bool {
        let before = |end| self.restored.sessions.get(&end).is_some_and(|begun| session < *begun);
        before(one) || before(other)
    }

    /// Tells whether one who was restored has forgotten the message, or that it read it.
    pub fn is_forgotten(&self, message: usize, to: Address) -> bool {
        self.restored.lost.contains(&(message, to))
    }

    /// Has the server withdraw prekeys of a device that nobody can use.
    pub fn withdraw(&mut self, node: usize, withdraw: &Withdraw) {
        if *withdraw == Withdraw::Nothing {
            return;
        }
        let address = self.address(node);
        let is_excused = self.was_restored(address, address) || self.was_wrong(node);
        assert!(is_excused, "the server has a dead prekey");
        let Withdraw::Ids(dead) = withdraw else { panic!("they are all dead") };
        let is_alive = |bytes: &[u8]| !dead.contains(&OneTimePrekey::decode(bytes).unwrap().id());
        let keys = self.server.one_time.get_mut(&address).unwrap();
        keys.retain(|(_, bytes)| is_alive(bytes));
        self.count("withdraw");
    }
}
