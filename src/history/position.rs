//! Places in an import, small enough to be stored with each item.

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat};
use crate::protocol::history::mark::Mark;

/// The place of the next item in an import.
///
/// Store it in one transaction with the items before it: no item is lost then, and none comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryPosition {
    pub(super) part: u32,
    /// The items of the part that were given out.
    pub(super) items: u32,
    /// The place of the next one in the chunk.
    pub(super) offset: u64,
    /// The mark of the last one; the first mark if there is none yet.
    pub(super) last: Mark,
}

impl HistoryPosition {
    /// Length of its encoding in bytes.
    pub const LENGTH: usize = 4 + 4 + 8 + 64;

    pub(super) const START: Self = Self { part: 0, items: 0, offset: 0, last: Mark::FIRST };

    /// Returns the beginning of the next part.
    pub(super) fn next_part(&self) -> Self {
        Self { part: self.part.saturating_add(1), ..Self::START }
    }

    /// Encodes it, to be stored.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut writer = Writer::new();
        self.write(&mut writer);
        concat(&[writer.written()])
    }

    /// Decodes what [`HistoryPosition::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] for another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, Self::read).map_err(|_| Error::Corrupt)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u32(self.part);
        writer.u32(self.items);
        writer.u64(self.offset);
        self.last.write(writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (part, items, offset) = (reader.u32()?, reader.u32()?, reader.u64()?);
        Ok(Self { part, items, offset, last: Mark::read(reader)? })
    }
}
