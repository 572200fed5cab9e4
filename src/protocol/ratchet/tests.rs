//! What work a message costs, and counters at their ends: both need the ratchet's inside.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

use alloc::vec;
use alloc::vec::Vec;

use super::header::Header;
use super::skipped::MAX_CLOSED;
use super::{Front, HEADER_TRIALS, MAX_SKIP, Position, Ratchet, Sending};
use crate::primitives::aead::{self, NONCE};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::generator::TestRng;
use crate::primitives::secret::Secret;
use crate::primitives::work::{self, Work};
use crate::protocol::braid::{Kind, PART, Part};
use crate::protocol::handshake::Keys;
use crate::protocol::padding::Padding;
use crate::protocol::wire;
use crate::{Account, AccountId, Device, Error, Session};

pub(super) const FRONT: Front =
    Front { version: wire::VERSION, kind: wire::MESSAGE, prefix_hash: [0; 32] };
const NOW: u64 = 1_800_000_000;

/// A part that says nothing, in the first epoch.
pub(super) fn nothing() -> [u8; PART] {
    Part::bare(1, Kind::Nothing).encode()
}

/// Both sides of one session, on the ratchet's own level.
pub(super) struct Pair {
    pub(super) initiator: Ratchet,
    pub(super) responder: Ratchet,
    pub(super) rng: TestRng,
}

impl Pair {
    /// The responder has opened one message and has not answered.
    pub(super) fn new() -> Self {
        let keys = || Keys {
            root: Secret::copy(&[1; 32]),
            initiator_header: Secret::copy(&[2; 32]),
            responder_header: Secret::copy(&[3; 32]),
            session: [4; 32],
            braid: Secret::copy(&[6; 32]),
        };
        let prekey = dh::SecretKey::from_seed(Secret::copy(&[5; 32]));
        let mut pair = Self {
            initiator: Ratchet::initiate(keys(), prekey.public()),
            responder: Ratchet::accept(keys(), &prekey),
            rng: TestRng::new(1),
        };
        let first = pair.seal();
        open(&mut pair.responder, &first).unwrap();
        pair
    }

    pub(super) fn seal(&mut self) -> Vec<u8> {
        seal(&mut self.initiator, &mut self.rng).unwrap()
    }

    /// The responder answers, so that the initiator's next message begins a chain.
    pub(super) fn turn(&mut self) {
        let answer = seal(&mut self.responder, &mut self.rng).unwrap();
        open(&mut self.initiator, &answer).unwrap();
    }

    /// The responder answers, and the answer is under way.
    pub(super) fn seal_answer(&mut self) -> Vec<u8> {
        seal(&mut self.responder, &mut self.rng).unwrap()
    }

    /// The initiator's message with another header than it would have written.
    pub(super) fn seal_with(&self, change: impl FnOnce(&mut Header)) -> Vec<u8> {
        let Sending::Active(going) = &self.initiator.sending else { panic!("nothing was sent") };
        let mut header = Header {
            ratchet: going.public,
            previous: going.previous,
            number: going.number,
            nonce: [9; NONCE],
            mixed: going.mixed,
            part: nothing(),
        };
        change(&mut header);
        let (key, _) = going.chain.step();
        let mut body = vec![0x80];
        let ad = self.initiator.body_ad(self.initiator.role(), &FRONT, &header.encode());
        let tag = aead::seal(&key.0, &header.nonce, &ad, &mut body).unwrap();
        let sealed = header.seal(&going.header, &FRONT, &tag).unwrap();
        [sealed.as_slice(), &tag, &body].concat()
    }

    /// The initiator's message with another part than it would have written.
    pub(super) fn seal_with_part(&self, part: [u8; PART]) -> Vec<u8> {
        self.seal_with(|header| header.part = part)
    }
}

fn seal(ratchet: &mut Ratchet, rng: &mut TestRng) -> Result<Vec<u8>, Error> {
    let (message, mut delta) =
        ratchet.seal(&FRONT, &[], b"text", Padding::Buckets.length(4), rng)?;
    ratchet.apply(&mut delta);
    Ok(message)
}

pub(super) fn open(ratchet: &mut Ratchet, message: &[u8]) -> Result<(), Error> {
    let (_, mut delta) = ratchet.stage(FRONT, message)?.open()?;
    ratchet.apply(&mut delta);
    Ok(())
}

