//! Deterministic authenticated encryption of HMAC-SHA-256 and AES-256-CTR (SP 800-38A), in place.
//!
//! ```text
//! tag        = HMAC(tag key, about ‖ text)
//! text key   = HMAC(stream key, tag)
//! ciphertext = AES-256-CTR(text key, counter from 0, text)
//! ```
//!
//! The key that encrypts follows from the tag, and the tag from the text: two texts never meet under one key, and
//! one text gives one ciphertext. So sealing again, after a crash say, needs no memory to be safe. A tag is a
//! collision-resistant hash for whoever has the keys too, as AES-GCM's is not.

use zeroize::Zeroize;

use super::aes_ctr::xor_stream;
use super::kdf::mac;
use super::secret::{Secret, same};
use crate::error::Error;

/// Length of a tag in bytes.
pub(crate) const TAG: usize = 32;

/// A tag, which is not secret.
pub(crate) type Tag = [u8; TAG];

/// The two keys. Whoever holds them on the heap boxes them.
pub(crate) struct Keys {
    pub(crate) tag: Secret<32>,
    pub(crate) stream: Secret<32>,
}

impl Keys {
    /// Computes the tag of a text.
    pub(crate) fn tag(&self, about: &[u8], text: &[u8]) -> Tag {
        *mac(&self.tag, &[about, text]).expose()
    }

    /// Encrypts a text in place under the tag that [`Keys::tag`] gave for it.
    pub(crate) fn encrypt(&self, tag: &Tag, text: &mut [u8]) {
        let key = mac(&self.stream, &[tag]);
        #[cfg(test)]
        super::tests::repeats::sealed(&key, &[], &[], text);
        xor_stream(&key, text);
    }

    /// Decrypts `buffer` in place if `tag` holds over `about` and the text; otherwise wipes it.
    pub(crate) fn open(&self, about: &[u8], tag: &Tag, buffer: &mut [u8]) -> Result<(), Error> {
        #[cfg(test)]
        super::tests::op_count::count(|work| work.open = work.open.saturating_add(1));
        xor_stream(&mac(&self.stream, &[tag]), buffer);
        if same(&self.tag(about, buffer), tag) {
            Ok(())
        } else {
            buffer.zeroize();
            Err(Error::Forged)
        }
    }
}

#[cfg(test)]
#[path = "tests/siv.rs"]
mod tests;
