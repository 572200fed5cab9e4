//! Maintenance: prekeys, lists that expire, sessions and memories past their end.

use alloc::vec;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::client::{Client, Inner};
use super::delta::{ClientDelta, ClientItem};
use super::limits::HOUR;
use super::stop::Stop;
use super::unread::Unread;
use crate::primitives::secret::Room;
use crate::protocol::clock::{ClockState, Now, SKEW};
use crate::protocol::handshake::bundle::{Bundle, OneTimePrekey, PrekeyId};
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::identity::device_list::RENEW_AFTER;
use crate::session::prekey_delta::{DeviceDelta, PrekeyChange};
use crate::session::{PrekeyTasks, Served};
use crate::storage::Pending;

/// The time in seconds after which a companion that was not heard of is to be removed: 30 days.
pub(crate) const COMPANION_IDLE: u64 = 30 * 86_400;

/// The time in seconds after which a primary that has signed no list is taken for lost: 14 days.
pub(crate) const PRIMARY_IDLE: u64 = 14 * 86_400;

/// The maintenance that a client needs; see [`Client::tasks`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tasks {
    /// Tasks of the prekeys: [`Client::rotate`], [`Client::bundle`], [`Client::replenish`], [`Client::expire`].
    pub prekeys: PrekeyTasks,
    /// The caller's clock, compared with the time that this client is sure of. The first time that it is
    /// [`ClockState::Ahead`] nothing is to be made anew, because others would refuse what is of the future: ask again
    /// once letters or lists came, or in an hour, or when the device is used again. If a better clock says that it is
    /// right, [`Client::reset_clock`] says so to the client.
    pub clock: ClockState,
    /// The account's list is a week old, or of a future that did not come: [`Client::renew`] it on the primary.
    pub renew_list: bool,
    /// The account's list was not renewed for two weeks: the primary is lost or switched off. After
    /// [`DeviceList::expires`](crate::client::DeviceList::expires) what is written to the account waits.
    pub primary_silent: bool,
    /// The last second in which this device writes to others if the account signs no other list: 30 days after
    /// [`DeviceList::expires`](crate::client::DeviceList::expires). Between the two, own devices get nothing.
    pub writes_until: u64,
    /// Own devices that this one has not heard of for 30 days: ask the user, and
    /// [`Client::remove`] them.
    pub idle: Vec<DeviceId>,
    /// Accounts, this one perhaps included, of which a letter has named a newer list than the known one, or waits for
    /// one ([`Repair::Backfill`](super::Repair::Backfill)): fetch it and [`Client::learn`] it. Three days after the
    /// first letter that named it, nothing is sent to the account, and no session of its devices is taken in, until
    /// then ([`Stop::Withheld`]); if the server has no newer one, tell the user. Of its own account a primary knows
    /// all lists: somebody else signs, or a device lies. This account is named as well if its list is to be renewed
    /// and was not shown since the client was loaded: a primary signs nothing before
    /// ([`Error::ListUnconfirmed`](crate::Error::ListUnconfirmed)).
    pub fetch_lists: Vec<AccountId>,
    /// Newcomers, of whom this account has written to none, are so many that there will soon be no room for
    /// others: [`Client::forget`] these, but for those that the user means to write to. Those that were heard of
    /// longest ago, or never, come first.
    pub forget: Vec<AccountId>,
    /// Call [`Client::expire`], which may find that another change has done it meanwhile.
    pub expire: bool,
}

/// The things that have ended with their time; see [`Client::expire`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expired {
    /// Letters that came, did not open, and did not come again, whatever was done. Tell the user once, with the
    /// sender's name.
    pub lost: Vec<Unread>,
}

impl Client {
    /// Tells what is to be done by now, given what the server says that it serves of this device's prekeys
    /// ([`Device::tasks`](crate::session::Device::tasks)). Nothing changes: ask as often as you like.
    #[must_use]
    pub fn tasks(&self, served: &Served<'_>, now: u64) -> Tasks {
        let inner = &*self.inner;
        let (clock, now) = (inner.clock.state(now), inner.clock.now(now));
        let issued = self.list().issued();
        // What is erased does not come back, and what is made anew can be made once more.
        let PrekeyTasks { withdraw, expire, .. } = inner.device.tasks(served, now.firm());
        let mut prekeys = inner.device.tasks(served, now.steady());
        (prekeys.withdraw, prekeys.expire) = (withdraw, expire);
        // By a clock that is behind, what is right would be of a future that does not come.
        let is_behind = matches!(clock, ClockState::Behind(_));
        prekeys.rotate &= !now.is_sudden() && !is_behind;
        prekeys.replenish &= !now.is_sudden();
        let is_future = !is_behind && issued > now.steady().saturating_add(SKEW);
        let is_old = now.steady() >= issued.saturating_add(RENEW_AFTER);
        let renew_list = !now.is_sudden() && (is_old || is_future);
        Tasks {
            clock,
            renew_list,
            primary_silent: now.firm() >= issued.saturating_add(PRIMARY_IDLE),
            writes_until: inner.writes_until(),
            idle: inner.idle(now),
            fetch_lists: inner.behind(renew_list, now),
            forget: inner.crowd(),
            expire: prekeys.expire || inner.expiry_due(now),
            prekeys,
        }
    }

    /// Returns the bundle to publish ([`Device::bundle`](crate::session::Device::bundle)).
    #[must_use]
    pub fn bundle(&self) -> Bundle {
        self.inner.device.bundle()
    }

