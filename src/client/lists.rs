//! Device lists: this account's own, and those of the accounts that it talks to.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::{AccountId, Certificate, DeviceId};
use crate::protocol::identity::device_list::DeviceList;

use super::address::Address;
use super::client::{Client, Inner};
use super::contact::{Contact, Relation};
use super::delta::{ClientDelta, ClientItem};
use super::peer::Peer;
use crate::session::{Account, Device};
use crate::storage::Pending;

/// The news that a device list brought.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListUpdate {
    /// None: it is the list that was known.
    Nothing,
    /// The first list of this account, or the first since it was forgotten ([`Client::forget`]). That its
    /// account key is the right person's is for people to compare
    /// ([`Fingerprint`](crate::session::Fingerprint)).
    First,
    /// A newer list: tell the user who came and who went. The sessions with those who went are
    /// erased when the change is applied.
    Newer {
        /// Devices that are new, or that have new keys.
        added: Vec<DeviceId>,
        /// Devices that left, or whose keys did.
        removed: Vec<DeviceId>,
    },
    /// A newer list, by which the account has another id: have all of the app's names follow, and tell the user as
    /// for [`ListUpdate::Newer`]. All that the client holds has followed by then.
    Moved {
        /// The id by which it was known.
        from: AccountId,
        /// Devices that are new, or that have new keys.
        added: Vec<DeviceId>,
        /// Devices that left, or whose keys did.
        removed: Vec<DeviceId>,
    },
    /// The list has another account key than the known one, or so many lists came between that nothing shows
    /// that it follows: the account was set up anew, or somebody stands in between. Nothing is sent to the
    /// account until the user has acknowledged it or refused it ([`Client::acknowledge`],
    /// [`Client::dismiss`]). Show the user this very list: if lists under four other keys wait already, it is not
    /// held with them.
    Changed,
    /// This device is not in its account's list any more. Its sessions are erased when the change is
    /// applied; it can read and send no more.
    ///
    /// Links and guest chats are states of their own: erase them now
    /// ([`Invite::leave`](crate::guest::Invite::leave), [`Chat::leave`](crate::guest::Chat::leave)).
    Removed,
}

impl ListUpdate {
    /// Compares two lists of an account: who came and who went.
    pub(crate) fn between(old: &DeviceList, new: &DeviceList) -> Self {
        let missing = |of: &DeviceList, from: &DeviceList| {
            let devices = of.devices().iter().filter(|device| {
                let other = from.device(device.device());
                other.is_none_or(|other| other.identity() != device.identity())
            });
            devices.map(Certificate::device).collect()
        };
        let (added, removed) = (missing(new, old), missing(old, new));
        if new.account() == old.account() {
            Self::Newer { added, removed }
        } else {
            Self::Moved { from: old.account(), added, removed }
        }
    }
}

impl Client {
    /// Makes a new primary for an account whose primary is lost, from the account's key and its newest
    /// device list: the list after it names the new device in the place of those in `lost`. Save the
    /// client, then publish [`Client::list`].
    ///
    /// The newest list comes from a server, or better from a companion: if it is not the newest, the list
    /// that is signed here is a fork for those who know a newer one.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for the list of another account or account key; [`Error::TooManyDevices`].
    pub fn recover(
        account: &Account,
        newest: &DeviceList,
        lost: &[DeviceId],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        if newest.first_id() != account.id() {
            return Err(Error::WrongPeer);
        }
        let device = Device::generate(account, now, rng);
        let left = newest.devices().iter().filter(|listed| !lost.contains(&listed.device()));
        let devices = left.cloned().chain([device.certificate().clone()]).collect();
        let next = newest.next(account.key(), devices, now)?;
        Ok(Self::new(device, next, now))
    }

