//! Sealed envelopes of either version: `spec/third-party.md`, "Sealed sender".

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::secret::redacted;
use crate::signal::address::Address;
use crate::signal::identity_secret::IdentitySecret;
use crate::signal::keys::IdentityKey;
use crate::signal::service_id::ServiceId;

use super::certificate::{CertifiedSender, SenderCertificate, Trust};
use super::content::{
    ContentHint, MAX_SEALED, OpenedContent, OwnedPayload, SealedContent, SealedPayload,
};
use super::sent::{SealedRecipient, Wrapped, check, encode};
use super::v2::Shared;
use super::{v1, v2};

/// Maximum length of an envelope in bytes, as it is received.
const MAX_ENVELOPE: usize = MAX_SEALED + 256;

/// The content of a sealed envelope, with the sender that proved itself. Only
/// [`Client::unseal`](crate::signal::Client::unseal) makes one.
///
/// The payload is still to be opened: in the session, or with the sender keys, of [`UnsealedEnvelope::sender`] and of
/// nobody else. A server that knew another sender for it, or a payload that names one, is wrong.
pub struct UnsealedEnvelope {
    sender: CertifiedSender,
    payload: OwnedPayload,
    hint: ContentHint,
    group: Option<Vec<u8>>,
}

redacted!(UnsealedEnvelope, |it| hint = it.hint);

impl UnsealedEnvelope {
    /// Opens an envelope of either version: see [`Client::unseal`](crate::signal::Client::unseal).
    pub(crate) fn open(
        recipient: &IdentitySecret,
        envelope: &[u8],
        trust: &Trust,
        now: u64,
    ) -> Result<Self, Error> {
        if envelope.len() > MAX_ENVELOPE {
            return Err(Error::Malformed);
        }
        let (version, sealed) = envelope.split_first().ok_or(Error::Malformed)?;
        match *version {
            v1::VERSION => {
                let v1::Opened { content, sender } = v1::open(recipient, sealed)?;
                let opened = OpenedContent::decode(&content)?;
                if opened.certificate.identity() != sender {
                    return Err(Error::Forged);
                }
                Self::of(&opened, trust, now)
            }
            v2::VERSION => {
                let unproved = v2::open(recipient, sealed)?;
                let opened = OpenedContent::decode(&unproved.content)?;
                unproved.prove(recipient, &opened.certificate.identity())?;
                Self::of(&opened, trust, now)
            }
            version => Err(Error::UnknownVersion(version)),
        }
    }

    /// Verifies the certificate of content whose sender has shown to hold the key in it.
    fn of(opened: &OpenedContent<'_>, trust: &Trust, now: u64) -> Result<Self, Error> {
        let OpenedContent { certificate, content } = opened;
        Ok(Self {
            sender: certificate.verify(trust, now)?,
            payload: content.payload.into(),
            hint: content.hint,
            group: content.group.map(<[u8]>::to_vec),
        })
    }

    /// Returns the address of the device that sealed it, under which its payload is to be opened.
    #[must_use]
    pub fn sender(&self) -> &Address {
        self.sender.address()
    }

    /// Returns the identity key of that device: the session that opens the payload must have this one.
    #[must_use]
    pub fn identity(&self) -> IdentityKey {
        self.sender.identity()
    }

    /// Returns all that the certificate says of the sender.
    #[must_use]
    pub fn certificate(&self) -> &CertifiedSender {
        &self.sender
    }

    /// Returns the payload.
    #[must_use]
    pub fn payload(&self) -> SealedPayload<'_> {
        self.payload.borrow()
    }

    /// Returns the hint.
    #[must_use]
    pub fn hint(&self) -> ContentHint {
        self.hint
    }

    /// Returns the id of the group that the payload belongs to, as the sender says.
    #[must_use]
    pub fn group(&self) -> Option<&[u8]> {
        self.group.as_deref()
    }
}

impl SealedContent<'_> {
    /// Seals the content for one recipient, in version 1.
    pub(crate) fn seal(
        &self,
        sender: &IdentitySecret,
        certificate: &SenderCertificate,
        recipient: &IdentityKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        is_own(sender, certificate)?;
        v1::seal(sender, recipient, &self.encode(certificate)?, rng)
    }

    /// Seals the content once for many recipients, in version 2.
    pub(crate) fn seal_to_many(
        &self,
        sender: &IdentitySecret,
        certificate: &SenderCertificate,
        recipients: &[SealedRecipient],
        excluded: &[ServiceId],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        is_own(sender, certificate)?;
        check(recipients, excluded)?;
        let content = self.encode(certificate)?;
        let shared = Shared::generate(sender, &content, rng);
        let mut wrapped = Vec::with_capacity(recipients.len());
        for recipient in recipients {
            let parts = shared.wrap(sender, &recipient.identity)?;
            wrapped.push(Wrapped { recipient, parts });
        }
        encode(&wrapped, excluded, shared.public.bytes(), &shared.seal(&content)?)
    }
}

/// Refuses a certificate that every recipient would refuse.
fn is_own(sender: &IdentitySecret, certificate: &SenderCertificate) -> Result<(), Error> {
    if certificate.identity() == sender.public() { Ok(()) } else { Err(Error::WrongPeer) }
}

#[cfg(test)]
#[path = "tests/envelope.rs"]
mod tests;
