//! First messages that were altered on the way.

use super::*;

#[test]
fn each_byte_of_a_first_message_decides_and_none_burns_a_prekey() {
    for mut scene in [Scene::new(20), Scene::without_one_time(20)] {
        let one_time = scene.bundle.has_one_time_prekey();
        let first = scene.first(b"hello");
        for place in 0..first.len() {
            let altered = flipped(&first, place);
            let error =
                refusal(&mut scene.responder, |device| device.accept(&altered, NOW).map(drop))
                    .unwrap();
            let expected = match place {
                0 => error == Error::Malformed || matches!(error, Error::UnknownVersion(_)),
                KIND => error == Error::WrongKind,
                MODE => error == Error::Malformed || error == Error::WrongKind,
                place if USED_SIGNED_PREKEYS.contains(&place) => error == Error::UnknownPrekey,
                place if USED_ONE_TIME.contains(&place) && one_time => {
                    error == Error::UnknownPrekey
                }
                place if USED_ONE_TIME.contains(&place) => error == Error::Malformed,
                _ => error == Error::Forged,
            };
            assert!(expected, "byte {place}: {error:?}");
        }
        let accepted = scene.responder.accept(&first, NOW).unwrap();
        let opened = accepted.apply().opened;
        assert_eq!(*opened.content, *b"hello");
    }
}

#[test]
fn every_value_of_the_mode_but_the_right_one_is_refused() {
    for mut scene in [Scene::new(21), Scene::without_one_time(21)] {
        let first = scene.first(b"hello");
        let (right, one_time) = (first[MODE], scene.bundle.has_one_time_prekey());
        for mode in (0..=u8::MAX).filter(|mode| *mode != right) {
            // Bit 0 is the one-time prekey's, bit 1 the link's.
            let error = if mode == right | 2 { Error::WrongKind } else { Error::Malformed };
            let altered = with(&first, MODE..MODE + 1, &[mode]);
            refuses(&mut scene.responder, error, |device| device.accept(&altered, NOW).map(drop));
        }
        assert_eq!(right, u8::from(one_time));
        scene.accept(&first);
    }
}

#[test]
fn a_first_message_cut_short_is_refused() {
    let mut scene = Scene::new(22);
    let first = scene.first(b"hello");
    for length in 0..first.len() {
        let error =
            refusal(&mut scene.responder, |device| device.accept(&first[..length], NOW).map(drop))
                .unwrap();
        let expected = if length <= BODY { Error::Malformed } else { Error::Forged };
        assert_eq!(error, expected, "{length} bytes");
    }
    scene.accept(&first);
}

#[test]
fn a_first_message_with_something_behind_it_is_refused() {
    let mut scene = Scene::new(23);
    let mut first = scene.first(b"hello");
    first.push(0);
    refuses(&mut scene.responder, Error::Forged, |device| device.accept(&first, NOW).map(drop));
}

#[test]
fn parts_of_two_first_messages_do_not_mix() {
    let mut scene = Scene::without_one_time(24);
    let (one, other) = (scene.first(b"one"), scene.first(b"two"));
    let parts = [EPHEMERAL, CIPHERTEXT, SEALED_PAYLOAD, HEADER, TAG, BODY..one.len()];
    for part in parts {
        let mixed = with(&one, part.clone(), &other[part]);
        refuses(&mut scene.responder, Error::Forged, |device| device.accept(&mixed, NOW).map(drop));
    }
    scene.accept(&one);
    scene.accept(&other);
}

#[test]
fn the_body_of_a_later_message_does_not_fit_the_header_of_the_first() {
    let mut scene = Scene::new(25);
    let mut session = scene.initiate();
    let first = session.encrypt(b"one", &mut scene.rng).unwrap();
    let second = session.encrypt(b"two", &mut scene.rng).unwrap();
    for part in [HEADER, TAG, BODY..first.len()] {
        let mixed = with(&first, part.clone(), &second[part]);
        refuses(&mut scene.responder, Error::Forged, |device| device.accept(&mixed, NOW).map(drop));
    }
    scene.accept(&first);
}

#[test]
fn an_ephemeral_key_moved_by_a_point_of_small_order_is_another_key() {
    let mut scene = Scene::new(26);
    let first = scene.first(b"hello");
    // A generator of the points of order 8, the only way to write it.
    let torsion = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ];
    let torsion = ed25519_dalek::VerifyingKey::from_bytes(&torsion).unwrap().to_edwards();
    let mut ephemeral = torsion.to_montgomery();
    ephemeral.0 = first[EPHEMERAL].try_into().unwrap();
    let point = ephemeral.to_edwards(0).unwrap();
    let moved = (point + torsion).to_montgomery().0;
    // The same agreement with everybody's clamped scalar, and yet not the same handshake.
    assert_eq!(x25519([7; 32], moved), x25519([7; 32], ephemeral.0));
    assert_ne!(moved, ephemeral.0);
    let altered = with(&first, EPHEMERAL, &moved);
    refuses(&mut scene.responder, Error::Forged, |device| device.accept(&altered, NOW).map(drop));
    scene.accept(&first);
}
