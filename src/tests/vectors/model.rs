//! The formulas of identity, prekeys, handshake and ratchet, written down step by step.

use alloc::vec::Vec;

use super::NOW;
use super::form::Vector;
use crate::primitives::codec::Reader;
use crate::primitives::secret::Secret;
use crate::primitives::{dh, kem, sign};
use crate::protocol::handshake::bundle::{Bundle, OneTimePrekey, PrekeySigner};
use crate::protocol::handshake::prekeys::OneTimeSecret;
use crate::protocol::identity::certificate::{AccountKind, Certificate, DeviceId};
use crate::protocol::labels;
use crate::session::Account;
use crate::session::Device;
use crate::storage::{Anchor, Change, State};

/// A member's device: the seeds of its keys, and what it signs with them.
pub(super) struct Member {
    pub(super) account_id: [u8; 32],
    pub(super) account_seed: [u8; 32],
    pub(super) device_id: [u8; 8],
    pub(super) signing_seed: [u8; 32],
    pub(super) agreement_seed: [u8; 32],
    pub(super) core: Vec<u8>,
    pub(super) certificate: Vec<u8>,
}

/// The signed prekeys of a device.
pub(super) struct SignedPrekeys {
    pub(super) id: [u8; 8],
    pub(super) signed_seed: [u8; 32],
    pub(super) last_resort_seed: [u8; 64],
    pub(super) last_resort: [u8; kem::PUBLIC_KEY],
    pub(super) body: Vec<u8>,
    pub(super) signature: [u8; 64],
}

/// A one-time prekey of a device.
pub(super) struct OneTime {
    pub(super) id: [u8; 8],
    pub(super) seed: [u8; 32],
    pub(super) kem_seed: [u8; 64],
    pub(super) kem: [u8; kem::PUBLIC_KEY],
    pub(super) body: Vec<u8>,
    pub(super) signature: [u8; 64],
}

pub(super) fn member(v: &mut Vector, who: &'static str) -> Member {
    v.part(who);
    let account_id = v.input("account id");
    let account_seed = v.input("account seed");
    let device_id = v.input("device id");
    let signing_seed = v.input("signing seed");
    let agreement_seed = v.input("agreement seed");
    let account_key = v.signing_key("account key", &account_seed);
    let signing = v.signing_key("signing key", &signing_seed);
    let agreement = v.agreement_key("agreement key", &agreement_seed);
    let core = [&[1][..], &account_id, &account_key, &device_id, &signing, &agreement].concat();
    v.bytes("core", &core);
    let account = v.sign("account signature", &account_seed, labels::IDENTITY_ACCOUNT, &[&core]);
    let device = v.sign("device signature", &signing_seed, labels::IDENTITY_DEVICE, &[&core]);
    let certificate = [&core[..], &account, &device].concat();
    v.bytes("certificate", &certificate);
    v.part("");
    Member { account_id, account_seed, device_id, signing_seed, agreement_seed, core, certificate }
}

pub(super) fn signed_prekeys(v: &mut Vector, who: &'static str, owner: &Member) -> SignedPrekeys {
    v.part(who);
    let id = v.input("lasting id");
    let seeds = (v.input("signed prekey seed"), v.input("last-resort KEM seed"));
    signed_by(v, who, owner, id, seeds)
}

/// Computes the signed prekeys of these secrets.
pub(super) fn signed_by(
    v: &mut Vector,
    who: &'static str,
    owner: &Member,
    id: [u8; 8],
    (signed_seed, last_resort_seed): ([u8; 32], [u8; 64]),
) -> SignedPrekeys {
    v.part(who);
    let (created, expires) = (NOW, NOW + 14 * 86_400);
    v.number("created", created);
    v.number("expires", expires);
    let signed = v.agreement_key("signed prekey", &signed_seed);
    let last_resort = v.kem_key("last-resort KEM prekey", &last_resort_seed);
    let times = [created.to_be_bytes(), expires.to_be_bytes()].concat();
    let body = [&id[..], &signed, &last_resort, &times].concat();
    v.bytes("lasting", &body);
    let parts = [&owner.core[..], &body];
    let signature =
        v.sign("lasting signature", &owner.signing_seed, labels::PREKEYS_LASTING, &parts);
    v.part("");
    SignedPrekeys { id, signed_seed, last_resort_seed, last_resort, body, signature }
}

