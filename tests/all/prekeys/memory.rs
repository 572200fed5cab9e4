//! The memory of first messages.

use super::*;

/// Makes a device that remembers as many first messages on one prekey set as it can, the last of those
/// messages, and somebody who has written none of them.
fn full() -> (Device, Vec<u8>, Device) {
    static FULL: OnceLock<(Vec<u8>, Vec<u8>, Vec<u8>)> = OnceLock::new();
    let (responder, last, initiator) = FULL.get_or_init(|| {
        let mut rng = TestRng::new(40);
        let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
        let bundle = responder.bundle();
        let mut last = Vec::new();
        for name in 3..19 {
            let one = device(name, &mut rng);
            for _ in 0..64 {
                assert!(!responder.tasks(&Served::NOTHING, NOW).rotate);
                last = first_message(&one, &bundle, NOW, &mut rng);
                let accepted = responder.accept(&last, NOW).unwrap();
                accepted.apply();
            }
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
    assert!(responder.tasks(&Served::NOTHING, NOW).rotate);
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
        // It is not remembered, but its prekey is gone.
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
    assert!(!responder.tasks(&Served::NOTHING, NOW).rotate);
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
    assert!(responder.to_bytes().len() <= before - 1024 * 24);
}

#[test]
fn one_account_does_not_fill_the_memory_for_others() {
    let mut rng = TestRng::new(45);
    let mut responder = device(2, &mut rng);
    let bundle = responder.bundle();
    // Two devices of one account share what the account has.
    let account = Account::generate(AccountId([1; 32]), &mut rng);
    let devices = [(); 2].map(|()| Device::generate(&account, NOW, &mut rng));
    for i in 0..64 {
        let first = first_message(&devices[i % 2], &bundle, NOW, &mut rng);
        let accepted = responder.accept(&first, NOW).unwrap();
        accepted.apply();
    }
    let mut responder = restored(&responder);
    for one in &devices {
        let first = first_message(one, &bundle, NOW, &mut rng);
        refuses(&mut responder, Error::ReplayShareFull, |to| to.accept(&first, NOW).map(drop));
    }
    assert!(!responder.tasks(&Served::NOTHING, NOW).rotate, "one account asks for no rotation");
    let other = device(3, &mut rng);
    let first = first_message(&other, &bundle, NOW, &mut rng);
    assert!(responder.accept(&first, NOW).is_ok());
    // With a one-time prekey, or the next signed prekeys, the account is heard again.
    let key = replenished(&mut responder, NOW, &mut rng).remove(0);
    let first = first_message(&devices[0], &bundle.attach(key).unwrap(), NOW, &mut rng);
    assert!(responder.accept(&first, NOW).is_ok());
    let next = rotated(&mut responder, NOW + 2 * DAY, &mut rng);
    let first = first_message(&devices[0], &next, NOW + 2 * DAY, &mut rng);
    assert!(responder.accept(&first, NOW + 2 * DAY).is_ok());
}

#[test]
fn nobody_but_the_account_itself_takes_of_its_share() {
    let mut rng = TestRng::new(46);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle();
    for _ in 0..64 {
        // Its own handshake and certificate, with a message that it has not sealed.
        let mut first = first_message(&initiator, &bundle, NOW, &mut rng);
        let last = first.len() - 1;
        first[last] ^= 1;
        refuses(&mut responder, Error::Forged, |device| device.accept(&first, NOW).map(drop));
    }
    for _ in 0..64 {
        let first = first_message(&initiator, &bundle, NOW, &mut rng);
        responder.accept(&first, NOW).unwrap().apply();
    }
    // Nor is anybody else told that it has used it up.
    let mut first = first_message(&initiator, &bundle, NOW, &mut rng);
    refuses(&mut responder, Error::ReplayShareFull, |device| device.accept(&first, NOW).map(drop));
    let last = first.len() - 1;
    first[last] ^= 1;
    refuses(&mut responder, Error::Forged, |device| device.accept(&first, NOW).map(drop));
}

#[test]
fn first_messages_with_one_time_prekeys_take_no_room() {
    let mut rng = TestRng::new(47);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    for round in 0..2 {
        for key in replenished(&mut responder, NOW, &mut rng) {
            let before = responder.to_bytes().len();
            let bundle = responder.bundle().attach(key).unwrap();
            let first = first_message(&initiator, &bundle, NOW, &mut rng);
            let accepted = responder.accept(&first, NOW).unwrap();
            accepted.apply();
            assert_eq!(responder.to_bytes().len(), before - 112, "round {round}");
        }
    }
    let first = first_message(&initiator, &responder.bundle(), NOW, &mut rng);
    assert!(responder.accept(&first, NOW).is_ok(), "a hundred of one account, none remembered");
}

#[test]
fn a_stranger_with_the_id_of_an_account_does_not_learn_of_its_share() {
    let mut rng = TestRng::new(48);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle();
    for _ in 0..64 {
        let first = first_message(&initiator, &bundle, NOW, &mut rng);
        responder.accept(&first, NOW).unwrap().apply();
    }
    // Nothing binds an id to its key: anybody certifies a device of that id, under a key of its own.
    let id = initiator.certificate().account();
    let stranger = Device::generate(&Account::generate(id, &mut rng), NOW, &mut rng);
    let first = first_message(&stranger, &bundle, NOW, &mut rng);
    responder.accept(&first, NOW).unwrap().apply();
    // Nor does it take of what the account has.
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    refuses(&mut responder, Error::ReplayShareFull, |device| device.accept(&first, NOW).map(drop));
}
