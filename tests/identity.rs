//! Certificates and fingerprints: one encoding, strict signatures, codes that people compare.
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

use core::ops::{Add, Mul, Range};

use ed25519_dalek::{Signature, SigningKey, Verifier, VerifyingKey};
use latchstring::{
    Account, AccountId, AccountKind, Bundle, Certificate, Device, Error, Fingerprint, State,
};
use sha2::{Digest, Sha512};
use support::certificate::{
    ACCOUNT, ACCOUNT_KEY, ACCOUNT_SIGNATURE, AGREEMENT, CORE, DEVICE, DEVICE_SIGNATURE, SIGNING,
};
use support::guest::Talk;
use support::{
    NOW, TestRng, account_seed, bundle_with_one_time, device, flipped, recertified, restarted,
    signing_seed,
};

const LENGTH: usize = 265;

/// The order of the base point, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A generator of the points of order 8.
const TORSION: [u8; 32] = [
    0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
    0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
];

/// A member's device, and the seeds of its account and of itself.
struct Member {
    bytes: Vec<u8>,
    account: [u8; 32],
    device: [u8; 32],
}

impl Member {
    fn new(seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let account = Account::generate(AccountId([1; 32]), &mut rng);
        let device = Device::generate(&account, NOW, &mut rng);
        Self {
            bytes: device.certificate().encode(),
            account: account_seed(&account),
            device: signing_seed(&device),
        }
    }

    fn altered(&self, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
        recertified(&self.bytes, &self.account, &self.device, change)
    }
}

fn refused(bytes: &[u8]) -> Option<Error> {
    Certificate::decode(bytes).err()
}

fn public_key(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

// ---- certificates ----

#[test]
fn a_certificate_has_one_encoding() {
    let guest = Talk::new(1).host.peer().encode();
    for bytes in [Member::new(1).bytes, guest] {
        assert_eq!(bytes.len(), LENGTH);
        assert_eq!(Certificate::decode(&bytes).unwrap().encode(), bytes);
        for length in 0..LENGTH {
            assert_eq!(refused(&bytes[..length]), Some(Error::Malformed), "{length} bytes");
        }
        assert_eq!(refused(&[bytes.as_slice(), &[0]].concat()), Some(Error::Malformed));
    }
}

#[test]
fn no_bit_of_a_certificate_can_be_changed() {
    let guest = Talk::new(2).host.peer().encode();
    for bytes in [Member::new(2).bytes, guest] {
        for place in 0..LENGTH {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[place] ^= 1 << bit;
                assert!(refused(&altered).is_some(), "byte {place}, bit {bit}");
            }
        }
    }
}

#[test]
fn what_a_certificate_says_is_what_was_signed() {
    let mut rng = TestRng::new(3);
    let account = Account::generate(AccountId([3; 32]), &mut rng);
    let device = Device::generate(&account, NOW, &mut rng);
    let certificate = device.certificate();
    let bytes = certificate.encode();
    assert_eq!(certificate.kind(), AccountKind::Member);
    assert_eq!(certificate.account(), account.id());
    assert_eq!(certificate.account_key(), &account.public_key());
    assert_eq!(certificate.account().0, bytes[ACCOUNT]);
    assert_eq!(certificate.account_key(), &bytes[ACCOUNT_KEY]);
    assert_eq!(certificate.device().0, bytes[DEVICE]);
    assert_eq!(certificate.identity().to_bytes()[..32], bytes[SIGNING]);
    assert_eq!(certificate.identity().to_bytes()[32..], bytes[AGREEMENT]);
}

#[test]
fn the_same_content_signed_again_is_the_same_certificate() {
    let member = Member::new(4);
    assert_eq!(member.altered(|_| {}), member.bytes);
}

#[test]
fn a_member_whose_account_key_is_its_device_key_is_refused() {
    let member = Member::new(5);
    let own = |bytes: &mut [u8]| {
        let key = bytes[SIGNING].to_vec();
        bytes[ACCOUNT_KEY].copy_from_slice(&key);
    };
    let bytes = recertified(&member.bytes, &member.device, &member.device, own);
    assert_eq!(refused(&bytes), Some(Error::Malformed));
    // As a guest it would be one.
    let guest = recertified(&member.bytes, &member.device, &member.device, |bytes| {
        own(bytes);
        bytes[0] = 2;
    });
    assert_eq!(Certificate::decode(&guest).unwrap().kind(), AccountKind::Guest);
}

