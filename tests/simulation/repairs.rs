//! Apps that see to it that letters get read, each in its way: by what clients list.

use std::collections::{BTreeMap, BTreeSet};

use latchstring::Error;
use latchstring::client::{Address, Alert, LetterEvent, MessageId, ReceivedLetter, Repair, Unread};
use latchstring::storage::{Anchor, State};

use crate::letters::What;
use crate::server::DAY;
use crate::world::World;

/// The seconds in which a device begins so many repair sessions with one device at most (`spec/sessions.md`).
const HOUR: u64 = 3600;

const REPAIRS: usize = 2;

/// The seconds after which a session that nobody answers is begun anew, without any doubt (`spec/sessions.md`).
const STALE_AFTER: u64 = 7 * DAY;

/// The way in which an app does what its client lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As soon as something has come, and at the times that the client names.
    Follows,
    /// Whenever it thinks of it, too.
    Always,
    /// Never: it takes mail, and writes.
    Never,
}

/// The knowledge of a device's app of letters that are not read.
#[derive(Clone)]
pub struct Care {
    pub style: Style,
    /// True if mail comes to the device with message ids.
    pub has_hints: bool,
    /// The letters that the client has said to be unread.
    pub unread: BTreeSet<(Address, MessageId)>,
    /// The letters that it has said to be lost, or that their senders have.
    pub told: BTreeSet<(Address, MessageId)>,
    /// The time at which to look again; 0 if something has come.
    look: Option<u64>,
    /// The time that the client named last to look again, and how far it was.
    said: Option<(Anchor, Option<u64>)>,
    /// The times of the repair sessions with each device.
    begun: BTreeMap<Address, Vec<u64>>,
}

impl Care {
    pub fn new(style: Style, has_hints: bool) -> Self {
        Self {
            style,
            has_hints,
            unread: BTreeSet::new(),
            told: BTreeSet::new(),
            look: None,
            said: None,
            begun: BTreeMap::new(),
        }
    }

    /// Notes that something has come.
    pub fn note_mail(&mut self) {
        self.look = Some(0);
    }

    /// Forgets what concerns devices with which the client has nothing in common any more.
    pub fn forget(&mut self, gone: impl Fn(Address) -> bool) {
        self.unread.retain(|(from, _)| !gone(*from));
        self.begun.retain(|with, _| !gone(*with));
    }

    /// Forgets when repair sessions were begun, which another clock said, or a client that is no more.
    pub fn forget_times(&mut self) {
        self.begun.clear();
        (self.look, self.said) = (Some(0), None);
    }
}

impl World {
    /// Lets an app do what its client lists, if it is of those that do so now.
    pub fn look_after(&mut self, node: usize) -> bool {
        if !self.is_on(node) {
            return false;
        }
        let now = self.time(node);
        let care = &self.nodes[node].care;
        let is_time = care.look.is_some_and(|at| at <= now);
        let any = match care.style {
            Style::Never => return false,
            Style::Follows => is_time && self.repair(node),
            Style::Always => self.repair(node),
        };
        let next = self.nodes[node].client.next_repair(now);
        self.nodes[node].care.look = next;
        any
    }

    /// Seals all that a client lists, and what it was asked for. Tells whether there was anything.
    fn repair(&mut self, node: usize) -> bool {
        self.check_said(node);
        let now = self.time(node);
        let repairs: Vec<_> = self.nodes[node].client.repairs(now).collect();
        let mut any = false;
        for repair in repairs {
            let before = self.requests;
            let sealed = match repair {
                Repair::Resend { id, .. } | Repair::Backfill { id } => {
                    self.seal_again(node, &repair, id)
                }
                // Its app keeps no copies.
                Repair::Copy { .. } => self.give_up(node, &repair),
                _ => self.say(node, What::Repair(repair), Vec::new()),
            };
            match sealed {
                Ok(()) => any = true,
                Err(error) => {
                    self.count_error("repair", error);
                    continue;
                }
            }
            if self.requests > before {
                let client = &self.nodes[node].client;
                assert!(client.repairs(now).all(|listed| listed != repair), "it is done");
                self.count("request");
            }
        }
        if self.is_quiet || self.once_in(4) {
            self.seal_queued(node);
        }
        let client = &self.nodes[node].client;
        let said = (client.anchor(), client.next_repair(now));
        let is_all = !client.repairs(now).any(|_| true);
        self.nodes[node].care.said = is_all.then_some(said);
        any
    }

    /// Checks that nothing is listed before the time that was named, if nothing has changed.
    fn check_said(&mut self, node: usize) {
        let Some((anchor, next)) = self.nodes[node].care.said.take() else { return };
        let (now, client) = (self.time(node), &self.nodes[node].client);
        if !self.is_misled(node) && anchor == client.anchor() && client.repairs(now).any(|_| true) {
            assert!(next.is_some_and(|at| at <= now), "listed before the time that was named");
        }
    }

    /// Seals a letter again as a repair says, or gives it up: its content may be gone.
    fn seal_again(&mut self, node: usize, repair: &Repair, id: MessageId) -> Result<(), Error> {
        let kept = self.by_name.get(&(self.address(node), id)).copied();
        let is_gone = matches!(repair, Repair::Resend { .. }) && self.once_in(20);
        match kept.filter(|_| !is_gone) {
            Some(message) => self.answer(node, repair, message),
            None => self.give_up(node, repair),
        }
    }

    fn give_up(&mut self, node: usize, repair: &Repair) -> Result<(), Error> {
        let now = self.time(node);
        self.count("a letter is given up");
        self.commit(node, |client, _| Ok(client.give_up(repair, now)))
    }

    /// Notes what a letter says of others.
    pub fn note_answers(&mut self, node: usize, arrived: &ReceivedLetter) {
        let care = &mut self.nodes[node].care;
        let is_over = arrived.alerts.iter().any(|it| matches!(it, Alert::ListOver { .. }));
        if let LetterEvent::NotResent(ids) = &arrived.event
            && !is_over
        {
            for id in ids {
                care.unread.remove(&(arrived.from, *id));
                care.told.insert((arrived.from, *id));
            }
        }
        care.unread.remove(&(arrived.from, arrived.id));
    }

    /// Notes what a client says to be unread.
    pub fn note_unread(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        node.care.unread.extend(node.client.unread().map(|unread| (unread.from, unread.id)));
    }

    /// Notes what a client tells to be lost.
    pub fn note_lost(&mut self, node: usize, lost: &[Unread]) {
        let care = &mut self.nodes[node].care;
        for name in lost.iter().map(|unread| (unread.from, unread.id)) {
            assert!(care.unread.remove(&name), "lost, and it was not unread");
            care.told.insert(name);
        }
    }

    /// Checks that a client forgets nothing that it has said to be unread, but by telling that it is lost.
    pub fn check_unread(&self, node: usize) {
        let node = &self.nodes[node];
        let listed: BTreeSet<_> = node.client.unread().map(|it| (it.from, it.id)).collect();
        assert_eq!(node.care.unread, listed, "what is unread");
    }

    /// Checks, of a session that a device begins in place of another one, that there are not too many.
    pub fn note_repair(&mut self, node: usize, to: Address, old: usize) {
        let now = self.time(node);
        let old = &self.sessions[old];
        if old.by == self.address(node) && now >= old.at + STALE_AFTER {
            return;
        }
        let begun = self.nodes[node].care.begun.entry(to).or_default();
        begun.retain(|at| now < at + HOUR);
        assert!(begun.len() < REPAIRS, "{begun:?}: too many repair sessions at {now}");
        begun.push(now);
        self.count("repair session");
    }
}
