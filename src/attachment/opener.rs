//! Opening an attachment: `spec/attachments.md`, "Opening".

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use zeroize::Zeroizing;

use super::progress::Progress;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::primitives::siv::{TAG, Tag};
use crate::protocol::attachment::keys::Keys;
use crate::protocol::attachment::layout::{FAN, LEVELS, Layout, PIECE_BYTES, Piece};
use crate::protocol::attachment::reference::Reference;
use crate::storage::{STATE_VERSION, decode};

/// The kind byte of an opener's encoding.
const KIND: u8 = 0x19;

/// A reader of one attachment. Secret: no `Clone`, wiped on drop.
///
/// It holds the key and at most three indices, 192 KiB, and allocates nothing after it was made. See
/// [`attachment`](super) for the loop that drives it.
pub struct Opener {
    reference: Reference,
    keys: Box<Keys>,
    layout: Layout,
    /// The indices above the next segment, as far as they were opened.
    indices: [Index; LEVELS],
    /// The content that is wanted and was not given out yet.
    range: Range<u64>,
    /// The segments that are to be opened for it.
    segments: Range<u64>,
}

redacted!(Opener, |this| reference = this.reference, progress = this.progress());

impl Opener {
    /// Begins to read an attachment, all of it.
    #[must_use]
    pub fn new(reference: &Reference) -> Self {
        let layout = Layout::new(reference.terms.padded());
        // A level of a single piece is the top, whose tag is the digest: no index names it.
        let indices = core::array::from_fn(|level| {
            let below = level.checked_sub(1).map_or(0, |below| layout.count(below));
            Index::new(if below > 1 { below } else { 0 })
        });
        Self {
            keys: Box::new(Keys::derive(&reference.key, &reference.terms)),
            reference: reference.duplicate(),
            indices,
            range: 0..reference.length(),
            segments: 0..layout.count(0),
            layout,
        }
    }

    /// Goes to another part of the content and reads that only; what lies behind the end is left out. What was
    /// opened of indices stays.
    ///
    /// A server that is asked for parts sees which; the padding hides nothing then.
    pub fn read(&mut self, range: Range<u64>) {
        let end = range.end.min(self.reference.length());
        self.range = range.start.min(end)..end;
        let Range { start, end } = self.range;
        self.segments = start / PIECE_BYTES..end.div_ceil(PIECE_BYTES);
        if start == end {
            self.segments = 0..0;
        }
    }

    /// Returns which bytes of the sealed attachment to give to [`Opener::open`] next, at most
    /// [`PIECE`](super::PIECE);
    /// `None` if all that is wanted was opened.
    #[must_use]
    pub fn wants(&self) -> Option<Range<u64>> {
        self.next().map(|piece| self.layout.offset(piece)..self.layout.end(piece))
    }

