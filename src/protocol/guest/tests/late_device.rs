//! Devices that were in a guest chat.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use super::*;

use crate::primitives::secret::Secret;
use crate::primitives::sign;
use crate::protocol::identity::certificate::{AccountId, AccountKind, Certificate};

/// Makes a list of one device, and returns its id.
fn listed() -> (DeviceList, DeviceId) {
    let id = DeviceId([0xee; 8]);
    let [account, signing] =
        [1, 2].map(|byte| sign::SecretKey::from_seed(Secret::copy(&[byte; 32])));
    let agreement = dh::SecretKey::from_seed(Secret::copy(&[3; 32]));
    let kind = AccountKind::Member;
    let device = Certificate::sign(kind, AccountId([7; 32]), &account, id, &signing, &agreement);
    (DeviceList::first(&account, device, 1_800_000_000), id)
}

fn bytes(gone: &GoneDevices) -> Vec<u8> {
    let mut writer = Writer::new();
    gone.write(&mut writer);
    writer.public()
}

#[test]
fn of_too_many_devices_that_have_gone_the_oldest_unlisted_one_is_forgotten() {
    let (list, device) = listed();
    let mut gone = GoneDevices::default();
    gone.remember(device, 7, &list);
    for other in 0..40 {
        gone.remember(DeviceId([other; 8]), u64::from(other), &list);
    }
    assert_eq!(gone.0.len(), 32);
    assert_eq!(gone.begun(device), Some(7));
    for other in 0..40 {
        let begun = (other >= 9).then_some(u64::from(other));
        assert_eq!(gone.begun(DeviceId([other; 8])), begun, "{other}");
    }
    // Once more it is of its newest time, and one that is in is forgotten.
    gone.remember(device, 9, &list);
    assert_eq!((gone.0.len(), gone.begun(device)), (32, Some(9)));
    gone.forget(device);
    assert_eq!(gone.begun(device), None);
}

#[test]
fn devices_that_have_gone_are_read_as_they_were_written_each_once() {
    let (list, _) = listed();
    let mut gone = GoneDevices::default();
    for other in [3, 1, 2] {
        gone.remember(DeviceId([other; 8]), 5, &list);
    }
    let written = bytes(&gone);
    let read = Reader::all(&written, GoneDevices::read).unwrap();
    assert_eq!(bytes(&read), written);
    let twice = [&[0, 0, 0, 2][..], &written[4..20], &written[4..20]].concat();
    assert_eq!(Reader::all(&twice, GoneDevices::read).err(), Some(Error::Malformed));
    let many: Vec<u8> = (0..33_u64).flat_map(|id| [id.to_be_bytes(); 2].concat()).collect();
    let many = [&[0, 0, 0, 33], &many[..]].concat();
    assert_eq!(Reader::all(&many, GoneDevices::read).err(), Some(Error::Malformed));
}
