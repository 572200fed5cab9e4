//! Randomness that repeats, and pairs of devices: for tests, benches and fuzz targets.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]
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

use core::convert::Infallible;

use latchstring::client::Client;
use latchstring::rand_core::{TryCryptoRng, TryRng};
use latchstring::session::{
    Accepted, Account, AccountId, Bundle, Device, OneTimePrekey, PrekeyId, Session,
};
use latchstring::storage::State;

/// Some moment, in seconds.
pub const NOW: u64 = 1_800_000_000;

/// Randomness that repeats for the same seed (`SplitMix64`). Never for real keys.
#[derive(Clone, PartialEq, Eq)]
pub struct TestRng(u64);

impl TestRng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
}

impl TryRng for TestRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|value| (value >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(z ^ (z >> 31))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        for chunk in dst.chunks_mut(8) {
            let value = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&value[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for TestRng {}

/// Makes a new device of a new account, named by one byte.
pub fn device(name: u8, rng: &mut TestRng) -> Device {
    Device::generate(&Account::generate(AccountId([name; 32]), rng), NOW, rng)
}

/// Returns the device's bundle with a one-time prekey, as a server hands it out.
pub fn bundle_with_one_time(device: &mut Device, rng: &mut TestRng) -> Bundle {
    let mut keys = device.replenish(NOW, rng).apply();
    device.note_published(keys.iter().map(OneTimePrekey::id), NOW).apply();
    device.bundle().attach(keys.pop().unwrap()).unwrap()
}

/// Makes the only device of a new account, named by one byte.
pub fn client(name: u8, rng: &mut TestRng) -> Client {
    Client::create(&Account::generate(AccountId([name; 32]), rng), NOW, rng)
}

/// Returns the client's bundle with a one-time prekey, as a server hands it out.
pub fn bundle_of(client: &mut Client, rng: &mut TestRng) -> Bundle {
    let mut keys = client.replenish(NOW, rng).apply();
    client.note_published(keys.iter().map(OneTimePrekey::id), NOW).apply();
    client.bundle().attach(keys.pop().unwrap()).unwrap()
}

/// Two devices and a session between them that both have confirmed.
pub struct Pair {
    pub alice: Device,
    pub bob: Device,
    pub initiator: Session,
    pub responder: Session,
    pub rng: TestRng,
}

impl Pair {
    pub fn new(seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let alice = device(1, &mut rng);
        let mut bob = device(2, &mut rng);
        let bundle = bundle_with_one_time(&mut bob, &mut rng);
        let mut initiator = alice.initiate(&bundle, NOW, &mut rng).unwrap();
        let first = initiator.encrypt(b"hello", &mut rng).unwrap();
        let Accepted { session: mut responder, opened } = bob.accept(&first, NOW).unwrap().apply();
        assert_eq!(*opened.content, b"hello");
        let answer = responder.encrypt(b"welcome", &mut rng).unwrap();
        assert_eq!(*initiator.decrypt(&answer).unwrap().content, b"welcome");
        Self { alice, bob, initiator, responder, rng }
    }
}

/// Seals `count` messages of `from`, each with its number as content.
pub fn seal_many(from: &mut Session, count: u32, rng: &mut TestRng) -> Vec<Vec<u8>> {
    (0..count).map(|i| from.encrypt(&i.to_be_bytes(), rng).unwrap()).collect()
}

/// Returns the device inside a client, by its encoding: for tests of what only dishonest code does with it.
pub fn device_of(client: &Client) -> Device {
    let bytes = client.to_bytes();
    let batch = behind_keys(&bytes, one_time_prekeys_at(&bytes, device_at(&bytes)));
    let end = behind_keys(&bytes, batch);
    Device::from_bytes(&[&[1, 2], &bytes[device_at(&bytes)..end]].concat()).unwrap()
}

/// Returns the ids of a client's one-time prekeys that nobody has used.
pub fn one_time_ids_of(client: &Client) -> Vec<[u8; 8]> {
    let bytes = client.to_bytes();
    let keys = one_time_at(&bytes, device_at(&bytes));
    keys.map(|key| key[..8].try_into().unwrap()).collect()
}

/// Returns the ids of one-time prekeys as a server stores them.
pub fn ids_of(keys: &[Vec<u8>]) -> Vec<PrekeyId> {
    keys.iter().map(|key| OneTimePrekey::decode(key).unwrap().id()).collect()
}

/// Counts the one-time prekeys that a device holds, by its encoding.
pub fn one_time_prekeys(device: &Device) -> usize {
    one_time_at(&device.to_bytes(), 2).count()
}

/// Finds the device in a client's encoding: behind version, kind, anchor, clock, time of a report, seven counts, and
/// the linking if there is one.
fn device_at(bytes: &[u8]) -> usize {
    let flag = 2 + 32 + 25 + 8 + 7 * 4;
    flag + 1 + if bytes[flag] == 1 { 265 + 32 + 32 + 8 } else { 0 }
}

fn count_at(bytes: &[u8], at: usize) -> usize {
    usize::try_from(u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())).unwrap()
}

/// Returns the secrets of a device: its seeds, and those of all its prekeys (`spec/state.md`, "Device").
pub fn device_secrets(device: &Device) -> Vec<Vec<u8>> {
    let bytes = device.to_bytes();
    let mut at = 2 + 32 + 64 + 265;
    let mut secrets = vec![bytes[34..66].to_vec(), bytes[66..98].to_vec()];
    for _ in 0..count_at(&bytes, at) {
        // Behind the count of the sets, or what ends the one before.
        let set = at + 4;
        secrets.extend([bytes[set..set + 32].to_vec(), bytes[set + 32..set + 96].to_vec()]);
        at = set + 96 + 1304;
        at += 24 * count_at(&bytes, at) + 1;
    }
    for key in one_time_at(&bytes, 2) {
        secrets.extend([key[8..40].to_vec(), key[40..104].to_vec()]);
    }
    secrets
}

/// Finds the count of the one-time prekeys of the device whose anchor is at `start`.
fn one_time_prekeys_at(bytes: &[u8], start: usize) -> usize {
    // The device's anchor, two secrets and the certificate; then the signed prekeys.
    let mut at = start + 32 + 64 + 265;
    let generations = count_at(bytes, at);
    at += 4;
    for _ in 0..generations {
        at += 32 + 64 + 1240 + 64;
        at += 4 + 24 * count_at(bytes, at) + 1;
    }
    at
}

/// Returns the one-time secrets of the device whose anchor is at `start`: the published ones, then the batch.
fn one_time_at(bytes: &[u8], start: usize) -> impl Iterator<Item = &[u8]> {
    let published = one_time_prekeys_at(bytes, start);
    let batch = behind_keys(bytes, published);
    let keys = [published, batch].map(|at| bytes[at + 4..behind_keys(bytes, at)].chunks_exact(112));
    keys.into_iter().flatten()
}

fn behind_keys(bytes: &[u8], at: usize) -> usize {
    at + 4 + 112 * count_at(bytes, at)
}
