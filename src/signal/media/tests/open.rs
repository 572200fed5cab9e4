//! The first pass: files that are not what their reference names.

use alloc::vec::Vec;

use super::{KEY, content, fetch, read, saying, sealed, verify};
use crate::error::Error;
use crate::primitives::aes_cbc::encrypt_blocks;
use crate::primitives::kdf::hash;
use crate::primitives::secret::Secret;
use crate::signal::media::keys::{Keys, cut};
use crate::signal::media::{MediaKind, MediaReference, MediaVerifier};

const KIND: MediaKind = MediaKind::Image;

/// Seals what stands before the padding and the padding itself as they are given: with the right keys and MAC, and a
/// reference that says `length` of it, and names the first bytes of it as the content.
fn sealed_as_told(padded: &[u8], length: usize) -> (Vec<u8>, MediaReference) {
    let keys = Keys::derive(&Secret::copy(&KEY), KIND);
    let mut stored = padded.to_vec();
    encrypt_blocks(&keys.cipher, &mut { keys.iv }, stored.as_chunks_mut().0);
    let mut mac = keys.mac();
    mac.update(&stored);
    stored.extend_from_slice(&cut(&mac));
    let content = hash(&[&padded[..length]]);
    let length = u64::try_from(length).unwrap();
    let named = MediaReference::new(KIND, &KEY, length, &content, &hash(&[&stored]));
    (stored, named.unwrap())
}

#[test]
fn an_altered_byte_is_refused_before_anything_is_decrypted() {
    let (stored, reference) = sealed(KIND, &KEY, b"a picture of a boat");
    for place in 0..stored.len() {
        for bit in 0..8 {
            let mut altered = stored.clone();
            altered[place] ^= 1 << bit;
            assert_eq!(verify(&reference, &altered).unwrap_err(), Error::Forged);
        }
    }
    let (stored, reference) = sealed(KIND, &KEY, &content(150_000));
    for place in (0..stored.len()).step_by(7919).chain(65_530..65_540) {
        let mut altered = stored.clone();
        altered[place] ^= 0x80;
        assert_eq!(verify(&reference, &altered).unwrap_err(), Error::Forged);
    }
}

#[test]
fn a_file_that_ends_anywhere_before_its_end_is_refused() {
    let (stored, reference) = sealed(KIND, &KEY, &content(65_550));
    for end in (0..stored.len()).rev().step_by(4099).chain(65_500..stored.len()) {
        assert_eq!(verify(&reference, &stored[..end]).unwrap_err(), Error::Forged);
    }
    // A reader that stops in between, at the end of a piece.
    for pieces in 0..3 {
        let mut verifier = MediaVerifier::new(&reference);
        for _ in 0..pieces {
            let range = verifier.wants().unwrap();
            verifier.verify(&fetch(&stored, &range)).unwrap();
        }
        assert_eq!(verifier.finish().unwrap_err(), Error::Forged);
    }
}

#[test]
fn bytes_behind_the_end_are_never_asked_for_and_refused_if_given() {
    let (stored, reference) = sealed(KIND, &KEY, &content(65_550));
    let mut verifier = MediaVerifier::new(&reference);
    while let Some(range) = verifier.wants() {
        assert!(range.end <= reference.sealed_length());
        let mut piece = fetch(&stored, &range);
        piece.push(0);
        assert_eq!(verifier.verify(&piece), Err(Error::Forged));
        piece.pop();
        verifier.verify(&piece).unwrap();
    }
    assert_eq!(verifier.verify(&[0]), Err(Error::Forged));
    assert_eq!(verifier.verify(&[]), Ok(()));
    assert_eq!(verifier.progress().position, reference.sealed_length());
    let mut opener = verifier.finish().unwrap();
    let (given, end) = super::open(&mut opener, &stored);
    assert_eq!((given, end), (content(65_550), Ok(())));
    assert_eq!(opener.open(&mut [0]), Err(Error::Forged));
    assert_eq!(opener.open(&mut []), Ok(&[][..]));
    assert!(opener.is_finished());
}

#[test]
fn files_of_two_references_are_not_exchanged() {
    let (one, of_one) = sealed(KIND, &KEY, b"a picture of a boat");
    let (other, of_other) = sealed(KIND, &[6; 32], b"a picture of a boat");
    assert_eq!(read(&of_one, &other), Err(Error::Forged));
    assert_eq!(read(&of_other, &one), Err(Error::Forged));
}

#[test]
fn a_file_taken_for_one_of_another_kind_opens_nowhere() {
    let kinds =
        [KIND, MediaKind::Video, MediaKind::Audio, MediaKind::Document, MediaKind::LinkThumbnail];
    for kind in kinds {
        let (stored, reference) = sealed(kind, &KEY, b"a picture of a boat");
        for other in kinds.into_iter().filter(|other| *other != kind) {
            let mut posed = saying(&reference, 19, reference.content_hash, reference.sealed_hash);
            posed.kind = other;
            assert_eq!(verify(&posed, &stored).unwrap_err(), Error::Forged);
        }
    }
}

#[test]
fn a_holder_of_the_key_cannot_put_another_file_under_the_reference() {
    let (_, reference) = sealed(KIND, &KEY, b"a picture of a boat");
    let (other, of_other) = sealed(KIND, &KEY, b"a picture of a goat");
    // Its MAC holds, and so does everything but the hash.
    assert_eq!(read(&of_other, &other).unwrap(), b"a picture of a goat");
    assert_eq!(verify(&reference, &other).unwrap_err(), Error::Forged);
}

#[test]
fn a_file_whose_mac_does_not_hold_is_refused_although_its_hash_does() {
    let (stored, reference) = sealed(KIND, &KEY, b"a picture of a boat");
    for place in 0..stored.len() {
        let mut altered = stored.clone();
        altered[place] ^= 1;
        let named = saying(&reference, 19, reference.content_hash, hash(&[&altered]));
        assert_eq!(verify(&named, &altered).unwrap_err(), Error::Forged);
    }
}

#[test]
fn a_padding_of_the_senders_own_is_told_when_the_last_piece_is_opened() {
    let text = b"a picture of a boat";
    let good = [&text[..], &[13; 13]].concat();
    let (stored, reference) = sealed_as_told(&good, 19);
    assert_eq!(read(&reference, &stored).unwrap(), text);
    let mut wrong = [[13; 13], [0; 13], [1; 13], [17; 13], [16; 13]].map(|padding| {
        let mut padded = text.to_vec();
        padded.extend_from_slice(&padding);
        padded
    });
    // One byte of the right padding is another one.
    wrong[0][20] = 12;
    for padded in wrong {
        let (stored, reference) = sealed_as_told(&padded, 19);
        assert_eq!(read(&reference, &stored), Err(Error::ContentMismatch));
    }
}

#[test]
fn a_length_that_the_padding_does_not_have_is_told() {
    let padded = [&b"a picture of a boat"[..], &[13; 13]].concat();
    for length in [16, 18, 20, 31] {
        let (stored, reference) = sealed_as_told(&padded, length);
        assert_eq!(read(&reference, &stored), Err(Error::ContentMismatch));
    }
    // Another number of blocks is another length of the file.
    let (stored, reference) = sealed_as_told(&padded, 15);
    assert_eq!(verify(&reference, &stored).unwrap_err(), Error::Forged);
}
