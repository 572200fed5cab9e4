//! Overtaken messages: which ones a received message passes over, or is.

use super::delta::{MessagePlace, RatchetDelta};
use crate::protocol::position::Position;

impl RatchetDelta {
    /// Returns the position of a received message that a later one has overtaken.
    pub(crate) fn late(&self) -> Option<Position> {
        let MessagePlace::Late { chain, .. } = self.place else { return None };
        Some(Position { chain, number: self.number })
    }

    /// Lists where a received message passes over others, and how many each time: at the end of the chain before it,
    /// which is `current`, and in its own.
    pub(crate) fn passed_over(&self, current: u32) -> impl Iterator<Item = (Position, usize)> {
        let (closing, chain) = match &self.place {
            MessagePlace::Next(new) => (Some((current, &new.closing)), new.chain),
            _ => (None, current),
        };
        let runs = closing.into_iter().chain([(chain, &self.skipped)]);
        // The numbers of a run follow each other.
        runs.filter_map(|(chain, skipped)| {
            let (number, _) = skipped.first()?;
            Some((Position { chain, number: *number }, skipped.len()))
        })
    }
}
