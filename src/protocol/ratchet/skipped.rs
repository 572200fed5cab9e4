//! Skipped keys, and memories for messages that come late or twice: `spec/ratchet.md`, "Late messages".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;

use super::chain::{MessageKey, SkippedKeys};
use super::header::HeaderKey;
use super::imprint::Imprint;

/// Maximum number of skipped keys in a session: with its number 36 bytes each, 72 kB of state. The oldest is
/// dropped first.
pub(crate) const MAX_SKIPPED: usize = 2000;

/// Maximum number of closed receiving chains; with the current and the next one they bound the header trials
/// of a message.
pub(crate) const MAX_CLOSED: usize = 5;

/// A closed chain is dropped after this many further receiving chains, whether or not it has skipped
/// messages: a thief of a later state must not read what was withheld for long.
pub(crate) const MAX_AGE: u32 = 64;

/// Number of messages remembered to tell a repetition from a clone.
pub(crate) const MAX_RECENT: usize = 32;

/// A receiving chain that the peer has left.
pub(crate) struct Closed {
    pub(crate) chain: u32,
    pub(crate) ratchet: dh::PublicKey,
    pub(crate) previous: u32,
    pub(crate) pq_epoch: u32,
    pub(crate) header: HeaderKey,
    pub(crate) skipped: SkippedKeys,
}

impl Closed {
    /// Tells whether the chain is young enough to be kept when chain `chain` begins.
    fn is_kept(&self, chain: u32) -> bool {
        chain.saturating_sub(self.chain) <= MAX_AGE
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u32(self.chain);
        writer.raw(self.ratchet.bytes());
        writer.u32(self.previous);
        writer.u32(self.pq_epoch);
        writer.raw(self.header.0.expose());
        write_skipped(&self.skipped, writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            chain: reader.u32()?,
            ratchet: dh::PublicKey::decode(*reader.array()?)?,
            previous: reader.u32()?,
            pq_epoch: reader.u32()?,
            header: HeaderKey(reader.secret()?),
            skipped: read_skipped(reader)?,
        })
    }
}

/// The closed chains of a session, newest first.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "see note [boxes]")]
pub(crate) struct ClosedChains(Vec<Box<Closed>>);

impl ClosedChains {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Closed> {
        self.0.iter().map(|chain| &**chain)
    }

    pub(crate) fn skipped(&self) -> usize {
        self.0.iter().fold(0, |sum, chain| sum.saturating_add(chain.skipped.len()))
    }

    pub(crate) fn of_chain(&mut self, chain: u32) -> Option<&mut SkippedKeys> {
        self.0.iter_mut().find(|closed| closed.chain == chain).map(|closed| &mut closed.skipped)
    }

    /// Adds the chain just left when chain `next` begins; drops what is too old, and for room the
    /// oldest chain without skipped keys, or else the oldest.
    pub(crate) fn close(&mut self, closed: Closed, next: u32) {
        if let Some(place) = self.surplus(next) {
            self.0.remove(place);
        }
        self.0.retain(|old| old.is_kept(next));
        self.0.insert(0, Box::new(closed));
    }

    /// Counts the keys that [`ClosedChains::close`] drops when chain `next` begins.
    pub(crate) fn lost_by_closing(&self, next: u32) -> usize {
        let surplus = self.surplus(next);
        let lost = self
            .0
            .iter()
            .enumerate()
            .filter(|(place, old)| Some(*place) == surplus || !old.is_kept(next));
        lost.fold(0, |sum, (_, chain)| sum.saturating_add(chain.skipped.len()))
    }

    /// Finds the chain to give up for room, if none goes by age.
    fn surplus(&self, next: u32) -> Option<usize> {
        if self.0.len() < MAX_CLOSED || self.0.iter().any(|old| !old.is_kept(next)) {
            return None;
        }
        let empty = self.0.iter().rposition(|old| old.skipped.is_empty());
        empty.or_else(|| self.0.len().checked_sub(1))
    }

    /// Drops the `surplus` oldest keys, and returns how many there were to drop.
    pub(crate) fn drop_oldest(&mut self, surplus: usize) -> usize {
        drop_first(self.0.iter_mut().rev().map(|chain| &mut chain.skipped), surplus)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.list(&self.0, |chain, writer| chain.write(writer));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let chains: Vec<_> =
            reader.list(MAX_CLOSED, |reader| Closed::read(reader).map(Box::new))?;
        // Newest first, each once.
        if chains.is_sorted_by(|a, b| a.chain > b.chain) {
            Ok(Self(chains))
        } else {
            Err(Error::Malformed)
        }
    }
}

