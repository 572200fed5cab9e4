//! Device lists: this account's own, and those of the accounts that it talks to.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::account::Account;
use crate::change::Change;
use crate::device::Device;
use crate::error::Error;
use crate::protocol::devices::DeviceList;
use crate::protocol::identity::{AccountId, Certificate, DeviceId};

use super::contact::Contact;
use super::logs::{SeenLog, SentLog};
use super::peer::Peer;
use super::step::Step;
use super::{Address, Client, Inner, MAX_ACCOUNTS};

/// What a device list brought.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Learned {
    /// Nothing: it is the one that was known.
    Nothing,
    /// The first list of this account. That its account key is the right person's is for people to
    /// compare ([`Fingerprint`](crate::Fingerprint)).
    First,
    /// A newer list: tell the user who came and who went. The sessions with those who went are
    /// erased when the change is applied.
    Newer {
        /// Devices that are new, or that have new keys.
        added: Vec<DeviceId>,
        /// Devices that are gone, or whose keys are.
        removed: Vec<DeviceId>,
    },
    /// The list has another account key than the known one, or so many came between that nothing
    /// shows that it follows: the account was set up anew, or somebody stands in between. Nothing is
    /// sent to the account until the user has acknowledged it ([`Client::acknowledge`]).
    Changed,
    /// This device is not in its account's list any more. Its sessions are erased when the change is
    /// applied; it can read and send no more.
    Removed,
}

impl Learned {
    /// Who came and who went.
    pub(crate) fn between(old: &DeviceList, new: &DeviceList) -> Self {
        let missing = |of: &DeviceList, from: &DeviceList| {
            let devices = of.devices().iter().filter(|device| {
                let other = from.device(device.device());
                other.is_none_or(|other| other.identity() != device.identity())
            });
            devices.map(Certificate::device).collect()
        };
        Self::Newer { added: missing(new, old), removed: missing(old, new) }
    }
}

