//! Certificates.

use super::*;

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
    assert_eq!(certificate.account_key(), account.public_key());
    assert_eq!(certificate.account().0, bytes[ACCOUNT]);
    assert_eq!(certificate.account_key().0, bytes[ACCOUNT_KEY]);
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
    let again = restored(&account);
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
