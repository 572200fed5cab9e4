//! The choice of the session that two devices send on: `spec/sessions.md`.
//!
//! ```text
//!              made by us                 accepted from the peer
//!                  │                                │
//!            ┌─────▼──────┐                   ┌─────▼──────┐
//!            │ unanswered │                   │  unproven  │
//!            └─────┬──────┘                   └─────┬──────┘
//!                  │ an answer opened               │ a message without prefix opened
//!                  │        ┌──────────┐            │
//!                  └───────▶│  proven  │◀───────────┘
//!                           └────┬─────┘
//!                                │ another took its place (so it may with the other two)
//!                           ┌────▼─────┐
//!                           │ replaced │ opens and never seals; erased in time
//!                           └──────────┘
//! ```
//!
//! The sessions of a pair stand in one order that both sides know, by [`created`] and then by id. A side
//! never goes back in it. So a first message that was withheld brings nothing back, and two sides that know
//! the same sessions send on the same one.
//!
//! The descent that a first message claims is judged apart from that ([`contradiction`]): whoever chooses where
//! its session stands in the order does not choose whether the user hears of it.

use core::cmp::Reverse;

use super::doubt::{Doubt, Level};
use super::limits::DAY;
use super::links::Links;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::Now;
use crate::protocol::handshake::continuation::Predecessor;
use crate::protocol::position::{Position, SessionId};

/// The most replaced sessions of a pair of devices.
pub(crate) const MAX_REPLACED: usize = 4;

/// Seconds for which a replaced session opens late messages, once its successor is proven.
pub(crate) const GRACE: u64 = 2 * DAY;

/// Seconds after which an unanswered session is not sent on any more.
pub(crate) const STALE_AFTER: u64 = 7 * DAY;

/// Seconds by which a first message may be created ahead of its receiver's clock.
pub(crate) const MAX_AHEAD: u64 = 14 * DAY;

/// The active session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActiveSession {
    pub(crate) id: SessionId,
    /// The time at which its initiator made it: its place in the order of the pair's sessions.
    pub(crate) created: u64,
    /// The time at which it became active here, by this device's clock.
    pub(crate) since: u64,
    /// True if this side is its initiator.
    pub(crate) ours: bool,
    /// Set once the peer has shown that it sends on it: by an answer if it is ours, by a message
    /// without the handshake's prefix if it is the peer's.
    pub(crate) proven: bool,
}

impl ActiveSession {
    /// Tells whether the peer is known to hold it. Its id is then named as predecessor.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.proven || !self.ours
    }

    /// Tells, of a session of this side's own that nobody has answered, whether it was begun less than so many
    /// seconds ago.
    pub(crate) fn waits(&self, seconds: u64, now: u64) -> Option<bool> {
        (!self.is_confirmed()).then_some(now.saturating_sub(self.since) < seconds)
    }
}

/// The memory of all sessions with one device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerSessions<'a> {
    pub(crate) active: Option<ActiveSession>,
    /// The highest plausible `created` of all sessions, those made here included.
    pub(crate) newest: u64,
    pub(crate) met: Met,
    /// The same of the newest session that was proven: whoever has it names none from before it.
    pub(crate) latest: Met,
    pub(crate) links: &'a Links,
}

/// The moment from which the peer has a confirmed session to name, unless it loses its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Met {
    /// The `created` of the session that it proved, or that named a predecessor. A session of the peer's that
    /// names none and is not a loss is of that time at most.
    pub(crate) created: u64,
    /// The time at which this device learned of it, by its own clock.
    pub(crate) at: u64,
}

impl Met {
    /// Stands for a peer that has shown nothing: no session is made after that. Flat, and not an `Option`,
    /// because a state on the heap must hold no remains where there is none (see note `[boxes]`).
    pub(crate) const NEVER: Self = Self { created: u64::MAX, at: u64::MAX };

    /// Leaves no time ahead of now, nor a session ahead of the newest.
    pub(super) fn reset_clock(&mut self, newest: u64, now: u64) {
        if *self != Self::NEVER {
            *self = Self { created: self.created.min(newest), at: self.at.min(now) };
        }
    }

    pub(super) fn write(self, writer: &mut Writer) {
        writer.option((self != Self::NEVER).then_some(self), |met, writer| {
            writer.u64(met.created);
            writer.u64(met.at);
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let met = reader.option(|reader| Ok(Self { created: reader.u64()?, at: reader.u64()? }))?;
        if met == Some(Self::NEVER) { Err(Error::Malformed) } else { Ok(met.unwrap_or_default()) }
    }

    /// Notes the moment, if none is known.
    pub(crate) fn note(&mut self, created: u64, at: u64) {
        if *self == Self::NEVER {
            *self = Self { created, at };
        }
    }
}

impl Default for Met {
    fn default() -> Self {
        Self::NEVER
    }
}

/// A first message that opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewSession {
    pub(crate) id: SessionId,
    /// The last session that its initiator had active and confirmed.
    pub(crate) predecessor: Option<Predecessor>,
    pub(crate) created: u64,
    /// The time at which the prekeys that it names were made here.
    pub(crate) prekeys: u64,
}

/// The places that the predecessor of a first message has reached, if it is still held here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    /// The place behind the last message of the peer's that was opened in it.
    pub(crate) opened: Position,
    /// The highest chain that the peer can have begun by what this side has sent.
    pub(crate) chain: u32,
}

/// The choice of what becomes of the session of a first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// It is the active session; there was none.
    Activate,
    /// It is the active session, and takes the place of the one before.
    Replace,
    /// The active session stays, and this one is only read.
    Keep,
}

