//! Files that other implementations of the primitives have sealed: `known_answers.py` says how.

use alloc::format;
use alloc::vec::Vec;

use super::{content, read, sealed};
use crate::primitives::kdf::hash;
use crate::signal::media::MediaKind;
use crate::signal::media::keys::Keys;
use crate::signal::tests::hex;

const ANSWERS: &str = include_str!("known_answers.txt");

fn bytes(name: &str) -> Vec<u8> {
    let mut lines = ANSWERS.lines().filter_map(|line| line.split_once(" = "));
    hex(lines.find(|(at, _)| *at == name).unwrap().1)
}

fn key() -> [u8; 32] {
    bytes("key").try_into().unwrap()
}

#[test]
fn a_file_of_each_kind_is_what_others_make_of_it() {
    let boat = b"a picture of a boat";
    let kinds = [
        ("Image", MediaKind::Image),
        ("Video", MediaKind::Video),
        ("Audio", MediaKind::Audio),
        ("Document", MediaKind::Document),
        ("Link Thumbnail", MediaKind::LinkThumbnail),
    ];
    for (name, kind) in kinds {
        let (stored, reference) = sealed(kind, &key(), boat);
        assert_eq!(stored, bytes(&format!("sealed {name}")));
        assert_eq!((reference.kind(), *reference.key()), (kind, key()));
        assert_eq!(reference.content_hash(), hash(&[boat]));
        assert_eq!(reference.sealed_hash(), hash(&[&stored]));
        assert_eq!(read(&reference, &stored).unwrap(), boat);
    }
}

#[test]
fn a_file_of_any_length_is_what_others_make_of_it() {
    for length in [1, 15, 16, 17, 65_535, 65_536, 65_537, 65_556, 131_072, 200_000] {
        let (stored, reference) = sealed(MediaKind::Video, &key(), &content(length));
        assert_eq!(reference.content_hash()[..], bytes(&format!("content hash {length}")));
        assert_eq!(reference.sealed_hash()[..], bytes(&format!("sealed hash {length}")));
        assert_eq!(reference.sealed_hash(), hash(&[&stored]));
        assert_eq!(reference.sealed_length(), u64::try_from(stored.len()).unwrap());
        assert_eq!(read(&reference, &stored).unwrap(), content(length));
    }
}

#[test]
fn the_example_of_the_page_is_this() {
    let page = include_str!("../../../../spec/third-party.md");
    let (stored, reference) = sealed(MediaKind::Image, &key(), b"a picture of a boat");
    let keys = Keys::derive(&reference.key, MediaKind::Image);
    let digits =
        |word: &&str| word.len() >= 20 && word.chars().all(|char| char.is_ascii_hexdigit());
    let shown: Vec<_> = page.split_whitespace().filter(digits).map(hex).collect();
    let values: [&[u8]; 8] = [
        &key(),
        &keys.iv,
        keys.cipher.expose(),
        keys.mac.expose(),
        &stored[..32],
        &stored[32..],
        &reference.content_hash(),
        &reference.sealed_hash(),
    ];
    for value in values {
        assert!(shown.iter().any(|shown| shown == value), "{value:02x?}");
    }
}
