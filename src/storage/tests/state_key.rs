#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]
use super::*;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::identity::certificate::{AccountId, Certificate};
use crate::session::{Account, Device};
use crate::storage::{Journal, Stateful};

/// The place of the account key of the certificate in the state of a device.
const ACCOUNT_KEY: core::ops::Range<usize> = 131..163;

#[test]
fn a_key_altered_behind_a_seal_fails_at_its_use() {
    let mut rng = TestRng::new(1);
    let (key, owner) = (StateKey::new(1, &[9; 32]).unwrap(), b"owner");
    let account = Account::generate(AccountId([7; 32]), &mut rng);
    let device = Device::generate(&account, 1_800_000_000, &mut rng);
    let kept = device.to_bytes();
    assert_eq!(kept[ACCOUNT_KEY], device.certificate().account_key().0);
    let mut altered = kept.clone();
    // A point of small order: y = 1.
    altered[ACCOUNT_KEY].fill(0);
    altered[ACCOUNT_KEY.start] = 1;

    assert_eq!(Device::from_bytes(&altered).err(), Some(Error::Corrupt));
    let anchor = device.anchor();
    let record = key.seal_record(Device::KIND, &anchor, owner, &altered, &mut rng).unwrap();
    let opened: Device = key.open(owner, Some(&anchor), &record).unwrap();
    let (snapshot, _) = Journal::begin(&opened, &key, owner, &mut rng).unwrap();
    let records = snapshot.into_iter().filter_map(|page| page.record);
    let (read, _) = Journal::open::<Device>(&key, owner, None, records, [[]; 0]).unwrap();
    for device in [opened, read] {
        assert_eq!(device.certificate().verify(), Err(Error::WeakKey));
        let certificate = device.certificate().encode();
        assert_eq!(Certificate::decode(&certificate).err(), Some(Error::WeakKey));
        // All else is there, and so is what was altered.
        assert!(*device.to_bytes() == *altered);
    }
}

#[test]
fn what_is_opened_is_what_was_sealed() {
    let mut rng = TestRng::new(2);
    let key = StateKey::new(1, &[9; 32]).unwrap();
    let account = Account::generate(AccountId([7; 32]), &mut rng);
    let device = Device::generate(&account, 1_800_000_000, &mut rng);
    let record = key.seal(&device, b"owner", &mut rng).unwrap();
    let opened: Device = key.open(b"owner", None, &record).unwrap();
    assert!(*opened.to_bytes() == *device.to_bytes());
    assert_eq!(opened.certificate().verify(), Ok(()));
}
