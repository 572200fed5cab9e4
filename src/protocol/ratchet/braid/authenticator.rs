//! Tags that prove that both sides agree: `spec/braid.md`, "Authenticator".
//!
//! ```text
//! auth root ‖ auth key = HKDF(salt = 0, ikm = auth root ‖ k, info = LABEL(braid/authenticator) ‖ u64(epoch))
//! header tag           = HMAC(auth key, LABEL(braid/header) ‖ u64(epoch) ‖ header)
//! ciphertext tag       = HMAC(auth key, LABEL(braid/ciphertext) ‖ u64(epoch) ‖ ct1 ‖ ct2)
//! ```

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::{Prk, mac};
use crate::primitives::kem;
use crate::primitives::secret::Secret;
use crate::protocol::labels;

/// The labels that keep the keys of one wire format from those of another.
pub(crate) struct Labels {
    pub(crate) authenticator: &'static [u8],
    pub(crate) header: &'static [u8],
    pub(crate) ciphertext: &'static [u8],
    pub(crate) secret: &'static [u8],
}

/// The labels of this protocol's own wire format.
pub(crate) static NATIVE: Labels = Labels {
    authenticator: labels::BRAID_AUTHENTICATOR,
    header: labels::BRAID_HEADER,
    ciphertext: labels::BRAID_CIPHERTEXT,
    secret: labels::BRAID_SECRET,
};

/// The labels of the Signal wire format.
#[cfg(any(feature = "signal", test))]
pub(crate) static SIGNAL: Labels = Labels {
    authenticator: b"Signal_PQCKA_V1_MLKEM768:Authenticator Update",
    header: b"Signal_PQCKA_V1_MLKEM768:ekheader",
    ciphertext: b"Signal_PQCKA_V1_MLKEM768:ciphertext",
    secret: b"Signal_PQCKA_V1_MLKEM768:SCKA Key",
};

/// The key of the tags, and the root that the next one comes from.
pub(crate) struct Authenticator {
    root: Secret<32>,
    key: Secret<32>,
}

impl Authenticator {
    pub(crate) fn start(key: &Secret<32>, labels: &Labels) -> Self {
        let zero = || Secret::copy(&[0; 32]);
        Self { root: zero(), key: zero() }.update(labels, 1, key)
    }

    /// Returns the authenticator after an epoch's secret.
    pub(crate) fn update(&self, labels: &Labels, epoch: u32, secret: &Secret<32>) -> Self {
        let prk = Prk::extract(&[0; 32], &[self.root.expose(), secret.expose()]);
        let both = prk.expand::<64>(&[labels.authenticator, &number(epoch)]);
        let (root, key) = both.expose().split_at(32);
        let copy = |from: &[u8]| Secret::fill(|out| out.copy_from_slice(from));
        Self { root: copy(root), key: copy(key) }
    }

    /// Returns the root, with which seed and coins are drawn.
    pub(crate) fn root(&self) -> &Secret<32> {
        &self.root
    }

    pub(crate) fn header_tag(
        &self,
        labels: &Labels,
        epoch: u32,
        header: &[u8; kem::HEADER],
    ) -> [u8; 32] {
        *mac(&self.key, &[labels.header, &number(epoch), header]).expose()
    }

    pub(crate) fn ciphertext_tag(
        &self,
        labels: &Labels,
        epoch: u32,
        ciphertext: &[u8; kem::CIPHERTEXT],
    ) -> [u8; 32] {
        *mac(&self.key, &[labels.ciphertext, &number(epoch), ciphertext]).expose()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.root.expose());
        writer.raw(self.key.expose());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { root: reader.secret()?, key: reader.secret()? })
    }
}

/// Derives the secret of an epoch from ML-KEM's.
pub(crate) fn epoch_secret(labels: &Labels, epoch: u32, shared: &Secret<32>) -> Secret<32> {
    Prk::extract(&[0; 32], &[shared.expose()]).expand(&[labels.secret, &number(epoch)])
}

/// Encodes an epoch for labelled input.
pub(crate) fn number(epoch: u32) -> [u8; 8] {
    u64::from(epoch).to_be_bytes()
}

#[cfg(test)]
#[path = "tests/authenticator.rs"]
mod tests;