#[test]
fn a_guest_with_an_account_apart_from_its_device_is_refused() {
    let member = Member::new(6);
    assert_eq!(refused(&member.altered(|bytes| bytes[0] = 2)), Some(Error::Malformed));
}

#[test]
fn an_account_kind_that_is_not_known_is_refused() {
    let member = Member::new(7);
    for kind in (0..=u8::MAX).filter(|kind| !(1..=2).contains(kind)) {
        let bytes = member.altered(|bytes| bytes[0] = kind);
        assert_eq!(refused(&bytes), Some(Error::Malformed), "{kind}");
    }
}

#[test]
fn both_keys_must_sign() {
    let (member, other) = (Member::new(8), Member::new(9));
    for (account, device) in [
        (other.account, member.device),
        (member.account, other.device),
        (member.device, member.account),
        (member.account, member.account),
        (member.device, member.device),
    ] {
        let bytes = recertified(&member.bytes, &account, &device, |_| {});
        assert_eq!(refused(&bytes), Some(Error::BadSignature));
    }
}

#[test]
fn the_two_signatures_of_a_certificate_cannot_be_exchanged() {
    let guest = Talk::new(10).host.peer().encode();
    // A guest's two signatures are by one key: only their labels tell them apart.
    for bytes in [Member::new(10).bytes, guest] {
        let mut exchanged = bytes.clone();
        exchanged[ACCOUNT_SIGNATURE].copy_from_slice(&bytes[DEVICE_SIGNATURE]);
        exchanged[DEVICE_SIGNATURE].copy_from_slice(&bytes[ACCOUNT_SIGNATURE]);
        assert_eq!(refused(&exchanged), Some(Error::BadSignature));
    }
}

#[test]
fn parts_of_two_certificates_do_not_mix() {
    let (one, other) = (Member::new(11).bytes, Member::new(12).bytes);
    let parts = [ACCOUNT_KEY, DEVICE, SIGNING, AGREEMENT, ACCOUNT_SIGNATURE, DEVICE_SIGNATURE];
    for part in parts {
        let mut mixed = one.clone();
        mixed[part.clone()].copy_from_slice(&other[part.clone()]);
        assert_eq!(refused(&mixed), Some(Error::BadSignature), "{part:?}");
    }
}

#[test]
fn one_key_signs_and_another_agrees() {
    let member = Member::new(13);
    let key = Certificate::decode(&member.bytes).unwrap().identity().to_bytes();
    let signing = VerifyingKey::from_bytes(&key[..32].try_into().unwrap()).unwrap();
    assert_ne!(signing.to_montgomery().0, key[32..]);
    let seed = x25519_dalek::x25519(member.device, x25519_dalek::X25519_BASEPOINT_BYTES);
    assert_ne!(seed, key[32..]);
}

#[test]
fn two_devices_of_one_account_share_the_account_and_nothing_else() {
    let mut rng = TestRng::new(14);
    let account = Account::generate(AccountId([1; 32]), &mut rng);
    let mut bytes = || Device::generate(&account, NOW, &mut rng).certificate().encode();
    let (one, other) = (bytes(), bytes());
    assert_eq!(one[..DEVICE.start], other[..DEVICE.start]);
    let theirs: Vec<_> = other[DEVICE.start..].windows(8).collect();
    assert!(one[DEVICE.start..].windows(8).all(|part| !theirs.contains(&part)));
}

#[test]
fn an_account_is_the_same_after_a_restart() {
    let mut rng = TestRng::new(15);
    let account = Account::generate(AccountId([1; 32]), &mut rng);
    let again = restarted(&account);
    assert_eq!((again.id(), again.public_key()), (account.id(), account.public_key()));
}

