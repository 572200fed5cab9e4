//! Prekeys over time: rotation, refill, expiry, and the memory of first messages.
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
use std::sync::OnceLock;

use latchstring::{Account, AccountId, Answer, Bundle, Device, Due, Error, OneTimePrekey, State};
use support::{NOW, TestRng, device, refuses, restarted};

const DAY: u64 = 86_400;
const BATCH: usize = 50;

/// A device whose clock has seen nothing, so that it can write at any time.
fn early_initiator(rng: &mut TestRng) -> Device {
    Device::generate(&Account::generate(AccountId([9; 32]), rng), 0, rng)
}

fn rotated(device: &mut Device, now: u64, rng: &mut TestRng) -> Bundle {
    let (bundle, change) = device.rotate(now, rng).unwrap();
    device.apply(change).unwrap();
    bundle
}

fn replenished(device: &mut Device, now: u64, rng: &mut TestRng) -> Vec<OneTimePrekey> {
    let (keys, change) = device.replenish(now, rng).unwrap();
    device.apply(change).unwrap();
    keys
}

fn expired(device: &mut Device, now: u64) {
    let change = device.expire(now).unwrap();
    device.apply(change).unwrap();
}

fn first_message(initiator: &Device, bundle: &Bundle, now: u64, rng: &mut TestRng) -> Vec<u8> {
    initiator.initiate(bundle, now, rng).unwrap().encrypt(b"hello", rng).unwrap()
}

fn id_of(key: &OneTimePrekey) -> u64 {
    u64::from_be_bytes(key.encode()[2..10].try_into().unwrap())
}

/// When a bundle's lasting prekeys were made.

// ---- what is due ----

#[test]
fn a_new_device_needs_one_time_prekeys_and_nothing_else() {
    let device = device(1, &mut TestRng::new(1));
    assert_eq!(device.due(NOW, 0), Due { rotate: false, replenish: true, expire: false });
}

#[test]
fn lasting_prekeys_are_due_for_rotation_after_two_days_to_the_second() {
    let mut rng = TestRng::new(2);
    let mut device = device(1, &mut rng);
    assert!(!device.due(NOW + 2 * DAY - 1, BATCH).rotate);
    assert!(device.due(NOW + 2 * DAY, BATCH).rotate);
    assert!(device.due(u64::MAX, BATCH).rotate);
    rotated(&mut device, NOW + 2 * DAY, &mut rng);
    assert!(!device.due(NOW + 4 * DAY - 1, BATCH).rotate);
    assert!(device.due(NOW + 4 * DAY, BATCH).rotate);
}

#[test]
fn one_time_prekeys_are_due_when_fewer_than_a_batch_are_published() {
    let device = device(1, &mut TestRng::new(3));
    for (published, due) in [(0, true), (BATCH - 1, true), (BATCH, false), (usize::MAX, false)] {
        assert_eq!(device.due(NOW, published).replenish, due, "{published}");
    }
}

#[test]
fn erasure_is_due_when_a_retired_key_is_thirty_days_old() {
    let mut rng = TestRng::new(5);
    let mut device = device(1, &mut rng);
    rotated(&mut device, NOW + 2 * DAY, &mut rng);
    assert!(!device.due(NOW + 30 * DAY - 1, BATCH).expire);
    assert!(device.due(NOW + 30 * DAY, BATCH).expire);
    expired(&mut device, NOW + 30 * DAY);
    assert!(!device.due(NOW + 30 * DAY, BATCH).expire);
}

#[test]
fn erasure_is_due_when_a_one_time_prekey_is_ninety_days_old() {
    let mut rng = TestRng::new(6);
    let mut device = device(1, &mut rng);
    replenished(&mut device, NOW, &mut rng);
    rotated(&mut device, NOW + 70 * DAY, &mut rng);
    assert!(!device.due(NOW + 90 * DAY - 1, BATCH).expire);
    assert!(device.due(NOW + 90 * DAY, BATCH).expire);
    expired(&mut device, NOW + 90 * DAY);
    assert!(!device.due(NOW + 90 * DAY, BATCH).expire);
}

#[test]
fn asking_what_is_due_changes_nothing() {
    let device = device(1, &mut TestRng::new(7));
    let before = device.to_bytes();
    for now in [0, NOW, NOW + 365 * DAY, u64::MAX] {
        assert_eq!(device.due(now, 0), device.due(now, 0));
    }
    assert_eq!(before, device.to_bytes());
}

