//! AES-256 in counter mode (SP 800-38A) whose counter begins at zero. It authenticates nothing: the caller checks a
//! tag or MAC. A key is used for one text only, because another one under it would be laid over the same bytes.

use aes_gcm::aes::Aes256Enc;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};

use super::secret::Secret;

/// Lays the key stream over a buffer, which is its own inverse. It has 2^132 bytes: no buffer outlasts it.
pub(crate) fn xor_stream(key: &Secret<32>, buffer: &mut [u8]) {
    Ctr128BE::<Aes256Enc>::new(key.expose().into(), &[0; 16].into()).apply_keystream(buffer);
}

#[cfg(test)]
#[path = "tests/aes_ctr.rs"]
mod tests;
