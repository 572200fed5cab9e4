//! Secrets of the braid and the root, between honest sides over any network.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

extern crate std;

use alloc::vec;
use alloc::vec::Vec;
use std::collections::BTreeMap;

use rand_core::Rng;

use super::{CLEAR, RatchetPair};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::padding::Padding;
use crate::protocol::ratchet::delta::{MessagePlace, RatchetDelta};
use crate::protocol::ratchet::ratchet::{Ratchet, SendState};

pub(super) fn bytes(ratchet: &Ratchet) -> Vec<u8> {
    let mut writer = Writer::new();
    ratchet.write(&mut writer);
    writer.secret().to_vec()
}

pub(super) fn loaded(bytes: &[u8]) -> Result<Ratchet, Error> {
    Reader::all(bytes, Ratchet::read)
}

/// One message under way.
struct UnderWay {
    to: usize,
    chain: u32,
    message: Vec<u8>,
    is_repeated: bool,
}

/// Conditions of a network and its users for a while.
#[derive(Clone, Copy)]
struct Weather {
    burst: u32,
    lost: u32,
    late: u32,
    /// Of a hundred first messages of a chain, the number that is lost.
    first_lost: u32,
    chunks: u8,
    length: u32,
    /// Most numbers that a message with a change reserves.
    reserve: u32,
}

const FAIR: Weather =
    Weather { burst: 1, lost: 0, late: 0, first_lost: 0, chunks: 1, length: 20, reserve: 0 };

/// Two honest sides, all of whose operations are checked.
struct World {
    sides: [Ratchet; 2],
    rng: TestRng,
    from: usize,
    left: u32,
    late: Vec<UnderWay>,
    /// By direction and chain: the root, and the newest epoch in it.
    roots: BTreeMap<(usize, u32), ([u8; 32], u32)>,
    is_checked: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let RatchetPair { initiator, responder, .. } = RatchetPair::new();
        let rng = TestRng::new(seed);
        let (late, roots) = (Vec::new(), BTreeMap::new());
        let sides = [initiator, responder];
        Self { sides, rng, from: 1, left: 0, late, roots, is_checked: true }
    }

    fn roll(&mut self, sides: u32) -> u32 {
        (self.rng.next_u32() >> 8) % sides
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.roll(100) < percent
    }

    /// Applies a change as it is and as it comes back from a store.
    fn apply(&mut self, side: usize, mut delta: RatchetDelta) {
        let root = match &delta.place {
            MessagePlace::SentNext(_) => Some((side, self.sides[side].sent().chain + 1)),
            MessagePlace::Next(new) => Some((1 - side, new.chain)),
            _ => None,
        };
        let mut stored = self.is_checked.then(|| {
            let mut writer = Writer::new();
            delta.write(&mut writer);
            let again = Reader::all(&writer.secret(), RatchetDelta::read).unwrap();
            (loaded(&bytes(&self.sides[side])).unwrap(), again)
        });
        let before = self.sides[side].pq_epoch();
        self.sides[side].apply(&mut delta);
        let after = self.sides[side].pq_epoch();
        assert!(after == before || after == before + 1);
        if let Some((ratchet, delta)) = &mut stored {
            ratchet.apply(delta);
            assert!(bytes(ratchet) == bytes(&self.sides[side]), "a stored change does otherwise");
            assert!(loaded(&bytes(ratchet)).is_ok(), "a state that does not load");
        }
        if let Some(place) = root {
            let here = (*self.sides[side].root.expose(), after);
            assert_eq!(*self.roots.entry(place).or_insert(here), here, "two roots");
        }
        if let (true, Some((ratchet, _))) = (self.chance(20), stored) {
            self.sides[side] = ratchet;
        }
    }

    fn deliver(&mut self, letter: &UnderWay) {
        let side = &self.sides[letter.to];
        let behind = side.received().saturating_sub(letter.chain);
        match side.stage(CLEAR, &letter.message).and_then(super::super::StagedHeader::open) {
            Ok((_, _, delta)) => self.apply(letter.to, delta),
            Err(Error::Duplicate | Error::MessageKeyGone) if letter.is_repeated => {}
            // Its chain is no longer kept, perhaps because it had no skipped keys.
            Err(Error::Forged) if behind >= 5 || (letter.is_repeated && behind >= 1) => {}
            Err(error) => panic!("{error:?}, {behind} chains behind"),
        }
    }

    /// Seals a message, mostly under a reserved number if there is one.
    fn seal(&mut self, from: usize, content: &[u8], padded: usize, reserve: u32) -> Vec<u8> {
        let count = u16::try_from(self.roll(reserve + 1)).unwrap();
        let is_usual = self.sides[from].reserved() == 0 || self.chance(10);
        let (side, rng) = (&mut self.sides[from], &mut self.rng);
        if is_usual {
            let (message, mut delta, _) = side.seal(&CLEAR, &[], content, padded, rng).unwrap();
            delta.reserve(count).unwrap();
            self.apply(from, delta);
            message
        } else {
            let before = bytes(side);
            let message = side.seal_reserved(&CLEAR, &[], content, padded, rng).unwrap();
            assert!(bytes(side) == before, "a reserved message changed what is stored");
            message
        }
    }

    fn run(&mut self, weather: Weather, messages: usize) {
        for _ in 0..messages {
            if self.left == 0 {
                (self.from, self.left) = (1 - self.from, 1 + self.roll(weather.burst));
            }
            self.left -= 1;
            let (from, to) = (self.from, 1 - self.from);
            let leads = matches!(self.sides[from].sending, SendState::Due(_));
            let length = usize::try_from(self.roll(weather.length + 1)).unwrap();
            let padded = Padding::Buckets.with_chunks(length, weather.chunks);
            let message = self.seal(from, &vec![7; length], padded, weather.reserve);
            let chain = self.sides[from].sent().chain;
            let mut letter = UnderWay { to, chain, message, is_repeated: false };
            if self.chance(weather.lost) || (leads && self.chance(weather.first_lost)) {
                continue;
            }
            if !self.chance(weather.late) {
                self.deliver(&letter);
                letter.is_repeated = true;
            }
            if self.late.len() < 50 && (!letter.is_repeated || self.chance(10)) {
                self.late.push(letter);
            }
            while !self.late.is_empty() && self.chance(20) {
                let at = self.roll(1 << 16) as usize % self.late.len();
                let letter = self.late.swap_remove(at);
                self.deliver(&letter);
            }
        }
    }
}

