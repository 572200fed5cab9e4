//! Settings between the devices of one account, with a server between them that may lie.

mod convergence;
mod frozen;
mod hostile;
mod keys;
mod removed;
mod snapshots;
mod stolen;
mod values;

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use latchstring::Error;
use latchstring::client::{Client, OwnObject};
use latchstring::settings::{RefusedEntry, Setting, Settings, TakenEntries};
use latchstring::storage::{Pending, State};
use sha2::{Digest, Sha256};
use support::home::Home;
use support::{NOW, TestRng, restored, sign};

/// An account whose devices all have one key.
pub struct House {
    pub home: Home,
    pub settings: Vec<Settings>,
    pub rng: TestRng,
}

impl House {
    pub fn new(seed: u64, devices: usize) -> Self {
        let mut rng = TestRng::new(seed);
        let home = Home::new(1, devices, &mut rng);
        let settings =
            home.clients.iter().map(|client| Settings::create(client, NOW, &mut rng).unwrap());
        let settings = settings.collect();
        let mut house = Self { home, settings, rng };
        house.rotate(0, NOW);
        house
    }

    pub fn client(&self, device: usize) -> &Client {
        &self.home.clients[device]
    }

    /// Lets a device make a key, and tells it to all others that the account has.
    pub fn rotate(&mut self, by: usize, now: u64) {
        let Self { home, settings, rng } = self;
        let keys = settings[by].rotate(&home.clients[by], now, rng).unwrap().apply();
        for (client, settings) in home.clients.iter().zip(settings) {
            if client.is_listed() {
                settings.take_keys(client, &keys, now).unwrap().apply();
            }
        }
    }

    /// Sets an app's setting on a device.
    pub fn set(&mut self, by: usize, name: &str, value: &str) -> Vec<u8> {
        let Self { home, settings, .. } = self;
        let values = [(app(name), Some(value.as_bytes()))];
        settings[by].set(&home.clients[by], &values, NOW).unwrap().apply()
    }

    pub fn remove(&mut self, by: usize, name: &str) -> Vec<u8> {
        let Self { home, settings, .. } = self;
        settings[by].set(&home.clients[by], &[(app(name), None)], NOW).unwrap().apply()
    }

    pub fn acknowledge(&mut self, by: usize) -> Vec<u8> {
        let Self { home, settings, .. } = self;
        settings[by].acknowledge(&home.clients[by], NOW).unwrap().apply()
    }

    pub fn take(&mut self, by: usize, entries: &[Vec<u8>]) -> TakenEntries {
        let Self { home, settings, .. } = self;
        settings[by].take(&home.clients[by], entries, NOW).unwrap().apply()
    }

    /// Gives a device one entry, which it must take.
    #[track_caller]
    pub fn takes(&mut self, by: usize, entry: &[u8]) {
        let taken = self.take(by, &[entry.to_vec()]);
        assert_eq!((taken.taken, taken.refused), (1, vec![]));
    }

    /// Gives a device one entry, which it must refuse, unchanged but for what it notes of it.
    #[track_caller]
    pub fn refuses(&mut self, by: usize, entry: &[u8]) -> RefusedEntry {
        let before = shown(&self.settings[by]);
        let mut taken = self.take(by, &[entry.to_vec()]);
        assert_eq!(taken.taken, 0);
        assert_eq!(shown(&self.settings[by]), before);
        taken.refused.remove(0)
    }

    pub fn get(&self, device: usize, name: &str) -> Option<&str> {
        let value = self.settings[device].get(&app(name));
        value.map(|value| std::str::from_utf8(value).unwrap())
    }

    pub fn heads(&self, of: usize) -> OwnObject {
        self.settings[of].tell_heads(self.client(of)).unwrap()
    }

    pub fn note(&mut self, by: usize, heads: &OwnObject, now: u64) -> Result<(), Error> {
        let Self { home, settings, .. } = self;
        settings[by].note_heads(&home.clients[by], heads, now).map(Pending::apply)
    }

    pub fn snapshot(&mut self, by: usize) -> Vec<u8> {
        let Self { home, settings, .. } = self;
        settings[by].snapshot(&home.clients[by], NOW).unwrap().apply()
    }

    /// Tells how a device refuses a snapshot, if it does; then it is as it was.
    pub fn take_snapshot(&mut self, by: usize, snapshot: &[u8]) -> Result<(), Error> {
        let Self { home, settings, .. } = self;
        let before = settings[by].to_bytes();
        let taken = settings[by].take_snapshot(&home.clients[by], snapshot, NOW);
        let result = taken.map(|taken| drop(taken.apply()));
        assert!(result.is_ok() || *settings[by].to_bytes() == *before);
        result
    }

