//! A clock that was wrong: what is dated in a future that did not come, and is given up.

use alloc::vec;
use alloc::vec::Vec;

use super::address::Address;
use super::client::{Client, Inner};
use super::delta::{ClientDelta, ClientItem};
use super::peer::Peer;
use crate::protocol::clock::Now;
use crate::storage::Pending;

/// The things that the reset of a clock gives up, or leaves out of place: dates of a future that did not come.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClockReset {
    /// Devices with which sessions are given up, because they say that they were made then: the next letter to one
    /// begins a new session, and what is on its way in the old one is lost unless it is resent.
    pub sessions: Vec<Address>,
    /// Sent letters that are remembered and say that they were sent then: who reads them is shown that time.
    pub sent: usize,
    /// A companion was offered its place, and the offer is given up: approve it again.
    pub offer: bool,
    /// This account's list was issued then, and nobody takes it: on the primary, renew it.
    pub list: bool,
}

impl Client {
    /// Resets the clock to a time before the one that this client is sure of, because that one was wrong: the only way
    /// in which it goes back. Call it when the user, or a better clock, says so ([`Tasks::clock`]).
    ///
    /// Sessions whose time of creation is not plausible are erased, and begun anew when something is sent. Gives what
    /// that is, and what else bears a wrong date.
    ///
    /// [`Tasks::clock`]: super::Tasks::clock
    pub fn reset_clock(&mut self, now: u64) -> Pending<'_, Self, ClockReset> {
        let inner = &*self.inner;
        let lost = inner.peers.iter().filter(|(_, peer)| peer.is_of_future(now));
        let reset = ClockReset {
            sessions: lost.map(|(address, _)| *address).collect(),
            sent: inner.sent.after(now),
            offer: inner.linking.is_some(),
            list: inner.own.list.check_issued(now).is_err(),
        };
        let delta = ClientDelta { now: Now::beginning(now), items: vec![ClientItem::ResetClock] };
        Pending::new(self, delta, reset)
    }
}

impl Inner {
    /// Gives up what is dated in a future that did not come.
    pub(super) fn reset_clock(&mut self, now: u64) {
        self.peers.change(|_| true, |peer| peer.reset_clock(now));
        self.count_all();
        self.bound_times(now);
        self.tombstones.reset_clock(now);
        // An offer lasts a few minutes of the old clock.
        self.linking = None;
    }

    /// Leaves no time of this device's own ahead of now.
    pub(super) fn bound_times(&mut self, now: u64) {
        self.peers.change(|peer| peer.has_time_ahead(now), |peer: &mut Peer| peer.bound_times(now));
        if self.own.has_time_ahead(now) {
            self.own.bound_times(now);
        }
        self.contacts
            .change(|contact| contact.has_time_ahead(now), |contact| contact.bound_times(now));
        self.sent.bound_times(now);
        self.unread.bound_times(now);
        self.tombstones.bound_times(now);
        self.report_tried = self.report_tried.min(now);
    }
}