// ---- rotation ----

#[test]
fn a_rotation_replaces_every_key_and_the_old_ones_still_open() {
    let mut rng = TestRng::new(10);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let old = responder.bundle().unwrap();
    let first = first_message(&initiator, &old, NOW, &mut rng);
    let new = rotated(&mut responder, NOW + 2 * DAY, &mut rng);
    let (one, other) = (old.encode(), new.encode());
    let theirs: HashSet<_> = other[267..1491].windows(8).collect();
    assert!(one[267..1491].windows(8).all(|part| !theirs.contains(part)));
    assert_eq!(responder.bundle().unwrap(), new);
    assert!(responder.accept(&first, NOW + 2 * DAY).is_ok());
}

#[test]
fn a_rotation_that_is_not_applied_publishes_nothing() {
    let mut rng = TestRng::new(11);
    let device = device(1, &mut rng);
    let before = device.bundle().unwrap();
    let (bundle, _) = device.rotate(NOW + 2 * DAY, &mut rng).unwrap();
    assert_ne!(bundle, before);
    assert_eq!(device.bundle().unwrap(), before);
}

#[test]
fn lasting_prekeys_open_for_thirty_days_to_the_second() {
    let mut rng = TestRng::new(12);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle().unwrap();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    assert!(responder.accept(&first, NOW + 30 * DAY - 1).is_ok());
    refuses(&mut responder, Error::UnknownPrekey, |device| device.accept(&first, NOW + 30 * DAY));
    assert_eq!(Error::UnknownPrekey.answer(), Answer::NewBundle);
}

#[test]
fn the_secrets_of_retired_prekeys_are_erased_after_thirty_days() {
    let mut rng = TestRng::new(13);
    let mut device = device(1, &mut rng);
    let id = device.bundle().unwrap().encode()[267..275].to_vec();
    let holds = |device: &Device| device.to_bytes().windows(8).any(|window| window == id);
    rotated(&mut device, NOW + 2 * DAY, &mut rng);
    expired(&mut device, NOW + 30 * DAY - 1);
    assert!(holds(&device));
    expired(&mut device, NOW + 30 * DAY);
    assert!(!holds(&device));
}

#[test]
fn a_rotation_erases_what_is_past_its_time() {
    let mut rng = TestRng::new(14);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle().unwrap();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    rotated(&mut responder, NOW + 30 * DAY, &mut rng);
    refuses(&mut responder, Error::UnknownPrekey, |device| device.accept(&first, NOW));
}

#[test]
fn the_newest_lasting_prekeys_are_never_erased() {
    let mut rng = TestRng::new(15);
    let mut device = device(1, &mut rng);
    let bundle = device.bundle().unwrap();
    for now in [NOW + 30 * DAY, NOW + 365 * DAY, u64::MAX] {
        expired(&mut device, now);
        assert_eq!(device.bundle().unwrap(), bundle);
    }
}

#[test]
fn a_device_that_rotates_too_often_keeps_the_newest_thirty_two_generations() {
    let mut rng = TestRng::new(16);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let mut bundles = vec![responder.bundle().unwrap()];
    for _ in 0..32 {
        bundles.push(rotated(&mut responder, NOW, &mut rng));
    }
    for (i, bundle) in bundles.iter().enumerate() {
        let first = first_message(&initiator, bundle, NOW, &mut rng);
        let expected = (i == 0).then_some(Error::UnknownPrekey);
        assert_eq!(responder.accept(&first, NOW).err(), expected, "{i}");
    }
    assert!(restarted(&responder).bundle().unwrap() == bundles[32]);
}

// ---- one-time prekeys ----

#[test]
fn of_more_than_a_thousand_one_time_prekeys_the_oldest_go() {
    let mut rng = TestRng::new(20);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let mut keys = Vec::new();
    for _ in 0..21 {
        assert!(responder.due(NOW, 0).replenish);
        keys.extend(replenished(&mut responder, NOW, &mut rng));
    }
    for (place, expected) in [
        (0, Some(Error::UnknownPrekey)),
        (BATCH - 1, Some(Error::UnknownPrekey)),
        (BATCH, None),
        (20 * BATCH + BATCH - 1, None),
    ] {
        let bundle = responder.bundle().unwrap().attach(keys[place].clone()).unwrap();
        let first = first_message(&initiator, &bundle, NOW, &mut rng);
        assert_eq!(responder.accept(&first, NOW).err(), expected, "{place}");
    }
}

