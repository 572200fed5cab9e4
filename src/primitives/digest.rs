//! A keyed universal hash of two byte strings: POLYVAL (RFC 8452), over long texts behind NH (Black, Halevi,
//! Krawczyk, Krovetz and Rogaway, 1999).
//!
//! ```text
//! DIGEST(key, about, text) = POLYVAL(key[0..16], about ‖ zeros ‖ NH(unit 0) ‖ NH(unit 1) … ‖ rest ‖ zeros
//!                                                ‖ u64(|about|) ‖ u64(|text|))
//! NH(unit)                 = Σ (unit[2i] + k[2i]) · (unit[2i+1] + k[2i+1]), sums of words mod 2^64, Σ mod 2^128
//! ```
//!
//! `text` is cut into units of 128 bytes and a rest; unit and k = key[16..144] are 16 words of 8 bytes each.
//!
//! It is no MAC and no hash to be shown: whoever sees outputs computes the key, and whoever has the key makes
//! texts that agree. What it gives: two different inputs that were chosen without the key agree with probability
//! at most `2^-64 + n / 2^128`, and in their first 8 bytes with at most `(n + 1) / 2^64`, where n counts the
//! blocks that POLYVAL sees. `spec/README.md`, "DIGEST", says why, and why that is enough.

use core::array::from_ref;

use polyval::universal_hash::UniversalHash;
use polyval::{Block, Polyval};

use super::codec::concat;
use super::secret::Secret;

/// Length of a digest in bytes.
pub(crate) const DIGEST: usize = 16;

/// Length of a key in bytes.
pub(crate) const DIGEST_KEY: usize = 16 + UNIT;

/// Number of bytes that NH makes a block of. NH costs a third of POLYVAL, but a key as long as its unit.
const UNIT: usize = 128;

const WORD: usize = 8;

/// Number of blocks that are given to POLYVAL together.
const TOGETHER: usize = 4;

/// A key, made ready for one digest.
pub(crate) struct Digest<'a> {
    polyval: Polyval,
    pairs: &'a Pairs,
}

/// NH's words, by pairs.
type Pairs = [[[u8; WORD]; 2]; UNIT / WORD / 2];

impl<'a> Digest<'a> {
    pub(crate) fn new(key: &'a Secret<DIGEST_KEY>) -> Self {
        let (words, _) = key.expose().as_chunks();
        // There are nine pairs, so neither the first nor the others are missing.
        let (polyval, pairs) = words.as_chunks().0.split_first().unwrap_or((&[[0; WORD]; 2], &[]));
        let pairs = pairs.first_chunk().unwrap_or(&[[[0; WORD]; 2]; UNIT / WORD / 2]);
        let polyval = polyval.as_flattened().first_chunk().unwrap_or(&[0; 16]);
        Self { polyval: Polyval::new(polyval.into()), pairs }
    }

    /// Computes `DIGEST(key, about, text)`.
    pub(crate) fn of(self, about: &[u8], text: &[u8]) -> [u8; DIGEST] {
        let Self { polyval, pairs } = self;
        let mut blocks = Blocks { polyval, waiting: [Block::default(); TOGETHER], count: 0 };
        blocks.padded(about);
        let (units, rest) = text.as_chunks::<UNIT>();
        let (fours, ones) = units.as_chunks::<TOGETHER>();
        for four in fours {
            for block in nh(pairs, four) {
                blocks.push(block);
            }
        }
        for unit in ones {
            for block in nh(pairs, from_ref(unit)) {
                blocks.push(block);
            }
        }
        blocks.padded(rest);
        let [about, text] = [about, text].map(|part| u64::try_from(part.len()).unwrap_or(u64::MAX));
        blocks.push(concat(&[&about.to_be_bytes(), &text.to_be_bytes()]));
        blocks.finish()
    }
}

/// Blocks on their way to POLYVAL, which takes four in half the time of four times one.
struct Blocks {
    polyval: Polyval,
    waiting: [Block; TOGETHER],
    count: usize,
}

impl Blocks {
    fn push(&mut self, block: [u8; DIGEST]) {
        if let Some(place) = self.waiting.get_mut(self.count) {
            *place = block.into();
            self.count = self.count.saturating_add(1);
        }
        if self.count == TOGETHER {
            self.polyval.update(&self.waiting);
            self.count = 0;
        }
    }

    /// Pushes bytes and zeros up to a whole block.
    fn padded(&mut self, bytes: &[u8]) {
        let (blocks, rest) = bytes.as_chunks();
        for block in blocks {
            self.push(*block);
        }
        if !rest.is_empty() {
            let mut block = [0; DIGEST];
            for (byte, from) in block.iter_mut().zip(rest) {
                *byte = *from;
            }
            self.push(block);
        }
    }

    fn finish(mut self) -> [u8; DIGEST] {
        self.polyval.update(self.waiting.get(..self.count).unwrap_or_default());
        self.polyval.finalize().into()
    }
}

/// Computes `NH` of some units, side by side: what one waits for, another one does.
#[inline]
fn nh<const N: usize>(pairs: &Pairs, units: &[[u8; UNIT]; N]) -> [[u8; DIGEST]; N] {
    let mut sums = [0_u128; N];
    for (i, [k, l]) in pairs.iter().enumerate() {
        for (sum, unit) in sums.iter_mut().zip(units) {
            let (words, _) = unit.as_chunks::<WORD>();
            if let Some([a, b]) = words.as_chunks().0.get(i) {
                let one = u64::from_le_bytes(*a).wrapping_add(u64::from_le_bytes(*k));
                let other = u64::from_le_bytes(*b).wrapping_add(u64::from_le_bytes(*l));
                *sum = sum.wrapping_add(u128::from(one).wrapping_mul(other.into()));
            }
        }
    }
    sums.map(u128::to_le_bytes)
}

#[cfg(test)]
#[path = "tests/digest.rs"]
mod tests;