impl Client {
    /// Makes a new primary for an account whose primary is lost, from the account's key and its newest
    /// device list: the list after it names the new device in the place of those in `lost`. Save the
    /// client, then publish [`Client::list`].
    ///
    /// The list comes from a server, or better from a companion: under an older one than the newest, the
    /// list that is signed here is a fork for those who know a newer one.
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
        if newest.account() != account.id() {
            return Err(Error::WrongPeer);
        }
        let device = Device::generate(account, now, rng);
        let left = newest.devices().iter().filter(|listed| !lost.contains(&listed.device()));
        let devices = left.cloned().chain([device.certificate().clone()]).collect();
        let next = newest.next(account.key(), devices, now)?;
        Ok(Self::new(device, next, now))
    }

    /// Takes an account's device list, this account's included. There is no change if it brings
    /// nothing new: ask as often as you like.
    ///
    /// # Errors
    ///
    /// [`Error::ListExpired`] for a list outside its validity time, unless it follows the known one, and
    /// for one from the future; [`Error::ListRollback`] for an older list than the known one;
    /// [`Error::ListFork`] for another list of the same epoch, or one that does not descend from the
    /// known one; [`Error::WrongPeer`] for a list under a key that was dismissed, for one in which a known
    /// id has other keys, and for one of this very account under another account key: this device must
    /// be linked again; [`Error::Exhausted`] for more than 65,536 accounts.
    pub fn learn(&self, list: &DeviceList, now: u64) -> Result<(Learned, Option<Change>), Error> {
        let now = now.max(self.inner.clock);
        let (learned, step) = if list.account() == self.inner.account() {
            self.inner.learn_own(list)?
        } else {
            self.inner.learn_other(list)?
        };
        // What follows is taken although it has expired: it may bridge the way to one that has not,
        // and the time is looked at whenever a list is used.
        if matches!(learned, Learned::First | Learned::Changed) {
            list.check(now)?;
        } else {
            list.check_issued(now)?;
        }
        let change = step.map(|step| self.change(now, vec![step])).transpose()?;
        Ok((learned, change))
    }

    /// Accepts the changed list of an account, after the user was told. `account_key` is the key that
    /// the user was shown: another list that came meanwhile is not accepted unseen. The sessions with
    /// the account's devices are erased when the change is applied.
    ///
    /// # Errors
    ///
    /// [`Error::Unlisted`] if no changed list of the account is waiting; [`Error::WrongPeer`] if the
    /// waiting one has another key.
    pub fn acknowledge(
        &self,
        account: AccountId,
        account_key: &[u8; 32],
        now: u64,
    ) -> Result<Change, Error> {
        self.check_waiting(account, account_key)?;
        self.change(now, vec![Step::Acknowledge(Box::new(account))])
    }

    /// Refuses the changed list of an account, after the user was told: what was known before holds
    /// again, and no list under that account key is taken from now on. To take one after all,
    /// [`Client::forget`] the account and learn it anew.
    ///
    /// # Errors
    ///
    /// [`Error::Unlisted`] if no changed list of the account is waiting; [`Error::WrongPeer`] if the
    /// waiting one has another key.
    pub fn dismiss(
        &self,
        account: AccountId,
        account_key: &[u8; 32],
        now: u64,
    ) -> Result<Change, Error> {
        self.check_waiting(account, account_key)?;
        self.change(now, vec![Step::Dismiss(Box::new(account))])
    }

    /// Whether a list of the account waits under the key that the user was shown.
    fn check_waiting(&self, account: AccountId, account_key: &[u8; 32]) -> Result<(), Error> {
        let changed = self.changed_list_of(account).ok_or(Error::Unlisted)?;
        if changed.account_key() == account_key { Ok(()) } else { Err(Error::WrongPeer) }
    }

    /// The changed list of an account, which waits for the user.
    #[must_use]
    pub fn changed_list_of(&self, account: AccountId) -> Option<&DeviceList> {
        self.inner.contacts.get(&account).and_then(|contact| contact.changed.as_deref())
    }

    /// Forgets an account: its list, and the sessions with its devices. The next list of it that is
    /// learned is the first one again, whoever's key it is under: compare the security code anew.
    ///
    /// # Errors
    ///
    /// [`Error::Unlisted`] if nothing is known of it.
    pub fn forget(&self, account: AccountId, now: u64) -> Result<Change, Error> {
        if !self.inner.contacts.contains_key(&account) {
            return Err(Error::Unlisted);
        }
        self.change(now, vec![Step::Forget(Box::new(account))])
    }

    /// Signs this account's list anew, so that it does not expire ([`Client::due`]). Save the change,
    /// apply it, then publish [`Client::list`].
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for another account; [`Error::Unlisted`] if this device is no more one of
    /// its account's.
    pub fn renew(&self, account: &Account, now: u64) -> Result<Change, Error> {
        self.sign_list(account, self.list().devices().to_vec(), Vec::new(), now)
    }

    /// Removes a device from this account. Save the change, apply it, then publish [`Client::list`]:
    /// the sessions with the device are erased by then, and whoever knows the list sends it nothing
    /// more.
    ///
    /// # Errors
    ///
    /// [`Error::Unlisted`] if the account has no such device; [`Error::BadArgument`] for this very
    /// device; [`Error::WrongPeer`] for another account.
    pub fn remove(&self, account: &Account, device: DeviceId, now: u64) -> Result<Change, Error> {
        if device == self.address().device {
            return Err(Error::BadArgument);
        }
        self.inner.own.device(device)?;
        let left = self.list().devices().iter().filter(|listed| listed.device() != device);
        self.sign_list(account, left.cloned().collect(), Vec::new(), now)
    }

    /// The change to a next list. The list itself is not given out before the change is applied: two
    /// signed lists of one epoch would be a fork that no peer forgets.
    pub(super) fn sign_list(
        &self,
        account: &Account,
        devices: Vec<Certificate>,
        mut steps: Vec<Step>,
        now: u64,
    ) -> Result<Change, Error> {
        self.inner.check_listed()?;
        let now = now.max(self.inner.clock);
        let list = self.list().next(account.key(), devices, now)?;
        steps.push(Step::Learn(Box::new(list)));
        self.change(now, steps)
    }
}

impl Inner {
    fn learn_own(&self, list: &DeviceList) -> Result<(Learned, Option<Step>), Error> {
        if !list.follows(&self.own.list)? {
            return Ok((Learned::Nothing, None));
        }
        let listed = list.device(self.address().device);
        let learned = if listed == Some(self.device.certificate()) {
            Learned::between(&self.own.list, list)
        } else if self.own.device(self.address().device).is_err() {
            // A companion that has not been admitted yet.
            Learned::between(&self.own.list, list)
        } else {
            Learned::Removed
        };
        Ok((learned, Some(Step::Learn(Box::new(list.clone())))))
    }

