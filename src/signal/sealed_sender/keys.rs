//! The keys of one layer of version 1, and the layer that they seal: `spec/third-party.md`, "Sealed sender".
//!
//! ```text
//! chain (32) ‖ cipher (32) ‖ mac (32) = HKDF(salt, ikm = agreement, info empty, 96)
//! layer = AES-256-CTR(cipher, counter 0, text) ‖ HMAC(mac, ciphertext)[0..10]
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::aes_ctr::xor_stream;
use crate::primitives::codec::first;
use crate::primitives::kdf::{Prk, mac};
use crate::primitives::secret::{Secret, same};

/// Length of a layer's tag in bytes.
pub(super) const TAG: usize = 10;

/// The keys of a layer. Each seals one text.
pub(super) struct LayerKeys {
    chain: Secret<32>,
    cipher: Secret<32>,
    mac: Secret<32>,
}

impl LayerKeys {
    pub(super) fn derive(salt: &[&[u8]], agreement: &Secret<32>) -> Self {
        let salt = Zeroizing::new(salt.concat());
        let derived: Secret<96> = Prk::extract(&salt, &[agreement.expose()]).expand(&[]);
        let (chain, keys) = derived.expose().split_at(32);
        let (cipher, mac) = keys.split_at(32);
        let [chain, cipher, mac] =
            [chain, cipher, mac].map(|key| Secret::fill(|out| out.copy_from_slice(key)));
        Self { chain, cipher, mac }
    }

    /// Seals the layer's text.
    pub(super) fn seal(&self, text: &[u8]) -> Vec<u8> {
        let mut layer = Vec::with_capacity(text.len().saturating_add(TAG));
        layer.extend_from_slice(text);
        xor_stream(&self.cipher, &mut layer);
        let tag = self.tag(&layer);
        layer.extend_from_slice(&tag);
        layer
    }

    /// Opens a layer, if its tag holds.
    pub(super) fn open(&self, layer: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (ciphertext, tag) = layer.split_last_chunk().ok_or(Error::Malformed)?;
        if !same(tag, &self.tag(ciphertext)) {
            return Err(Error::Forged);
        }
        let mut text = Zeroizing::new(ciphertext.to_vec());
        xor_stream(&self.cipher, &mut text);
        Ok(text)
    }

    /// Returns the key that the next layer's salt begins with.
    pub(super) fn chain(&self) -> &Secret<32> {
        &self.chain
    }

    fn tag(&self, ciphertext: &[u8]) -> [u8; TAG] {
        first(mac(&self.mac, &[ciphertext]).expose())
    }
}
