#![allow(clippy::arithmetic_side_effects, reason = "an overflow is a failed test")]
use super::*;

/// The counter wrap tests of RFC 8452, appendix C.3, which have a key and a nonce of zeros: text and result.
const OF_THE_STANDARD: [[&str; 2]; 2] = [
    [
        "000000000000000000000000000000004db923dc793ee6497c76dcc03a98e108",
        "f3f80f2cf0cb2dd9c5984fcda908456cc537703b5ba70324a6793a7bf218d3eaffffffff000000000000000000000000",
    ],
    [
        "eb3640277c7ffd1303c7a542d02d3e4c0000000000000000",
        "18ce4f0b8cb4d0cac65fea8f79257b20888e53e72299e56dffffffff000000000000000000000000",
    ],
];

#[test]
fn a_text_is_sealed_as_the_standard_says() {
    let key = Secret::copy(&[0; 32]);
    for [text, result] in OF_THE_STANDARD.map(|row| row.map(hex)) {
        assert_eq!(seal_once(&key, &text).unwrap(), result);
        assert_eq!(*open_once(&key, &result).unwrap(), text);
    }
}

#[test]
fn an_altered_text_is_refused() {
    let key = Secret::copy(&[1; 32]);
    let sealed = seal_once(&key, b"a text").unwrap();
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert_eq!(open_once(&key, &altered).err(), Some(Error::Forged));
    }
    assert_eq!(open_once(&key, &sealed[..TAG - 1]).err(), Some(Error::Malformed));
    assert_eq!(open_once(&Secret::copy(&[2; 32]), &sealed).err(), Some(Error::Forged));
}

fn hex(text: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}
