//! An account with a primary and a companion, by the formulas.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::form::Vector;
use crate::primitives::secret::Secret;
use crate::primitives::{dh, sign};
use crate::protocol::identity::certificate::{
    AccountId, AccountKind, Certificate, DeviceId, Identity,
};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::labels;
use crate::session::Account;
use crate::storage::State;

const DAY: u64 = 86_400;

/// An account and two devices: the seeds of their keys, and their parts of a list.
pub(super) struct Household {
    pub(super) account_id: [u8; 32],
    pub(super) account_seed: [u8; 32],
    pub(super) account_key: [u8; 32],
    pub(super) primary: HouseholdDevice,
    pub(super) companion: HouseholdDevice,
}

/// A device of the household: the seeds of its keys, and its certificate.
pub(super) struct HouseholdDevice {
    pub(super) id: [u8; 8],
    pub(super) signing_seed: [u8; 32],
    pub(super) agreement_seed: [u8; 32],
    pub(super) core: Vec<u8>,
    /// The bytes of the device in a list of its account.
    pub(super) own: Vec<u8>,
}

impl Household {
    pub(super) fn new(v: &mut Vector) -> Self {
        v.part("");
        let account_id = v.input("account id");
        let account_seed = v.input("account seed");
        let account_key = v.signing_key("account key", &account_seed);
        let mut member = |who| {
            v.part(who);
            let id: [u8; 8] = v.input("device id");
            let signing_seed = v.input("signing seed");
            let agreement_seed = v.input("agreement seed");
            let signing = v.signing_key("signing key", &signing_seed);
            let agreement = v.agreement_key("agreement key", &agreement_seed);
            let core = [&[1][..], &account_id, &account_key, &id, &signing, &agreement].concat();
            v.bytes("core", &core);
            let account =
                v.sign("account signature", &account_seed, labels::IDENTITY_ACCOUNT, &[&core]);
            let device =
                v.sign("device signature", &signing_seed, labels::IDENTITY_DEVICE, &[&core]);
            let own = [&id[..], &signing, &agreement, &account, &device].concat();
            v.bytes("member", &own);
            HouseholdDevice { id, signing_seed, agreement_seed, core, own }
        };
        let (primary, companion) = (member("primary"), member("companion"));
        v.part("");
        Self { account_id, account_seed, account_key, primary, companion }
    }

    /// Lists the members' parts, in order.
    pub(super) fn members(&self) -> Vec<&[u8]> {
        let mut members = vec![&self.primary, &self.companion];
        members.sort_by_key(|member| member.id);
        members.into_iter().map(|member| &member.own[..]).collect()
    }

    pub(super) fn key(&self) -> Account {
        let state = [&[1, 1][..], &self.account_id, &self.account_seed].concat();
        Account::from_bytes(&state).unwrap()
    }

    /// Makes the crate's own certificate of a member.
    pub(super) fn certificate(&self, member: &HouseholdDevice) -> Certificate {
        self.identity(member).certificate
    }

    /// Makes a member's secret identity.
    pub(super) fn identity(&self, member: &HouseholdDevice) -> Identity {
        let signing = sign::SecretKey::from_seed(Secret::copy(&member.signing_seed));
        let agreement = dh::SecretKey::from_seed(Secret::copy(&member.agreement_seed));
        let certificate = Certificate::sign(
            AccountKind::Member,
            AccountId(self.account_id),
            self.key().key(),
            DeviceId(member.id),
            &signing,
            &agreement,
        );
        Identity { signing, agreement, certificate }
    }

    /// Makes the first list, of the primary alone; or of a device that is neither of the two.
    pub(super) fn current(&self, of_another: bool) -> DeviceList {
        let another = HouseholdDevice {
            id: [0x31; 8],
            signing_seed: [0x32; 32],
            agreement_seed: [0x33; 32],
            core: vec![],
            own: vec![],
        };
        let device = if of_another { &another } else { &self.primary };
        DeviceList::first(self.key().key(), self.certificate(device), NOW)
    }

    pub(super) fn both(&self) -> Vec<Certificate> {
        [&self.companion, &self.primary].map(|member| self.certificate(member)).to_vec()
    }

    /// Makes the crate's own lists: the primary alone, both, and the primary alone again.
    pub(super) fn lists(&self) -> [DeviceList; 3] {
        let account = self.key();
        let alone = self.certificate(&self.primary);
        let first = DeviceList::first(account.key(), alone.clone(), NOW);
        let second = first.next(account.key(), self.both(), NOW + DAY).unwrap();
        let third = second.next(account.key(), vec![alone], NOW + 2 * DAY).unwrap();
        [first, second, third]
    }
}

impl HouseholdDevice {
    /// Returns the account's signature over this device.
    pub(super) fn account_signature(&self) -> &[u8] {
        &self.own[72..136]
    }
}
