//! The group part of a password-authenticated key exchange, over ristretto255 (RFC 9496): both sides
//! raise a generator that only those know who know the password.

use alloc::boxed::Box;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use rand_core::CryptoRng;
use zeroize::Zeroize;

use super::secret::Secret;
use crate::error::Error;

/// What one side sends: an element of the group.
pub(crate) type Public = [u8; 32];

/// One side's exponent, and what it sends.
pub(crate) struct Share {
    secret: Box<Secret<32>>,
    public: Public,
}

impl Share {
    /// Raises the generator that `seed` maps to, to a fresh exponent.
    pub(crate) fn generate(seed: &Secret<64>, rng: &mut impl CryptoRng) -> Self {
        let random = Secret::<64>::fill(|out| rng.fill_bytes(out));
        let mut exponent = Scalar::from_bytes_mod_order_wide(random.expose());
        let mut generator = RistrettoPoint::from_uniform_bytes(seed.expose());
        let public = multiple(&exponent, &generator).compress().to_bytes();
        let secret = Box::new(Secret::copy(exponent.as_bytes()));
        exponent.zeroize();
        generator.zeroize();
        Self { secret, public }
    }

    /// A share from this device's own state.
    pub(crate) fn recall(secret: Secret<32>, public: Public) -> Self {
        Self { secret: Box::new(secret), public }
    }

    pub(crate) fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    pub(crate) fn public(&self) -> &Public {
        &self.public
    }

    /// What both sides have if they raised one generator. An element that is not canonical, and
    /// the neutral one, with which the result would be known to everybody, are refused.
    pub(crate) fn agree(&self, peer: &Public) -> Result<Secret<32>, Error> {
        let peer = CompressedRistretto(*peer).decompress().ok_or(Error::WeakKey)?;
        let mut exponent = Scalar::from_bytes_mod_order(*self.secret.expose());
        let mut shared = multiple(&exponent, &peer);
        exponent.zeroize();
        let agreed = Secret::copy(shared.compress().as_bytes());
        // The group has prime order: only from the neutral element does the neutral one come.
        let neutral = shared.is_identity();
        shared.zeroize();
        if neutral { Err(Error::WeakKey) } else { Ok(agreed) }
    }
}

#[expect(clippy::arithmetic_side_effects, reason = "a group has no overflow")]
fn multiple(exponent: &Scalar, element: &RistrettoPoint) -> RistrettoPoint {
    exponent * element
}
