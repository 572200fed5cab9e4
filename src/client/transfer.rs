//! The transfer of an account to a new primary: `spec/linking.md`, "Transfer".
//!
//! ```text
//!  new primary                         primary
//!  NewDevice ── code, on screen ─────▶ LinkingRequest   (purpose: primary)
//!  LinkingOffer ◀── offer, by server ─ Client::approve_transfer
//!    (the user types) ◀────────────── LinkingDigits, on screen
//!  Entrant ── acceptance ───────────▶ Client::transfer ──▶ the next list, without the old primary
//!  Client, Account ◀── Briefing ──────
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::identity::linking::code::{LinkingPurpose, LinkingRequest};

use super::briefing::read_contacts;
use super::client::Client;
use crate::session::Account;
use crate::storage::Pending;

impl Client {
    /// Offers a new device the place of this one, as [`Client::approve`] offers a further one, after the user has
    /// been asked whether this very device is to hand its account on: whoever holds the new device will have the
    /// account key, and this one will be none of the account's any more.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for the code of a companion; else as [`Client::approve`], but for
    /// [`Error::TooManyDevices`].
    pub fn approve_transfer(
        &mut self,
        account: &Account,
        request: &LinkingRequest,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        self.offer(account, request, (LinkingPurpose::Primary, usize::MAX), now, rng)
    }

    /// Hands the account on to the new device whose acceptance this is: the account's next device list has it in the
    /// place of this one. Gives the briefing, which holds that list, all that this device knows of other accounts,
    /// and the account key, for the new device alone. Save the change and the briefing, apply it, publish
    /// [`Client::list`], and send the briefing.
    ///
    /// This device was removed by that: its sessions are erased, and it leaves all links and guest chats, which do
    /// not go along ([`Client::is_listed`]). Keep the account until the new device has begun, and then delete it with
    /// everything else. If the briefing is lost, so that the new device never begins, make a new primary of what this
    /// client knows ([`Client::recover_from`]), which names that device as lost.
    ///
    /// # Errors
    ///
    /// As [`Client::admit`], but [`Error::NotAllowed`] if the open offer was made to a companion.
    pub fn transfer(
        &mut self,
        account: &Account,
        acceptance: &[u8],
        notes: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        let (primary, now) = self.accepted(LinkingPurpose::Primary, acceptance, notes, now)?;
        let own = self.address().device;
        let left = self.list().devices().iter().filter(|listed| listed.device() != own);
        let devices = left.cloned().chain([primary]).collect();
        self.relist(account, devices, (notes, Some(account)), now)
    }

    /// Makes a new primary as [`Client::recover`] does, which knows whom another client of the account has known:
    /// their lists, what the user has verified, dismissed and not decided yet. So nobody is known by a server's word
    /// alone once more. The old client may have been removed from the account, as by a [`Client::transfer`] whose
    /// briefing was lost; it is as it was.
    ///
    /// # Errors
    ///
    /// [`Error::WrongAccount`] if `old` is not a client of this account; else as [`Client::recover`].
    pub fn recover_from(
        old: &Self,
        account: &Account,
        newest: &DeviceList,
        lost: &[DeviceId],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let is_ours = old.list().first_id() == account.id()
            && old.list().account_key() == account.public_key();
        if !is_ours {
            return Err(Error::WrongAccount);
        }
        let mut client = Self::recover(account, newest, lost, now, rng)?;
        let mut known = Writer::new();
        // Whoever had the id that the account has now, as the old client knows, has it no more.
        let contacts = old.inner.contacts.iter().filter(|(id, _)| **id != newest.account());
        let contacts: Vec<_> = contacts.collect();
        known.list(contacts, |(_, contact), writer| contact.write(writer));
        let read = |reader: &mut Reader<'_>| read_contacts(reader, newest.account(), now);
        let (contacts, holdings) = Reader::all(known.written(), read)?;
        client.inner.contacts = contacts.into();
        client.inner.holdings = holdings;
        Ok(client)
    }
}
