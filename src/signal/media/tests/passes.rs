//! The second pass: stores that change what they give, and senders who contradict themselves.

use alloc::vec::Vec;

use super::{KEY, content, fetch, open, saying, sealed, verify};
use crate::attachment::{PIECE, Progress};
use crate::error::Error;
use crate::primitives::kdf::hash;
use crate::signal::media::MediaKind;

const KIND: MediaKind = MediaKind::Video;

/// Four pieces, the last one short.
const LENGTH: usize = 3 * PIECE + 100;

#[test]
fn a_store_that_lies_in_the_second_pass_is_found_before_a_byte_is_given_out() {
    let (stored, reference) = sealed(KIND, &KEY, &content(LENGTH));
    for place in [0, 40_000, PIECE - 1, PIECE, 2 * PIECE + 9, 3 * PIECE, 3 * PIECE + 111] {
        let mut altered = stored.clone();
        altered[place] ^= 1;
        let mut opener = verify(&reference, &stored).unwrap();
        let (before, end) = open(&mut opener, &altered);
        assert_eq!(end, Err(Error::Forged));
        assert_eq!(before, content(LENGTH)[..place / PIECE * PIECE]);
        // It was not decrypted, and the honest bytes can be given afterwards.
        let lie = fetch(&altered, &opener.wants().unwrap());
        let mut piece = lie.clone();
        assert_eq!(opener.open(&mut piece), Err(Error::Forged));
        assert_eq!(piece, lie);
        let (rest, end) = open(&mut opener, &stored);
        assert_eq!((rest, end), (content(LENGTH)[before.len()..].to_vec(), Ok(())));
        assert!(opener.is_finished());
    }
}

#[test]
fn another_file_of_the_same_key_is_found_in_the_second_pass() {
    let (stored, reference) = sealed(KIND, &KEY, &content(LENGTH));
    let mut text = content(LENGTH);
    text[PIECE] ^= 1;
    let (other, of_other) = sealed(KIND, &KEY, &text);
    assert!(verify(&of_other, &other).is_ok());
    let (before, end) = open(&mut verify(&reference, &stored).unwrap(), &other);
    assert_eq!((before, end), (content(PIECE), Err(Error::Forged)));
}

#[test]
fn pieces_that_change_places_in_the_second_pass_are_refused() {
    let (stored, reference) = sealed(KIND, &KEY, &content(LENGTH));
    let mut swapped = stored.clone();
    swapped[..2 * PIECE].rotate_left(PIECE);
    let mut opener = verify(&reference, &stored).unwrap();
    let (before, end) = open(&mut opener, &swapped);
    assert_eq!((before, end), (Vec::new(), Err(Error::Forged)));
    let mut doubled = stored.clone();
    doubled.copy_within(..PIECE, PIECE);
    let (before, end) = open(&mut opener, &doubled);
    assert_eq!((before, end), (content(PIECE), Err(Error::Forged)));
}

#[test]
fn a_store_that_gives_less_or_more_in_the_second_pass_changes_nothing() {
    let (stored, reference) = sealed(KIND, &KEY, &content(LENGTH));
    let mut opener = verify(&reference, &stored).unwrap();
    let mut longer = stored[..=PIECE].to_vec();
    assert_eq!(opener.open(&mut longer), Err(Error::Forged));
    for length in [0, 1, PIECE - 16, PIECE - 1] {
        let mut shorter = stored[..length].to_vec();
        assert_eq!(opener.open(&mut shorter), Err(Error::Forged));
    }
    assert_eq!(open(&mut opener, &stored), (content(LENGTH), Ok(())));
}

#[test]
fn a_content_that_is_not_the_one_of_the_reference_is_told_at_the_end() {
    for length in [19, PIECE, LENGTH] {
        let (stored, reference) = sealed(KIND, &KEY, &content(length));
        let named = saying(&reference, reference.length().unwrap(), [7; 32], hash(&[&stored]));
        let mut opener = verify(&named, &stored).unwrap();
        for _ in 0..2 {
            let (_, end) = open(&mut opener, &stored);
            assert_eq!(end, Err(Error::ContentMismatch));
            assert!(!opener.is_finished());
        }
        let mut last = fetch(&stored, &opener.wants().unwrap());
        assert_eq!(opener.open(&mut last), Err(Error::ContentMismatch));
        assert!(last.iter().all(|byte| *byte == 0));
    }
}

#[test]
fn an_opener_tells_how_far_it_is() {
    let (stored, reference) = sealed(KIND, &KEY, &content(2 * PIECE));
    let mut opener = verify(&reference, &stored).unwrap();
    let mut seen = Vec::new();
    while let Some(range) = opener.wants() {
        let given = opener.open(&mut fetch(&stored, &range)).unwrap().len();
        let Progress { position, end, .. } = opener.progress();
        seen.push((given, position, end));
    }
    let [one, all] = [1, 2].map(|pieces| pieces * 65_536);
    // Behind content that fills its last piece, a piece of padding stands alone.
    assert_eq!(seen, [(PIECE, one, all), (PIECE, all, all), (0, all, all)]);
}
