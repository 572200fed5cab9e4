//! AES-256-GCM-SIV (RFC 8452) without associated data, for formats of others. A key seals one text, under nonce
//! zero; if it ever sealed two, an observer would learn whether they are the same, and nothing else.

use alloc::vec::Vec;

use aes_gcm_siv::aead::AeadInOut;
use aes_gcm_siv::aead::inout::InOutBuf;
use aes_gcm_siv::{Aes256GcmSiv, KeyInit};
use zeroize::{Zeroize, Zeroizing};

use super::secret::Secret;
use crate::error::Error;

/// Length of a tag in bytes.
pub(crate) const TAG: usize = 16;

const NONCE: [u8; 12] = [0; 12];

/// Encrypts `text`: `ciphertext ‖ tag`.
///
/// # Errors
///
/// [`Error::ContentTooLong`] for 64 GiB and more; callers have bounded it far below.
pub(crate) fn seal_once(key: &Secret<32>, text: &[u8]) -> Result<Vec<u8>, Error> {
    let mut sealed = Vec::with_capacity(text.len().saturating_add(TAG));
    sealed.extend_from_slice(text);
    let tag = Aes256GcmSiv::new(key.expose().into())
        .encrypt_inout_detached(&NONCE.into(), &[], InOutBuf::from(sealed.as_mut_slice()))
        .map_err(|_| Error::ContentTooLong)?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens what [`seal_once`] made.
///
/// # Errors
///
/// [`Error::Malformed`] if it is shorter than a tag, [`Error::Forged`] if the tag does not hold.
pub(crate) fn open_once(key: &Secret<32>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    #[cfg(test)]
    super::tests::op_count::count(|work| work.open = work.open.saturating_add(1));
    let (text, tag) = sealed.split_last_chunk::<TAG>().ok_or(Error::Malformed)?;
    let mut text = Zeroizing::new(text.to_vec());
    let opened = Aes256GcmSiv::new(key.expose().into()).decrypt_inout_detached(
        &NONCE.into(),
        &[],
        InOutBuf::from(text.as_mut_slice()),
        tag.into(),
    );
    if opened.is_err() {
        text.zeroize();
        return Err(Error::Forged);
    }
    Ok(text)
}

#[cfg(test)]
#[path = "tests/siv.rs"]
mod tests;
