//! A chain of somebody else's sender key: `spec/third-party.md`, "Groups".

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::swap;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, first};
use crate::primitives::dh;
use crate::protocol::ratchet::{
    ChainKey, SkippedKeys, find, read_skipped, remove, walk, write_skipped,
};
use crate::signal::version::Version;

use super::chain::{MAX_JUMP, decrypt};
use super::wire::{SenderKeyMessage, ToldChain};

/// Length in bytes of what a change says of its message's signature.
const TRACE: usize = 16;

/// A chain of a sender.
pub(crate) struct ReceivedChain {
    id: u32,
    /// The newest version of a session in which it was told: what vouches for its signing key.
    version: Version,
    signing: dh::PublicKey,
    key: ChainKey,
    /// The iteration that the chain key is for.
    next: u32,
    /// From here on, whatever has no seed was opened; before it, it may never have had one.
    complete_from: u32,
    skipped: SkippedKeys,
}

impl ReceivedChain {
    pub(super) fn begin(told: ToldChain, version: Version) -> Self {
        let ToldChain { place, key, signing } = told;
        let (id, next) = (place.chain, place.iteration);
        let skipped = SkippedKeys::new();
        Self { id, version, signing, key, next, complete_from: next, skipped }
    }

    /// Writes what is not secret of it: which chain it is, where it stands, and how well it was told.
    pub(super) fn name(&self, writer: &mut Writer) {
        writer.raw(self.signing.bytes());
        writer.u8(self.version.number());
        writer.u32(self.next);
    }

    /// Tells whether two are one chain, wherever they stand in it.
    pub(super) fn is(&self, other: &Self) -> bool {
        (self.id, self.signing) == (other.id, other.signing)
    }

    /// Tells whether one that was told is this one, and says nothing that this one does not know.
    pub(super) fn knows(&self, told: &Self) -> bool {
        self.is(told) && told.next <= self.next && told.version <= self.version
    }

    /// Makes one that was told again into what this one goes on with. If it is near, this one walks there and keeps
    /// the seeds on the way: what they open may still come.
    pub(super) fn follow(&self, mut told: Self) -> Result<Self, Error> {
        if told.next.checked_sub(self.next).is_some_and(|ahead| ahead <= MAX_JUMP) {
            let (skipped, at) = walk(&self.key, self.next, told.next)?;
            told.key = at.unwrap_or(told.key);
            (told.skipped, told.complete_from) = (skipped, self.complete_from);
        }
        Ok(told)
    }

    /// Goes on from where the chain was told again, and never back. What is kept stays.
    pub(super) fn go_forward(&mut self, told: &mut Self) {
        self.version = self.version.max(told.version);
        if self.next < told.next {
            swap(&mut self.key.0, &mut told.key.0);
            self.next = told.next;
            self.complete_from = told.complete_from.max(self.complete_from);
            self.skipped.append(&mut told.skipped);
        }
    }

    /// Opens a message, if its signature holds: before that, no chain step is done.
    pub(super) fn open(
        &self,
        message: &SenderKeyMessage<'_>,
    ) -> Result<(Zeroizing<Vec<u8>>, Used), Error> {
        message.verify(&self.signing)?;
        let (chain, iteration) = (self.id, message.place.iteration);
        let trace = first(message.signature());
        let Some(ahead) = iteration.checked_sub(self.next) else {
            let seed = find(&self.skipped, iteration).ok_or_else(|| self.explain(iteration))?;
            let content = decrypt(seed, message.ciphertext)?;
            return Ok((content, Used::Late(Late { chain, iteration, trace })));
        };
        // The iteration after the last could not be counted.
        if ahead > MAX_JUMP || iteration == u32::MAX {
            return Err(Error::TooFarAhead);
        }
        let (skipped, at) = walk(&self.key, self.next, iteration)?;
        let (seed, key) = at.as_ref().unwrap_or(&self.key).step();
        let content = decrypt(&seed, message.ciphertext)?;
        let moved = MovedChain { chain, iteration, key, skipped, trace };
        Ok((content, Used::Moved(Box::new(moved))))
    }

