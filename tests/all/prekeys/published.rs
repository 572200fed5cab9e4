//! Published prekeys are part of the state: each is given again, and an upload that fails costs nothing.

use super::*;

/// Asserts that a first message to each of these bundles is accepted.
fn all_open(device: &Device, bundles: &[Bundle], now: u64, rng: &mut TestRng) {
    let initiator = early_initiator(rng);
    for (i, bundle) in bundles.iter().enumerate() {
        let first = first_message(&initiator, bundle, now, rng);
        assert_eq!(restored(device).accept(&first, now).err(), None, "{i}");
    }
}

fn encoded(keys: &[OneTimePrekey]) -> Vec<Vec<u8>> {
    keys.iter().map(OneTimePrekey::encode).collect()
}

#[test]
fn twenty_failed_uploads_lose_no_one_time_prekey_that_is_out() {
    let mut rng = TestRng::new(60);
    let mut device = device(1, &mut rng);
    let out: Vec<_> = (0..20).flat_map(|_| replenished(&mut device, NOW, &mut rng)).collect();
    let length = device.to_bytes().len();
    for _ in 0..25 {
        device = restored(&device);
        assert_eq!(device.replenish(NOW + DAY, &mut rng).apply().len(), BATCH);
    }
    assert_eq!(device.to_bytes().len(), length + BATCH * 112, "one batch waits");
    let bundles: Vec<_> =
        out.into_iter().step_by(37).map(|key| device.bundle().attach(key).unwrap()).collect();
    all_open(&device, &bundles, NOW + DAY, &mut rng);
}

#[test]
fn thirty_five_failed_rotations_lose_no_bundle_that_is_out() {
    let mut rng = TestRng::new(61);
    let mut device = device(1, &mut rng);
    let mut out = vec![device.bundle()];
    publish(&mut device, [out[0].id()], NOW);
    // At once, each failure tried again; and over weeks, each time a new one because the last is too old.
    let again = device.rotate(NOW + 2 * DAY, &mut rng).apply();
    for _ in 0..35 {
        device = restored(&device);
        let pending = device.rotate(NOW + 2 * DAY, &mut rng);
        assert!(!pending.is_change());
        assert_eq!(pending.apply().encode(), again.encode());
    }
    out.push(again);
    for day in 3..30 {
        device.rotate(NOW + day * DAY, &mut rng).apply();
    }
    all_open(&device, &out[1..], NOW + 13 * DAY, &mut rng);
    assert!(device.to_bytes().len() < 16 * 1500 + 500, "a set for every second day");
    let first = first_message(&early_initiator(&mut rng), &out[0], NOW + 13 * DAY, &mut rng);
    assert!(device.accept(&first, NOW + 29 * DAY).is_ok());
}

#[test]
fn sets_that_nobody_was_given_go_before_published_ones() {
    let mut rng = TestRng::new(62);
    let mut device = device(1, &mut rng);
    let out = device.bundle();
    publish(&mut device, [out.id()], NOW);
    // With a clock that jumps there and back each rotation makes a new set, and none of them gets out.
    for i in 0..35 {
        let pending = device.rotate(NOW + i % 2 * 2 * DAY, &mut rng);
        assert!(pending.is_change(), "{i}");
        pending.apply();
        device = restored(&device);
    }
    all_open(&device, &[out], NOW, &mut rng);
}

#[test]
fn one_time_prekeys_are_given_again_byte_for_byte_until_they_are_known_to_be_out() {
    let mut rng = TestRng::new(63);
    let mut device = device(1, &mut rng);
    let first = device.replenish(NOW, &mut rng).apply();
    let anchor = device.anchor();
    for now in [NOW, NOW - DAY, NOW + 30 * DAY - 1] {
        let pending = device.replenish(now, &mut rng);
        assert!(!pending.is_change());
        assert_eq!(encoded(&pending.apply()), encoded(&first));
    }
    assert_eq!(device.anchor(), anchor);
    // An upload of which a part arrived: the rest is given again, filled up.
    publish(&mut device, ids(&first[..20]), NOW);
    let second = restored(&device).replenish(NOW, &mut rng).apply();
    assert_eq!(encoded(&second[..30]), encoded(&first[20..]));
    assert_eq!(second.len(), BATCH);
    publish(&mut device, ids(&first), NOW);
    let third = device.replenish(NOW, &mut rng).apply();
    let old: HashSet<_> = ids(&first).into_iter().collect();
    assert!(third.iter().all(|key| !old.contains(&key.id())));
}

