//! Generators that repeat themselves.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use rand_core::Rng;

use crate::primitives::tests::test_rng::{TestRng, gives_bytes_only};

/// A generator that repeats itself.
pub(super) enum Broken {
    /// All its bytes are this one.
    Stuck(u8),
    /// Each operation is on a machine that was restored to one moment, or on another copy of it.
    Restored(TestRng),
    /// It goes round after 96 bytes.
    Cycling(usize),
}

impl Broken {
    pub(super) const ALL: [Self; 3] =
        [Self::Stuck(0x55), Self::Restored(TestRng::new(0)), Self::Cycling(0)];

    /// Begins an operation.
    pub(super) fn op(&mut self) -> &mut Self {
        if let Self::Restored(rng) = self {
            *rng = TestRng::new(77);
        }
        self
    }
}

gives_bytes_only!(Broken, |self_, out| {
    match self_ {
        Self::Stuck(byte) => out.fill(*byte),
        Self::Restored(rng) => rng.fill_bytes(out),
        Self::Cycling(at) => {
            for byte in out {
                *byte = u8::try_from(*at).unwrap();
                *at = at.wrapping_add(1).wrapping_rem(96);
            }
        }
    }
});
