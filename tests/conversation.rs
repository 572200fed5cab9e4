//! Conversations between two devices: in order, late, lost, repeated.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

mod support;

use std::collections::HashSet;

use latchstring::rand_core::Rng;
use latchstring::{Error, Session, State};
use support::{NOW, Pair, TestRng, bundle_with_one_time, copy, device, refusal, seal_many};

/// As `spec/ratchet.md` gives them.
const MAX_SKIP: u32 = 2000;
const MAX_MISSING: usize = 2000;
const MAX_CLOSED: usize = 5;
const MAX_AGE: u32 = 64;
const MAX_RECENT: u32 = 32;

/// A message's clear bytes, its sealed header, and the tag of its body.
const FRONT: usize = 2;
const SEALED_HEADER: usize = 96 + 16;
const TAG: usize = 16;

/// The longest state of a confirmed session, field by field.
const MAX_STATE: usize = {
    let descent = 32 + 4 + 4 + 8;
    let front = 2 + 32 + 265 + 16 + descent + 1 + 1;
    let sending = 1 + 4 + 32 + 32 + 32 + 32 + 4 + 4 + 4;
    let receiving = 1 + 4 + 32 + 4 + 4 + 32 + 32 + 4 + 4;
    let closed = 4 + MAX_CLOSED * (4 + 32 + 4 + 4 + 32 + 4);
    let recent = 1 + 32 * (4 + 4 + 8);
    // With a secret to be mixed, and in the state that keeps most: ct1 out, the vector in.
    let vector = 1 + 36 * (2 + 32);
    let braid = 4 + 32 + 32 + (1 + 32) + 1 + 64 + 32 + 2 + vector + 1;
    let ratchet = 1 + 32 + 32 + sending + 32 + receiving + 32 + closed + recent + braid;
    front + ratchet + MAX_MISSING * (4 + 32)
};

/// The responder writes and the initiator reads, so that the initiator's next message begins a
/// new chain.
fn turn(pair: &mut Pair) {
    let message = pair.responder.encrypt(b"turn", &mut pair.rng).unwrap();
    pair.initiator.decrypt(&message).unwrap();
}

/// The initiator begins a chain with a message that is withheld, and one that arrives.
fn withhold_one(pair: &mut Pair) -> Vec<u8> {
    turn(pair);
    let withheld = pair.initiator.encrypt(b"withheld", &mut pair.rng).unwrap();
    let message = pair.initiator.encrypt(b"arrives", &mut pair.rng).unwrap();
    assert_eq!(pair.responder.decrypt(&message).unwrap().missing, 1);
    withheld
}

#[test]
fn both_sides_read_what_the_other_wrote() {
    let mut pair = Pair::new(1);
    for round in 0..50_u32 {
        let text = round.to_be_bytes();
        let message = pair.initiator.encrypt(&text, &mut pair.rng).unwrap();
        assert_eq!(*pair.responder.decrypt(&message).unwrap().content, text);
        if round % 3 == 0 {
            let message = pair.responder.encrypt(&text, &mut pair.rng).unwrap();
            assert_eq!(*pair.initiator.decrypt(&message).unwrap().content, text);
        }
    }
    assert_eq!(pair.initiator.id(), pair.responder.id());
}

