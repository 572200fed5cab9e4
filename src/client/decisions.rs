//! The user's decisions about other accounts: which list is the right one, and who is no contact any more.

use alloc::boxed::Box;
use alloc::vec;

use super::client::{Client, Inner};
use super::delta::{ClientItem, Dismissed};
use super::waiting::Dismissal;
use crate::error::Error;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::identity::device_list::DeviceList;
use crate::storage::Pending;

impl Client {
    /// Returns the lists of an account that wait for the user, each under another account key: show the user
    /// the fingerprint of each, and what it would change. Nothing is sent to the account as long as there is
    /// one, and each letter of its known devices says so
    /// ([`Alert::AccountChanged`](super::Alert::AccountChanged)).
    pub fn changed_lists_of(&self, account: AccountId) -> impl Iterator<Item = &DeviceList> {
        let contact = self.inner.contacts.get(&account);
        contact.into_iter().flat_map(|contact| contact.waiting.lists())
    }

    /// Accepts a list of an account that does not follow from the known one, after the user was shown this very
    /// list and has compared fingerprints. The sessions with the account's devices are erased when the change
    /// is applied, and no list under the account key that is given up is taken any more.
    ///
    /// The list need not be among [`Client::changed_lists_of`]: one that was dismissed, for which there was no
    /// room, or that is another history under the known key ([`Error::ListFork`]) can be accepted as well, if
    /// the user says so. Whatever else waits goes on waiting.
    ///
    /// # Errors
    ///
    /// [`Error::NotChanged`] if there is nothing to accept: the list is known or follows, or no list of the
    /// account is known; [`Error::AccountChanged`] if another list under its key waits: show the user that
    /// one; [`Error::ListRollback`] for an older list than the known one; [`Error::WrongPeer`] for one that
    /// follows and gives a known id to other keys; [`Error::ListExpired`] for one outside its validity time.
    pub fn acknowledge(
        &mut self,
        list: &DeviceList,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let now = self.inner.clock.now(now);
        self.inner.check_decision(list)?;
        let subject = self.inner.subject_of(list);
        if let Some(known) = self.inner.known_as(list).filter(|known| *known != subject) {
            self.inner.check_moves(known, list)?;
        }
        list.check(now.reading())?;
        let item = ClientItem::Acknowledge(Box::new(list.clone()));
        Ok(self.pending(now, vec![item], ()))
    }

    /// Dismisses a list of an account that does not follow from the known one, after the user was shown this very
    /// list. If nothing else waits, what was known before holds again. A list under another account key is
    /// dismissed with its key, and the last 256 dismissals are remembered.
    ///
    /// # Errors
    ///
    /// As [`Client::acknowledge`], but that the time of the list does not matter.
    pub fn dismiss(&mut self, list: &DeviceList, now: u64) -> Result<Pending<'_, Self, ()>, Error> {
        self.inner.check_decision(list)?;
        let account = self.inner.subject_of(list);
        let known = self.inner.contacts.get(&account).ok_or(Error::NotChanged)?;
        // A dismissal of a key takes along what waits under it: that must be what the user was shown.
        let held = known.waiting.under(list.account_key());
        if held.is_some_and(|held| held.hash() != list.hash())
            && list.account_key() != known.list.account_key()
        {
            return Err(Error::AccountChanged);
        }
        let dismissal = Dismissal::of(list, known.list.account_key());
        let item = ClientItem::Dismiss(Box::new(Dismissed { account, dismissal }));
        Ok(self.pending(self.inner.clock.now(now), vec![item], ()))
    }

    /// Forgets an account: its devices, the sessions with them, what was sent to it, and that its key was compared.
    /// What protects against older lists stays: the newest list that was known, what waits, and what was dismissed.
    /// So the next list of the account that is learned follows from that one, or waits for the user. Only an account
    /// that nothing was written to gives way altogether, once there is no room for another account, and what waits of
    /// it once there is no room for what is to wait of another one of that kind.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`] if nothing is known of it.
    pub fn forget(&mut self, account: AccountId, now: u64) -> Result<Pending<'_, Self, ()>, Error> {
        let contact = self.inner.contact(account).ok_or(Error::UnknownAccount)?;
        if contact.list.account() == self.inner.account() {
            return Err(Error::UnknownAccount);
        }
        Ok(self.pending(self.inner.clock.now(now), vec![ClientItem::Forget(Box::new(account))], ()))
    }
}

impl Inner {
    fn check_decision(&self, list: &DeviceList) -> Result<(), Error> {
        let subject = self.subject_of(list);
        let contact = self.contacts.get(&subject).ok_or(Error::NotChanged)?;
        let moves = list.account() != contact.list.account();
        if moves && contact.waiting.is_open() {
            return Err(Error::AccountChanged);
        }
        contact.check_decision(list)
    }

    pub(super) fn acknowledge(&mut self, list: DeviceList, now: u64) {
        let subject = self.subject_of(&list);
        if let Some(known) = self.known_as(&list).filter(|known| *known != subject) {
            self.move_over(known, list, now);
        } else if self.contacts.contains_key(&subject) {
            let account =
                self.change_and_move(subject, |contact| contact.acknowledge(list, now), now);
            self.sent.forget(account);
            self.unread.retain(|from| from.account != account);
            self.part(account, |_, _| true, now);
        }
    }

    pub(super) fn dismiss(&mut self, dismissed: &Dismissed, now: u64) {
        self.acquaint(dismissed.account);
        if let Some(contact) = self.contacts.get_mut(&dismissed.account) {
            contact.waiting.dismiss(dismissed.dismissal, now);
        }
    }

    pub(super) fn forget(&mut self, account: AccountId, now: u64) {
        if let Some(contact) = self.contacts.get_mut(&account) {
            contact.forgotten = true;
            contact.verified = false;
        }
        self.sent.forget(account);
        self.unread.retain(|from| from.account != account);
        self.part(account, |_, _| true, now);
        self.peers.change(
            |peer| peer.reports.contains_key(&account),
            |peer| _ = peer.reports.remove(&account),
        );
    }
}
