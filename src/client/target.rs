//! Targets of a plan: the session in which each device gets its letter.

use alloc::vec::Vec;

use super::address::Address;
use super::client::Inner;
use super::peer::Peer;
use super::plan::{PlanTarget, Way};
use super::session_choice::{ActiveSession, NextSession, next_session};
use crate::protocol::clock::Now;
use crate::protocol::position::{Role, SessionId};
use crate::session::Session;

/// The most sessions that one plan begins on suspicion: a tenth of a second of work.
const MAX_SUSPECTED: usize = 32;

impl Inner {
    /// Returns the target that a device is, and the way in which it gets its letter.
    pub(super) fn target(&self, address: Address, now: Now) -> PlanTarget {
        let peer = self.peers.get(&address);
        let way = match peer.map_or(NextSession::New, |peer| peer.next_session(now)) {
            NextSession::Active => Way::Active,
            NextSession::WithOneTimePrekey | NextSession::WithBundle => Way::Suspected,
            NextSession::New => Way::Missing,
        };
        PlanTarget { address, active: peer.and_then(Peer::active_id), way }
    }

    /// Begins sessions on suspicion with the devices that are suspected longest, and no others: a flood of junk must
    /// not make one letter cost a thousand handshakes.
    pub(super) fn bound_suspicion(&self, targets: &mut [PlanTarget]) {
        let is_suspected = |target: &&mut PlanTarget| matches!(target.way, Way::Suspected);
        let mut suspected: Vec<_> = targets.iter_mut().filter(is_suspected).collect();
        let risen = |target: &&mut PlanTarget| {
            let peer = self.peers.get(&target.address);
            (peer.and_then(|peer| peer.doubt.risen()), target.address)
        };
        suspected.sort_by_key(risen);
        suspected.into_iter().skip(MAX_SUSPECTED).for_each(|target| target.way = Way::Active);
    }
}

impl Inner {
    /// Tells whether a bundle without a one-time prekey begins no session with a device that is suspected.
    pub(super) fn wants_one_time_prekey(&self, of: Address, now: Now) -> bool {
        let peer = self.peers.get(&of);
        peer.is_some_and(|peer| peer.next_session(now) == NextSession::WithOneTimePrekey)
    }
}

impl Peer {
    /// Returns the session to send in, if it is one that the peer can be expected to read.
    pub(super) fn usable(&self, now: Now) -> Option<&Session> {
        self.active.as_ref().filter(|_| self.next_session(now) != NextSession::New)
    }

    /// Tells in which session the next message goes.
    pub(super) fn next_session(&self, now: Now) -> NextSession {
        next_session(self.active_session().as_ref(), &self.doubt, now)
    }

    /// Tells whether a session of this side's own waits for its first answer, and was begun less than so many
    /// seconds ago.
    pub(super) fn waits(&self, seconds: u64, now: u64) -> bool {
        self.active_session().and_then(|active| active.waits(seconds, now)) == Some(true)
    }

    /// Tells whether the active session continues another one: whoever writes in that may have been restored to it.
    pub(super) fn has_just_left(&self, id: SessionId) -> bool {
        let active = self.active.as_ref();
        let before = active.and_then(|active| active.continuation().predecessor());
        before.is_some_and(|before| before.session == id)
    }

    /// Tells whether the active session is one that this side has begun because of a doubt, and that nobody has
    /// answered yet.
    pub(super) fn waits_for_repair(&self) -> bool {
        self.waits(u64::MAX, self.since) && self.doubt.repaired() == Some(self.since)
    }

    pub(super) fn active_session(&self) -> Option<ActiveSession> {
        self.active.as_ref().map(|session| ActiveSession {
            id: session.id(),
            created: session.continuation().created,
            since: self.since,
            ours: session.role() == Role::Initiator,
            proven: session.is_proven(),
        })
    }
}
