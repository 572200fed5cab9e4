//! The messages that a thief reads on: `spec/post-quantum.md`, "Healing, measured".
//!
//! The thief copies the whole state of one side at some message and then only listens, with a quantum
//! computer: every X25519 agreement is handed to it. It keeps up with the root as long as it can
//! compute each secret that goes into it, from what it stole and what it hears.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

extern crate std;

use alloc::vec::Vec;

use rand_core::Rng;

use super::{CLEAR, RatchetPair};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::Prk;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::labels;
use crate::protocol::padding::Padding;
use crate::protocol::ratchet::braid::Braid;
use crate::protocol::ratchet::braid::BraidPart;
use crate::protocol::ratchet::braid::Capacity;
use crate::protocol::ratchet::braid::NATIVE;
use crate::protocol::ratchet::delta::{MessagePlace, RatchetDelta};
use crate::protocol::ratchet::ratchet::{Ratchet, SendState};

/// Number of messages of a conversation in which states are stolen; more where they cost less.
const STEALS: usize = if cfg!(debug_assertions) { 500 } else { 5000 };

/// A thief of one side's state, from one message on.
struct Thief {
    /// The message after which it stole, counted over both sides.
    since: usize,
    root: [u8; 32],
    /// The stolen braid, moved on by what passes, until the side draws what the thief cannot guess.
    braid: Option<Braid>,
    /// The secret that waits to go into the root, as far as the thief knows it.
    secret: [u8; 32],
}

impl Thief {
    fn steal(side: &Ratchet, since: usize) -> Self {
        let mut writer = Writer::new();
        side.braid.write(&mut writer);
        let braid = Reader::all(&writer.secret(), |reader| Braid::read(reader, &NATIVE)).unwrap();
        let secret = side.braid.secret().map_or([0; 32], |secret| *secret.expose());
        Self { since, root: *side.root.expose(), braid: Some(braid), secret }
    }

    /// Follows one message that the side sealed or opened, before the side applies it.
    fn follow(
        &mut self,
        side: &Ratchet,
        delta: &RatchetDelta,
        part: &BraidPart,
        extra: &[u8],
        capacity: &Capacity,
    ) {
        let (agreement, pq_epoch) = match (&delta.place, &side.sending) {
            (MessagePlace::SentNext(new), SendState::Due(due)) => {
                (Some(new.own.agree(&due.peer).unwrap()), new.pq_epoch)
            }
            (MessagePlace::Next(new), SendState::Active(chain)) => {
                (Some(chain.own.agree(&new.ratchet).unwrap()), new.pq_epoch)
            }
            _ => (None, side.pq_epoch()),
        };
        if let Some(agreement) = agreement {
            let secret = if pq_epoch == side.pq_epoch() { [0; 32] } else { self.secret };
            let prk = Prk::extract(&self.root, &[agreement.expose(), &secret]);
            let info = [labels::RATCHET_ROOT, &pq_epoch.to_be_bytes(), &[1]];
            self.root = *prk.expand::<32>(&info).expose();
        }
        self.follow_braid(delta, part, extra, capacity, pq_epoch != side.pq_epoch());
    }

    fn follow_braid(
        &mut self,
        delta: &RatchetDelta,
        part: &BraidPart,
        extra: &[u8],
        capacity: &Capacity,
        mixes: bool,
    ) {
        let Some(braid) = &mut self.braid else { return };
        if mixes {
            braid.forget_secret();
        }
        let mut braid_delta = if delta.is_received() {
            braid.receive(part, extra, capacity.is_busy).unwrap()
        } else if delta.braid.is_drawn() {
            self.braid = None;
            return;
        } else {
            braid.send(capacity, &mut Vec::new(), &mut TestRng::zeros()).1
        };
        braid.apply(&mut braid_delta);
        if let Some(secret) = braid.secret() {
            self.secret = *secret.expose();
        }
    }
}

/// A conversation in which one side's state is stolen again and again.
struct Heist {
    pair: RatchetPair,
    /// The side that the state is of: the initiator's or the responder's.
    of_initiator: bool,
    chunks: u8,
    dice: TestRng,
    sealed: usize,
    thieves: Vec<Thief>,
    /// After how many messages each thief was locked out.
    healed: Vec<usize>,
}

impl Heist {
    fn new(of_initiator: bool, chunks: u8) -> Self {
        let dice = TestRng::new(77);
        let (thieves, healed) = (Vec::new(), Vec::new());
        Self { pair: RatchetPair::new(), of_initiator, chunks, dice, sealed: 0, thieves, healed }
    }

    fn roll(&mut self, sides: u32) -> u32 {
        (self.dice.next_u32() >> 8) % sides
    }