    /// Makes new signed prekeys, or gives the newest again ([`Device::rotate`](crate::session::Device::rotate)).
    /// Save the change, apply it, publish the bundle, and note it ([`Client::note_published`]).
    pub fn rotate(&mut self, now: u64, rng: &mut impl CryptoRng) -> Pending<'_, Self, Bundle> {
        let now = self.inner.clock.now(now);
        let (bundle, delta) = self.inner.device.rotation(now.reading(), rng);
        self.prekey_change(now, delta, bundle)
    }

    /// Gives 50 one-time prekeys, new ones or the same again
    /// ([`Device::replenish`](crate::session::Device::replenish)). Save the change, apply it, publish them, and
    /// note them ([`Client::note_published`]). Their secrets are erased after 90 days: have the server drop those
    /// that it has not handed out after 60.
    pub fn replenish(
        &mut self,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Pending<'_, Self, Vec<OneTimePrekey>> {
        let now = self.inner.clock.now(now);
        let (keys, delta) = self.inner.device.replenishment(now.reading(), rng);
        self.prekey_change(now, delta, keys)
    }

    /// Notes which prekeys the server has, so that they are not given again
    /// ([`Device::note_published`](crate::session::Device::note_published)). Save the change, and apply it.
    pub fn note_published(
        &mut self,
        ids: impl IntoIterator<Item = PrekeyId>,
        now: u64,
    ) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        let delta = self.inner.device.publication(ids, now.reading());
        self.prekey_change(now, delta, ())
    }

    /// Holds back a change of the prekeys, or none.
    fn prekey_change<T>(
        &mut self,
        now: Now,
        delta: Option<DeviceDelta>,
        output: T,
    ) -> Pending<'_, Self, T> {
        let items = delta.map(|delta| vec![self.inner.prekeys(delta)]);
        let delta = items.map(|items| ClientDelta { now, items });
        Pending::maybe(self, delta, output)
    }

    /// Erases prekeys, replaced sessions and memories past their time, and remembers the hour, so that
    /// setting the clock back revives nothing. Tell the user of what is lost by it.
    pub fn expire(&mut self, now: u64) -> Pending<'_, Self, Expired> {
        let inner = &*self.inner;
        let now = inner.clock.now(now);
        let prekeys = inner.device.erasure_due(now.firm());
        if !prekeys && !inner.expiry_due(now) {
            return Pending::maybe(self, None, Expired::default());
        }
        let lost = inner.unread.lost(now.firm()).copied().collect();
        let mut items = Vec::new();
        if prekeys {
            let change = PrekeyChange::Expire(Room::EMPTY);
            items.push(inner.prekeys(DeviceDelta { now: now.firm(), change }));
        }
        items.push(ClientItem::Expire);
        self.pending(now, items, Expired { lost })
    }
}

impl Inner {
    fn expiry_due(&self, now: Now) -> bool {
        let linking = self.linking.as_ref().is_some_and(|pending| pending.is_over(now.firm()));
        self.clock.is_behind(now, HOUR)
            || linking
            || self.unread.lost(now.firm()).next().is_some()
            || self.peers.values().any(|peer| peer.erasure_due(now))
    }

    pub(super) fn erase_expired(&mut self, now: Now) {
        // What a clock that was ahead for a moment has stamped does not live longer for it. One that is behind must
        // not have what is right come to its end before its time.
        if now.goes_on(self.clock) {
            self.bound_times(now.reading());
        }
        self.peers.change(|peer| peer.erasure_due(now), |peer| peer.expire(now.firm()));
        self.count_all();
        self.sent.expire(now.firm());
        self.unread.expire(now.firm());
        self.spent.expire(now.firm());
        self.forget_places();
        self.tombstones.expire(now.firm());
        if self.linking.as_ref().is_some_and(|pending| pending.is_over(now.firm())) {
            self.linking = None;
        }
    }

    /// Lists the accounts of which a newer list is wanted: letters have told of one, or wait for one; and this one if
    /// its list is over, or is to be signed and may be an old one.
    fn behind(&self, signs: bool, now: Now) -> Vec<AccountId> {
        let own = core::iter::once((self.account(), &*self.own));
        let others = self.contacts.iter().map(|(account, contact)| (*account, contact));
        let known = own.chain(others.filter(|(_, contact)| !contact.forgotten));
        let told = known.filter(|(_, contact)| contact.ahead.is_open()).map(|(account, _)| account);
        let waits = self.sent.waited_for();
        let waits = waits.filter(|account| {
            matches!(self.stop_of(*account, now), Some(Stop::Unknown | Stop::ListOver))
        });
        let is_over = self.own.list.check(now.reading()).is_err();
        let own = (is_over || (signs && !self.is_shown())).then(|| self.account());
        let mut behind: Vec<_> = told.chain(waits).chain(own).collect();
        behind.sort_unstable();
        behind.dedup();
        behind
    }

    /// Returns other devices of this account that were not heard of for long: since the last letter from
    /// them, or since their place in the list was signed if there was none.
    fn idle(&self, now: Now) -> Vec<DeviceId> {
        let own = self.address();
        let others = self.own.list.addresses();
        let idle = others.filter(|address| *address != own).filter(|address| {
            let heard = self.peers.get(address).map_or(0, |peer| peer.heard);
            let since = heard.max(self.own.listed_at(address.device));
            now.firm() >= since.saturating_add(COMPANION_IDLE)
        });
        idle.map(|address| address.device).collect()
    }
}
