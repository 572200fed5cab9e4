//! The forgeries of dishonest accounts and devices: lists and letters by hand, from the bytes of the
//! specification.

use ed25519_dalek::SigningKey;
use latchstring::client::{Client, DeviceList, MessageId};
use latchstring::session::{Account, AccountId};
use latchstring::storage::State;
use sha2::{Digest, Sha256};

use super::pair::TestRng;
use super::town::{Mail, Town, said};
use super::{NOW, certificate, device_of, places, sign};

/// Hashes a label of the specification and what follows it with SHA-256.
pub fn labelled(label: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(format!("latchstring/v1/{label}."));
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// A device list by its fields (`spec/devices.md`).
#[derive(Clone)]
pub struct Listing {
    pub account: [u8; 32],
    pub key: [u8; 32],
    pub epoch: u64,
    pub issued: u64,
    pub expires: u64,
    pub members: Vec<[u8; 200]>,
    pub base: [u8; 32],
    pub trail: Vec<[u8; 32]>,
    pub signature: [u8; 64],
}

impl Listing {
    pub fn of(list: &DeviceList) -> Self {
        let bytes = list.encode();
        let number = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap());
        let count = |at: usize| {
            usize::try_from(u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())).unwrap()
        };
        let members = bytes[94..].chunks_exact(200).take(count(90));
        let members: Vec<[u8; 200]> = members.map(|member| member.try_into().unwrap()).collect();
        let trail = 94 + 200 * members.len();
        let inner = bytes[trail + 36..].chunks_exact(32).take(count(trail));
        Self {
            account: bytes[2..34].try_into().unwrap(),
            key: bytes[34..66].try_into().unwrap(),
            epoch: number(66),
            issued: number(74),
            expires: number(82),
            members,
            base: bytes[trail + 4..trail + 36].try_into().unwrap(),
            trail: inner.map(|inner| inner.try_into().unwrap()).collect(),
            signature: bytes[bytes.len() - 64..].try_into().unwrap(),
        }
    }

    fn content(&self) -> Vec<u8> {
        let count = u32::try_from(self.members.len()).unwrap().to_be_bytes();
        let [issued, expires] = [self.issued.to_be_bytes(), self.expires.to_be_bytes()];
        [&issued[..], &expires, &count, &self.members.concat()].concat()
    }

    fn inner(&self) -> [u8; 32] {
        labelled("devices/content", &[&self.account, &self.key, &self.content()])
    }

    pub fn hash(&self) -> [u8; 32] {
        let inner = self.inner();
        let first = self.epoch - u64::try_from(self.trail.len()).unwrap();
        let step = |(epoch, before): (u64, [u8; 32]), inner: &[u8; 32]| {
            (epoch + 1, labelled("devices/hash", &[&epoch.to_be_bytes(), &before, inner]))
        };
        self.trail.iter().chain([&inner]).fold((first, self.base), step).1
    }

    pub fn encode(&self) -> Vec<u8> {
        let trail = u32::try_from(self.trail.len()).unwrap().to_be_bytes();
        let front = [&[1, 0x12], &self.account[..], &self.key, &self.epoch.to_be_bytes()].concat();
        let past = [&trail[..], &self.base, &self.trail.concat()].concat();
        [&front[..], &self.content(), &past, &self.signature].concat()
    }

    /// Puts it under a signature of this key.
    pub fn signed(mut self, seed: &[u8; 32]) -> Self {
        self.signature = sign(seed, "devices/list", &[&self.hash()]);
        self
    }

    pub fn list(&self) -> DeviceList {
        DeviceList::decode(&self.encode()).unwrap()
    }

    /// Returns the list that would come after it, not signed yet.
    pub fn next(&self) -> Self {
        let mut next = self.clone();
        next.trail.push(self.inner());
        next.epoch += 1;
        next
    }

    /// Returns the place of a device.
    pub fn place(&self, device: [u8; 8]) -> usize {
        self.members.iter().position(|member| member[..8] == device).unwrap()
    }
}

/// Makes a device's keys and its place in a list, of seeds.
pub fn member(
    account: AccountId,
    account_seed: &[u8; 32],
    device: [u8; 8],
    signing_seed: &[u8; 32],
    agreement: &[u8; 32],
) -> [u8; 200] {
    let public = |seed| SigningKey::from_bytes(seed).verifying_key().to_bytes();
    let agreement = x25519_dalek::x25519(*agreement, x25519_dalek::X25519_BASEPOINT_BYTES);
    let key = public(account_seed);
    let keys = [&device[..], &public(signing_seed), &agreement].concat();
    let core = [&[1], &account.0[..], &key, &keys].concat();
    assert_eq!(core.len(), certificate::CORE.end);
    let by_account = sign(account_seed, "identity/account", &[&core]);
    let by_device = sign(signing_seed, "identity/device", &[&core]);
    [&keys[..], &by_account, &by_device].concat().try_into().unwrap()
}