/// The error of opening `message`, and what it cost. Opening takes no `&mut`, so nothing changes.
pub(super) fn refused(ratchet: &Ratchet, message: &[u8]) -> (Error, Work) {
    let (result, work) =
        work::of(|| ratchet.stage(FRONT, message).and_then(super::Staged::open).map(|_| ()));
    (result.unwrap_err(), work)
}

fn altered(mut message: Vec<u8>) -> Vec<u8> {
    *message.last_mut().unwrap() ^= 1;
    message
}

#[test]
fn a_strangers_bytes_cost_seven_header_trials_and_nothing_else() {
    let mut pair = Pair::new();
    // As many closed chains as there can be, full of keys.
    for _ in 0..=MAX_CLOSED {
        for _ in 0..399 {
            pair.seal();
        }
        let arrives = pair.seal();
        open(&mut pair.responder, &arrives).unwrap();
        pair.turn();
    }
    assert_eq!(pair.responder.closed.iter().count(), MAX_CLOSED);
    assert!(pair.responder.missing() > 1900);
    let (error, work) = refused(&pair.responder, &[7; 200]);
    assert_eq!(error, Error::Forged);
    let trials = u64::try_from(HEADER_TRIALS).unwrap();
    assert_eq!(work, Work { open: trials, ..Work::default() });
    assert_eq!(trials, 7);
}

#[test]
fn a_strangers_bytes_cost_a_new_session_two_header_trials() {
    let (error, work) = refused(&Pair::new().responder, &[7; 200]);
    assert_eq!((error, work), (Error::Forged, Work { open: 2, ..Work::default() }));
}

#[test]
fn bytes_too_short_for_a_message_cost_nothing() {
    let pair = Pair::new();
    for length in 0..=super::OVERHEAD {
        let (error, work) = refused(&pair.responder, &vec![7; length]);
        assert_eq!((error, work), (Error::Malformed, Work::default()));
    }
}

#[test]
fn an_altered_body_in_the_current_chain_costs_the_skip_bound_at_most() {
    let mut pair = Pair::new();
    for _ in 0..MAX_SKIP {
        pair.seal();
    }
    let message = altered(pair.seal());
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!(error, Error::Forged);
    let chain = u64::from(MAX_SKIP) + 1;
    assert_eq!(work, Work { open: 2, chain, ..Work::default() });
}

#[test]
fn an_altered_body_in_a_new_chain_costs_one_agreement_and_the_skip_bound_at_most() {
    let mut pair = Pair::new();
    for _ in 0..1000 {
        pair.seal();
    }
    pair.turn();
    for _ in 0..1000 {
        pair.seal();
    }
    let message = altered(pair.seal());
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!(error, Error::Forged);
    let chain = u64::from(MAX_SKIP) + 1;
    assert_eq!(work, Work { dh: 1, open: 3, chain, ..Work::default() });
}

#[test]
fn a_message_too_far_ahead_costs_one_header() {
    let mut pair = Pair::new();
    for _ in 0..=MAX_SKIP {
        pair.seal();
    }
    let message = pair.seal();
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::TooFarAhead, Work { open: 1, ..Work::default() }));
}

#[test]
fn a_repeated_message_costs_one_header() {
    let mut pair = Pair::new();
    let message = pair.seal();
    open(&mut pair.responder, &message).unwrap();
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::Duplicate, Work { open: 1, ..Work::default() }));
}

#[test]
fn the_greatest_number_is_too_far_ahead() {
    let pair = Pair::new();
    let message = pair.seal_with(|header| header.number = u32::MAX);
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::TooFarAhead, Work { open: 1, ..Work::default() }));
}

#[test]
fn the_greatest_number_of_a_new_chain_is_too_far_ahead() {
    let mut pair = Pair::new();
    pair.turn();
    pair.seal();
    let message = pair.seal_with(|header| header.number = u32::MAX);
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::TooFarAhead, Work { open: 2, ..Work::default() }));
}

#[test]
fn a_chain_at_its_end_seals_no_more_and_turns_on() {
    let mut pair = Pair::new();
    let Sending::Active(going) = &mut pair.initiator.sending else { panic!("nothing was sent") };
    going.number = u32::MAX - 1;
    seal(&mut pair.initiator, &mut pair.rng).unwrap();
    assert_eq!(seal(&mut pair.initiator, &mut pair.rng), Err(Error::Exhausted));
    assert_eq!(seal(&mut pair.initiator, &mut pair.rng), Err(Error::Exhausted));
    pair.turn();
    seal(&mut pair.initiator, &mut pair.rng).unwrap();
}

