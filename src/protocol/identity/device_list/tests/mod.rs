//! Device lists.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

mod lists;
mod moves;
mod relations;

extern crate std;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::moved::FORMER_FOR;
use super::{DeviceList, MAX_DEVICES, MAX_LIFE, MAX_LIST, MAX_TRAIL, RENEW_AFTER, VALID_FOR, step};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::Secret;
use crate::primitives::{dh, kdf, sign};
use crate::protocol::clock::SKEW;
use crate::protocol::identity::certificate::{AccountId, AccountKind, Certificate, DeviceId};
use crate::protocol::labels;

const NOW: u64 = 1_800_000_000;
const DAY: u64 = 86_400;

/// Offsets of a list's fields.
const EPOCH: usize = 66;
const ISSUED: usize = 74;
const COUNT: usize = 90;
const MEMBERS: usize = 94;
const MEMBER: usize = 200;

/// Three renewals may fail, and no list is refused for its life when it is issued.
const _: () = assert!(4 * RENEW_AFTER < VALID_FOR && VALID_FOR < MAX_LIFE);

fn signing(byte: u8) -> sign::SecretKey {
    sign::SecretKey::from_seed(Secret::copy(&[byte; 32]))
}

fn key() -> sign::SecretKey {
    signing(0xff)
}

/// Makes a device whose id and keys follow from one number.
fn device(byte: u8) -> Certificate {
    device_of(&key(), [byte; 8], byte, byte)
}

fn device_of(account: &sign::SecretKey, id: [u8; 8], signs: u8, agrees: u8) -> Certificate {
    Certificate::sign(
        AccountKind::Member,
        AccountId([7; 32]),
        account,
        DeviceId(id),
        &signing(signs),
        &dh::SecretKey::from_seed(Secret::copy(&[agrees; 32])),
    )
}

fn first() -> DeviceList {
    DeviceList::first(&key(), device(1), NOW)
}

fn next(list: &DeviceList, devices: &[u8]) -> DeviceList {
    let devices = devices.iter().map(|byte| device(*byte)).collect();
    list.next(&key(), devices, NOW).unwrap()
}

/// Makes a list of two devices at epoch 3.
fn two() -> DeviceList {
    next(&next(&first(), &[2, 1]), &[1, 2])
}

/// Makes so many lists of one account, each signed after the one before.
fn chain(length: usize) -> Vec<DeviceList> {
    let mut lists = vec![first()];
    while lists.len() < length {
        let list = lists.last().unwrap().next(&key(), vec![device(1)], NOW).unwrap();
        lists.push(list);
    }
    lists
}

/// Encodes a list as it is, well signed, whatever it says.
fn signed(mut list: DeviceList) -> Vec<u8> {
    list.hash = step(list.epoch, &list.predecessor(), &list.inner());
    list.signature = key().sign(labels::DEVICES_LIST, &[&list.hash]);
    list.encode()
}

fn refused(alter: impl FnOnce(&mut DeviceList)) -> Option<Error> {
    let mut list = two();
    alter(&mut list);
    DeviceList::decode(&signed(list)).err()
}
