//! The handshake: bundles, first messages, their replays, and what was done to them on the way.
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

use core::ops::Range;

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use latchstring::{
    Account, AccountId, Bundle, Device, Error, MessageKind, OneTimePrekey, Position, Role, Session,
    State,
};
use sha2::{Digest, Sha256};
use support::{
    NOW, TestRng, account_seed, bundle_with_one_time, certificate, device, fails, flipped,
    recertified, refuses, restarted, sign, signing_seed,
};
use x25519_dalek::x25519;

const DAY: u64 = 86_400;

// Where the parts of a bundle are (`spec/prekeys.md`).
const CERTIFICATE: Range<usize> = 2..267;
const CORE: Range<usize> = 2..139;
const LASTING: Range<usize> = 267..1507;
const LASTING_ID: Range<usize> = 267..275;
const SIGNED: Range<usize> = 275..307;
const LAST_RESORT: Range<usize> = 307..1491;
const CREATED: Range<usize> = 1491..1499;
const EXPIRES: Range<usize> = 1499..1507;
const LASTING_SIGNATURE: Range<usize> = 1507..1571;
const HAS_ONE_TIME: usize = 1571;
const ONE_TIME: Range<usize> = 1572..2796;
const ONE_TIME_ID: Range<usize> = 1572..1580;
const ONE_TIME_AGREEMENT: Range<usize> = 1580..1612;
const ONE_TIME_KEM: Range<usize> = 1612..2796;
const ONE_TIME_SIGNATURE: Range<usize> = 2796..2860;

// Where the parts of a first message are (`spec/handshake.md`).
const KIND: usize = 1;
const MODE: usize = 2;
const USED_LASTING: Range<usize> = 3..11;
const USED_ONE_TIME: Range<usize> = 11..19;
const EPHEMERAL: Range<usize> = 19..51;
const CIPHERTEXT: Range<usize> = 51..1139;
const SEALED_INTRODUCTION: Range<usize> = 1139..1468;
const SEALED_DESCENT: Range<usize> = 1404..1452;
const HEADER: Range<usize> = 1468..1580;
const TAG: Range<usize> = 1580..1596;
const BODY: usize = 1596;

/// 2^255 − 19, little-endian.
const PRIME: [u8; 32] = {
    let mut prime = [0xff; 32];
    prime[0] = 0xed;
    prime[31] = 0x7f;
    prime
};

/// The canonical encodings of the points whose order divides 8.
fn small_order() -> [[u8; 32]; 5] {
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = PRIME;
    minus_one[0] = 0xec;
    [
        [0; 32],
        one,
        minus_one,
        [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
            0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
            0x5f, 0x49, 0xb8, 0x00,
        ],
        [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
            0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
            0xd0, 0x9f, 0x11, 0x57,
        ],
    ]
}

/// Encodings that X25519 would take for another key's: u at or above the prime, or bit 255 set.
fn not_canonical(key: &[u8]) -> Vec<[u8; 32]> {
    let mut encodings: Vec<[u8; 32]> = (0xed..=0xff)
        .map(|low| {
            let mut above = PRIME;
            above[0] = low;
            above
        })
        .collect();
    encodings.extend(small_order());
    for encoding in encodings.iter_mut().skip(19) {
        encoding[31] |= 0x80;
    }
    let mut high: [u8; 32] = key.try_into().unwrap();
    high[31] |= 0x80;
    encodings.push(high);
    encodings
}

fn with(bytes: &[u8], place: Range<usize>, value: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place].copy_from_slice(value);
    bytes
}

/// The bundle with its prekeys signed anew: what a dishonest owner of `device` publishes.
fn resigned(device: &Device, bundle: &[u8]) -> Vec<u8> {
    let (seed, core) = (signing_seed(device), bundle[CORE].to_vec());
    let signature = sign(&seed, "prekeys/lasting", &[&core, &bundle[LASTING]]);
    let mut bundle = with(bundle, LASTING_SIGNATURE, &signature);
    if bundle[HAS_ONE_TIME] == 1 {
        let signature = sign(&seed, "prekeys/one-time", &[&core, &bundle[ONE_TIME]]);
        bundle = with(&bundle, ONE_TIME_SIGNATURE, &signature);
    }
    bundle
}

