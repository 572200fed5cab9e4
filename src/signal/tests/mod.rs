//! Tests of what other messengers speak, and what they share.
#![allow(clippy::arithmetic_side_effects, reason = "an overflow is a failed test")]

mod conversation;
mod costs;
mod envelopes;
mod faces;
mod frozen;
mod groups;
pub(crate) mod known_answers;
mod own_devices;
pub(crate) mod policy;
mod sessions;
pub(super) mod world;

use alloc::vec::Vec;

/// Reads hexadecimal digits.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}
