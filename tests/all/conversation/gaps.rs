//! Missing messages, and for how long their keys are kept.

use super::*;

#[test]
fn two_thousand_skipped_messages_are_followed() {
    let mut pair = Pair::new(10);
    let messages = seal_many(&mut pair.initiator, MAX_SKIP + 1, &mut pair.rng);
    let opened = pair.responder.decrypt(messages.last().unwrap()).unwrap();
    assert_eq!(opened.skipped, 2000);
    assert_eq!(pair.responder.skipped(), 2000);
    assert_eq!(*pair.responder.decrypt(&messages[0]).unwrap().content, 0_u32.to_be_bytes());
}

#[test]
fn one_more_than_two_thousand_skipped_messages_is_too_far_ahead() {
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
    assert_eq!(restored(&pair.responder).decrypt(&begins).unwrap().position.chain, chain + 1);
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
fn two_thousand_skipped_messages_over_two_chains_are_followed() {
    let mut pair = Pair::new(13);
    let message = skip_over_a_turn(&mut pair, 1200, 800);
    assert_eq!(pair.responder.decrypt(&message).unwrap().skipped, 2000);
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
        assert_eq!(opened.skipped, skip as usize);
        skipped += opened.skipped;
        lost += opened.lost;
        assert_eq!(skipped - lost, pair.responder.skipped(), "round {round}");
        longest = longest.max(pair.responder.to_bytes().len());
    }
    assert!(longest <= MAX_STATE, "{longest} > {MAX_STATE}");
    assert!(longest > MAX_SKIPPED * 36, "the bound was never approached");
}

#[test]
fn only_the_last_five_closed_chains_with_skipped_keys_are_kept() {
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
    restored(&pair.responder).decrypt(&withheld).unwrap();
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
    assert_eq!((opened.skipped, opened.lost), (1994, 4));
    for message in &early[..4] {
        let error = refusal(&mut pair.responder, |to| to.decrypt(message));
        assert_eq!(error, Some(Error::MessageKeyGone));
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
    assert_eq!(error, Some(Error::MessageKeyGone));
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
