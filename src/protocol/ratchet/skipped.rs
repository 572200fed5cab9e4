//! What is kept for messages that come late or twice: `spec/ratchet.md`, "Late messages".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::aead::TAG;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::secret::{Secret, same};

use super::chain::{MessageKey, Missing};
use super::header::HeaderKey;

/// Message keys kept for late messages in a session at most: with its number, 36 bytes each, 72 kB
/// of state. The oldest is dropped first.
pub(crate) const MAX_MISSING: usize = 2000;

/// Closed receiving chains kept at most; with the current and the next one they bound the header
/// trials of a message.
pub(crate) const MAX_CLOSED: usize = 5;

/// A closed chain is dropped after this many further receiving chains, whether it misses messages or not: whoever
/// steals the state later must not read what was withheld for long.
pub(crate) const MAX_AGE: u32 = 64;

/// Messages remembered to tell a repetition from a clone.
pub(crate) const MAX_RECENT: usize = 32;

/// A receiving chain that the peer has left.
pub(crate) struct Closed {
    pub(crate) step: u32,
    pub(crate) ratchet: dh::PublicKey,
    pub(crate) previous: u32,
    pub(crate) mixed: u32,
    pub(crate) header: HeaderKey,
    pub(crate) missing: Missing,
}

impl Closed {
    /// Whether the chain is young enough to be kept when chain `step` begins.
    fn is_kept(&self, step: u32) -> bool {
        step.saturating_sub(self.step) <= MAX_AGE
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u32(self.step);
        writer.raw(self.ratchet.bytes());
        writer.u32(self.previous);
        writer.u32(self.mixed);
        writer.raw(self.header.0.expose());
        write_missing(&self.missing, writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            step: reader.u32()?,
            ratchet: dh::PublicKey::decode(*reader.array()?)?,
            previous: reader.u32()?,
            mixed: reader.u32()?,
            header: HeaderKey(Secret::copy(reader.array()?)),
            missing: read_missing(reader)?,
        })
    }
}

/// The closed chains of a session, newest first. Boxed, so that moving a chain from place to
/// place leaves no copy of its header key behind.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "the box is what keeps header keys in one place")]
pub(crate) struct ClosedChains(Vec<Box<Closed>>);

impl ClosedChains {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Closed> {
        self.0.iter().map(|chain| &**chain)
    }

    pub(crate) fn missing(&self) -> usize {
        self.0.iter().fold(0, |sum, chain| sum.saturating_add(chain.missing.len()))
    }

    pub(crate) fn of_step(&mut self, step: u32) -> Option<&mut Missing> {
        self.0.iter_mut().find(|chain| chain.step == step).map(|chain| &mut chain.missing)
    }

    /// Adds the chain just left when chain `step` begins; drops what is too old, and for room the
    /// oldest chain that misses nothing, else the oldest.
    pub(crate) fn close(&mut self, chain: Closed, step: u32) {
        if let Some(place) = self.surplus(step) {
            self.0.remove(place);
        }
        self.0.retain(|old| old.is_kept(step));
        self.0.insert(0, Box::new(chain));
    }

    /// How many keys [`ClosedChains::close`] drops at this step.
    pub(crate) fn lost_by_closing(&self, step: u32) -> usize {
        let surplus = self.surplus(step);
        let lost = self
            .0
            .iter()
            .enumerate()
            .filter(|(place, old)| Some(*place) == surplus || !old.is_kept(step));
        lost.fold(0, |sum, (_, chain)| sum.saturating_add(chain.missing.len()))
    }

    /// The chain to give up for room, if none goes by age.
    fn surplus(&self, step: u32) -> Option<usize> {
        if self.0.len() < MAX_CLOSED || self.0.iter().any(|old| !old.is_kept(step)) {
            return None;
        }
        let empty = self.0.iter().rposition(|old| old.missing.is_empty());
        empty.or_else(|| self.0.len().checked_sub(1))
    }