#[test]
fn a_receiver_at_the_last_number_opens_it_once() {
    let mut pair = Pair::new();
    let Some(current) = &mut pair.responder.receiving else { panic!("nothing was received") };
    current.number = u32::MAX - 1;
    let message = pair.seal_with(|header| header.number = u32::MAX - 1);
    open(&mut pair.responder, &message).unwrap();
    let (error, _) = refused(&pair.responder, &message);
    assert_eq!(error, Error::Duplicate);
}

/// The first message of a new chain, which names `previous` messages in the chain before; of
/// those the responder has opened three.
fn naming_previous(previous: u32) -> (Pair, Vec<u8>) {
    let mut pair = Pair::new();
    for _ in 0..2 {
        let message = pair.seal();
        open(&mut pair.responder, &message).unwrap();
    }
    pair.turn();
    pair.seal();
    let Sending::Active(going) = &mut pair.initiator.sending else { panic!("nothing was sent") };
    assert_eq!(going.previous, 3);
    let message = pair.seal_with(|header| header.previous = previous);
    (pair, message)
}

#[test]
fn a_previous_length_smaller_than_what_was_received_is_inconsistent() {
    for previous in 0..3 {
        let (pair, message) = naming_previous(previous);
        let (error, work) = refused(&pair.responder, &message);
        assert_eq!((error, work), (Error::Inconsistent, Work { open: 2, ..Work::default() }));
    }
}

#[test]
fn the_greatest_previous_length_is_too_far_ahead() {
    for previous in [3 + MAX_SKIP, u32::MAX] {
        let (pair, message) = naming_previous(previous);
        let (error, work) = refused(&pair.responder, &message);
        assert_eq!((error, work), (Error::TooFarAhead, Work { open: 2, ..Work::default() }));
    }
}

#[test]
fn a_first_chain_with_a_chain_before_it_is_inconsistent() {
    let mut pair = Pair::new();
    let message = pair.seal_with(|header| header.previous = 1);
    pair.responder.receiving = None;
    pair.responder.next_receiving_header = super::HeaderKey(Secret::copy(&[2; 32]));
    assert_eq!(refused(&pair.responder, &message).0, Error::Inconsistent);
}

#[test]
fn a_second_previous_length_in_one_chain_is_inconsistent() {
    let pair = Pair::new();
    let message = pair.seal_with(|header| header.previous += 1);
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::Inconsistent, Work { open: 1, ..Work::default() }));
}

#[test]
fn a_second_ratchet_key_under_one_header_key_is_a_clones() {
    let pair = Pair::new();
    let other = dh::SecretKey::from_seed(Secret::copy(&[8; 32])).public();
    let message = pair.seal_with(|header| header.ratchet = other);
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::Cloned, Work { open: 1, ..Work::default() }));
}

#[test]
fn a_header_that_contradicts_a_closed_chain_is_refused() {
    let mut pair = Pair::new();
    let other = dh::SecretKey::from_seed(Secret::copy(&[8; 32])).public();
    let lies = [
        (pair.seal_with(|header| header.previous += 1), Error::Inconsistent),
        (pair.seal_with(|header| header.ratchet = other), Error::Cloned),
    ];
    let late = pair.seal();
    let arrives = pair.seal();
    open(&mut pair.responder, &arrives).unwrap();
    pair.turn();
    let next = pair.seal();
    open(&mut pair.responder, &next).unwrap();
    for (lie, expected) in lies {
        let (error, work) = refused(&pair.responder, &lie);
        assert_eq!((error, work), (expected, Work { open: 3, ..Work::default() }));
    }
    open(&mut pair.responder, &late).unwrap();
}

#[test]
fn a_new_chain_under_the_ratchet_key_of_the_last_is_inconsistent() {
    let mut pair = Pair::new();
    let Sending::Active(going) = &pair.initiator.sending else { panic!("nothing was sent") };
    let old = going.public;
    pair.turn();
    pair.seal();
    let message = pair.seal_with(|header| header.ratchet = old);
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::Inconsistent, Work { open: 2, ..Work::default() }));
}

#[test]
fn a_lie_about_the_chain_before_loses_no_genuine_message() {
    let (mut pair, message) = naming_previous(u32::MAX);
    refused(&pair.responder, &message);
    let genuine = pair.seal();
    open(&mut pair.responder, &genuine).unwrap();
}