/// An initiator, a responder and the responder's bundle.
struct Scene {
    rng: TestRng,
    initiator: Device,
    responder: Device,
    account: Account,
    bundle: Bundle,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let initiator = device(1, &mut rng);
        let account = Account::generate(AccountId([2; 32]), &mut rng);
        let mut responder = Device::generate(&account, NOW, &mut rng);
        let bundle = bundle_with_one_time(&mut responder, &mut rng);
        Self { rng, initiator, responder, account, bundle }
    }

    fn without_one_time(seed: u64) -> Self {
        let scene = Self::new(seed);
        Self { bundle: scene.responder.bundle().unwrap(), ..scene }
    }

    fn initiate(&mut self) -> Session {
        self.initiator.initiate(&self.bundle, NOW, &mut self.rng).unwrap()
    }

    fn first(&mut self, content: &[u8]) -> Vec<u8> {
        self.initiate().encrypt(content, &mut self.rng).unwrap()
    }

    /// Accepts a message that must be good.
    fn accept(&mut self, first: &[u8]) -> Session {
        let accepted = self.responder.accept(first, NOW).unwrap();
        accepted.apply(&mut self.responder).unwrap().0
    }
}

// ---- a handshake that goes well ----

#[test]
fn the_initiator_learns_that_a_one_time_prekey_was_used() {
    let mut scene = Scene::new(1);
    assert!(scene.bundle.has_one_time_prekey());
    let mut session = scene.initiate();
    assert!(session.used_one_time_prekey());
    let first = session.encrypt(b"hello", &mut scene.rng).unwrap();
    assert!(scene.accept(&first).used_one_time_prekey());
}

#[test]
fn the_initiator_learns_that_no_one_time_prekey_was_used() {
    let mut scene = Scene::without_one_time(2);
    assert!(!scene.bundle.has_one_time_prekey());
    let mut session = scene.initiate();
    assert!(!session.used_one_time_prekey());
    let first = session.encrypt(b"hello", &mut scene.rng).unwrap();
    assert!(!scene.accept(&first).used_one_time_prekey());
}

#[test]
fn both_sides_hold_the_same_session_with_each_other() {
    let mut scene = Scene::new(3);
    let mut ours = scene.initiate();
    let first = ours.encrypt(b"hello", &mut scene.rng).unwrap();
    let theirs = scene.accept(&first);
    assert_eq!(ours.id(), theirs.id());
    assert_eq!(MessageKind::of(&first), Ok(MessageKind::Initial { name: theirs.name() }));
    assert_eq!(ours.peer(), scene.responder.certificate());
    assert_eq!(theirs.peer(), scene.initiator.certificate());
    assert_eq!((ours.role(), theirs.role()), (Role::Initiator, Role::Responder));
}

#[test]
fn two_handshakes_over_one_bundle_have_nothing_in_common() {
    let mut scene = Scene::without_one_time(4);
    let (one, other) = (scene.initiate(), scene.initiate());
    assert_ne!(one.id(), other.id());
    assert_ne!(one.name(), other.name());
}

#[test]
fn initial_messages_open_in_any_order() {
    for first_to_arrive in 0..3 {
        let mut scene = Scene::new(5);
        let mut ours = scene.initiate();
        let messages: Vec<_> =
            (0..3_u8).map(|i| ours.encrypt(&[i], &mut scene.rng).unwrap()).collect();
        let accepted = scene.responder.accept(&messages[first_to_arrive], NOW).unwrap();
        let number = u32::try_from(first_to_arrive).unwrap();
        let (mut theirs, opened) = accepted.apply(&mut scene.responder).unwrap();
        assert_eq!(opened.position, Position { chain: 1, number });
        assert_eq!(opened.missing, first_to_arrive);
        for (i, message) in (0..3_u8).zip(&messages).rev() {
            if usize::from(i) != first_to_arrive {
                assert_eq!(*theirs.decrypt(message).unwrap().content, [i]);
            }
        }
        assert_eq!(theirs.missing(), 0);
    }
}