    /// Sends one message of `length` bytes, which arrives or not.
    fn message(&mut self, from_initiator: bool, length: usize, arrives: bool) {
        let RatchetPair { initiator, responder, rng } = &mut self.pair;
        let (from, to) =
            if from_initiator { (initiator, responder) } else { (responder, initiator) };
        let padded = Padding::Buckets.with_chunks(length, self.chunks);
        let content = std::vec![7; length];
        let (message, mut delta, _) = from.seal(&CLEAR, &[], &content, padded, rng).unwrap();
        let number = delta.number - 1;
        let mixes =
            matches!(&delta.place, MessagePlace::SentNext(new) if new.pq_epoch != from.pq_epoch());
        let room = (padded - length - 1) / 32;
        let capacity = Capacity { number, room, is_busy: from.braid.secret().is_some() && !mixes };
        if from_initiator == self.of_initiator {
            for thief in &mut self.thieves {
                thief.follow(from, &delta, &BraidPart::default(), &[], &capacity);
            }
        }
        from.apply(&mut delta);
        self.sealed += 1;
        if arrives {
            let staged = to.stage(CLEAR, &message).unwrap();
            let part = BraidPart::decode(&staged.header().part).unwrap();
            let extra = staged.text().unwrap().0.0.split_off(length);
            let (content, _, mut delta) = staged.open().unwrap();
            assert_eq!(content.len(), length);
            let mixes =
                matches!(&delta.place, MessagePlace::Next(new) if new.pq_epoch != to.pq_epoch());
            let is_busy = to.braid.secret().is_some() && !mixes;
            if from_initiator != self.of_initiator {
                for thief in &mut self.thieves {
                    let capacity = Capacity { number: 0, room: 0, is_busy };
                    thief.follow(to, &delta, &part, &extra, &capacity);
                }
            }
            to.apply(&mut delta);
        }
        self.count();
    }

    /// Retires the thieves that have lost the root: they read nothing of what is sealed from it.
    fn count(&mut self) {
        let side = if self.of_initiator { &self.pair.initiator } else { &self.pair.responder };
        let (root, sealed) = (side.root.expose(), self.sealed);
        self.thieves.retain(|thief| {
            let reads = thief.root == *root;
            if !reads {
                self.healed.push(sealed - thief.since);
            }
            reads
        });
    }

    fn steal(&mut self) {
        let side = if self.of_initiator { &self.pair.initiator } else { &self.pair.responder };
        self.thieves.push(Thief::steal(side, self.sealed));
    }
}

/// Habits of a conversation: how long turns are, what is lost, how long contents are.
#[derive(Clone, Copy)]
struct Traffic {
    name: &'static str,
    burst: u32,
    lost_in_ten: u32,
    lengths: fn(u32) -> u32,
}

/// Returns the least, middle and most messages until a thief is locked out, over both sides' states.
fn healing(traffic: Traffic, chunks: u8) -> [usize; 3] {
    let mut healed: Vec<usize> = Vec::new();
    for of_initiator in [true, false] {
        let mut heist = Heist::new(of_initiator, chunks);
        let mut from_initiator = true;
        while heist.sealed < STEALS || !heist.thieves.is_empty() {
            assert!(heist.sealed < 10 * STEALS, "a thief that is not rid of");
            for _ in 0..=heist.roll(traffic.burst) {
                let arrives = heist.roll(10) >= traffic.lost_in_ten;
                let dice = heist.roll(1 << 16);
                let length = usize::try_from((traffic.lengths)(dice)).unwrap();
                heist.message(from_initiator, length, arrives);
                if heist.sealed < STEALS && heist.sealed.is_multiple_of(7) {
                    heist.steal();
                }
            }
            from_initiator = !from_initiator;
        }
        healed.append(&mut heist.healed);
    }
    healed.sort_unstable();
    [healed[0], healed[healed.len() / 2], healed[healed.len() - 1]]
}

/// No room in the body.
const NO_ROOM: fn(u32) -> u32 = |_| 31;

/// Short texts with the 138 bytes that a letter between accounts adds to them.
const LETTERS: fn(u32) -> u32 = |dice| 138 + 5 + dice % 140;

const PING_PONG: Traffic = Traffic { name: "in turns", burst: 1, lost_in_ten: 0, lengths: NO_ROOM };
const BURSTS: Traffic =
    Traffic { name: "bursts of 1 to 9", burst: 9, lost_in_ten: 0, lengths: NO_ROOM };
const LOSSY: Traffic =
    Traffic { name: "in turns, 30 % lost", burst: 1, lost_in_ten: 3, lengths: NO_ROOM };

fn measured(traffic: Traffic, chunks: u8) -> [usize; 3] {
    let figures = healing(traffic, chunks);
    std::println!("{}, {chunks} chunks: {figures:?}", traffic.name);
    figures
}

#[test]
fn a_passive_thief_with_a_quantum_computer_is_rid_of_within_two_epochs_and_a_turn() {
    let [least, _, most] = measured(PING_PONG, 1);
    assert!(least > 20 && most <= 2 * 88 + 2);
    let [_, _, most] = measured(BURSTS, 1);
    assert!(most < 300);
    let [_, _, most] = measured(LOSSY, 1);
    assert!(most < 350);
}

#[test]
fn more_chunks_a_message_heal_sooner_also_those_that_ride_in_padding() {
    for traffic in [PING_PONG, BURSTS, LOSSY] {
        let middles = [1, 2, 4, 8].map(|chunks| measured(traffic, chunks)[1]);
        assert!(middles.is_sorted_by(|a, b| a > b), "{middles:?}");
        let letters = Traffic { name: "letters", lengths: LETTERS, ..traffic };
        assert!(measured(letters, 1)[1] < middles[0]);
    }
}