#[test]
fn a_device_whose_state_names_other_keys_than_it_holds_is_not_loaded() {
    let mut rng = TestRng::new(16);
    let state = device(1, &mut rng).to_bytes().to_vec();
    let other = device(2, &mut rng).certificate().encode();
    // Behind version, kind, anchor, clock and two seeds.
    for part in [34..66, 66..98] {
        let altered = flipped(&state, part.start + 1);
        assert_eq!(Device::from_bytes(&altered).err(), Some(Error::Corrupt));
    }
    let mut altered = state;
    altered[98..98 + LENGTH].copy_from_slice(&other);
    assert_eq!(Device::from_bytes(&altered).err(), Some(Error::Corrupt));
}

// ---- signatures ----

/// `signature` with the order added to its scalar: valid where the scalar is not checked.
fn with_order_added(signature: &[u8]) -> Vec<u8> {
    let mut altered = signature.to_vec();
    let mut carry = 0;
    for (byte, order) in altered[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    altered
}

#[test]
fn a_signature_with_its_order_added_is_refused() {
    let bytes = Member::new(20).bytes;
    for place in [ACCOUNT_SIGNATURE, DEVICE_SIGNATURE] {
        let mut altered = bytes.clone();
        altered[place.clone()].copy_from_slice(&with_order_added(&bytes[place]));
        assert_eq!(refused(&altered), Some(Error::BadSignature));
    }
}

#[test]
fn a_prekeys_signature_with_its_order_added_is_refused() {
    let mut rng = TestRng::new(21);
    let mut device = device(1, &mut rng);
    let bytes = bundle_with_one_time(&mut device, &mut rng).encode();
    for place in [1507..1571, 2796..2860] {
        let mut altered = bytes.clone();
        altered[place.clone()].copy_from_slice(&with_order_added(&bytes[place]));
        assert_eq!(Bundle::decode(&altered).err(), Some(Error::BadSignature));
    }
}

/// All encodings of points of small order, canonical or not, with their signs.
fn small_order() -> Vec<[u8; 32]> {
    let low = |byte: u8| {
        let mut bytes = [0; 32];
        bytes[0] = byte;
        bytes
    };
    let high = |byte: u8| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (byte, 0x7f);
        bytes
    };
    let inverse = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ];
    let points = [low(0), low(1), high(0xec), high(0xed), high(0xee), TORSION, inverse];
    let mut both_signs = points.to_vec();
    both_signs.extend(points.map(|mut point| {
        point[31] |= 0x80;
        point
    }));
    both_signs
}

#[test]
fn a_signing_key_of_small_order_is_refused() {
    let member = Member::new(22);
    for place in [ACCOUNT_KEY, SIGNING] {
        for point in small_order() {
            let bytes = member.altered(|bytes| bytes[place.clone()].copy_from_slice(&point));
            assert_eq!(refused(&bytes), Some(Error::WeakKey), "{place:?} {point:02x?}");
        }
    }
}

#[test]
fn a_signing_key_that_is_not_canonical_or_no_point_is_refused() {
    let member = Member::new(23);
    let mut keys: Vec<[u8; 32]> = (0xed..=0xff)
        .map(|low| {
            let mut key = [0xff; 32];
            (key[0], key[31]) = (low, 0x7f);
            key
        })
        .collect();
    // y = 2 is on no point of the curve.
    let mut none = [0; 32];
    none[0] = 2;
    keys.push(none);
    for place in [ACCOUNT_KEY, SIGNING] {
        for key in &keys {
            let bytes = member.altered(|bytes| bytes[place.clone()].copy_from_slice(key));
            assert_eq!(refused(&bytes), Some(Error::WeakKey), "{place:?} {key:02x?}");
        }
    }
}

/// The number that `bytes` are, little-endian, in the field of `like`.
fn reduced<S>(_like: &S, bytes: &[u8]) -> S
where
    S: From<u64> + Add<Output = S> + Mul<Output = S>,
{
    bytes
        .iter()
        .rev()
        .fold(S::from(0_u64), |sum, byte| sum * S::from(256_u64) + S::from(u64::from(*byte)))
}