pub(super) fn one_time(v: &mut Vector, who: &'static str, owner: &Member) -> OneTime {
    v.part(who);
    let id: [u8; 8] = v.input("one-time id");
    let seed = v.input("one-time prekey seed");
    let kem_seed = v.input("one-time KEM seed");
    let agreement = v.agreement_key("one-time prekey", &seed);
    let kem = v.kem_key("one-time KEM prekey", &kem_seed);
    let body = [&id[..], &agreement, &kem].concat();
    v.bytes("one-time", &body);
    let parts = [&owner.core[..], &body];
    let signature =
        v.sign("one-time signature", &owner.signing_seed, labels::PREKEYS_ONE_TIME, &parts);
    v.part("");
    OneTime { id, seed, kem_seed, kem, body, signature }
}

/// A device with its published keys.
pub(super) struct Published {
    pub(super) member: Member,
    pub(super) signed_prekeys: SignedPrekeys,
    pub(super) one_time: OneTime,
}

impl Published {
    pub(super) fn new(v: &mut Vector, who: &'static str) -> Self {
        let member = member(v, who);
        let signed_prekeys = signed_prekeys(v, who, &member);
        let one_time = one_time(v, who, &member);
        Self { member, signed_prekeys, one_time }
    }

    /// Encodes the bundle, with or without the one-time prekey.
    pub(super) fn bundle(&self, with_one_time: bool) -> Vec<u8> {
        let Self { member, signed_prekeys, one_time } = self;
        let head =
            [&[1, 0x10][..], &member.certificate, &signed_prekeys.body, &signed_prekeys.signature];
        let tail = [&[1][..], &one_time.body, &one_time.signature].concat();
        [head.concat(), if with_one_time { tail } else { [0].to_vec() }].concat()
    }

    /// Makes the crate's own device on the same inputs, which must publish the same.
    pub(super) fn device(&self) -> (Device, Bundle) {
        let mut device = self.member.device(&self.signed_prekeys);
        // As if replenished with this one key: the stored change of a device, written by hand.
        let OneTime { id, seed, kem_seed, .. } = &self.one_time;
        let now = NOW.to_be_bytes();
        let base = device.anchor();
        let change = [&[1, 0x10][..], &base.to_bytes(), &[2]].concat();
        let delta = [&now[..], &[2, 0, 0, 0, 1], id, seed, kem_seed, &now].concat();
        Change::from_bytes(&[change, delta].concat()).unwrap().apply(&mut device).unwrap();
        let alone = device.bundle();
        let bundle = alone.attach(self.decoded_one_time()).unwrap();
        assert_eq!(alone.encode(), self.bundle(false));
        assert_eq!(bundle.encode(), self.bundle(true));
        (device, bundle)
    }

    /// Returns the one-time prekey that the crate makes of the same secrets.
    pub(super) fn made_one_time(&self) -> OneTimePrekey {
        let OneTime { id, seed, kem_seed, .. } = &self.one_time;
        let bytes = [&id[..], seed, kem_seed, &NOW.to_be_bytes()].concat();
        let secret = Reader::all(&bytes, OneTimeSecret::read).unwrap();
        let device = self.member.device(&self.signed_prekeys);
        secret.public(&PrekeySigner::new(device.identity()))
    }

    /// Encodes the one-time prekey on its own.
    pub(super) fn one_time_alone(&self) -> Vec<u8> {
        [&[1, 0x11][..], &self.one_time.body, &self.one_time.signature].concat()
    }

    pub(super) fn decoded_one_time(&self) -> OneTimePrekey {
        OneTimePrekey::decode(&self.one_time_alone()).unwrap()
    }
}

impl Member {
    pub(super) fn account(&self) -> Account {
        let state = [&[1, 1][..], &self.account_id, &self.account_seed].concat();
        Account::from_bytes(&state).unwrap()
    }

    /// Makes the crate's own device of the same secrets, from the state that it is at first.
    pub(super) fn device(&self, signed_prekeys: &SignedPrekeys) -> Device {
        let agreement = dh::SecretKey::from_seed(Secret::copy(&self.agreement_seed));
        let signing = sign::SecretKey::from_seed(Secret::copy(&self.signing_seed));
        let account = self.account();
        let (kind, id) = (AccountKind::Member, DeviceId(self.device_id));
        let certificate =
            Certificate::sign(kind, account.id(), account.key(), id, &signing, &agreement);
        assert_eq!(certificate.encode(), self.certificate);
        let SignedPrekeys { signed_seed, last_resort_seed, body, signature, .. } = signed_prekeys;
        let parts: [&[u8]; 14] = [
            &[1, 2],
            &Anchor::start(2, &self.account_id, &self.core).to_bytes(),
            &self.signing_seed,
            &self.agreement_seed,
            &self.certificate,
            &[0, 0, 0, 1],
            signed_seed,
            last_resort_seed,
            body,
            signature,
            &[0; 4],
            &[0],
            &[0; 4],
            &[0; 4],
        ];
        Device::from_bytes(&parts.concat()).unwrap()
    }
}
