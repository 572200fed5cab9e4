//! Two sides of the Signal profile, between which messages are lost, overtaken and repeated.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use rand_core::Rng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::digest::DIGEST_KEY;
use crate::primitives::kdf::{Prk, mac};
use crate::primitives::secret::Secret;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::position::Position;
use crate::protocol::ratchet::signal_ratchet::StagedKeys;
use crate::protocol::ratchet::{SignalDelta, SignalKeys, SignalPlace, SignalRatchet};

/// A message as it travels, with a MAC under its keys.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) ratchet: dh::PublicKey,
    pub(super) previous: u32,
    pub(super) number: u32,
    pub(super) part: Option<Vec<u8>>,
    pub(super) mac: [u8; 32],
}

impl Sent {
    pub(super) fn place(&self) -> SignalPlace<'_> {
        let Self { ratchet, previous, number, .. } = *self;
        SignalPlace { ratchet, previous, number, part: self.part.as_deref() }
    }

    pub(super) fn covered(&self) -> Vec<u8> {
        let numbers = [self.previous.to_be_bytes(), self.number.to_be_bytes()].concat();
        let part = self.part.as_deref().unwrap_or_default();
        [self.ratchet.bytes(), &numbers[..], part].concat()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.covered(), self.mac.to_vec()].concat()
    }
}

fn mac_of(seed: &Secret<32>, post_quantum: Option<&Secret<32>>, covered: &[u8]) -> [u8; 32] {
    let salt = post_quantum.map_or(&[0; 32], Secret::expose);
    *mac(Prk::extract(salt, &[seed.expose()]).chain(), &[covered]).expose()
}

/// Both sides of one session.
pub(super) struct SignalPair {
    pub(super) sides: [SignalRatchet; 2],
    pub(super) rng: TestRng,
}

pub(super) fn keys(is_triple: bool) -> SignalKeys {
    SignalKeys {
        root: Secret::copy(&[1; 32]),
        session: [4; 32],
        imprint: Secret::copy(&[7; DIGEST_KEY]),
        braid: is_triple.then(|| Secret::copy(&[0x66; 32])),
    }
}

pub(super) fn prekey() -> dh::SecretKey {
    dh::SecretKey::from_seed(Secret::copy(&[5; 32]))
}

impl SignalPair {
    /// Begins a session whose responder has opened one message and has not answered.
    pub(super) fn new(is_triple: bool) -> Self {
        let mut initiator = SignalRatchet::initiate(keys(is_triple), prekey().public());
        let mut rng = TestRng::new(3);
        let first = send(&mut initiator, &mut rng);
        let mut responder = SignalRatchet::answer(keys(is_triple), first.ratchet);
        let staged = responder.stage_first(&prekey(), &first.place(), &first.bytes()).unwrap();
        let mut delta = authentic(staged, &first).unwrap();
        responder.apply(&mut delta);
        Self { sides: [initiator, responder], rng }
    }

    pub(super) fn send(&mut self, side: usize) -> Sent {
        send(&mut self.sides[side], &mut self.rng)
    }

    pub(super) fn send_with(&mut self, side: usize, change: impl FnOnce(&mut Sent)) -> Sent {
        send_with(&mut self.sides[side], &mut self.rng, change)
    }

    pub(super) fn receive(&mut self, side: usize, sent: &Sent) -> Result<Position, Error> {
        receive(&mut self.sides[side], sent)
    }
}

fn send(side: &mut SignalRatchet, rng: &mut TestRng) -> Sent {
    send_with(side, rng, |_| {})
}

/// Sends a message that says something else in clear than it should, under a MAC that holds.
fn send_with(side: &mut SignalRatchet, rng: &mut TestRng, change: impl FnOnce(&mut Sent)) -> Sent {
    let outgoing = side.next(rng).unwrap();
    let (ratchet, previous, number) = (outgoing.ratchet, outgoing.previous, outgoing.number);
    let part = outgoing.part().map(<[u8]>::to_vec);
    let mut sent = Sent { ratchet, previous, number, part, mac: [0; 32] };
    change(&mut sent);
    sent.mac = mac_of(outgoing.seed(), outgoing.post_quantum_key(), &sent.covered());
    let delta = outgoing.finish(side, &sent.bytes());
    apply(side, &delta);
    sent
}

fn authentic(staged: StagedKeys<'_>, sent: &Sent) -> Result<SignalDelta, Error> {
    if mac_of(staged.seed(), staged.post_quantum_key(), &sent.covered()) != sent.mac {
        return Err(Error::Forged);
    }
    staged.finish()
}

