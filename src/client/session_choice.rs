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

use core::cmp::Reverse;

use crate::protocol::position::SessionId;

/// The most replaced sessions of a pair of devices.
pub(crate) const MAX_REPLACED: usize = 4;

/// Seconds for which a replaced session opens late messages, once its successor is proven.
pub(crate) const GRACE: u64 = 2 * DAY;

/// Seconds after which an unanswered session is not sent on any more.
pub(crate) const STALE_AFTER: u64 = 7 * DAY;

/// Seconds that a session must have been active before a peer's resend request replaces it.
pub(crate) const RENEW_AFTER: u64 = 60 * 60;

/// Seconds by which a first message may be created ahead of its receiver's clock.
pub(crate) const MAX_AHEAD: u64 = 14 * DAY;

pub(super) const DAY: u64 = 24 * 60 * 60;

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
}

/// The memory of all sessions with one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PeerSessions {
    pub(crate) active: Option<ActiveSession>,
    /// The highest plausible `created` of all sessions, those made here included.
    pub(crate) newest: u64,
    /// Set once the peer has shown that it holds a confirmed session. From then on it names
    /// one, unless it has lost its state.
    pub(crate) known: bool,
}

/// A first message that opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewSession {
    pub(crate) id: SessionId,
    /// The last session that its initiator had active and confirmed.
    pub(crate) predecessor: Option<SessionId>,
    pub(crate) created: u64,
}

/// The choice of what becomes of the session of a first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// It is the active session; there was none.
    Activate,
    /// It is the active session, and takes the place of the one before.
    Replace {
        /// True if the peer has lost its state, which the user is told.
        reset: bool,
    },
    /// The active session stays, and this one counts as replaced.
    Keep {
        /// True if the peer forgot a session that it had proven, which the user is told: its state was cloned
        /// or rolled back.
        forked: bool,
    },
}

/// Returns the `created` of a session that is made now: the time, or what makes it the newest.
pub(crate) fn created(newest: u64, now: u64) -> u64 {
    newest.saturating_add(1).max(now)
}

/// Tells whether a `created` is plausible, and may count as the newest.
pub(crate) fn is_plausible(created: u64, now: u64) -> bool {
    created <= now.saturating_add(MAX_AHEAD)
}

/// Chooses what becomes of a first message, by the rule that brings both sides to the same active session.
pub(crate) fn choose(pair: &PeerSessions, first: &NewSession, now: u64) -> Choice {
    const KEEP: Choice = Choice::Keep { forked: false };
    if !is_plausible(first.created, now) {
        return KEEP;
    }
    let Some(active) = &pair.active else {
        return if first.created > pair.newest { Choice::Activate } else { KEEP };
    };
    // The later one comes first; of two at once the one with the lower id.
    let is_newer = (first.created, Reverse(first.id)) > (active.created, Reverse(active.id));
    match first.predecessor {
        _ if !is_newer => KEEP,
        None => Choice::Replace { reset: pair.known },
        Some(predecessor) if active.proven && predecessor != active.id => {
            Choice::Keep { forked: true }
        }
        Some(_) => Choice::Replace { reset: false },
    }
}

/// Tells whether the next message begins a new session.
///
/// `resend_requested` says that the peer has made a resend request in a replaced session since the last
/// message of the active one: it cannot open what it is sent.
pub(crate) fn is_due(active: Option<&ActiveSession>, resend_requested: bool, now: u64) -> bool {
    let Some(active) = active else { return true };
    let stands = now.saturating_sub(active.since);
    (!active.is_confirmed() && stands >= STALE_AFTER) || (resend_requested && stands >= RENEW_AFTER)
}
