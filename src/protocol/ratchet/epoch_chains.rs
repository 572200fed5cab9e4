//! Chains of post-quantum keys, a pair for each epoch of the braid: `spec/third-party.md`, "Triple ratchet".
//!
//! ```text
//! next root ‖ chain key A ‖ chain key B = HKDF(salt = zeros, ikm = braid key,
//!                                              info = "Signal PQ Ratchet V1 Chain  Start", 96)          epoch 0
//!                                       = HKDF(salt = next root, ikm = secret of epoch e,
//!                                              info = "Signal PQ Ratchet V1 Chain Add Epoch", 96)       epoch e
//! chain key i ‖ message key i           = HKDF(salt = zeros, ikm = chain key i−1,
//!                                              info = u32(i) ‖ "Signal PQ Ratchet V1 Chain Next", 64)
//! ```
//!
//! The initiator sends in chains A, the responder in chains B. Numbers count from 1. Of epoch E, in which this side
//! sends, both chains are kept, also of a newer one that the braid has agreed on; of E − 1, for messages that were
//! under way, the receiving chain; nothing older.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::swap;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::Prk;
use crate::primitives::secret::Secret;
use crate::protocol::position::Role;

use super::chain::{ChainKey, MessageKey, SkippedKeys, walk_with};
use super::keys::{BodyKey, bound};
use super::profile::halves_of;
use super::skipped::{MAX_SKIPPED, drop_first, find, read_skipped, remove, write_skipped};

/// Maximum number of epochs with chains: the one before that in which this side sends, that one, and the next.
const MAX_EPOCHS: usize = 3;

/// The chains of all epochs that are kept. Secret.
pub(crate) struct EpochChains {
    root: Secret<32>,
    /// The epoch in which this side last sent.
    sends_in: u32,
    /// Oldest first.
    #[expect(clippy::vec_box, reason = "see note [boxes]")]
    pairs: Vec<Box<ChainPair>>,
}

/// The two chains of one epoch.
struct ChainPair {
    epoch: u32,
    /// Erased once this side sends in a newer epoch.
    sending: Option<Box<Chain>>,
    receiving: Chain,
    skipped: SkippedKeys,
}

struct Chain {
    chain_key: ChainKey,
    /// The number of the next message.
    number: u32,
}

/// The place of a message that came, near enough to be followed.
#[derive(Clone, Copy)]
pub(crate) struct EpochPosition<'a> {
    pair: &'a ChainPair,
    number: u32,
}

/// The change that one message makes. Only success makes one.
pub(crate) struct EpochDelta {
    epoch: u32,
    place: EpochPlace,
    /// The message's number.
    number: u32,
    /// The key that the chain goes on with; zeros after a late message, which moves no chain.
    chain_key: ChainKey,
    /// Newly skipped keys.
    skipped: SkippedKeys,
}

/// The place of a message in its epoch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EpochPlace {
    Sent,
    /// Received: a skipped message.
    Late,
    /// Received at or after the end of the chain.
    Current,
}

impl EpochChains {
    /// Begins the chains of epoch 0.
    pub(crate) fn start(key: &Secret<32>, role: Role) -> Self {
        let label = b"Signal PQ Ratchet V1 Chain  Start";
        let (root, pair) = ChainPair::derive(&[0; 32], key, label, 0, role);
        Self { root, sends_in: 0, pairs: [pair].into() }
    }

    /// Adds the chains of the next epoch, from its secret.
    pub(crate) fn add(&mut self, secret: &Secret<32>, role: Role) {
        let label = b"Signal PQ Ratchet V1 Chain Add Epoch";
        let epoch = self.newest().saturating_add(1);
        let (root, pair) = ChainPair::derive(self.root.expose(), secret, label, epoch, role);
        self.root = root;
        self.pairs.push(pair);
    }

    /// Returns the newest epoch.
    pub(crate) fn newest(&self) -> u32 {
        self.pairs.last().map_or(0, |pair| pair.epoch)
    }

    /// Returns the key of the next message that is sent in an epoch, its number, and what its use changes.
    pub(crate) fn send(&self, epoch: u32) -> Result<(MessageKey, EpochDelta), Error> {
        let sending = self.pair(epoch).and_then(|pair| pair.sending.as_ref());
        let Chain { chain_key, number } = &**sending.ok_or(Error::Inconsistent)?;
        // The number after it could not be counted.
        if *number == u32::MAX {
            return Err(Error::ChainExhausted);
        }
        let (key, chain_key) = step(chain_key, *number);
        let (number, skipped) = (*number, SkippedKeys::new());
        Ok((key, EpochDelta { epoch, place: EpochPlace::Sent, number, chain_key, skipped }))
    }

