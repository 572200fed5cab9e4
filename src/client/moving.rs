//! Accounts that move to another id: `spec/devices.md`, "Moving to another id".
//!
//! The *first id* of an account is in all that is signed, sealed and hashed, for ever; here that is its *name*. The id
//! that its newest list gives is what it is known by and reached at.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec;

use super::address::Address;
use super::client::{Client, Inner};
use super::contact::Contact;
use super::delta::ClientItem;
use super::peer::Peer;
use super::waiting::Dismissal;
use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::{AccountId, AccountKey, AccountKind, Certificate};
use crate::protocol::identity::device_list::{DeviceList, FORMER_FOR};
use crate::protocol::letter::copy::{LetterCopy, LetterOf};
use crate::protocol::letter::{Letter, LetterConversation, Listed};
use crate::session::Account;
use crate::storage::Pending;

impl Client {
    /// Moves this account to another id, on its primary: another telephone number, or another name of its server's
    /// making. Save the change, apply it, then publish [`Client::list`] under the new id, and under the old one until
    /// that is somebody else's.
    ///
    /// Keys, certificates, safety numbers, sessions, and what others have verified stay as they are. This account's
    /// other devices and everybody else learn of it by that list ([`Client::learn`]), which says
    /// [`ListUpdate::Moved`](super::ListUpdate::Moved). Mail that names the old id is read for 90 days.
    /// [`Account::id`] goes on giving the first id, and [`Client::address`] the new one.
    ///
    /// # Errors
    ///
    /// [`Error::NotChanged`] for the id that the account has; [`Error::AccountChanged`] for one that another account
    /// is known by: ask its list anew, or forget whoever has it no more ([`Client::forget`]); else as
    /// [`Client::renew`].
    pub fn move_account(
        &mut self,
        account: &Account,
        to: AccountId,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        if to == self.inner.account() {
            return Err(Error::NotChanged);
        }
        if self.inner.contact(to).is_some() {
            return Err(Error::AccountChanged);
        }
        let now = self.inner.clock.now(now);
        self.inner.check_ahead(now)?;
        self.check_signs(account)?;
        let devices = self.list().devices().to_vec();
        let list = self.list().next_at(to, account.key(), devices, now.reading())?;
        Ok(self.pending(now, vec![ClientItem::Learn(Box::new(list))], ()))
    }

    /// Refuses to sign a list with another account's key, or behind one that may be old, or when this device is
    /// none of the account's.
    pub(super) fn check_signs(&self, account: &Account) -> Result<(), Error> {
        self.inner.check_listed()?;
        self.check_account(account)?;
        self.inner.check_shown()
    }
}

impl Inner {
    /// Returns the id by which the account of a list is known, if it is: who has the same first id and the same
    /// account key is the same, and nobody else, whatever ids a list claims.
    pub(super) fn known_as(&self, list: &DeviceList) -> Option<AccountId> {
        let first = list.first_id();
        let candidates = [list.account(), first].into_iter().chain(self.holdings.moves.from(first));
        let is_it = |id: &AccountId| {
            self.contacts.get(id).is_some_and(|contact| contact.list.is_of_account(list))
        };
        candidates.into_iter().find(is_it)
    }

    /// Returns the contact that a decision about a list is about: who has its id, and else the account itself.
    pub(super) fn subject_of(&self, list: &DeviceList) -> AccountId {
        let account = list.account();
        let is_taken = self.contacts.contains_key(&account);
        if is_taken { account } else { self.known_as(list).unwrap_or(account) }
    }