/// Drops the `surplus` first keys of chains in the order of their age, and returns how many there were to drop.
pub(crate) fn drop_first<'a>(
    oldest_first: impl Iterator<Item = &'a mut SkippedKeys>,
    surplus: usize,
) -> usize {
    let mut left = surplus;
    for skipped in oldest_first {
        let here = left.min(skipped.len());
        skipped.drain(..here);
        left = left.saturating_sub(here);
    }
    surplus.saturating_sub(left)
}

/// Finds the key of message `number`, if it is skipped and has not come.
pub(crate) fn find(skipped: &SkippedKeys, number: u32) -> Option<&MessageKey> {
    let place = skipped.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    skipped.get(place).map(|(_, key)| &**key)
}

pub(crate) fn remove(skipped: &mut SkippedKeys, number: u32) {
    if let Ok(place) = skipped.binary_search_by_key(&number, |(number, _)| *number) {
        skipped.remove(place);
    }
}

pub(crate) fn write_skipped(skipped: &SkippedKeys, writer: &mut Writer) {
    writer.list(skipped, |(number, key), writer| {
        writer.u32(*number);
        writer.raw(key.0.expose());
    });
}

pub(crate) fn read_skipped(reader: &mut Reader<'_>) -> Result<SkippedKeys, Error> {
    let skipped: SkippedKeys = reader
        .list(MAX_SKIPPED, |reader| Ok((reader.u32()?, Box::new(MessageKey(reader.secret()?)))))?;
    if skipped.is_sorted_by(|(one, _), (two, _)| one < two) {
        Ok(skipped)
    } else {
        Err(Error::Malformed)
    }
}

/// One opened message: its chain, its number and its imprint.
#[derive(Clone, Copy, Default)]
struct OpenedMessage {
    chain: u32,
    number: u32,
    imprint: Imprint,
}

/// The last [`MAX_RECENT`] opened messages. Nothing of it leaves the state.
#[derive(Default)]
pub(crate) struct Recent {
    opened: [OpenedMessage; MAX_RECENT],
    /// The place to write next.
    next: u8,
}

impl Recent {
    /// Explains why a message with an authentic header has no key: it was opened ([`Error::Duplicate`]), a
    /// message with its number and another header was ([`Error::StateCloned`]), or nothing tells.
    ///
    /// Another body alone is no sign of a clone: the header vouches for the body's tag, and without the key
    /// nobody can say whether that holds, so a stranger can have altered the body.
    pub(crate) fn explain(
        &self,
        chain: u32,
        number: u32,
        imprint: impl FnOnce() -> Imprint,
    ) -> Error {
        let mut opened = self.opened.iter();
        let Some(seen) = opened.find(|seen| seen.chain == chain && seen.number == number) else {
            return Error::MessageKeyGone;
        };
        let imprint = imprint();
        if seen.imprint.is(&imprint) {
            Error::Duplicate
        } else if seen.imprint.has_head_of(&imprint) {
            Error::MessageKeyGone
        } else {
            Error::StateCloned
        }
    }

    /// Tells whether the very message was opened, in whatever chain.
    #[cfg(feature = "signal")]
    pub(crate) fn holds(&self, imprint: &Imprint) -> bool {
        self.opened.iter().any(|seen| seen.chain != 0 && seen.imprint.is(imprint))
    }

    pub(crate) fn remember(&mut self, chain: u32, number: u32, imprint: Imprint) {
        if let Some(place) = self.opened.get_mut(usize::from(self.next)) {
            *place = OpenedMessage { chain, number, imprint };
        }
        self.next = self.next.saturating_add(1);
        if usize::from(self.next) >= MAX_RECENT {
            self.next = 0;
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u8(self.next);
        for seen in &self.opened {
            writer.u32(seen.chain);
            writer.u32(seen.number);
            writer.raw(&seen.imprint.to_bytes());
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let next = reader.u8()?;
        if usize::from(next) >= MAX_RECENT {
            return Err(Error::Malformed);
        }
        let mut opened = [OpenedMessage::default(); MAX_RECENT];
        for seen in &mut opened {
            *seen = OpenedMessage {
                chain: reader.u32()?,
                number: reader.u32()?,
                imprint: Imprint::from_bytes(reader.array()?),
            };
        }
        Ok(Self { opened, next })
    }
}
