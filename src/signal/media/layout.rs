//! The layout of a media file, which follows from the length of its content: `spec/third-party.md`, "Media".
//!
//! ```text
//! sealed file = text, in whole blocks ‖ MAC (10)
//! ```

use core::ops::Range;

use crate::error::Error;
use crate::protocol::attachment::layout::{PIECE, PIECE_BYTES};

/// Length of the MAC of a media file in bytes: the other programs', not ours to choose. That is why it never stands
/// alone.
pub(super) const MAC: usize = 10;

/// The same, as a length of files is counted.
const MAC_BYTES: u64 = 10;

/// Length of a block of the text in bytes.
const BLOCK_BYTES: u64 = 16;

/// Maximum length of the content of a media file in bytes: 2^32 − 1.
pub const MAX_MEDIA_LENGTH: u64 = (1 << 32) - 1;

/// The layout of a media file.
#[derive(Clone, Copy)]
pub(super) struct MediaLayout {
    /// Length of the content, from 1 to [`MAX_MEDIA_LENGTH`], or the longest one that it can have.
    length: u64,
}

impl MediaLayout {
    /// Returns the layout of a file with a content of so many bytes.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for none, [`Error::ContentTooLong`] for more than [`MAX_MEDIA_LENGTH`].
    pub(super) fn new(length: u64) -> Result<Self, Error> {
        match length {
            0 => Err(Error::NotAllowed),
            1..=MAX_MEDIA_LENGTH => Ok(Self { length }),
            _ => Err(Error::ContentTooLong),
        }
    }

    /// Returns the layout of a sealed file of so many bytes, whose content can be up to 15 bytes shorter.
    pub(super) fn of_sealed(total: u64) -> Option<Self> {
        let text = total.checked_sub(MAC_BYTES)?;
        let layout = Self::new(text.checked_sub(1)?).ok()?;
        (layout.text() == text).then_some(layout)
    }

    /// Returns the length of the content.
    pub(super) fn length(self) -> u64 {
        self.length
    }

    /// Returns the length of the text: the content with its padding.
    pub(super) fn text(self) -> u64 {
        (self.length / BLOCK_BYTES).saturating_add(1).saturating_mul(BLOCK_BYTES)
    }

    /// Returns the length of the sealed file.
    pub(super) fn total(self) -> u64 {
        self.text().saturating_add(MAC_BYTES)
    }

    /// Returns the piece of the text that begins at a place; none behind its end.
    pub(super) fn piece(self, start: u64) -> Option<Range<u64>> {
        let end = start.saturating_add(PIECE_BYTES).min(self.text());
        Some(start..end).filter(|piece| !piece.is_empty())
    }

    /// Returns the piece of the text that begins at a place, or the MAC behind the last one; none behind that.
    pub(super) fn piece_or_mac(self, start: u64) -> Option<Range<u64>> {
        let mac = || Some(start..self.total()).filter(|mac| !mac.is_empty());
        self.piece(start).or_else(mac)
    }

    /// Tells whether a piece is the last one of the text.
    pub(super) fn is_last(self, piece: &Range<u64>) -> bool {
        piece.end == self.text()
    }

    /// Returns how many bytes of content a piece has.
    pub(super) fn content_in(self, piece: &Range<u64>) -> usize {
        length_of(&(piece.start..piece.end.min(self.length)))
    }
}

/// Returns the length of a piece, which has at most [`PIECE`] bytes.
pub(super) fn length_of(piece: &Range<u64>) -> usize {
    usize::try_from(piece.end.saturating_sub(piece.start)).unwrap_or(PIECE)
}
