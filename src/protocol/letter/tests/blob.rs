use alloc::vec;

use super::*;
use crate::primitives::tests::gcm_collision;
use crate::primitives::tests::op_count;

fn sealed(content: &[u8]) -> (Reference, Vec<u8>) {
    seal(Secret::copy(&[7; 32]), content).unwrap()
}

/// Makes a reference to this very blob, as a sender may who does what it likes.
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
        assert_eq!(blob.len(), AD + Padding::Buckets.length(length) + TAG);
        assert!(*reference.open(&blob).unwrap() == content, "{length}");
    }
}

#[test]
fn a_content_longer_than_the_maximum_is_not_sealed() {
    let error = seal(Secret::copy(&[7; 32]), &vec![0; MAX_CONTENT + 1]).err();
    assert_eq!(error, Some(Error::ContentTooLong));
}

#[test]
fn no_byte_of_a_blob_can_be_changed() {
    let (reference, blob) = sealed(b"large enough");
    for at in 0..blob.len() {
        let mut altered = blob.clone();
        altered[at] ^= 1;
        let (found, work) = op_count::of(|| error(&reference, &altered));
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
        let (found, work) = op_count::of(|| error(&reference, &altered));
        assert_eq!(found, Some(Error::Forged), "{at}");
        assert_eq!(work.open, u64::from(at >= AD), "{at}: the commitment is checked first");
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

/// Makes a blob of this padded content, well sealed otherwise.
fn of_padded(padded: &[u8]) -> Vec<u8> {
    let (key, ad) = keys(&Secret::copy(&[7; 32]));
    [&ad, &seal_once(key, &ad, padded).unwrap()[..]].concat()
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
    assert_eq!(other[..AD], blob[..AD], "the commitment is to the key, and it is one");
    assert_eq!(error(&reference, &other), Some(Error::Forged));
}

#[test]
fn a_blob_that_opens_under_two_keys_is_refused_under_one() {
    let one = [7; 32];
    let (one_sealing, ad) = keys(&Secret::copy(&one));
    let pairs = (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| [a, b]));
    let (other, other_sealing, text) = pairs
        .map(|[a, b]| [[a; 16], [b; 16]].concat().try_into().unwrap())
        .find_map(|other| {
            let (key, _) = keys(&Secret::copy(&other));
            let text = gcm_collision::of(&one_sealing, &key, &ad, 0x80)?;
            Some((other, key, text))
        })
        .unwrap();
    // AES-GCM takes it under both keys, with good padding and two contents.
    let contents = [one_sealing, other_sealing].map(|key| {
        let opened = open_once(key, &ad, &text).unwrap();
        assert_eq!(content_length(&opened), Ok(31));
        opened
    });
    assert!(contents[0] != contents[1]);

    let blob = [&ad[..], &text].concat();
    assert!(*refer(one, &blob, 31).open(&blob).unwrap() == contents[0][..31]);
    assert_eq!(error(&refer(other, &blob, 31), &blob), Some(Error::Forged));
}
