//! What messages take along whose numbers are reserved: `spec/braid.md`, "Sealing ahead".

use alloc::vec::Vec;

use super::part::{Kind, Part};
use super::send::Carriage;
use super::step::Step;
use super::{Braid, CT1, CT2, HEADER, Phase, VECTOR};

/// Chunks of one stream that are set aside: `each` a message, from `index` on. Public values.
pub(crate) struct Ahead {
    epoch: u32,
    kind: Kind,
    index: u16,
    each: u8,
}

impl Step {
    /// Sets aside for each of `count` further messages as many chunks as this one takes along.
    pub(crate) fn set_aside(&mut self, count: u16) -> Ahead {
        let Part { epoch, kind, index, .. } = self.part;
        let each = self.part.chunks();
        self.sent = self.sent.saturating_add(count.saturating_mul(each.into()));
        Ahead { epoch, kind, index: index.wrapping_add(each.into()), each }
    }
}

impl Ahead {
    /// One more message has gone.
    pub(crate) fn advance(&mut self) {
        self.index = self.index.wrapping_add(self.each.into());
    }

    /// Whether the chunks are of the stream that goes out now, and its state at hand.
    fn is_of(&self, epoch: u32, kind: Kind) -> bool {
        self.each > 0 && (self.epoch, self.kind.stream()) == (epoch, kind.stream())
    }
}

impl Braid {
    /// What a message takes along that may not move the braid: what was set aside for it, unless
    /// another stream goes out by now.
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
                    let stream = made.map(|made| made.vector.as_slice());
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
        let goes = ahead.is_of(self.epoch, kind) && !carriage.withholds::<N>(ahead.index);
        match stream {
            Some(stream) if goes => {
                let others = usize::from(ahead.each.saturating_sub(1));
                let carriage = Carriage { room: carriage.room.min(others), ..*carriage };
                self.run::<N>(kind, stream, ahead.index, &carriage, body)
            }
            _ => Part::bare(self.epoch, kind.without_chunk()),
        }
    }
}
