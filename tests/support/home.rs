//! An account with several devices, made without linking them one by one.

use latchstring::{Account, AccountId, Certificate, Client, DeviceList, State};
use sha2::{Digest, Sha256};

use super::{NOW, TestRng, account_seed, sign};

/// An account, its devices, and the list that all of them know.
pub struct Home {
    pub account: Account,
    pub clients: Vec<Client>,
    pub list: DeviceList,
}

impl Home {
    pub fn new(name: u8, count: usize, rng: &mut TestRng) -> Self {
        let account = Account::generate(AccountId([name; 32]), rng);
        let mut clients: Vec<Client> =
            (0..count).map(|_| Client::create(&account, NOW, rng).unwrap()).collect();
        clients.sort_by_key(Client::address);
        let devices: Vec<Certificate> =
            clients.iter().map(|client| client.certificate().clone()).collect();
        let list = next_list(&account, clients[0].list(), &devices, NOW);
        let clients = clients.iter().map(|client| relisted(client, &list)).collect();
        Self { account, clients, list }
    }

    /// The account signs its next list, of those devices that `keep` names, and all of these learn
    /// it.
    pub fn relist(&mut self, keep: impl Fn(usize) -> bool, now: u64) {
        let kept = self.clients.iter().enumerate().filter(|(place, _)| keep(*place));
        let devices: Vec<_> = kept.map(|(_, client)| client.certificate().clone()).collect();
        self.list = next_list(&self.account, &self.list, &devices, now);
        for client in &mut self.clients {
            let (_, change) = client.learn(&self.list, now).unwrap();
            client.apply(change.unwrap()).unwrap();
        }
    }

    /// A new device of the account, which all learn.
    pub fn link(&mut self, now: u64, rng: &mut TestRng) -> Client {
        let client = Client::create(&self.account, now, rng).unwrap();
        let devices = self.clients.iter().chain([&client]);
        let devices: Vec<_> = devices.map(|client| client.certificate().clone()).collect();
        self.list = next_list(&self.account, &self.list, &devices, now);
        for client in &mut self.clients {
            let (_, change) = client.learn(&self.list, now).unwrap();
            client.apply(change.unwrap()).unwrap();
        }
        relisted(&client, &self.list)
    }
}

/// The list after `known`, by the page of the specification.
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
    let name = hash("hash", &[&epoch, known.hash(), &inner]);
    let signature = sign(&account_seed(account), "devices/list", &[&name]);
    let parts: [&[u8]; 8] =
        [&[1, 0x12], owner, &epoch, &content, &length, &base, &trail, &signature];
    DeviceList::decode(&parts.concat()).unwrap()
}

/// The client as if it had been linked when the list was signed.
fn relisted(client: &Client, list: &DeviceList) -> Client {
    let bytes = client.to_bytes();
    // version, kind, anchor, clock, device, then the list and since when each device is in it
    let start = 2 + 32 + 8 + super::device_of(client).to_bytes().len() - 2;
    let known = client.list();
    let end = start + known.encode().len() - 2 + 4 + 24 * known.devices().len();
    let mut since = u32::try_from(list.devices().len()).unwrap().to_be_bytes().to_vec();
    for device in list.devices() {
        since.extend(device.device().0);
        since.extend(list.epoch().to_be_bytes());
        since.extend(list.issued().to_be_bytes());
    }
    let parts: [&[u8]; 4] = [&bytes[..start], &list.encode()[2..], &since, &bytes[end..]];
    let client = Client::from_bytes(&parts.concat()).unwrap();
    assert_eq!(client.list(), list);
    client
}
