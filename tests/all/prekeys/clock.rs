//! The clock.

use super::*;

#[test]
fn prekeys_made_in_what_is_now_the_future_are_to_be_rotated() {
    let mut rng = TestRng::new(30);
    let (initiator, mut device) = (device(1, &mut rng), device(2, &mut rng));
    // A clock that ran a year ahead, and was set right.
    let ahead = rotated(&mut device, NOW + 365 * DAY, &mut rng);
    assert_eq!(initiator.initiate(&ahead, NOW, &mut rng).err(), Some(Error::StalePrekey));
    assert!(device.tasks(&Served::NOTHING, NOW).rotate);
    let right = rotated(&mut device, NOW, &mut rng);
    assert!(!device.tasks(&Served::NOTHING, NOW).rotate);
    let first = first_message(&initiator, &right, NOW, &mut rng);
    assert!(device.accept(&first, NOW).is_ok());
}

#[test]
fn erased_prekeys_do_not_come_back_with_an_earlier_clock() {
    let mut rng = TestRng::new(32);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    rotated(&mut responder, NOW + 30 * DAY, &mut rng);
    expired(&mut responder, NOW + 30 * DAY);
    for now in [0, NOW, NOW + 30 * DAY - 1] {
        refuses(&mut responder, Error::UnknownPrekey, |device| {
            device.accept(&first, now).map(drop)
        });
    }
}

#[test]
fn the_end_of_time_is_a_time_like_any_other() {
    let mut rng = TestRng::new(33);
    let mut device = device(1, &mut rng);
    replenished(&mut device, u64::MAX, &mut rng);
    let bundle = rotated(&mut device, u64::MAX, &mut rng);
    expired(&mut device, u64::MAX);
    assert_eq!(device.bundle(), bundle);
    assert!(restored(&device).tasks(&Served::NOTHING, 0).replenish);
}

#[test]
fn one_time_prekeys_of_the_future_neither_stop_refills_nor_make_them_unlimited() {
    let mut rng = TestRng::new(34);
    let mut device = device(1, &mut rng);
    // A clock that ran a year ahead while four batches came to be, and was set right.
    for _ in 0..4 {
        replenished(&mut device, NOW + 365 * DAY, &mut rng);
    }
    assert!(device.tasks(&Served::NOTHING, NOW).replenish);
    replenished(&mut device, NOW, &mut rng);
    let refill = NOW + 20 * 3600;
    assert!(!device.tasks(&Served::NOTHING, refill - 1).replenish);
    assert!(device.tasks(&Served::NOTHING, refill).replenish);
    // Two days ahead, they count until then.
    replenished(&mut device, NOW + 2 * DAY, &mut rng);
    assert!(device.tasks(&Served::NOTHING, refill).replenish);
    assert!(!device.tasks(&Served::NOTHING, NOW + DAY).replenish);
}
