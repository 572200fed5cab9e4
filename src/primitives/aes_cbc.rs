//! AES-256-CBC with PKCS #7 padding (SP 800-38A, RFC 5652), for formats of others. It authenticates nothing:
//! the caller has checked a MAC over a ciphertext before it comes here, so that padding is no oracle.

use aes_gcm::aes::Aes256;
use cbc::cipher::array::Array;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use zeroize::Zeroize;

use super::secret::Secret;
use crate::error::Error;

/// Length of a block, and of an initialisation vector, in bytes.
pub(crate) const BLOCK: usize = 16;

/// Returns the length of the ciphertext of `length` bytes: there is always padding, of 1 to 16 bytes.
pub(crate) const fn padded(length: usize) -> usize {
    (length / BLOCK).saturating_add(1).saturating_mul(BLOCK)
}

/// Pads and encrypts the first `length` bytes of `buffer` in place. `buffer` has [`padded`]`(length)` bytes.
///
/// # Errors
///
/// [`Error::ContentTooLong`] if it has fewer.
pub(crate) fn encrypt(
    key: &Secret<32>,
    iv: &[u8; BLOCK],
    buffer: &mut [u8],
    length: usize,
) -> Result<(), Error> {
    let buffer = buffer.get_mut(..padded(length)).ok_or(Error::ContentTooLong)?;
    pad(buffer, length);
    encrypt_blocks(key, &mut { *iv }, buffer.as_chunks_mut().0);
    Ok(())
}

/// Writes the padding behind the first `length` bytes of the last piece of a text: up to its end, 16 bytes at most.
pub(crate) fn pad(piece: &mut [u8], length: usize) {
    let padding = u8::try_from(piece.len().saturating_sub(length)).unwrap_or(0);
    piece.iter_mut().skip(length).for_each(|byte| *byte = padding);
}

/// Encrypts the next blocks of a text in place, and moves `iv` on to those behind them. The last ones end with
/// what [`pad`] writes.
pub(crate) fn encrypt_blocks(key: &Secret<32>, iv: &mut [u8; BLOCK], blocks: &mut [[u8; BLOCK]]) {
    let mut encryptor = cbc::Encryptor::<Aes256>::new(key.expose().into(), (&*iv).into());
    encryptor.encrypt_blocks(Array::cast_slice_from_core_mut(blocks));
    *iv = blocks.last().copied().unwrap_or(*iv);
}

/// Decrypts the next blocks of a text in place, and moves `iv` on to those behind them. The last ones are for
/// [`decrypt`].
pub(crate) fn decrypt_blocks(key: &Secret<32>, iv: &mut [u8; BLOCK], blocks: &mut [[u8; BLOCK]]) {
    let next = blocks.last().copied().unwrap_or(*iv);
    let mut decryptor = cbc::Decryptor::<Aes256>::new(key.expose().into(), (&*iv).into());
    decryptor.decrypt_blocks(Array::cast_slice_from_core_mut(blocks));
    *iv = next;
}

/// Decrypts `buffer` in place, and returns how many bytes are in front of its padding.
///
/// # Errors
///
/// [`Error::Forged`] if it is no whole blocks, or its padding is none. It is wiped then.
pub(crate) fn decrypt(
    key: &Secret<32>,
    iv: &[u8; BLOCK],
    buffer: &mut [u8],
) -> Result<usize, Error> {
    let decryptor = cbc::Decryptor::<Aes256>::new(key.expose().into(), iv.into());
    let length = decryptor.decrypt_padded::<Pkcs7>(buffer).map(<[u8]>::len);
    length.map_err(|_| {
        buffer.zeroize();
        Error::Forged
    })
}

#[cfg(test)]
#[path = "tests/aes_cbc.rs"]
mod tests;
