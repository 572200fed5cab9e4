//! A model of two devices without cryptography: sessions are ids, and a network holds back, repeats
//! and reorders.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

mod descent;
mod histories;
mod ids;
mod rules;
mod side;

use alloc::vec;
use alloc::vec::Vec;

extern crate std;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::session_choice::ids::Ids;
use super::session_choice::side::{ReplacedSession, Side};

use crate::client::doubt::{Doubt, Level};
use crate::client::limits::HOUR;
use crate::client::links::Links;
use crate::client::session_choice::{
    ActiveSession, Choice, Contradiction, GRACE, MAX_REPLACED, Met, NewSession, NextSession,
    PeerSessions, Reached, choose, contradiction, created, is_plausible, next_session,
};
use crate::protocol::clock::Now;
use crate::protocol::handshake::continuation::Predecessor;
use crate::protocol::position::{Position, SessionId as Id};

const START: u64 = 1_800_000_000;

/// The prefix of a session, in front of every message until it is answered.
#[derive(Clone, Copy, Hash)]
struct Prefix {
    predecessor: Option<Id>,
    /// Number of messages that the initiator sent in the predecessor.
    closed: u32,
    created: u64,
    /// The prekeys of the responder that it uses.
    prekeys: u32,
    /// The event at which it was made.
    born: u64,
}

#[derive(Clone, Copy, Hash)]
struct Message {
    session: Id,
    prefix: Option<Prefix>,
    number: u32,
    /// Tells two messages with one number apart.
    tag: u64,
    /// "I cannot open what you send."
    asks: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Opened,
    Duplicate,
    Cloned,
    Contradicts(Contradiction),
    Unreadable,
}

/// A thief's copy of one side's active session.
#[derive(Clone, Copy, Hash)]
struct Stolen {
    side: usize,
    session: Id,
    number: u32,
}

#[derive(Clone, Hash)]
struct World {
    now: u64,
    event: u64,
    sides: [Side; 2],
    /// By receiver: what is under way.
    queues: [Vec<Message>; 2],
    stolen: Option<Stolen>,
    /// The thief's messages, by tag.
    forged: Vec<u64>,
    /// Set for a side that has lost its state.
    lost: bool,
    /// By side: the sessions that were active and confirmed there, and from which event on.
    confirmed: [Vec<(Id, u64)>; 2],
    server: Server,
}

/// The help that the server gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Server {
    /// Bundles have one-time prekeys.
    one_time: bool,
    /// Messages come with their ids.
    ids: bool,
}

impl Server {
    const GOOD: Self = Self { one_time: true, ids: true };
    const BAD: Self = Self { one_time: false, ids: false };
}

impl World {
    fn new(skews: [i64; 2], server: Server) -> Self {
        Self {
            server,
            now: START,
            event: 1,
            sides: skews.map(Side::new),
            queues: [Vec::new(), Vec::new()],
            stolen: None,
            forged: Vec::new(),
            lost: false,
            confirmed: [Vec::new(), Vec::new()],
        }
    }

    fn clock(&self, at: usize) -> u64 {
        self.now.checked_add_signed(self.sides[at].skew).unwrap()
    }

    /// Begins a session, whether or not one must begin.
    fn begin(&mut self, at: usize, id: Id) {
        self.event += 1;
        let (now, prekeys) = (self.clock(at), self.sides[1 - at].prekeys);
        let side = &mut self.sides[at];
        side.expire(now);
        let stamp = created(side.pair.newest, now);
        // A further attempt repeats what the one before said of the same predecessor.
        let closed = side.prefix.filter(|before| before.predecessor == side.last);
        let closed = closed
            .map_or(if side.last == side.active() { side.sent } else { 0 }, |before| before.closed);
        let prefix =
            Prefix { predecessor: side.last, closed, created: stamp, prekeys, born: self.event };
        let active = ActiveSession { id, created: stamp, since: now, ours: true, proven: false };
        side.doubt.begin(now);
        side.replace(active, Some(prefix));
        side.pair.newest = stamp;
    }

