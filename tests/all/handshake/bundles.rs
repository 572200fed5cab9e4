//! Bundles.

use super::*;

#[test]
fn a_bundle_has_one_encoding() {
    for scene in [Scene::new(50), Scene::without_one_time(50)] {
        let bytes = scene.bundle.encode();
        assert_eq!(Bundle::decode(&bytes).unwrap().encode(), bytes);
        for length in 0..bytes.len() {
            assert!(Bundle::decode(&bytes[..length]).is_err(), "{length} bytes");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(Bundle::decode(&longer).err(), Some(Error::Malformed));
        for flag in 2..=u8::MAX {
            let altered = with(&bytes, HAS_ONE_TIME..HAS_ONE_TIME + 1, &[flag]);
            assert_eq!(Bundle::decode(&altered).err(), Some(Error::Malformed));
        }
    }
}

#[test]
fn no_byte_of_a_bundle_can_be_changed() {
    let bundle = Scene::new(51).bundle.encode();
    for place in 0..bundle.len() {
        let error = Bundle::decode(&flipped(&bundle, place)).err();
        let signature =
            SIGNED_PREKEYS_SIGNATURE.contains(&place) || ONE_TIME_SIGNATURE.contains(&place);
        if signature {
            assert_eq!(error, Some(Error::BadSignature), "byte {place}");
        }
        assert!(error.is_some(), "byte {place}");
    }
}

#[test]
fn parts_of_two_bundles_of_one_account_do_not_mix() {
    let mut scene = Scene::new(52);
    let mut sibling = Device::generate(&scene.account, NOW, &mut scene.rng);
    let one = scene.bundle.encode();
    let other = bundle_with_one_time(&mut sibling, &mut scene.rng).encode();
    let parts = [
        CERTIFICATE,
        SIGNED_PREKEYS,
        SIGNED,
        LAST_RESORT,
        SIGNED_PREKEYS.start..SIGNED_PREKEYS_SIGNATURE.end,
        SIGNED_PREKEYS_SIGNATURE,
        ONE_TIME,
        ONE_TIME_AGREEMENT,
        ONE_TIME_KEM,
        ONE_TIME.start..ONE_TIME_SIGNATURE.end,
        ONE_TIME_SIGNATURE,
    ];
    for part in parts {
        let mixed = with(&one, part.clone(), &other[part.clone()]);
        assert_eq!(Bundle::decode(&mixed).err(), Some(Error::BadSignature), "{part:?}");
    }
}

#[test]
fn parts_of_two_bundles_of_one_device_do_not_mix() {
    let mut scene = Scene::without_one_time(53);
    let one = scene.bundle.encode();
    let other = scene.responder.rotate(NOW + 2 * DAY, &mut scene.rng).apply();
    let other = other.encode();
    let parts = [SIGNED_PREKEYS_ID, SIGNED, LAST_RESORT, CREATED, SIGNED_PREKEYS_SIGNATURE];
    for part in parts {
        let mixed = with(&one, part.clone(), &other[part.clone()]);
        assert_eq!(Bundle::decode(&mixed).err(), Some(Error::BadSignature), "{part:?}");
    }
}

#[test]
fn a_bundle_that_claims_to_live_longer_than_two_weeks_is_refused() {
    let scene = Scene::without_one_time(57);
    let bytes = scene.bundle.encode();
    for (life, error) in [(0, true), (1, false), (14 * DAY, false), (14 * DAY + 1, true)] {
        let altered = with(&bytes, EXPIRES, &(NOW + life).to_be_bytes());
        let decoded = Bundle::decode(&resigned(&scene.responder, &altered)).err();
        assert_eq!(decoded, error.then_some(Error::Malformed), "{life}");
    }
}

#[test]
fn a_one_time_prekey_of_another_device_cannot_be_attached() {
    let mut scene = Scene::without_one_time(54);
    let sibling = Device::generate(&scene.account, NOW, &mut scene.rng);
    let stranger = device(3, &mut scene.rng);
    for mut other in [sibling, stranger] {
        let keys = other.replenish(NOW, &mut scene.rng).apply();
        assert_eq!(scene.bundle.attach(keys[0].clone()).err(), Some(Error::BadSignature));
    }
}

#[test]
fn a_one_time_prekey_that_was_altered_cannot_be_attached() {
    let mut scene = Scene::without_one_time(55);
    let keys = scene.responder.replenish(NOW, &mut scene.rng).apply();
    let bytes = keys[0].encode();
    let mut attached = 0;
    for place in 0..bytes.len() {
        let bundle =
            OneTimePrekey::decode(&flipped(&bytes, place)).and_then(|key| scene.bundle.attach(key));
        attached += usize::from(bundle.is_ok());
    }
    assert_eq!(attached, 0);
    assert!(scene.bundle.attach(OneTimePrekey::decode(&bytes).unwrap()).is_ok());
}

#[test]
fn a_one_time_prekey_is_no_signed_prekeys() {
    let scene = Scene::new(56);
    let bundle = scene.bundle.encode();
    let moved = with(&bundle, SIGNED_PREKEYS.start..CREATED.start, &bundle[ONE_TIME]);
    for signature in [SIGNED_PREKEYS_SIGNATURE, ONE_TIME_SIGNATURE] {
        let moved = with(&moved, SIGNED_PREKEYS_SIGNATURE, &bundle[signature]);
        assert_eq!(Bundle::decode(&moved).err(), Some(Error::BadSignature));
    }
}

#[test]
fn signed_prekeys_are_no_one_time_prekey() {
    let scene = Scene::new(57);
    let bundle = scene.bundle.encode();
    let moved = with(&bundle, ONE_TIME, &bundle[SIGNED_PREKEYS.start..CREATED.start]);
    for signature in [SIGNED_PREKEYS_SIGNATURE, ONE_TIME_SIGNATURE] {
        let moved = with(&moved, ONE_TIME_SIGNATURE, &bundle[signature]);
        assert_eq!(Bundle::decode(&moved).err(), Some(Error::BadSignature));
    }
}

#[test]
fn a_signature_under_the_label_of_another_kind_does_not_hold() {
    let scene = Scene::new(58);
    let bundle = scene.bundle.encode();
    let seed = signing_seed(&scene.responder);
    let core = &bundle[CORE];
    let right = sign(&seed, "prekeys/lasting", &[core, &bundle[SIGNED_PREKEYS]]);
    assert_eq!(right, bundle[SIGNED_PREKEYS_SIGNATURE]);
    for label in ["prekeys/one-time", "identity/device", "identity/account", "guest/invitation"] {
        let signature = sign(&seed, label, &[core, &bundle[SIGNED_PREKEYS]]);
        let altered = with(&bundle, SIGNED_PREKEYS_SIGNATURE, &signature);
        assert_eq!(Bundle::decode(&altered).err(), Some(Error::BadSignature), "{label}");
    }
    for label in ["prekeys/lasting", "identity/device", "identity/account", "guest/invitation"] {
        let signature = sign(&seed, label, &[core, &bundle[ONE_TIME]]);
        let altered = with(&bundle, ONE_TIME_SIGNATURE, &signature);
        assert_eq!(Bundle::decode(&altered).err(), Some(Error::BadSignature), "{label}");
    }
}

#[test]
fn objects_of_one_kind_are_not_read_as_another() {
    let mut scene = Scene::new(59);
    let bundle = scene.bundle.encode();
    let keys = scene.responder.replenish(NOW, &mut scene.rng).apply();
    assert_eq!(OneTimePrekey::decode(&bundle).err(), Some(Error::WrongKind));
    assert_eq!(Bundle::decode(&keys[0].encode()).err(), Some(Error::WrongKind));
    assert_eq!(MessageKind::of(&bundle).err(), Some(Error::WrongKind));
    refuses(&mut scene.responder, Error::Malformed, |device| device.accept(&[], NOW).map(drop));
    refuses(&mut scene.responder, Error::WrongKind, |device| device.accept(&bundle, NOW).map(drop));
}

#[test]
fn a_bundle_without_its_one_time_prekey_is_another_bundle_and_works() {
    let mut scene = Scene::new(60);
    let bytes = scene.bundle.encode();
    let mut stripped = bytes[..ONE_TIME.start].to_vec();
    stripped[HAS_ONE_TIME] = 0;
    // A server may withhold one-time prekeys. It cannot hide that it did.
    scene.bundle = Bundle::decode(&stripped).unwrap();
    let mut session = scene.initiate();
    assert!(!session.used_one_time_prekey());
    let first = session.encrypt(b"hello", &mut scene.rng).unwrap();
    scene.accept(&first);
}
