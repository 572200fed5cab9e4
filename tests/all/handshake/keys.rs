//! Keys that are no keys.

use super::*;

#[test]
fn an_ephemeral_key_of_small_order_is_refused() {
    for mut scene in [Scene::new(30), Scene::without_one_time(30)] {
        let first = scene.first(b"hello");
        for point in small_order() {
            let altered = with(&first, EPHEMERAL, &point);
            refuses(&mut scene.responder, Error::WeakKey, |device| {
                device.accept(&altered, NOW).map(drop)
            });
        }
        scene.accept(&first);
    }
}

#[test]
fn an_ephemeral_key_has_one_encoding() {
    let mut scene = Scene::new(31);
    let first = scene.first(b"hello");
    for encoding in not_canonical(&first[EPHEMERAL]) {
        let altered = with(&first, EPHEMERAL, &encoding);
        assert_eq!(MessageKind::of(&altered), Err(Error::WeakKey));
        refuses(&mut scene.responder, Error::WeakKey, |device| {
            device.accept(&altered, NOW).map(drop)
        });
    }
}

#[test]
fn a_key_in_a_bundle_has_one_encoding_and_is_refused_before_its_signature() {
    let scene = Scene::new(32);
    let bundle = scene.bundle.encode();
    let agreement = CERTIFICATE.start + certificate::AGREEMENT.start;
    for place in [agreement..agreement + 32, SIGNED, ONE_TIME_AGREEMENT] {
        for encoding in not_canonical(&bundle[place.clone()]) {
            let altered = with(&bundle, place.clone(), &encoding);
            assert_eq!(Bundle::decode(&altered).err(), Some(Error::WeakKey), "{place:?}");
        }
    }
}

#[test]
fn a_one_time_prekey_on_its_own_has_one_encoding() {
    let mut scene = Scene::new(33);
    let keys = scene.responder.replenish(NOW, &mut scene.rng).apply();
    let bytes = keys[0].encode();
    assert_eq!(OneTimePrekey::decode(&bytes).unwrap().encode(), bytes);
    for encoding in not_canonical(&bytes[10..42]) {
        let altered = with(&bytes, 10..42, &encoding);
        assert_eq!(OneTimePrekey::decode(&altered).err(), Some(Error::WeakKey));
    }
}

#[test]
fn a_prekey_of_small_order_begins_no_session_although_its_owner_signed_it() {
    let mut scene = Scene::new(34);
    let bundle = scene.bundle.encode();
    for place in [SIGNED, ONE_TIME_AGREEMENT] {
        for point in small_order() {
            let unsigned = with(&bundle, place.clone(), &point);
            assert_eq!(Bundle::decode(&unsigned).err(), Some(Error::BadSignature));
            let signed = resigned(&scene.responder, &unsigned);
            let begun = Bundle::decode(&signed)
                .and_then(|bundle| scene.initiator.initiate(&bundle, NOW, &mut scene.rng));
            assert_eq!(begun.err(), Some(Error::WeakKey), "{place:?}");
        }
    }
}

#[test]
fn an_identity_of_small_order_begins_no_session_although_its_account_signed_it() {
    let mut scene = Scene::new(35);
    let bundle = scene.bundle.encode();
    let (account, device) = (account_seed(&scene.account), signing_seed(&scene.responder));
    for point in small_order() {
        let weak = recertified(&bundle[CERTIFICATE], &account, &device, |bytes| {
            bytes[certificate::AGREEMENT].copy_from_slice(&point);
        });
        let signed = resigned(&scene.responder, &with(&bundle, CERTIFICATE, &weak));
        let begun = Bundle::decode(&signed)
            .and_then(|bundle| scene.initiator.initiate(&bundle, NOW, &mut scene.rng));
        assert_eq!(begun.err(), Some(Error::WeakKey));
    }
}

/// Makes the first message of an initiator with this certificate that continues no session.
fn first_message_of(bundle: &Bundle, initiator: &[u8]) -> Vec<u8> {
    first_message_with(bundle, &[initiator, &continuation([0; 32], [0; 8])].concat())
}

/// Makes the clear part of a first message by the page of the specification and not by the crate, for an
/// initiator that the crate would not be. What follows it is garbage.
fn first_message_with(bundle: &Bundle, introduction: &[u8]) -> Vec<u8> {
    let bytes = bundle.encode();
    let mode = bytes[HAS_ONE_TIME];
    let ephemeral = [9; 32];
    let public = x25519(ephemeral, x25519_dalek::X25519_BASEPOINT_BYTES);
    let agree = |place: Range<usize>| x25519(ephemeral, bytes[place].try_into().unwrap());
    let (one_time, id, dh4, key) = if mode == 1 {
        (&bytes[ONE_TIME], &bytes[ONE_TIME_ID], agree(ONE_TIME_AGREEMENT), ONE_TIME_KEM)
    } else {
        (&[][..], &[0; 8][..], [0; 32], LAST_RESORT)
    };
    let key: [u8; 1184] = bytes[key].try_into().unwrap();
    let (ciphertext, secret) = libcrux_ml_kem::mlkem768::encapsulate(&key.into(), [5; 32]);
    let ciphertext: [u8; 1088] = ciphertext.into();
    let h1 = Sha256::new()
        .chain_update(b"latchstring/v1/handshake/terms.")
        .chain_update([mode, 1])
        .chain_update(&bytes[CERTIFICATE])
        .chain_update(&bytes[SIGNED_PREKEYS])
        .chain_update(one_time)
        .chain_update(public)
        .chain_update(ciphertext)
        .chain_update([0; 32])
        .finalize();
    let identity = CERTIFICATE.start + certificate::AGREEMENT.start;
    let (dh2, dh3) = (agree(identity..identity + 32), agree(SIGNED));
    let secrets = [dh2, dh3, dh4, secret, [0; 32]].concat();
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(Some(h1.as_slice()), &secrets)
        .expand(b"latchstring/v1/handshake/identity.", &mut key)
        .unwrap();
    let mut sealed = introduction.to_vec();
    let tag = Aes256Gcm::new(&key.into())
        .encrypt_inout_detached(&[0; 12].into(), h1.as_slice(), sealed.as_mut_slice().into())
        .unwrap();
    let front: &[u8] = &[1, 2, mode];
    [front, &bytes[SIGNED_PREKEYS_ID], id, &public, &ciphertext, &sealed, &tag, &[0x5a; 200]]
        .concat()
}