    /// Takes an account's device list, this account's included. Nothing changes if it brings nothing new:
    /// call it as often as you like.
    ///
    /// # Errors
    ///
    /// [`Error::ListExpired`] for a list outside its validity time, unless it follows the known one, and for
    /// one from the future; [`Error::ListRollback`] for an older list than the known one; [`Error::ListFork`]
    /// for another list of the same epoch, or one that does not follow the known one;
    /// [`Error::ListGap`] for a list under the known key that was dismissed, and for a list of this very account
    /// that nothing shows to follow; [`Error::WrongPeer`] for a list under a key that was dismissed, for one in
    /// which a known id has other keys, and for one of this very account under another account key, in which case
    /// this device must be linked again; [`Error::TooManyAccounts`] for more than 65,536 accounts, those included
    /// that were forgotten, or 2,048 that this account has not written to: forget some
    /// ([`Tasks::forget`](super::Tasks::forget)), and learn it again, or if the user is about to write to it, say so
    /// ([`Client::learn_to_write`]); and for more than 512 lists of these that wait: forget some of whom a list waits
    /// ([`Client::changed_lists_of`]).
    pub fn learn(
        &mut self,
        list: &DeviceList,
        now: u64,
    ) -> Result<Pending<'_, Self, ListUpdate>, Error> {
        self.learned(list, false, now)
    }

    /// Takes the device list of an account that the user is about to write to, alone or in a group, as
    /// [`Client::learn`] does. The account is none of those that this account has not written to any more, so that
    /// what bounds these leaves room for it.
    ///
    /// Call it only for whom the user has chosen to write to. Whoever merely writes to the user, or puts the user
    /// into a group, could otherwise fill up the client with accounts of its own.
    ///
    /// # Errors
    ///
    /// As [`Client::learn`], but [`Error::TooManyAccounts`] only for more than 65,536 accounts.
    pub fn learn_to_write(
        &mut self,
        list: &DeviceList,
        now: u64,
    ) -> Result<Pending<'_, Self, ListUpdate>, Error> {
        self.learned(list, true, now)
    }

    fn learned(
        &mut self,
        list: &DeviceList,
        to_write: bool,
        now: u64,
    ) -> Result<Pending<'_, Self, ListUpdate>, Error> {
        let (now, account) = (self.inner.clock.now(now), list.account());
        let is_own = list.is_of_account(&self.inner.own.list) || account == self.inner.account();
        let (learned, item) = if is_own {
            let learned = self.inner.learn_own(list);
            // What shows which list is the newest is remembered in any case, and of no state.
            if matches!(learned, Ok(_) | Err(Error::ListGap)) {
                self.inner.shown = self.inner.shown.max(list.epoch());
            }
            learned?
        } else {
            self.inner.learn_other(list, to_write, now)?
        };
        // A list that follows is taken although it has expired: it may bridge the way to one that has not,
        // and the time is checked whenever a list is used.
        if matches!(learned, ListUpdate::First | ListUpdate::Changed) {
            list.check(now.reading())?;
        } else if !is_own {
            // An own one of a future that did not come is signed anew: nothing else would follow it.
            list.check_issued(now.reading())?;
        }
        let known = self.inner.subject_of(list);
        let acquaint = || to_write.then(|| ClientItem::Acquaint(Box::new(known)));
        // A newcomer is none before the list is taken, which may be one too many of a newcomer's to wait; who is not
        // known at all can only be one after it.
        let (before, after) = if self.inner.is_newcomer(known) {
            (acquaint(), None)
        } else if learned == ListUpdate::First {
            (None, acquaint())
        } else {
            (None, None)
        };
        let items: Vec<_> = before.into_iter().chain(item).chain(after).collect();
        let now = now.supported(list.issued());
        let delta = (!items.is_empty()).then(|| ClientDelta { now, items });
        Ok(Pending::maybe(self, delta, learned))
    }

    /// Signs this account's list anew, so that it does not expire ([`Client::tasks`]). Save the change,
    /// apply it, then publish [`Client::list`].
    ///
    /// # Errors
    ///
    /// [`Error::WrongAccount`] for another account; [`Error::OwnDeviceUnlisted`] if this device is no longer
    /// one of its account's; [`Error::ListUnconfirmed`] for a client that was loaded and has not been shown the
    /// newest list of its account since ([`Client::learn`]), and for three days after an own device has told of a
    /// newer one: a list that does not follow the newest is a fork, which no peer forgets.
    pub fn renew(&mut self, account: &Account, now: u64) -> Result<Pending<'_, Self, ()>, Error> {
        let now = self.inner.clock.now(now);
        self.inner.check_ahead(now)?;
        let devices = self.list().devices().to_vec();
        self.sign_list(account, devices, now)
    }

    /// Removes a device from this account. Save the change, apply it, then publish [`Client::list`]:
    /// the sessions with the device are erased by then, and whoever knows the list sends it nothing
    /// more.
    ///
    /// # Errors
    ///
    /// [`Error::Unlisted`] if the account has no such device; [`Error::OwnDevice`] for this very
    /// device; else as [`Client::renew`], but whatever an own device tells: it could be the one that is to go.
    pub fn remove(
        &mut self,
        account: &Account,
        device: DeviceId,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        if device == self.address().device {
            return Err(Error::OwnDevice);
        }
        self.inner.own.device(device)?;
        let left = self.list().devices().iter().filter(|listed| listed.device() != device);
        let left = left.cloned().collect();
        self.sign_list(account, left, self.inner.clock.now(now))
    }

    /// Refuses the key of another account than this client's.
    pub(super) fn check_account(&self, account: &Account) -> Result<(), Error> {
        let is_ours = account.public_key() == self.list().account_key();
        if is_ours { Ok(()) } else { Err(Error::WrongAccount) }
    }

    /// Signs the next list. It is given to nobody before the change that learns it is applied: two signed lists
    /// of one epoch would be a fork that no peer forgets.
    pub(super) fn next_list(
        &self,
        account: &Account,
        devices: Vec<Certificate>,
        now: Now,
    ) -> Result<DeviceList, Error> {
        self.check_signs(account)?;
        self.list().next(account.key(), devices, now.reading())
    }

    /// Makes the change to a next list.
    fn sign_list(
        &mut self,
        account: &Account,
        devices: Vec<Certificate>,
        now: Now,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let list = self.next_list(account, devices, now)?;
        Ok(self.pending(now, vec![ClientItem::Learn(Box::new(list))], ()))
    }
}

