//! Bytes of a chunk that wait until an item is whole.

use alloc::vec::Vec;

use zeroize::Zeroizing;

/// The beginning of an item, of which the rest has not come. Secret, wiped.
pub(super) struct PartialItem(Zeroizing<Vec<u8>>);

impl PartialItem {
    pub(super) fn new() -> Self {
        Self(Zeroizing::new(Vec::new()))
    }

    /// Takes bytes from `content` until there are `wanted`, and returns these; none if `content` has too few.
    pub(super) fn fill(&mut self, content: &mut &[u8], wanted: usize) -> Option<&[u8]> {
        if self.0.capacity() < wanted {
            // Growing in place would free the old buffer unwiped.
            let mut grown = Zeroizing::new(Vec::with_capacity(wanted));
            grown.extend_from_slice(&self.0);
            self.0 = grown;
        }
        let missing = wanted.saturating_sub(self.0.len());
        let (here, rest) = content.split_at(missing.min(content.len()));
        self.0.extend_from_slice(here);
        *content = rest;
        self.0.get(..wanted)
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0);
        self.0.clear();
    }
}
