//! Randomness that is written down beforehand.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::primitives::tests::test_rng::gives_bytes_only;

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

gives_bytes_only!(Tape, |tape, out| {
    out.copy_from_slice(&tape.0.pop_front().expect("a recorded value"));
});
