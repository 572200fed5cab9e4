//! Blobs, sealed once for all devices: `spec/fan-out.md`, "Blob".
//!
//! ```text
//! prk            = HKDF-Extract(salt = LABEL(blob/key), ikm = key)
//! k              = HKDF-Expand(prk, LABEL(blob/seal), 32)
//! commitment     = HKDF-Expand(prk, LABEL(blob/commitment), 32)
//! ad             = version ‖ kind ‖ commitment
//! blob           = ad ‖ AES-256-GCM(k, nonce = 0, ad, padded content)
//! blob reference = key ‖ SHA-256(blob) ‖ u64(length of the content)
//! ```
//!
//! `commitment` lets a blob open under one key only; the hash lets a key open one blob only.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::aead::{TAG, open_once, seal_once};
use crate::primitives::codec::{Reader, Writer, concat};
use crate::primitives::id::ids;
use crate::primitives::kdf::{Prk, hash};
use crate::primitives::secret::{Secret, same};

use crate::protocol::padding::{MAX_CONTENT, Padding, content_length};
use crate::protocol::{labels, wire};

ids! {
    /// The SHA-256 of a blob, by which a server finds it.
    BlobHash: 32;
}

impl BlobHash {
    /// Hashes a blob.
    #[must_use]
    pub fn of(blob: &[u8]) -> Self {
        Self(hash(&[blob]))
    }
}

/// Length of the clear bytes, which are also the associated data.
const AD: usize = 1 + 1 + 32;

/// A letter's reference to a blob: which one it is, and how to open it. Secret.
pub(crate) struct Reference {
    key: Box<Secret<32>>,
    hash: [u8; 32],
    length: u64,
}

/// Hashes a content, for what depends on all of it.
pub(crate) fn text_hash(content: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hash(&[labels::BLOB_CONTENT, content]))
}

/// Makes the key of one message's blob from a secret of its sender, so that nobody else can, and so
/// that it is the same when the message is resent. Two contents never have one key.
pub(crate) fn key(secret: &Secret<32>, id: &[u8; 16], text_hash: &[u8; 32]) -> Secret<32> {
    Prk::extract(secret.expose(), &[text_hash]).expand(&[labels::BLOB_MESSAGE, id])
}

/// Seals content once, for everybody who is given the reference. The key seals nothing else.
pub(crate) fn seal(key: Secret<32>, content: &[u8]) -> Result<(Reference, Vec<u8>), Error> {
    let key = Box::new(key);
    if content.len() > MAX_CONTENT {
        return Err(Error::ContentTooLong);
    }
    let padded = Padding::Buckets.pad(content);
    let (sealing_key, ad) = keys(&key);
    let blob = [ad.as_slice(), &seal_once(sealing_key, &ad, &padded)?].concat();
    let length = u64::try_from(content.len()).map_err(|_| Error::ContentTooLong)?;
    Ok((Reference { key, hash: hash(&[&blob]), length }, blob))
}

/// Derives the key that seals the content, and the clear bytes before it.
fn keys(key: &Secret<32>) -> (Secret<32>, [u8; AD]) {
    let prk = Prk::extract(labels::BLOB_KEY, &[key.expose()]);
    let commitment = prk.expand::<32>(&[labels::BLOB_COMMITMENT]);
    let ad = concat(&[&[wire::VERSION, wire::BLOB], commitment.expose()]);
    (prk.expand(&[labels::BLOB_SEAL]), ad)
}

impl Reference {
    /// Opens the blob that this reference was made with.
    pub(crate) fn open(&self, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        // The length bounds what a stranger's bytes cost: it was bounded when it was read.
        let length = usize::try_from(self.length).map_err(|_| Error::Forged)?;
        let padded = Padding::Buckets.length(length);
        let expected = AD.saturating_add(padded).saturating_add(TAG);
        if blob.len() != expected || !same(&hash(&[blob]), &self.hash) {
            return Err(Error::Forged);
        }
        let (ad, sealed) = blob.split_first_chunk::<AD>().ok_or(Error::Forged)?;
        let (sealing_key, ours) = keys(&self.key);
        // AES-GCM alone lets a sender make one text that opens under two keys.
        if !same(ad, &ours) {
            return Err(Error::Forged);
        }
        let mut content = open_once(sealing_key, ad, sealed).map_err(|_| Error::Forged)?;
        if content_length(&content)? != length {
            return Err(Error::Forged);
        }
        content.truncate(length);
        Ok(content)
    }

    /// Returns the hash of the blob, which covers all its bytes.
    pub(crate) fn hash(&self) -> BlobHash {
        BlobHash(self.hash)
    }

    /// Returns the length of the content in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Makes a second reference to the same blob, because the letter that holds the first one is
    /// dropped before the blob is there.
    pub(crate) fn duplicate(&self) -> Self {
        Self { key: Box::new(self.key.duplicate()), hash: self.hash, length: self.length }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.key.expose());
        writer.raw(&self.hash);
        writer.u64(self.length);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let key = Box::new(reader.secret()?);
        let hash = *reader.array()?;
        let length = reader.u64()?;
        // No blob has a longer content.
        if usize::try_from(length).is_ok_and(|length| length <= MAX_CONTENT) {
            Ok(Self { key, hash, length })
        } else {
            Err(Error::Malformed)
        }
    }
}

#[cfg(test)]
#[path = "tests/blob.rs"]
mod tests;
