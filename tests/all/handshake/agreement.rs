//! A handshake that goes well.

use super::*;

#[test]
fn the_initiator_learns_that_a_one_time_prekey_was_used() {
    let mut scene = Scene::new(1);
    assert!(scene.bundle.has_one_time_prekey());
    let mut session = scene.initiate();
    assert!(session.used_one_time_prekey());
    let first = session.encrypt(b"hello", &mut scene.rng).unwrap();
    assert!(scene.accept(&first).used_one_time_prekey());
}

#[test]
fn the_initiator_learns_that_no_one_time_prekey_was_used() {
    let mut scene = Scene::without_one_time(2);
    assert!(!scene.bundle.has_one_time_prekey());
    let mut session = scene.initiate();
    assert!(!session.used_one_time_prekey());
    let first = session.encrypt(b"hello", &mut scene.rng).unwrap();
    assert!(!scene.accept(&first).used_one_time_prekey());
}

#[test]
fn both_sides_hold_the_same_session_with_each_other() {
    let mut scene = Scene::new(3);
    let mut ours = scene.initiate();
    let first = ours.encrypt(b"hello", &mut scene.rng).unwrap();
    let theirs = scene.accept(&first);
    assert_eq!(ours.id(), theirs.id());
    assert_eq!(MessageKind::of(&first), Ok(MessageKind::Initial(theirs.handshake_id())));
    assert_eq!(ours.peer(), scene.responder.certificate());
    assert_eq!(theirs.peer(), scene.initiator.certificate());
    assert_eq!((ours.role(), theirs.role()), (Role::Initiator, Role::Responder));
}

#[test]
fn two_handshakes_over_one_bundle_have_nothing_in_common() {
    let mut scene = Scene::without_one_time(4);
    let (one, other) = (scene.initiate(), scene.initiate());
    assert_ne!(one.id(), other.id());
    assert_ne!(one.handshake_id(), other.handshake_id());
}

#[test]
fn initial_messages_open_in_any_order() {
    for first_to_arrive in 0..3 {
        let mut scene = Scene::new(5);
        let mut ours = scene.initiate();
        let messages: Vec<_> =
            (0..3_u8).map(|i| ours.encrypt(&[i], &mut scene.rng).unwrap()).collect();
        let accepted = scene.responder.accept(&messages[first_to_arrive], NOW).unwrap();
        let number = u32::try_from(first_to_arrive).unwrap();
        let Accepted { session: mut theirs, opened } = accepted.apply();
        assert_eq!(opened.position, Position { chain: 1, number });
        assert_eq!(opened.skipped, first_to_arrive);
        for (i, message) in (0..3_u8).zip(&messages).rev() {
            if usize::from(i) != first_to_arrive {
                assert_eq!(*theirs.decrypt(message).unwrap().content, [i]);
            }
        }
        assert_eq!(theirs.skipped(), 0);
    }
}

#[test]
fn the_handshake_is_repeated_until_the_first_answer_and_no_longer() {
    let mut scene = Scene::new(6);
    let mut ours = scene.initiate();
    let first = ours.encrypt(b"1", &mut scene.rng).unwrap();
    let second = ours.encrypt(b"2", &mut scene.rng).unwrap();
    assert_eq!(MessageKind::of(&first), MessageKind::of(&second));
    assert!(!ours.is_confirmed());
    let mut theirs = scene.accept(&first);
    let answer = theirs.encrypt(b"3", &mut scene.rng).unwrap();
    ours.decrypt(&answer).unwrap();
    assert!(ours.is_confirmed());
    let third = ours.encrypt(b"4", &mut scene.rng).unwrap();
    assert_eq!(MessageKind::of(&third), Ok(MessageKind::Ordinary));
}

#[test]
fn a_first_message_of_another_session_is_not_opened_by_a_session() {
    let mut scene = Scene::without_one_time(7);
    let (one, other) = (scene.first(b"one"), scene.first(b"other"));
    let mut session = scene.accept(&one);
    refuses(&mut session, Error::WrongPeer, |session| session.decrypt(&other));
}
