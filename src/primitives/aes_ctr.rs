//! AES-256 in counter mode (SP 800-38A) whose counter begins at zero, for formats of others. It authenticates
//! nothing: the caller checks a MAC over the ciphertext first. A key is used for one text only, because another
//! one under it would be laid over the same bytes.

use aes_gcm::aes::Aes256Enc;
use ctr::cipher::{KeyIvInit, StreamCipher};

use super::secret::Secret;
use crate::error::Error;

/// Encrypts or decrypts `buffer` in place.
///
/// # Errors
///
/// [`Error::ContentTooLong`] if the counter ends before the buffer, which nothing is long enough for.
pub(crate) fn apply(key: &Secret<32>, buffer: &mut [u8]) -> Result<(), Error> {
    let mut cipher = ctr::Ctr128BE::<Aes256Enc>::new(key.expose().into(), &[0; 16].into());
    cipher.try_apply_keystream(buffer).map_err(|_| Error::ContentTooLong)
}

#[cfg(test)]
#[path = "tests/aes_ctr.rs"]
mod tests;
