//! Hand-overs, and what does not hold.
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use super::*;
use crate::primitives::dh;
use crate::primitives::secret::Secret;
use crate::protocol::identity::certificate::DeviceId;

/// A guest's key, an account's, and those of two devices of it.
fn keys() -> [sign::SecretKey; 4] {
    [1, 2, 3, 4].map(|byte| sign::SecretKey::from_seed(Secret::copy(&[byte; 32])))
}

fn device(kind: AccountKind, account: &sign::SecretKey, signing: &sign::SecretKey) -> Certificate {
    let agreement = dh::SecretKey::from_seed(Secret::copy(&[5; 32]));
    let (id, device) = (AccountId([6; 32]), DeviceId([7; 8]));
    Certificate::sign(kind, id, account, device, signing, &agreement)
}

fn names(transcript: u8) -> ChatNames {
    let (invitation, transcript) = ([8; 32], [transcript; 32]);
    ChatNames { invitation, transcript, guest: AccountId([9; 32]) }
}

fn signed(transcript: u8, device: Certificate, keys: [&sign::SecretKey; 2]) -> HandOver {
    let listed = Listed { epoch: 1, hash: [10; 32] };
    HandOver::sign(names(transcript), device, (listed, 11), keys)
}

#[test]
fn a_hand_over_holds_by_the_keys_of_guest_and_device_alone() {
    let [guest, account, one, other] = keys();
    let member = device(AccountKind::Member, &account, &one);
    let verify = |keys| signed(1, member.clone(), keys).verify(&guest.public());
    assert_eq!(verify([&guest, &one]), Ok(()));
    for keys in
        [[&guest, &guest], [&one, &one], [&one, &guest], [&guest, &other], [&guest, &account]]
    {
        assert_eq!(verify(keys), Err(Error::BadSignature));
    }
}

#[test]
fn a_signature_over_the_hand_over_of_another_chat_does_not_hold() {
    let [guest, account, one, _] = keys();
    let member = device(AccountKind::Member, &account, &one);
    let [here, there] = [1, 2].map(|chat| signed(chat, member.clone(), [&guest, &one]));
    let by_guest = HandOver { by_guest: there.by_guest, ..here.clone() };
    let by_device = HandOver { by_device: there.by_device, ..here.clone() };
    for mixed in [by_guest, by_device] {
        assert_eq!(mixed.verify(&guest.public()), Err(Error::BadSignature));
    }
    assert_eq!(here.verify(&guest.public()), Ok(()));
}

#[test]
fn a_device_that_its_account_has_not_signed_takes_nothing_over() {
    let [guest, account, one, other] = keys();
    // It says that it is of the account, by the key of another.
    let mut bytes = device(AccountKind::Member, &account, &one).encode();
    let theirs = device(AccountKind::Member, &other, &one).encode();
    bytes.splice(137..201, theirs.get(137..201).unwrap().iter().copied());
    let borrowed = Reader::all(&bytes, Certificate::recall).unwrap();
    let said = signed(1, borrowed, [&guest, &one]);
    assert_eq!(said.verify(&guest.public()), Err(Error::BadSignature));
    let guest_device = device(AccountKind::Guest, &one, &one);
    let said = signed(1, guest_device, [&guest, &one]);
    assert_eq!(said.verify(&guest.public()), Err(Error::WrongPeer));
}

#[test]
fn a_hand_over_is_read_as_it_was_written() {
    let [guest, account, one, _] = keys();
    let said = signed(1, device(AccountKind::Member, &account, &one), [&guest, &one]);
    let bytes = said.encode();
    assert_eq!(bytes.len(), 539);
    assert!(Reader::all(&bytes, HandOver::recall).unwrap() == said);
}