    fn learn_other(&self, list: &DeviceList) -> Result<(Learned, Option<Step>), Error> {
        let learn = || Some(Step::Learn(Box::new(list.clone())));
        let Some(contact) = self.contacts.get(&list.account()) else {
            let room = self.contacts.len() < MAX_ACCOUNTS;
            return if room { Ok((Learned::First, learn())) } else { Err(Error::Exhausted) };
        };
        let changed = || (Learned::Changed, Some(Step::Changed(Box::new(list.clone()))));
        if list.account_key() != contact.list.account_key() {
            if contact.dismissed == *list.account_key() {
                return Err(Error::WrongPeer);
            }
            return match &contact.changed {
                // Among lists under the new key the same rules hold.
                Some(waiting) if waiting.account_key() == list.account_key() => {
                    match list.follows(waiting) {
                        Ok(false) => Ok((Learned::Changed, None)),
                        Ok(true) | Err(Error::ListGap) => Ok(changed()),
                        Err(error) => Err(error),
                    }
                }
                _ => Ok(changed()),
            };
        }
        match list.follows(&contact.list) {
            Ok(false) => Ok((Learned::Nothing, None)),
            Ok(true) => Ok((Learned::between(&contact.list, list), learn())),
            Err(Error::ListGap) => Ok(changed()),
            Err(error) => Err(error),
        }
    }

    pub(super) fn learn(&mut self, list: DeviceList) {
        let account = list.account();
        if account == self.account() {
            let was_listed = self.check_listed().is_ok();
            self.own.advance(list);
            if was_listed && self.check_listed().is_err() {
                // Nothing that this device shared with anybody outlives its place in the account.
                self.peers.clear();
                self.device.retire();
                self.linking = None;
                self.sent = SentLog::default();
                self.seen = SeenLog::default();
            }
        } else if let Some(contact) = self.contacts.get_mut(&account) {
            contact.advance(list);
        } else {
            self.contacts.insert(account, Contact::new(list));
        }
        self.drop_unlisted(account);
    }

    pub(super) fn acknowledge(&mut self, account: AccountId) {
        if let Some(contact) = self.contacts.get_mut(&account)
            && let Some(changed) = contact.changed.take()
        {
            let before = *contact.list.account_key();
            *contact = Contact::new(*changed);
            // The list of before, shown once more, must not look like one more change.
            if before != *contact.list.account_key() {
                contact.dismissed = before;
            }
            self.sent.forget(account);
            self.part(account, |_, _| true);
        }
    }

    pub(super) fn dismiss(&mut self, account: AccountId) {
        if let Some(contact) = self.contacts.get_mut(&account)
            && let Some(changed) = contact.changed.take()
        {
            // A list under the known key that could not be proved may be proved later.
            if changed.account_key() != contact.list.account_key() {
                contact.dismissed = *changed.account_key();
            }
        }
    }

    pub(super) fn forget(&mut self, account: AccountId) {
        self.contacts.remove(&account);
        self.sent.forget(account);
        self.part(account, |_, _| true);
        for peer in self.peers.values_mut() {
            peer.reports.remove(&account);
        }
    }

    /// Erases what is held about devices of an account that its list does not name any more.
    fn drop_unlisted(&mut self, account: AccountId) {
        let Some(list) = self.contact(account).map(|contact| contact.list.clone()) else {
            return;
        };
        self.part(account, |address, peer| {
            let listed = list.device(address.device);
            listed.is_none_or(|listed| !peer.is_of(listed))
        });
    }

    /// Erases what is held about those devices of an account, but for what keeps them from coming
    /// back as they were.
    fn part(&mut self, account: AccountId, parts: impl Fn(&Address, &Peer) -> bool) {
        let of_account = self.peers.iter().filter(|(address, _)| address.account == account);
        let gone = of_account.filter(|(address, peer)| parts(address, peer));
        let gone: Vec<_> = gone.map(|(address, peer)| (*address, peer.newest())).collect();
        for (address, newest) in gone {
            self.peers.remove(&address);
            self.gone.add(address, newest, self.clock);
        }
    }
}
