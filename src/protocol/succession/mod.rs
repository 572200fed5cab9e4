//! Which of several sessions two devices send on: `spec/sessions.md`.
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
//!                                │ replaced (so may be the other two)
//!                           ┌────▼─────┐
//!                           │   kept   │ opens and never seals; erased in time
//!                           └──────────┘
//! ```
//!
//! Sessions of a pair stand in one order that both sides know, by [`created`] and then by id. A
//! side never goes back in it, so a first message that was withheld brings nothing back, and two
//! sides that know the same sessions are on the same one.

use core::cmp::Reverse;

#[cfg(test)]
mod tests;

/// Sessions that are kept for late messages, for a pair of devices.
pub(crate) const MAX_KEPT: usize = 4;

/// Seconds that a kept session opens late messages, once its successor is proven.
pub(crate) const GRACE: u64 = 2 * DAY;

/// Seconds after which an unanswered session is not sent on any more.
pub(crate) const STALE_AFTER: u64 = 7 * DAY;

/// Seconds that a session stands before a peer's request replaces it.
pub(crate) const RENEW_AFTER: u64 = 60 * 60;

/// Seconds by which a first message may be created ahead of its receiver's clock.
pub(crate) const MAX_AHEAD: u64 = 14 * DAY;

const DAY: u64 = 24 * 60 * 60;

/// The active session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) id: [u8; 32],
    /// When its initiator made it: its place in the order of the pair's sessions.
    pub(crate) created: u64,
    /// When it became active here, by this device's clock.
    pub(crate) since: u64,
    /// Whether this side is its initiator.
    pub(crate) ours: bool,
    /// Whether the peer has shown that it sends on it: by an answer if it is ours, by a message
    /// without the handshake's prefix if it is the peer's.
    pub(crate) proven: bool,
}

impl Standing {
    /// Whether the peer is known to hold it. Its id is then named as predecessor.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.proven || !self.ours
    }
}

/// What a side remembers of the sessions that it has with one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) active: Option<Standing>,
    /// The highest `created` of all sessions that were made or believed here.
    pub(crate) newest: u64,
    /// Whether the peer has once shown that it holds a confirmed session. From then on it names
    /// one, unless it has lost its state.
    pub(crate) known: bool,
}

/// A first message that opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct First {
    pub(crate) id: [u8; 32],
    /// The last session that its initiator had active and confirmed.
    pub(crate) predecessor: Option<[u8; 32]>,
    pub(crate) created: u64,
}

/// What becomes of the session of a first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the active session; there was none.
    Activate,
    /// It is the active session, and the one before is kept.
    Replace {
        /// The peer has lost its state: an event.
        reset: bool,
    },
    /// It is kept, and the active session stays.
    Keep {
        /// The peer forgot a session that it had proven: its state was cloned or rolled back. An
        /// event.
        forked: bool,
    },
}

/// The `created` of a session that is made now: the time, or what makes it the newest.
pub(crate) fn created(newest: u64, now: u64) -> u64 {
    newest.saturating_add(1).max(now)
}

/// Whether a `created` is believed, to stand in the order and to be counted as the newest.
pub(crate) fn is_believed(created: u64, now: u64) -> bool {
    created <= now.saturating_add(MAX_AHEAD)
}

/// Judges a first message: the rule by which both sides come to the same active session.
pub(crate) fn judge(pair: &Pair, first: &First, now: u64) -> Verdict {
    const KEEP: Verdict = Verdict::Keep { forked: false };
    if !is_believed(first.created, now) {
        return KEEP;
    }
    let Some(active) = &pair.active else {
        return if first.created > pair.newest { Verdict::Activate } else { KEEP };
    };
    // The later one comes first; of two at once the one with the lower id.
    let is_newer = (first.created, Reverse(first.id)) > (active.created, Reverse(active.id));
    match first.predecessor {
        _ if !is_newer => KEEP,
        None => Verdict::Replace { reset: pair.known },
        Some(predecessor) if active.proven && predecessor != active.id => {
            Verdict::Keep { forked: true }
        }
        Some(_) => Verdict::Replace { reset: false },
    }
}

/// Whether the next message begins a new session.
///
/// `asked` if, since the last message opened in the active session, the peer has asked for one in
/// a kept session: it cannot open what it is sent.
pub(crate) fn is_due(active: Option<&Standing>, asked: bool, now: u64) -> bool {
    let Some(active) = active else { return true };
    let stands = now.saturating_sub(active.since);
    (!active.is_confirmed() && stands >= STALE_AFTER) || (asked && stands >= RENEW_AFTER)
}
