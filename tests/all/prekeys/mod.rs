//! Prekeys over time: rotation, refill, expiry, and the memory of first messages.

mod clock;
mod memory;
mod one_time;
mod published;
mod rotation;
mod served;
mod tasks;

use std::collections::HashSet;
use std::sync::OnceLock;

use latchstring::session::{
    Account, AccountId, Bundle, Device, OneTimePrekey, PrekeyId, PrekeyTasks, Served, Stock,
    Withdraw,
};
use latchstring::storage::{Change, State, StateKey};
use latchstring::{Answer, Error};
use support::{NOW, TestRng, device, refuses, restored};

const DAY: u64 = 86_400;
const BATCH: usize = 50;

/// Makes a device whose clock has seen nothing, so that it can write at any time.
fn early_initiator(rng: &mut TestRng) -> Device {
    Device::generate(&Account::generate(AccountId([9; 32]), rng), 0, rng)
}

/// Makes new signed prekeys, after those before are known to be published.
fn rotated(device: &mut Device, now: u64, rng: &mut TestRng) -> Bundle {
    publish(device, [device.bundle().id()], now);
    device.rotate(now, rng).apply()
}

/// Makes one-time prekeys that are known to be published then.
fn replenished(device: &mut Device, now: u64, rng: &mut TestRng) -> Vec<OneTimePrekey> {
    let keys = device.replenish(now, rng).apply();
    publish(device, keys.iter().map(OneTimePrekey::id), now);
    keys
}

fn publish(device: &mut Device, ids: impl IntoIterator<Item = PrekeyId>, now: u64) {
    device.note_published(ids, now).apply();
}

fn ids(keys: &[OneTimePrekey]) -> Vec<PrekeyId> {
    keys.iter().map(OneTimePrekey::id).collect()
}

/// The words of an honest server about a device whose newest bundle it has, and so many one-time prekeys.
fn served(device: &Device, count: usize) -> Served<'static> {
    Served { bundle: Some(device.bundle().id()), one_time: Stock::Count(count) }
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
