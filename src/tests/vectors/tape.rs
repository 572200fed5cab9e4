//! Randomness that is written down beforehand.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

/// A generator that gives out recorded byte strings, each asked for with its own length.
pub(super) struct Tape(VecDeque<Vec<u8>>);

impl Tape {
    pub(super) fn of(parts: &[&[u8]]) -> Self {
        Self(parts.iter().map(|part| part.to_vec()).collect())
    }

    /// Runs `f` on the recorded byte strings; all of them must be used.
    pub(super) fn play<T>(parts: &[&[u8]], f: impl FnOnce(&mut Self) -> T) -> T {
        let mut tape = Self::of(parts);
        let value = f(&mut tape);
        assert!(tape.0.is_empty(), "{} recorded values were not used", tape.0.len());
        value
    }
}

impl TryRng for Tape {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("this crate asks for bytes only");
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("this crate asks for bytes only");
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.0.pop_front().expect("a recorded value"));
        Ok(())
    }
}

impl TryCryptoRng for Tape {}
