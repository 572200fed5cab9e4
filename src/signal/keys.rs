//! Keys with type bytes: `spec/third-party.md`, "Keys".
//!
//! ```text
//! public key     = 0x05 ‖ u-coordinate of X25519 (32)
//! KEM public key = 0x08 ‖ Kyber-1024 of round 3 (1568)        ciphertext = 0x08 ‖ … (1568)
//! ```

use crate::error::Error;
use crate::primitives::codec::concat;
use crate::primitives::dh;
use crate::primitives::kyber;

/// Length of a public key in bytes, with its type.
pub(crate) const KEY: usize = 33;

const X25519: u8 = 0x05;

/// The type of a key, and of a ciphertext, of Kyber-1024 of round 3. Others are defined and not in use.
pub(crate) const KEM: u8 = 0x08;

/// Length of a KEM public key in bytes, with its type.
pub(crate) const KEM_KEY: usize = kyber::PUBLIC_KEY + 1;

/// Length of a KEM ciphertext in bytes, with its type.
pub(crate) const KEM_CIPHERTEXT: usize = kyber::CIPHERTEXT + 1;

/// The identity key of a device on another messenger. It signs the device's prekeys and agrees on session keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityKey(pub(crate) dh::PublicKey);

impl IdentityKey {
    /// Decodes an identity key: the byte 0x05, then 32 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for another type or length, [`Error::WeakKey`] for bytes that are not canonical: two
    /// encodings of one key would be two people.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        public_key(bytes).map(Self)
    }

    /// Encodes it in 33 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; KEY] {
        typed(&self.0)
    }
}

/// Encodes a public key with its type.
pub(crate) fn typed(key: &dh::PublicKey) -> [u8; KEY] {
    concat(&[&[X25519], key.bytes()])
}

/// Decodes a public key with its type.
pub(crate) fn public_key(bytes: &[u8]) -> Result<dh::PublicKey, Error> {
    match bytes.split_first() {
        Some((&X25519, key)) => {
            dh::PublicKey::decode(key.try_into().map_err(|_| Error::Malformed)?)
        }
        _ => Err(Error::Malformed),
    }
}

/// Encodes a KEM public key with its type.
pub(crate) fn typed_kem(key: &kyber::PublicKey) -> [u8; KEM_KEY] {
    concat(&[&[KEM], key.bytes()])
}

/// Decodes a KEM public key with its type.
pub(crate) fn kem_public_key(bytes: &[u8]) -> Result<kyber::PublicKey, Error> {
    match bytes.split_first() {
        Some((&KEM, key)) => {
            kyber::PublicKey::decode(key.try_into().map_err(|_| Error::Malformed)?)
        }
        _ => Err(Error::Malformed),
    }
}

#[cfg(test)]
#[path = "tests/keys.rs"]
mod tests;
