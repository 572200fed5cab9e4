//! Known answers: what clients of others made, by name.

use alloc::vec::Vec;

const ANSWERS: &str = include_str!("known_answers.txt");

/// Returns the text of an answer.
pub(crate) fn text(name: &str) -> &'static str {
    let mut lines = ANSWERS.lines().filter_map(|line| line.split_once(" = "));
    lines.find(|(at, _)| *at == name).map_or_else(|| panic!("no {name}"), |(_, text)| text)
}

/// Returns the bytes of an answer.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    super::hex(text(name))
}

/// Returns the bytes of an answer of a fixed length.
pub(crate) fn array<const N: usize>(name: &str) -> [u8; N] {
    bytes(name).try_into().unwrap_or_else(|_| panic!("{name} has another length"))
}
