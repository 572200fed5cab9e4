//! One-time prekeys.

use super::*;

#[test]
fn of_more_than_a_thousand_one_time_prekeys_the_oldest_go() {
    let mut rng = TestRng::new(20);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let mut keys = Vec::new();
    for batch in 0..21 {
        let now = NOW + batch * 20 * 3600;
        assert!(responder.tasks(&Served::NOTHING, now).replenish);
        keys.extend(replenished(&mut responder, now, &mut rng));
    }
    for (place, expected) in [
        (0, Some(Error::UnknownPrekey)),
        (BATCH - 1, Some(Error::UnknownPrekey)),
        (BATCH, None),
        (20 * BATCH + BATCH - 1, None),
    ] {
        let bundle = responder.bundle().attach(keys[place].clone()).unwrap();
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
        device = restored(&device);
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
    refuses(&mut responder, Error::UnknownPrekey, |device| {
        device.accept(&first, last + 1).map(drop)
    });
    expired(&mut responder, last + 1);
    refuses(&mut responder, Error::UnknownPrekey, |device| device.accept(&first, last).map(drop));
}

#[test]
fn a_one_time_prekey_of_a_refill_that_was_not_saved_is_unknown() {
    let mut rng = TestRng::new(25);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    // What it would have published: of the same state, by the same randomness.
    let keys = restored(&responder).replenish(NOW, &mut rng.clone()).apply();
    drop(responder.replenish(NOW, &mut rng));
    let bundle = responder.bundle().attach(keys[0].clone()).unwrap();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    refuses(&mut responder, Error::UnknownPrekey, |device| device.accept(&first, NOW).map(drop));
}

#[test]
fn of_two_refills_from_one_state_only_one_can_be_applied() {
    let mut rng = TestRng::new(26);
    let mut device = device(1, &mut rng);
    let (key, anchor) = (StateKey::new(1, &[7; 32]).unwrap(), device.anchor());
    let mut recorded = || {
        let refill = device.replenish(NOW, &mut rng);
        refill
            .record(&key, b"device", &anchor, &mut TestRng::new(1))
            .unwrap()
            .record()
            .unwrap()
            .to_vec()
    };
    let [one, other] = [recorded(), recorded()]
        .map(|record| key.open::<Change<Device>>(b"device", None, &record).unwrap());
    one.apply(&mut device).unwrap();
    refuses(&mut device, Error::StaleChange, |device| other.apply(device));
}

#[test]
fn every_one_time_prekey_of_a_batch_opens_after_a_restart_in_any_order() {
    let mut rng = TestRng::new(27);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let keys = replenished(&mut responder, NOW, &mut rng);
    for key in keys.into_iter().rev() {
        responder = restored(&responder);
        let bundle = responder.bundle().attach(key).unwrap();
        let first = first_message(&initiator, &bundle, NOW, &mut rng);
        let accepted = responder.accept(&first, NOW).unwrap();
        assert!(accepted.apply().session.used_one_time_prekey());
    }
}

#[test]
fn a_drained_server_costs_the_one_time_prekey_and_not_the_session() {
    let mut rng = TestRng::new(28);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle();
    assert!(!bundle.has_one_time_prekey());
    let mut session = initiator.initiate(&bundle, NOW, &mut rng).unwrap();
    assert!(!session.used_one_time_prekey());
    let first = session.encrypt(b"hello", &mut rng).unwrap();
    let accepted = responder.accept(&first, NOW).unwrap();
    assert!(!accepted.apply().session.used_one_time_prekey());
}
