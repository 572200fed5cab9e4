//! Times of what is held with a device: what is over, and what lies ahead of a clock that was reset.

use super::peer::Peer;
use super::session_choice::{GRACE, Met, is_plausible};
use crate::protocol::clock::Now;
use crate::session::Session;

impl Peer {
    /// Tells whether something is past its time.
    pub(super) fn erasure_due(&self, now: Now) -> bool {
        self.gaps.expiry_due(now.firm())
            || self.replaced.iter().any(|replaced| !replaced.is_open(now.firm()))
    }

    /// Erases what is past its time.
    pub(super) fn expire(&mut self, now: u64) {
        self.replaced.retain(|replaced| replaced.is_open(now));
        self.gaps.expire(now);
    }

    /// Gives up sessions whose time of creation is not plausible, and times that lie ahead.
    pub(super) fn reset_clock(&mut self, now: u64) {
        let has_plausible_time =
            |session: &Session| is_plausible(session.continuation().created, now);
        self.active = self.active.take().filter(has_plausible_time);
        self.replaced.retain(|replaced| has_plausible_time(&replaced.session));
        self.newest = self.newest(now);
        self.bound_times(now);
    }

    /// Tells whether a session with it says that it was made in a future that is not plausible.
    pub(super) fn is_of_future(&self, now: u64) -> bool {
        self.held().any(|session| !is_plausible(session.continuation().created, now))
    }

    /// Tells whether a time of this device's own is ahead of what [`Self::bound_times`] leaves.
    pub(super) fn has_time_ahead(&self, now: u64) -> bool {
        let is_ahead = |met: Met| {
            let mut bounded = met;
            bounded.reset_clock(self.newest, now);
            bounded != met
        };
        let mut doubt = self.doubt;
        doubt.bound_times(now);
        let most = now.saturating_add(GRACE);
        let mut replaced = self.replaced.iter().filter(|replaced| replaced.until != u64::MAX);
        is_ahead(self.met)
            || is_ahead(self.latest)
            || self.since.max(self.heard) > now
            || self.gaps.has_time_ahead(now)
            || doubt != self.doubt
            || replaced.any(|replaced| replaced.until > most)
    }

    /// Leaves no time of this device's own ahead of now.
    pub(super) fn bound_times(&mut self, now: u64) {
        self.met.reset_clock(self.newest, now);
        self.latest.reset_clock(self.newest, now);
        self.since = self.since.min(now);
        self.heard = self.heard.min(now);
        self.gaps.bound_times(now);
        self.doubt.bound_times(now);
        for replaced in self.replaced.iter_mut().filter(|replaced| replaced.until != u64::MAX) {
            replaced.until = replaced.until.min(now.saturating_add(GRACE));
        }
    }
}