/// A contradiction between what a first message says of the session before it and what is known here. The
/// user is told of it, whatever becomes of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contradiction {
    /// It names no session, though the peer had one: it lost its state, or somebody poses as the peer.
    Reset,
    /// The peer forgot a session or messages of its own: its state was rolled back or copied.
    Forked,
    /// The peer knows what this device does not: this device's state was rolled back, or somebody poses.
    RolledBack,
}

/// Returns the `created` of a session that is made now: the time, or what makes it the newest.
pub(crate) fn created(newest: u64, now: u64) -> u64 {
    newest.saturating_add(1).max(now)
}

/// Tells whether a `created` is plausible, and may count as the newest.
pub(crate) fn is_plausible(created: u64, now: u64) -> bool {
    created <= now.saturating_add(MAX_AHEAD)
}

impl Contradiction {
    /// Tells whether the peer has forgotten something, of which it may not know.
    pub(super) fn is_of_peer(self) -> bool {
        matches!(self, Self::Reset | Self::Forked)
    }

    /// Returns its byte at rest; 0 is none.
    pub(super) fn byte(found: Option<Self>) -> u8 {
        match found {
            None => 0,
            Some(Self::Reset) => 1,
            Some(Self::Forked) => 2,
            Some(Self::RolledBack) => 3,
        }
    }

    pub(super) fn of(byte: u8) -> Result<Option<Self>, Error> {
        match byte {
            0 => Ok(None),
            1 => Ok(Some(Self::Reset)),
            2 => Ok(Some(Self::Forked)),
            3 => Ok(Some(Self::RolledBack)),
            _ => Err(Error::Malformed),
        }
    }
}

/// Chooses what becomes of a first message, by the rule that brings both sides to the same active session.
pub(crate) fn choose(pair: &PeerSessions<'_>, first: &NewSession, now: u64) -> Choice {
    if !is_plausible(first.created, now) {
        return Choice::Keep;
    }
    let Some(active) = &pair.active else {
        return if first.created > pair.newest { Choice::Activate } else { Choice::Keep };
    };
    match first.predecessor {
        _ if !first.is_newer_than(active) => Choice::Keep,
        Some(predecessor) if active.proven && predecessor.session != active.id => Choice::Keep,
        _ => Choice::Replace,
    }
}

/// Finds what in a first message contradicts what is known here of the sessions with its sender. `reached`
/// is about the predecessor that it names.
pub(crate) fn contradiction(
    pair: &PeerSessions<'_>,
    first: &NewSession,
    reached: Option<Reached>,
) -> Option<Contradiction> {
    let newer = pair.active.filter(|active| first.is_newer_than(active));
    let Some(Predecessor { session, closed }) = first.predecessor else {
        let is_later = first.created > pair.met.created || first.prekeys > pair.met.at;
        return is_later.then_some(Contradiction::Reset);
    };
    // Whatever time it says it is of, it names prekeys from after the newest proven session was known.
    let is_fresh = first.prekeys > pair.latest.at;
    let Some(link) = pair.links.find(session) else {
        let remembered = !pair.links.is_cut() || newer.is_some() || is_fresh;
        return remembered.then_some(Contradiction::RolledBack);
    };
    if reached.is_some_and(|reached| closed.chain > reached.chain) {
        return Some(Contradiction::RolledBack);
    }
    let is_fork = first.created <= link.created
        || (is_fresh && link.created < pair.latest.created)
        || link.closed().is_some_and(|said| said != closed)
        || reached.is_some_and(|reached| closed < reached.opened)
        || newer.is_some_and(|active| active.proven && session != active.id);
    is_fork.then_some(Contradiction::Forked)
}

impl NewSession {
    /// Tells whether it comes before another session in the order of the pair: the later one does, and of
    /// two at once the one with the lower id.
    fn is_newer_than(&self, active: &ActiveSession) -> bool {
        (self.created, Reverse(self.id)) > (active.created, Reverse(active.id))
    }
}

/// The session that the next message to a device goes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NextSession {
    /// The active one.
    Active,
    /// A new one if the device's bundle has a one-time prekey, else the active one.
    WithOneTimePrekey,
    /// A new one if there is a bundle of the device, else the active one.
    WithBundle,
    /// A new one.
    New,
}

/// Tells in which session the next message goes, by the rule of `spec/sessions.md`, "When a new session begins".
///
/// A doubt waits by the steady time: a clock that is ahead for a minute makes no suspicion old. Who comes back after
/// weeks does not go on in a session that nobody has answered, and whose prekeys are gone.
pub(crate) fn next_session(active: Option<&ActiveSession>, doubt: &Doubt, now: Now) -> NextSession {
    let Some(active) = active else { return NextSession::New };
    // One that a clock made in a future that did not come is read by nobody.
    let is_of_future = !is_plausible(active.created, now.reading());
    let is_stale = active.waits(STALE_AFTER, now.reading()) == Some(false);
    let now = now.steady();
    let level = doubt.level(now);
    if is_of_future || is_stale || level == Level::Said {
        return NextSession::New;
    }
    // Its first message is on its way.
    if active.waits(doubt.patience(), now) == Some(true) || !doubt.allows(now) {
        return NextSession::Active;
    }
    match level {
        Level::None | Level::Counted => NextSession::Active,
        Level::Suspected => NextSession::WithOneTimePrekey,
        // Anybody can bring that about, and the session may be a good one.
        Level::Likely if active.is_confirmed() => NextSession::WithBundle,
        Level::Likely | Level::Shown | Level::Said => NextSession::New,
    }
}
