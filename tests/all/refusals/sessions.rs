//! Refusals of a device and a session.

use latchstring::Error;
use latchstring::session::{Bundle, Device, Sending, Session};
use latchstring::storage::State;
use support::{
    NOW, Pair, TestRng, bundle_with_one_time, device, previous_length, refusal, restored, seal_many,
};

use super::DAY;

pub(super) fn bytes_that_are_no_message_are_malformed() -> Option<Error> {
    let mut pair = Pair::new(1);
    refusal(&mut pair.responder, |to| to.decrypt(&[1, 1, 0]))
}

pub(super) fn a_message_of_a_later_release_has_an_unknown_version() -> Option<Error> {
    let mut pair = Pair::new(2);
    let mut message = pair.initiator.encrypt(b"later", &mut pair.rng).unwrap();
    message[0] = 2;
    refusal(&mut pair.responder, |to| to.decrypt(&message))
}

fn first() -> (Device, Vec<u8>) {
    let mut rng = TestRng::new(4);
    let initiator = device(1, &mut rng);
    let mut responder = device(2, &mut rng);
    let bundle = bundle_with_one_time(&mut responder, &mut rng);
    let mut session = initiator.initiate(&bundle, NOW, &mut rng).unwrap();
    (responder, session.encrypt(b"hello", &mut rng).unwrap())
}

pub(super) fn a_first_message_with_an_ephemeral_key_out_of_range_has_a_weak_key() -> Option<Error> {
    let (mut responder, mut message) = first();
    // version, kind, mode, two prekey ids, then the ephemeral key
    message[19..51].fill(0xff);
    refusal(&mut responder, |to| to.accept(&message, NOW).map(drop))
}

pub(super) fn an_altered_message_is_forged() -> Option<Error> {
    let mut pair = Pair::new(5);
    let mut message = pair.initiator.encrypt(b"altered", &mut pair.rng).unwrap();
    *message.last_mut().unwrap() ^= 1;
    refusal(&mut pair.responder, |to| to.decrypt(&message))
}

