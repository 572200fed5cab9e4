//! Replay.

use super::*;

/// Scenes with a one-time prekey and without, and what a first message that comes again is: its one-time prekey
/// is erased, or it is remembered.
fn both(seed: u64) -> [(Scene, Error); 2] {
    [(Scene::new(seed), Error::UnknownPrekey), (Scene::without_one_time(seed), Error::Replay)]
}

#[test]
fn a_first_message_is_accepted_once_while_its_session_lives() {
    for (mut scene, again) in both(10) {
        let first = scene.first(b"hello");
        let mut session = scene.accept(&first);
        refuses(&mut scene.responder, again, |device| device.accept(&first, NOW).map(drop));
        refuses(&mut session, Error::Duplicate, |session| session.decrypt(&first));
    }
}

#[test]
fn a_first_message_is_accepted_once_even_if_its_session_is_deleted() {
    for (mut scene, again) in both(11) {
        let first = scene.first(b"hello");
        drop(scene.accept(&first));
        refuses(&mut scene.responder, again, |device| device.accept(&first, NOW).map(drop));
    }
}

#[test]
fn a_later_message_of_a_deleted_session_does_not_revive_it() {
    for (mut scene, again) in both(12) {
        let mut ours = scene.initiate();
        let first = ours.encrypt(b"1", &mut scene.rng).unwrap();
        let second = ours.encrypt(b"2", &mut scene.rng).unwrap();
        drop(scene.accept(&first));
        refuses(&mut scene.responder, again, |device| device.accept(&second, NOW).map(drop));
    }
}

#[test]
fn a_first_message_is_remembered_across_a_restart() {
    for (mut scene, again) in both(13) {
        let first = scene.first(b"hello");
        scene.accept(&first);
        let mut device = restored(&scene.responder);
        refuses(&mut device, again, |device| device.accept(&first, NOW).map(drop));
    }
}

#[test]
fn a_first_message_is_remembered_across_a_rotation() {
    for (mut scene, again) in both(14) {
        let first = scene.first(b"hello");
        scene.accept(&first);
        let published = scene.responder.bundle().id();
        scene.responder.note_published([published], NOW).apply();
        scene.responder.rotate(NOW + 2 * DAY, &mut scene.rng).apply();
        refuses(&mut scene.responder, again, |device| device.accept(&first, NOW).map(drop));
    }
}

#[test]
fn a_replay_is_refused_for_another_reason_once_its_prekeys_are_erased() {
    // With a one-time prekey it is refused for that reason from the beginning.
    let mut scene = Scene::without_one_time(15);
    let first = scene.first(b"hello");
    scene.accept(&first);
    let last = NOW + 30 * DAY - 1;
    refuses(&mut scene.responder, Error::Replay, |device| device.accept(&first, last).map(drop));
    let published = scene.responder.bundle().id();
    scene.responder.note_published([published], NOW).apply();
    scene.responder.rotate(last, &mut scene.rng).apply();
    refuses(&mut scene.responder, Error::UnknownPrekey, |device| {
        device.accept(&first, last + 1).map(drop)
    });
}

#[test]
fn a_second_first_message_on_one_one_time_prekey_is_refused() {
    let mut scene = Scene::new(16);
    let (one, other) = (scene.first(b"one"), scene.first(b"other"));
    scene.accept(&one);
    refuses(&mut scene.responder, Error::UnknownPrekey, |device| {
        device.accept(&other, NOW).map(drop)
    });
}
