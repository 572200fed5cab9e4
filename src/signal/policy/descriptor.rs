//! Descriptors of providers: `spec/third-party.md`, "Providers".
//!
//! ```text
//! statement  = 01 40 ‖ provider ‖ u64(counter) ‖ u64(from) ‖ u64(until) ‖ u8(status) ‖ u8(programs) ‖ u8(floor)
//!              ‖ u8(devices) ‖ profile ‖ u32(count) ‖ attestation key (32) …
//! descriptor = statement ‖ root key (32) ‖ Ed25519(root key, LABEL(signal/provider) ‖ statement ‖ root key)
//! ```

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::sign::Signature;
use crate::protocol::clock::{Now, SKEW};
use crate::protocol::{labels, wire};
use crate::signal::version::Version;

use super::authority::{Authority, AuthorityKey, TrustedKeys};
use super::content_profile::ContentProfile;
use super::names::ProviderId;

/// Maximum number of devices of an account: as many as an attestation names.
pub(crate) const MAX_DEVICES: u8 = 16;

/// Maximum time for which a descriptor holds, in seconds: as long a suspension can be withheld.
const MAX_LIFE: u64 = 90 * 86_400;

/// The programs of a provider's people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Programs {
    /// They keep to this page: accounts are attested, and each message says whose and what it is.
    Attested,
    /// They speak the Signal protocol and nothing else. Identities are trusted when they are first seen, and nothing
    /// within a message is bound to its sender's name.
    Plain,
}

/// The standing of a provider: may it be talked to?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProviderStatus {
    /// It may.
    Active,
    /// Not now: everything stays as it is until a later descriptor says otherwise.
    Suspended,
    /// No more. Later descriptors may still say otherwise.
    Retired,
}

/// The words of a root about a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderStatement {
    /// Its id.
    pub id: ProviderId,
    /// Counts the statements about it. One with a lower number never follows.
    pub counter: u64,
    /// From when on it holds, in seconds.
    pub from: u64,
    /// Until when it holds, in seconds: at most 90 days later.
    pub until: u64,
    /// The provider's standing.
    pub status: ProviderStatus,
    /// The programs of its people.
    pub programs: Programs,
    /// The oldest version in which a conversation with its people may be.
    pub floor: Version,
    /// Maximum number of devices of an account: 1 to 16.
    pub devices: u8,
    /// The profile for all that is said to and by its people.
    pub profile: ContentProfile,
    /// The keys by which it attests accounts: at least one if its programs are attested, none otherwise.
    pub attestation_keys: TrustedKeys,
}

/// A statement about a provider, signed by somebody who is trusted to make it. It exists only if the signature held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderDescriptor {
    statement: ProviderStatement,
    root: AuthorityKey,
    signature: Signature,
}

impl ProviderStatement {
    /// Signs the statement.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPolicy`] if it ends before it begins or after more than 90 days, has no device or more than
    /// 16, or has attestation keys that its programs do not want, or none though they do.
    pub fn sign(self, root: &Authority) -> Result<ProviderDescriptor, Error> {
        if !self.fits() {
            return Err(Error::InvalidPolicy);
        }
        let (statement, key) = (self, root.public_key());
        let signature =
            root.sign(labels::SIGNAL_PROVIDER, &[statement.bytes().written(), &key.encode()]);
        Ok(ProviderDescriptor { statement, root: key, signature })
    }

    fn fits(&self) -> bool {
        let wants_keys = self.programs == Programs::Attested;
        let life = self.until.checked_sub(self.from);
        life.is_some_and(|life| (1..=MAX_LIFE).contains(&life))
            && (1..=MAX_DEVICES).contains(&self.devices)
            && self.attestation_keys.is_empty() != wants_keys
    }

