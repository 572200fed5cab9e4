//! Hand-overs of what a device knows of people on other messengers: `spec/third-party.md`, "Several devices".
//!
//! ```text
//! hand-over = 01 47 ‖ account ‖ u16(page) ‖ u16(pages) ‖ u32(count) ‖ provider … ‖ u32(count) ‖ person …
//! provider  = descriptor ‖ option(notices)                     notices = u16(version) ‖ u32(codes)
//! person    = account ‖ option(attestation) ‖ option(attestation that waits) ‖ u8(consent) ‖ option(u8(version))
//!             ‖ u32(count) ‖ (u8(number) ‖ identity key (33)) …
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::content::{Content, Kind};
use crate::protocol::wire;

use super::address::Address;
use super::keys::IdentityKey;
use super::policy::{
    Attestation, AttestedDevice, Consent, ForeignAccount, MAX_ACCOUNTS, MAX_PROVIDERS, Notices,
    ProviderDescriptor,
};
use super::version::Version;

/// Maximum length of what one page says of people, so that a page with its providers fits into a content.
const PAGE: usize = 1 << 18;

/// Maximum number of devices of an account: as many as there are numbers.
const MAX_DEVICES: usize = 127;

/// A page of what an own device knows of people on other messengers, for another one to take over: who they are, by
/// which keys, and what the user has decided about them. Nothing in it opens or seals anything. Private: it says whom
/// the user knows.
///
/// It comes out of a content that own devices alone may say, and of nothing else.
pub struct PolicyHandover {
    account: ForeignAccount,
    page: u16,
    pages: u16,
    pub(super) entries: Entries,
}

redacted!(
    PolicyHandover,
    |handover| account = handover.account,
    page = handover.page,
    pages = handover.pages
);

/// The entries of a hand-over.
#[derive(Default)]
pub(crate) struct Entries {
    pub(super) providers: Vec<HandedProvider>,
    pub(super) people: Vec<Person>,
}

/// A provider, and the notices that the user has acknowledged.
#[derive(Clone)]
pub(super) struct HandedProvider {
    pub(super) descriptor: ProviderDescriptor,
    pub(super) acknowledged: Option<Notices>,
}

/// An account, by what it is known, and what the user thinks of it.
pub(super) struct Person {
    pub(super) account: ForeignAccount,
    pub(super) attested: Option<Box<Attestation>>,
    pub(super) waiting: Option<Box<Attestation>>,
    pub(super) consent: Consent,
    pub(super) pin: Option<Version>,
    /// The devices of an account without attestation, as they were seen.
    pub(super) devices: Vec<AttestedDevice>,
}

impl PolicyHandover {
    /// Puts entries on pages. Each has all providers, so that it says what it says without the others.
    pub(super) fn paged(account: &ForeignAccount, entries: Entries) -> Vec<Self> {
        let Entries { providers, people } = entries;
        let mut pages = Vec::from([Vec::new()]);
        let mut length: usize = 0;
        for person in people {
            let mut writer = Writer::new();
            person.write(&mut writer);
            let more = writer.written().len();
            if length.saturating_add(more) > PAGE {
                pages.push(Vec::new());
                length = 0;
            }
            length = length.saturating_add(more);
            if let Some(page) = pages.last_mut() {
                page.push(person);
            }
        }
        // At most 5,000 people of some kilobytes each.
        let count = u16::try_from(pages.len()).unwrap_or(u16::MAX);
        let pages = (0..count).zip(pages);
        pages
            .map(|(page, people)| Self {
                account: account.clone(),
                page,
                pages: count,
                entries: Entries { providers: providers.clone(), people },
            })
            .collect()
    }

    /// Returns whose it is: the account of the device that made it.
    #[must_use]
    pub fn account(&self) -> &ForeignAccount {
        &self.account
    }

    /// Returns the number of the page, from 0, and how many there are.
    #[must_use]
    pub fn page(&self) -> (u16, u16) {
        (self.page, self.pages)
    }