    /// Sends, in a new session if one must begin.
    fn send(&mut self, at: usize, id: Id) {
        let now = self.clock(at);
        let side = &self.sides[at];
        match next_session(side.pair.get().active.as_ref(), &side.doubt, Now::beginning(now)) {
            NextSession::WithOneTimePrekey if !self.server.one_time => {}
            NextSession::Active => {}
            NextSession::WithOneTimePrekey | NextSession::WithBundle | NextSession::New => {
                self.begin(at, id);
            }
        }
        self.event += 1;
        let side = &mut self.sides[at];
        if side.asks {
            side.doubt.ask(now, false);
        }
        let active = side.pair.get().active.unwrap();
        let message = Message {
            session: active.id,
            prefix: side.prefix.filter(|_| active.ours && !active.proven),
            number: side.sent,
            tag: self.event,
            asks: core::mem::take(&mut side.asks),
        };
        side.sent += 1;
        self.queues[1 - at].push(message);
    }

    /// Opens a message that was under way to `at`.
    fn open(&mut self, at: usize, message: &Message) -> Outcome {
        self.event += 1;
        let (now, event) = (self.clock(at), self.event);
        let side = &mut self.sides[at];
        side.expire(now);
        if side.active() == Some(message.session) {
            let is_new = side.opened.iter().all(|(number, _)| *number < message.number);
            let outcome = note(&mut side.opened, message);
            if outcome == Outcome::Opened {
                let active = side.pair.get().active.unwrap();
                if !active.proven && (active.ours || message.prefix.is_none()) {
                    side.set(ActiveSession { proven: true, ..active });
                    side.pair.met.note(active.created, now);
                    side.pair.latest = Met { created: active.created, at: now };
                    side.last = Some(active.id);
                    self.confirmed[at].push((active.id, event));
                    for replaced in &mut side.replaced {
                        replaced.until.get_or_insert(now + GRACE);
                    }
                }
                side.doubt.open(active.since, is_new);
            }
            if outcome == Outcome::Cloned {
                side.doubt.raise(Level::Shown, now);
            }
            return outcome;
        }
        let closed = side.closed(message.session);
        if let Some(replaced) =
            side.replaced.iter_mut().find(|replaced| replaced.id == message.session)
        {
            let outcome = if closed.is_some_and(|closed| message.number >= closed) {
                Outcome::Cloned
            } else {
                note(&mut replaced.opened, message)
            };
            match outcome {
                Outcome::Opened if message.asks => side.doubt_shown(now),
                Outcome::Cloned => side.doubt.raise(Level::Shown, now),
                _ => {}
            }
            return outcome;
        }
        let known = side.accepted.contains(&message.session);
        if let Some(prefix) =
            message.prefix.filter(|prefix| prefix.prekeys == side.prekeys && !known)
        {
            return self.accept(at, message, prefix);
        }
        side.asks = true;
        let level = side.doubt.suspicion(self.server.ids);
        side.doubt.raise(level, now);
        Outcome::Unreadable
    }

    fn accept(&mut self, at: usize, message: &Message, prefix: Prefix) -> Outcome {
        let (now, event) = (self.clock(at), self.event);
        let closed = place(prefix.closed);
        let first = NewSession {
            id: message.session,
            predecessor: prefix.predecessor.map(|session| Predecessor { session, closed }),
            created: prefix.created,
            prekeys: 0,
        };
        let side = &mut self.sides[at];
        let pair = side.pair.get();
        let reached = prefix.predecessor.and_then(|id| side.reached(id));
        let (choice, found) = (choose(&pair, &first, now), contradiction(&pair, &first, reached));
        let before = pair.active;
        side.accepted.push(first.id);
        if is_plausible(first.created, now) {
            side.pair.newest = side.pair.newest.max(first.created);
            if let Some(predecessor) = prefix.predecessor {
                // Its maker has left the predecessor, whichever session is active.
                side.pair.links.close(predecessor, closed, first.created);
                side.pair.met.note(first.created, now);
            }
        }
        match found {
            None => {}
            Some(Contradiction::Reset) => side.resets += 1,
            Some(Contradiction::Forked) => side.forks += 1,
            Some(Contradiction::RolledBack) => side.rollbacks += 1,
        }
        let opened = vec![(message.number, message.tag)];
        match choice {
            Choice::Keep => {
                // Its maker sends in it until it hears of the other one.
                let proven = before.is_some_and(|active| active.proven);
                let until = proven.then_some(now + GRACE);
                side.keep(ReplacedSession { id: first.id, until, opened });
                if found.is_some() || message.asks {
                    side.doubt_shown(now);
                }
            }
            Choice::Activate | Choice::Replace => {
                assert_eq!(choice == Choice::Activate, before.is_none());
                // Who has lost its state may have sent, before, what arrives only now; that is
                // over once the peer has heard from it.
                if let Some(active) = before.filter(|active| active.proven || !self.lost) {
                    let before = self.confirmed[1 - at].iter().find(|(id, _)| *id == active.id);
                    assert!(
                        before.is_none_or(|(_, confirmed)| prefix.born > *confirmed),
                        "a withheld first message came back"
                    );
                }
                side.replace(
                    ActiveSession {
                        id: first.id,
                        created: first.created,
                        since: now,
                        ours: false,
                        proven: false,
                    },
                    None,
                );
                side.doubt.open(now, true);
                side.opened = opened;
                side.last = Some(first.id);
                self.confirmed[at].push((first.id, event));
            }
        }
        found.map_or(Outcome::Opened, Outcome::Contradicts)
    }

