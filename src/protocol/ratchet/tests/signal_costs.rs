//! The work that a message of the Signal profile costs, before anything vouches for it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use super::signal_talk::{Sent, SignalPair, bytes, epoch, try_receive};
use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::primitives::dh;
use crate::primitives::protobuf::put_varint;
use crate::primitives::secret::Secret;
use crate::primitives::tests::op_count;
use crate::primitives::tests::op_count::Work;
use crate::protocol::ratchet::ratchet::MAX_SKIP;

/// Makes a forged message of a side, with a ratchet key that nobody knows.
fn forged(number: u32, previous: u32, part: Option<&[u8]>) -> Sent {
    let ratchet = dh::SecretKey::from_seed(Secret::copy(&[8; 32])).public();
    Sent { ratchet, previous, number, part: part.map(<[u8]>::to_vec), mac: [0; 32] }
}

/// Makes a part that says nothing, at a place of its maker's choice.
fn part(epoch: u32, number: u32) -> alloc::vec::Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(1);
    put_varint(&mut writer, epoch.into());
    put_varint(&mut writer, number.into());
    writer.u8(0);
    writer.public()
}

/// Returns the error of opening a message, and what it cost; nothing has changed.
fn refused(pair: &SignalPair, sent: &Sent) -> (Error, Work) {
    let before = bytes(&pair.sides[1]);
    let (result, work) = op_count::of(|| try_receive(&pair.sides[1], sent).map(|_| ()));
    assert_eq!(bytes(&pair.sides[1]), before);
    (result.unwrap_err(), work)
}

/// Makes a pair whose responder sends, so that another ratchet key could be an answer to it.
fn answering(is_triple: bool) -> SignalPair {
    let mut pair = SignalPair::new(is_triple);
    pair.send(1);
    pair
}

#[test]
fn a_forged_message_costs_a_double_ratchet_one_agreement_and_the_skip_bound_at_most() {
    let pair = answering(false);
    let chain = u64::from(MAX_SKIP) + 1;
    for previous in [0, 1000, MAX_SKIP] {
        let sent = forged(MAX_SKIP - previous, previous, None);
        let work = Work { dh: 1, chain, ..Work::default() };
        assert_eq!(refused(&pair, &sent), (Error::Forged, work));
        for (number, previous) in [(1, 0), (0, 1), (u32::MAX - 1, 0), (u32::MAX, 0)] {
            let far = Sent {
                number: sent.number.saturating_add(number),
                previous: sent.previous.saturating_add(previous),
                ..sent.clone()
            };
            assert_eq!(refused(&pair, &far), (Error::TooFarAhead, Work::default()));
        }
    }
    let far = forged(0, u32::MAX, None);
    assert_eq!(refused(&pair, &far), (Error::TooFarAhead, Work::default()));
}

#[test]
fn a_forged_message_costs_a_triple_ratchet_twice_the_chain_steps_and_no_ml_kem() {
    let pair = answering(true);
    // The responder has opened the first message, of either kind of chain.
    let sent = forged(MAX_SKIP, 0, Some(&part(1, MAX_SKIP + 2)));
    let work = Work { dh: 1, chain: 2 * (u64::from(MAX_SKIP) + 1), ..Work::default() };
    assert_eq!(refused(&pair, &sent), (Error::Forged, work));
    let far = forged(MAX_SKIP, 0, Some(&part(1, MAX_SKIP + 3)));
    assert_eq!(refused(&pair, &far), (Error::TooFarAhead, Work::default()));
    let far = forged(MAX_SKIP + 1, 0, Some(&part(1, MAX_SKIP + 2)));
    assert_eq!(refused(&pair, &far), (Error::TooFarAhead, Work::default()));
    let unknown = forged(MAX_SKIP, 0, Some(&part(2, 1)));
    assert_eq!(refused(&pair, &unknown), (Error::Inconsistent, Work::default()));
}

#[test]
fn a_forged_message_in_the_current_chain_costs_no_agreement() {
    let mut pair = answering(true);
    let sent = pair.send(0);
    let sent = Sent { number: MAX_SKIP + 1, part: Some(part(1, MAX_SKIP + 2)), ..sent };
    let work = Work { chain: 2 * (u64::from(MAX_SKIP) + 1), ..Work::default() };
    assert_eq!(refused(&pair, &sent), (Error::Forged, work));
}

#[test]
fn another_ratchet_key_costs_nothing_while_the_peer_has_none_to_answer() {
    for part in [None, Some(&part(1, 2)[..])] {
        let pair = SignalPair::new(part.is_some());
        let sent = forged(0, 0, part);
        assert_eq!(refused(&pair, &sent), (Error::Forged, Work::default()));
    }
}

#[test]
fn forged_chunks_of_whatever_kind_cost_no_ml_kem_and_are_forgotten() {
    let mut pair = SignalPair::new(true);
    let mut kinds = [false; 7];
    for message in 1..200 {
        let from = message % 2;
        let sent = pair.send(from);
        let part = sent.part.clone().unwrap();
        if from == 0 {
            kinds[usize::from(part[3])] |= epoch(&sent) > 0;
            // Another chunk of the same kind, under a MAC that does not hold.
            let mut other = sent.clone();
            *other.part.as_mut().unwrap().last_mut().unwrap() ^= u8::from(part.len() > 30);
            other.mac = [0; 32];
            let (error, work) = refused(&pair, &other);
            assert_eq!(error, Error::Forged);
            assert_eq!((work.kem, work.dh <= 1, work.chain), (0, true, 2));
        }
        pair.receive(1 - from, &sent).unwrap();
    }
    // The initiator was on either side of the braid.
    assert_eq!(kinds, [true; 7]);
}

#[test]
fn a_repeated_message_costs_nothing() {
    let mut pair = answering(true);
    let sent = pair.send(0);
    pair.receive(1, &sent).unwrap();
    assert_eq!(refused(&pair, &sent), (Error::Duplicate, Work::default()));
}
