//! Known answers: what clients of others made, by name.

use alloc::vec::Vec;

const ANSWERS: &str = include_str!("known_answers.txt");

/// Returns the text of an answer.
pub(crate) fn text(name: &str) -> &'static str {
    let mut lines = ANSWERS.lines().filter_map(|line| line.split_once(" = "));
    lines.find(|(at, _)| *at == name).map(|(_, text)| text).unwrap_or_else(|| panic!("no {name}"))
}

/// Returns the bytes of an answer.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let digits: Vec<_> = text(name).chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

/// Returns the bytes of an answer of a fixed length.
pub(crate) fn array<const N: usize>(name: &str) -> [u8; N] {
    bytes(name).try_into().unwrap_or_else(|_| panic!("{name} has another length"))
}