    fn lose(&mut self, at: usize, prekeys_too: bool) {
        self.lost = true;
        self.event += 1;
        let old = &self.sides[at];
        let mut side = Side::new(old.skew);
        side.prekeys = old.prekeys;
        side.accepted.clone_from(&old.accepted);
        if prekeys_too {
            side.prekeys += 1;
            side.accepted.clear();
        }
        self.sides[at] = side;
    }

    /// Copies what `at` holds.
    fn steal(&mut self, at: usize) {
        let side = &self.sides[at];
        self.stolen = side.active().map(|session| Stolen { side: at, session, number: side.sent });
    }

    /// Lets the thief write with its copy.
    fn forge(&mut self) -> Option<Message> {
        self.event += 1;
        let copy = self.stolen.as_mut()?;
        let (session, number) = (copy.session, copy.number);
        copy.number += 1;
        self.forged.push(self.event);
        Some(Message { session, prefix: None, number, tag: self.event, asks: false })
    }

    fn check(&self) {
        for side in &self.sides {
            assert!(side.replaced.len() <= MAX_REPLACED, "{} sessions kept", side.replaced.len());
        }
    }

    /// Lets everything arrive from here on: after two messages each way both are on one session, and all that
    /// they send opens. It takes four if nothing has an id and no bundle a one-time prekey.
    fn come_to_one_session(mut self, first: usize, ids: &mut Ids) {
        self.queues = [Vec::new(), Vec::new()];
        let rounds = if self.server == Server::GOOD { 2 } else { 4 };
        for _ in 0..rounds {
            for at in [first, 1 - first] {
                // An hour, and what clocks differ by; more where several attempts had no answer.
                self.now += self.sides[at].doubt.patience() + 60;
                self.exchange(at, ids);
            }
        }
        assert!(self.sides[0].active().is_some());
        let actives = [0, 1].map(|at| self.sides[at].active());
        assert_eq!(actives[0], actives[1], "{:?} {:?}", self.server, self.sides.map(|it| it.doubt));
        for at in [first, 1 - first, first] {
            assert_eq!(self.exchange(at, ids), Outcome::Opened);
        }
        assert!(self.sides.iter().all(|side| side.pair.get().active.unwrap().is_confirmed()));
        self.check();
    }

    fn exchange(&mut self, from: usize, ids: &mut Ids) -> Outcome {
        self.send(from, ids.next());
        let message = self.queues[1 - from].pop().unwrap();
        self.open(1 - from, &message)
    }

    fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// Returns a place in the one chain that a side of the model has.
fn place(number: u32) -> Position {
    Position { chain: 1, number }
}

fn note(opened: &mut Vec<(u32, u64)>, message: &Message) -> Outcome {
    match opened.iter().find(|(number, _)| *number == message.number) {
        Some((_, tag)) if *tag == message.tag => Outcome::Duplicate,
        Some(_) => Outcome::Cloned,
        None => {
            opened.push((message.number, message.tag));
            Outcome::Opened
        }
    }
}