#[test]
fn padding_that_does_not_fit_costs_and_tells_what_a_forgery_does() {
    let pair = Pair::new();
    let message = altered(pair.seal_with(|_| {}));
    let forged = refused(&pair.responder, &message);
    let Sending::Active(going) = &pair.initiator.sending else { panic!("nothing was sent") };
    let header = Header {
        ratchet: going.public,
        previous: going.previous,
        number: going.number,
        nonce: [9; NONCE],
        mixed: going.mixed,
        part: nothing(),
    };
    let (key, _) = going.chain.step();
    let mut body = vec![0x01];
    let ad = pair.initiator.body_ad(pair.initiator.role(), &FRONT, &header.encode());
    let tag = aead::seal(&key.0, &header.nonce, &ad, &mut body).unwrap();
    let sealed = header.seal(&going.header, &FRONT, &tag).unwrap();
    let message = [sealed.as_slice(), &tag, &body].concat();
    assert_eq!(refused(&pair.responder, &message), forged);
}

#[test]
fn a_generator_stuck_at_zero_still_gives_every_turn_another_ratchet_key() {
    let mut pair = Pair { rng: TestRng::zeros(), ..Pair::new() };
    let mut keys: Vec<[u8; 32]> = Vec::new();
    for _ in 0..20 {
        pair.turn();
        let message = pair.seal();
        open(&mut pair.responder, &message).unwrap();
        for side in [&pair.initiator, &pair.responder] {
            if let Sending::Active(going) = &side.sending {
                keys.push(*going.public.bytes());
            }
        }
    }
    let count = keys.len();
    assert!(count >= 20);
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

fn device(name: u8, rng: &mut TestRng) -> Device {
    Device::generate(&Account::generate(AccountId([name; 32]), rng), NOW, rng)
}

/// A responder and a first message to it.
fn first() -> (Device, Vec<u8>) {
    let mut rng = TestRng::new(1);
    let (initiator, responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle().unwrap();
    let mut session: Session = initiator.initiate(&bundle, NOW, &mut rng).unwrap();
    (responder, session.encrypt(b"hello", &mut rng).unwrap())
}

#[test]
fn a_replayed_first_message_costs_two_look_ups() {
    let (mut responder, message) = first();
    let accepted = responder.accept(&message, NOW).unwrap();
    accepted.apply(&mut responder).unwrap();
    let (result, work) = work::of(|| responder.accept(&message, NOW).err());
    assert_eq!((result, work), (Some(Error::Replay), Work::default()));
}

#[test]
fn a_first_message_for_an_unknown_prekey_costs_a_look_up() {
    let (_, message) = first();
    let stranger = device(3, &mut TestRng::new(2));
    let (result, work) = work::of(|| stranger.accept(&message, NOW).err());
    assert_eq!((result, work), (Some(Error::UnknownPrekey), Work::default()));
}

#[test]
fn a_first_message_with_a_forged_identity_costs_two_agreements_and_one_decapsulation() {
    let (responder, mut message) = first();
    // In the sealed certificate, which follows the ciphertext.
    message[2 + 1 + 8 + 8 + 32 + 1088] ^= 1;
    let (result, work) = work::of(|| responder.accept(&message, NOW).err());
    assert_eq!(result, Some(Error::Forged));
    assert_eq!(work, Work { dh: 2, kem: 1, open: 1, ..Work::default() });
}

#[test]
fn a_side_counts_the_chains_that_it_sends_as_its_peer_does() {
    let mut pair = Pair::new();
    let place = |chain, number| Position { chain, number };
    assert_eq!(pair.initiator.sent(), place(1, 1));
    // It has opened a message and sent none.
    assert_eq!(pair.responder.sent(), place(0, 0));
    for chain in 1..4 {
        for number in 1..4 {
            assert_eq!(pair.initiator.sent(), place(chain, number));
            let message = pair.seal();
            let staged = pair.responder.stage(FRONT, &message).unwrap();
            assert_eq!((staged.step(), staged.number()), (Ok(chain), number));
            open(&mut pair.responder, &message).unwrap();
        }
        // What was heard changes nothing of what was sent, nor does a restart.
        pair.turn();
        assert_eq!(pair.responder.sent(), place(chain, 1));
        assert_eq!(pair.initiator.sent(), place(chain, 4));
        for side in [&pair.initiator, &pair.responder] {
            let mut writer = Writer::new();
            side.write(&mut writer);
            let again = Reader::all(&writer.secret(), Ratchet::read).unwrap();
            assert_eq!(again.sent(), side.sent());
        }
        let first = pair.seal();
        assert_eq!(pair.initiator.sent(), place(chain + 1, 1));
        open(&mut pair.responder, &first).unwrap();
    }
}
