//! Large content, sealed once for all devices: `spec/fan-out.md`, "Blob".
//!
//! ```text
//! prk        = HKDF-Extract(salt = LABEL(blob/key), ikm = key)
//! k          = HKDF-Expand(prk, LABEL(blob/seal), 32)
//! commitment = HKDF-Expand(prk, LABEL(blob/commitment), 32)
//! front      = version ‖ kind ‖ commitment
//! blob       = front ‖ AES-256-GCM(k, nonce = 0, ad = front, padded content)
//! reference  = key ‖ SHA-256(blob) ‖ u64 length of the content
//! ```
//!
//! `commitment` lets a blob open under one key only; the hash lets a key open one blob only.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::aead::{TAG, open_once, seal_once};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::{Prk, hash};
use crate::primitives::secret::{Secret, same};

use super::padding::{MAX_CONTENT, Padding, content_length};
use super::{labels, wire};

/// Length of what stands before the sealed content in bytes.
const FRONT: usize = 1 + 1 + 32;

/// What a letter says of a blob: how to open it, and which one it is. Secret.
pub(crate) struct Reference {
    key: Box<Secret<32>>,
    hash: [u8; 32],
    length: u64,
}

/// Makes the key of the blob of one message: from a secret of its sender, so that nobody else can,
/// and the same when the message is sealed again. Two contents never have one key.
pub(crate) fn key(secret: &Secret<32>, id: &[u8; 16], content: &[u8]) -> Secret<32> {
    let said = Zeroizing::new(hash(&[labels::BLOB_CONTENT, content]));
    Prk::extract(secret.expose(), &[&*said]).expand(&[labels::BLOB_MESSAGE, id])
}

/// Seals content once, for everybody who is given the reference. The key seals nothing else.
pub(crate) fn seal(key: Secret<32>, content: &[u8]) -> Result<(Reference, Vec<u8>), Error> {
    let key = Box::new(key);
    if content.len() > MAX_CONTENT {
        return Err(Error::BadArgument);
    }
    let padded_length = Padding::Buckets.length(content.len());
    let mut padded = Zeroizing::new(Vec::with_capacity(padded_length));
    padded.extend_from_slice(content);
    padded.push(0x80);
    padded.resize(padded_length, 0);

    let (sealing_key, front) = keys(&key);
    let blob = [front.as_slice(), &seal_once(sealing_key, &front, &padded)?].concat();
    let length = u64::try_from(content.len()).map_err(|_| Error::BadArgument)?;
    Ok((Reference { key, hash: hash(&[&blob]), length }, blob))
}

/// The key that seals the content, and what stands before it.
fn keys(key: &Secret<32>) -> (Secret<32>, [u8; FRONT]) {
    let prk = Prk::extract(labels::BLOB_KEY, &[key.expose()]);
    let commitment = prk.expand::<32>(&[labels::BLOB_COMMITMENT]);
    let mut front = [0; FRONT];
    let parts = [wire::VERSION, wire::BLOB].iter().chain(commitment.expose());
    for (to, from) in front.iter_mut().zip(parts) {
        *to = *from;
    }
    (prk.expand(&[labels::BLOB_SEAL]), front)
}

impl Reference {
    /// The content of the blob that this reference was made with.
    pub(crate) fn open(&self, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        // The length bounds what a stranger's bytes cost: it was bounded when it was read.
        let length = usize::try_from(self.length).map_err(|_| Error::Forged)?;
        let padded = Padding::Buckets.length(length);
        let expected = FRONT.saturating_add(padded).saturating_add(TAG);
        if blob.len() != expected || !same(&hash(&[blob]), &self.hash) {
            return Err(Error::Forged);
        }
        let (front, sealed) = blob.split_first_chunk::<FRONT>().ok_or(Error::Forged)?;
        let (sealing_key, ours) = keys(&self.key);
        // AES-GCM alone opens one text under two keys, if its sender so wishes.
        if !same(front, &ours) {
            return Err(Error::Forged);
        }
        let mut content = open_once(sealing_key, front, sealed).map_err(|_| Error::Forged)?;
        if content_length(&content)? != length {
            return Err(Error::Forged);
        }
        content.truncate(length);
        Ok(content)
    }

    /// The hash of the blob, which names all its bytes.
    pub(crate) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Length of the content in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// A second reference to the same blob: the letter that holds the first one is gone before the
    /// blob is there.
    pub(crate) fn duplicate(&self) -> Self {
        Self { key: Box::new(self.key.duplicate()), hash: self.hash, length: self.length }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.key.expose());
        writer.raw(&self.hash);
        writer.u64(self.length);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let key = Box::new(Secret::copy(reader.array()?));
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
mod tests {
    use alloc::vec;

    use super::*;
    use crate::primitives::collision;
    use crate::primitives::work;

    fn sealed(content: &[u8]) -> (Reference, Vec<u8>) {
        seal(Secret::copy(&[7; 32]), content).unwrap()
    }

    /// The reference to this very blob that a sender makes who does what it likes.
    fn refer(key: [u8; 32], blob: &[u8], length: u64) -> Reference {
        Reference { key: Box::new(Secret::copy(&key)), hash: hash(&[blob]), length }
    }