#[test]
fn an_initiator_whose_identity_has_small_order_is_refused() {
    for mut scene in [Scene::new(36), Scene::without_one_time(36)] {
        let account = Account::generate(AccountId([3; 32]), &mut scene.rng);
        let eve = Device::generate(&account, NOW, &mut scene.rng);
        let (signer, owner) = (signing_seed(&eve), account_seed(&account));
        for point in small_order() {
            let weak = recertified(&eve.certificate().encode(), &owner, &signer, |bytes| {
                bytes[certificate::AGREEMENT].copy_from_slice(&point);
            });
            let first = first_message_of(&scene.bundle, &weak);
            refuses(&mut scene.responder, Error::WeakKey, |device| {
                device.accept(&first, NOW).map(drop)
            });
        }
        // An honest identity gets as far as the garbage behind it.
        let first = first_message_of(&scene.bundle, &eve.certificate().encode());
        refuses(&mut scene.responder, Error::Forged, |device| device.accept(&first, NOW).map(drop));
    }
}

#[test]
fn an_initiator_who_seals_a_certificate_that_does_not_hold_is_refused() {
    for mut scene in [Scene::new(37), Scene::without_one_time(37)] {
        let genuine = device(3, &mut scene.rng).certificate().encode();
        for place in [certificate::ACCOUNT, certificate::DEVICE, certificate::DEVICE_SIGNATURE] {
            let first = first_message_of(&scene.bundle, &flipped(&genuine, place.start));
            refuses(&mut scene.responder, Error::BadSignature, |device| {
                device.accept(&first, NOW).map(drop)
            });
        }
    }
}

#[test]
fn an_initiator_who_names_a_place_in_no_predecessor_is_refused() {
    let mut scene = Scene::without_one_time(47);
    let certificate = scene.initiator.certificate().encode();
    let mut refusal = |continuation: &[u8]| {
        let first = first_message_with(&scene.bundle, &[&certificate, continuation].concat());
        refusal(&mut scene.responder, |device| device.accept(&first, NOW).map(drop)).unwrap()
    };
    for place in 0..8 {
        let mut closed = [0; 8];
        closed[place] = 1;
        assert_eq!(refusal(&continuation([0; 32], closed)), Error::Malformed, "byte {place}");
        // In a session it may name every place, and gets as far as the garbage behind it.
        assert_eq!(refusal(&continuation([7; 32], closed)), Error::Forged, "byte {place}");
    }
    assert_eq!(refusal(&continuation([7; 32], [0; 8])), Error::Forged);
    assert_eq!(refusal(&continuation([0; 32], [0; 8])), Error::Forged);
}

#[test]
fn an_initiator_who_shows_somebody_elses_certificate_is_refused() {
    let mut scene = Scene::without_one_time(38);
    let bob = device(3, &mut scene.rng);
    // Without Bob's agreement key the sender knows no key that his certificate leads to.
    let first = first_message_of(&scene.bundle, &bob.certificate().encode());
    refuses(&mut scene.responder, Error::Forged, |device| device.accept(&first, NOW).map(drop));
}

#[test]
fn an_initiator_who_shows_the_responders_own_certificate_is_refused() {
    let mut scene = Scene::without_one_time(39);
    let first = first_message_of(&scene.bundle, &scene.responder.certificate().encode());
    refuses(&mut scene.responder, Error::WrongPeer, |device| device.accept(&first, NOW).map(drop));
}

#[test]
fn an_unreduced_coefficient_of_a_kem_key_is_refused_before_the_signature() {
    let scene = Scene::new(40);
    let bundle = scene.bundle.encode();
    for key in [LAST_RESORT, ONE_TIME_KEM] {
        // Two coefficients of 12 bits in three bytes; 768 of them before the seed of 32 bytes.
        for triple in [0, 1, 191, 382, 383] {
            let place = key.start + 3 * triple;
            for value in [3329_u16, 3330, 4095] {
                let [low, high] = value.to_le_bytes();
                let even = [low, high | bundle[place + 1] & 0xf0, bundle[place + 2]];
                let [low, high] = (value << 4).to_le_bytes();
                let odd = [bundle[place], low | bundle[place + 1] & 0x0f, high];
                for bytes in [even, odd] {
                    let altered = with(&bundle, place..place + 3, &bytes);
                    assert_eq!(Bundle::decode(&altered).err(), Some(Error::WeakKey));
                }
            }
            // The largest reduced value is a key, if not the one that was signed.
            let [low, high] = 3328_u16.to_le_bytes();
            let even = [low, high | bundle[place + 1] & 0xf0, bundle[place + 2]];
            let altered = with(&bundle, place..place + 3, &even);
            assert_eq!(Bundle::decode(&altered).err(), Some(Error::BadSignature));
        }
    }
}
