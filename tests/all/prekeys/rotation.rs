//! Rotation.

use super::*;

#[test]
fn a_rotation_replaces_every_key_and_the_old_ones_still_open() {
    let mut rng = TestRng::new(10);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let old = responder.bundle();
    let first = first_message(&initiator, &old, NOW, &mut rng);
    let new = rotated(&mut responder, NOW + 2 * DAY, &mut rng);
    let (one, other) = (old.encode(), new.encode());
    let theirs: HashSet<_> = other[267..1491].windows(8).collect();
    assert!(one[267..1491].windows(8).all(|part| !theirs.contains(part)));
    assert_eq!(responder.bundle(), new);
    assert!(responder.accept(&first, NOW + 2 * DAY).is_ok());
}

#[test]
fn a_rotation_that_is_not_applied_publishes_nothing() {
    let mut rng = TestRng::new(11);
    let mut device = device(1, &mut rng);
    let before = device.bundle();
    // What it would publish: of the same state, by the same randomness.
    let bundle = rotated(&mut restored(&device), NOW + 2 * DAY, &mut rng.clone());
    assert_ne!(bundle, before);
    drop(device.rotate(NOW + 2 * DAY, &mut rng));
    assert_eq!(device.bundle(), before);
}

#[test]
fn signed_prekeys_open_for_thirty_days_to_the_second() {
    let mut rng = TestRng::new(12);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    assert!(responder.accept(&first, NOW + 30 * DAY - 1).is_ok());
    refuses(&mut responder, Error::UnknownPrekey, |device| {
        device.accept(&first, NOW + 30 * DAY).map(drop)
    });
    assert_eq!(Error::UnknownPrekey.answer(), Answer::NewBundle);
}

#[test]
fn the_secrets_of_retired_prekeys_are_erased_after_thirty_days() {
    let mut rng = TestRng::new(13);
    let mut device = device(1, &mut rng);
    let id = device.bundle().encode()[267..275].to_vec();
    let holds = |device: &Device| device.to_bytes().windows(8).any(|window| window == id);
    rotated(&mut device, NOW + 2 * DAY, &mut rng);
    expired(&mut device, NOW + 30 * DAY - 1);
    assert!(holds(&device));
    expired(&mut device, NOW + 30 * DAY);
    assert!(!holds(&device));
}

#[test]
fn a_rotation_erases_nothing_by_a_clock_that_may_be_wrong() {
    let mut rng = TestRng::new(14);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    rotated(&mut responder, NOW + 30 * DAY, &mut rng);
    replenished(&mut responder, NOW + 30 * DAY, &mut rng);
    refuses(&mut responder, Error::UnknownPrekey, |device| {
        device.accept(&first, NOW + 30 * DAY).map(drop)
    });
    assert!(responder.accept(&first, NOW).is_ok());
    // Erasing is a change of its own.
    assert!(responder.tasks(&Served::NOTHING, NOW + 30 * DAY).expire);
    expired(&mut responder, NOW + 30 * DAY);
    refuses(&mut responder, Error::UnknownPrekey, |device| device.accept(&first, NOW).map(drop));
}

#[test]
fn the_newest_signed_prekeys_are_never_erased() {
    let mut rng = TestRng::new(15);
    let mut device = device(1, &mut rng);
    let bundle = device.bundle();
    for now in [NOW + 30 * DAY, NOW + 365 * DAY, u64::MAX] {
        expired(&mut device, now);
        assert_eq!(device.bundle(), bundle);
    }
}

#[test]
fn a_device_that_rotates_too_often_keeps_the_newest_thirty_two_prekey_sets() {
    let mut rng = TestRng::new(16);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let mut bundles = vec![responder.bundle()];
    for _ in 0..32 {
        bundles.push(rotated(&mut responder, NOW, &mut rng));
    }
    for (i, bundle) in bundles.iter().enumerate() {
        let first = first_message(&initiator, bundle, NOW, &mut rng);
        let expected = (i == 0).then_some(Error::UnknownPrekey);
        assert_eq!(responder.accept(&first, NOW).err(), expected, "{i}");
    }
    assert!(restored(&responder).bundle() == bundles[32]);
}