    fn error(reference: &Reference, blob: &[u8]) -> Option<Error> {
        reference.open(blob).err()
    }

    #[test]
    fn a_content_of_any_length_comes_back() {
        for length in [0, 1, 31, 32, 33, 6143, 6144, 70_000, MAX_CONTENT] {
            let content = vec![0x80; length];
            let (reference, blob) = sealed(&content);
            assert_eq!(blob.len(), FRONT + Padding::Buckets.length(length) + TAG);
            assert!(*reference.open(&blob).unwrap() == content, "{length}");
        }
    }

    #[test]
    fn a_content_longer_than_the_maximum_is_not_sealed() {
        let error = seal(Secret::copy(&[7; 32]), &vec![0; MAX_CONTENT + 1]).err();
        assert_eq!(error, Some(Error::BadArgument));
    }

    #[test]
    fn no_byte_of_a_blob_can_be_changed() {
        let (reference, blob) = sealed(b"large enough");
        for at in 0..blob.len() {
            let mut altered = blob.clone();
            altered[at] ^= 1;
            let (found, work) = work::of(|| error(&reference, &altered));
            assert_eq!(found, Some(Error::Forged), "{at}");
            assert_eq!(work.open, 0, "the hash is checked first");
        }
    }

    #[test]
    fn a_blob_cut_at_any_length_or_lengthened_is_forged() {
        let (reference, mut blob) = sealed(b"large enough");
        for length in 0..blob.len() {
            assert_eq!(error(&reference, &blob[..length]), Some(Error::Forged), "{length}");
        }
        blob.push(0);
        assert_eq!(error(&reference, &blob), Some(Error::Forged));
    }

    #[test]
    fn behind_a_hash_that_holds_every_byte_still_decides() {
        let (genuine, blob) = sealed(b"large enough");
        for at in 0..blob.len() {
            let mut altered = blob.clone();
            altered[at] ^= 1;
            let reference = refer([7; 32], &altered, genuine.length);
            let (found, work) = work::of(|| error(&reference, &altered));
            assert_eq!(found, Some(Error::Forged), "{at}");
            assert_eq!(work.open, u64::from(at >= FRONT), "{at}: the commitment is checked first");
        }
        assert!(refer([7; 32], &blob, genuine.length).open(&blob).is_ok());
    }

    #[test]
    fn a_length_other_than_the_contents_is_forged() {
        let (genuine, blob) = sealed(b"large enough");
        for length in (0..=40).chain([1 << 20]) {
            let found = error(&refer([7; 32], &blob, length), &blob);
            let expected = (length != genuine.length).then_some(Error::Forged);
            assert_eq!(found, expected, "{length}");
        }
    }

    /// A blob of this padded content, sealed as it should be otherwise.
    fn of_padded(padded: &[u8]) -> Vec<u8> {
        let (key, front) = keys(&Secret::copy(&[7; 32]));
        [&front, &seal_once(key, &front, padded).unwrap()[..]].concat()
    }

    #[test]
    fn padding_has_one_form() {
        let mut padded = [0; 32];
        padded[..3].copy_from_slice(b"hi\x80");
        let blob = of_padded(&padded);
        assert!(refer([7; 32], &blob, 2).open(&blob).is_ok());

        let longer = [&padded[..], &[0; 16]].concat();
        let (exact, zeros) = (&padded[..3], &[0; 32]);
        let mut two_markers = padded;
        two_markers[31] = 0x80;
        let mut other = padded;
        other[31] = 1;
        for padded in [&longer, exact, zeros, &two_markers, &other] {
            let blob = of_padded(padded);
            assert_eq!(error(&refer([7; 32], &blob, 2), &blob), Some(Error::Forged));
        }
    }

    #[test]
    fn a_recipient_who_seals_another_content_under_the_same_key_is_refused() {
        let (reference, blob) = sealed(b"pay one hundred");
        let (_, other) = sealed(b"pay one million");
        assert_eq!(other.len(), blob.len());
        assert_eq!(other[..FRONT], blob[..FRONT], "the commitment is to the key, and it is one");
        assert_eq!(error(&reference, &other), Some(Error::Forged));
    }

    #[test]
    fn a_blob_that_opens_under_two_keys_is_refused_under_one() {
        let one = [7; 32];
        let (one_sealing, front) = keys(&Secret::copy(&one));
        let pairs = (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| [a, b]));
        let (other, other_sealing, text) = pairs
            .map(|[a, b]| [[a; 16], [b; 16]].concat().try_into().unwrap())
            .find_map(|other| {
                let (key, _) = keys(&Secret::copy(&other));
                let text = collision::of(&one_sealing, &key, &front, 0x80)?;
                Some((other, key, text))
            })
            .unwrap();
        // AES-GCM takes it under both keys, with good padding and two contents.
        let contents = [one_sealing, other_sealing].map(|key| {
            let opened = open_once(key, &front, &text).unwrap();
            assert_eq!(content_length(&opened), Ok(31));
            opened
        });
        assert!(contents[0] != contents[1]);

        let blob = [&front[..], &text].concat();
        assert!(*refer(one, &blob, 31).open(&blob).unwrap() == contents[0][..31]);
        assert_eq!(error(&refer(other, &blob, 31), &blob), Some(Error::Forged));
    }
}
