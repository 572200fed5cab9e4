//! Marks that an account has here: that the user has compared its key, and what a log of lists says.

use alloc::boxed::Box;
use alloc::vec;

use super::client::{Client, Inner};
use super::delta::{ClientItem, Logged, VerifiedKey};
use super::log_status::LogStatus;
use crate::error::Error;
use crate::protocol::identity::certificate::{AccountId, AccountKey};
use crate::protocol::identity::device_list::ListHash;
use crate::storage::Pending;

impl Client {
    /// Marks an account as verified, after the user has compared its key with its owner
    /// ([`Fingerprint`](crate::session::Fingerprint)), or with `None` takes the mark back. `key` is the account
    /// key that was compared.
    ///
    /// The mark stays as long as the key does: it is gone when the user acknowledges a list under another key,
    /// or forgets the account. A device that is linked later gets it with the briefing.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`]; [`Error::OwnAccount`]; [`Error::WrongPeer`] if the known key is another one,
    /// because the account has changed while the user was comparing.
    pub fn set_verified(
        &mut self,
        account: AccountId,
        key: Option<AccountKey>,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let inner = &*self.inner;
        if account == inner.account() {
            return Err(Error::OwnAccount);
        }
        let known = inner.known(account)?.list.account_key();
        if key.is_some_and(|key| key != known) {
            return Err(Error::WrongPeer);
        }
        let item = ClientItem::Verified(Box::new(VerifiedKey { account, key }));
        Ok(self.pending(self.inner.clock.now(now), vec![item], ()))
    }

    /// Tells whether the user has compared the known key of an account ([`Client::set_verified`]). It says
    /// nothing of a list that waits under another key ([`Client::changed_lists_of`]).
    #[must_use]
    pub fn is_verified(&self, account: AccountId) -> bool {
        self.inner.contact(account).is_some_and(|contact| contact.verified)
    }

    /// Keeps the status in a log of the known list of an account, this account included, or with `None` takes
    /// it back. `list` is the list that the log was asked about. The next list of the account has no status
    /// until it is given one.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`]; [`Error::WrongPeer`] if the known list is another one, because a newer one came
    /// while the log was asked.
    pub fn set_logged(
        &mut self,
        account: AccountId,
        list: ListHash,
        status: Option<LogStatus>,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        if self.inner.known(account)?.list.hash() != list {
            return Err(Error::WrongPeer);
        }
        let item = ClientItem::Logged(Box::new(Logged { account, list, status }));
        Ok(self.pending(self.inner.clock.now(now), vec![item], ()))
    }

    /// Returns the status in a log of the known list of an account, if one was kept.
    #[must_use]
    pub fn logged(&self, account: AccountId) -> Option<LogStatus> {
        self.inner.contact(account)?.logged
    }
}

impl Inner {
    pub(super) fn set_verified(&mut self, verified: &VerifiedKey) {
        self.change_contact(verified.account, |contact| {
            contact.verified = verified.key == Some(contact.list.account_key());
            contact.newcomer &= !contact.verified;
        });
    }

    pub(super) fn set_logged(&mut self, logged: &Logged) {
        let own = logged.account == self.account();
        let contact =
            if own { Some(&mut *self.own) } else { self.contacts.get_mut(&logged.account) };
        if let Some(contact) = contact
            && contact.list.hash() == logged.list
        {
            contact.logged = logged.status;
        }
    }
}