    /// Opens in place the bytes that [`Opener::wants`] names, and returns the content that is in them: none
    /// in an index and in padding. Nothing is returned that the reference does not vouch for.
    ///
    /// # Errors
    ///
    /// [`Error::Forged`] if these are not the bytes that were sealed, all of them and no others. `sealed` is wiped
    /// if anything in it was decrypted, and the opener is as it was: fetch the piece again, or give up.
    pub fn open<'a>(&mut self, sealed: &'a mut [u8]) -> Result<&'a [u8], Error> {
        let Some(piece) = self.next() else {
            return if sealed.is_empty() { Ok(&[]) } else { Err(Error::Forged) };
        };
        if sealed.len() != self.layout.length(piece) {
            return Err(Error::Forged);
        }
        let tag = self.tag(piece).ok_or(Error::Forged)?;
        if piece.is_segment() {
            self.keys.open(piece, &tag, sealed)?;
            self.give(piece, sealed)
        } else {
            self.take(piece, &tag, sealed)?;
            Ok(&[])
        }
    }

    /// Verifies an index and keeps its tags.
    fn take(&mut self, piece: Piece, tag: &Tag, bytes: &[u8]) -> Result<(), Error> {
        // Tags are not secret.
        if self.keys.tag(piece, bytes) != *tag {
            return Err(Error::Forged);
        }
        if let Some(index) = self.indices.get_mut(piece.level) {
            index.put(piece.number, bytes);
        }
        Ok(())
    }

    /// Gives out what is wanted of an opened segment, and goes on to the next one.
    fn give<'a>(&mut self, piece: Piece, segment: &'a mut [u8]) -> Result<&'a [u8], Error> {
        let begin = piece.number.saturating_mul(PIECE_BYTES);
        let place = |at: u64| usize::try_from(at.saturating_sub(begin)).unwrap_or(usize::MAX);
        let padding = segment.iter().skip(place(self.reference.length()));
        // Its sender alone can have done so, and hides something from those who read a part only.
        if padding.into_iter().any(|byte| *byte != 0) {
            segment.fill(0);
            return Err(Error::Forged);
        }
        let end = place(self.range.end).min(segment.len());
        let content = segment.get(place(self.range.start).min(end)..end).unwrap_or_default();
        self.segments.start = piece.number.saturating_add(1);
        let position = self.segments.start.saturating_mul(PIECE_BYTES);
        self.range.start = position.min(self.range.end);
        Ok(content)
    }

    /// Returns the next piece to open: of the indices above the next segment the topmost that is missing, or the
    /// segment.
    fn next(&self) -> Option<Piece> {
        let segment = Piece::segment(self.segments.clone().next()?);
        let above = core::iter::successors(Some(segment), |piece| Some(piece.parent()));
        let path = above.take(self.layout.top().level.saturating_add(1));
        let missing = path.filter(|piece| piece.is_segment() || !self.holds(*piece));
        missing.last()
    }

    /// Tells whether the opener has an index.
    fn holds(&self, piece: Piece) -> bool {
        self.indices.get(piece.level).is_some_and(|index| index.number == Some(piece.number))
    }

    /// Returns the tag that a piece must have; none if the index that names it was not opened.
    fn tag(&self, piece: Piece) -> Option<Tag> {
        if piece == self.layout.top() {
            return Some(self.reference.digest);
        }
        let parent = self.indices.get(piece.parent().level);
        let parent = parent.filter(|index| index.number == Some(piece.parent().number));
        parent?.tags.get(piece.place()).copied()
    }

    /// Tells whether all that is wanted was opened and verified: after [`Opener::new`] the whole attachment to the
    /// last byte of its padding, after [`Opener::read`] that range.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.segments.is_empty()
    }

    /// Tells how much of what is wanted was given out.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress { position: self.range.start, end: self.range.end }
    }

    /// Encodes the opener in clear, to go on later without fetching again what arrived. Whoever has these bytes
    /// can open the attachment; an old copy gives out again what was given out since.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::begin(STATE_VERSION, KIND);
        self.reference.write(&mut writer);
        for end in [&self.range, &self.segments].into_iter().flat_map(|it| [it.start, it.end]) {
            writer.u64(end);
        }
        let mut above = true;
        for level in (1..=self.layout.top().level).rev() {
            // What stands under an index that has made room for another cannot be verified again.
            let index =
                self.indices.get(level).filter(|index| above && self.is_named(level, index));
            above = index.is_some();
            writer.option(index, |index, writer| {
                writer.u64(index.number.unwrap_or(0));
                index.tags.iter().for_each(|tag| writer.raw(tag));
            });
        }
        writer.secret()
    }

    /// Decodes what [`Opener::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`] for the bytes of a newer release, [`Error::WrongKind`] for those of something else,
    /// [`Error::Corrupt`] for anything else that does not decode.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        decode(bytes, KIND, Self::read_state)
    }

    fn read_state(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut opener = Self::new(&Reference::read(reader).map_err(|_| Error::Corrupt)?);
        opener.range = reader.u64()?..reader.u64()?;
        opener.segments = reader.u64()?..reader.u64()?;
        if opener.range.end > opener.reference.length()
            || opener.range.start > opener.range.end
            || opener.segments.end > opener.layout.count(0)
        {
            return Err(Error::Corrupt);
        }
        for level in (1..=opener.layout.top().level).rev() {
            if reader.flag()? {
                let piece = Piece { level, number: reader.u64()? };
                let bytes = reader.slice(opener.layout.length(piece))?;
                let tag = opener.tag(piece).ok_or(Error::Corrupt)?;
                opener.take(piece, &tag, bytes)?;
            }
        }
        Ok(opener)
    }

    /// Tells whether an index is the one whose tag is known.
    fn is_named(&self, level: usize, index: &Index) -> bool {
        index.number.is_some_and(|number| self.tag(Piece { level, number }).is_some())
    }
}

/// The indices of one level as an opener has them: the tags in one of them.
struct Index {
    number: Option<u64>,
    tags: Vec<Tag>,
}

impl Index {
    /// Makes room for an index that names at most `below` pieces.
    fn new(below: u64) -> Self {
        let room = usize::try_from(below.min(FAN)).unwrap_or(0);
        Self { number: None, tags: Vec::with_capacity(room) }
    }

    /// Takes the place of the index that was here.
    fn put(&mut self, number: u64, bytes: &[u8]) {
        self.number = Some(number);
        self.tags.clear();
        self.tags.extend_from_slice(bytes.as_chunks::<TAG>().0);
    }
}
