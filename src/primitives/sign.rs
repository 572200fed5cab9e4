//! Ed25519 (RFC 8032) with strict verification: canonical scalars and points, no key or nonce point of
//! small order, the equation without cofactor. So all verifiers agree on every signature.

use alloc::boxed::Box;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};

use super::accelerated;
use super::codec::{Reader, Writer};
use super::dh::is_reduced;
use super::secret::Secret;
use crate::error::Error;

/// Length of a signature in bytes.
pub(crate) const SIGNATURE: usize = 64;

/// A signature as it travels.
pub(crate) type Signature = [u8; SIGNATURE];

/// A verification key: a canonical point that is not of small order. Of one that was read from this
/// device's own state, only a verification finds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PublicKey([u8; 32]);

impl PublicKey {
    /// Accepts only a canonical point of the curve that is not of small order.
    pub(crate) fn decode(bytes: [u8; 32]) -> Result<Self, Error> {
        point(&bytes)?;
        Ok(Self(bytes))
    }

    /// Reads a key: one that somebody else has written is decoded, one of this device's own state is
    /// believed until it is used, because to find its point takes most of the time of a load.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let bytes = *reader.array()?;
        if reader.is_believed() { Ok(Self(bytes)) } else { Self::decode(bytes) }
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks a signature over `label ‖ body[0] ‖ body[1] ‖ …`.
    pub(crate) fn verify(
        &self,
        label: &[u8],
        body: &[&[u8]],
        signature: &Signature,
    ) -> Result<(), Error> {
        #[cfg(test)]
        super::tests::op_count::count(|work| work.verify = work.verify.saturating_add(1));
        let key = point(&self.0)?;
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        key.verify_strict(message(label, body).written(), &signature)
            .map_err(|_| Error::BadSignature)
    }
}

/// Finds the point of a key, which must be canonical and not of small order.
fn point(bytes: &[u8; 32]) -> Result<VerifyingKey, Error> {
    let mut y = *bytes;
    let [.., sign] = &mut y;
    *sign &= 0x7f;
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| Error::WeakKey)?;
    // With y below the prime, only a point with x = 0 has another encoding: both are of small order.
    if key.is_weak() || !is_reduced(&y) { Err(Error::WeakKey) } else { Ok(key) }
}

/// A signing key, kept as its 32-byte seed. It signs under its own public key only: a function that
/// took one from outside would be an oracle for the secret scalar.
pub(crate) struct SecretKey(Box<Secret<32>>);

impl SecretKey {
    pub(crate) fn from_seed(seed: Secret<32>) -> Self {
        Self(Box::new(seed))
    }

    pub(crate) fn seed(&self) -> &Secret<32> {
        &self.0
    }

    pub(crate) fn public(&self) -> PublicKey {
        self.signer().public()
    }

    /// Signs `label ‖ body[0] ‖ body[1] ‖ …`.
    pub(crate) fn sign(&self, label: &[u8], body: &[&[u8]]) -> Signature {
        self.signer().sign(label, body)
    }

    /// Finds the public key, for what signs more than once: that takes as long as a signature.
    pub(crate) fn signer(&self) -> Signer {
        Signer(accelerated::Signer::new(&self.0).map_or_else(
            || Expanded::Here(Box::new(SigningKey::from_bytes(self.0.expose()))),
            Expanded::Accelerated,
        ))
    }
}

/// A signing key beside its public key. Wiped on drop.
pub(crate) struct Signer(Expanded);

enum Expanded {
    Here(Box<SigningKey>),
    Accelerated(accelerated::Signer),
}

impl Signer {
    fn public(&self) -> PublicKey {
        PublicKey(match &self.0 {
            Expanded::Here(key) => key.verifying_key().to_bytes(),
            Expanded::Accelerated(key) => key.public(),
        })
    }

    /// Signs `label ‖ body[0] ‖ body[1] ‖ …`.
    pub(crate) fn sign(&self, label: &[u8], body: &[&[u8]]) -> Signature {
        let message = message(label, body);
        match &self.0 {
            Expanded::Here(key) => key.sign(message.written()).to_bytes(),
            Expanded::Accelerated(key) => key.sign(message.written()),
        }
    }
}

/// Joins what is signed. It is wiped: an invitation that is signed is as secret as its link.
fn message(label: &[u8], body: &[&[u8]]) -> Writer {
    let parts = core::iter::once(&label).chain(body);
    let length = parts.clone().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    let mut message = Writer::with_room(length);
    for part in parts {
        message.raw(part);
    }
    message
}

#[cfg(test)]
#[path = "tests/sign.rs"]
mod tests;
