//! The facts that the transcript binds.

use super::*;

/// Returns the responder's error if its bundle reached the initiator as `change` made it, signed.
fn outcome_of(seed: u64, change: impl FnOnce(&mut Scene, &mut Vec<u8>)) -> Option<Error> {
    let mut scene = Scene::new(seed);
    let mut bytes = scene.bundle.encode();
    change(&mut scene, &mut bytes);
    let bytes = resigned(&scene.responder, &bytes);
    scene.bundle = Bundle::decode(&bytes).unwrap();
    let first = scene.first(b"hello");
    let before = scene.responder.to_bytes();
    let error = scene.responder.accept(&first, NOW).err();
    assert_eq!(before, scene.responder.to_bytes());
    error
}

#[test]
fn a_bundle_signed_again_as_it_is_works() {
    assert_eq!(outcome_of(70, |_, _| {}), None);
}

#[test]
fn each_field_of_the_bundle_as_used_is_bound() {
    type Alter = fn(&mut Scene, &mut Vec<u8>);
    let alter: [(&str, Alter); 6] = [
        ("created", |_, bytes| bytes[CREATED.end - 1] ^= 1),
        ("expires", |_, bytes| {
            bytes[EXPIRES].copy_from_slice(&(NOW + 14 * DAY - 1).to_be_bytes());
        }),
        ("last resort, though not used", |_, bytes| {
            let other = bytes[ONE_TIME_KEM].to_vec();
            bytes[LAST_RESORT].copy_from_slice(&other);
        }),
        ("signed prekey", |_, bytes| {
            let other = bytes[ONE_TIME_AGREEMENT].to_vec();
            bytes[SIGNED].copy_from_slice(&other);
        }),
        ("one-time prekey", |_, bytes| {
            let other = bytes[SIGNED].to_vec();
            bytes[ONE_TIME_AGREEMENT].copy_from_slice(&other);
        }),
        ("one-time KEM prekey", |_, bytes| {
            let other = bytes[LAST_RESORT].to_vec();
            bytes[ONE_TIME_KEM].copy_from_slice(&other);
        }),
    ];
    for (field, alter) in alter {
        assert_eq!(outcome_of(71, alter), Some(Error::Forged), "{field}");
    }
}

#[test]
fn a_prekey_id_that_was_never_given_is_unknown() {
    for id in [SIGNED_PREKEYS_ID, ONE_TIME_ID] {
        let outcome = outcome_of(72, |_, bytes| bytes[id.start] ^= 1);
        assert_eq!(outcome, Some(Error::UnknownPrekey));
    }
}

#[test]
fn the_device_id_of_the_responder_is_bound() {
    for name in [certificate::ACCOUNT, certificate::DEVICE] {
        let outcome = outcome_of(73, |scene, bytes| {
            let seeds = (account_seed(&scene.account), signing_seed(&scene.responder));
            let renamed = recertified(&bytes[CERTIFICATE], &seeds.0, &seeds.1, |bytes| {
                bytes[name.start] ^= 1;
            });
            bytes[CERTIFICATE].copy_from_slice(&renamed);
        });
        assert_eq!(outcome, Some(Error::Forged));
    }
}

#[test]
fn the_account_of_the_responder_is_bound() {
    // Eve's account certifies the responder's device, with the device's own consent even.
    let outcome = outcome_of(74, |scene, bytes| {
        let eve = Account::generate(AccountId([5; 32]), &mut scene.rng);
        let seeds = (account_seed(&eve), signing_seed(&scene.responder));
        let claimed = recertified(&bytes[CERTIFICATE], &seeds.0, &seeds.1, |bytes| {
            bytes[certificate::ACCOUNT].copy_from_slice(&[5; 32]);
            bytes[certificate::ACCOUNT_KEY].copy_from_slice(&eve.public_key().0);
        });
        bytes[CERTIFICATE].copy_from_slice(&claimed);
    });
    assert_eq!(outcome, Some(Error::Forged));
}

