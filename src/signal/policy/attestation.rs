//! Attestations of accounts: `spec/third-party.md`, "Accounts and attestations".
//!
//! ```text
//! statement   = 01 41 ‖ account ‖ account key (32) ‖ u64(sequence) ‖ u64(from) ‖ u64(until) ‖ profile
//!               ‖ u32(count) ‖ device …                    device = u8(number) ‖ identity key (33)
//! request     = statement ‖ s1          s1 = Ed25519(account key, LABEL(signal/account) ‖ statement)
//! attestation = request ‖ attestation key (32)
//!               ‖ Ed25519(attestation key, LABEL(signal/attestation) ‖ request ‖ attestation key)
//! ```

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::sign::{PublicKey, Signature};
use crate::protocol::clock::{Now, SKEW};
use crate::protocol::{labels, wire};
use crate::session::{Account, AccountKey};
use crate::signal::address::Address;
use crate::signal::keys::IdentityKey;

use super::authority::{Authority, AuthorityKey};
use super::content_profile::ContentProfile;
use super::descriptor::{MAX_DEVICES, ProviderStatement};
use super::names::ForeignAccount;

/// Maximum time for which an account is attested, in seconds: as long a device stays in it that was removed.
const MAX_LIFE: u64 = 35 * 86_400;

/// A device of an account, by its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttestedDevice {
    /// Its number.
    pub number: u8,
    /// Its identity key.
    pub identity: IdentityKey,
}

/// The words of an account about itself to people of other providers, which its own provider confirms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountStatement {
    /// The account.
    pub account: ForeignAccount,
    /// Its key, which people compare.
    pub key: AccountKey,
    /// Counts its statements. One with a lower number never follows.
    pub sequence: u64,
    /// From when on it holds, in seconds.
    pub from: u64,
    /// Until when it holds, in seconds: at most 35 days later.
    pub until: u64,
    /// The profile that its programs show and promise to keep to.
    pub profile: ContentProfile,
    /// Its devices: 1 to 16, in ascending order of number. An account that has one device lists one.
    pub devices: Vec<AttestedDevice>,
}

/// A statement that its account has signed, for its provider to attest. It exists only if the signature held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationRequest {
    statement: AccountStatement,
    signature: Signature,
}

/// An account's statement, signed by the account and by its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    request: AttestationRequest,
    provider_key: AuthorityKey,
    signature: Signature,
}

impl AccountStatement {
    /// Signs the statement with the account's key.
    ///
    /// # Errors
    ///
    /// [`Error::WrongAccount`] if the account has another key; [`Error::InvalidPolicy`] if it ends before it begins
    /// or after more than 35 days; [`Error::DeviceConflict`] if it lists no device, more than 16, two of one number
    /// or key, or any out of order.
    pub fn sign(self, account: &Account) -> Result<AttestationRequest, Error> {
        if self.key != account.public_key() {
            return Err(Error::WrongAccount);
        }
        if !self.has_life() {
            return Err(Error::InvalidPolicy);
        }
        if !self.has_devices() {
            return Err(Error::DeviceConflict);
        }
        let signature = account.key().sign(labels::SIGNAL_ACCOUNT, &[self.bytes().written()]);
        Ok(AttestationRequest { statement: self, signature })
    }

    /// Returns the identity key of a device.
    #[must_use]
    pub fn device(&self, number: u8) -> Option<&IdentityKey> {
        let device = self.devices.iter().find(|device| device.number == number)?;
        Some(&device.identity)
    }

    /// Tells whether it lists no more devices than its provider allows.
    pub(super) fn fits(&self, provider: &ProviderStatement) -> bool {
        self.devices.len() <= usize::from(provider.devices)
    }

    fn has_life(&self) -> bool {
        let life = self.until.checked_sub(self.from);
        life.is_some_and(|life| (1..=MAX_LIFE).contains(&life))
    }

    fn has_devices(&self) -> bool {
        let mut keys: Vec<_> = self.devices.iter().map(|device| device.identity).collect();
        keys.sort_unstable();
        (1..=usize::from(MAX_DEVICES)).contains(&self.devices.len())
            && self.devices.iter().all(|device| Address::is_device(device.number))
            && self.devices.is_sorted_by(|one, next| one.number < next.number)
            && keys.is_sorted_by(|one, next| one < next)
    }

    fn bytes(&self) -> Writer {
        let mut writer = Writer::begin(wire::VERSION, wire::ATTESTATION);
        self.account.write(&mut writer);
        writer.raw(&self.key.0);
        for number in [self.sequence, self.from, self.until] {
            writer.u64(number);
        }
        self.profile.write(&mut writer);
        writer.list(&self.devices, |device, writer| {
            writer.u8(device.number);
            writer.raw(&device.identity.encode());
        });
        writer
    }

