//! X25519 (RFC 7748) that refuses what the RFC lets through: encodings of a point that are not
//! the canonical one, and agreements whose result is all zero.

use alloc::boxed::Box;

use x25519_dalek::x25519;

use super::accelerated;
use super::secret::Secret;
use crate::error::Error;

/// The field prime 2^255 − 19, little-endian.
const PRIME: [u8; 32] = [
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
];

/// Tells whether a public value, little-endian, is below the field prime. It takes variable time.
pub(super) fn is_reduced(bytes: &[u8; 32]) -> bool {
    bytes.iter().rev().lt(PRIME.iter().rev())
}

/// A public key: a canonical u-coordinate, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PublicKey([u8; 32]);

impl PublicKey {
    /// Accepts only the canonical encoding of a u-coordinate: bit 255 clear and u < 2^255 − 19.
    ///
    /// X25519 itself ignores bit 255 and reduces u. Two byte strings would then be one key, and code
    /// that compares or hashes keys would disagree with code that uses them.
    pub(crate) fn decode(bytes: [u8; 32]) -> Result<Self, Error> {
        if is_reduced(&bytes) { Ok(Self(bytes)) } else { Err(Error::WeakKey) }
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Tells whether it is a multiple of the base point: on the curve and not on its twist, and without a part of
    /// small order. Every key that was made from a secret is one.
    #[cfg(feature = "signal")]
    pub(crate) fn is_of_prime_order(&self) -> bool {
        let point = curve25519_dalek::MontgomeryPoint(self.0).to_edwards(0);
        point.is_some_and(|point| point.is_torsion_free() && !point.is_small_order())
    }
}

/// A secret scalar. See note `[boxes]`.
pub(crate) struct SecretKey(Box<Secret<32>>);

impl SecretKey {
    /// Takes 32 secret bytes as a scalar; X25519 clamps them at each use.
    pub(crate) fn from_seed(seed: Secret<32>) -> Self {
        Self(Box::new(seed))
    }

    pub(crate) fn seed(&self) -> &Secret<32> {
        &self.0
    }

    pub(crate) fn public(&self) -> PublicKey {
        #[cfg(test)]
        super::tests::op_count::count(|work| work.dh = work.dh.saturating_add(1));
        if let Some(public) = accelerated::public(&self.0) {
            return PublicKey(public);
        }
        let secret = x25519_dalek::StaticSecret::from(*self.0.expose());
        PublicKey(x25519_dalek::PublicKey::from(&secret).to_bytes())
    }

    /// Returns `X25519(self, peer)`, and refuses zero: a point of small order took no secret in.
    pub(crate) fn agree(&self, peer: &PublicKey) -> Result<Secret<32>, Error> {
        #[cfg(test)]
        super::tests::op_count::count(|work| work.dh = work.dh.saturating_add(1));
        let shared = accelerated::agree(&self.0, &peer.0)
            .unwrap_or_else(|| Secret::fill(|out| *out = x25519(*self.0.expose(), peer.0)));
        if shared.is_zero() {
            return Err(Error::WeakKey);
        }
        Ok(shared)
    }
}

#[cfg(test)]
#[path = "tests/dh.rs"]
mod tests;