    /// Finds the place of a message that came. One that no peer names, and one that is too far ahead, end here, at
    /// no cost.
    pub(crate) fn find(&self, epoch: u32, number: u32) -> Result<EpochPosition<'_>, Error> {
        // A number of 0 says that the message has no such key: that would talk this side down.
        if epoch > self.newest() || number == 0 {
            return Err(Error::Inconsistent);
        }
        if number == u32::MAX {
            return Err(Error::TooFarAhead);
        }
        let pair = self.pair(epoch).ok_or(Error::MessageKeyGone)?;
        bound(number.saturating_sub(pair.receiving.number), 0)?;
        Ok(EpochPosition { pair, number })
    }

    /// Applies a delta and empties it. The caller has checked that it was made from this state.
    pub(crate) fn apply(&mut self, delta: &mut EpochDelta) {
        let EpochDelta { epoch, place, number, chain_key, skipped } = delta;
        let next = number.saturating_add(1);
        if let Some(pair) = self.pairs.iter_mut().find(|pair| pair.epoch == *epoch) {
            match (*place, &mut pair.sending) {
                (EpochPlace::Sent, Some(sending)) => sending.go_on(chain_key, next),
                (EpochPlace::Sent, None) => {}
                (EpochPlace::Late, _) => remove(&mut pair.skipped, *number),
                (EpochPlace::Current, _) => {
                    pair.receiving.go_on(chain_key, next);
                    pair.skipped.append(skipped);
                }
            }
        }
        if *place == EpochPlace::Sent {
            self.send_in(*epoch);
        }
        let surplus = self.skipped().saturating_sub(MAX_SKIPPED);
        drop_first(self.pairs.iter_mut().map(|pair| &mut pair.skipped), surplus);
    }

    /// Erases what is over once this side sends in an epoch.
    fn send_in(&mut self, epoch: u32) {
        self.sends_in = epoch;
        self.pairs.retain(|pair| pair.epoch.saturating_add(1) >= epoch);
        for pair in self.pairs.iter_mut().filter(|pair| pair.epoch < epoch) {
            pair.sending = None;
        }
    }

    /// Counts the skipped keys.
    pub(crate) fn skipped(&self) -> usize {
        self.pairs.iter().fold(0, |sum, pair| sum.saturating_add(pair.skipped.len()))
    }

    fn pair(&self, epoch: u32) -> Option<&ChainPair> {
        self.pairs.iter().map(|pair| &**pair).find(|pair| pair.epoch == epoch)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.root.expose());
        writer.u32(self.sends_in);
        writer.list(&self.pairs, |pair, writer| pair.write(writer));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let chains = Self {
            root: reader.secret()?,
            sends_in: reader.u32()?,
            pairs: reader.list(MAX_EPOCHS, |reader| ChainPair::read(reader).map(Box::new))?,
        };
        if chains.is_possible() { Ok(chains) } else { Err(Error::Malformed) }
    }

    /// Tells whether some history leads to these chains.
    fn is_possible(&self) -> bool {
        let oldest = self.sends_in.saturating_sub(1);
        let follow = (oldest..).zip(&self.pairs).all(|(epoch, pair)| pair.epoch == epoch);
        let send =
            self.pairs.iter().all(|pair| (pair.epoch < self.sends_in) == pair.sending.is_none());
        let newest = self.newest().checked_sub(self.sends_in).is_some_and(|ahead| ahead <= 1);
        follow && send && newest && self.skipped() <= MAX_SKIPPED
    }
}

impl<'a> EpochPosition<'a> {
    /// Returns the key of the message, and what its use changes.
    pub(crate) fn key(&self) -> Result<(BodyKey<'a>, EpochDelta), Error> {
        let (Self { pair, number }, epoch) = (*self, self.pair.epoch);
        let Chain { chain_key: start, number: next } = &pair.receiving;
        if number < *next {
            let key = find(&pair.skipped, number).ok_or(Error::MessageKeyGone)?;
            let (place, skipped) = (EpochPlace::Late, SkippedKeys::new());
            let chain_key = ChainKey(Secret::copy(&[0; 32]));
            let delta = EpochDelta { epoch, place, number, chain_key, skipped };
            return Ok((BodyKey::Skipped(key), delta));
        }
        let (skipped, at) = walk_with(start, *next, number, step)?;
        let (key, chain_key) = step(at.as_ref().unwrap_or(start), number);
        let place = EpochPlace::Current;
        Ok((BodyKey::New(key), EpochDelta { epoch, place, number, chain_key, skipped }))
    }
}