#[test]
fn a_repeated_message_is_a_duplicate_and_changes_nothing() {
    let mut pair = Pair::new(2);
    let message = pair.initiator.encrypt(b"once", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    let before = pair.responder.to_bytes();
    assert_eq!(pair.responder.decrypt(&message).err(), Some(Error::Duplicate));
    assert_eq!(before, pair.responder.to_bytes());
}

#[test]
fn messages_of_one_chain_are_read_in_any_order() {
    let mut pair = Pair::new(3);
    let messages = seal_many(&mut pair.initiator, 100, &mut pair.rng);
    let mut order: Vec<usize> = (0..100).collect();
    for i in (1..100).rev() {
        order.swap(i, pair.rng.next_u32() as usize % (i + 1));
    }
    for i in order {
        let opened = pair.responder.decrypt(&messages[i]).unwrap();
        assert_eq!(*opened.content, u32::try_from(i).unwrap().to_be_bytes());
    }
    assert_eq!(pair.responder.missing(), 0);
}

#[test]
fn what_arrives_is_read_whatever_is_lost() {
    let mut pair = Pair::new(4);
    for round in 0..300_u32 {
        let text = round.to_be_bytes();
        let message = pair.initiator.encrypt(&text, &mut pair.rng).unwrap();
        if !pair.rng.next_u32().is_multiple_of(3) {
            assert_eq!(*pair.responder.decrypt(&message).unwrap().content, text);
        }
        let message = pair.responder.encrypt(&text, &mut pair.rng).unwrap();
        if !pair.rng.next_u32().is_multiple_of(3) {
            assert_eq!(*pair.initiator.decrypt(&message).unwrap().content, text);
        }
    }
}

/// A message under way: to the responder or to the initiator, since a round, with a content.
struct Flying {
    to_responder: bool,
    round: u32,
    content: [u8; 8],
    bytes: Vec<u8>,
    arrived: bool,
}

#[test]
fn loss_delay_and_repetition_together_lose_nothing_that_arrives() {
    let mut pair = Pair::new(5);
    let mut network: Vec<Flying> = Vec::new();
    let mut arrived = 0;
    for round in 0..400_u32 {
        for to_responder in [true, false] {
            for i in 0..pair.rng.next_u32() % 4 {
                let mut content = [0; 8];
                content[..4].copy_from_slice(&round.to_be_bytes());
                content[4..].copy_from_slice(&i.to_be_bytes());
                let Pair { initiator, responder, rng, .. } = &mut pair;
                let from = if to_responder { initiator } else { responder };
                let bytes = from.encrypt(&content, rng).unwrap();
                network.push(Flying { to_responder, round, content, bytes, arrived: false });
            }
        }
        // Half of what is under way arrives now, in another order, some of it twice; what has
        // been under way for four rounds is lost.
        for _ in 0..network.len() {
            let pick = pair.rng.next_u32() as usize % network.len();
            let message = &mut network[pick];
            let to = if message.to_responder { &mut pair.responder } else { &mut pair.initiator };
            if message.arrived {
                // Once a chain is read to its end and two more have begun, its header key is gone.
                let error = refusal(to, |to| to.decrypt(&message.bytes));
                assert!(matches!(error, Some(Error::Duplicate | Error::Forged)), "{error:?}");
            } else {
                assert_eq!(*to.decrypt(&message.bytes).unwrap().content, message.content);
                message.arrived = true;
                arrived += 1;
            }
        }
        network.retain(|message| !message.arrived && message.round + 4 > round);
    }
    assert!(arrived > 800, "{arrived}");
}

#[test]
fn messages_that_cross_are_both_read() {
    let mut pair = Pair::new(6);
    for _ in 0..50 {
        let from_initiator = seal_many(&mut pair.initiator, 3, &mut pair.rng);
        let from_responder = seal_many(&mut pair.responder, 2, &mut pair.rng);
        for message in from_initiator {
            pair.responder.decrypt(&message).unwrap();
        }
        for message in from_responder {
            pair.initiator.decrypt(&message).unwrap();
        }
    }
    assert_eq!((pair.initiator.missing(), pair.responder.missing()), (0, 0));
}

#[test]
fn the_first_messages_are_read_in_any_order() {
    let mut rng = TestRng::new(7);
    let initiator = device(1, &mut rng);
    let mut responder = device(2, &mut rng);
    let bundle = bundle_with_one_time(&mut responder, &mut rng);
    let mut session = initiator.initiate(&bundle, NOW, &mut rng).unwrap();
    let first = seal_many(&mut session, 4, &mut rng);
    let accepted = responder.accept(&first[2], NOW).unwrap();
    let (mut answering, opened) = accepted.apply(&mut responder).unwrap();
    assert_eq!(opened.missing, 2);
    for i in [3, 0, 1] {
        assert_eq!(answering.decrypt(&first[i]).unwrap().content[3] as usize, i);
    }
}

#[test]
fn a_late_message_of_a_closed_chain_is_read() {
    let mut pair = Pair::new(8);
    let withheld = withhold_one(&mut pair);
    for _ in 0..3 {
        withhold_one(&mut pair);
    }
    let opened = pair.responder.decrypt(&withheld).unwrap();
    assert_eq!(*opened.content, b"withheld");
    assert_eq!((opened.missing, opened.lost), (0, 0));
}

#[test]
fn a_late_message_reports_the_place_it_was_sent_from() {
    let mut pair = Pair::new(9);
    let first = withhold_one(&mut pair);
    let second = withhold_one(&mut pair);
    let second = pair.responder.decrypt(&second).unwrap().position;
    let first = pair.responder.decrypt(&first).unwrap().position;
    assert_eq!((first.number, second.number), (0, 0));
    assert_eq!(first.chain + 1, second.chain);
}

#[test]
fn two_thousand_missing_messages_are_followed() {
    let mut pair = Pair::new(10);
    let messages = seal_many(&mut pair.initiator, MAX_SKIP + 1, &mut pair.rng);
    let opened = pair.responder.decrypt(messages.last().unwrap()).unwrap();
    assert_eq!(opened.missing, 2000);
    assert_eq!(pair.responder.missing(), 2000);
    assert_eq!(*pair.responder.decrypt(&messages[0]).unwrap().content, 0_u32.to_be_bytes());
}

#[test]
fn one_more_than_two_thousand_missing_messages_is_too_far_ahead() {
    let mut pair = Pair::new(11);
    let messages = seal_many(&mut pair.initiator, MAX_SKIP + 2, &mut pair.rng);
    let last = messages.last().unwrap();
    let error = refusal(&mut pair.responder, |to| to.decrypt(last));
    assert_eq!(error, Some(Error::TooFarAhead));
    pair.responder.decrypt(&messages[0]).unwrap();
    pair.responder.decrypt(last).unwrap();
}

/// Leaves `closing` messages of a chain that was begun and `new` of the next one unread, and gives
/// the one after.
fn skip_over_a_turn(pair: &mut Pair, closing: u32, new: u32) -> Vec<u8> {
    let begins = pair.initiator.encrypt(b"a chain begins", &mut pair.rng).unwrap();
    let chain = pair.responder.decrypt(&begins).unwrap().position.chain;
    seal_many(&mut pair.initiator, closing, &mut pair.rng);
    turn(pair);
    let begins = pair.initiator.encrypt(b"the next begins", &mut pair.rng).unwrap();
    assert_eq!(copy(&pair.responder).decrypt(&begins).unwrap().position.chain, chain + 1);
    seal_many(&mut pair.initiator, new, &mut pair.rng).pop().unwrap()
}

#[test]
fn the_bound_counts_the_closing_and_the_new_chain_together() {
    let mut pair = Pair::new(12);
    let message = skip_over_a_turn(&mut pair, 1200, 801);
    let error = refusal(&mut pair.responder, |to| to.decrypt(&message));
    assert_eq!(error, Some(Error::TooFarAhead));
}

#[test]
fn two_thousand_missing_messages_over_two_chains_are_followed() {
    let mut pair = Pair::new(13);
    let message = skip_over_a_turn(&mut pair, 1200, 800);
    assert_eq!(pair.responder.decrypt(&message).unwrap().missing, 2000);
}

#[test]
fn skipping_in_ten_thousand_turns_keeps_the_state_bounded_and_accounts_for_every_key() {
    let mut pair = Pair::new(14);
    let (mut skipped, mut lost, mut longest) = (0, 0, 0);
    for round in 0..10_000_u32 {
        turn(&mut pair);
        // Mostly a few; now and then more than there is room for.
        let skip = if round % 500 < 4 { 700 } else { 1 + round % 7 };
        let message = seal_many(&mut pair.initiator, skip + 1, &mut pair.rng).pop().unwrap();
        let opened = pair.responder.decrypt(&message).unwrap();
        assert_eq!(opened.missing, skip as usize);
        skipped += opened.missing;
        lost += opened.lost;
        assert_eq!(skipped - lost, pair.responder.missing(), "round {round}");
        longest = longest.max(pair.responder.to_bytes().len());
    }
    assert!(longest <= MAX_STATE, "{longest} > {MAX_STATE}");
    assert!(longest > MAX_MISSING * 36, "the bound was never approached");
}

#[test]
fn only_the_last_five_closed_chains_with_missing_keys_are_kept() {
    let mut pair = Pair::new(15);
    let mut withheld: Vec<Vec<u8>> = (0..=MAX_CLOSED).map(|_| withhold_one(&mut pair)).collect();
    turn(&mut pair);
    let message = pair.initiator.encrypt(b"one chain more", &mut pair.rng).unwrap();
    assert_eq!(pair.responder.decrypt(&message).unwrap().lost, 1);
    let oldest = withheld.remove(0);
    let error = refusal(&mut pair.responder, |to| to.decrypt(&oldest));
    assert_eq!(error, Some(Error::Forged));
    for message in withheld {
        pair.responder.decrypt(&message).unwrap();
    }
}

#[test]
fn a_closed_chain_is_kept_for_64_turns_and_no_longer() {
    let mut pair = Pair::new(16);
    let withheld = withhold_one(&mut pair);
    for age in 1..=MAX_AGE {
        turn(&mut pair);
        let message = pair.initiator.encrypt(b"on", &mut pair.rng).unwrap();
        assert_eq!(pair.responder.decrypt(&message).unwrap().lost, 0, "age {age}");
    }
    copy(&pair.responder).decrypt(&withheld).unwrap();
    turn(&mut pair);
    let message = pair.initiator.encrypt(b"on", &mut pair.rng).unwrap();
    assert_eq!(pair.responder.decrypt(&message).unwrap().lost, 1);
    let error = refusal(&mut pair.responder, |to| to.decrypt(&withheld));
    assert_eq!(error, Some(Error::Forged));
}

#[test]
fn the_key_of_a_late_message_is_dropped_for_room_oldest_first() {
    let mut pair = Pair::new(17);
    let early = seal_many(&mut pair.initiator, 11, &mut pair.rng);
    pair.responder.decrypt(&early[10]).unwrap();
    let more = seal_many(&mut pair.initiator, 1995, &mut pair.rng);
    let opened = pair.responder.decrypt(more.last().unwrap()).unwrap();
    assert_eq!((opened.missing, opened.lost), (1994, 4));
    for message in &early[..4] {
        let error = refusal(&mut pair.responder, |to| to.decrypt(message));
        assert_eq!(error, Some(Error::KeyGone));
    }
    pair.responder.decrypt(&early[4]).unwrap();
}

#[test]
fn a_repetition_too_long_ago_to_tell_is_a_key_that_is_gone() {
    let mut pair = Pair::new(18);
    let message = pair.initiator.encrypt(b"once", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    for later in seal_many(&mut pair.initiator, MAX_RECENT - 1, &mut pair.rng) {
        pair.responder.decrypt(&later).unwrap();
    }
    let error = refusal(&mut pair.responder, |to| to.decrypt(&message));
    assert_eq!(error, Some(Error::Duplicate));
    let later = pair.initiator.encrypt(b"one more", &mut pair.rng).unwrap();
    pair.responder.decrypt(&later).unwrap();
    let error = refusal(&mut pair.responder, |to| to.decrypt(&message));
    assert_eq!(error, Some(Error::KeyGone));
}

#[test]
fn a_late_message_repeated_is_a_duplicate() {
    let mut pair = Pair::new(19);
    let withheld = withhold_one(&mut pair);
    withhold_one(&mut pair);
    pair.responder.decrypt(&withheld).unwrap();
    let error = refusal(&mut pair.responder, |to| to.decrypt(&withheld));
    assert_eq!(error, Some(Error::Duplicate));
}

#[test]
fn a_sender_restored_from_a_backup_is_noticed_as_a_clone() {
    let mut pair = Pair::new(20);
    pair.initiator.encrypt(b"a chain begins", &mut pair.rng).unwrap();
    let backup = pair.initiator.to_bytes();
    let message = pair.initiator.encrypt(b"original", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    let mut restored = Session::from_bytes(&backup).unwrap();
    let message = restored.encrypt(b"another", &mut pair.rng).unwrap();
    let error = refusal(&mut pair.responder, |to| to.decrypt(&message));
    assert_eq!(error, Some(Error::Cloned));
}

#[test]
fn a_clone_that_begins_a_chain_is_noticed_as_a_clone() {
    let mut pair = Pair::new(21);
    turn(&mut pair);
    let mut clone = copy(&pair.initiator);
    let message = pair.initiator.encrypt(b"original", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    let message = clone.encrypt(b"another", &mut pair.rng).unwrap();
    let error = refusal(&mut pair.responder, |to| to.decrypt(&message));
    assert_eq!(error, Some(Error::Cloned));
}

#[test]
fn a_sender_restored_from_a_backup_never_seals_the_same_bytes_again() {
    let mut pair = Pair::new(22);
    pair.initiator.encrypt(b"a chain begins", &mut pair.rng).unwrap();
    let mut clone = copy(&pair.initiator);
    let one = pair.initiator.encrypt(b"same content", &mut pair.rng).unwrap();
    let other = clone.encrypt(b"same content", &mut pair.rng).unwrap();
    // The same key over the same content: only another nonce makes the bodies differ.
    let parts = |message: &[u8]| {
        let (header, rest) = message[FRONT..].split_at(SEALED_HEADER);
        let (tag, body) = rest.split_at(TAG);
        [header.to_vec(), tag.to_vec(), body.to_vec()]
    };
    for (one, other) in parts(&one).into_iter().zip(parts(&other)) {
        assert_ne!(one, other);
    }
}

#[test]
fn a_sides_own_messages_do_not_open_for_it() {
    let mut pair = Pair::new(23);
    for round in 0..4 {
        let message = pair.initiator.encrypt(b"mine", &mut pair.rng).unwrap();
        let error = refusal(&mut pair.initiator, |own| own.decrypt(&message));
        assert_eq!(error, Some(Error::Forged), "round {round}");
        pair.responder.decrypt(&message).unwrap();
        let message = pair.responder.encrypt(b"mine", &mut pair.rng).unwrap();
        let error = refusal(&mut pair.responder, |own| own.decrypt(&message));
        assert_eq!(error, Some(Error::Forged), "round {round}");
        pair.initiator.decrypt(&message).unwrap();
    }
}

#[test]
fn no_splice_of_two_messages_opens() {
    let mut one = Pair::new(24);
    let mut other = Pair::new(25);
    let ours = seal_many(&mut one.initiator, 4, &mut one.rng);
    let theirs = seal_many(&mut other.initiator, 4, &mut other.rng);
    let all: Vec<&Vec<u8>> = ours.iter().chain(&theirs).collect();
    // Between header and tag, and between tag and body.
    for at in [FRONT + SEALED_HEADER, FRONT + SEALED_HEADER + TAG] {
        for (i, head) in all.iter().enumerate() {
            for (j, tail) in all.iter().enumerate() {
                if i != j {
                    let splice = [&head[..at], &tail[at..]].concat();
                    for to in [&mut one.responder, &mut other.responder] {
                        let error = refusal(to, |to| to.decrypt(&splice));
                        assert_eq!(error, Some(Error::Forged), "{i} {j} at {at}");
                    }
                }
            }
        }
    }
    for message in &ours {
        one.responder.decrypt(message).unwrap();
    }
    for message in &theirs {
        other.responder.decrypt(message).unwrap();
    }
}

#[test]
fn a_message_of_another_session_does_not_open() {
    let mut one = Pair::new(26);
    let mut other = Pair::new(27);
    let message = one.initiator.encrypt(b"elsewhere", &mut one.rng).unwrap();
    let error = refusal(&mut other.responder, |to| to.decrypt(&message));
    assert_eq!(error, Some(Error::Forged));
}

#[test]
fn positions_in_order_only_grow_and_show_no_gap() {
    let mut pair = Pair::new(28);
    let mut last = None;
    for round in 0..60_u32 {
        if round % 4 == 0 {
            turn(&mut pair);
        }
        let message = pair.initiator.encrypt(b"on", &mut pair.rng).unwrap();
        let opened = pair.responder.decrypt(&message).unwrap();
        assert_eq!((opened.position.number, opened.missing), (round % 4, 0));
        assert!(Some(opened.position) > last);
        last = Some(opened.position);
    }
}

#[test]
fn what_a_server_withholds_shows_as_a_gap() {
    let mut pair = Pair::new(29);
    let messages = seal_many(&mut pair.initiator, 10, &mut pair.rng);
    let opened = pair.responder.decrypt(&messages[3]).unwrap();
    let first = opened.position;
    assert_eq!(opened.missing, 3);
    let opened = pair.responder.decrypt(&messages[9]).unwrap();
    assert_eq!((opened.position.number - first.number, opened.missing), (6, 5));
    assert_eq!(pair.responder.missing(), 8);
}

#[test]
fn every_message_has_a_position_of_its_own() {
    let mut pair = Pair::new(30);
    let mut seen = HashSet::new();
    for _ in 0..20 {
        turn(&mut pair);
        let mut messages = seal_many(&mut pair.initiator, 5, &mut pair.rng);
        messages.reverse();
        for message in messages {
            assert!(seen.insert(pair.responder.decrypt(&message).unwrap().position));
        }
    }
}