    /// Drops the `surplus` oldest keys, and returns how many there were to drop.
    pub(crate) fn drop_oldest(&mut self, surplus: usize) -> usize {
        let mut left = surplus;
        for chain in self.0.iter_mut().rev() {
            let here = left.min(chain.missing.len());
            chain.missing.drain(..here);
            left = left.saturating_sub(here);
        }
        surplus.saturating_sub(left)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.count(self.0.len());
        for chain in &self.0 {
            chain.write(writer);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let chains = (0..reader.count(MAX_CLOSED)?)
            .map(|_| Closed::read(reader).map(Box::new))
            .collect::<Result<Vec<_>, Error>>()?;
        // Newest first, each once.
        if chains.is_sorted_by(|a, b| a.step > b.step) {
            Ok(Self(chains))
        } else {
            Err(Error::Malformed)
        }
    }
}

/// The key of message `number`, if it is still missing.
pub(crate) fn find(missing: &Missing, number: u32) -> Option<&MessageKey> {
    let place = missing.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    missing.get(place).map(|(_, key)| &**key)
}

pub(crate) fn remove(missing: &mut Missing, number: u32) {
    if let Ok(place) = missing.binary_search_by_key(&number, |(number, _)| *number) {
        missing.remove(place);
    }
}

pub(crate) fn write_missing(missing: &Missing, writer: &mut Writer) {
    writer.count(missing.len());
    for (number, key) in missing {
        writer.u32(*number);
        writer.raw(key.0.expose());
    }
}

pub(crate) fn read_missing(reader: &mut Reader<'_>) -> Result<Missing, Error> {
    let mut missing = Missing::new();
    for _ in 0..reader.count(MAX_MISSING)? {
        let number = reader.u32()?;
        let key = MessageKey(Secret::copy(reader.array()?));
        if missing.last().is_some_and(|(last, _)| *last >= number) {
            return Err(Error::Malformed);
        }
        missing.push((number, Box::new(key)));
    }
    Ok(missing)
}

/// One opened message: its chain, its number and half of its body's tag.
#[derive(Clone, Copy, Default)]
struct Opened {
    step: u32,
    number: u32,
    tag: [u8; 8],
}

/// The last [`MAX_RECENT`] opened messages. Public values.
#[derive(Default)]
pub(crate) struct Recent {
    opened: [Opened; MAX_RECENT],
    /// The place to write next.
    next: u8,
}

impl Recent {
    /// Why a message that has no key any more has none: it was opened ([`Error::Duplicate`]),
    /// another one with its number was ([`Error::Cloned`]), or that is too long ago to say.
    pub(crate) fn explain(&self, step: u32, number: u32, tag: &[u8; TAG]) -> Error {
        let found = self.opened.iter().find(|seen| seen.step == step && seen.number == number);
        match found {
            Some(seen) if same(&seen.tag, &half(tag)) => Error::Duplicate,
            Some(_) => Error::Cloned,
            None => Error::KeyGone,
        }
    }

    pub(crate) fn remember(&mut self, step: u32, number: u32, tag: [u8; 8]) {
        if let Some(place) = self.opened.get_mut(usize::from(self.next)) {
            *place = Opened { step, number, tag };
        }
        let next = usize::from(self.next).saturating_add(1);
        self.next = if next < MAX_RECENT { u8::try_from(next).unwrap_or(0) } else { 0 };
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u8(self.next);
        for seen in &self.opened {
            writer.u32(seen.step);
            writer.u32(seen.number);
            writer.raw(&seen.tag);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let next = reader.u8()?;
        if usize::from(next) >= MAX_RECENT {
            return Err(Error::Malformed);
        }
        let mut opened = [Opened::default(); MAX_RECENT];
        for seen in &mut opened {
            *seen = Opened { step: reader.u32()?, number: reader.u32()?, tag: *reader.array()? };
        }
        Ok(Self { opened, next })
    }
}

/// The half of a tag that is remembered.
pub(crate) fn half(tag: &[u8; TAG]) -> [u8; 8] {
    let mut half = [0; 8];
    for (to, from) in half.iter_mut().zip(tag) {
        *to = *from;
    }
    half
}