    /// Makes a content of it, for own devices: the native client seals it for nobody else.
    #[must_use]
    pub fn to_content(&self) -> Content {
        let mut writer = Writer::begin(wire::VERSION, wire::FOREIGN_HANDOVER);
        self.account.write(&mut writer);
        writer.u16(self.page);
        writer.u16(self.pages);
        self.entries.write(&mut writer);
        Content::foreign(Kind::ForeignHandover, writer.secret())
    }

    /// Reads a page, out of a content that an own device has said: no other sender's content can hold one. Nothing is
    /// verified yet.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`] for any other content; [`Error::UnknownVersion`] for one of a later release;
    /// [`Error::WeakKey`], [`Error::Malformed`].
    pub fn of_content(content: &Content) -> Result<Self, Error> {
        Reader::all(content.as_foreign(Kind::ForeignHandover).ok_or(Error::WrongKind)?, |reader| {
            reader.begin(wire::VERSION, wire::FOREIGN_HANDOVER)?;
            let account = ForeignAccount::read(reader)?;
            let (page, pages) = (reader.u16()?, reader.u16()?);
            let entries = Entries::read(reader)?;
            // What was taken of a page may say which key waits and no more: a page says beside which one it does.
            let is_whole = |person: &Person| person.attested.is_some() || person.waiting.is_none();
            if page < pages && entries.people.iter().all(is_whole) {
                Ok(Self { account, page, pages, entries })
            } else {
                Err(Error::Malformed)
            }
        })
    }
}

impl Entries {
    pub(super) fn is_empty(&self) -> bool {
        self.providers.is_empty() && self.people.is_empty()
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.list(&self.providers, |provider, writer| {
            provider.descriptor.write(writer);
            writer.option(provider.acknowledged, Notices::write);
        });
        writer.list(&self.people, Person::write);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let providers: Vec<_> = reader.list(MAX_PROVIDERS, |reader| {
            let descriptor = ProviderDescriptor::recall(reader)?;
            Ok(HandedProvider { descriptor, acknowledged: reader.option(Notices::read)? })
        })?;
        let people: Vec<_> = reader.list(MAX_ACCOUNTS, Person::read)?;
        let id = |provider: &HandedProvider| provider.descriptor.statement().id.clone();
        let is_ascending = providers.is_sorted_by(|one, next| id(one) < id(next))
            && people.is_sorted_by(|one, next| one.account < next.account);
        if is_ascending { Ok(Self { providers, people }) } else { Err(Error::Malformed) }
    }
}

impl Person {
    fn write(&self, writer: &mut Writer) {
        self.account.write(writer);
        writer.option(self.attested.as_deref(), Attestation::write);
        writer.option(self.waiting.as_deref(), Attestation::write);
        self.consent.write(writer);
        writer.option(self.pin, |pin, writer| writer.u8(pin.number()));
        writer.list(&self.devices, |device, writer| {
            writer.u8(device.number);
            writer.raw(&device.identity.encode());
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let account = ForeignAccount::read(reader)?;
        let mut attestation = || reader.option(|reader| Attestation::recall(reader).map(Box::new));
        let (attested, waiting) = (attestation()?, attestation()?);
        let person = Self {
            account,
            attested,
            waiting,
            consent: Consent::read(reader)?,
            pin: reader.option(|reader| Version::of_number(reader.u8()?))?,
            devices: reader.list(MAX_DEVICES, |reader| {
                let number = reader.u8()?;
                let identity = IdentityKey::decode(reader.array::<33>()?)?;
                Ok(AttestedDevice { number, identity })
            })?,
        };
        if person.fits() { Ok(person) } else { Err(Error::Malformed) }
    }

    /// Tells whether all of it is of one account, and each thing is said once.
    fn fits(&self) -> bool {
        let [attested, waiting] = [&self.attested, &self.waiting]
            .map(|it| it.as_ref().map(|attestation| attestation.statement()));
        let mut statements = attested.iter().chain(&waiting);
        let is_other_key =
            attested.zip(waiting).is_none_or(|(attested, waiting)| attested.key != waiting.key);
        statements.all(|statement| statement.account == self.account)
            && is_other_key
            && (self.devices.is_empty() || attested.is_none())
            && self.devices.iter().all(|device| Address::is_device(device.number))
            && self.devices.is_sorted_by(|one, next| one.number < next.number)
    }
}