#[test]
fn the_handshake_is_repeated_until_the_first_answer_and_no_longer() {
    let mut scene = Scene::new(6);
    let mut ours = scene.initiate();
    let first = ours.encrypt(b"1", &mut scene.rng).unwrap();
    let second = ours.encrypt(b"2", &mut scene.rng).unwrap();
    assert_eq!(MessageKind::of(&first), MessageKind::of(&second));
    assert!(!ours.is_confirmed());
    let mut theirs = scene.accept(&first);
    let answer = theirs.encrypt(b"3", &mut scene.rng).unwrap();
    ours.decrypt(&answer).unwrap();
    assert!(ours.is_confirmed());
    let third = ours.encrypt(b"4", &mut scene.rng).unwrap();
    assert_eq!(MessageKind::of(&third), Ok(MessageKind::Ordinary));
}

#[test]
fn a_first_message_of_another_session_is_not_opened_by_a_session() {
    let mut scene = Scene::without_one_time(7);
    let (one, other) = (scene.first(b"one"), scene.first(b"other"));
    let mut session = scene.accept(&one);
    refuses(&mut session, Error::WrongPeer, |session| session.decrypt(&other));
}

// ---- replay ----

#[test]
fn a_first_message_is_accepted_once_while_its_session_lives() {
    for mut scene in [Scene::new(10), Scene::without_one_time(10)] {
        let first = scene.first(b"hello");
        let mut session = scene.accept(&first);
        refuses(&mut scene.responder, Error::Replay, |device| device.accept(&first, NOW));
        refuses(&mut session, Error::Duplicate, |session| session.decrypt(&first));
    }
}

#[test]
fn a_first_message_is_accepted_once_even_if_its_session_is_deleted() {
    for mut scene in [Scene::new(11), Scene::without_one_time(11)] {
        let first = scene.first(b"hello");
        drop(scene.accept(&first));
        refuses(&mut scene.responder, Error::Replay, |device| device.accept(&first, NOW));
    }
}

#[test]
fn a_later_message_of_a_deleted_session_does_not_revive_it() {
    for mut scene in [Scene::new(12), Scene::without_one_time(12)] {
        let mut ours = scene.initiate();
        let first = ours.encrypt(b"1", &mut scene.rng).unwrap();
        let second = ours.encrypt(b"2", &mut scene.rng).unwrap();
        drop(scene.accept(&first));
        refuses(&mut scene.responder, Error::Replay, |device| device.accept(&second, NOW));
    }
}

#[test]
fn a_first_message_is_remembered_across_a_restart() {
    for mut scene in [Scene::new(13), Scene::without_one_time(13)] {
        let first = scene.first(b"hello");
        scene.accept(&first);
        let mut device = restarted(&scene.responder);
        refuses(&mut device, Error::Replay, |device| device.accept(&first, NOW));
    }
}

#[test]
fn a_first_message_is_remembered_across_a_rotation() {
    for mut scene in [Scene::new(14), Scene::without_one_time(14)] {
        let first = scene.first(b"hello");
        scene.accept(&first);
        let (_, change) = scene.responder.rotate(NOW + 2 * DAY, &mut scene.rng).unwrap();
        scene.responder.apply(change).unwrap();
        refuses(&mut scene.responder, Error::Replay, |device| device.accept(&first, NOW));
    }
}

#[test]
fn a_replay_is_refused_for_another_reason_once_its_prekeys_are_erased() {
    for mut scene in [Scene::new(15), Scene::without_one_time(15)] {
        let first = scene.first(b"hello");
        scene.accept(&first);
        let last = NOW + 30 * DAY - 1;
        refuses(&mut scene.responder, Error::Replay, |device| device.accept(&first, last));
        let (_, change) = scene.responder.rotate(last, &mut scene.rng).unwrap();
        scene.responder.apply(change).unwrap();
        refuses(&mut scene.responder, Error::UnknownPrekey, |device| {
            device.accept(&first, last + 1)
        });
    }
}