/// A signature over the account's label and `core` made by hand: for the nonce point that
/// `nonce_point` makes of the nonce's own.
fn signed_by_hand(
    seed: &[u8; 32],
    core: &[u8],
    nonce: Option<&[u8; 32]>,
    nonce_point: impl FnOnce([u8; 32]) -> [u8; 32],
) -> [u8; 64] {
    let key = SigningKey::from_bytes(seed);
    let scalar = key.to_scalar();
    let (r, point) = match nonce {
        Some(nonce) => (SigningKey::from_bytes(nonce).to_scalar(), public_key(nonce)),
        None => (reduced(&scalar, &[]), [0; 32]),
    };
    let point = nonce_point(point);
    let challenge = Sha512::new()
        .chain_update(point)
        .chain_update(key.verifying_key().to_bytes())
        .chain_update(b"latchstring/v1/identity/account.")
        .chain_update(core)
        .finalize();
    let s = r + reduced(&scalar, &challenge) * scalar;
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&point);
    signature[32..].copy_from_slice(&s.to_bytes());
    signature
}

fn with_account_signature(member: &Member, signature: &[u8]) -> Vec<u8> {
    let mut bytes = member.bytes.clone();
    bytes[ACCOUNT_SIGNATURE].copy_from_slice(signature);
    bytes
}

#[test]
fn a_signature_made_by_hand_by_the_rules_holds() {
    let member = Member::new(24);
    let core = &member.bytes[CORE];
    let signature = signed_by_hand(&member.account, core, Some(&[5; 32]), |point| point);
    assert_ne!(signature, member.bytes[ACCOUNT_SIGNATURE]);
    assert_eq!(refused(&with_account_signature(&member, &signature)), None);
}

#[test]
fn a_nonce_point_of_small_order_is_refused_although_the_equation_holds() {
    let member = Member::new(25);
    let core = &member.bytes[CORE];
    let mut identity = [0; 32];
    identity[0] = 1;
    let signature = signed_by_hand(&member.account, core, None, |_| identity);
    let message = [b"latchstring/v1/identity/account.", core].concat();
    let key = SigningKey::from_bytes(&member.account).verifying_key();
    assert!(key.verify(&message, &Signature::from_bytes(&signature)).is_ok());
    let bytes = with_account_signature(&member, &signature);
    assert_eq!(refused(&bytes), Some(Error::BadSignature));
}

#[test]
fn a_nonce_point_moved_by_a_point_of_small_order_is_refused() {
    // With the cofactor in the equation this signature would hold.
    let member = Member::new(26);
    let core = &member.bytes[CORE];
    let torsion = VerifyingKey::from_bytes(&TORSION).unwrap().to_edwards();
    let signature = signed_by_hand(&member.account, core, Some(&[5; 32]), |point| {
        let point = VerifyingKey::from_bytes(&point).unwrap().to_edwards();
        (point + torsion).compress().to_bytes()
    });
    let bytes = with_account_signature(&member, &signature);
    assert_eq!(refused(&bytes), Some(Error::BadSignature));
}

// ---- fingerprints ----

fn fingerprint(one: &[u8], other: &[u8]) -> Fingerprint {
    Fingerprint::of(&Certificate::decode(one).unwrap(), &Certificate::decode(other).unwrap())
}

#[test]
fn a_fingerprint_is_the_same_on_both_screens() {
    let (one, other) = (Member::new(30).bytes, Member::new(31).bytes);
    assert_eq!(fingerprint(&one, &other), fingerprint(&other, &one));
}

#[test]
fn a_fingerprint_changes_with_each_byte_of_an_account() {
    let (one, other) = (Member::new(32), Member::new(33));
    let mut codes = vec![fingerprint(&one.bytes, &other.bytes)];
    for place in ACCOUNT {
        let altered = one.altered(|bytes| bytes[place] ^= 1);
        codes.push(fingerprint(&altered, &other.bytes));
    }
    for key in 0..32 {
        let account = [key; 32];
        let altered = recertified(&one.bytes, &account, &one.device, |bytes| {
            bytes[ACCOUNT_KEY].copy_from_slice(&public_key(&account));
        });
        codes.push(fingerprint(&altered, &other.bytes));
    }
    let texts: std::collections::HashSet<_> = codes.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 1 + 32 + 32);
}

