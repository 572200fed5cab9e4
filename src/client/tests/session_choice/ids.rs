//! The source of the model's choices.

use super::Id;

/// Numbers without a pattern, and session ids made of them.
#[derive(Clone)]
pub(super) struct Ids(pub(super) u64);

impl Ids {
    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    pub(super) fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(u64::try_from(end).unwrap())).unwrap()
    }

    pub(super) fn next(&mut self) -> Id {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&self.number().to_be_bytes());
        Id(id)
    }
}
