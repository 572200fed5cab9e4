//! What messages take along whose numbers are reserved: `spec/braid.md`, "Sealing ahead".

use alloc::vec::Vec;

use super::part::{Kind, Part};
use super::send::Carriage;
use super::step::Step;
use super::{Braid, CT1, CT2, HEADER, Phase, VECTOR};

/// Indices of chunks that are set aside: `each` a message, from `index` on. Any index is as good as
/// another, so they hold for whatever stream goes out.
pub(crate) struct Ahead {
    index: u16,
    each: u8,
}

impl Step {
    /// Sets aside for each of `count` further messages as many chunks as this one takes along.
    pub(crate) fn set_aside(&mut self, count: u16) -> Ahead {
        let each = self.part.chunks();
        self.sent = self.sent.saturating_add(count.saturating_mul(each.into()));
        Ahead { index: self.part.index.wrapping_add(each.into()), each }
    }
}

impl Ahead {
    /// One more message has gone.
    pub(crate) fn advance(&mut self) {
        self.index = self.index.wrapping_add(self.each.into());
    }
}

impl Braid {
    /// What a message takes along that may not move the braid.
    pub(crate) fn send_ahead(
        &self,
        ahead: &Ahead,
        carriage: &Carriage,
        body: &mut Vec<u8>,
    ) -> Part {
        match &self.phase {
            Phase::Key(side) => {
                let (kind, made) = (side.sends(), side.expanded.as_ref());
                if kind == Kind::Header {
                    let stream = made.map(|made| made.header.as_slice());
                    self.run_ahead::<HEADER>(kind, stream, ahead, carriage, body)
                } else {
                    let stream = made.filter(|_| kind.has_chunk()).map(|made| &made.vector[..]);
                    self.run_ahead::<VECTOR>(kind, stream, ahead, carriage, body)
                }
            }
            Phase::Ct1(side) if !side.acknowledged => {
                let stream = side.stream.as_ref().map(|stream| stream.as_slice());
                self.run_ahead::<CT1>(Kind::Ct1, stream, ahead, carriage, body)
            }
            Phase::Ct2(side) => {
                self.run_ahead::<CT2>(Kind::Ct2, Some(&side.stream), ahead, carriage, body)
            }
            Phase::Fresh | Phase::Waiting(_) | Phase::Ct1(_) => {
                Part::bare(self.epoch, Kind::Nothing)
            }
        }
    }

    fn run_ahead<const N: usize>(
        &self,
        kind: Kind,
        stream: Option<&[u8]>,
        ahead: &Ahead,
        carriage: &Carriage,
        body: &mut Vec<u8>,
    ) -> Part {
        let others = usize::from(ahead.each).checked_sub(1);
        match (stream, others) {
            (Some(stream), Some(others)) if !carriage.withholds::<N>(ahead.index) => {
                let carriage = Carriage { room: carriage.room.min(others), ..*carriage };
                self.run::<N>(kind, stream, ahead.index, &carriage, body)
            }
            _ => Part::bare(self.epoch, kind.without_chunk()),
        }
    }
}
