//! A log in pieces of neighbours, each a page of a snapshot: what is added touches the last piece, what is
//! forgotten the first, and the others are not written again.

use alloc::collections::VecDeque;

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

/// Entries, oldest first.
pub(super) struct PagedLog<T>(VecDeque<LogPiece<T>>);

/// Neighbours, under a number that stays theirs. Never empty.
struct LogPiece<T> {
    number: u64,
    entries: VecDeque<T>,
}

impl<T> Default for PagedLog<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> PagedLog<T> {
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.iter().flat_map(|piece| &piece.entries)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().flat_map(|piece| &mut piece.entries)
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().fold(0, |sum, piece| sum.saturating_add(piece.entries.len()))
    }

    /// Forgets the oldest entry.
    pub(super) fn pop(&mut self) {
        if let Some(piece) = self.0.front_mut() {
            piece.entries.pop_front();
        }
        self.tidy();
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
        for piece in &mut self.0 {
            piece.entries.retain(&mut keep);
        }
        self.tidy();
    }

    fn tidy(&mut self) {
        self.0.retain(|piece| !piece.entries.is_empty());
    }
}

impl<T: Entry> PagedLog<T> {
    pub(super) fn push(&mut self, entry: T) {
        match self.0.back_mut() {
            Some(piece) if piece.entries.len() < T::PIECE => piece.entries.push_back(entry),
            last => {
                let number = last.map_or(0, |piece| piece.number.saturating_add(1));
                self.0.push_back(LogPiece { number, entries: VecDeque::from([entry]) });
            }
        }
    }

    /// Writes how many pieces there are, which the pages do not tell.
    pub(super) fn write_count(&self, writer: &mut Writer) {
        writer.count(self.0.len());
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        for piece in &self.0 {
            writer.page(&[&[T::PAGE], &piece.number.to_be_bytes()]);
            writer.u64(piece.number);
            writer.list(&piece.entries, T::write);
        }
    }

    pub(super) fn read_count(reader: &mut Reader<'_>) -> Result<usize, Error> {
        reader.count(T::MAX)
    }

    pub(super) fn read(reader: &mut Reader<'_>, count: usize) -> Result<Self, Error> {
        let mut whole = Self::default();
        for _ in 0..count {
            let piece = LogPiece::read(reader)?;
            let follows = whole.0.back().is_none_or(|last| last.number < piece.number);
            if !follows || piece.entries.is_empty() {
                return Err(Error::Malformed);
            }
            whole.0.push_back(piece);
        }
        if whole.len() > T::MAX { Err(Error::Malformed) } else { Ok(whole) }
    }
}

impl<T: Entry> LogPiece<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let number = reader.u64()?;
        Ok(Self { number, entries: reader.list(T::PIECE, T::read)? })
    }
}

#[cfg(test)]
#[path = "tests/paged_log.rs"]
mod tests;
