//! The chain of a sender key: `spec/third-party.md`, "Groups".
//!
//! ```text
//! seed i, chain key i+1 = as in every chain, from chain key i
//! IV (16) ‖ key (32)    = HKDF(no salt, seed i, "WhisperGroup", 48)
//! ciphertext            = AES-256-CBC(key, IV, content)
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::aes_cbc::{self, BLOCK};
use crate::primitives::codec::concat;
use crate::primitives::kdf::Prk;
use crate::primitives::secret::Secret;
use crate::protocol::ratchet::MessageKey;

/// Maximum number of messages that one may be ahead of the last that came.
pub(super) const MAX_JUMP: u32 = 2000;

/// The keys that seal one message.
struct CipherKeys {
    iv: [u8; BLOCK],
    key: Secret<32>,
}

impl CipherKeys {
    fn derive(seed: &MessageKey) -> Self {
        let derived: Secret<48> = Prk::extract(&[], &[seed.0.expose()]).expand(&[b"WhisperGroup"]);
        let (iv, key) = derived.expose().split_at(BLOCK);
        Self { iv: concat(&[iv]), key: Secret::fill(|out| out.copy_from_slice(key)) }
    }
}

/// Encrypts the first `length` bytes of `buffer` in place, up to its end.
pub(super) fn encrypt(seed: &MessageKey, buffer: &mut [u8], length: usize) -> Result<(), Error> {
    let keys = CipherKeys::derive(seed);
    aes_cbc::encrypt(&keys.key, &keys.iv, buffer, length)
}

/// Decrypts a ciphertext whose message was verified.
pub(super) fn decrypt(seed: &MessageKey, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let keys = CipherKeys::derive(seed);
    let mut text = Zeroizing::new(ciphertext.to_vec());
    let length = aes_cbc::decrypt(&keys.key, &keys.iv, &mut text)?;
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
#[path = "tests/chain.rs"]
mod tests;
