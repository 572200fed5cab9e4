//! Reserved chunks, which messages with reserved numbers take along: `spec/braid.md`, "Reserved
//! chunks".

use alloc::vec::Vec;

use super::braid::{Braid, CT1, CT2, HEADER, Phase, VECTOR};
use super::delta::BraidDelta;
use super::part::{BraidPart, Kind};
use super::send::Capacity;

/// Indices of chunks that are set apart: `each` a message, from `index` on. All indices are equally
/// good, so these serve whatever stream goes out.
pub(crate) struct ReservedChunks {
    index: u16,
    each: u8,
}

impl BraidDelta {
    /// Sets apart, for each of `count` further messages, as many chunks as this one takes along.
    pub(crate) fn set_aside(&mut self, count: u16) -> ReservedChunks {
        let each = self.part.chunks();
        self.sent = self.sent.saturating_add(count.saturating_mul(each.into()));
        ReservedChunks { index: self.part.index.wrapping_add(each.into()), each }
    }
}

impl ReservedChunks {
    /// Moves on to the next message.
    pub(crate) fn advance(&mut self) {
        self.index = self.index.wrapping_add(self.each.into());
    }
}

impl Braid {
    /// Returns what a message takes along that may not move the braid.
    pub(crate) fn send_reserved(
        &self,
        reserved: &ReservedChunks,
        capacity: &Capacity,
        body: &mut Vec<u8>,
    ) -> BraidPart {
        match &self.phase {
            Phase::Key(side) => {
                let (kind, made) = (side.sends(), side.expanded.as_ref());
                if kind == Kind::Header {
                    let stream = made.map(|made| made.header.as_slice());
                    self.run_reserved::<HEADER>(kind, stream, reserved, capacity, body)
                } else {
                    let stream = made.filter(|_| kind.has_chunk()).map(|made| &made.vector[..]);
                    self.run_reserved::<VECTOR>(kind, stream, reserved, capacity, body)
                }
            }
            Phase::Ct1(side) if !side.acknowledged => {
                let stream = side.stream.as_ref().map(|stream| stream.as_slice());
                self.run_reserved::<CT1>(Kind::Ct1, stream, reserved, capacity, body)
            }
            Phase::Ct2(side) => {
                self.run_reserved::<CT2>(Kind::Ct2, Some(&side.stream), reserved, capacity, body)
            }
            Phase::Fresh | Phase::Waiting(_) | Phase::Ct1(_) => {
                BraidPart::bare(self.epoch, Kind::Nothing)
            }
        }
    }

    fn run_reserved<const N: usize>(
        &self,
        kind: Kind,
        stream: Option<&[u8]>,
        reserved: &ReservedChunks,
        capacity: &Capacity,
        body: &mut Vec<u8>,
    ) -> BraidPart {
        let others = usize::from(reserved.each).checked_sub(1);
        match (stream, others) {
            (Some(stream), Some(others)) if !capacity.withholds::<N>(reserved.index) => {
                let capacity = Capacity { room: capacity.room.min(others), ..*capacity };
                self.run::<N>(kind, stream, reserved.index, &capacity, body)
            }
            _ => BraidPart::bare(self.epoch, kind.without_chunk()),
        }
    }
}
