//! Sealing an attachment: `spec/attachments.md`, "Sealing".

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::progress::Progress;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::{Secret, redacted};
use crate::primitives::siv::{TAG, Tag};
use crate::protocol::attachment::keys::{AttachmentId, Keys};
use crate::protocol::attachment::layout::{FAN, LEVELS, Layout, PIECE, PIECE_BYTES, Piece};
use crate::protocol::attachment::reference::Reference;
use crate::protocol::attachment::terms::Terms;
use crate::storage::{STATE_VERSION, decode};

/// The kind byte of a sealer's encoding.
const KIND: u8 = 0x18;

/// A sealer of one attachment. Secret: no `Clone`, wiped on drop.
///
/// It holds the key and at most 6,145 tags, 192 KiB, and allocates nothing after it was made. See
/// [`attachment`](super) for the loop that drives it.
pub struct Sealer {
    key: Box<Secret<32>>,
    keys: Box<Keys>,
    terms: Terms,
    layout: Layout,
    /// The tags of each level that are not in a sealed index yet, or in the last one.
    tags: [Tags; LEVELS],
    next: Option<Piece>,
}

redacted!(Sealer, |this| id = this.id(), progress = this.progress());

impl Sealer {
    pub(crate) fn new(key: Box<Secret<32>>, terms: Terms) -> Self {
        let keys = Box::new(Keys::derive(&key, &terms));
        let layout = Layout::new(terms.padded());
        let tags = core::array::from_fn(|level| Tags::new(layout.count(level)));
        Self { key, keys, terms, layout, tags, next: Some(Piece::segment(0)) }
    }

