//! Sealed envelopes of a client: `spec/third-party.md`, "Sealed sender".

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;

use super::client::Client;
use super::keys::IdentityKey;
use super::policy::{ForeignDevice, ProviderId};
use super::sealed_sender::{
    SealedContent, SealedRecipient, SenderCertificate, Trust, UnsealedEnvelope,
};
use super::service_id::ServiceId;

impl Client {
    /// Seals content for one recipient, in version 1, with the certificate of this device.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] if the certificate is for another identity key; [`Error::ContentTooLong`];
    /// [`Error::WeakKey`] for the recipient's key.
    pub fn seal_envelope(
        &self,
        content: &SealedContent<'_>,
        certificate: &SenderCertificate,
        recipient: &IdentityKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        content.seal(self.identity_secret(), certificate, recipient, rng)
    }

    /// Seals content once for many recipients, in version 2, with the certificate of this device. `excluded` are
    /// those who shall not get it, so that a server that knows a group does not take them for forgotten.
    ///
    /// # Errors
    ///
    /// As [`Client::seal_envelope`]; [`Error::NoRecipient`] if there is none, or one has no device;
    /// [`Error::TooManyAccounts`] for more than 4,096; [`Error::DeviceConflict`] if somebody or a device comes twice.
    pub fn seal_envelope_to_many(
        &self,
        content: &SealedContent<'_>,
        certificate: &SenderCertificate,
        recipients: &[SealedRecipient],
        excluded: &[ServiceId],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        let sender = self.identity_secret();
        content.seal_to_many(sender, certificate, recipients, excluded, rng)
    }

    /// Opens an envelope of either version that came from a provider. The payload is still to be opened, in the
    /// session with its sender or with that device's sender keys.
    ///
    /// The sender is who holds the secret half of the identity key in the certificate, which a server of `trust`
    /// issued. Somebody who only has the certificate, which every recipient gets, cannot make one.
    ///
    /// An envelope of a stranger costs at most two agreements and a key pair, and a signature check for each trust
    /// root and one more.
    ///
    /// # Errors
    ///
    /// [`Error::NotOptedIn`], [`Error::Frozen`] for the provider, before a byte is read; behind the certificate what
    /// stands against its account, as [`Client::open`], and [`Error::IdentityChanged`] if the device is known by
    /// another identity key than this one ([`Client::identity_in_envelope`]);
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WeakKey`]; [`Error::Forged`] if it is for somebody
    /// else, was altered, or its sender does not hold the key in its certificate; [`Error::BadSignature`] if the
    /// certificate does not hold or is past its end; [`Error::WrongKind`] for an unknown kind of payload.
    pub fn unseal(
        &self,
        provider: &ProviderId,
        envelope: &[u8],
        trust: &Trust,
        now: u64,
    ) -> Result<UnsealedEnvelope, Error> {
        let (sender, unsealed) = self.certified(provider, envelope, trust, now)?;
        // A service that certifies another key than the one that the device is known by makes nobody of it.
        if self.identity_of(&sender).is_some_and(|known| known != unsealed.identity()) {
            return Err(Error::IdentityChanged);
        }
        Ok(unsealed)
    }

    /// Opens an envelope whose certificate holds, of somebody against whom nothing stands, by whatever key.
    pub(super) fn certified(
        &self,
        provider: &ProviderId,
        envelope: &[u8],
        trust: &Trust,
        now: u64,
    ) -> Result<(ForeignDevice, UnsealedEnvelope), Error> {
        let now = self.inner.clock.now(now);
        self.inner.policy.active(provider, now)?;
        let secret = self.identity_secret();
        let unsealed = UnsealedEnvelope::open(secret, envelope, trust, now.reading())?;
        let sender = ForeignDevice::new(provider, unsealed.sender());
        let party = self.inner.policy.reading(&sender, now)?;
        party.check_identity(sender.number(), &unsealed.identity())?;
        Ok((sender, unsealed))
    }
}
