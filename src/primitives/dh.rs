//! X25519 (RFC 7748) that refuses what the RFC lets through: encodings of a point that are not
//! the canonical one, and agreements whose result is all zero.

use alloc::boxed::Box;

use x25519_dalek::x25519;

use super::secret::Secret;
use crate::error::Error;

/// The field prime 2^255 − 19, little-endian.
const PRIME: [u8; 32] = [
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
];

/// A public key: a canonical u-coordinate, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey([u8; 32]);

impl PublicKey {
    /// Takes only the one canonical encoding of a u-coordinate: bit 255 clear and u < 2^255 − 19.
    ///
    /// X25519 itself ignores bit 255 and reduces u, so two different byte strings would be one
    /// key, and whatever compares or hashes keys could be played against whatever uses them.
    pub(crate) fn decode(bytes: [u8; 32]) -> Result<Self, Error> {
        // A public value: comparing it in variable time reveals nothing.
        if bytes.iter().rev().ge(PRIME.iter().rev()) {
            return Err(Error::WeakKey);
        }
        Ok(Self(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A secret scalar, boxed because it lives in state that moves and grows.
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
        super::work::count(|work| work.dh = work.dh.saturating_add(1));
        let secret = x25519_dalek::StaticSecret::from(*self.0.expose());
        PublicKey(x25519_dalek::PublicKey::from(&secret).to_bytes())
    }

    /// `X25519(self, peer)`, refused if all zero: a point of small order took no secret in.
    pub(crate) fn agree(&self, peer: &PublicKey) -> Result<Secret<32>, Error> {
        #[cfg(test)]
        super::work::count(|work| work.dh = work.dh.saturating_add(1));
        let shared = Secret::fill(|out| *out = x25519(*self.0.expose(), peer.0));
        if shared.is_zero() {
            return Err(Error::WeakKey);
        }
        Ok(shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// u-coordinates of the points whose order divides 8, canonical forms.
    const SMALL_ORDER: [[u8; 32]; 5] = {
        let zero = [0; 32];
        let mut one = [0; 32];
        one[0] = 1;
        let mut minus_one = PRIME;
        minus_one[0] = 0xec;
        [
            zero,
            one,
            minus_one,
            [
                0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
                0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
                0x5f, 0x49, 0xb8, 0x00,
            ],
            [
                0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
                0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
                0xd0, 0x9f, 0x11, 0x57,
            ],
        ]
    };

    #[test]
    fn points_of_small_order_agree_on_nothing() {
        let key = SecretKey::from_seed(Secret::copy(&[7; 32]));
        for point in SMALL_ORDER {
            let peer = PublicKey::decode(point).expect("canonical");
            assert_eq!(key.agree(&peer).err(), Some(Error::WeakKey));
        }
    }

    #[test]
    fn only_canonical_encodings_decode() {
        let mut above = PRIME;
        for low in 0xed..=0xff {
            above[0] = low;
            assert_eq!(PublicKey::decode(above), Err(Error::WeakKey));
        }
        let key = SecretKey::from_seed(Secret::copy(&[7; 32])).public();
        let mut flipped = *key.bytes();
        flipped[31] ^= 0x80;
        assert_eq!(PublicKey::decode(flipped), Err(Error::WeakKey));
        assert_eq!(PublicKey::decode(*key.bytes()), Ok(key));
    }

    #[test]
    fn the_fixed_base_gives_what_the_ladder_gives() {
        for byte in 0..32 {
            let key = SecretKey::from_seed(Secret::copy(&[byte; 32]));
            assert_eq!(
                &x25519([byte; 32], x25519_dalek::X25519_BASEPOINT_BYTES),
                key.public().bytes()
            );
        }
    }
}
