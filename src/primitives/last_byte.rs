//! The last byte of a text that is not zero, found in time that depends on the length of the text alone.
//!
//! The text is walked from its end, by blocks, by the words of the last block with something in it, and by the
//! bytes of the last such word. All of it is read, and what is looked for is kept by masks. A compiler that knows
//! a mask to be all ones or all zeros makes a branch of it, so each goes through a barrier. A barrier is a
//! request: the gate's step `constant_time` looks at what was compiled.
#![expect(clippy::inline_always, reason = "it is one function, and what it calls is not followed")]

use core::hint::black_box;

const WORD: usize = 8;

/// Number of bytes that share one mask.
const BLOCK: usize = 128;

/// A walk over items from the last to the first, and the first one on it that is not zero.
#[derive(Clone, Copy)]
struct Walk {
    /// Ones while nothing but zeros was seen, then zeros.
    ahead: u64,
    item: u64,
    place: u64,
}

impl Walk {
    const fn new() -> Self {
        Self { ahead: u64::MAX, item: 0, place: 0 }
    }

    /// Passes an item; returns ones if it is the one that is looked for, else zeros.
    #[inline(always)]
    fn pass(&mut self, item: u64) -> u64 {
        let is_some = black_box((item | item.wrapping_neg()).wrapping_shr(63));
        let here = 0_u64.wrapping_sub(is_some) & self.ahead;
        self.ahead &= is_some.wrapping_sub(1);
        here
    }

    #[inline(always)]
    fn take(&mut self, item: u64, place: u64) {
        let here = self.pass(item);
        self.item |= item & here;
        self.place |= place & here;
    }

    /// Walks words that end in front of place `end`.
    #[inline(always)]
    fn words(&mut self, words: &[[u8; WORD]], mut end: u64) {
        for word in words.iter().rev() {
            end = end.wrapping_sub(length(word));
            self.take(u64::from_le_bytes(*word), end);
        }
    }

    /// Walks blocks that begin at place 0. What it finds is a block, and its place.
    #[inline(always)]
    fn blocks(mut self, blocks: &[[u8; BLOCK]], mut end: u64) -> ([u8; BLOCK], u64) {
        let (mut found, mut begins) = ([0; BLOCK], 0);
        for block in blocks.iter().rev() {
            end = end.wrapping_sub(length(block));
            let here = self.pass(u64::from(block.iter().fold(0, |any, byte| any | byte)));
            let [mask, ..] = here.to_le_bytes();
            for (kept, byte) in found.iter_mut().zip(block) {
                *kept |= byte & mask;
            }
            begins |= end & here;
        }
        (found, begins)
    }
}

/// Returns the place of the last byte that is not zero, and that byte; zeros if there is none.
// Not inlined, so that what the gate looks at is what runs.
#[inline(never)]
pub(crate) fn last_byte(text: &[u8]) -> (u64, u8) {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let (words, bytes) = rest.as_chunks::<WORD>();
    let end = length(text).wrapping_sub(length(bytes));
    let mut walk = Walk::new();
    walk.take(bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)), end);
    walk.words(words, end);
    if !blocks.is_empty() {
        let (block, begins) = walk.blocks(blocks, end.wrapping_sub(length(words.as_flattened())));
        walk.words(block.as_chunks().0, begins.wrapping_add(length(&block)));
    }
    let mut end = walk.place.wrapping_add(length(&[0; WORD]));
    let mut byte = Walk::new();
    for item in walk.item.to_be_bytes() {
        end = end.wrapping_sub(1);
        byte.take(u64::from(item), end);
    }
    let [found, ..] = byte.item.to_le_bytes();
    (byte.place, found)
}

/// Counts bytes that lie in memory, of which there are fewer than 2^64.
#[inline(always)]
fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "tests/last_byte.rs"]
mod tests;