#[test]
fn one_time_prekeys_too_old_or_of_the_future_are_not_given_again_and_still_open() {
    let mut rng = TestRng::new(64);
    for (made, now) in [(NOW, NOW + 30 * DAY), (NOW + DAY + 1, NOW)] {
        let mut device = device(1, &mut rng);
        let first = device.replenish(made, &mut rng).apply();
        let second = device.replenish(now, &mut rng).apply();
        let old: HashSet<_> = ids(&first).into_iter().collect();
        assert!(second.iter().all(|key| !old.contains(&key.id())));
        let bundle = rotated(&mut device, now, &mut rng);
        let bundles: Vec<_> =
            [&first[7], &second[7]].map(|key| bundle.attach(key.clone()).unwrap()).into();
        all_open(&device, &bundles, now, &mut rng);
    }
}

#[test]
fn a_one_time_prekey_that_was_used_is_not_given_again() {
    let mut rng = TestRng::new(65);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    // Uploaded; the power is cut before that is noted, and somebody has fetched one.
    let keys = responder.replenish(NOW, &mut rng).apply();
    let bundle = responder.bundle().attach(keys[11].clone()).unwrap();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    let mut responder = restored(&responder);
    responder.accept(&first, NOW).unwrap().apply();
    let again = responder.replenish(NOW, &mut rng).apply();
    assert_eq!(again.len(), BATCH);
    assert!(again.iter().all(|key| key.id() != keys[11].id()));
    assert_eq!(encoded(&again[..11]), encoded(&keys[..11]));
    refuses(&mut responder, Error::UnknownPrekey, |device| device.accept(&first, NOW).map(drop));
}

#[test]
fn a_power_cut_between_upload_and_note_costs_nothing() {
    let mut rng = TestRng::new(66);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle();
    let keys = responder.replenish(NOW, &mut rng).apply();
    // Another life. The server says what it has, and everything is as if it had been noted at once.
    let mut responder = restored(&responder);
    let on_server: Vec<_> = ids(&keys);
    publish(&mut responder, on_server.iter().copied().chain([bundle.id()]), NOW);
    let served = Served { bundle: Some(bundle.id()), one_time: Stock::Ids(&on_server) };
    let tasks = responder.tasks(&served, NOW);
    assert!(!tasks.publish && !tasks.replenish && tasks.withdraw == Withdraw::Nothing);
    let bundle = bundle.attach(keys[0].clone()).unwrap();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    assert!(responder.accept(&first, NOW).is_ok());
}

#[test]
fn a_bundle_that_somebody_used_is_out() {
    let mut rng = TestRng::new(67);
    let (initiator, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle();
    assert_eq!(responder.rotate(NOW, &mut rng).apply(), bundle);
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    responder.accept(&first, NOW).unwrap().apply();
    assert_ne!(responder.rotate(NOW, &mut rng).apply(), bundle);
}

#[test]
fn ids_of_others_are_not_noted() {
    let mut rng = TestRng::new(68);
    let (mut one, mut other) = (device(1, &mut rng), device(2, &mut rng));
    let keys = other.replenish(NOW, &mut rng).apply();
    assert!(!one.note_published(ids(&keys), NOW).is_change());
    assert!(!one.note_published([PrekeyId([0; 8])], NOW).is_change());
    assert!(!one.note_published([], NOW).is_change());
    let bundle = one.bundle().id();
    assert!(one.note_published([bundle, bundle], NOW).is_change());
}