#[test]
fn a_second_first_message_on_one_one_time_prekey_is_refused() {
    let mut scene = Scene::new(16);
    let (one, other) = (scene.first(b"one"), scene.first(b"other"));
    scene.accept(&one);
    refuses(&mut scene.responder, Error::UnknownPrekey, |device| device.accept(&other, NOW));
}

// ---- what was altered on the way ----

#[test]
fn each_byte_of_a_first_message_decides_and_none_burns_a_prekey() {
    for mut scene in [Scene::new(20), Scene::without_one_time(20)] {
        let one_time = scene.bundle.has_one_time_prekey();
        let first = scene.first(b"hello");
        for place in 0..first.len() {
            let altered = flipped(&first, place);
            let error = fails(&mut scene.responder, |device| device.accept(&altered, NOW));
            let expected = match place {
                0 => error == Error::Malformed || matches!(error, Error::UnknownVersion(_)),
                KIND => error == Error::WrongKind,
                MODE => error == Error::Malformed || error == Error::WrongKind,
                place if USED_LASTING.contains(&place) => error == Error::UnknownPrekey,
                place if USED_ONE_TIME.contains(&place) && one_time => {
                    error == Error::UnknownPrekey
                }
                place if USED_ONE_TIME.contains(&place) => error == Error::Malformed,
                _ => error == Error::Forged,
            };
            assert!(expected, "byte {place}: {error:?}");
        }
        let accepted = scene.responder.accept(&first, NOW).unwrap();
        let (_, opened) = accepted.apply(&mut scene.responder).unwrap();
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
            refuses(&mut scene.responder, error, |device| device.accept(&altered, NOW));
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
        let error = fails(&mut scene.responder, |device| device.accept(&first[..length], NOW));
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
    refuses(&mut scene.responder, Error::Forged, |device| device.accept(&first, NOW));
}

#[test]
fn parts_of_two_first_messages_do_not_mix() {
    let mut scene = Scene::without_one_time(24);
    let (one, other) = (scene.first(b"one"), scene.first(b"two"));
    let parts = [EPHEMERAL, CIPHERTEXT, SEALED_INTRODUCTION, HEADER, TAG, BODY..one.len()];
    for part in parts {
        let mixed = with(&one, part.clone(), &other[part]);
        refuses(&mut scene.responder, Error::Forged, |device| device.accept(&mixed, NOW));
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
        refuses(&mut scene.responder, Error::Forged, |device| device.accept(&mixed, NOW));
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
    refuses(&mut scene.responder, Error::Forged, |device| device.accept(&altered, NOW));
    scene.accept(&first);
}

// ---- keys that are no keys ----

#[test]
fn an_ephemeral_key_of_small_order_is_refused() {
    for mut scene in [Scene::new(30), Scene::without_one_time(30)] {
        let first = scene.first(b"hello");
        for point in small_order() {
            let altered = with(&first, EPHEMERAL, &point);
            refuses(&mut scene.responder, Error::WeakKey, |device| device.accept(&altered, NOW));
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
        refuses(&mut scene.responder, Error::WeakKey, |device| device.accept(&altered, NOW));
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
    let (keys, _) = scene.responder.replenish(NOW, &mut scene.rng).unwrap();
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

/// The descent of a session that continues none, or says that it continues this one.
fn descent(predecessor: [u8; 32], closed: [u8; 8]) -> Vec<u8> {
    [&predecessor[..], &closed, &NOW.to_be_bytes()].concat()
}

/// The first message of an initiator with this certificate that continues no session.
fn first_message_of(bundle: &Bundle, initiator: &[u8]) -> Vec<u8> {
    first_message_with(bundle, &[initiator, &descent([0; 32], [0; 8])].concat())
}

/// The clear part of a first message, made by the page of the specification and not by the
/// crate, for an initiator that the crate would not be. What follows it is garbage.
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
        .chain_update(&bytes[LASTING])
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
    [front, &bytes[LASTING_ID], id, &public, &ciphertext, &sealed, &tag, &[0x5a; 200]].concat()
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
            refuses(&mut scene.responder, Error::WeakKey, |device| device.accept(&first, NOW));
        }
        // An honest identity gets as far as the garbage behind it.
        let first = first_message_of(&scene.bundle, &eve.certificate().encode());
        refuses(&mut scene.responder, Error::Forged, |device| device.accept(&first, NOW));
    }
}

#[test]
fn an_initiator_who_seals_a_certificate_that_does_not_hold_is_refused() {
    for mut scene in [Scene::new(37), Scene::without_one_time(37)] {
        let genuine = device(3, &mut scene.rng).certificate().encode();
        for place in [certificate::ACCOUNT, certificate::DEVICE, certificate::DEVICE_SIGNATURE] {
            let first = first_message_of(&scene.bundle, &flipped(&genuine, place.start));
            refuses(&mut scene.responder, Error::BadSignature, |device| device.accept(&first, NOW));
        }
    }
}

#[test]
fn an_initiator_who_names_a_place_in_no_predecessor_is_refused() {
    let mut scene = Scene::without_one_time(47);
    let certificate = scene.initiator.certificate().encode();
    let mut refusal = |descent: &[u8]| {
        let first = first_message_with(&scene.bundle, &[&certificate, descent].concat());
        fails(&mut scene.responder, |device| device.accept(&first, NOW))
    };
    for place in 0..8 {
        let mut closed = [0; 8];
        closed[place] = 1;
        assert_eq!(refusal(&descent([0; 32], closed)), Error::Malformed, "byte {place}");
        // In a session it may name every place, and gets as far as the garbage behind it.
        assert_eq!(refusal(&descent([7; 32], closed)), Error::Forged, "byte {place}");
    }
    assert_eq!(refusal(&descent([7; 32], [0; 8])), Error::Forged);
    assert_eq!(refusal(&descent([0; 32], [0; 8])), Error::Forged);
}

#[test]
fn an_initiator_who_shows_somebody_elses_certificate_is_refused() {
    let mut scene = Scene::without_one_time(38);
    let bob = device(3, &mut scene.rng);
    // Without Bob's agreement key the sender knows no key that his certificate leads to.
    let first = first_message_of(&scene.bundle, &bob.certificate().encode());
    refuses(&mut scene.responder, Error::Forged, |device| device.accept(&first, NOW));
}

#[test]
fn an_initiator_who_shows_the_responders_own_certificate_is_refused() {
    let mut scene = Scene::without_one_time(39);
    let first = first_message_of(&scene.bundle, &scene.responder.certificate().encode());
    refuses(&mut scene.responder, Error::WrongPeer, |device| device.accept(&first, NOW));
}

#[test]
fn a_coefficient_of_a_kem_key_that_is_not_reduced_is_refused_before_the_signature() {
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

// ---- bundles ----

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
        let signature = LASTING_SIGNATURE.contains(&place) || ONE_TIME_SIGNATURE.contains(&place);
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
        LASTING,
        SIGNED,
        LAST_RESORT,
        LASTING.start..LASTING_SIGNATURE.end,
        LASTING_SIGNATURE,
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
fn parts_of_two_generations_of_one_device_do_not_mix() {
    let mut scene = Scene::without_one_time(53);
    let one = scene.bundle.encode();
    let (other, _) = scene.responder.rotate(NOW + 2 * DAY, &mut scene.rng).unwrap();
    let other = other.encode();
    let parts = [LASTING_ID, SIGNED, LAST_RESORT, CREATED, LASTING_SIGNATURE];
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
    for other in [sibling, stranger] {
        let (keys, _) = other.replenish(NOW, &mut scene.rng).unwrap();
        assert_eq!(scene.bundle.attach(keys[0].clone()).err(), Some(Error::BadSignature));
    }
}

#[test]
fn a_one_time_prekey_that_was_altered_cannot_be_attached() {
    let mut scene = Scene::without_one_time(55);
    let (keys, _) = scene.responder.replenish(NOW, &mut scene.rng).unwrap();
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
fn a_one_time_prekey_is_no_lasting_one() {
    let scene = Scene::new(56);
    let bundle = scene.bundle.encode();
    let moved = with(&bundle, LASTING.start..CREATED.start, &bundle[ONE_TIME]);
    for signature in [LASTING_SIGNATURE, ONE_TIME_SIGNATURE] {
        let moved = with(&moved, LASTING_SIGNATURE, &bundle[signature]);
        assert_eq!(Bundle::decode(&moved).err(), Some(Error::BadSignature));
    }
}

#[test]
fn a_lasting_prekey_is_no_one_time_one() {
    let scene = Scene::new(57);
    let bundle = scene.bundle.encode();
    let moved = with(&bundle, ONE_TIME, &bundle[LASTING.start..CREATED.start]);
    for signature in [LASTING_SIGNATURE, ONE_TIME_SIGNATURE] {
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
    let right = sign(&seed, "prekeys/lasting", &[core, &bundle[LASTING]]);
    assert_eq!(right, bundle[LASTING_SIGNATURE]);
    for label in ["prekeys/one-time", "identity/device", "identity/account", "guest/invitation"] {
        let signature = sign(&seed, label, &[core, &bundle[LASTING]]);
        let altered = with(&bundle, LASTING_SIGNATURE, &signature);
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
    let (keys, _) = scene.responder.replenish(NOW, &mut scene.rng).unwrap();
    assert_eq!(OneTimePrekey::decode(&bundle).err(), Some(Error::WrongKind));
    assert_eq!(Bundle::decode(&keys[0].encode()).err(), Some(Error::WrongKind));
    assert_eq!(MessageKind::of(&bundle).err(), Some(Error::WrongKind));
    refuses(&mut scene.responder, Error::Malformed, |device| device.accept(&[], NOW));
    refuses(&mut scene.responder, Error::WrongKind, |device| device.accept(&bundle, NOW));
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

// ---- what the transcript binds ----

/// The outcome at the responder if its bundle reached the initiator as `change` made it, signed.
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
    for id in [LASTING_ID, ONE_TIME_ID] {
        let outcome = outcome_of(72, |_, bytes| bytes[id.start] ^= 1);
        assert_eq!(outcome, Some(Error::UnknownPrekey));
    }
}

#[test]
fn the_name_of_the_responder_is_bound() {
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
            bytes[certificate::ACCOUNT_KEY].copy_from_slice(&eve.public_key());
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
        bytes[certificate::ACCOUNT_KEY].copy_from_slice(&eve.public_key());
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
        refuses(other, Error::UnknownPrekey, |other| other.accept(&first, NOW));
    }
    scene.accept(&first);
}

#[test]
fn a_first_message_readdressed_to_another_devices_prekeys_does_not_open() {
    let mut scene = Scene::new(77);
    let first = scene.first(b"hello");
    let mut other = device(3, &mut scene.rng);
    let bundle = bundle_with_one_time(&mut other, &mut scene.rng).encode();
    let readdressed = with(&first, USED_LASTING, &bundle[LASTING_ID]);
    let readdressed = with(&readdressed, USED_ONE_TIME, &bundle[ONE_TIME_ID]);
    refuses(&mut other, Error::Forged, |other| other.accept(&readdressed, NOW));
}

#[test]
fn a_first_message_moved_to_another_prekey_of_the_same_device_does_not_open() {
    let mut scene = Scene::new(78);
    let first = scene.first(b"hello");
    let other = bundle_with_one_time(&mut scene.responder, &mut scene.rng).encode();
    let moved = with(&first, USED_ONE_TIME, &other[ONE_TIME_ID]);
    refuses(&mut scene.responder, Error::Forged, |device| device.accept(&moved, NOW));
    let (rotated, change) = scene.responder.rotate(NOW, &mut scene.rng).unwrap();
    scene.responder.apply(change).unwrap();
    let moved = with(&first, USED_LASTING, &rotated.encode()[LASTING_ID]);
    refuses(&mut scene.responder, Error::Forged, |device| device.accept(&moved, NOW));
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
fn both_sides_keep_one_descent_and_nobody_on_the_way_learns_it() {
    let mut scene = Scene::new(86);
    let mut ours = scene.initiator.initiate(&scene.bundle, NOW + 5, &mut scene.rng).unwrap();
    let first = ours.encrypt(b"hello", &mut scene.rng).unwrap();
    let theirs = scene.accept(&first);
    let descent = [&[0; 40][..], &(NOW + 5).to_be_bytes()].concat();
    for state in [ours.to_bytes(), theirs.to_bytes()] {
        // Behind version, kind, anchor, certificate and name (`spec/state.md`).
        assert_eq!(state[315..363], descent);
    }
    assert!(descent.windows(8).all(|part| !first.windows(8).any(|bytes| bytes == part)));
}

#[test]
fn no_bit_of_the_descent_can_be_altered_on_the_way() {
    let mut scene = Scene::new(87);
    let first = scene.first(b"hello");
    for place in SEALED_DESCENT {
        for bit in 0..8 {
            let altered = with(&first, place..place + 1, &[first[place] ^ (1 << bit)]);
            refuses(&mut scene.responder, Error::Forged, |device| device.accept(&altered, NOW));
        }
    }
    scene.accept(&first);
}

// ---- who may begin a session with whom, and when ----

#[test]
fn a_device_begins_no_session_with_itself() {
    let mut scene = Scene::new(80);
    let bundle = scene.bundle.clone();
    refuses(&mut scene.responder, Error::WrongPeer, |device| {
        device.initiate(&bundle, NOW, &mut scene.rng)
    });
}

#[test]
fn two_devices_of_one_account_may_have_a_session() {
    let mut scene = Scene::new(81);
    let sibling = Device::generate(&scene.account, NOW, &mut scene.rng);
    let mut session = sibling.initiate(&scene.bundle, NOW, &mut scene.rng).unwrap();
    let first = session.encrypt(b"hello", &mut scene.rng).unwrap();
    assert_eq!(scene.accept(&first).peer(), sibling.certificate());
}

#[test]
fn a_copy_of_a_device_is_still_the_same_device() {
    let mut scene = Scene::new(82);
    let mut copy = restarted(&scene.responder);
    let bundle = scene.bundle.clone();
    refuses(&mut copy, Error::WrongPeer, |copy| copy.initiate(&bundle, NOW, &mut scene.rng));
}

#[test]
fn a_bundle_is_valid_for_fourteen_days_and_a_day_before_it_was_made() {
    let mut rng = TestRng::new(83);
    let account = Account::generate(AccountId([1; 32]), &mut rng);
    // Made early: a device's own clock does not run backwards.
    let mut initiator = Device::generate(&account, 0, &mut rng);
    let bundle = device(2, &mut rng).bundle().unwrap();
    let good = [NOW - DAY, NOW, NOW + 14 * DAY - 1];
    for now in good {
        assert!(initiator.initiate(&bundle, now, &mut rng).is_ok(), "{now}");
    }
    let stale = [0, NOW - DAY - 1, NOW + 14 * DAY, NOW + 365 * DAY, u64::MAX];
    for now in stale {
        refuses(&mut initiator, Error::StalePrekey, |device| {
            device.initiate(&bundle, now, &mut rng)
        });
    }
}

#[test]
fn beginning_a_session_changes_no_device() {
    let mut scene = Scene::new(85);
    let before = scene.initiator.to_bytes();
    let mut session = scene.initiate();
    session.encrypt(b"hello", &mut scene.rng).unwrap();
    assert_eq!(before, scene.initiator.to_bytes());
}