pub(super) fn try_receive(side: &SignalRatchet, sent: &Sent) -> Result<SignalDelta, Error> {
    authentic(side.stage(&sent.place(), &sent.bytes())?, sent)
}

fn receive(side: &mut SignalRatchet, sent: &Sent) -> Result<Position, Error> {
    let staged = side.stage(&sent.place(), &sent.bytes())?;
    let position = staged.position();
    let delta = authentic(staged, sent)?;
    apply(side, &delta);
    Ok(position)
}

/// Applies a delta as it comes back from a store, and loads the state anew.
fn apply(side: &mut SignalRatchet, delta: &SignalDelta) {
    let mut writer = Writer::new();
    delta.write(&mut writer);
    let mut stored = Reader::all(&writer.secret(), SignalDelta::read).unwrap();
    side.apply(&mut stored);
    let before = bytes(side);
    *side = Reader::all(&before, SignalRatchet::read).unwrap();
    assert_eq!(bytes(side), before);
}

pub(super) fn bytes(side: &SignalRatchet) -> Vec<u8> {
    let mut writer = Writer::new();
    side.write(&mut writer);
    writer.secret().to_vec()
}

/// Returns the epoch of a message's part.
pub(super) fn epoch(sent: &Sent) -> u8 {
    sent.part.as_ref().unwrap()[1]
}

#[test]
fn the_root_step_is_that_of_another_implementation() {
    use crate::protocol::ratchet::profile::{Profile, Signal};
    let turn = Signal::turn(&Secret::copy(&[0x33; 32]), &Secret::copy(&[0x44; 32]), 0, None);
    let hex = |bytes: &Secret<32>| bytes.expose().map(|byte| alloc::format!("{byte:02x}")).concat();
    let root = "87130e352f055b69553a63a2f83cb80ca0c76dd9ea66efb09e56735b11ea2e90";
    let chain_key = "7717ff98bf746a18422f10f1a02f6374043608ff2b749e1d8d96c6e3b0c2e683";
    assert_eq!((hex(&turn.root), hex(&turn.chain_key.0)), (root.into(), chain_key.into()));
}

#[test]
fn a_chain_step_is_that_of_another_implementation() {
    use crate::protocol::ratchet::chain::ChainKey;
    let (seed, next) = ChainKey(Secret::copy(&[0x11; 32])).step();
    let hex = |bytes: &Secret<32>| bytes.expose().map(|byte| alloc::format!("{byte:02x}")).concat();
    let known = "c4ede064b5f2a51225b2175e5b84fb73f9cec689ac3d912ac4878f7ebeab0149";
    assert_eq!(hex(&seed.0), known);
    let known = "ed50b271f4852277c8218e209858d8bd32a3228a9e4fb6b5a16fb9b4755c53bc";
    assert_eq!(hex(&next.0), known);
}

#[test]
fn in_turns_an_epoch_takes_87_messages() {
    let mut pair = SignalPair::new(true);
    let mut begins = vec![(1, 0)];
    for message in 1..620 {
        let from = message % 2;
        let sent = pair.send(from);
        pair.receive(1 - from, &sent).unwrap();
        if epoch(&sent) > begins.last().unwrap().0 {
            begins.push((epoch(&sent), message));
        }
    }
    assert!(begins.len() >= 7, "{begins:?}");
    for two in begins.windows(2).skip(1) {
        assert_eq!((two[1].0 - two[0].0, two[1].1 - two[0].1), (1, 87));
    }
}

/// Lets both sides talk with loss, late and repeated messages; returns the newest epoch.
fn storm(is_triple: bool, rounds: u32, seed: u64) -> u8 {
    let mut pair = SignalPair::new(is_triple);
    let mut chance = TestRng::new(seed);
    let mut roll = move |sides: u32| (chance.next_u32() >> 8) % sides;
    let (mut late, mut opened) = (Vec::<(usize, Sent)>::new(), Vec::<(usize, Sent)>::new());
    let mut newest = 0;
    for round in 0..rounds {
        let from = usize::from(round % 2 == 0);
        for burst in 0..=roll(4) {
            let sent = pair.send(from);
            if is_triple {
                newest = newest.max(epoch(&sent));
            }
            // The first message of a burst arrives, or nobody would turn.
            match roll(10) {
                0..2 if burst > 0 => {}
                2..5 if burst > 0 => late.push((1 - from, sent)),
                _ => {
                    pair.receive(1 - from, &sent).unwrap();
                    opened.push((1 - from, sent));
                }
            }
        }
        while !late.is_empty() && roll(3) > 0 {
            let (to, sent) = late.swap_remove(usize::try_from(roll(32)).unwrap() % late.len());
            match pair.receive(to, &sent) {
                Ok(_) => opened.push((to, sent)),
                // Its chain is closed for too long.
                Err(error) => assert!(matches!(error, Error::Forged | Error::MessageKeyGone)),
            }
        }
        if roll(3) == 0 && opened.len() > 3 {
            let (to, sent) = opened[opened.len() - 1 - usize::try_from(roll(3)).unwrap()].clone();
            assert_eq!(pair.receive(to, &sent).unwrap_err(), Error::Duplicate);
        }
    }
    newest
}

