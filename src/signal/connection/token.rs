//! Tokens by which a provider enlists its accounts at another service: `spec/third-party.md`, "Connecting".
//!
//! ```text
//! terms = 01 51 ‖ SHA-256(attestation) ‖ u32(length) ‖ origin ‖ u64(from) ‖ u64(until) ‖ attestation key (32)
//! token = terms ‖ Ed25519(attestation key, LABEL(signal/token) ‖ terms)
//! ```

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hash;
use crate::primitives::sign::Signature;
use crate::protocol::origin::Origin;
use crate::protocol::{labels, wire};
use crate::signal::policy::{Attestation, Authority, AuthorityKey, ProviderStatement};

/// Maximum time for which a token holds, in seconds: as long a device stays admitted that its account has removed.
const MAX_LIFE: u64 = 86_400;

/// The word of a provider that an account of its own is to be reachable at a service, with the devices of the
/// attestation that it has now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnlistmentToken {
    attestation: [u8; 32],
    origin: Origin,
    from: u64,
    pub(super) until: u64,
    provider_key: AuthorityKey,
    signature: Signature,
}

impl EnlistmentToken {
    /// Issues a token for the newest attestation of an account, at the account's provider, which knows that the
    /// account wants to be reachable at the service that `origin` names. Have it begin some minutes ago: clocks
    /// differ.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPolicy`] if it ends before it begins or after more than a day, or if `origin` is no
    /// host name.
    pub fn issue(
        attestation: &Attestation,
        origin: &str,
        (from, until): (u64, u64),
        provider: &Authority,
    ) -> Result<Self, Error> {
        let mut token = Self {
            attestation: digest(attestation),
            origin: Origin::new(origin)?,
            from,
            until,
            provider_key: provider.public_key(),
            signature: [0; 64],
        };
        if !token.has_life() {
            return Err(Error::InvalidPolicy);
        }
        token.signature = provider.sign(labels::SIGNAL_TOKEN, &[token.terms().written()]);
        Ok(token)
    }

    /// Decodes a token, at the device that is to use it. Whether the provider has signed it is asked by the service.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`] for the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, Self::read)
    }

    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Writer::encoded(|writer| self.write(writer))
    }

    /// Returns the name of the service that it is for.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.origin.as_str()
    }

    /// Refuses a token for another service, or for another attestation.
    pub(super) fn check(&self, origin: &str, attestation: &Attestation) -> Result<(), Error> {
        self.origin.check(origin)?;
        if self.attestation == digest(attestation) { Ok(()) } else { Err(Error::WrongPeer) }
    }

    /// Refuses a token that is out of its time, or that no key of the provider has signed.
    pub(crate) fn verify(&self, provider: &ProviderStatement, now: u64) -> Result<(), Error> {
        if !provider.attestation_keys.contains(&self.provider_key) {
            return Err(Error::BadSignature);
        }
        if !(self.from..self.until).contains(&now) {
            return Err(Error::ListExpired);
        }
        let terms = self.terms();
        self.provider_key.0.verify(labels::SIGNAL_TOKEN, &[terms.written()], &self.signature)
    }

    fn has_life(&self) -> bool {
        let life = self.until.checked_sub(self.from);
        life.is_some_and(|life| (1..=MAX_LIFE).contains(&life))
    }

    fn terms(&self) -> Writer {
        let mut writer = Writer::begin(wire::VERSION, wire::ENLISTMENT_TOKEN);
        writer.raw(&self.attestation);
        self.origin.write(&mut writer);
        writer.u64(self.from);
        writer.u64(self.until);
        self.provider_key.write(&mut writer);
        writer
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.raw(self.terms().written());
        writer.raw(&self.signature);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.begin(wire::VERSION, wire::ENLISTMENT_TOKEN)?;
        let token = Self {
            attestation: *reader.array()?,
            origin: Origin::read(reader)?,
            from: reader.u64()?,
            until: reader.u64()?,
            provider_key: AuthorityKey::read(reader)?,
            signature: *reader.array()?,
        };
        if token.has_life() { Ok(token) } else { Err(Error::Malformed) }
    }
}

fn digest(attestation: &Attestation) -> [u8; 32] {
    hash(&[&attestation.encode()])
}
