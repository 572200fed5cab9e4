//! The braid alone: two sides, the messages between them, and their secrets.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

mod agreeing;
mod lies;
mod probe;
mod reserved;
mod state_bytes;

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use rand_core::Rng;

use super::authenticator::NATIVE;
use super::braid::{Braid, Phase};
use super::delta::BraidDelta;
use super::delta::BraidEvent;
use super::part::{BraidPart, PART};
use super::part::{Kind, MAX_EXTRA};
use super::send::Capacity;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::erasure::CHUNK;
use crate::primitives::secret::Secret;
use crate::primitives::tests::op_count;
use crate::primitives::tests::op_count::Work;
use crate::primitives::tests::test_rng::TestRng;

/// A message of one side: the part, and the chunks behind the content.
#[derive(Clone)]
struct Sent {
    part: BraidPart,
    extra: Vec<u8>,
}

/// One side, with the secrets that it got.
struct Side {
    braid: Braid,
    /// True if it is stored and loaded again and again.
    is_restless: bool,
    messages: usize,
    secrets: Vec<[u8; 32]>,
    rng: TestRng,
}

impl Side {
    fn new(braid: Braid, seed: u64) -> Self {
        let rng = TestRng::new(seed);
        Self { braid, is_restless: true, messages: 0, secrets: Vec::new(), rng }
    }

    /// Sends the next message, `number` of its chain, with room for so many further chunks.
    fn send(&mut self, room: usize, number: u32) -> Sent {
        let capacity = Capacity { number, room, is_busy: false };
        let mut extra = Vec::new();
        let (part, mut delta) = self.braid.send(&capacity, &mut extra, &mut self.rng);
        assert_eq!(part.extra_bytes(), extra.len());
        self.apply(&mut delta);
        Sent { part, extra }
    }

    fn receive(&mut self, sent: &Sent) -> Result<(), Error> {
        let part = BraidPart::decode(&sent.part.encode())?;
        let mut delta = self.braid.receive(&part, &sent.extra, false)?;
        self.apply(&mut delta);
        Ok(())
    }

    /// Applies a delta, as it is or as it comes back from a store, and takes the secret as if into the
    /// root.
    fn apply(&mut self, delta: &mut BraidDelta) {
        self.messages += 1;
        if self.is_restless && self.messages.is_multiple_of(2) && !delta.is_none() {
            let mut writer = Writer::new();
            delta.write(&mut writer);
            *delta = Reader::all(&writer.secret(), BraidDelta::read).unwrap();
        }
        self.braid.apply(delta);
        if self.is_restless && self.messages.is_multiple_of(3) {
            self.reload();
        }
        if let Some(secret) = self.braid.secret() {
            let secret = *secret.expose();
            if self.secrets.last() != Some(&secret) {
                self.secrets.push(secret);
            }
        }
        if self.braid.shared_secret().is_some() {
            self.braid.forget_secret();
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.braid.write(&mut writer);
        writer.secret().to_vec()
    }

    fn reload(&mut self) {
        let bytes = self.bytes();
        let read = |reader: &mut Reader<'_>| Braid::read(reader, &NATIVE);
        self.braid = Reader::all(&bytes, read).unwrap();
        assert_eq!(self.bytes(), bytes);
    }

    fn secrets(&self) -> &[[u8; 32]] {
        &self.secrets
    }
}

/// Makes the initiator and the responder.
fn pair(seed: u64) -> [Side; 2] {
    let key = Secret::copy(&[6; 32]);
    [
        Side::new(Braid::initiate(&key, &NATIVE), 2 * seed),
        Side::new(Braid::accept(&key, &NATIVE), 2 * seed + 1),
    ]
}

/// Asserts that both have agreed on the same secrets, except one that only the ciphertext side has yet.
fn agree([one, other]: &[Side; 2]) {
    let both = one.secrets().len().min(other.secrets().len());
    assert_eq!(one.secrets()[..both], other.secrets()[..both]);
    assert!(one.secrets().len().abs_diff(other.secrets().len()) <= 1);
}

/// Exchanges messages in turns until `epochs` secrets are agreed.
fn ping_pong(sides: &mut [Side; 2], epochs: usize, room: usize) -> usize {
    for message in 0.. {
        if sides.iter().all(|side| side.secrets.len() >= epochs) {
            return message;
        }
        let [one, other] = sides;
        let (from, to) = if message % 2 == 0 { (one, other) } else { (other, one) };
        let sent = from.send(room, 0);
        to.receive(&sent).unwrap();
    }
    unreachable!()
}

/// Makes two sides that have exchanged messages in turns until `is_there` holds of them.
fn until(is_there: impl Fn(&[Side; 2]) -> bool) -> [Side; 2] {
    let mut sides = pair(1);
    for message in 0..400 {
        if is_there(&sides) {
            return sides;
        }
        let [one, other] = &mut sides;
        let (from, to) = if message % 2 == 0 { (one, other) } else { (other, one) };
        let sent = from.send(0, 0);
        to.receive(&sent).unwrap();
    }
    panic!("a state that is not reached")
}