#[test]
fn a_double_ratchet_survives_loss_reordering_and_repetition() {
    storm(false, 600, 1);
}

#[test]
fn a_triple_ratchet_survives_loss_reordering_and_repetition_over_epochs() {
    let newest = storm(true, 1200, 2);
    assert!(newest >= 7, "{newest}");
}

#[test]
fn a_side_names_the_last_number_of_its_chain_before() {
    let mut pair = SignalPair::new(false);
    let mut previous = Vec::new();
    for burst in [1, 1, 3, 5] {
        for _ in 0..burst {
            let sent = pair.send(1);
            pair.receive(0, &sent).unwrap();
            previous.push(sent.previous);
        }
        let answer = pair.send(0);
        pair.receive(1, &answer).unwrap();
    }
    // None before, one before, one before, three before.
    assert_eq!(previous, [0, 0, 0, 0, 0, 2, 2, 2, 2, 2]);
}

#[test]
fn keys_of_a_chain_left_early_are_kept_to_its_named_end() {
    let mut pair = SignalPair::new(true);
    let withheld: Vec<_> = (0..10).map(|_| pair.send(0)).collect();
    let answer = pair.send(1);
    pair.receive(0, &answer).unwrap();
    let next = pair.send(0);
    assert_eq!(next.previous, 10);
    pair.receive(1, &next).unwrap();
    assert_eq!(pair.sides[1].double().skipped(), 10);
    for sent in withheld.iter().rev() {
        let position = Position { chain: 1, number: sent.number };
        assert_eq!(pair.receive(1, sent), Ok(position));
        assert_eq!(pair.receive(1, sent), Err(Error::Duplicate));
    }
    assert_eq!(pair.sides[1].skipped(), 0);
}

#[test]
fn a_peer_that_does_not_count_the_chain_before_is_not_lost() {
    for previous in [0, 1, 2] {
        let mut pair = SignalPair::new(true);
        let late = pair.send(0);
        for _ in 0..2 {
            let sent = pair.send(0);
            pair.receive(1, &sent).unwrap();
        }
        let answer = pair.send(1);
        pair.receive(0, &answer).unwrap();
        let next = pair.send_with(0, |sent| sent.previous = previous);
        assert_eq!(pair.receive(1, &next), Ok(Position { chain: 2, number: 0 }));
        assert_eq!(pair.receive(1, &late), Ok(Position { chain: 1, number: 1 }));
    }
}

#[test]
fn keys_of_five_closed_chains_are_kept_and_no_more() {
    let mut pair = SignalPair::new(true);
    let mut withheld = Vec::new();
    for _ in 0..7 {
        withheld.push(pair.send(0));
        let arrives = pair.send(0);
        pair.receive(1, &arrives).unwrap();
        let answer = pair.send(1);
        pair.receive(0, &answer).unwrap();
    }
    // The current chain and five closed ones; a ratchet key that is forgotten could be a new one.
    assert_eq!(pair.receive(1, &withheld[0]), Err(Error::Forged));
    for (chain, sent) in (2..).zip(&withheld[1..]) {
        let number = sent.number;
        assert_eq!(pair.receive(1, sent), Ok(Position { chain, number }));
    }
}

#[test]
fn a_message_of_the_epoch_before_opens_after_newer_ones() {
    let mut pair = SignalPair::new(true);
    let (mut waiting, mut over_epochs) = (VecDeque::new(), 0);
    for _ in 0..300 {
        let answer = pair.send(1);
        pair.receive(0, &answer).unwrap();
        waiting.push_back(pair.send(0));
        let arrives = pair.send(0);
        pair.receive(1, &arrives).unwrap();
        if waiting.len() > 5 {
            let late = waiting.pop_front().unwrap();
            over_epochs += usize::from(epoch(&late) < epoch(&arrives));
            pair.receive(1, &late).unwrap();
            assert_eq!(pair.receive(1, &late), Err(Error::Duplicate));
        }
    }
    assert!(over_epochs > 20, "{over_epochs}");
    assert!(pair.sides[1].skipped() <= 10);
}
