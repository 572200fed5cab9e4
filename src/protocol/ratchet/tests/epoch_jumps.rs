//! Tests against a peer that breaks the rule of the pq epoch, and against states and changes that no
//! history leads to.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::{CLEAR, RatchetPair, nothing, refused};
use crate::error::Error;
use crate::primitives::aead;
use crate::primitives::aead::NONCE;
use crate::primitives::codec::Reader;
use crate::primitives::dh;
use crate::primitives::secret::Secret;
use crate::primitives::tests::op_count::Work;
use crate::protocol::ratchet::braid::BraidDelta;
use crate::protocol::ratchet::braid::{BraidPart, Kind};
use crate::protocol::ratchet::delta::{MessagePlace, NewSending, RatchetDelta};
use crate::protocol::ratchet::header::Header;
use crate::protocol::ratchet::ratchet::{Ratchet, SendState};

use super::network::{bytes, loaded};

/// Exchanges messages in turns until `is_there` holds of initiator and responder.
fn until(is_there: impl Fn(&RatchetPair) -> bool) -> RatchetPair {
    let mut pair = RatchetPair::new();
    for message in 0..400 {
        if is_there(&pair) {
            return pair;
        }
        let RatchetPair { initiator, responder, rng } = &mut pair;
        let (from, to) =
            if message % 2 == 0 { (responder, initiator) } else { (initiator, responder) };
        let (message, mut delta, _) = from.seal(&CLEAR, &[], b"on", 32, rng).unwrap();
        from.apply(&mut delta);
        let (_, _, mut delta) = to.stage(CLEAR, &message).unwrap().open().unwrap();
        to.apply(&mut delta);
    }
    panic!("a state that is not reached")
}

/// Makes the first message of a chain that names any epoch, takes any secret into the root and says
/// anything of the braid.
fn leap(
    from: &mut Ratchet,
    pq_epoch: u32,
    secret: Option<&Secret<32>>,
    part: &BraidPart,
) -> Vec<u8> {
    let SendState::Due(due) = &from.sending else { panic!("not its turn") };
    let own = dh::SecretKey::from_seed(Secret::copy(&[8; 32]));
    let turn = from.turn(&own, &due.peer, pq_epoch, secret).unwrap();
    let (public, previous) = (own.public(), due.previous);
    let (root, next_header) = (turn.root, turn.next_header);
    let new = NewSending { own, public, previous, pq_epoch, root, next_header };
    let place = MessagePlace::SentNext(Box::new(new));
    let (key, chain_key) = turn.chain_key.step();
    let header = Header {
        ratchet: public,
        previous,
        number: 0,
        nonce: [9; NONCE],
        pq_epoch,
        part: part.encode(),
    };
    let mut body = vec![b'x', 0x80];
    let ad = Ratchet::body_ad(&from.place(from.role(), &CLEAR, &header.encode()));
    let tag = aead::seal(&key.0, &header.nonce, &ad, &mut body).unwrap();
    let sealed = header.seal(&from.next_sending_header, &CLEAR, &tag).unwrap();
    let (skipped, braid) = (Vec::new(), BraidDelta::default());
    from.apply(&mut RatchetDelta {
        place,
        chain_key,
        skipped,
        number: 1,
        trace: tag,
        braid,
        reserved: None,
    });
    [sealed.as_slice(), &tag, &body].concat()
}

#[test]
fn a_chain_that_mixes_a_secret_says_so_in_its_part_or_is_refused() {
    // The initiator has decapsulated, and the responder has not heard of it.
    let is_there = |pair: &RatchetPair| {
        pair.initiator.braid.shared_secret().is_some()
            && pair.responder.braid.secret().is_some()
            && pair.responder.braid.shared_secret().is_none()
    };
    let secret = |pair: &RatchetPair| pair.responder.braid.secret().unwrap().duplicate();
    for kind in [Kind::Done, Kind::Nothing] {
        let mut pair = until(is_there);
        let (secret, before) = (secret(&pair), bytes(&pair.responder));
        let silent = BraidPart::bare(1, kind);
        let message = leap(&mut pair.initiator, 1, Some(&secret), &silent);
        assert_eq!(refused(&pair.responder, &message).0, Error::Inconsistent);
        assert_eq!(bytes(&pair.responder), before);
    }
    let mut pair = until(is_there);
    let secret = secret(&pair);
    let word = BraidPart::bare(2, Kind::Nothing);
    let message = leap(&mut pair.initiator, 1, Some(&secret), &word);
    let (_, _, mut delta) = pair.responder.stage(CLEAR, &message).unwrap().open().unwrap();
    pair.responder.apply(&mut delta);
    assert!(pair.responder.pq_epoch() == 1 && pair.responder.braid.secret().is_none());
    assert!(loaded(&bytes(&pair.responder)).is_ok());
}

#[test]
fn an_epoch_that_is_not_the_next_or_not_held_is_refused_before_any_agreement() {
    for epochs in [0_u32, 1] {
        for pq_epoch in [epochs + 1, epochs + 2, epochs.wrapping_sub(1), u32::MAX] {
            // The responder has answered, holds no secret, and hears a new chain.
            let mut pair = until(|pair| {
                let both = [&pair.initiator, &pair.responder];
                both.iter().all(|side| side.pq_epoch() == epochs && side.braid.secret().is_none())
                    && matches!(pair.initiator.sending, SendState::Due(_))
            });
            let message = leap(
                &mut pair.initiator,
                pq_epoch,
                None,
                &BraidPart::bare(epochs + 1, Kind::Nothing),
            );
            let (error, work) = refused(&pair.responder, &message);
            assert_eq!((error, work.dh), (Error::Inconsistent, 0), "{pq_epoch} after {epochs}");
        }
    }
}

