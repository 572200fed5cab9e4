//! Ed25519 (RFC 8032) with strict verification: canonical scalars and points, no key or nonce point of
//! small order, the equation without cofactor. So all verifiers agree on every signature.

use alloc::boxed::Box;
use alloc::vec::Vec;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::secret::Secret;
use crate::error::Error;

/// Length of a signature in bytes.
pub(crate) const SIGNATURE: usize = 64;

/// A signature as it travels.
pub(crate) type Signature = [u8; SIGNATURE];

/// A verification key: a canonical point that is not of small order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PublicKey([u8; 32]);

impl PublicKey {
    /// Accepts only a canonical point of the curve that is not of small order.
    pub(crate) fn decode(bytes: [u8; 32]) -> Result<Self, Error> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| Error::WeakKey)?;
        if key.is_weak() || key.to_edwards().compress().to_bytes() != bytes {
            return Err(Error::WeakKey);
        }
        Ok(Self(bytes))
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
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| Error::WeakKey)?;
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        key.verify_strict(&message(label, body), &signature).map_err(|_| Error::BadSignature)
    }
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
        PublicKey(self.key().verifying_key().to_bytes())
    }

    /// Signs `label ‖ body[0] ‖ body[1] ‖ …`.
    pub(crate) fn sign(&self, label: &[u8], body: &[&[u8]]) -> Signature {
        self.key().sign(&message(label, body)).to_bytes()
    }

    fn key(&self) -> SigningKey {
        SigningKey::from_bytes(self.0.expose())
    }
}

/// Joins what is signed. It is wiped: an invitation that is signed is as secret as its link.
fn message(label: &[u8], body: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let parts = core::iter::once(&label).chain(body);
    let length = parts.clone().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    let mut message = Zeroizing::new(Vec::with_capacity(length));
    for part in parts {
        message.extend_from_slice(part);
    }
    message
}