    /// Refuses to move an account by a list while the user has something to decide about it: whoever has a lost key
    /// would walk away from the one that takes its place.
    pub(super) fn check_moves(&self, from: AccountId, list: &DeviceList) -> Result<(), Error> {
        let contact = self.contacts.get(&from).ok_or(Error::UnknownAccount)?;
        match list.follows(&contact.list) {
            Ok(_) if contact.waiting.is_open() => Err(Error::AccountChanged),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Returns the address of a device as it is known now, if the one that the transport names is of an id that its
    /// account has left. Nothing opens but what that device sealed.
    pub(super) fn present(&self, address: Address, now: Now) -> Address {
        let lists = |id| {
            let contact = self.contact(id);
            contact.is_some_and(|contact| contact.list.device(address.device).is_some())
        };
        if lists(address.account) {
            return address;
        }
        let was_here = |list: &DeviceList| {
            let left = list.former_ids().find(|(id, _)| *id == address.account);
            // When that was is its own word.
            let end = |left: u64| left.min(list.issued()).saturating_add(FORMER_FOR);
            left.is_some_and(|(_, left)| now.reading() <= end(left))
        };
        let moved = self.holdings.moves.from(address.account).chain([self.account()]);
        let mut moved = moved.filter(|id| self.contact(*id).is_some_and(|it| was_here(&it.list)));
        let account = moved.find(|id| lists(*id));
        account.map_or(address, |account| Address { account, ..address })
    }

    /// Returns the name of an account: its first id.
    pub(super) fn name_of(&self, account: AccountId) -> AccountId {
        self.contact(account).map_or(account, |contact| contact.list.first_id())
    }

    /// Returns the account that a letter between two is with, for the receiver: its sender, or in an own copy the
    /// other one, or this very account. Whoever has an id now that was this account's has other lists.
    pub(super) fn partner(&self, from: Address, letter: &Letter<'_>) -> Option<AccountId> {
        let LetterConversation::With(account) = letter.conversation else { return None };
        let own = self.account();
        Some(if from.account != own {
            from.account
        } else if self.may_be_own(account, letter) && letter.lists[0] == letter.lists[1] {
            own
        } else {
            self.meant(account, letter.lists[1])
        })
    }

    /// Tells whether an id is one of this account's, or may be one by a newer list that the sender of a letter knows.
    fn may_be_own(&self, account: AccountId, letter: &Letter<'_>) -> bool {
        self.own.list.had(account) || letter.lists[1].epoch > self.own.list.epoch()
    }

    /// Returns the other account that an own device means by an id: whose list it names, whatever ids others claim.
    fn meant(&self, account: AccountId, listed: Listed) -> AccountId {
        let has_it = |id: &AccountId| {
            let hash = self.contacts.get(id).and_then(|it| it.list.hash_at(listed.epoch));
            hash == Some(listed.hash)
        };
        let moved = self.holdings.moves.from(account);
        core::iter::once(account).chain(moved).find(has_it).unwrap_or(account)
    }

    /// Refuses what this sender may not say here.
    pub(super) fn check_sender(&self, from: Address, letter: &Letter<'_>) -> Result<(), Error> {
        let from_self = from.account == self.account();
        let about_self = match (letter.conversation, self.partner(from, letter)) {
            (LetterConversation::With(account), _) if !from_self => {
                self.may_be_own(account, letter)
            }
            (_, partner) => partner == Some(self.account()),
        };
        let own = (self.account(), |id| self.own.list.had(id));
        letter.check_sender(from_self, about_self, own)
    }

    /// Returns the address of a certificate's device, which has the first id of its account.
    pub(super) fn address_of(&self, device: &Certificate) -> Address {
        let name = device.account();
        let lists = |id: &AccountId| {
            let contact = self.contact(*id);
            contact.is_some_and(|contact| contact.list.device(device.device()) == Some(device))
        };
        let moved = self.holdings.moves.from(name).chain([self.account()]);
        let account = core::iter::once(name).chain(moved).find(lists);
        Address { account: account.unwrap_or(name), device: device.device() }
    }

    /// Returns where a device is known that an own device names by any id that its account had.
    pub(super) fn known_at(&self, address: Address) -> Address {
        let lists = |id: &AccountId| {
            let contact = self.contact(*id);
            contact.is_some_and(|contact| contact.list.device(address.device).is_some())
        };
        let moved = self.holdings.moves.from(address.account).chain([self.account()]);
        let account = core::iter::once(address.account).chain(moved).find(lists);
        Address { account: account.unwrap_or(address.account), ..address }
    }

    /// Returns a letter of somebody else as it is known here.
    pub(super) fn letter_known(&self, of: &LetterOf) -> LetterOf {
        let from = self.known_at(Address { account: of.account, device: of.device });
        LetterOf { account: from.account, ..*of }
    }

    /// Computes the digest that a copied letter itself has.
    pub(super) fn digest_of(&self, copy: &LetterCopy<'_>) -> [u8; 32] {
        let conversation = match copy.conversation {
            LetterConversation::With(_) => LetterConversation::With(self.own.list.first_id()),
            group @ LetterConversation::Group { .. } => group,
        };
        copy.digest_in(conversation, self.name_of(self.letter_known(&copy.of).account))
    }

    /// Returns a conversation as digests have it, which stay as they are when an account moves.
    pub(super) fn in_digest(&self, conversation: LetterConversation) -> LetterConversation {
        match conversation {
            LetterConversation::With(account) => LetterConversation::With(self.name_of(account)),
            group @ LetterConversation::Group { .. } => group,
        }
    }

    /// Changes what is known of an account, which may have another id then. What is held about it follows.
    pub(super) fn change_and_move(
        &mut self,
        from: AccountId,
        change: impl FnOnce(&mut Contact),
        now: u64,
    ) -> AccountId {
        self.change_contact(from, change);
        let to = self.contacts.get(&from).map_or(from, |contact| contact.list.account());
        if to == from {
            return to;
        }
        self.let_go(to, now);
        if let Some(contact) = self.contacts.remove(&from) {
            self.contacts.insert(to, contact);
        }
        self.follow(from, to);
        to
    }

    /// Lets go of an account whose id another one has now, and returns its key.
    pub(super) fn let_go(&mut self, account: AccountId, now: u64) -> Option<AccountKey> {
        let gone = self.contacts.get(&account)?.list.account_key();
        self.forget(account, now);
        // What whoever has the id now says is another thing.
        self.seen.forget(account);
        let wants = |peer: &Peer| peer.wanted.copies.iter().any(|of| of.account == account);
        self.peers.change(wants, |peer| peer.wanted.copies.retain(|of| of.account != account));
        let contact = self.contacts.remove(&account)?;
        self.holdings.leave(&contact);
        Some(gone)
    }

    /// Moves everything that is held about an account under one id to another one.
    pub(super) fn follow(&mut self, from: AccountId, to: AccountId) {
        let new = |address: Address| {
            let account = if address.account == from { to } else { address.account };
            Address { account, ..address }
        };
        self.peers.rename(new);
        let follow = |peer: &mut Peer| {
            if let Some(listed) = peer.reports.remove(&from) {
                peer.reports.insert(to, listed);
            }
        };
        self.peers.change(|peer| peer.reports.contains_key(&from), follow);
        self.sent.follow(from, to);
        self.seen.follow(from, to);
        let wants = |peer: &Peer| peer.wanted.copies.iter().any(|of| of.account == from);
        let follow = |peer: &mut Peer| {
            let of = peer.wanted.copies.iter_mut().filter(|of| of.account == from);
            of.for_each(|of| of.account = to);
        };
        self.peers.change(wants, follow);
        self.unread
            .0
            .change(|unread| unread.from.account == from, |unread| unread.from.account = to);
        self.tombstones.0.change(
            |tombstone| tombstone.address.account == from,
            |tombstone| tombstone.address.account = to,
        );
        self.count(from);
        self.count(to);
    }

    /// Takes an account of the user's choice in the place of another one that had its id.
    pub(super) fn move_over(&mut self, from: AccountId, list: DeviceList, now: u64) {
        let to = list.account();
        let given_up = self.let_go(to, now);
        let dismiss = |contact: &mut Contact| {
            if let Some(key) = given_up {
                contact.waiting.dismiss(Dismissal(key.0), now);
            }
            contact.newcomer = false;
        };
        self.change_and_move(from, |contact| contact.advance(list), now);
        self.change_contact(to, dismiss);
    }
}

/// Tells whether each account of a state or a briefing is there once: the same first id and key are one account's.
pub(super) fn are_distinct<'a>(contacts: impl Iterator<Item = &'a Contact>) -> bool {
    let mut known = BTreeSet::new();
    contacts.into_iter().all(|contact| {
        let list = &contact.list;
        known.insert((list.first_id(), list.account_key()))
    })
}

impl DeviceList {
    /// Lists the addresses of the devices.
    pub(super) fn addresses(&self) -> impl Iterator<Item = Address> {
        self.devices().iter().map(|device| Address::listed(self, device))
    }
}

impl Address {
    /// Returns the address of a device in a list of its account, or of a guest, which is in none.
    pub(crate) fn listed(list: &DeviceList, device: &Certificate) -> Self {
        match device.kind() {
            AccountKind::Guest => Self::of(device),
            AccountKind::Member => Self { account: list.account(), device: device.device() },
        }
    }
}
