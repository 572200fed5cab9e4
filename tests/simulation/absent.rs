//! Absence: of somebody who is away for long, or never comes back; and letters that wait for an account to which
//! nothing may be sent.

use std::collections::{BTreeMap, BTreeSet};

use latchstring::Error;
use latchstring::client::Conversation;
use latchstring::session::AccountId;

use crate::letters::What;
use crate::repairs::Style;
use crate::server::{DAY, attack};
use crate::world::{Place, World};

/// The time for which somebody is away: longer than a list serves.
const AWAY: u64 = 35 * DAY;

/// The bounds of what waits (`spec/fan-out.md`, "Resending").
const MAX_QUEUED: usize = 64;
const QUEUE_FOR: u64 = 90 * DAY;

/// Everything about who is away.
#[derive(Default)]
pub struct Absent {
    /// The devices that are off, and until when.
    off: BTreeMap<usize, u64>,
    /// The one who never comes back.
    dead: Option<usize>,
}

/// Letters of a device that wait for accounts.
#[derive(Clone, Default)]
pub struct Queued {
    /// The messages, by when they were sealed, and for whom they wait.
    letters: BTreeMap<usize, (u64, BTreeSet<AccountId>)>,
    /// The accounts whose change its user has acknowledged, or that were forgotten.
    pub dropped: BTreeSet<AccountId>,
}

impl World {
    /// Tells whether a device is listed, and not off.
    pub fn is_on(&self, node: usize) -> bool {
        let is_off = self.absent.off.get(&node).is_some_and(|until| self.now < *until);
        self.nodes[node].place == Place::Listed && !is_off
    }

    pub fn is_dead(&self, person: usize) -> bool {
        self.absent.dead == Some(person)
    }

    /// Tells whether an account is that of somebody who is dead.
    pub fn is_lost(&self, account: AccountId) -> bool {
        self.absent.dead.is_some_and(|dead| self.account(dead) == account)
    }

    /// Lets somebody go away once in a while, and somebody for good.
    pub fn leave(&mut self) {
        if self.server.attacks & attack::AWAY != 0 && self.once_in(120) {
            let person = 1 + self.below(self.people.len() - 1);
            let until = self.now + AWAY;
            let mut gone = self.people[person].nodes.clone();
            if gone.len() > 1 && self.once_in(3) {
                gone = vec![gone[1 + self.below(gone.len() - 1)]];
                self.count("a device is off");
            } else {
                self.count("somebody is away");
            }
            if gone.iter().all(|node| self.is_on(*node)) {
                self.absent.off.extend(gone.into_iter().map(|node| (node, until)));
            }
        }
        let is_late = self.messages.len() > 40;
        if self.server.attacks & attack::DEAD != 0 && self.absent.dead.is_none() && is_late {
            let person = self.people.len() - 1;
            self.absent.dead = Some(person);
            self.note_dead(person);
            self.count("somebody is dead");
        }
    }

    /// Leaves all devices of somebody off for good.
    fn note_dead(&mut self, person: usize) {
        for node in self.people[person].nodes.clone() {
            self.absent.off.insert(node, u64::MAX);
        }
    }

    /// Lets everybody come back who is only away.
    pub fn come_back(&mut self) {
        self.absent.off.retain(|_, until| *until == u64::MAX);
    }

    /// Notes that a message was sealed, and for whom it waits.
    pub fn note_queued(&mut self, node: usize, message: usize, stopped: BTreeSet<AccountId>) {
        if !stopped.is_empty() {
            let at = self.time(node);
            self.nodes[node].queued.letters.insert(message, (at, stopped));
            self.count("a letter waits");
        }
    }

    /// Seals what waits, if an app does so, for whom it may be sent to now.
    pub fn seal_queued(&mut self, node: usize) {
        if self.nodes[node].care.style == Style::Never {
            return;
        }
        let waiting: Vec<_> = self.nodes[node].queued.letters.keys().copied().collect();
        for message in waiting {
            match self.backfill(node, message) {
                Ok(true) => self.count("what has waited goes"),
                Ok(false) => {}
                Err(Error::MessageForgotten) => {
                    self.check_dropped(node, message);
                    self.nodes[node].queued.letters.remove(&message);
                    self.count("what has waited is forgotten");
                }
                Err(error) => self.count_error("backfill", error),
            }
        }
    }