#[test]
fn ids_never_repeat_and_say_nothing_about_their_order() {
    let mut rng = TestRng::new(22);
    let mut device = device(1, &mut rng);
    let mut ids = Vec::new();
    for batch in 0..40 {
        device = restarted(&device);
        // Every batch is made so late that the one before it is gone.
        ids.extend(replenished(&mut device, NOW + batch * 90 * DAY, &mut rng).iter().map(id_of));
    }
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 40 * BATCH);
    assert!(!ids.contains(&0));
    assert!(ids.windows(2).all(|pair| pair[0].abs_diff(pair[1]) > 1 << 20));
    let rising = ids.windows(2).filter(|pair| pair[0] < pair[1]).count();
    assert!((800..1200).contains(&rising), "{rising} of 1999 rise");
}

#[test]
fn a_refill_is_always_of_one_size() {
    let mut rng = TestRng::new(23);
    let mut device = device(1, &mut rng);
    for _ in 0..3 {
        assert_eq!(replenished(&mut device, NOW, &mut rng).len(), BATCH);
    }
}

#[test]
fn a_one_time_prekey_opens_for_ninety_days_to_the_second() {
    let mut rng = TestRng::new(24);
    let (initiator, mut responder) = (early_initiator(&mut rng), device(2, &mut rng));
    let key = replenished(&mut responder, NOW, &mut rng).remove(0);
    let last = NOW + 90 * DAY - 1;
    let bundle = rotated(&mut responder, last, &mut rng).attach(key).unwrap();
    let first = first_message(&initiator, &bundle, last, &mut rng);
    assert!(responder.accept(&first, last).is_ok());
    refuses(&mut responder, Error::UnknownPrekey, |device| device.accept(&first, last + 1));
    expired(&mut responder, last + 1);
    refuses(&mut responder, Error::UnknownPrekey, |device| device.accept(&first, last));
}

#[test]
fn a_one_time_prekey_of_a_refill_that_was_not_saved_is_unknown() {
    let mut rng = TestRng::new(25);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let (keys, _) = responder.replenish(NOW, &mut rng).unwrap();
    let bundle = responder.bundle().unwrap().attach(keys[0].clone()).unwrap();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    refuses(&mut responder, Error::UnknownPrekey, |device| device.accept(&first, NOW));
}

#[test]
fn of_two_refills_from_one_state_only_one_can_be_applied() {
    let mut rng = TestRng::new(26);
    let mut device = device(1, &mut rng);
    let (_, one) = device.replenish(NOW, &mut rng).unwrap();
    let (_, other) = device.replenish(NOW, &mut rng).unwrap();
    device.apply(one).unwrap();
    refuses(&mut device, Error::StaleChange, |device| device.apply(other));
}

#[test]
fn every_one_time_prekey_of_a_batch_opens_after_a_restart_in_any_order() {
    let mut rng = TestRng::new(27);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let keys = replenished(&mut responder, NOW, &mut rng);
    for key in keys.into_iter().rev() {
        responder = restarted(&responder);
        let bundle = responder.bundle().unwrap().attach(key).unwrap();
        let first = first_message(&initiator, &bundle, NOW, &mut rng);
        let accepted = responder.accept(&first, NOW).unwrap();
        assert!(accepted.session().used_one_time_prekey());
        accepted.apply(&mut responder).unwrap();
    }
}