    /// Reads whose a statement is, and nothing behind that.
    pub(crate) fn account_in(bytes: &[u8]) -> Result<ForeignAccount, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::ATTESTATION)?;
            let account = ForeignAccount::read(reader)?;
            reader.rest();
            Ok(account)
        })
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.begin(wire::VERSION, wire::ATTESTATION)?;
        let statement = Self {
            account: ForeignAccount::read(reader)?,
            key: AccountKey(*PublicKey::decode(*reader.array()?)?.bytes()),
            sequence: reader.u64()?,
            from: reader.u64()?,
            until: reader.u64()?,
            profile: ContentProfile::read(reader)?,
            devices: reader.list(MAX_DEVICES.into(), |reader| {
                let number = reader.u8()?;
                let identity = IdentityKey::decode(reader.array::<33>()?)?;
                Ok(AttestedDevice { number, identity })
            })?,
        };
        let fits = statement.has_life() && statement.has_devices();
        if fits { Ok(statement) } else { Err(Error::Malformed) }
    }
}

impl AttestationRequest {
    /// Decodes a request, at the provider. Whether the account is that of the person who asks is the provider's to
    /// know.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`] for the bytes;
    /// [`Error::BadSignature`] if the account has not signed it.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let request = Reader::all(bytes, Self::recall)?;
        request.verify()?;
        Ok(request)
    }

    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.bytes().public()
    }

    /// Returns what it says.
    #[must_use]
    pub fn statement(&self) -> &AccountStatement {
        &self.statement
    }

    /// Attests it with a key of the provider.
    #[must_use]
    pub fn attest(self, provider: &Authority) -> Attestation {
        let provider_key = provider.public_key();
        let (request, key) = (self.bytes(), provider_key.encode());
        let signature = provider.sign(labels::SIGNAL_ATTESTATION, &[request.written(), &key]);
        Attestation { request: self, provider_key, signature }
    }

    fn verify(&self) -> Result<(), Error> {
        let key = PublicKey::decode(self.statement.key.0)?;
        key.verify(labels::SIGNAL_ACCOUNT, &[self.statement.bytes().written()], &self.signature)
    }

    fn bytes(&self) -> Writer {
        let mut writer = self.statement.bytes();
        writer.raw(&self.signature);
        writer
    }

    pub(crate) fn recall(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { statement: AccountStatement::read(reader)?, signature: *reader.array()? })
    }
}

impl Attestation {
    /// Decodes an attestation whose signatures hold, at a server. Whether its key is one of the provider's is for
    /// those to ask who have the provider's descriptor.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`] for the bytes;
    /// [`Error::BadSignature`] if one of the two has not signed it.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let attestation = Reader::all(bytes, Self::recall)?;
        attestation.verify()?;
        Ok(attestation)
    }

    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Writer::encoded(|writer| self.write(writer))
    }

    /// Returns what it says.
    #[must_use]
    pub fn statement(&self) -> &AccountStatement {
        &self.request.statement
    }

    /// Verifies both signatures. Whether the provider's key is one of the provider is asked apart.
    pub(crate) fn verify(&self) -> Result<(), Error> {
        let (request, key) = (self.request.bytes(), self.provider_key.encode());
        let (label, body) = (labels::SIGNAL_ATTESTATION, [request.written(), &key]);
        self.provider_key.0.verify(label, &body, &self.signature)?;
        self.request.verify()
    }

    /// Returns the key that its provider has signed it with.
    pub(crate) fn provider_key(&self) -> &AuthorityKey {
        &self.provider_key
    }

    /// Refuses one that is past its time, or from the future.
    pub(crate) fn check(&self, now: Now) -> Result<(), Error> {
        let is_valid = self.has_begun(now) && now.reading() < self.statement().until;
        if is_valid { Ok(()) } else { Err(Error::ListExpired) }
    }

    /// Tells whether it is not from the future.
    pub(super) fn has_begun(&self, now: Now) -> bool {
        self.statement().from <= now.reading().saturating_add(SKEW)
    }

    /// Tells whether a provider stands by it: one of its keys has signed it, and it lists no more devices than it
    /// may. No key is one of a provider whose programs are plain.
    pub(super) fn is_of(&self, provider: &ProviderStatement) -> bool {
        provider.attestation_keys.contains(&self.provider_key) && self.statement().fits(provider)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.request.bytes().written());
        self.provider_key.write(writer);
        writer.raw(&self.signature);
    }

    /// Reads an attestation without a look at its signatures.
    pub(crate) fn recall(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            request: AttestationRequest::recall(reader)?,
            provider_key: AuthorityKey::read(reader)?,
            signature: *reader.array()?,
        })
    }
}
