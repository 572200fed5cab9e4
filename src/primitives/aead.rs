//! AES-256-GCM (SP 800-38D) with detached 16-byte tags, in place.
//!
//! Every key that reaches this module seals one text only, or texts under nonces that repeat with
//! negligible probability; the code that derives the key says which.

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aes::Aes256Enc;
use aes_gcm::{AesGcm, KeyInit};
use zeroize::Zeroize;

use super::accelerated;
use super::secret::Secret;
use crate::error::Error;

/// Length of a tag in bytes.
pub(crate) const TAG: usize = 16;

/// Length of a nonce in bytes.
pub(crate) const NONCE: usize = 12;

// `Aes256Enc` leaves out the decryption key schedule, which GCM never uses.
type Gcm = AesGcm<Aes256Enc, U12>;

/// Encrypts `buffer` in place and returns the tag over it and `ad`.
///
/// # Errors
///
/// [`Error::StateTooLarge`] for 64 GiB and more: only a state can be that large; all else is bounded
/// before.
pub(crate) fn seal(
    key: &Secret<32>,
    nonce: &[u8; NONCE],
    ad: &[u8],
    buffer: &mut [u8],
) -> Result<[u8; TAG], Error> {
    #[cfg(test)]
    super::tests::repeats::sealed(key, nonce, ad, buffer);
    if let Some(tag) = accelerated::seal(key, nonce, ad, buffer) {
        return Ok(tag);
    }
    Gcm::new(key.expose().into())
        .encrypt_inout_detached(nonce.into(), ad, InOutBuf::from(buffer))
        .map(Into::into)
        .map_err(|_| Error::StateTooLarge)
}

/// Decrypts `buffer` in place if `tag` holds over it and `ad`; otherwise wipes it.
pub(crate) fn open(
    key: &Secret<32>,
    nonce: &[u8; NONCE],
    ad: &[u8],
    buffer: &mut [u8],
    tag: &[u8; TAG],
) -> Result<(), Error> {
    #[cfg(test)]
    super::tests::op_count::count(|work| work.open = work.open.saturating_add(1));
    if let Some(opened) = accelerated::open(key, nonce, ad, buffer, tag) {
        return opened.map_err(|_| {
            buffer.zeroize();
            Error::Forged
        });
    }
    let opened = Gcm::new(key.expose().into()).decrypt_inout_detached(
        nonce.into(),
        ad,
        InOutBuf::from(&mut *buffer),
        tag.into(),
    );
    opened.map_err(|_| {
        buffer.zeroize();
        Error::Forged
    })
}

/// Encrypts `text` under a key that seals nothing else, with nonce 0: `ciphertext ‖ tag`.
pub(crate) fn seal_once(
    key: Secret<32>,
    ad: &[u8],
    text: &[u8],
) -> Result<alloc::vec::Vec<u8>, Error> {
    let mut sealed = alloc::vec::Vec::with_capacity(text.len().saturating_add(TAG));
    sealed.extend_from_slice(text);
    let tag = seal(&key, &[0; NONCE], ad, &mut sealed)?;
    sealed.extend_from_slice(&tag);
    drop(key);
    Ok(sealed)
}

/// Opens what [`seal_once`] made.
pub(crate) fn open_once(
    key: Secret<32>,
    ad: &[u8],
    sealed: &[u8],
) -> Result<zeroize::Zeroizing<alloc::vec::Vec<u8>>, Error> {
    let (text, tag) = sealed.split_last_chunk::<TAG>().ok_or(Error::Malformed)?;
    let mut text = zeroize::Zeroizing::new(text.to_vec());
    open(&key, &[0; NONCE], ad, &mut text, tag)?;
    drop(key);
    Ok(text)
}