    /// Checks that what waits no longer may be forgotten: it was sealed for all, has waited for too long, or there
    /// is more that waits for the account.
    fn check_dropped(&self, node: usize, message: usize) {
        let queued = &self.nodes[node].queued;
        let (at, stopped) = &queued.letters[&message];
        let accounts: BTreeSet<_> =
            queued.letters.values().flat_map(|(_, stopped)| stopped).collect();
        let wait_for = |account: &AccountId| {
            let waiting = queued.letters.values().filter(|(_, stopped)| stopped.contains(account));
            waiting.count()
        };
        let is_old = self.time(node) >= at + QUEUE_FOR || self.is_misled(node);
        let has_lost =
            self.was_wrong(node) || self.was_restored(self.address(node), self.address(node));
        let lacks = |account: &AccountId| {
            let is_crowded = wait_for(account) * accounts.len() > MAX_QUEUED;
            !is_crowded && !queued.dropped.contains(account) && self.lacks(*account, message)
        };
        let is_dropped = self.is_dropped(node, message);
        let is_lost = !is_dropped && stopped.iter().any(lacks);
        let age = self.time(node).saturating_sub(*at) / 3600;
        assert!(
            is_old || has_lost || !is_lost,
            "what has waited is lost: {message} of {node}, {age} hours, {stopped:?}"
        );
    }

    /// Tells whether a message is of a conversation with an account whose change the sender's user has acknowledged:
    /// it is forgotten as a whole, also if it waits for own devices.
    fn is_dropped(&self, node: usize, message: usize) -> bool {
        match self.messages[message].conversation {
            Conversation::With(with) => self.nodes[node].queued.dropped.contains(&with),
            _ => false,
        }
    }

    /// Tells whether a message was not sealed for a device of an account, as its sender knows it.
    fn lacks(&self, account: AccountId, message: usize) -> bool {
        let message = &self.messages[message];
        let Some(list) = self.nodes[message.from].client.list_of(account) else { return true };
        let mut others = Self::addresses(list).into_iter();
        others.any(|of| of != self.address(message.from) && !message.targets.contains(&of))
    }

    /// Notes for whom a message waits no longer.
    pub fn note_sealed(&mut self, node: usize, message: usize) {
        let Some((_, stopped)) = self.nodes[node].queued.letters.get(&message) else { return };
        let mut stopped = stopped.clone();
        stopped.retain(|account| self.lacks(*account, message));
        if stopped.is_empty() {
            self.nodes[node].queued.letters.remove(&message);
        } else if let Some(entry) = self.nodes[node].queued.letters.get_mut(&message) {
            entry.1 = stopped;
        }
    }

    /// Checks that nothing waits any more for anybody who is there.
    pub fn check_queued(&mut self) {
        for node in self.listed() {
            self.seal_queued(node);
        }
        for node in self.listed() {
            let queued = &self.nodes[node].queued;
            if self.nodes[node].care.style == Style::Never {
                continue;
            }
            for (message, (_, stopped)) in &queued.letters {
                let dead = self.absent.dead.map(|person| self.account(person));
                let mut waits = stopped.iter().filter(|account| Some(**account) != dead);
                let is_dropped = self.is_dropped(node, *message);
                let is_lacking = !is_dropped
                    && waits.any(|account| {
                        !queued.dropped.contains(account) && self.lacks(*account, *message)
                    });
                assert!(!is_lacking, "a letter still waits for somebody who is there");
            }
        }
    }
}

impl World {
    /// Seals a message again for whom it was not sealed, and may be now. Tells whether there was anybody.
    fn backfill(&mut self, node: usize, message: usize) -> Result<bool, Error> {
        let content = self.messages[message].content.clone();
        let mut draft = self.plan(node, What::Resend(message), content)?;
        if draft.plan.devices().next().is_none() {
            return Ok(false);
        }
        let newer = draft.plan.devices().all(|device| {
            let message = &self.messages[message];
            !message.targets.contains(&device) || message.left_out.contains(&device)
        });
        let is_restored = self.was_restored(self.address(node), self.address(node));
        assert!(newer || is_restored, "made up for what was not missing");
        self.supply(node, &mut draft);
        let sealed = self.seal(node, &mut draft);
        assert_ne!(sealed, Err(Error::ContentMismatch), "the same content is refused");
        sealed.map(|()| true)
    }

    /// Makes up for the devices that a device's last message was not sealed for.
    pub fn backfill_last(&mut self, node: usize) {
        let last = self.messages.iter().rposition(|message| message.from == node);
        if let Some(last) = last
            && self.backfill(node, last) == Ok(true)
        {
            self.count("backfill");
        }
    }
}