    /// Seals the next piece and returns its bytes, which stand in `buffer` and belong behind those of all pieces
    /// before; `None` if there is none left, and [`Sealer::reference`] is there.
    ///
    /// The buffer begins with the [`wants`](Self::wants) next bytes of the content. Whatever else is in it does
    /// not matter.
    ///
    /// # Errors
    ///
    /// [`Error::ContentMismatch`] if the piece was sealed before ([`Sealer::resume`]) from other content: the source
    /// has changed. Nothing was sealed.
    pub fn seal<'a>(&mut self, buffer: &'a mut [u8; PIECE]) -> Result<Option<&'a [u8]>, Error> {
        let Some(piece) = self.next else { return Ok(None) };
        let (content, _) = buffer.split_at_mut(self.layout.length(piece));
        self.fill(piece, content);
        let tag = self.keys.tag(piece, content);
        self.note(piece, tag)?;
        if piece.is_segment() {
            self.keys.seal(&tag, content);
        }
        self.next = self.layout.after(piece);
        Ok(Some(content))
    }

    /// Puts behind the content of a segment its padding, or into an index its tags.
    fn fill(&self, piece: Piece, bytes: &mut [u8]) {
        match piece.level.checked_sub(1).and_then(|below| self.tags.get(below)) {
            None => bytes.iter_mut().skip(self.wants()).for_each(|byte| *byte = 0),
            Some(below) => {
                for (place, tag) in bytes.as_chunks_mut::<TAG>().0.iter_mut().zip(&below.tags) {
                    *place = *tag;
                }
            }
        }
    }

    /// Notes the tag of a piece; one that was noted before must be the same.
    fn note(&mut self, piece: Piece, tag: Tag) -> Result<(), Error> {
        match self.tags.get_mut(piece.level) {
            Some(tags) => tags.note(piece, tag),
            None => Ok(()),
        }
    }

    /// Goes back to the piece of which not all arrived, after the store has said how many bytes it has; the next
    /// call of [`Sealer::seal`] seals that one again. Give it the content from [`Sealer::progress`] on, and leave out
    /// of what it gives the bytes that arrived: [`Sealer::sealed`] is where the piece begins.
    ///
    /// What is sealed again is byte for byte what it was, or refused. If more arrived than this sealer has sealed,
    /// because it was saved before that, it goes on behind what it has sealed, and seals the same bytes again as
    /// long as the source is the same.
    ///
    /// # Errors
    ///
    /// [`Error::PieceForgotten`] if more is missing than what came since the last index ended: up to 2,048 segments,
    /// and none if one has just ended. A sealer that was saved before goes further back.
    pub fn resume(&mut self, arrived: u64) -> Result<(), Error> {
        let frontier = self.frontier()?;
        if arrived >= self.offset(frontier) {
            self.next = frontier;
            return Ok(());
        }
        let first = Piece::segment(self.tags.first().map_or(0, |tags| tags.first));
        if arrived < self.layout.offset(first) {
            return Err(Error::PieceForgotten);
        }
        let mut pieces = core::iter::successors(Some(first), |piece| self.layout.after(*piece));
        self.next = pieces.find(|piece| arrived < self.layout.end(*piece));
        Ok(())
    }

    /// Returns how many bytes of content the next call of [`Sealer::seal`] takes, 0 for a piece that has none.
    #[must_use]
    pub fn wants(&self) -> usize {
        let Some(piece) = self.next.filter(|piece| piece.is_segment()) else { return 0 };
        let rest = self.terms.length().saturating_sub(piece.number.saturating_mul(PIECE_BYTES));
        usize::try_from(rest).unwrap_or(PIECE).min(PIECE)
    }

    /// Returns how many bytes were sealed: where the next piece belongs.
    #[must_use]
    pub fn sealed(&self) -> u64 {
        self.offset(self.next)
    }

    /// Returns the length of the sealed attachment.
    #[must_use]
    pub fn sealed_length(&self) -> u64 {
        self.layout.total()
    }

    /// Tells how much of the content was sealed.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let end = self.terms.length();
        let segments = self.next.map_or(u64::MAX, |piece| match piece.level {
            0 => piece.number,
            // An index comes behind the last segment that it names.
            _ => self.layout.segments_to(piece),
        });
        Progress { position: segments.saturating_mul(PIECE_BYTES).min(end), end }
    }

    /// Returns what the attachment is to be stored under.
    #[must_use]
    pub fn id(&self) -> AttachmentId {
        self.keys.id()
    }

    /// Returns the reference, once all pieces are sealed.
    #[must_use]
    pub fn reference(&self) -> Option<Reference> {
        let top = self.tags.get(self.layout.top().level)?;
        let digest = *top.tags.first().filter(|_| self.next.is_none())?;
        Some(Reference { key: Box::new(self.key.duplicate()), terms: self.terms, digest })
    }

    /// Encodes the sealer in clear, to go on later. Whoever has these bytes can open the attachment.
    ///
    /// Keep it where it is as safe as a message; a copy that is older than what was sent does no harm. Save it
    /// before its pieces are sent, every some hundred of them, and a source that changed is noticed.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::begin(STATE_VERSION, KIND);
        writer.raw(&self.terms.encode());
        writer.raw(self.key.expose());
        for tags in &self.tags {
            writer.u64(tags.known());
            tags.tags.iter().for_each(|tag| writer.raw(tag));
        }
        writer.secret()
    }

    /// Decodes what [`Sealer::to_bytes`] wrote. It goes on behind the last piece that was sealed;
    /// [`Sealer::resume`] goes back to what arrived.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`] for the bytes of a newer release, [`Error::WrongKind`] for those of something else,
    /// [`Error::Corrupt`] for anything else that does not decode.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        decode(bytes, KIND, Self::read)
    }

    /// Returns where a piece begins; of none, where the last one ends.
    fn offset(&self, piece: Option<Piece>) -> u64 {
        piece.map_or_else(|| self.layout.total(), |piece| self.layout.offset(piece))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let terms = Terms::read(reader).map_err(|_| Error::Corrupt)?;
        let mut sealer = Self::new(Box::new(reader.secret()?), terms);
        for (level, tags) in sealer.tags.iter_mut().enumerate() {
            tags.read(reader, sealer.layout.count(level))?;
        }
        sealer.next = sealer.frontier()?;
        Ok(sealer)
    }

    /// Returns the first piece whose tag is not known, from what is known of each level.
    fn frontier(&self) -> Result<Option<Piece>, Error> {
        let mut next = None;
        for (level, (below, tags)) in
            (1_usize..).zip(self.tags.iter().zip(self.tags.iter().skip(1)))
        {
            let whole = below.known() == self.layout.count(level.saturating_sub(1));
            let groups = below.known() / FAN;
            let named = if whole { self.layout.count(level) } else { groups };
            match named.checked_sub(tags.known()) {
                Some(0) => {}
                Some(1) if next.is_none() => next = Some(Piece { level, number: tags.known() }),
                _ => return Err(Error::Corrupt),
            }
        }
        let segments = self.tags.first().map_or(0, Tags::known);
        let more = Some(Piece::segment(segments)).filter(|_| segments < self.layout.count(0));
        Ok(next.or(more))
    }
}

/// The tags of the pieces of one level, from the first that the last index of the level above names.
struct Tags {
    first: u64,
    tags: Vec<Tag>,
}

impl Tags {
    /// Makes room for as many tags as are there at once.
    fn new(count: u64) -> Self {
        let room = usize::try_from(count.min(FAN)).unwrap_or(0);
        Self { first: 0, tags: Vec::with_capacity(room) }
    }

    fn note(&mut self, piece: Piece, tag: Tag) -> Result<(), Error> {
        if piece.number < self.known() {
            // Tags are not secret.
            let before = self.tags.get(piece.place());
            return if before == Some(&tag) { Ok(()) } else { Err(Error::ContentMismatch) };
        }
        if piece.place() == 0 {
            self.first = piece.number;
            self.tags.clear();
        }
        self.tags.push(tag);
        Ok(())
    }

    /// Returns the number of pieces whose tags are known, or were.
    fn known(&self) -> u64 {
        self.first.saturating_add(u64::try_from(self.tags.len()).unwrap_or(u64::MAX))
    }

    fn read(&mut self, reader: &mut Reader<'_>, count: u64) -> Result<(), Error> {
        let known = reader.u64()?;
        if known > count {
            return Err(Error::Corrupt);
        }
        let last = known.saturating_sub(1);
        self.first = last.saturating_sub(last % FAN);
        for _ in self.first..known {
            self.tags.push(*reader.array()?);
        }
        Ok(())
    }
}
