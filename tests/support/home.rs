//! An account with several devices, and lists that it signs whatever they say.

use latchstring::client::{Client, DeviceList};
use latchstring::session::{Account, AccountId, Certificate};
use sha2::{Digest, Sha256};

use super::{NOW, TestRng, account_seed, linking, sign};

/// An account, its devices, and the list that all of them know.
pub struct Home {
    pub account: Account,
    pub clients: Vec<Client>,
    pub list: DeviceList,
}

impl Home {
    pub fn new(name: u8, count: usize, rng: &mut TestRng) -> Self {
        let account = Account::generate(AccountId([name; 32]), rng);
        let primary = Client::create(&account, NOW, rng);
        let list = primary.list().clone();
        let mut home = Self { account, clients: vec![primary], list };
        for _ in 1..count {
            let companion = home.link(NOW, rng);
            home.clients.push(companion);
        }
        home
    }

    /// Signs the account's next list, of those devices that `keep` names, and lets all of these learn it.
    pub fn relist(&mut self, keep: impl Fn(usize) -> bool, now: u64) {
        let kept = self.clients.iter().enumerate().filter(|(place, _)| keep(*place));
        let devices: Vec<_> = kept.map(|(_, client)| client.certificate().clone()).collect();
        self.list = next_list(&self.account, &self.list, &devices, now);
        self.learn(now);
    }

    /// Links a new device of the account, which all learn.
    pub fn link(&mut self, now: u64, rng: &mut TestRng) -> Client {
        let companion = linking::companion(&mut self.clients[0], &self.account, now, rng);
        self.list = companion.list().clone();
        self.learn(now);
        companion
    }

    fn learn(&mut self, now: u64) {
        for client in &mut self.clients {
            client.learn(&self.list, now).unwrap().apply();
        }
    }
}

/// Makes the list after `known`, by the page of the specification.
pub fn next_list(
    account: &Account,
    known: &DeviceList,
    devices: &[Certificate],
    now: u64,
) -> DeviceList {
    let hash = |label: &str, parts: &[&[u8]]| -> [u8; 32] {
        let front = format!("latchstring/v1/devices/{label}.");
        Sha256::new().chain_update(front).chain_update(parts.concat()).finalize().into()
    };
    let bytes = known.encode();
    let (owner, epoch) = (&bytes[2..66], known.epoch() + 1);
    let content = 74..74 + 20 + 200 * known.devices().len();
    let inner = hash("content", &[owner, &bytes[content.clone()]]);
    // Behind the content: count and base of the trail, its hashes, the signature.
    let mut base = bytes[content.end + 4..content.end + 36].to_vec();
    let mut trail = [&bytes[content.end + 36..bytes.len() - 64], &inner].concat();
    if trail.len() > 64 * 32 {
        let first = (epoch - 65).to_be_bytes();
        base = hash("hash", &[&first, &base, &trail[..32]]).to_vec();
        trail.drain(..32);
    }
    let length = u32::try_from(trail.len() / 32).unwrap().to_be_bytes();
    let mut members: Vec<Vec<u8>> =
        devices.iter().map(|device| device.encode()[65..].to_vec()).collect();
    members.sort();
    let count = u32::try_from(members.len()).unwrap().to_be_bytes();
    let times = [now.to_be_bytes(), (now + 30 * 86_400).to_be_bytes()].concat();
    let content = [&times[..], &count, &members.concat()].concat();
    let inner = hash("content", &[owner, &content]);
    let epoch = epoch.to_be_bytes();
    let name = hash("hash", &[&epoch, &known.hash().0, &inner]);
    let signature = sign(&account_seed(account), "devices/list", &[&name]);
    let parts: [&[u8]; 8] =
        [&[1, 0x12], owner, &epoch, &content, &length, &base, &trail, &signature];
    DeviceList::decode(&parts.concat()).unwrap()
}
