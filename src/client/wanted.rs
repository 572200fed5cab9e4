//! Wanted letters: what a device has asked this one for, until it is answered. `spec/fan-out.md`, "Resending".

use alloc::vec::Vec;

use super::sent_log::MAX_SENT;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::letter::MessageId;
use crate::protocol::letter::copy::{LetterOf, MAX_COPIES};
use crate::protocol::letter::missing::{Gap, MAX_GAPS, MAX_MISSING};

/// The most letters that one device is remembered to want: all that can be sealed again, and one request for what
/// cannot.
pub(super) const MAX_WANTED: usize = MAX_SENT + MAX_MISSING;

/// The letters and gaps that a device has asked for and was not answered yet, the oldest first.
#[derive(Clone, Default)]
pub(super) struct Wanted {
    pub(super) letters: Vec<WantedLetter>,
    pub(super) gaps: Vec<Gap>,
    /// Letters of others that an own device wants a copy of.
    pub(super) copies: Vec<LetterOf>,
}

/// A letter that a device wants.
#[derive(Clone, Copy)]
pub(super) struct WantedLetter {
    pub(super) id: MessageId,
    /// True if its content is gone, by this side's word: it is refused.
    pub(super) given_up: bool,
}

/// Letters of others that own devices were asked for.
pub(super) struct AskedOwn {
    pub(super) letters: Vec<LetterOf>,
}

impl Wanted {
    pub(super) fn is_empty(&self) -> bool {
        self.letters.is_empty() && self.gaps.is_empty() && self.copies.is_empty()
    }

    /// Adds a letter that is asked for. If there are too many, the oldest goes: who wants it asks again.
    pub(super) fn add(&mut self, id: MessageId) {
        if self.letters.iter().any(|wanted| wanted.id == id) {
            return;
        }
        if self.letters.len() >= MAX_WANTED {
            self.letters.remove(0);
        }
        self.letters.push(WantedLetter { id, given_up: false });
    }

    /// Adds a gap that is asked for.
    pub(super) fn add_gap(&mut self, gap: Gap) {
        if self.gaps.contains(&gap) {
            return;
        }
        if self.gaps.len() >= MAX_GAPS {
            self.gaps.remove(0);
        }
        self.gaps.push(gap);
    }

    /// Adds a letter of somebody else that a copy is asked for of.
    pub(super) fn add_copy(&mut self, letter: LetterOf) {
        if !self.copies.contains(&letter) && self.copies.len() < MAX_COPIES {
            self.copies.push(letter);
        }
    }

    /// Removes a copy that was passed on.
    pub(super) fn answer_copy(&mut self, letter: LetterOf) {
        self.copies.retain(|wanted| *wanted != letter);
    }

    /// Notes that the content of a letter is gone.
    pub(super) fn give_up(&mut self, id: &MessageId) {
        for wanted in self.letters.iter_mut().filter(|wanted| wanted.id == *id) {
            wanted.given_up = true;
        }
    }

    /// Removes letters that were answered.
    pub(super) fn answer(&mut self, ids: &[MessageId]) {
        self.letters.retain(|wanted| !ids.contains(&wanted.id));
    }

    /// Removes gaps that were answered.
    pub(super) fn answer_gaps(&mut self, gaps: &[Gap]) {
        self.gaps.retain(|gap| !gaps.contains(gap));
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.list(&self.letters, |wanted, writer| {
            writer.raw(&wanted.id.0);
            writer.flag(wanted.given_up);
        });
        writer.list(&self.gaps, Gap::write);
        writer.list(&self.copies, LetterOf::write);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let letters: Vec<_> = reader.list(MAX_WANTED, |reader| {
            Ok(WantedLetter { id: MessageId(*reader.array()?), given_up: reader.flag()? })
        })?;
        let gaps: Vec<_> = reader.list(MAX_GAPS, Gap::read)?;
        let copies: Vec<_> = reader.list(MAX_COPIES, LetterOf::read)?;
        let each_once = is_each_once(letters.iter().map(|wanted| wanted.id))
            && is_each_once(gaps.iter().copied())
            && is_each_once(copies.iter().copied());
        if each_once { Ok(Self { letters, gaps, copies }) } else { Err(Error::Malformed) }
    }
}

/// Tells whether no two are equal.
fn is_each_once<T: Ord>(all: impl Iterator<Item = T>) -> bool {
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    all.is_sorted_by(|one, other| one < other)
}
