//! Sealed envelopes of a client: `spec/third-party.md`, "Sealed sender".

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;

use super::client::Client;
use super::keys::IdentityKey;
use super::sealed_sender::{
    SealedContent, SealedRecipient, SenderCertificate, Trust, UnsealedEnvelope,
};
use super::service_id::ServiceId;

impl Client {
    /// Seals content for one recipient, in version 1, with the certificate of this device.
    ///
    /// # Errors
    ///
    /// As [`SealedContent::seal`].
    pub fn seal_envelope(
        &self,
        content: &SealedContent<'_>,
        certificate: &SenderCertificate,
        recipient: &IdentityKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        content.seal(self.identity_secret(), certificate, recipient, rng)
    }

    /// Seals content once for many recipients, in version 2, with the certificate of this device.
    ///
    /// # Errors
    ///
    /// As [`SealedContent::seal_to_many`].
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

    /// Opens an envelope of either version. The payload is still to be opened, in the session with its sender or
    /// with that device's sender keys.
    ///
    /// # Errors
    ///
    /// As [`UnsealedEnvelope::open`].
    pub fn unseal(
        &self,
        envelope: &[u8],
        trust: &Trust,
        now: u64,
    ) -> Result<UnsealedEnvelope, Error> {
        UnsealedEnvelope::open(self.identity_secret(), envelope, trust, now)
    }
}