#[test]
fn over_any_network_both_sides_mix_the_same_secrets_and_every_state_loads_again() {
    for seed in 0..6 {
        let mut world = World::new(seed);
        for _ in 0..6 {
            let weather = Weather {
                burst: [1, 1, 4, 40][world.roll(4) as usize],
                lost: [0, 10, 30, 80][world.roll(4) as usize],
                late: [0, 20, 60][world.roll(3) as usize],
                first_lost: [0, 0, 90][world.roll(3) as usize],
                chunks: [1, 2, 8, 36][world.roll(4) as usize],
                length: [31, 300, 1500][world.roll(3) as usize],
                reserve: [0, 3, 60][world.roll(3) as usize],
            };
            world.run(weather, 100);
        }
        // Whatever was before: over a good network epochs go on.
        let before = world.sides[0].pq_epoch();
        world.run(FAIR, 300);
        let after = [world.sides[0].pq_epoch(), world.sides[1].pq_epoch()];
        assert!(after[0] > before && after[0].abs_diff(after[1]) <= 1, "{before} {after:?}");
    }
}

/// Counts the epochs in 1,500 messages of one weather.
fn epochs(weather: Weather) -> u32 {
    let mut world = World::new(9);
    world.is_checked = false;
    world.run(weather, 1500);
    world.sides[0].pq_epoch()
}

#[test]
fn whoever_drops_the_first_message_of_every_chain_does_not_stop_the_exchange() {
    for chunks in [1, 18] {
        let all = epochs(Weather { burst: 5, chunks, ..FAIR });
        let without = epochs(Weather { burst: 5, first_lost: 100, chunks, ..FAIR });
        assert!(without > all / 4, "{without} of {all}");
    }
}

#[test]
fn numbers_that_are_reserved_do_not_slow_the_exchange() {
    for (burst, chunks) in [(1, 1), (5, 1), (40, 1), (5, 8)] {
        let weather = Weather { burst, chunks, ..FAIR };
        let (without, with) = (epochs(weather), epochs(Weather { reserve: 20, ..weather }));
        assert!(with * 5 >= without * 4, "bursts of {burst}: {with} of {without}");
    }
}

#[test]
fn more_chunks_are_never_slower_whatever_is_lost() {
    for lost in [0, 30, 60] {
        let weather = Weather { burst: 5, lost, ..FAIR };
        let epochs = [1, 8, 18, 36].map(|chunks| epochs(Weather { chunks, ..weather }));
        assert!(epochs[0] * 2 < epochs[1], "{epochs:?}");
        assert!(epochs[1] <= epochs[2] + 5 && epochs[2] <= epochs[3] + 5, "{epochs:?}");
    }
}
