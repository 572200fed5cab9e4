//! Repeatable randomness for unit tests. Never for real keys.

use core::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

/// A counter whose values are scrambled; or zeros for ever, like a broken generator.
pub(crate) struct TestRng {
    next: u64,
    step: u64,
}

impl TestRng {
    /// Begins a sequence of its own for each seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self { next: seed.wrapping_shl(32), step: 1 }
    }

    pub(crate) const fn zeros() -> Self {
        Self { next: 0, step: 0 }
    }
}

impl TryRng for TestRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let [a, b, c, d, ..] = self.try_next_u64()?.to_be_bytes();
        Ok(u32::from_be_bytes([a, b, c, d]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.next = self.next.wrapping_add(self.step);
        let value = self.next.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let value = (value ^ value.wrapping_shr(29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Ok(value ^ value.wrapping_shr(32))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        for chunk in dst.chunks_mut(8) {
            let value = self.try_next_u64()?.to_le_bytes();
            for (to, from) in chunk.iter_mut().zip(value) {
                *to = from;
            }
        }
        Ok(())
    }
}

impl TryCryptoRng for TestRng {}

/// Implements a generator that is asked for bytes only, as the crate does, by how it fills them.
macro_rules! gives_bytes_only {
    ($rng:ty, |$this:ident, $out:ident| $fill:block) => {
        impl rand_core::TryRng for $rng {
            type Error = core::convert::Infallible;

            fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
                panic!("this crate asks for bytes only");
            }

            fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
                panic!("this crate asks for bytes only");
            }

            fn try_fill_bytes(&mut self, $out: &mut [u8]) -> Result<(), Self::Error> {
                let $this = self;
                $fill
                Ok(())
            }
        }

        impl rand_core::TryCryptoRng for $rng {}
    };
}
pub(crate) use gives_bytes_only;
