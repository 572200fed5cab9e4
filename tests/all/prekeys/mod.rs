//! Prekeys over time: rotation, refill, expiry, and the memory of first messages.

mod clock;
mod memory;
mod one_time;
mod rotation;
mod tasks;

use std::collections::HashSet;
use std::sync::OnceLock;

use latchstring::session::{Account, AccountId, Bundle, Device, OneTimePrekey, PrekeyTasks};
use latchstring::storage::{Change, State, StateKey};
use latchstring::{Answer, Error};
use support::{NOW, TestRng, device, refuses, restored};

const DAY: u64 = 86_400;
const BATCH: usize = 50;

/// Makes a device whose clock has seen nothing, so that it can write at any time.
fn early_initiator(rng: &mut TestRng) -> Device {
    Device::generate(&Account::generate(AccountId([9; 32]), rng), 0, rng)
}

fn rotated(device: &mut Device, now: u64, rng: &mut TestRng) -> Bundle {
    device.rotate(now, rng).apply()
}

fn replenished(device: &mut Device, now: u64, rng: &mut TestRng) -> Vec<OneTimePrekey> {
    device.replenish(now, rng).apply()
}

fn expired(device: &mut Device, now: u64) {
    device.expire(now).apply();
}

fn first_message(initiator: &Device, bundle: &Bundle, now: u64, rng: &mut TestRng) -> Vec<u8> {
    initiator.initiate(bundle, now, rng).unwrap().encrypt(b"hello", rng).unwrap()
}

fn id_of(key: &OneTimePrekey) -> u64 {
    u64::from_be_bytes(key.encode()[2..10].try_into().unwrap())
}
