use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use super::{KEY, content, drive, read, sealed, sealer};
use crate::attachment::{PIECE, Progress};
use crate::error::Error;
use crate::primitives::kdf::Prk;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::labels;
use crate::signal::media::layout::MediaLayout;
use crate::signal::media::{MAX_MEDIA_LENGTH, MediaKind, MediaReference};
use crate::signal::tests::world::{ADA, GRACE, NOW, client};
use crate::signal::{Client, Version};
use crate::storage::State;

const KIND: MediaKind = MediaKind::Document;

fn ada() -> Client {
    client(ADA, Version::V3, &mut TestRng::new(1))
}

/// Seals a file whose key is drawn from a generator that is at its beginning.
fn key_of(client: &Client, kind: MediaKind, length: usize, now: u64) -> [u8; 32] {
    let bytes = u64::try_from(length).unwrap();
    let mut sealer = client.seal_media(kind, bytes, now, &mut TestRng::new(9)).unwrap();
    drive(&mut sealer, &content(length));
    *sealer.reference().unwrap().key()
}

#[test]
fn a_generator_that_repeats_gives_a_key_twice_for_the_same_alone() {
    let (mut ada, mut grace) = (ada(), client(GRACE, Version::V3, &mut TestRng::new(2)));
    let mut keys = Vec::new();
    for (kind, length, now) in
        [(KIND, 5, NOW), (MediaKind::Image, 5, NOW), (KIND, 6, NOW), (KIND, 5, NOW + 1)]
    {
        keys.push(key_of(&ada, kind, length, now));
    }
    assert_eq!(keys[0], key_of(&ada, KIND, 5, NOW));
    keys.push(key_of(&grace, KIND, 5, NOW));
    for client in [&mut ada, &mut grace] {
        client.expire(NOW).apply();
        keys.push(key_of(client, KIND, 5, NOW));
    }
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn every_file_has_a_key_of_its_own() {
    let (ada, mut rng) = (ada(), TestRng::new(9));
    let mut files = [(); 2].map(|()| {
        let mut sealer = ada.seal_media(KIND, 5, NOW, &mut rng).unwrap();
        (drive(&mut sealer, b"alike"), *sealer.reference().unwrap().key())
    });
    let [one, other] = &mut files;
    assert!(one.0 != other.0 && one.1 != other.1);
}

#[test]
fn the_key_follows_from_what_the_page_says() {
    use rand_core::Rng;
    let ada = ada();
    let mut random = [0; 32];
    TestRng::new(9).fill_bytes(&mut random);
    let prk = Prk::extract(ada.inner.keys.identity().seed().expose(), &[&random]);
    let key = prk.expand::<32>(&[
        labels::SIGNAL_MEDIA_KEY,
        b"WhatsApp Document Keys",
        &5_u64.to_be_bytes(),
        &ada.anchor().to_bytes(),
        &NOW.to_be_bytes(),
    ]);
    assert_eq!(key_of(&ada, KIND, 5, NOW), *key.expose());
}

#[test]
fn a_file_that_is_empty_or_too_long_is_not_begun() {
    let (ada, mut rng) = (ada(), TestRng::new(9));
    let mut begin = |length| ada.seal_media(KIND, length, NOW, &mut rng).map(|_| ());
    assert_eq!(begin(0), Err(Error::NotAllowed));
    assert_eq!(begin(MAX_MEDIA_LENGTH), Ok(()));
    assert_eq!(begin(MAX_MEDIA_LENGTH + 1), Err(Error::ContentTooLong));
    assert_eq!(begin(u64::MAX), Err(Error::ContentTooLong));
}

#[test]
fn a_reference_of_wrong_lengths_is_none() {
    let make = |key: usize, length, content: usize, sealed: usize| {
        let [key, content, sealed] = [key, content, sealed].map(|length| alloc::vec![1; length]);
        MediaReference::new(KIND, &key, length, &content, &sealed).map(|_| ())
    };
    assert_eq!(make(32, 1, 32, 32), Ok(()));
    assert_eq!(make(32, MAX_MEDIA_LENGTH, 32, 32), Ok(()));
    for length in [0, MAX_MEDIA_LENGTH + 1, u64::MAX] {
        assert_eq!(make(32, length, 32, 32), Err(Error::Malformed));
    }
    for wrong in [0, 31, 33] {
        assert_eq!(make(wrong, 1, 32, 32), Err(Error::Malformed));
        assert_eq!(make(32, 1, wrong, 32), Err(Error::Malformed));
        assert_eq!(make(32, 1, 32, wrong), Err(Error::Malformed));
    }
}

#[test]
fn the_lengths_of_the_longest_file_follow_from_its_contents() {
    let layout = MediaLayout::new(MAX_MEDIA_LENGTH).unwrap();
    assert_eq!(layout.text(), 1 << 32);
    assert_eq!(layout.total(), (1 << 32) + 10);
    let last = (1 << 32) - 65_536..1 << 32;
    assert_eq!(layout.piece(last.start), Some(last.clone()));
    assert!(layout.is_last(&last) && layout.content_in(&last) == 65_535);
    assert_eq!(layout.piece_or_mac(1 << 32), Some(1 << 32..(1 << 32) + 10));
    assert_eq!(layout.piece_or_mac((1 << 32) + 10), None);
}

#[test]
fn the_content_of_a_file_without_a_length_ends_where_its_padding_says() {
    let without = |of: &MediaReference, sealed_length| {
        let hashes = [of.content_hash(), of.sealed_hash()];
        MediaReference::without_length(KIND, &*of.key(), sealed_length, &hashes[0], &hashes[1])
    };
    for length in (1..=40).chain([PIECE - 1, PIECE, PIECE + 1, PIECE + 16]) {
        let (stored, reference) = sealed(KIND, &KEY, &content(length));
        let named = without(&reference, reference.sealed_length()).unwrap();
        assert_eq!((named.length(), named.sealed_length()), (None, reference.sealed_length()));
        assert_eq!(read(&named, &stored).unwrap(), content(length));
        // What the store says of another length is refused before anything is decrypted.
        let longer = without(&reference, reference.sealed_length() + 16).unwrap();
        assert_eq!(read(&longer, &stored), Err(Error::Forged));
        let mut altered = stored.clone();
        altered[0] ^= 1;
        assert_eq!(read(&named, &altered), Err(Error::Forged));
        let other = reference.content_hash().map(|byte| !byte);
        let (key, sealed_hash) = (reference.key(), reference.sealed_hash());
        let length = reference.sealed_length();
        let other = MediaReference::without_length(KIND, &*key, length, &other, &sealed_hash);
        assert_eq!(read(&other.unwrap(), &stored), Err(Error::ContentMismatch));
    }
    let (_, reference) = sealed(KIND, &KEY, &content(5));
    for none in [0, 9, 10, 25, 27, 41, (1 << 32) + 26, u64::MAX] {
        assert_eq!(without(&reference, none).map(|_| ()), Err(Error::Malformed), "{none}");
    }
    assert!(without(&reference, (1 << 32) + 10).is_ok());
}

#[test]
fn a_sealer_tells_how_far_it_is_and_gives_its_reference_at_the_end() {
    let (mut sealer, mut buffer) = (sealer(KIND, &KEY, 100_000), Box::new([0; PIECE]));
    let mut seen = Vec::new();
    loop {
        let Progress { position, end, .. } = sealer.progress();
        seen.push((position, end, sealer.wants(), sealer.reference().is_some()));
        if sealer.seal(&mut buffer).is_none() {
            break;
        }
    }
    let all = 100_000;
    let expected = [
        (0, all, PIECE, false),
        (65_536, all, 34_464, false),
        (all, all, 0, false),
        (all, all, 0, true),
    ];
    assert_eq!(seen, expected);
    assert_eq!(sealer.sealed_length(), 100_026);
    assert!(sealer.seal(&mut buffer).is_none());
}

#[test]
fn nothing_that_is_printed_shows_the_key() {
    let (_, reference) = sealed(KIND, &KEY, b"a file");
    let shown = format!("{reference:?} {:?}", sealer(KIND, &KEY, 6));
    let expected = "MediaReference { kind: Document, sealed_length: 26, .. } \
        MediaSealer { kind: Document, progress: Progress { position: 0, end: 6 }, .. }";
    assert_eq!(shown, expected);
}
