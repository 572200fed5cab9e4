//! Braid parts, which messages carry: `spec/braid.md`, "What a message carries".
//!
//! ```text
//! braid part = u32(epoch) ‖ u8(kind) ‖ u8(extra) ‖ u16(index) ‖ chunk (32)
//! ```

use crate::error::Error;
use crate::primitives::codec::{Reader, concat};
use crate::primitives::erasure::CHUNK;

/// Length of a braid part in bytes.
pub(crate) const PART: usize = 4 + 1 + 1 + 2 + CHUNK;

/// Maximum number of chunks behind one content: no stream needs more.
pub(crate) const MAX_EXTRA: u8 = 35;

/// The kind of a braid part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Nothing,
    /// A chunk of the header and its tag.
    Header,
    /// A chunk of the vector.
    Vector,
    /// A chunk of the vector, and the news that ct1 is complete.
    VectorDone,
    /// The news that ct1 is complete, alone.
    Done,
    /// A chunk of ct1.
    Ct1,
    /// A chunk of ct2 and the ciphertext's tag.
    Ct2,
}

impl Kind {
    /// Returns its byte on the wire.
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Header => 1,
            Self::Vector => 2,
            Self::VectorDone => 3,
            Self::Done => 4,
            Self::Ct1 => 5,
            Self::Ct2 => 6,
        }
    }

    pub(crate) const fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Nothing,
            1 => Self::Header,
            2 => Self::Vector,
            3 => Self::VectorDone,
            4 => Self::Done,
            5 => Self::Ct1,
            6 => Self::Ct2,
            _ => return None,
        })
    }

    pub(crate) fn has_chunk(self) -> bool {
        !matches!(self, Self::Nothing | Self::Done)
    }

    /// Returns the kind that is sent in its place if the chunk is withheld.
    pub(crate) fn without_chunk(self) -> Self {
        if self.says_done() { Self::Done } else { Self::Nothing }
    }

    pub(crate) fn says_done(self) -> bool {
        matches!(self, Self::VectorDone | Self::Done)
    }

    pub(crate) fn is_of_key_side(self) -> bool {
        matches!(self, Self::Header | Self::Vector | Self::VectorDone | Self::Done)
    }

    pub(crate) fn is_of_ciphertext_side(self) -> bool {
        matches!(self, Self::Ct1 | Self::Ct2)
    }
}

/// The braid's part of one message, without the chunks behind the content.
#[derive(Clone, Copy, Default)]
pub(crate) struct BraidPart {
    pub(crate) epoch: u32,
    pub(crate) kind: Kind,
    /// Number of chunks that follow the content in the body.
    pub(crate) extra: u8,
    pub(crate) index: u16,
    pub(crate) chunk: [u8; CHUNK],
}

impl BraidPart {
    /// Makes a part without a chunk.
    pub(crate) fn bare(epoch: u32, kind: Kind) -> Self {
        Self { epoch, kind, extra: 0, index: 0, chunk: [0; CHUNK] }
    }

    /// Counts the chunks that the message carries.
    pub(crate) fn chunks(&self) -> u8 {
        if self.kind.has_chunk() { self.extra.saturating_add(1) } else { 0 }
    }

    /// Returns the length of the chunks behind the content in bytes.
    pub(crate) fn extra_bytes(&self) -> usize {
        usize::from(self.extra).saturating_mul(CHUNK)
    }

    pub(crate) fn encode(&self) -> [u8; PART] {
        let numbers = [self.kind.byte(), self.extra];
        concat(&[&self.epoch.to_be_bytes(), &numbers, &self.index.to_be_bytes(), &self.chunk])
    }

    /// Decodes a braid part.
    ///
    /// # Errors
    ///
    /// [`Error::Inconsistent`] for what no sender writes.
    pub(crate) fn decode(bytes: &[u8; PART]) -> Result<Self, Error> {
        let part = Reader::all(bytes, |reader| {
            Ok(Self {
                epoch: reader.u32()?,
                kind: Kind::of(reader.u8()?).ok_or(Error::Inconsistent)?,
                extra: reader.u8()?,
                index: reader.u16()?,
                chunk: *reader.array()?,
            })
        })?;
        if part.is_canonical() { Ok(part) } else { Err(Error::Inconsistent) }
    }

    pub(super) fn is_canonical(&self) -> bool {
        let is_bare = self.extra == 0 && self.index == 0 && self.chunk == [0; CHUNK];
        self.epoch != 0
            && self.extra <= MAX_EXTRA
            && self.index.checked_add(u16::from(self.extra)).is_some()
            && (self.kind.has_chunk() || is_bare)
    }

    /// Returns the chunks, with those behind the content.
    pub(crate) fn run<'a>(&'a self, extra: &'a [u8]) -> ChunkRun<'a> {
        let chunk = self.kind.has_chunk().then_some(&self.chunk);
        ChunkRun { index: self.index, chunk, extra: extra.as_chunks().0 }
    }
}

/// Chunks of one stream with ascending indices.
#[derive(Clone)]
pub(crate) struct ChunkRun<'a> {
    index: u16,
    chunk: Option<&'a [u8; CHUNK]>,
    extra: &'a [[u8; CHUNK]],
}

impl<'a> Iterator for ChunkRun<'a> {
    type Item = (u16, &'a [u8; CHUNK]);

    fn next(&mut self) -> Option<Self::Item> {
        let next = (self.index, self.chunk?);
        let (chunk, extra) = self.extra.split_first().unzip();
        (self.chunk, self.extra) = (chunk, extra.unwrap_or_default());
        self.index = self.index.wrapping_add(1);
        Some(next)
    }
}
