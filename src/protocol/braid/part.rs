//! What a message carries of the braid: `spec/braid.md`, "What a message carries".
//!
//! ```text
//! part = epoch (4) ‖ kind (1) ‖ extra (1) ‖ index (2) ‖ chunk (32)
//! ```

use crate::error::Error;
use crate::primitives::codec::{Reader, concat};
use crate::primitives::erasure::CHUNK;

/// Length of a part in bytes.
pub(crate) const PART: usize = 4 + 1 + 1 + 2 + CHUNK;

/// More chunks in one message than any stream has are of no use.
pub(crate) const MAX_EXTRA: u8 = 35;

/// What a part says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Nothing,
    /// A chunk of the header and its tag.
    Header,
    /// A chunk of the vector.
    Vector,
    /// That, and ct1 is complete.
    VectorDone,
    /// Only that ct1 is complete.
    Done,
    /// A chunk of ct1.
    Ct1,
    /// A chunk of ct2 and the ciphertext's tag.
    Ct2,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Nothing,
        Self::Header,
        Self::Vector,
        Self::VectorDone,
        Self::Done,
        Self::Ct1,
        Self::Ct2,
    ];

    /// Its byte on the wire.
    pub(crate) fn byte(self) -> u8 {
        Self::ALL.into_iter().zip(0..).find(|(kind, _)| *kind == self).map_or(0, |(_, byte)| byte)
    }

    pub(crate) fn of(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }

    pub(crate) fn has_chunk(self) -> bool {
        !matches!(self, Self::Nothing | Self::Done)
    }

    /// What is sent in its place if the chunk is withheld.
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

/// What one message carries, but for the chunks behind its content.
#[derive(Clone, Copy, Default)]
pub(crate) struct Part {
    pub(crate) epoch: u32,
    pub(crate) kind: Kind,
    /// How many chunks follow the content in the body.
    pub(crate) extra: u8,
    pub(crate) index: u16,
    pub(crate) chunk: [u8; CHUNK],
}

impl Part {
    /// A part without a chunk.
    pub(crate) fn bare(epoch: u32, kind: Kind) -> Self {
        Self { epoch, kind, extra: 0, index: 0, chunk: [0; CHUNK] }
    }

    /// How many chunks the message carries.
    pub(crate) fn chunks(&self) -> u8 {
        if self.kind.has_chunk() { self.extra.saturating_add(1) } else { 0 }
    }

    /// Bytes of the chunks behind the content.
    pub(crate) fn extra_bytes(&self) -> usize {
        usize::from(self.extra).saturating_mul(CHUNK)
    }

    pub(crate) fn encode(&self) -> [u8; PART] {
        let numbers = [self.kind.byte(), self.extra];
        concat(&[&self.epoch.to_be_bytes(), &numbers, &self.index.to_be_bytes(), &self.chunk])
    }

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

    fn is_canonical(&self) -> bool {
        let is_bare = self.extra == 0 && self.index == 0 && self.chunk == [0; CHUNK];
        self.epoch != 0
            && self.extra <= MAX_EXTRA
            && self.index.checked_add(u16::from(self.extra)).is_some()
            && (self.kind.has_chunk() || is_bare)
    }

    /// The chunks, with those behind the content.
    pub(crate) fn run<'a>(&'a self, extra: &'a [u8]) -> Run<'a> {
        let chunk = self.kind.has_chunk().then_some(&self.chunk);
        Run { index: self.index, chunk, extra: extra.as_chunks().0 }
    }
}

/// Chunks of one stream with ascending indices.
#[derive(Clone)]
pub(crate) struct Run<'a> {
    index: u16,
    chunk: Option<&'a [u8; CHUNK]>,
    extra: &'a [[u8; CHUNK]],
}

impl<'a> Iterator for Run<'a> {
    type Item = (u16, &'a [u8; CHUNK]);

    fn next(&mut self) -> Option<Self::Item> {
        let next = (self.index, self.chunk?);
        let (chunk, extra) = self.extra.split_first().unzip();
        (self.chunk, self.extra) = (chunk, extra.unwrap_or_default());
        self.index = self.index.wrapping_add(1);
        Some(next)
    }
}