#[test]
fn nobody_can_publish_anothers_device_as_its_own() {
    let mut scene = Scene::new(75);
    let bytes = scene.bundle.encode();
    let eve = Account::generate(AccountId([5; 32]), &mut scene.rng);
    let eves = Device::generate(&eve, NOW, &mut scene.rng);
    // Eve signs as the account; for the device she has only her own key.
    let seeds = (account_seed(&eve), signing_seed(&eves));
    let claimed = recertified(&bytes[CERTIFICATE], &seeds.0, &seeds.1, |bytes| {
        bytes[certificate::ACCOUNT].copy_from_slice(&[5; 32]);
        bytes[certificate::ACCOUNT_KEY].copy_from_slice(&eve.public_key().0);
    });
    let bundle = with(&bytes, CERTIFICATE, &claimed);
    assert_eq!(Bundle::decode(&bundle).err(), Some(Error::BadSignature));
}

#[test]
fn a_first_message_for_one_device_is_not_accepted_by_another() {
    let mut scene = Scene::new(76);
    let first = scene.first(b"hello");
    let mut sibling = Device::generate(&scene.account, NOW, &mut scene.rng);
    let mut stranger = device(3, &mut scene.rng);
    for other in [&mut sibling, &mut stranger] {
        refuses(other, Error::UnknownPrekey, |other| other.accept(&first, NOW).map(drop));
    }
    scene.accept(&first);
}

#[test]
fn a_first_message_readdressed_to_another_devices_prekeys_does_not_open() {
    let mut scene = Scene::new(77);
    let first = scene.first(b"hello");
    let mut other = device(3, &mut scene.rng);
    let bundle = bundle_with_one_time(&mut other, &mut scene.rng).encode();
    let readdressed = with(&first, USED_SIGNED_PREKEYS, &bundle[SIGNED_PREKEYS_ID]);
    let readdressed = with(&readdressed, USED_ONE_TIME, &bundle[ONE_TIME_ID]);
    refuses(&mut other, Error::Forged, |other| other.accept(&readdressed, NOW).map(drop));
}

#[test]
fn a_first_message_moved_to_another_prekey_of_the_same_device_does_not_open() {
    let mut scene = Scene::new(78);
    let first = scene.first(b"hello");
    let other = bundle_with_one_time(&mut scene.responder, &mut scene.rng).encode();
    let moved = with(&first, USED_ONE_TIME, &other[ONE_TIME_ID]);
    refuses(&mut scene.responder, Error::Forged, |device| device.accept(&moved, NOW).map(drop));
    let published = scene.responder.bundle().id();
    scene.responder.note_published([published], NOW).apply();
    let rotated = scene.responder.rotate(NOW, &mut scene.rng).apply();
    let moved = with(&first, USED_SIGNED_PREKEYS, &rotated.encode()[SIGNED_PREKEYS_ID]);
    refuses(&mut scene.responder, Error::Forged, |device| device.accept(&moved, NOW).map(drop));
    scene.accept(&first);
}

#[test]
fn the_responder_learns_the_initiator_from_its_certificate_alone() {
    let mut scene = Scene::new(79);
    let first = scene.first(b"hello");
    let session = scene.accept(&first);
    assert_eq!(session.peer().encode(), scene.initiator.certificate().encode());
    // And nobody on the way does.
    let certificate = scene.initiator.certificate().encode();
    assert!(certificate.windows(8).all(|part| !first.windows(8).any(|bytes| bytes == part)));
}

#[test]
fn both_sides_keep_one_continuation_and_nobody_on_the_way_learns_it() {
    let mut scene = Scene::new(86);
    let mut ours = scene.initiator.initiate(&scene.bundle, NOW + 5, &mut scene.rng).unwrap();
    let first = ours.encrypt(b"hello", &mut scene.rng).unwrap();
    let theirs = scene.accept(&first);
    let continuation = [&[0; 40][..], &(NOW + 5).to_be_bytes()].concat();
    for state in [ours.to_bytes(), theirs.to_bytes()] {
        // Behind version, kind, anchor, certificate and name (`spec/state.md`).
        assert_eq!(state[315..363], continuation);
    }
    assert!(continuation.windows(8).all(|part| !first.windows(8).any(|bytes| bytes == part)));
}

#[test]
fn no_bit_of_the_continuation_can_be_altered_on_the_way() {
    let mut scene = Scene::new(87);
    let first = scene.first(b"hello");
    for place in SEALED_CONTINUATION {
        for bit in 0..8 {
            let altered = with(&first, place..place + 1, &[first[place] ^ (1 << bit)]);
            refuses(&mut scene.responder, Error::Forged, |device| {
                device.accept(&altered, NOW).map(drop)
            });
        }
    }
    scene.accept(&first);
}
