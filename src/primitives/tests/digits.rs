//! Digits from bytes, from people, and from a state.
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use super::Digits;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::Secret;

#[test]
fn each_digit_is_64_bits_of_its_own_modulo_ten() {
    let mut drawn = [0; 48];
    for (place, number) in [0, 9, 10, 123_456_789, u64::MAX, 1 << 63].into_iter().enumerate() {
        drawn.chunks_mut(8).nth(place).unwrap().copy_from_slice(&number.to_be_bytes());
    }
    assert_eq!(*Digits::of(&Secret::copy(&drawn)).text(), "090958");
}

#[test]
fn digits_are_compared_in_all_their_places() {
    let digits = |text| Digits::parse(text).unwrap();
    assert!(digits("123456").are(&digits("123456")));
    for other in ["023456", "103456", "120456", "123056", "123406", "123450"] {
        assert!(!digits("123456").are(&digits(other)), "{other}");
    }
}

#[test]
fn a_state_holds_digits_and_nothing_else_in_their_place() {
    let mut writer = Writer::new();
    Digits::parse("008290").unwrap().write(&mut writer);
    assert_eq!(*Reader::all(writer.written(), Digits::read).unwrap().text(), "008290");
    for bytes in [b"00829", &b"00829a"[..], b"0082900", b"\xff08290"] {
        assert_eq!(Reader::all(bytes, Digits::read).err(), Some(Error::Malformed));
    }
}