#[test]
fn a_drained_server_costs_the_one_time_prekey_and_not_the_session() {
    let mut rng = TestRng::new(28);
    let (initiator, responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle().unwrap();
    assert!(!bundle.has_one_time_prekey());
    let mut session = initiator.initiate(&bundle, NOW, &mut rng).unwrap();
    assert!(!session.used_one_time_prekey());
    let first = session.encrypt(b"hello", &mut rng).unwrap();
    let accepted = responder.accept(&first, NOW).unwrap();
    assert!(!accepted.session().used_one_time_prekey());
}

// ---- the clock ----

#[test]
fn prekeys_made_in_what_is_now_the_future_are_due_for_rotation() {
    let mut rng = TestRng::new(30);
    let (initiator, mut device) = (device(1, &mut rng), device(2, &mut rng));
    // A clock that ran a year ahead, and was set right.
    let ahead = rotated(&mut device, NOW + 365 * DAY, &mut rng);
    assert_eq!(initiator.initiate(&ahead, NOW, &mut rng).err(), Some(Error::StalePrekey));
    assert!(device.due(NOW, BATCH).rotate);
    let right = rotated(&mut device, NOW, &mut rng);
    assert!(!device.due(NOW, BATCH).rotate);
    let first = first_message(&initiator, &right, NOW, &mut rng);
    assert!(device.accept(&first, NOW).is_ok());
}

#[test]
fn erased_prekeys_do_not_come_back_with_an_earlier_clock() {
    let mut rng = TestRng::new(32);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle().unwrap();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    rotated(&mut responder, NOW + 30 * DAY, &mut rng);
    for now in [0, NOW, NOW + 30 * DAY - 1] {
        refuses(&mut responder, Error::UnknownPrekey, |device| device.accept(&first, now));
    }
}

#[test]
fn the_end_of_time_is_a_time_like_any_other() {
    let mut rng = TestRng::new(33);
    let mut device = device(1, &mut rng);
    replenished(&mut device, u64::MAX, &mut rng);
    let bundle = rotated(&mut device, u64::MAX, &mut rng);
    expired(&mut device, u64::MAX);
    assert_eq!(device.bundle().unwrap(), bundle);
    assert!(restarted(&device).due(0, 0).replenish);
}

// ---- the memory of first messages ----

/// A device that remembers as many first messages on one generation as it can, the last of those
/// messages, and who wrote it.
fn full() -> (Device, Vec<u8>, Device) {
    static FULL: OnceLock<(Vec<u8>, Vec<u8>, Vec<u8>)> = OnceLock::new();
    let (responder, last, initiator) = FULL.get_or_init(|| {
        let mut rng = TestRng::new(40);
        let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
        let bundle = responder.bundle().unwrap();
        let mut last = Vec::new();
        for _ in 0..1024 {
            assert!(!responder.due(NOW, BATCH).rotate);
            last = first_message(&initiator, &bundle, NOW, &mut rng);
            let accepted = responder.accept(&last, NOW).unwrap();
            accepted.apply(&mut responder).unwrap();
        }
        (responder.to_bytes().to_vec(), last, initiator.to_bytes().to_vec())
    });
    (Device::from_bytes(responder).unwrap(), last.clone(), Device::from_bytes(initiator).unwrap())
}

#[test]
fn a_full_memory_refuses_last_resort_messages_and_asks_for_rotation() {
    let mut rng = TestRng::new(41);
    let (mut responder, _, initiator) = full();
    let bundle = responder.bundle().unwrap();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    refuses(&mut responder, Error::RotationRequired, |device| device.accept(&first, NOW));
    assert!(responder.due(NOW, BATCH).rotate);
    assert_eq!(Error::RotationRequired.answer(), Answer::NewBundle);
}

#[test]
fn a_full_memory_forgets_nothing() {
    let (mut responder, last, _) = full();
    refuses(&mut responder, Error::Replay, |device| device.accept(&last, NOW));
}

#[test]
fn a_full_memory_still_takes_one_time_prekeys_once_each() {
    let mut rng = TestRng::new(42);
    let (mut responder, _, initiator) = full();
    for key in replenished(&mut responder, NOW, &mut rng).into_iter().take(3) {
        let bundle = responder.bundle().unwrap().attach(key).unwrap();
        let first = first_message(&initiator, &bundle, NOW, &mut rng);
        let accepted = responder.accept(&first, NOW).unwrap();
        accepted.apply(&mut responder).unwrap();
        // It is not remembered any more, but its prekey is gone.
        refuses(&mut responder, Error::UnknownPrekey, |device| device.accept(&first, NOW));
    }
}

#[test]
fn a_rotation_makes_room_for_new_messages_and_none_for_old_ones() {
    let mut rng = TestRng::new(43);
    let (mut responder, last, initiator) = full();
    let old = responder.bundle().unwrap();
    let new = rotated(&mut responder, NOW, &mut rng);
    assert!(!responder.due(NOW, BATCH).rotate);
    let mut responder = restarted(&responder);
    let first = first_message(&initiator, &new, NOW, &mut rng);
    let accepted = responder.accept(&first, NOW).unwrap();
    accepted.apply(&mut responder).unwrap();
    refuses(&mut responder, Error::Replay, |device| device.accept(&first, NOW));
    refuses(&mut responder, Error::Replay, |device| device.accept(&last, NOW));
    let late = first_message(&initiator, &old, NOW, &mut rng);
    refuses(&mut responder, Error::RotationRequired, |device| device.accept(&late, NOW));
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