impl ChainPair {
    /// Derives the next root and the chains of an epoch.
    fn derive(
        root: &[u8; 32],
        secret: &Secret<32>,
        label: &[u8],
        epoch: u32,
        role: Role,
    ) -> (Secret<32>, Box<Self>) {
        let all = Prk::extract(root, &[secret.expose()]).expand::<96>(&[label]);
        let (root, chains) = all.expose().split_at(32);
        let (a, b) = chains.split_at(32);
        let copy = |from: &[u8]| Secret::fill(|out: &mut [u8; 32]| out.copy_from_slice(from));
        let (sends, receives) = match role {
            Role::Initiator => (a, b),
            Role::Responder => (b, a),
        };
        let chain = |from| Chain { chain_key: ChainKey(copy(from)), number: 1 };
        let (sending, receiving) = (Some(Box::new(chain(sends))), chain(receives));
        (copy(root), Box::new(Self { epoch, sending, receiving, skipped: SkippedKeys::new() }))
    }

    fn write(&self, writer: &mut Writer) {
        writer.u32(self.epoch);
        writer.option(self.sending.as_ref(), |sending, writer| sending.write(writer));
        self.receiving.write(writer);
        write_skipped(&self.skipped, writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let pair = Self {
            epoch: reader.u32()?,
            sending: reader.option(|reader| Chain::read(reader).map(Box::new))?,
            receiving: Chain::read(reader)?,
            skipped: read_skipped(reader)?,
        };
        let last = pair.skipped.last().map_or(0, |(number, _)| *number);
        if last < pair.receiving.number { Ok(pair) } else { Err(Error::Malformed) }
    }
}

impl Chain {
    fn go_on(&mut self, chain_key: &mut ChainKey, number: u32) {
        swap(&mut self.chain_key.0, &mut chain_key.0);
        self.number = number;
    }

    fn write(&self, writer: &mut Writer) {
        writer.raw(self.chain_key.0.expose());
        writer.u32(self.number);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let chain = Self { chain_key: ChainKey(reader.secret()?), number: reader.u32()? };
        if chain.number == 0 { Err(Error::Malformed) } else { Ok(chain) }
    }
}

/// Returns the key of message `number`, and the chain key after it.
fn step(chain_key: &ChainKey, number: u32) -> (MessageKey, ChainKey) {
    #[cfg(test)]
    crate::primitives::tests::op_count::count(|work| work.chain = work.chain.saturating_add(1));
    let prk = Prk::extract(&[0; 32], &[chain_key.0.expose()]);
    let both = prk.expand::<64>(&[&number.to_be_bytes(), b"Signal PQ Ratchet V1 Chain Next"]);
    let (next, message) = halves_of(&both);
    (MessageKey(message), ChainKey(next))
}

impl EpochDelta {
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u8(match self.place {
            EpochPlace::Sent => 0,
            EpochPlace::Late => 1,
            EpochPlace::Current => 2,
        });
        writer.u32(self.epoch);
        writer.u32(self.number);
        if self.place != EpochPlace::Late {
            writer.raw(self.chain_key.0.expose());
        }
        if self.place == EpochPlace::Current {
            write_skipped(&self.skipped, writer);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let place = match reader.u8()? {
            0 => EpochPlace::Sent,
            1 => EpochPlace::Late,
            2 => EpochPlace::Current,
            _ => return Err(Error::Malformed),
        };
        let (epoch, number) = (reader.u32()?, reader.u32()?);
        let moves = place != EpochPlace::Late;
        let chain_key = if moves { reader.secret()? } else { Secret::copy(&[0; 32]) };
        let skips = place == EpochPlace::Current;
        let skipped = if skips { read_skipped(reader)? } else { SkippedKeys::new() };
        Ok(Self { epoch, place, number, chain_key: ChainKey(chain_key), skipped })
    }

    /// Tells whether it belongs to an opened message.
    pub(crate) fn is_received(&self) -> bool {
        self.place != EpochPlace::Sent
    }
}

#[cfg(test)]
#[path = "tests/epoch_chains.rs"]
mod tests;
