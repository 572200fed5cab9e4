//! The group part of a password-authenticated key exchange, over ristretto255 (RFC 9496): both sides
//! raise a generator that only holders of the password know.

use alloc::boxed::Box;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use zeroize::Zeroize;

use super::secret::Secret;
use crate::error::Error;

/// The element of the group that one side sends.
pub(crate) type Public = [u8; 32];

/// One side's exponent, and the element it sends.
pub(crate) struct Share {
    secret: Box<Secret<32>>,
    public: Public,
}

impl Share {
    /// Raises the generator that `seed` maps to, to the exponent that 64 fresh secret bytes map to.
    pub(crate) fn of(seed: &Secret<64>, random: &Secret<64>) -> Self {
        let mut exponent = Scalar::from_bytes_mod_order_wide(random.expose());
        let mut generator = RistrettoPoint::from_uniform_bytes(seed.expose());
        let public = multiple(&exponent, &generator).compress().to_bytes();
        let secret = Box::new(Secret::copy(exponent.as_bytes()));
        exponent.zeroize();
        generator.zeroize();
        Self { secret, public }
    }

    /// Takes a share back from this device's own state.
    pub(crate) fn recall(secret: Secret<32>, public: Public) -> Self {
        Self { secret: Box::new(secret), public }
    }

    pub(crate) fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    pub(crate) fn public(&self) -> &Public {
        &self.public
    }

    /// Computes what both sides share if they raised one generator. Refuses an element that is not
    /// canonical, and the neutral one, which would make the result known to everybody.
    pub(crate) fn agree(&self, peer: &Public) -> Result<Secret<32>, Error> {
        let peer = CompressedRistretto(*peer).decompress().ok_or(Error::WeakKey)?;
        let mut exponent = Scalar::from_bytes_mod_order(*self.secret.expose());
        let mut shared = multiple(&exponent, &peer);
        exponent.zeroize();
        let agreed = Secret::copy(shared.compress().as_bytes());
        // The group has prime order: only the neutral element leads to the neutral one.
        let neutral = shared.is_identity();
        shared.zeroize();
        if neutral { Err(Error::WeakKey) } else { Ok(agreed) }
    }
}

#[expect(clippy::arithmetic_side_effects, reason = "a group has no overflow")]
fn multiple(exponent: &Scalar, element: &RistrettoPoint) -> RistrettoPoint {
    exponent * element
}
