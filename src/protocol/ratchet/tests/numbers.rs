//! Counters at their ends, and headers that contradict what was sent.

use super::*;

#[test]
fn the_greatest_number_is_too_far_ahead() {
    let pair = RatchetPair::new();
    let message = pair.seal_with(|header| header.number = u32::MAX);
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::TooFarAhead, Work { open: 1, ..Work::default() }));
}

#[test]
fn the_greatest_number_of_a_new_chain_is_too_far_ahead() {
    let mut pair = RatchetPair::new();
    pair.turn();
    pair.seal();
    let message = pair.seal_with(|header| header.number = u32::MAX);
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::TooFarAhead, Work { open: 2, ..Work::default() }));
}

#[test]
fn a_chain_at_its_end_seals_no_more_and_turns_on() {
    let mut pair = RatchetPair::new();
    let SendState::Active(going) = &mut pair.initiator.sending else { panic!("nothing was sent") };
    going.number = u32::MAX - 1;
    seal(&mut pair.initiator, &mut pair.rng).unwrap();
    assert_eq!(seal(&mut pair.initiator, &mut pair.rng), Err(Error::ChainExhausted));
    assert_eq!(seal(&mut pair.initiator, &mut pair.rng), Err(Error::ChainExhausted));
    pair.turn();
    seal(&mut pair.initiator, &mut pair.rng).unwrap();
}

#[test]
fn numbers_are_reserved_to_the_end_of_a_chain_and_no_further() {
    let mut pair = RatchetPair::new();
    let RatchetPair { initiator, responder, rng } = &mut pair;
    let SendState::Active(going) = &mut initiator.sending else { panic!("nothing was sent") };
    let Some(current) = &mut responder.receiving else { panic!("nothing was received") };
    (going.number, current.number) = (u32::MAX - 4, u32::MAX - 4);
    let (message, mut delta, _) = initiator.seal(&CLEAR, &[], b"on", 32, rng).unwrap();
    assert_eq!(delta.reserve(4), Err(Error::ChainExhausted));
    assert_eq!((delta.number, delta.reserved.is_some()), (u32::MAX - 3, false));
    delta.reserve(3).unwrap();
    initiator.apply(&mut delta);
    open(responder, &message).unwrap();
    for left in (0..3).rev() {
        let message = initiator.seal_reserved(&CLEAR, &[], b"on", 32, rng).unwrap();
        open(responder, &message).unwrap();
        assert_eq!(initiator.reserved(), left);
    }
    let none = initiator.seal_reserved(&CLEAR, &[], b"on", 32, rng);
    assert_eq!(none, Err(Error::NotReserved));
    assert_eq!(seal(initiator, rng), Err(Error::ChainExhausted));
}

#[test]
fn a_receiver_at_the_last_number_opens_it_once() {
    let mut pair = RatchetPair::new();
    let Some(current) = &mut pair.responder.receiving else { panic!("nothing was received") };
    current.number = u32::MAX - 1;
    let message = pair.seal_with(|header| header.number = u32::MAX - 1);
    open(&mut pair.responder, &message).unwrap();
    let (error, _) = refused(&pair.responder, &message);
    assert_eq!(error, Error::Duplicate);
}

/// Makes the first message of a new chain, which names `previous` messages in the chain before; the
/// responder has opened three of them.
fn naming_previous(previous: u32) -> (RatchetPair, Vec<u8>) {
    let mut pair = RatchetPair::new();
    for _ in 0..2 {
        let message = pair.seal();
        open(&mut pair.responder, &message).unwrap();
    }
    pair.turn();
    pair.seal();
    let SendState::Active(going) = &mut pair.initiator.sending else { panic!("nothing was sent") };
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
    let mut pair = RatchetPair::new();
    let message = pair.seal_with(|header| header.previous = 1);
    pair.responder.receiving = None;
    pair.responder.next_receiving_header = super::super::header::HeaderKey(Secret::copy(&[2; 32]));
    assert_eq!(refused(&pair.responder, &message).0, Error::Inconsistent);
}

#[test]
fn a_second_previous_length_in_one_chain_is_inconsistent() {
    let pair = RatchetPair::new();
    let message = pair.seal_with(|header| header.previous += 1);
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::Inconsistent, Work { open: 1, ..Work::default() }));
}

#[test]
fn a_second_ratchet_key_under_one_header_key_is_a_clones() {
    let pair = RatchetPair::new();
    let other = dh::SecretKey::from_seed(Secret::copy(&[8; 32])).public();
    let message = pair.seal_with(|header| header.ratchet = other);
    let (error, work) = refused(&pair.responder, &message);
    assert_eq!((error, work), (Error::StateCloned, Work { open: 1, ..Work::default() }));
}

#[test]
fn a_header_that_contradicts_a_closed_chain_is_refused() {
    let mut pair = RatchetPair::new();
    let other = dh::SecretKey::from_seed(Secret::copy(&[8; 32])).public();
    let lies = [
        (pair.seal_with(|header| header.previous += 1), Error::Inconsistent),
        (pair.seal_with(|header| header.ratchet = other), Error::StateCloned),
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
    let mut pair = RatchetPair::new();
    let SendState::Active(going) = &pair.initiator.sending else { panic!("nothing was sent") };
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
fn a_generator_stuck_at_zero_still_gives_every_turn_another_ratchet_key() {
    let mut pair = RatchetPair { rng: TestRng::zeros(), ..RatchetPair::new() };
    let mut keys: Vec<[u8; 32]> = Vec::new();
    for _ in 0..20 {
        pair.turn();
        let message = pair.seal();
        open(&mut pair.responder, &message).unwrap();
        for side in [&pair.initiator, &pair.responder] {
            if let SendState::Active(going) = &side.sending {
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

#[test]
fn a_side_counts_the_chains_that_it_sends_as_its_peer_does() {
    let mut pair = RatchetPair::new();
    let place = |chain, number| Position { chain, number };
    assert_eq!(pair.initiator.sent(), place(1, 1));
    // It has opened a message and sent none.
    assert_eq!(pair.responder.sent(), place(0, 0));
    for chain in 1..4 {
        for number in 1..4 {
            assert_eq!(pair.initiator.sent(), place(chain, number));
            let message = pair.seal();
            let staged = pair.responder.stage(CLEAR, &message).unwrap();
            assert_eq!((staged.chain(), staged.number()), (Ok(chain), number));
            open(&mut pair.responder, &message).unwrap();
        }
        // What was heard changes nothing of what was sent, nor does a restart.
        pair.turn();
        assert_eq!(pair.responder.sent(), place(chain, 1));
        assert_eq!(pair.initiator.sent(), place(chain, 4));
        for side in [&pair.initiator, &pair.responder] {
            let mut writer = Writer::new();
            side.write(&mut writer);
            let again: Ratchet = Reader::all(&writer.secret(), Ratchet::read).unwrap();
            assert_eq!(again.sent(), side.sent());
        }
        let first = pair.seal();
        assert_eq!(pair.initiator.sent(), place(chain + 1, 1));
        open(&mut pair.responder, &first).unwrap();
    }
}