#[test]
fn another_epoch_within_a_chain_is_inconsistent_also_in_a_closed_one() {
    let mut pair = RatchetPair::new();
    let lie = pair.seal_with(|header| header.pq_epoch += 1);
    let (error, work) = refused(&pair.responder, &lie);
    assert_eq!((error, work), (Error::Inconsistent, Work { open: 1, ..Work::default() }));
    let (late, arrives) = (pair.seal(), pair.seal());
    super::open(&mut pair.responder, &arrives).unwrap();
    pair.turn();
    let next = pair.seal();
    super::open(&mut pair.responder, &next).unwrap();
    let (error, work) = refused(&pair.responder, &lie);
    assert_eq!((error, work), (Error::Inconsistent, Work { open: 3, ..Work::default() }));
    super::open(&mut pair.responder, &late).unwrap();
}

#[test]
fn a_side_that_holds_a_secret_makes_and_takes_no_second_one() {
    // Planted beside what is under way: no honest side holds one here.
    let mut pair = until(|pair| pair.responder.braid.is_about_to_encapsulate());
    pair.responder.braid.plant_secret();
    let mixes = matches!(pair.responder.sending, SendState::Due(_));
    assert!(mixes, "whoever has a whole header is Due");
    let (_, delta, _) = pair.responder.seal(&CLEAR, &[], b"on", 32, &mut pair.rng).unwrap();
    // Its own root step takes the secret, and then there is room for the next one.
    assert!(delta.braid.is_drawn());
    pair.responder.apply(&mut { delta });
    // Where it does not turn, it waits.
    let mut pair = RatchetPair::new();
    pair.seal_answer();
    for _ in 0..2 {
        let message = pair.seal();
        super::open(&mut pair.responder, &message).unwrap();
    }
    assert!(pair.responder.braid.is_about_to_encapsulate());
    pair.responder.braid.plant_secret();
    let (_, delta, _) = pair.responder.seal(&CLEAR, &[], b"on", 32, &mut pair.rng).unwrap();
    assert!(matches!(delta.place, MessagePlace::Sent(_)) && delta.braid.is_none());
    let mut pair = until(|pair| pair.initiator.braid.is_about_to_agree());
    pair.initiator.braid.plant_secret();
    let (message, _, _) = pair.responder.seal(&CLEAR, &[], b"on", 32, &mut pair.rng).unwrap();
    assert_eq!(refused(&pair.initiator, &message).0, Error::Inconsistent);
}

#[test]
fn a_chain_without_an_answer_carries_twice_the_header_and_then_nothing() {
    let mut pair = RatchetPair::new();
    let mut carry = 1;
    for _ in 0..20 {
        let RatchetPair { initiator, rng, .. } = &mut pair;
        let (_, mut delta, _) = initiator.seal(&CLEAR, &[], b"on", 32, rng).unwrap();
        carry += usize::from(!delta.braid.is_none());
        initiator.apply(&mut delta);
    }
    assert_eq!(carry, 6);
}

#[test]
fn a_stored_change_with_a_braid_delta_of_the_other_direction_is_refused() {
    let change = |place: u8, middle: &[u8], braid: &[u8]| {
        let bytes = [&[place | 0x80][..], &[1; 32], middle, &[0; 4], &[2; 16], braid].concat();
        Reader::all(&bytes, RatchetDelta::read).err()
    };
    // Sent, with a chunk; received, with the news that the peer is in the next epoch; and crossed.
    assert_eq!(change(0, &[], &[0, 0, 1]), None);
    assert_eq!(change(3, &[0; 4], &[6]), None);
    assert_eq!(change(0, &[], &[6]), Some(Error::Malformed));
    assert_eq!(change(3, &[0; 4], &[0, 0, 1]), Some(Error::Malformed));
}

#[test]
fn a_stored_ratchet_whose_braid_is_another_roles_or_epochs_is_refused() {
    let mut pair = until(|pair| pair.initiator.pq_epoch() == 1 && pair.responder.pq_epoch() == 1);
    assert!(loaded(&bytes(&pair.initiator)).is_ok());
    core::mem::swap(&mut pair.initiator.braid, &mut pair.responder.braid);
    for side in [&pair.initiator, &pair.responder] {
        assert_eq!(loaded(&bytes(side)).err(), Some(Error::Malformed));
    }
    core::mem::swap(&mut pair.initiator.braid, &mut pair.responder.braid);
    for pq_epoch in [0, 2, u32::MAX] {
        for side in [&mut pair.initiator, &mut pair.responder] {
            let before = bytes(side);
            if let SendState::Active(chain) = &mut side.sending {
                chain.pq_epoch = pq_epoch;
            } else if let Some(chain) = &mut side.receiving {
                chain.pq_epoch = pq_epoch;
            }
            assert_eq!(loaded(&bytes(side)).err(), Some(Error::Malformed), "{pq_epoch}");
            *side = loaded(&before).unwrap();
        }
    }
}

#[test]
fn a_header_that_announces_more_chunks_than_the_body_has_is_inconsistent() {
    let pair = RatchetPair::new();
    let part = BraidPart { epoch: 1, kind: Kind::Header, extra: 1, index: 1, chunk: [7; 32] };
    let message = pair.seal_with_part(part.encode());
    assert_eq!(refused(&pair.responder, &message).0, Error::Inconsistent);
    let mut unknown = nothing();
    unknown[4] = 7;
    assert_eq!(refused(&pair.responder, &pair.seal_with_part(unknown)).0, Error::Inconsistent);
}
