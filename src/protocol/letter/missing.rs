//! Letters that did not open or did not come, as a device names them to their sender.
//!
//! ```text
//! missing = u32(count) ‖ message id … ‖ u32(count) ‖ gap …       each strictly ascending
//! gap     = first half of a session's id (16) ‖ u32(chain) ‖ u32(from) ‖ u32(count)
//! ```

use alloc::vec::Vec;

use super::ids::MessageId;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::position::Position;

/// The most letters that one request names by their ids.
pub(crate) const MAX_MISSING: usize = 32;

/// The most gaps that one request names.
pub(crate) const MAX_GAPS: usize = 16;

/// The most messages of one gap: more of a chain is never skipped.
pub(crate) const MAX_GAP: u32 = 65_536;

/// The messages of a chain that did not come: so many from a number on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Gap {
    /// The first half of the session's id.
    pub(crate) session: [u8; 16],
    pub(crate) chain: u32,
    pub(crate) from: u32,
    pub(crate) count: u32,
}

impl Gap {
    /// Tells whether a position of its session is in it.
    pub(crate) fn contains(&self, at: Position) -> bool {
        let place = at.number.checked_sub(self.from);
        self.chain == at.chain && place.is_some_and(|place| place < self.count)
    }

    /// Tells whether all of another one is in it.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.session == other.session
            && self.chain == other.chain
            && self.from <= other.from
            && other.end() <= self.end()
    }

    /// Returns the gap that covers both, if they are of one chain.
    pub(crate) fn joined(&self, other: &Self) -> Option<Self> {
        if (self.session, self.chain) != (other.session, other.chain) {
            return None;
        }
        let from = self.from.min(other.from);
        let count = self.end().max(other.end()).saturating_sub(from);
        (count <= MAX_GAP).then_some(Self { from, count, ..*self })
    }

    /// Returns the number behind it.
    fn end(&self) -> u32 {
        self.from.saturating_add(self.count)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.session);
        writer.u32(self.chain);
        writer.u32(self.from);
        writer.u32(self.count);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let session = *reader.array()?;
        let gap = Self { session, chain: reader.u32()?, from: reader.u32()?, count: reader.u32()? };
        let is_known = (1..=MAX_GAP).contains(&gap.count);
        if is_known && gap.from.checked_add(gap.count).is_some() {
            Ok(gap)
        } else {
            Err(Error::Malformed)
        }
    }
}

/// The letters that a resend request asks for, or that a refusal says will not come again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Strictly ascending.
    pub(crate) ids: Vec<MessageId>,
    /// Strictly ascending.
    pub(crate) gaps: Vec<Gap>,
}

impl Missing {
    /// Tells whether no letter is named.
    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.gaps.is_empty()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.list(&self.ids, |id, writer| writer.raw(&id.0));
        writer.list(&self.gaps, Gap::write);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let ids: Vec<_> = reader.list(MAX_MISSING, |reader| Ok(MessageId(*reader.array()?)))?;
        let gaps: Vec<_> = reader.list(MAX_GAPS, Gap::read)?;
        let ascend = ids.is_sorted_by(|one, other| one < other)
            && gaps.is_sorted_by(|one, other| one < other);
        if ascend { Ok(Self { ids, gaps }) } else { Err(Error::Malformed) }
    }

    /// Reads what is refused, which is never nothing.
    pub(crate) fn read_refused(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let refused = Self::read(reader)?;
        if refused.is_empty() { Err(Error::Malformed) } else { Ok(refused) }
    }
}