pub(super) fn a_message_delivered_twice_is_a_duplicate() -> Option<Error> {
    let mut pair = Pair::new(6);
    let message = pair.initiator.encrypt(b"once", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    refusal(&mut pair.responder, |to| to.decrypt(&message))
}

pub(super) fn a_first_message_delivered_twice_is_a_replay() -> Option<Error> {
    let mut rng = TestRng::new(6);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let mut session = initiator.initiate(&responder.bundle(), NOW, &mut rng).unwrap();
    let message = session.encrypt(b"hello", &mut rng).unwrap();
    let accepted = responder.accept(&message, NOW).unwrap();
    accepted.apply();
    refusal(&mut responder, |to| to.accept(&message, NOW).map(drop))
}

pub(super) fn a_second_message_of_one_number_shows_a_cloned_state() -> Option<Error> {
    let mut pair = Pair::new(7);
    pair.initiator.encrypt(b"a chain begins", &mut pair.rng).unwrap();
    let mut clone = restored(&pair.initiator);
    let message = pair.initiator.encrypt(b"original", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    let message = clone.encrypt(b"another", &mut pair.rng).unwrap();
    refusal(&mut pair.responder, |to| to.decrypt(&message))
}

pub(super) fn a_chain_of_two_previous_lengths_is_inconsistent() -> Option<Error> {
    let mut pair = Pair::new(8);
    let message = pair.initiator.encrypt(b"original", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    // A sender that gives its last chain another length with every message of the new one.
    let mut state = pair.initiator.to_bytes();
    let previous = previous_length(&state);
    state[previous.end - 1] += 1;
    let mut liar = Session::from_bytes(&state).unwrap();
    let message = liar.encrypt(b"another", &mut pair.rng).unwrap();
    refusal(&mut pair.responder, |to| to.decrypt(&message))
}

pub(super) fn a_first_message_of_another_session_is_from_the_wrong_peer() -> Option<Error> {
    let (_, message) = first();
    let mut pair = Pair::new(9);
    refusal(&mut pair.responder, |to| to.decrypt(&message))
}

pub(super) fn an_object_that_is_no_message_is_of_the_wrong_kind() -> Option<Error> {
    let mut pair = Pair::new(10);
    let bundle = pair.bob.bundle().encode();
    refusal(&mut pair.responder, |to| to.decrypt(&bundle))
}

pub(super) fn a_first_message_for_another_device_has_an_unknown_prekey() -> Option<Error> {
    let (_, message) = first();
    refusal(&mut device(3, &mut TestRng::new(11)), |to| to.accept(&message, NOW).map(drop))
}

pub(super) fn a_bundle_two_weeks_old_is_stale() -> Option<Error> {
    let mut pair = Pair::new(12);
    let bundle = pair.bob.bundle();
    let Pair { alice, rng, .. } = &mut pair;
    refusal(alice, |alice| alice.initiate(&bundle, NOW + 14 * DAY, rng))
}

pub(super) fn a_full_replay_memory_requires_rotation() -> Option<Error> {
    let mut rng = TestRng::new(13);
    // Seventeen accounts, because one has room for 64.
    let initiators: Vec<_> = (3..20).map(|name| device(name, &mut rng)).collect();
    let mut responder = device(2, &mut rng);
    let bundle: Bundle = responder.bundle();
    let mut first = |i: usize| {
        let mut session = initiators[i / 64].initiate(&bundle, NOW, &mut rng).unwrap();
        session.encrypt(b"hello", &mut rng).unwrap()
    };
    for i in 0..1024 {
        let accepted = responder.accept(&first(i), NOW).unwrap();
        accepted.apply();
    }
    refusal(&mut responder, |to| to.accept(&first(1024), NOW).map(drop))
}

pub(super) fn an_account_that_has_used_up_its_share_of_the_memory_is_refused() -> Option<Error> {
    let mut rng = TestRng::new(14);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle: Bundle = responder.bundle();
    let mut first = || {
        let mut session = initiator.initiate(&bundle, NOW, &mut rng).unwrap();
        session.encrypt(b"hello", &mut rng).unwrap()
    };
    for _ in 0..64 {
        let accepted = responder.accept(&first(), NOW).unwrap();
        accepted.apply();
    }
    refusal(&mut responder, |to| to.accept(&first(), NOW).map(drop))
}

pub(super) fn a_message_over_2001_others_is_too_far_ahead() -> Option<Error> {
    let mut pair = Pair::new(14);
    let message = seal_many(&mut pair.initiator, 2002, &mut pair.rng).pop().unwrap();
    refusal(&mut pair.responder, |to| to.decrypt(&message))
}

pub(super) fn a_message_whose_key_was_dropped_for_room_has_none() -> Option<Error> {
    let mut pair = Pair::new(15);
    let messages = seal_many(&mut pair.initiator, 2003, &mut pair.rng);
    pair.responder.decrypt(&messages[1]).unwrap();
    pair.responder.decrypt(&messages[2002]).unwrap();
    refusal(&mut pair.responder, |to| to.decrypt(&messages[0]))
}

pub(super) fn a_message_for_which_no_number_is_reserved_is_refused() -> Option<Error> {
    let Pair { mut initiator, mut rng, .. } = Pair::new(29);
    refusal(&mut initiator, |initiator| initiator.stage_send().seal_reserved(b"b", &mut rng))
}

pub(super) fn a_content_of_more_than_a_mebibyte_is_too_long() -> Option<Error> {
    let mut pair = Pair::new(30);
    let content = vec![0; (1 << 20) + 1];
    let Pair { initiator, rng, .. } = &mut pair;
    refusal(initiator, |from| from.encrypt(&content, rng))
}

pub(super) fn a_chain_at_its_last_number_is_exhausted() -> Option<Error> {
    let mut pair = Pair::new(44);
    pair.initiator.encrypt(b"a chain begins", &mut pair.rng).unwrap();
    let mut state = pair.initiator.to_bytes();
    let number = previous_length(&state).start - 4;
    assert_eq!(state[number..number + 4], [0, 0, 0, 1]);
    state[number..number + 4].fill(0xff);
    let mut last = Session::from_bytes(&state).unwrap();
    refusal(&mut last, |last| last.encrypt(b"one more", &mut pair.rng))
}

pub(super) fn more_than_a_hundred_numbers_are_too_many_to_reserve() -> Option<Error> {
    let Pair { mut initiator, mut rng, .. } = Pair::new(45);
    let many = Sending::MAX_RESERVED + 1;
    refusal(&mut initiator, |from| from.stage_send().reserve(many).seal(b"b", &mut rng).map(drop))
}