/// Kinds of letters (`spec/fan-out.md`).
pub const MESSAGE: u8 = 1;
pub const BLOB: u8 = 2;
pub const OWN: u8 = 3;
pub const RESEND_REQUEST: u8 = 4;
pub const SEEN_REPORT: u8 = 5;
pub const COPY_REQUEST: u8 = 8;
pub const COPY: u8 = 9;

/// A letter by its fields.
#[derive(Clone)]
pub struct Words {
    pub lists: [(u64, [u8; 32]); 2],
    pub id: [u8; 16],
    pub conversation: Vec<u8>,
    pub kind: u8,
    pub content: Vec<u8>,
}

impl Words {
    /// Makes a message as an honest device writes it to an account.
    pub fn new(from: &Client, to: AccountId, id: u8, content: &[u8]) -> Self {
        let listed = |list: &DeviceList| (list.epoch(), list.hash().0);
        let to_list =
            if to == from.address().account { from.list() } else { from.list_of(to).unwrap() };
        Self {
            lists: [listed(from.list()), listed(to_list)],
            id: [id; 16],
            conversation: [&[1], &to.0[..]].concat(),
            kind: MESSAGE,
            content: said(content).encode().to_vec(),
        }
    }

    /// Says something else; a message and own content are made of bytes as in [`said`].
    pub fn content(self, kind: u8, content: &[u8]) -> Self {
        if [MESSAGE, OWN].contains(&kind) {
            return self.raw(kind, &said(content).encode());
        }
        self.raw(kind, content)
    }

    /// Says something else, whatever the bytes are.
    pub fn raw(self, kind: u8, content: &[u8]) -> Self {
        Self { kind, content: content.to_vec(), ..self }
    }

    pub fn with(self, account: AccountId) -> Self {
        Self { conversation: [&[1], &account.0[..]].concat(), ..self }
    }

    pub fn encode(&self) -> Vec<u8> {
        let lists =
            self.lists.iter().flat_map(|(epoch, hash)| [&epoch.to_be_bytes()[..], hash].concat());
        let mut bytes: Vec<u8> = lists.collect();
        bytes.push(0);
        bytes.extend(1_800_000_000_u64.to_be_bytes());
        bytes.extend(self.id);
        bytes.extend(&self.conversation);
        bytes.push(self.kind);
        bytes.extend(&self.content);
        bytes
    }
}

/// Makes the conversation of a group, as in a letter.
pub fn group(id: [u8; 32], accounts: &[AccountId]) -> Vec<u8> {
    let mut accounts = accounts.to_vec();
    accounts.sort_unstable();
    let count = u32::try_from(accounts.len()).unwrap().to_be_bytes();
    let ids: Vec<u8> = accounts.iter().flat_map(|account| account.0).collect();
    [&[2], &id[..], &labelled("letter/audience", &[&count, &ids])].concat()
}

/// Makes the client of an account's primary that has this device id, by chance or by malice: one whose state
/// was written by hand, with everything signed anew that names the id.
pub fn named(account: &Account, device: [u8; 8], rng: &mut TestRng) -> Client {
    let client = Client::create(account, NOW, rng);
    let (own, account_seed) = (device_of(&client).to_bytes(), &account.to_bytes()[34..66]);
    // version, kind, anchor, both seeds, certificate, count; of the prekey set: two secrets, prekeys, signature
    let (signing, agreement) = (&own[34..66], &own[66..98]);
    let (certificate, prekeys, signature) = (&own[98..363], &own[463..1703], &own[1703..1767]);
    let seed = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).unwrap();
    let listing = Listing::of(client.list());
    let place = member(account.id(), &seed(account_seed), device, &seed(signing), &seed(agreement));
    let core = [&certificate[..65], &place[..72]].concat();
    let named = Listing { members: vec![place], ..listing.clone() }.signed(&seed(account_seed));
    let altered: [(&[u8], &[u8]); 5] = [
        (certificate, &[&core, &place[72..]].concat()),
        (&listing.members[0], &place),
        (signature, &sign(&seed(signing), "prekeys/lasting", &[&core, prekeys])),
        (&listing.signature, &named.signature),
        (&client.address().device.0, &device),
    ];
    let mut bytes = client.to_bytes().to_vec();
    for (old, new) in altered {
        for at in places(&bytes, old) {
            bytes[at..at + old.len()].copy_from_slice(new);
        }
    }
    Client::from_bytes(&bytes).unwrap()
}

impl Town {
    /// Sends what a dishonest device says to another one, in a session of which its client knows nothing.
    pub fn whisper(
        &mut self,
        from: (usize, usize),
        to: (usize, usize),
        alter: impl FnOnce(Words) -> Words,
    ) -> Mail {
        let (sender, to) = (self.address(from.0, from.1), self.address(to.0, to.1));
        let bundle = self.server.bundle(to);
        let client = &self.people[from.0].devices[from.1];
        let words = alter(Words::new(client, to.account, 1, b"whispered"));
        let mut session = device_of(client).initiate(&bundle, self.now, &mut self.rng).unwrap();
        let message = session.encrypt(&words.encode(), &mut self.rng).unwrap();
        Mail { from: sender, to, id: MessageId(words.id), message }
    }
}