    /// Begins with a device that was linked just now.
    pub fn link(&mut self) -> usize {
        let Self { home, settings, rng } = self;
        let client = home.link(NOW, rng);
        let keys = settings[0].share_keys().unwrap();
        let mut new = Settings::create(&client, NOW, rng).unwrap();
        new.take_keys(&client, &keys, NOW).unwrap().apply();
        home.clients.push(client);
        settings.push(new);
        home.clients.len() - 1
    }
}

pub fn app(name: &str) -> Setting {
    Setting::App(name.into())
}

/// Returns all that is set.
pub fn shown(settings: &Settings) -> Vec<(Setting, Vec<u8>)> {
    let settings = restored(settings);
    settings.iter().map(|(setting, value)| (setting, value.to_vec())).collect()
}

/// Returns the signing seed of a client, to write in its name what no client does.
pub fn seed(client: &Client) -> [u8; 32] {
    support::signing_seed(&support::device_of(client))
}

/// An entry or a snapshot made by hand, by the page of the specification: what a dishonest device of the account writes.
pub struct Forge {
    account: [u8; 32],
    key: [u8; 32],
    seed: [u8; 32],
}

impl Forge {
    /// Takes the newest key of a device, and the signing key of another.
    pub fn new(house: &House, key_of: usize, signer: usize) -> Self {
        let keys = house.settings[key_of].share_keys().unwrap();
        // version, kind, account key, count; then epoch, time and key of each
        let keys = keys.as_bytes()[38..].chunks(48);
        let newest = keys.max_by_key(|key| key[..16].to_vec()).unwrap();
        Self {
            account: house.home.list.account_key().0,
            key: newest[16..].try_into().unwrap(),
            seed: seed(house.client(signer)),
        }
    }

    /// Signs a front with this text behind it. The front is that of an entry or of a snapshot.
    pub fn seal(&self, front: &[u8], content: &[u8]) -> Vec<u8> {
        let mut text = [content, &[0x80]].concat();
        text.resize(
            (32..=1 << 21).find(|size| *size >= text.len() && is_bucket(*size)).unwrap(),
            0,
        );
        let about = [&self.account[..], front].concat();
        let salt = mac(&self.key, &labelled("settings/salt", &[&about[..], &text].concat()));
        let tag = Aes256Gcm::new(&self.text_key(&salt, &about).into())
            .encrypt_inout_detached(&[0; 12].into(), front, text.as_mut_slice().into())
            .unwrap();
        let sealed = [&salt[..], &text, &tag].concat();
        let length = u32::try_from(sealed.len()).unwrap().to_be_bytes();
        let signed = [front, &length, &sealed].concat();
        let whole = [&self.account[..], &signed].concat();
        let signature = if front[1] == 0x35 {
            let hash: [u8; 32] = Sha256::digest(labelled("settings/hash", &whole)).into();
            sign(&self.seed, "settings/entry", &[&hash])
        } else {
            sign(&self.seed, "settings/snapshot", &[&whole])
        };
        [&signed[..], &signature].concat()
    }

    /// Opens an object of which the front has this length.
    pub fn open(&self, object: &[u8], front: usize) -> Vec<u8> {
        let (front, rest) = object.split_at(front);
        let (salt, sealed) = rest[4..rest.len() - 64].split_at(32);
        let about = [&self.account[..], front].concat();
        let key = self.text_key(salt, &about).into();
        let (text, tag) = sealed.split_last_chunk::<16>().unwrap();
        let mut text = text.to_vec();
        Aes256Gcm::new(&key)
            .decrypt_inout_detached(&[0; 12].into(), front, text.as_mut_slice().into(), tag.into())
            .unwrap();
        let end = text.iter().rposition(|byte| *byte == 0x80).unwrap();
        text[..end].to_vec()
    }

    fn text_key(&self, salt: &[u8], about: &[u8]) -> [u8; 32] {
        let mut key = [0; 32];
        let info = labelled("settings/seal", about);
        Hkdf::<Sha256>::new(Some(salt), &self.key).expand(&info, &mut key).unwrap();
        key
    }
}

/// Returns the length of the front of an entry.
pub fn front_length(entry: &[u8]) -> usize {
    // version, kind, device, number, previous, clock, epoch, key id, count of heads
    let heads = u32::from_be_bytes(entry[98..102].try_into().unwrap());
    102 + 48 * heads as usize
}

/// The length of a snapshot's front.
pub const SNAPSHOT_FRONT: usize = 2 + 8 + 8 + 32;

fn is_bucket(size: usize) -> bool {
    let power = 1 << size.ilog2();
    size == power || size == power + power / 2
}

fn labelled(label: &str, rest: &[u8]) -> Vec<u8> {
    [format!("latchstring/v1/{label}.").as_bytes(), rest].concat()
}

fn mac(key: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}
