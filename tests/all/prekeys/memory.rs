//! The memory of first messages.

use super::*;

/// Makes a device that remembers as many first messages on one prekey set as it can, the last of those
/// messages, and who wrote it.
fn full() -> (Device, Vec<u8>, Device) {
    static FULL: OnceLock<(Vec<u8>, Vec<u8>, Vec<u8>)> = OnceLock::new();
    let (responder, last, initiator) = FULL.get_or_init(|| {
        let mut rng = TestRng::new(40);
        let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
        let bundle = responder.bundle();
        let mut last = Vec::new();
        for _ in 0..1024 {
            assert!(!responder.tasks(NOW, BATCH).rotate);
            last = first_message(&initiator, &bundle, NOW, &mut rng);
            let accepted = responder.accept(&last, NOW).unwrap();
            accepted.apply();
        }
        (responder.to_bytes().to_vec(), last, initiator.to_bytes().to_vec())
    });
    (Device::from_bytes(responder).unwrap(), last.clone(), Device::from_bytes(initiator).unwrap())
}

#[test]
fn a_full_memory_refuses_last_resort_messages_and_asks_for_rotation() {
    let mut rng = TestRng::new(41);
    let (mut responder, _, initiator) = full();
    let bundle = responder.bundle();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    refuses(&mut responder, Error::RotationRequired, |device| device.accept(&first, NOW).map(drop));
    assert!(responder.tasks(NOW, BATCH).rotate);
    assert_eq!(Error::RotationRequired.answer(), Answer::NewBundle);
}

#[test]
fn a_full_memory_forgets_nothing() {
    let (mut responder, last, _) = full();
    refuses(&mut responder, Error::Replay, |device| device.accept(&last, NOW).map(drop));
}

#[test]
fn a_full_memory_still_takes_one_time_prekeys_once_each() {
    let mut rng = TestRng::new(42);
    let (mut responder, _, initiator) = full();
    for key in replenished(&mut responder, NOW, &mut rng).into_iter().take(3) {
        let bundle = responder.bundle().attach(key).unwrap();
        let first = first_message(&initiator, &bundle, NOW, &mut rng);
        let accepted = responder.accept(&first, NOW).unwrap();
        accepted.apply();
        // It is not remembered any more, but its prekey is gone.
        refuses(&mut responder, Error::UnknownPrekey, |device| {
            device.accept(&first, NOW).map(drop)
        });
    }
}

#[test]
fn a_rotation_makes_room_for_new_messages_and_none_for_old_ones() {
    let mut rng = TestRng::new(43);
    let (mut responder, last, initiator) = full();
    let old = responder.bundle();
    let new = rotated(&mut responder, NOW, &mut rng);
    assert!(!responder.tasks(NOW, BATCH).rotate);
    let mut responder = restored(&responder);
    let first = first_message(&initiator, &new, NOW, &mut rng);
    let accepted = responder.accept(&first, NOW).unwrap();
    accepted.apply();
    refuses(&mut responder, Error::Replay, |device| device.accept(&first, NOW).map(drop));
    refuses(&mut responder, Error::Replay, |device| device.accept(&last, NOW).map(drop));
    let late = first_message(&initiator, &old, NOW, &mut rng);
    refuses(&mut responder, Error::RotationRequired, |device| device.accept(&late, NOW).map(drop));
}

#[test]
fn the_memory_goes_with_its_prekeys() {
    let mut rng = TestRng::new(44);
    let (mut responder, _, _) = full();
    let before = responder.to_bytes().len();
    rotated(&mut responder, NOW + 2 * DAY, &mut rng);
    expired(&mut responder, NOW + 30 * DAY);
    assert!(responder.to_bytes().len() <= before - 1024 * 16);
}