    /// Says why an iteration before the next has no seed.
    fn explain(&self, iteration: u32) -> Error {
        if iteration < self.complete_from { Error::MessageKeyGone } else { Error::Duplicate }
    }

    /// Tells whether a change was made of this very chain.
    pub(super) fn fits(&self, used: &Used) -> bool {
        match used {
            Used::Moved(moved) => {
                let from = moved.skipped.first().map_or(moved.iteration, |(first, _)| *first);
                self.next <= from
            }
            Used::Late(late) => find(&self.skipped, late.iteration).is_some(),
        }
    }

    pub(super) fn advance(&mut self, used: Used) {
        match used {
            Used::Moved(mut moved) => {
                swap(&mut self.key.0, &mut moved.key.0);
                self.next = moved.iteration.saturating_add(1);
                self.skipped.append(&mut moved.skipped);
            }
            Used::Late(late) => remove(&mut self.skipped, late.iteration),
        }
    }

    /// Drops at most `surplus` of the oldest seeds, and returns how many.
    pub(super) fn drop_oldest(&mut self, surplus: usize) -> usize {
        let count = surplus.min(self.skipped.len());
        if let Some((last, _)) = self.skipped.drain(..count).next_back() {
            self.complete_from = self.complete_from.max(last.saturating_add(1));
        }
        count
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn skipped(&self) -> usize {
        self.skipped.len()
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u32(self.id);
        writer.u8(self.version.number());
        writer.raw(self.signing.bytes());
        writer.u32(self.next);
        writer.u32(self.complete_from);
        writer.raw(self.key.0.expose());
        write_skipped(&self.skipped, writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let chain = Self {
            id: reader.u32()?,
            version: Version::of_number(reader.u8()?)?,
            signing: dh::PublicKey::decode(*reader.array()?)?,
            next: reader.u32()?,
            complete_from: reader.u32()?,
            key: ChainKey(reader.secret()?),
            skipped: read_skipped(reader)?,
        };
        // Seeds are kept of what came before the next.
        let is_before = chain.skipped.last().is_none_or(|(last, _)| *last < chain.next);
        if chain.complete_from <= chain.next && is_before {
            Ok(chain)
        } else {
            Err(Error::Malformed)
        }
    }
}

/// The change that opening a message makes in its chain.
pub(crate) enum Used {
    /// The message was at or after the end of the chain.
    Moved(Box<MovedChain>),
    /// It had been skipped.
    Late(Late),
}

/// The state that a chain goes on with.
pub(crate) struct MovedChain {
    chain: u32,
    /// The iteration of the message.
    iteration: u32,
    /// The key of the iteration after it.
    key: ChainKey,
    skipped: SkippedKeys,
    trace: [u8; TRACE],
}

/// The message whose seed is used up.
#[derive(Clone, Copy)]
pub(crate) struct Late {
    chain: u32,
    iteration: u32,
    trace: [u8; TRACE],
}

impl Used {
    pub(super) fn chain(&self) -> u32 {
        match self {
            Self::Moved(moved) => moved.chain,
            Self::Late(late) => late.chain,
        }
    }

    pub(super) fn trace(&self) -> &[u8; TRACE] {
        match self {
            Self::Moved(moved) => &moved.trace,
            Self::Late(late) => &late.trace,
        }
    }
}

impl MovedChain {
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u32(self.chain);
        writer.u32(self.iteration);
        writer.raw(self.key.0.expose());
        write_skipped(&self.skipped, writer);
        writer.raw(&self.trace);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let moved = Self {
            chain: reader.u32()?,
            iteration: reader.u32()?,
            key: ChainKey(reader.secret()?),
            skipped: read_skipped(reader)?,
            trace: *reader.array()?,
        };
        let is_before = moved.skipped.last().is_none_or(|(last, _)| *last < moved.iteration);
        if is_before { Ok(moved) } else { Err(Error::Malformed) }
    }
}

impl Late {
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u32(self.chain);
        writer.u32(self.iteration);
        writer.raw(&self.trace);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { chain: reader.u32()?, iteration: reader.u32()?, trace: *reader.array()? })
    }
}
