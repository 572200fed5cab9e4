//! The briefing of a device that a primary has admitted: `spec/linking.md`, "Briefing".
//!
//! ```text
//! content = u32(length) ‖ next list ‖ u32(length) ‖ notes ‖ flag ‖ [account seed] ‖ u32(count) ‖ contact …
//! ```

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::client::Client;
use super::contact::Contact;
use super::entrant::{self, Entrant};
use super::holdings::Holdings;
use super::limits::MAX_ACCOUNTS;
use super::moving::are_distinct;
use super::tracked::Tracked;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::primitives::secret::redacted;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::identity::device_list::{DeviceList, MAX_LIST};
use crate::protocol::identity::linking::code::LinkingPurpose;
use crate::protocol::padding::MAX_CONTENT;
use crate::session::{Account, Device};

/// A primary's briefing of the device that it has admitted, verified: the account's next list, all accounts that
/// the primary knows, notes of the app, and the account itself for the device that takes its place. Secret.
#[must_use = "a briefing that begins no client has told nobody anything"]
pub struct Briefing {
    list: DeviceList,
    contacts: BTreeMap<AccountId, Contact>,
    holdings: Holdings,
    notes: Zeroizing<Vec<u8>>,
    account: Option<Account>,
    transcript: [u8; 32],
}

redacted!(
    Briefing,
    |briefing| list = briefing.list,
    accounts = briefing.contacts.len(),
    notes = briefing.notes.len()
);

impl Entrant {
    /// Opens the briefing that the primary has made for this device. Nothing has changed yet: save the
    /// [`Client`](super::Client) that [`Briefing::begin`] makes of it in the place of this entrant.
    ///
    /// # Errors
    ///
    /// [`Error::Expired`] more than an hour after the offer was accepted; [`Error::Forged`] for the briefing of
    /// another linking; [`Error::OwnDeviceUnlisted`], [`Error::ListExpired`], [`Error::WrongPeer`],
    /// [`Error::BadSignature`] for one that does not hold; [`Error::Malformed`] if it has the account and this is no
    /// new primary, or the reverse.
    pub fn open(&self, briefing: &[u8], now: u64) -> Result<Briefing, Error> {
        let now = now.max(self.inner.accepted);
        if now > self.expires() {
            return Err(Error::Expired);
        }
        Briefing::open(&self.inner, briefing, now)
    }
}

impl Briefing {
    /// Opens a briefing, and verifies everything in it.
    pub(super) fn open(entrant: &entrant::Inner, briefing: &[u8], now: u64) -> Result<Self, Error> {
        let content = entrant.briefing.open(briefing)?;
        Reader::all(&content, |reader| {
            let list = DeviceList::decode(reader.bytes(MAX_LIST)?)?;
            // The list of the offer does not name the device: it is another one, which follows.
            list.follows(&entrant.list)?;
            let certificate = &entrant.identity.certificate;
            if list.device(certificate.device()) != Some(certificate) {
                return Err(Error::OwnDeviceUnlisted);
            }
            list.check(now)?;
            let notes = Zeroizing::new(reader.bytes(MAX_CONTENT)?.to_vec());
            let account = read_account(reader, entrant.purpose, &list)?;
            let (contacts, holdings) = read_contacts(reader, list.account(), now)?;
            let transcript = *entrant.briefing.transcript();
            Ok(Self { list, contacts, holdings, notes, account, transcript })
        })
    }

    /// Makes the device's client, which knows what the primary knew, and nobody by a server's word alone; and gives the
    /// account, if the device becomes its primary ([`Client::transfer`]). Save both in the place of the entrant, in one
    /// transaction: the old primary's user deletes the account there. Then publish bundle and one-time prekeys.
    ///
    /// A new primary signs nothing before it has been shown the account's newest list, as one that was loaded: the
    /// briefing may have been late, and the old one have signed again.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] if the entrant is not the one that opened the briefing.
    pub fn begin(
        self,
        entrant: Entrant,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Client, Option<Account>), Error> {
        let entrant::Inner { identity, briefing, list, .. } = *entrant.inner;
        if *briefing.transcript() != self.transcript {
            return Err(Error::WrongPeer);
        }
        let mut client = Client::new(Device::new(identity, now, rng), self.list.clone(), now);
        // Since when each device has been listed: the others since the offer at the latest.
        let mut own = Contact::own(list);
        own.advance(self.list);
        client.inner.own = Tracked::new(own);
        client.inner.contacts = self.contacts.into();
        client.inner.holdings = self.holdings;
        client.inner.shown = 0;
        Ok((client, self.account))
    }

    /// Returns the account's device list, which names the new device.
    #[must_use]
    pub fn list(&self) -> &DeviceList {
        &self.list
    }

    /// Tells whether the device becomes the account's primary ([`Client::transfer`]).
    #[must_use]
    pub fn is_transfer(&self) -> bool {
        self.account.is_some()
    }

    /// Returns what the primary's app has put in ([`Client::admit`]).
    #[must_use]
    pub fn notes(&self) -> &[u8] {
        &self.notes
    }
}

impl Client {
    /// Writes what a device is told that the next list admits, with the account if it is to have it.
    pub(crate) fn briefing(
        &self,
        next: &DeviceList,
        notes: &[u8],
        account: Option<&Account>,
    ) -> Writer {
        let mut content = Writer::new();
        content.bytes(&next.encode());
        content.bytes(notes);
        content.option(account, |account, writer| writer.raw(account.key().seed().expose()));
        content.list(&*self.inner.contacts, |(_, contact), writer| contact.write(writer));
        content
    }
}

/// Reads the account that a briefing hands on, which is that of the list. A new primary gets it and a companion does
/// not: nobody else is to hold it, and without it nobody could sign for the account any more.
fn read_account(
    reader: &mut Reader<'_>,
    purpose: LinkingPurpose,
    list: &DeviceList,
) -> Result<Option<Account>, Error> {
    let seed = reader.option(Reader::secret)?;
    if seed.is_some() != (purpose == LinkingPurpose::Primary) {
        return Err(Error::Malformed);
    }
    let account = seed.map(|seed| Account::from_seed(list.first_id(), seed));
    let is_ours = account.as_ref().is_none_or(|it| it.public_key() == list.account_key());
    if is_ours { Ok(account) } else { Err(Error::WrongPeer) }
}

/// Reads the accounts of a briefing. What their lists say is verified here once more: the primary may have been
/// somebody else's when it took them.
pub(super) fn read_contacts(
    reader: &mut Reader<'_>,
    own: AccountId,
    now: u64,
) -> Result<(BTreeMap<AccountId, Contact>, Holdings), Error> {
    let (mut contacts, mut holdings) = (BTreeMap::new(), Holdings::default());
    for _ in 0..reader.count(MAX_ACCOUNTS)? {
        let mut contact = Contact::read(reader)?;
        contact.verify()?;
        // Times are the primary's, whose clock may be ahead.
        contact.bound_times(now);
        if contact.list.account() == own {
            return Err(Error::Malformed);
        }
        holdings.enter(&contact);
        ascending(&mut contacts, contact.list.account(), contact)?;
    }
    if !are_distinct(contacts.values()) {
        return Err(Error::Malformed);
    }
    // More newcomers than a client holds, or lists of theirs that wait.
    if holdings.is_kept() { Ok((contacts, holdings)) } else { Err(Error::Malformed) }
}
