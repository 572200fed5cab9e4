//! Places of the pieces of a sealed attachment: `spec/attachments.md`, "Pieces".
//!
//! ```text
//! count(0)     = max(1, ⌈padded length / 65,536⌉)                             segments
//! count(l + 1) = ⌈count(l) / 2,048⌉, up to the level where it is 1: the top
//! segment (0, n): bytes n · 65,536 … of the padded content
//! index (l, n):   tags of the pieces (l − 1, n · 2,048) …, up to 2,048 of them
//! order:          the segments; behind the last piece that an index names, that index
//! ```

/// Maximum length of a piece in bytes.
pub const PIECE: usize = 1 << 16;

/// Number of tags in a full index.
pub(crate) const FAN: u64 = 1 << FAN_BITS;

const FAN_BITS: u32 = 11;

/// [`PIECE`] where it counts bytes of a file.
pub(crate) const PIECE_BYTES: u64 = 1 << 16;

/// Length of a tag, where it counts bytes of a file.
const TAG_BYTES: u64 = 32;

/// Number of levels, that of the segments included: three indices above each other cover 2^49 bytes.
pub(crate) const LEVELS: usize = 4;

/// A piece of an attachment: a segment at level 0, an index above.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Piece {
    pub(crate) level: usize,
    pub(crate) number: u64,
}

impl Piece {
    pub(crate) const fn segment(number: u64) -> Self {
        Self { level: 0, number }
    }

    pub(crate) fn is_segment(self) -> bool {
        self.level == 0
    }

    /// Returns the index that holds this piece's tag.
    pub(crate) fn parent(self) -> Self {
        Self { level: self.level.saturating_add(1), number: self.number / FAN }
    }

    /// Returns the place of this piece's tag in that index.
    pub(crate) fn place(self) -> usize {
        usize::try_from(self.number % FAN).unwrap_or(usize::MAX)
    }
}

/// The pieces of an attachment of one padded length.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    padded: u64,
    /// Number of pieces of each level; 0 above the top.
    counts: [u64; LEVELS],
    top: usize,
}

impl Layout {
    pub(crate) fn new(padded: u64) -> Self {
        let mut counts = [0; LEVELS];
        let mut count = padded.div_ceil(PIECE_BYTES).max(1);
        let mut top = 0;
        for (level, place) in counts.iter_mut().enumerate() {
            *place = count;
            top = level;
            if count == 1 {
                break;
            }
            count = count.div_ceil(FAN);
        }
        Self { padded, counts, top }
    }

    /// Returns the number of pieces of a level.
    pub(crate) fn count(&self, level: usize) -> u64 {
        self.counts.get(level).copied().unwrap_or(0)
    }

    /// Returns the piece whose tag is the digest.
    pub(crate) fn top(&self) -> Piece {
        Piece { level: self.top, number: 0 }
    }

    /// Computes the length of a piece in bytes.
    pub(crate) fn length(&self, piece: Piece) -> usize {
        let whole = match piece.level.checked_sub(1) {
            None => self.padded,
            Some(below) => self.count(below).saturating_mul(TAG_BYTES),
        };
        let rest = whole.saturating_sub(piece.number.saturating_mul(PIECE_BYTES));
        usize::try_from(rest.min(PIECE_BYTES)).unwrap_or(PIECE)
    }

    /// Counts the segments to the end of a piece: up to the last one that it names or is.
    pub(crate) fn segments_to(&self, piece: Piece) -> u64 {
        piece.number.saturating_add(1).wrapping_shl(bits(piece.level)).min(self.count(0))
    }

    /// Computes where a piece begins in the sealed attachment.
    pub(crate) fn offset(&self, piece: Piece) -> u64 {
        let last = self.segments_to(piece).saturating_sub(1);
        // All indices in front of a segment are full; so are the segments.
        let before = (0..LEVELS).map(|level| last.wrapping_shr(bits(level)));
        let segment = before.fold(0, u64::saturating_add).saturating_mul(PIECE_BYTES);
        // Then this segment, and the indices below that end with it.
        let ending = (0..piece.level)
            .map(|level| Piece { level, number: last.wrapping_shr(bits(level)) })
            .map(|below| u64::try_from(self.length(below)).unwrap_or(u64::MAX));
        ending.fold(segment, u64::saturating_add)
    }

    /// Computes where a piece ends.
    pub(crate) fn end(&self, piece: Piece) -> u64 {
        let length = u64::try_from(self.length(piece)).unwrap_or(u64::MAX);
        self.offset(piece).saturating_add(length)
    }

    /// Computes the length of the sealed attachment.
    pub(crate) fn total(&self) -> u64 {
        self.end(self.top())
    }

    /// Returns the piece behind this one.
    pub(crate) fn after(&self, piece: Piece) -> Option<Piece> {
        let next = piece.number.saturating_add(1);
        if !next.is_multiple_of(FAN) && next < self.count(piece.level) {
            Some(Piece::segment(next.wrapping_shl(bits(piece.level))))
        } else if piece.level < self.top {
            Some(piece.parent())
        } else {
            None
        }
    }
}

/// Returns how many bits of a segment's number tell it apart below an index of this level.
fn bits(level: usize) -> u32 {
    u32::try_from(level).unwrap_or(0).saturating_mul(FAN_BITS)
}

#[cfg(test)]
#[path = "tests/layout.rs"]
mod tests;