#[test]
fn a_fingerprint_tells_a_guest_from_a_member_of_the_same_keys() {
    let (member, other) = (Member::new(34), Member::new(35));
    // A member signed into its account by the key of another device, and that device as a guest.
    let guest = recertified(&member.bytes, &member.account, &member.account, |bytes| {
        bytes[0] = 2;
        bytes[SIGNING].copy_from_slice(&public_key(&member.account));
    });
    assert_ne!(fingerprint(&member.bytes, &other.bytes), fingerprint(&guest, &other.bytes));
}

#[test]
fn a_fingerprint_is_of_accounts_whichever_of_their_devices_is_shown() {
    let mut rng = TestRng::new(36);
    let account = Account::generate(AccountId([1; 32]), &mut rng);
    let mut device = || Device::generate(&account, NOW, &mut rng).certificate().encode();
    let other = Member::new(37).bytes;
    assert_eq!(fingerprint(&device(), &other), fingerprint(&device(), &other));
}

#[test]
fn a_fingerprint_keeps_both_parties_apart() {
    // The same two accounts with their ids exchanged.
    let (one, other) = (Member::new(38), Member::new(39));
    let named = |member: &Member, name: u8| member.altered(|bytes| bytes[ACCOUNT].fill(name));
    let straight = fingerprint(&named(&one, 1), &named(&other, 2));
    assert_ne!(straight, fingerprint(&named(&one, 2), &named(&other, 1)));
}

#[test]
fn a_chats_code_is_not_the_accounts_fingerprint() {
    let talk = Talk::new(40);
    let accounts = Fingerprint::of(talk.host.peer(), talk.guest.peer());
    assert_ne!(talk.host.security_code(), accounts);
    assert_eq!(talk.host.security_code(), talk.guest.security_code());
}

#[test]
fn a_fingerprint_reads_as_twelve_groups_of_five_digits() {
    let other = Member::new(41).bytes;
    for seed in 50..70 {
        let code = fingerprint(&Member::new(seed).bytes, &other);
        let text = code.to_string();
        let groups: Vec<_> = text.split(' ').collect();
        assert_eq!(groups.len(), 12, "{text}");
        for (group, number) in groups.iter().zip(code.groups()) {
            assert!(group.len() == 5 && group.bytes().all(|byte| byte.is_ascii_digit()), "{text}");
            assert_eq!(group.parse(), Ok(number));
        }
        assert_eq!(format!("{code:?}"), format!("Fingerprint({text})"));
    }
}

#[test]
fn the_digits_of_a_fingerprint_are_its_first_two_hundred_bits() {
    let code = fingerprint(&Member::new(42).bytes, &Member::new(43).bytes);
    // The same conversion the other way: digit by digit from the bytes.
    let mut digits = [0_u32; 61];
    for byte in &code.to_qr()[1..26] {
        let mut carry = u32::from(*byte);
        for digit in digits.iter_mut().rev() {
            let value = *digit * 256 + carry;
            (*digit, carry) = (value % 10, value / 10);
        }
        assert_eq!(carry, 0);
    }
    let expected: String = digits[1..].iter().map(ToString::to_string).collect();
    assert_eq!(code.to_string().replace(' ', ""), expected);
}

#[test]
fn a_scanned_code_matches_only_if_every_byte_does() {
    let code = fingerprint(&Member::new(44).bytes, &Member::new(45).bytes);
    let scanned = code.to_qr();
    assert!(code.matches(&scanned));
    let places: Range<usize> = 0..scanned.len();
    for place in places {
        assert!(!code.matches(&flipped(&scanned, place)), "byte {place}");
        assert!(!code.matches(&scanned[..place]), "{place} bytes");
    }
    assert!(!code.matches(&[scanned.as_slice(), &[0]].concat()));
    assert!(!code.matches(&fingerprint(&Member::new(44).bytes, &Member::new(46).bytes).to_qr()));
}
