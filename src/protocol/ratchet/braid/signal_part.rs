//! Braid parts as the Signal wire format has them: `spec/third-party.md`, "Triple ratchet".
//!
//! ```text
//! part = 0x01 ‖ varint(epoch) ‖ varint(number) ‖ u8(kind) [ ‖ varint(index) ‖ chunk (32) ]
//! ```
//!
//! `number` is the message's in the chain of the epoch before. What follows the part is ignored: the format grows
//! there.

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::protobuf::{put_varint, varint};

use super::part::{BraidPart, Kind};

/// The one version that is spoken. A message of none, an older or a newer one is refused: there is nothing to talk
/// this side down to.
const VERSION: u8 = 1;

/// A part of a message whose header is in clear, and the message's number in its chain.
pub(crate) struct SignalPart {
    pub(crate) part: BraidPart,
    pub(crate) number: u32,
}

impl SignalPart {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let Self { part, number } = self;
        let mut writer = Writer::new();
        writer.u8(VERSION);
        put_varint(&mut writer, part.epoch.into());
        put_varint(&mut writer, (*number).into());
        writer.u8(part.kind.byte());
        if part.kind.has_chunk() {
            put_varint(&mut writer, part.index.into());
            writer.raw(&part.chunk);
        }
        writer.public()
    }

    /// Decodes a part.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`] for another version, [`Error::Malformed`] for none and for what no sender writes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Error::UnknownVersion(version));
        }
        let epoch = small(varint(&mut reader)?)?;
        let number = small(varint(&mut reader)?)?;
        let kind = Kind::of(reader.u8()?).ok_or(Error::Malformed)?;
        let mut part = BraidPart::bare(epoch, kind);
        if kind.has_chunk() {
            part.index = small(varint(&mut reader)?)?;
            part.chunk = *reader.array()?;
        }
        if part.is_canonical() { Ok(Self { part, number }) } else { Err(Error::Malformed) }
    }
}

/// Refuses a number that is larger than this implementation counts.
fn small<T: TryFrom<u64>>(number: u64) -> Result<T, Error> {
    T::try_from(number).map_err(|_| Error::Malformed)
}

#[cfg(test)]
#[path = "tests/signal_part.rs"]
mod tests;