impl Inner {
    /// Tells whether this device has been shown the newest list of its account, and has taken it.
    pub(super) fn is_shown(&self) -> bool {
        self.shown != 0 && self.own.list.epoch() >= self.shown
    }

    /// Refuses to sign behind a list that may be an old one.
    pub(super) fn check_shown(&self) -> Result<(), Error> {
        if self.is_shown() { Ok(()) } else { Err(Error::ListUnconfirmed) }
    }

    /// Refuses to sign while an own device says that there is a newer list.
    pub(super) fn check_ahead(&self, now: Now) -> Result<(), Error> {
        if self.own.ahead.is_recent(now) { Err(Error::ListUnconfirmed) } else { Ok(()) }
    }

    fn learn_own(&self, list: &DeviceList) -> Result<(ListUpdate, Option<ClientItem>), Error> {
        if !list.follows(&self.own.list)? {
            return Ok((ListUpdate::Nothing, None));
        }
        let listed = list.device(self.address().device);
        let learned = if listed == Some(self.device.certificate()) {
            ListUpdate::between(&self.own.list, list)
        } else if self.own.device(self.address().device).is_err() {
            // It was removed before.
            ListUpdate::between(&self.own.list, list)
        } else {
            ListUpdate::Removed
        };
        Ok((learned, Some(ClientItem::Learn(Box::new(list.clone())))))
    }

    fn learn_other(
        &self,
        list: &DeviceList,
        to_write: bool,
        now: Now,
    ) -> Result<(ListUpdate, Option<ClientItem>), Error> {
        let learn = || Some(ClientItem::Learn(Box::new(list.clone())));
        let (account, known) = (list.account(), self.known_as(list));
        if let Some(from) = known.filter(|known| *known != account) {
            self.check_moves(from, list)?;
        }
        let is_taken = self.contacts.contains_key(&account);
        let contact = if is_taken { Some(account) } else { known };
        let Some(contact) = contact.and_then(|id| self.contacts.get(&id)) else {
            return if self.has_room_for_account(to_write) {
                Ok((ListUpdate::First, learn()))
            } else {
                Err(Error::TooManyAccounts)
            };
        };
        Ok(match contact.relation(list, now)? {
            Relation::Same | Relation::Follows if contact.forgotten => (ListUpdate::First, learn()),
            Relation::Same => (ListUpdate::Nothing, None),
            Relation::Follows => {
                (ListUpdate::between(&contact.list, contact.newest(list)), learn())
            }
            Relation::Waits(true) if !to_write && !self.has_room_for_list(contact, list) => {
                return Err(Error::TooManyAccounts);
            }
            Relation::Waits(true) => {
                (ListUpdate::Changed, Some(ClientItem::Changed(Box::new(list.clone()))))
            }
            Relation::Waits(false) => (ListUpdate::Changed, None),
        })
    }

    pub(super) fn learn(&mut self, list: DeviceList, now: u64) {
        let mut account = list.account();
        if list.is_of_account(&self.own.list) {
            let (was_listed, before) = (self.check_listed().is_ok(), self.account());
            self.own.advance(list);
            account = self.account();
            if account != before {
                self.let_go(account, now);
                self.follow(before, account);
            }
            if was_listed && self.check_listed().is_err() {
                // Nothing that this device shared with anybody outlives its place in the account.
                self.peers.clear();
                self.holdings.clear();
                self.device.retire();
                self.linking = None;
                self.sent.0.clear();
                self.seen.clear();
                self.unread.0.clear();
            }
        } else if let Some(known) = self.known_as(&list) {
            account = self.change_and_move(known, |contact| contact.advance(list), now);
        } else {
            self.add_contact(Contact::new(list));
        }
        self.drop_unlisted(account, now);
    }

    /// Erases what is held about devices of an account that its list does not name any more.
    fn drop_unlisted(&mut self, account: AccountId, now: u64) {
        let Some(list) = self.contact(account).map(|contact| contact.list.clone()) else {
            return;
        };
        let is_of = |from: Address| from.account == account;
        self.unread.retain(|from| !is_of(from) || list.device(from.device).is_some());
        let parts = |address: &Address, peer: &Peer| {
            let listed = list.device(address.device);
            listed.is_none_or(|listed| !peer.is_of(listed))
        };
        self.part(account, parts, now);
    }

    /// Erases what is held about those devices of an account, but for tombstones, which keep old first
    /// messages from opening.
    pub(super) fn part(
        &mut self,
        account: AccountId,
        parts: impl Fn(&Address, &Peer) -> bool,
        now: u64,
    ) {
        let of_account = self.peers.iter().filter(|(address, _)| address.account == account);
        let tombstones = of_account.filter(|(address, peer)| parts(address, peer));
        let tombstones: Vec<_> =
            tombstones.map(|(address, peer)| (*address, peer.newest(now))).collect();
        for (address, newest) in tombstones {
            self.peers.remove(&address);
            self.bury(address, newest, now);
        }
        self.count(account);
    }
}
