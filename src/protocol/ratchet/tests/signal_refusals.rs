//! Messages and states of the Signal profile that are refused.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use alloc::vec;
use alloc::vec::Vec;

use super::signal_talk::{Sent, SignalPair, bytes, try_receive};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::ratchet::SignalRatchet;
use crate::protocol::ratchet::ratchet::MAX_SKIP;

#[test]
fn an_authentic_part_that_does_not_hold_changes_nothing() {
    let mut pair = SignalPair::new(true);
    // The initiator is the key side of epoch 1: it sends no ciphertext.
    let lie = pair.send_with(0, |sent| sent.part.as_mut().unwrap()[3] = 5);
    let before = bytes(&pair.sides[1]);
    assert_eq!(try_receive(&pair.sides[1], &lie).err(), Some(Error::Inconsistent));
    assert_eq!(bytes(&pair.sides[1]), before);
    let sent = pair.send(0);
    pair.receive(1, &sent).unwrap();
}

#[test]
fn a_stored_ratchet_that_no_history_leads_to_is_refused() {
    let mut pair = SignalPair::new(true);
    let sent = pair.send(1);
    pair.receive(0, &sent).unwrap();
    let good = bytes(&pair.sides[0]);
    let double = {
        let mut writer = Writer::new();
        pair.sides[0].double().write(&mut writer);
        writer.written().len()
    };
    let read = |bytes: &[u8]| Reader::all(bytes, SignalRatchet::read).err();
    assert_eq!(read(&good), None);
    // Of the other role; of another epoch of the braid; with a secret that is in no chain.
    let mut other = good.clone();
    other[0] = 2;
    assert_eq!(read(&other), Some(Error::Malformed));
    let mut other = good.clone();
    other[double + 4] = 3;
    assert_eq!(read(&other), Some(Error::Malformed));
    let mut other = good;
    let secret = double + 1 + 4 + 64;
    assert_eq!(other[secret], 0);
    other.splice(secret..=secret, [1; 33]);
    assert_eq!(read(&other), Some(Error::Malformed));
}

#[test]
fn a_message_is_followed_over_two_chains_as_far_as_the_bound() {
    for (more, expected) in [(0, None), (1, Some(Error::TooFarAhead))] {
        for is_triple in [false, true] {
            let mut pair = SignalPair::new(is_triple);
            for _ in 0..MAX_SKIP / 2 {
                pair.send(0);
            }
            let answer = pair.send(1);
            pair.receive(0, &answer).unwrap();
            for _ in 0..MAX_SKIP / 2 + more {
                pair.send(0);
            }
            let sent = pair.send(0);
            assert_eq!(pair.receive(1, &sent).err(), expected);
        }
    }
}

#[test]
fn other_bytes_at_an_opened_place_are_no_sign_of_a_clone() {
    let mut pair = SignalPair::new(true);
    let sent = pair.send(0);
    pair.receive(1, &sent).unwrap();
    assert_eq!(pair.receive(1, &sent), Err(Error::Duplicate));
    let other = Sent { mac: [9; 32], ..sent.clone() };
    assert_eq!(pair.receive(1, &other), Err(Error::MessageKeyGone));
    let other = Sent { previous: 77, ..sent };
    assert_eq!(pair.receive(1, &other), Err(Error::MessageKeyGone));
}

#[test]
fn a_ratchet_without_or_with_a_post_quantum_half_refuses_messages_of_the_other() {
    for is_triple in [false, true] {
        let mut pair = SignalPair::new(is_triple);
        let sent = pair.send(0);
        let part = if is_triple { None } else { Some(vec![1, 1, 2, 0]) };
        let other = Sent { part, ..sent };
        assert_eq!(pair.receive(1, &other), Err(Error::Malformed));
    }
}

#[test]
fn a_part_of_another_version_is_refused() {
    let mut pair = SignalPair::new(true);
    let sent = pair.send(0);
    let versions = [(0, Error::UnknownVersion(0)), (2, Error::UnknownVersion(2))];
    for (version, expected) in versions {
        let mut other = sent.clone();
        other.part.as_mut().unwrap()[0] = version;
        assert_eq!(pair.receive(1, &other), Err(expected));
    }
    let empty = Sent { part: Some(Vec::new()), ..sent.clone() };
    assert_eq!(pair.receive(1, &empty), Err(Error::Malformed));
    // The number that says that a message has no post-quantum key.
    let without = Sent { part: Some(vec![1, 1, 0, 0]), ..sent.clone() };
    assert_eq!(pair.receive(1, &without), Err(Error::Inconsistent));
    pair.receive(1, &sent).unwrap();
}