    fn bytes(&self) -> Writer {
        let mut writer = Writer::begin(wire::VERSION, wire::PROVIDER);
        self.id.write(&mut writer);
        for number in [self.counter, self.from, self.until] {
            writer.u64(number);
        }
        writer.raw(&[self.status.byte(), self.programs.byte(), self.floor.number(), self.devices]);
        self.profile.write(&mut writer);
        self.attestation_keys.write(&mut writer);
        writer
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.begin(wire::VERSION, wire::PROVIDER)?;
        let statement = Self {
            id: ProviderId::read(reader)?,
            counter: reader.u64()?,
            from: reader.u64()?,
            until: reader.u64()?,
            status: ProviderStatus::decode(reader.u8()?)?,
            programs: Programs::decode(reader.u8()?)?,
            floor: Version::of_number(reader.u8()?)?,
            devices: reader.u8()?,
            profile: ContentProfile::read(reader)?,
            attestation_keys: TrustedKeys::read(reader)?,
        };
        if statement.fits() { Ok(statement) } else { Err(Error::Malformed) }
    }
}

impl ProviderDescriptor {
    /// Decodes a descriptor that one of these keys has signed.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`] for the bytes;
    /// [`Error::BadSignature`] if the signature does not hold, or is of another key.
    pub fn decode(bytes: &[u8], roots: &TrustedKeys) -> Result<Self, Error> {
        let descriptor = Reader::all(bytes, Self::recall)?;
        if !roots.contains(&descriptor.root) {
            return Err(Error::BadSignature);
        }
        descriptor.verify()?;
        Ok(descriptor)
    }

    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Writer::encoded(|writer| self.write(writer))
    }

    /// Returns what it says.
    #[must_use]
    pub fn statement(&self) -> &ProviderStatement {
        &self.statement
    }

    /// Returns the key that signed it.
    pub(crate) fn root(&self) -> &AuthorityKey {
        &self.root
    }

    /// Verifies the signature. Whether its root is trusted is asked apart.
    pub(crate) fn verify(&self) -> Result<(), Error> {
        let (statement, root) = (self.statement.bytes(), self.root.encode());
        let body = [statement.written(), &root];
        self.root.0.verify(labels::SIGNAL_PROVIDER, &body, &self.signature)
    }

    /// Refuses one that is past its time, or from the future.
    pub(crate) fn check(&self, now: Now) -> Result<(), Error> {
        let is_valid = self.has_begun(now) && now.reading() < self.statement.until;
        if is_valid { Ok(()) } else { Err(Error::ListExpired) }
    }

    /// Tells whether the provider may be talked to: nobody has stopped it, and this is not past its time.
    pub(crate) fn is_active(&self, now: Now) -> bool {
        self.statement.status == ProviderStatus::Active && self.check(now).is_ok()
    }

    /// Tells whether it is not from the future.
    pub(super) fn has_begun(&self, now: Now) -> bool {
        self.statement.from <= now.reading().saturating_add(SKEW)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.statement.bytes().written());
        self.root.write(writer);
        writer.raw(&self.signature);
    }

    /// Reads a descriptor from this device's own state, which holds only verified ones.
    pub(crate) fn recall(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            statement: ProviderStatement::read(reader)?,
            root: AuthorityKey::read(reader)?,
            signature: *reader.array()?,
        })
    }
}

impl ProviderStatus {
    const fn byte(self) -> u8 {
        match self {
            Self::Active => 1,
            Self::Suspended => 2,
            Self::Retired => 3,
        }
    }

    const fn decode(byte: u8) -> Result<Self, Error> {
        match byte {
            1 => Ok(Self::Active),
            2 => Ok(Self::Suspended),
            3 => Ok(Self::Retired),
            _ => Err(Error::Malformed),
        }
    }
}

impl Programs {
    const fn byte(self) -> u8 {
        match self {
            Self::Attested => 1,
            Self::Plain => 2,
        }
    }

    const fn decode(byte: u8) -> Result<Self, Error> {
        match byte {
            1 => Ok(Self::Attested),
            2 => Ok(Self::Plain),
            _ => Err(Error::Malformed),
        }
    }
}
