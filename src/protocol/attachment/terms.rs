//! Terms of an attachment, fixed before its first byte is sealed: `spec/attachments.md`, "Terms" and "Padding".
//!
//! ```text
//! terms = version ‖ kind ‖ media ‖ padding ‖ u64(length)
//! step  = max(2^12, 2^⌊log2(length)⌋ / 16)
//! padded length = the next multiple of step, at least one step     (Buckets)
//!               = length                                           (Exact)
//! ```

use crate::error::Error;
use crate::primitives::codec::{Reader, concat};
use crate::protocol::padding::Padding;
use crate::protocol::wire;

/// Maximum length of the content of an attachment in bytes.
pub const MAX_LENGTH: u64 = 1 << 48;

/// Length of encoded terms in bytes.
pub(crate) const TERMS: usize = 1 + 1 + 1 + 1 + 8;

/// The shortest step between two padded lengths.
const MIN_STEP: u64 = 1 << 12;

/// The medium that an attachment is to be shown as. The sender says so; the bytes may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Media {
    /// A file, to be kept and not to be shown.
    File,
    /// A picture; a thumbnail is one, too, in an attachment of its own.
    Image,
    /// A video.
    Video,
    /// A recording of somebody's voice.
    Voice,
}

impl Media {
    const ALL: [Self; 4] = [Self::File, Self::Image, Self::Video, Self::Voice];

    const fn encode(self) -> u8 {
        match self {
            Self::File => 1,
            Self::Image => 2,
            Self::Video => 3,
            Self::Voice => 4,
        }
    }

    fn decode(byte: u8) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|media| media.encode() == byte).ok_or(Error::Malformed)
    }
}

/// The terms of an attachment, fixed before its first byte is sealed.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) media: Media,
    pub(crate) padding: Padding,
    /// Length of the content, at most [`MAX_LENGTH`].
    length: u64,
}

impl Terms {
    /// Makes terms.
    ///
    /// # Errors
    ///
    /// [`Error::ContentTooLong`] for more than [`MAX_LENGTH`] bytes.
    pub(crate) fn new(media: Media, length: u64, padding: Padding) -> Result<Self, Error> {
        if length > MAX_LENGTH {
            return Err(Error::ContentTooLong);
        }
        Ok(Self { media, padding, length })
    }

    /// Returns the length of the content.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Computes the length of the content with its padding.
    pub(crate) fn padded(&self) -> u64 {
        match self.padding {
            Padding::Exact => self.length,
            Padding::Buckets => {
                let power = 1_u64.wrapping_shl(self.length.max(1).ilog2());
                let step = power.wrapping_shr(4).max(MIN_STEP);
                // No length is near the end of the numbers.
                self.length.max(1).checked_next_multiple_of(step).unwrap_or(self.length)
            }
        }
    }

    pub(crate) fn encode(&self) -> [u8; TERMS] {
        let padding = match self.padding {
            Padding::Exact => 0,
            Padding::Buckets => 1,
        };
        let head = [wire::VERSION, wire::ATTACHMENT, self.media.encode(), padding];
        concat(&[&head, &self.length.to_be_bytes()])
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.begin(wire::VERSION, wire::ATTACHMENT)?;
        let media = Media::decode(reader.u8()?)?;
        let padding = if reader.flag()? { Padding::Buckets } else { Padding::Exact };
        Self::new(media, reader.u64()?, padding).map_err(|_| Error::Malformed)
    }
}

#[cfg(test)]
#[path = "tests/terms.rs"]
mod tests;
