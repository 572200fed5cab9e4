//! How long a thief reads on: `spec/post-quantum.md`, "Healing, measured".
//!
//! The thief copies the whole state of one side at some message and then only listens, with a quantum
//! computer: every X25519 agreement is handed to it. It keeps up with the root as long as it can
//! compute each secret that is mixed, out of what it stole and what passes.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

extern crate std;

use alloc::vec::Vec;

use rand_core::Rng;

use super::delta::{Delta, Place};
use super::tests::{FRONT, Pair};
use super::{Ratchet, Sending};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::generator::TestRng;
use crate::primitives::kdf::Prk;
use crate::protocol::braid::{Braid, Carriage, NATIVE, Part};
use crate::protocol::labels;
use crate::protocol::padding::Padding;

/// Messages of a conversation in which states are stolen; more where they cost less.
const STEALS: usize = if cfg!(debug_assertions) { 500 } else { 5000 };

/// What a thief has of one side, from one message on.
struct Thief {
    /// The message after which it stole, of all that both sealed.
    since: usize,
    root: [u8; 32],
    /// The stolen braid, moved on by what passes, until the side draws what the thief cannot guess.
    braid: Option<Braid>,
    /// The secret that waits to be mixed, as far as the thief knows it.
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
        delta: &Delta,
        part: &Part,
        extra: &[u8],
        carriage: &Carriage,
    ) {
        let (agreement, mixed) = match (&delta.place, &side.sending) {
            (Place::SentNext(new), Sending::Due(due)) => {
                (Some(new.own.agree(&due.peer).unwrap()), new.mixed)
            }
            (Place::Next(new), Sending::Active(chain)) => {
                (Some(chain.own.agree(&new.ratchet).unwrap()), new.mixed)
            }
            _ => (None, side.mixed()),
        };
        if let Some(agreement) = agreement {
            let secret = if mixed == side.mixed() { [0; 32] } else { self.secret };
            let prk = Prk::extract(&self.root, &[agreement.expose(), &secret]);
            let info = [labels::RATCHET_ROOT, &mixed.to_be_bytes(), &[1]];
            self.root = *prk.expand::<32>(&info).expose();
        }
        self.follow_braid(delta, part, extra, carriage, mixed != side.mixed());
    }

    fn follow_braid(
        &mut self,
        delta: &Delta,
        part: &Part,
        extra: &[u8],
        carriage: &Carriage,
        mixes: bool,
    ) {
        let Some(braid) = &mut self.braid else { return };
        if mixes {
            braid.forget_secret();
        }
        let mut step = if delta.is_received() {
            braid.receive(part, extra, carriage.is_busy).unwrap()
        } else if delta.braid.is_drawn() {
            self.braid = None;
            return;
        } else {
            braid.send(carriage, &mut Vec::new(), &mut TestRng::zeros()).1
        };
        braid.apply(&mut step);
        if let Some(secret) = braid.secret() {
            self.secret = *secret.expose();
        }
    }
}

/// A conversation in which one side's state is stolen again and again.
struct Heist {
    pair: Pair,
    /// Of whom: the initiator or the responder.
    of_initiator: bool,
    chunks: u8,
    dice: TestRng,
    sealed: usize,
    thieves: Vec<Thief>,
    /// After how many messages each thief was rid of.
    healed: Vec<usize>,
}

impl Heist {
    fn new(of_initiator: bool, chunks: u8) -> Self {
        let dice = TestRng::new(77);
        let (thieves, healed) = (Vec::new(), Vec::new());
        Self { pair: Pair::new(), of_initiator, chunks, dice, sealed: 0, thieves, healed }
    }

    fn roll(&mut self, sides: u32) -> u32 {
        (self.dice.next_u32() >> 8) % sides
    }

    /// One message of `length` bytes, which arrives or not.
    fn message(&mut self, from_initiator: bool, length: usize, arrives: bool) {
        let Pair { initiator, responder, rng } = &mut self.pair;
        let (from, to) =
            if from_initiator { (initiator, responder) } else { (responder, initiator) };
        let padded = Padding::Buckets.with_chunks(length, self.chunks);
        let content = std::vec![7; length];
        let (message, mut delta) = from.seal(&FRONT, &[], &content, padded, rng).unwrap();
        let number = delta.number - 1;
        let mixes = matches!(&delta.place, Place::SentNext(new) if new.mixed != from.mixed());
        let room = (padded - length - 1) / 32;
        let carriage = Carriage { number, room, is_busy: from.braid.secret().is_some() && !mixes };
        if from_initiator == self.of_initiator {
            for thief in &mut self.thieves {
                thief.follow(from, &delta, &Part::default(), &[], &carriage);
            }
        }
        from.apply(&mut delta);
        self.sealed += 1;
        if arrives {
            let staged = to.stage(FRONT, &message).unwrap();
            let part = Part::decode(&staged.header().part).unwrap();
            let extra = staged.text().unwrap().0.split_off(length);
            let (content, mut delta) = staged.open().unwrap();
            assert_eq!(content.len(), length);
            let mixes = matches!(&delta.place, Place::Next(new) if new.mixed != to.mixed());
            let is_busy = to.braid.secret().is_some() && !mixes;
            if from_initiator != self.of_initiator {
                for thief in &mut self.thieves {
                    let carriage = Carriage { number: 0, room: 0, is_busy };
                    thief.follow(to, &delta, &part, &extra, &carriage);
                }
            }
            to.apply(&mut delta);
        }
        self.count();
    }

    /// Who has lost the root reads nothing of what is sealed from it.
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

/// How long turns are, what is lost, how long contents are.
#[derive(Clone, Copy)]
struct Traffic {
    name: &'static str,
    burst: u32,
    lost_in_ten: u32,
    lengths: fn(u32) -> u32,
}

/// Least, middle and most messages until a thief is rid of, of both sides' states.
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
