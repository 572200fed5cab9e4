//! What time asks for: prekeys, lists that expire, sessions and memories past their end.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::change::{Change, Delta};
use crate::device::Due;
use crate::error::Error;
use crate::protocol::bundle::{Bundle, OneTimePrekey};
use crate::protocol::devices::RENEW_AFTER;
use crate::protocol::identity::DeviceId;

use super::step::{ClientDelta, Step};
use super::{Address, Client, Inner};

/// A companion that was not heard of for so long is to be removed, in seconds: 30 days.
pub(crate) const COMPANION_IDLE: u64 = 30 * 86_400;

/// A primary that has signed no list for so long is taken for lost, in seconds: 14 days.
pub(crate) const PRIMARY_IDLE: u64 = 14 * 86_400;

/// How often the passing of time alone is worth a change, in seconds.
const HOUR: u64 = 3600;

/// What a client needs; see [`Client::due`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duties {
    /// What the prekeys need: [`Client::rotate`], [`Client::replenish`]; what is past its time goes
    /// with [`Client::tick`].
    pub prekeys: Due,
    /// The account's list is a week old: [`Client::renew`] it on the primary.
    pub renew_list: bool,
    /// The account's list was not renewed for two weeks: the primary is lost or switched off. At
    /// [`DeviceList::expires`](crate::DeviceList::expires) nobody can write to the account any more.
    pub primary_silent: bool,
    /// Own devices that this one has not heard of for 30 days: ask the user, and
    /// [`Client::remove`] them.
    pub idle: Vec<DeviceId>,
    /// Call [`Client::tick`], which may find that another change has done it meanwhile.
    pub tick: bool,
}

impl Client {
    /// What is to be done by now, given how many one-time prekeys the server still has. A pure
    /// function: ask as often as you like.
    #[must_use]
    pub fn due(&self, now: u64, published: usize) -> Duties {
        let inner = &*self.inner;
        let now = now.max(inner.clock);
        let issued = self.list().issued();
        let prekeys = inner.device.due(now, published);
        Duties {
            renew_list: now >= issued.saturating_add(RENEW_AFTER),
            primary_silent: now >= issued.saturating_add(PRIMARY_IDLE),
            idle: inner.idle(now),
            tick: prekeys.expire || inner.tick_due(now),
            prekeys,
        }
    }

    /// The bundle to publish ([`Device::bundle`](crate::Device::bundle)).
    ///
    /// # Errors
    ///
    /// None in a state that this crate made.
    pub fn bundle(&self) -> Result<Bundle, Error> {
        self.inner.device.bundle()
    }

    /// Makes new lasting prekeys ([`Device::rotate`](crate::Device::rotate)). Save the change, apply
    /// it, then publish the bundle.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] after 2^64 changes.
    pub fn rotate(&self, now: u64, rng: &mut impl CryptoRng) -> Result<(Bundle, Change), Error> {
        let (bundle, change) = self.inner.device.rotate(now.max(self.inner.clock), rng)?;
        Ok((bundle, self.change(now, vec![Step::Prekeys(Box::new(change))])?))
    }

    /// Makes 50 one-time prekeys ([`Device::replenish`](crate::Device::replenish)). Save the change,
    /// apply it, then publish them. Their secrets are erased after 90 days: have the server drop those
    /// that it has not handed out after 60.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] after 2^64 changes.
    pub fn replenish(
        &self,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<OneTimePrekey>, Change), Error> {
        let (keys, change) = self.inner.device.replenish(now.max(self.inner.clock), rng)?;
        Ok((keys, self.change(now, vec![Step::Prekeys(Box::new(change))])?))
    }

    /// Takes a clock that is behind the one that the client has seen, because that one was wrong: for
    /// the app to call when the user, or a better clock, says so. Until then a client goes by the
    /// latest time that it was ever given.
    ///
    /// Sessions that were made in a future that no peer believes are erased, and begun anew when
    /// something is sent. A primary then renews the list.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] after 2^64 changes.
    pub fn mend_clock(&self, now: u64) -> Result<Change, Error> {
        let delta = ClientDelta { now, steps: vec![Step::Mend] };
        Change::new(self.inner.anchor, Delta::Client(delta))
    }

    /// What time does: the change that erases prekeys, replaced sessions and memories past their
    /// time, and that remembers the hour, so that setting the clock back revives nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] after 2^64 changes.
    pub fn tick(&self, now: u64) -> Result<Option<Change>, Error> {
        let now = now.max(self.inner.clock);
        let prekeys = self.inner.device.due(now, 0).expire;
        if !prekeys && !self.inner.tick_due(now) {
            return Ok(None);
        }
        let mut steps = Vec::new();
        if prekeys {
            steps.push(Step::Prekeys(Box::new(self.inner.device.expire(now)?)));
        }
        steps.push(Step::Expire);
        self.change(now, steps).map(Some)
    }
}

impl Inner {
    fn tick_due(&self, now: u64) -> bool {
        let linking = self.linking.as_ref().is_some_and(|pending| pending.is_over(now));
        now >= self.clock.saturating_add(HOUR)
            || linking
            || self.peers.values().any(|peer| peer.erasure_due(now))
    }

    pub(super) fn expire(&mut self, now: u64) {
        for peer in self.peers.values_mut() {
            peer.expire(now);
        }
        self.sent.expire(now);
        self.gone.expire(now);
        if self.linking.as_ref().is_some_and(|pending| pending.is_over(now)) {
            self.linking = None;
        }
    }

    /// Gives up what was made in a future that did not come.
    pub(super) fn mend(&mut self, now: u64) {
        for peer in self.peers.values_mut() {
            peer.mend(now);
        }
        self.sent.mend(now);
        self.gone.mend(now);
        // It was to end in a few minutes of then.
        self.linking = None;
    }

    /// Other devices of this account that were not heard of for long: since the last letter from
    /// them, or since their place in the list was signed if there was none.
    fn idle(&self, now: u64) -> Vec<DeviceId> {
        let own = self.address();
        let others = self.own.list.devices().iter().map(Address::of);
        let idle = others.filter(|address| *address != own).filter(|address| {
            let heard = self.peers.get(address).map_or(0, |peer| peer.heard);
            let since = heard.max(self.own.listed_at(address.device));
            now >= since.saturating_add(COMPANION_IDLE)
        });
        idle.map(|address| address.device).collect()
    }
}
