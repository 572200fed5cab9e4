//! A log in pieces of neighbours, each a page of a snapshot: what is added touches the last piece, what is
//! forgotten the first, and the others are not written again.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::tracked::touch;
use super::trail::Title;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// An entry of such a log.
pub(super) trait Entry: Sized {
    /// The first byte of its pages' titles.
    const PAGE: u8;
    /// Entries of one piece at most.
    const PIECE: usize;
    /// Entries of the log at most.
    const MAX: usize;

    fn write(&self, writer: &mut Writer);
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;
}

/// Entries, oldest first, and the numbers of the pieces that were touched.
pub(super) struct PagedLog<T> {
    pieces: VecDeque<LogPiece<T>>,
    touched: Vec<u64>,
}

/// Neighbours, under a number that stays theirs. Never empty.
struct LogPiece<T> {
    number: u64,
    entries: VecDeque<T>,
}

impl<T> Default for PagedLog<T> {
    fn default() -> Self {
        Self { pieces: VecDeque::new(), touched: Vec::new() }
    }
}

impl<T> PagedLog<T> {
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.pieces.iter().flat_map(|piece| &piece.entries)
    }

    /// Returns the oldest of the entries that are wanted, to be changed.
    pub(super) fn find_mut(&mut self, is_wanted: impl Fn(&T) -> bool) -> Option<&mut T> {
        for piece in &mut self.pieces {
            if let Some(entry) = piece.entries.iter_mut().find(|entry| is_wanted(entry)) {
                touch(&mut self.touched, piece.number);
                return Some(entry);
            }
        }
        None
    }

    /// Changes the entries that are to be changed.
    pub(super) fn change(
        &mut self,
        mut is_due: impl FnMut(&T) -> bool,
        mut change: impl FnMut(&mut T),
    ) {
        for piece in &mut self.pieces {
            for entry in &mut piece.entries {
                if is_due(entry) {
                    touch(&mut self.touched, piece.number);
                    change(entry);
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.pieces.iter().fold(0, |sum, piece| sum.saturating_add(piece.entries.len()))
    }

    /// Forgets the oldest entry, and returns it.
    pub(super) fn pop(&mut self) -> Option<T> {
        let piece = self.pieces.front_mut()?;
        touch(&mut self.touched, piece.number);
        let oldest = piece.entries.pop_front();
        self.tidy();
        oldest
    }

    /// Forgets the oldest of the entries that are wanted.
    pub(super) fn remove_first(&mut self, mut is_wanted: impl FnMut(&T) -> bool) {
        let mut is_gone = false;
        self.retain(|entry| {
            let goes = !is_gone && is_wanted(entry);
            is_gone |= goes;
            !goes
        });
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        for piece in &mut self.pieces {
            let before = piece.entries.len();
            piece.entries.retain(&mut keep);
            if piece.entries.len() != before {
                touch(&mut self.touched, piece.number);
            }
        }
        self.tidy();
    }

    pub(super) fn clear(&mut self) {
        self.retain(|_| false);
    }

    /// Lists the numbers of the pieces that were touched.
    pub(super) fn touched(&self) -> &[u64] {
        &self.touched
    }

    fn tidy(&mut self) {
        self.pieces.retain(|piece| !piece.entries.is_empty());
    }
}

impl<T: Entry> PagedLog<T> {
    pub(super) fn push(&mut self, entry: T) {
        match self.pieces.back_mut() {
            Some(piece) if piece.entries.len() < T::PIECE => {
                touch(&mut self.touched, piece.number);
                piece.entries.push_back(entry);
            }
            last => {
                let number = last.map_or(0, |piece| piece.number.saturating_add(1));
                touch(&mut self.touched, number);
                self.pieces.push_back(LogPiece { number, entries: VecDeque::from([entry]) });
            }
        }
    }

    /// Writes how many pieces there are, which the pages do not tell.
    pub(super) fn write_count(&self, writer: &mut Writer) {
        writer.count(self.pieces.len());
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        for piece in &self.pieces {
            Title::Piece(T::PAGE, piece.number).begin(writer);
            piece.write(writer);
        }
    }

    /// Writes the piece of a number, if there is one.
    pub(super) fn write_piece(&self, number: u64, writer: &mut Writer) {
        if let Ok(place) = self.pieces.binary_search_by_key(&number, |piece| piece.number)
            && let Some(piece) = self.pieces.get(place)
        {
            piece.write(writer);
        }
    }

    /// Lists the titles of the pages that were touched, and forgets them.
    pub(super) fn take_touched(&mut self) -> impl Iterator<Item = Title> {
        self.touched.drain(..).map(|number| Title::Piece(T::PAGE, number))
    }

    pub(super) fn read_count(reader: &mut Reader<'_>) -> Result<usize, Error> {
        reader.count(T::MAX)
    }

    pub(super) fn read(reader: &mut Reader<'_>, count: usize) -> Result<Self, Error> {
        let mut whole = Self::default();
        for _ in 0..count {
            let piece = LogPiece::read(reader)?;
            let follows = whole.pieces.back().is_none_or(|last| last.number < piece.number);
            if !follows || piece.entries.is_empty() {
                return Err(Error::Malformed);
            }
            whole.pieces.push_back(piece);
        }
        if whole.len() > T::MAX { Err(Error::Malformed) } else { Ok(whole) }
    }
}

impl<T: Entry> LogPiece<T> {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.number);
        writer.list(&self.entries, T::write);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let number = reader.u64()?;
        Ok(Self { number, entries: reader.list(T::PIECE, T::read)? })
    }
}

#[cfg(test)]
#[path = "tests/paged_log.rs"]
mod tests;
