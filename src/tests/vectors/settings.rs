//! Settings of two devices: a key, three entries, heads and a snapshot, and what they come to.

use alloc::vec;
use alloc::vec::Vec;

use super::form::Vector;
use crate::error::Error;
use crate::primitives::secret::Secret;
use crate::primitives::sign;
use crate::protocol::identity::certificate::{AccountKey, DeviceId};
use crate::protocol::labels;
use crate::protocol::settings::assignment::Assignment;
use crate::protocol::settings::entry::{EntryPlace, SettingsEntry};
use crate::protocol::settings::head::{SettingsHash, SettingsHead, SettingsHeads};
use crate::protocol::settings::history::{History, Obstacle};
use crate::protocol::settings::key::{Keys, SettingsKey};
use crate::protocol::settings::map::{AssignedAt, Map, Slot};
use crate::protocol::settings::replica::Accepted;
use crate::protocol::settings::snapshot::Snapshot;

/// The epoch of every entry.
const EPOCH: u64 = 3;

pub(super) fn vectors() -> Vec<Vector> {
    vec![settings(), clock()]
}

/// A device by its id and the seed of its signing key.
struct Device {
    id: [u8; 8],
    seed: [u8; 32],
}

impl Device {
    fn new(v: &mut Vector, name: &'static str) -> Self {
        v.part(name);
        let device = Self { id: v.input("device id"), seed: v.input("signing seed") };
        v.signing_key("signing key", &device.seed);
        v.part("");
        device
    }

    fn secret(&self) -> sign::SecretKey {
        sign::SecretKey::from_seed(Secret::copy(&self.seed))
    }
}

/// An account with one key of settings.
struct House {
    account: [u8; 32],
    key: [u8; 32],
    key_id: [u8; 32],
    made: u64,
}

impl House {
    fn new(v: &mut Vector) -> Self {
        let (account, agreement) = (v.input("account key"), v.input::<32>("agreement seed"));
        let (device, anchor) = (v.input::<8>("maker device id"), v.input::<32>("anchor"));
        let made = super::NOW;
        v.number("key epoch", EPOCH);
        v.number("made at", made);
        let about =
            [&account[..], &device, &EPOCH.to_be_bytes(), &made.to_be_bytes(), &anchor].concat();
        let (_, key) = v.hedged(("key", "key"), &agreement, &[labels::SETTINGS_KEY, &about]);
        let times = [EPOCH.to_be_bytes(), made.to_be_bytes()].concat();
        let key_id = v.hash("key id", &[labels::SETTINGS_KEY_ID, &account, &times, &key]);
        Self { account, key, key_id, made }
    }

    fn account(&self) -> AccountKey {
        AccountKey(self.account)
    }

    fn key(&self) -> SettingsKey {
        SettingsKey::new(self.account(), EPOCH, self.made, Secret::copy(&self.key))
    }

    /// Seals a text behind its front.
    fn seal(&self, v: &mut Vector, front: &[u8], content: &[u8]) -> Vec<u8> {
        v.bytes("content", content);
        let least = (content.len() + 1).max(32);
        let power = 1 << (least - 1).ilog2();
        let length = if least <= power + power / 2 { power + power / 2 } else { 2 * power };
        let mut text = [content, &[0x80]].concat();
        text.resize(if least == 32 { 32 } else { length }, 0);
        v.bytes("text", &text);
        let salt = v.mac("salt", &self.key, &[labels::SETTINGS_SALT, &self.account, front, &text]);
        let prk = v.extract("prk", &salt, &[&self.key]);
        let k = v.expand::<32>("k", &prk, &[labels::SETTINGS_SEAL, &self.account, front]);
        let sealed = v.seal("sealed text", &k, front, &text);
        [&salt[..], &sealed].concat()
    }
}

/// The place of an entry, and its assignments.
struct Said<'a> {
    number: u64,
    previous: [u8; 32],
    clock: u64,
    heads: &'a [SettingsHead],
    values: &'a [(&'a [u8], Option<&'a [u8]>)],
}

/// Makes an entry by the formulas, and compares it with the crate's.
fn entry(
    v: &mut Vector,
    house: &House,
    name: &'static str,
    device: &Device,
    said: &Said<'_>,
) -> SettingsEntry {
    v.part(name);
    v.number("number", said.number);
    v.bytes("clock", &said.clock.to_be_bytes());
    v.number("epoch", EPOCH);
    let heads = said
        .heads
        .iter()
        .flat_map(|head| [&head.device.0[..], &head.number.to_be_bytes(), &head.hash.0].concat());
    let heads: Vec<u8> = heads.collect();
    v.bytes("heads", &heads);
    let count = u32::try_from(said.heads.len()).unwrap().to_be_bytes();
    let front = [
        &[1, 0x35][..],
        &device.id,
        &said.number.to_be_bytes(),
        &said.previous,
        &said.clock.to_be_bytes(),
        &EPOCH.to_be_bytes(),
        &house.key_id,
        &count,
        &heads,
    ]
    .concat();
    v.bytes("front", &front);
    let sealed = house.seal(v, &front, &content(said.values));
    let signed = [&front[..], &length(&sealed), &sealed].concat();
    let hash = v.hash("hash", &[labels::SETTINGS_HASH, &house.account, &signed]);
    let signature = v.sign("signature", &device.seed, labels::SETTINGS_ENTRY, &[&hash]);
    let bytes = [&signed[..], &signature].concat();
    v.bytes("entry", &bytes);
    v.part("");

    let place = EntryPlace {
        device: DeviceId(device.id),
        number: said.number,
        previous: SettingsHash(said.previous),
        clock: said.clock,
        epoch: EPOCH,
        key: house.key().id(),
        heads: said.heads.to_vec(),
    };
    let assignments = assignments(said.values);
    let (key, signing) = (house.key(), device.secret());
    let real = SettingsEntry::seal(house.account(), place, &assignments, &key, &signing).unwrap();
    assert_eq!(real.encode(), bytes);
    let read = SettingsEntry::decode(house.account(), &bytes).unwrap();
    assert_eq!((read.hash.0, read.verify(&signing.public())), (hash, Ok(())));
    read
}

fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap().to_be_bytes()
}

fn content(values: &[(&[u8], Option<&[u8]>)]) -> Vec<u8> {
    let count = u32::try_from(values.len()).unwrap().to_be_bytes().to_vec();
    values.iter().fold(count, |content, (name, value)| {
        let value = value.map_or(vec![0], |value| [&[1], &length(value)[..], value].concat());
        [&content[..], &length(name), name, &value].concat()
    })
}

fn assignments(values: &[(&[u8], Option<&[u8]>)]) -> Vec<Assignment> {
    let one = |(name, value): &(&[u8], Option<&[u8]>)| Assignment {
        name: name.to_vec(),
        value: value.map(|value| value.to_vec().into()),
    };
    values.iter().map(one).collect()
}

fn settings() -> Vector {
    let mut v = Vector::new(
        "settings",
        "settings",
        "two devices that set one thing unknown to each other, then one that has seen both; heads and a snapshot",
    );
    let house = House::new(&mut v);
    let [phone, laptop] = ["phone", "laptop"].map(|name| Device::new(&mut v, name));
    let blocked = [&[1][..], &v.input::<32>("blocked account id")].concat();
    let values: [(&[u8], _); 3] =
        [(&blocked, Some(&b""[..])), (b"\x05font", Some(b"big")), (b"\x05theme", Some(b"dark"))];
    let said = Said { number: 1, previous: [0; 32], clock: 1, heads: &[], values: &values };
    let first = entry(&mut v, &house, "first", &phone, &said);
    let values: [(&[u8], _); 1] = [(b"\x05theme", Some(&b"light"[..]))];
    let said = Said { number: 1, previous: [0; 32], clock: 1, heads: &[], values: &values };
    let second = entry(&mut v, &house, "second", &laptop, &said);
    let heads = [second.head()];
    let values: [(&[u8], _); 1] = [(b"\x05font", None)];
    let previous = first.hash.0;
    let said = Said { number: 2, previous, clock: 2, heads: &heads, values: &values };
    let third = entry(&mut v, &house, "third", &phone, &said);

    // The order in which they come says nothing.
    let (mut history, mut map) = (History::default(), Map::default());
    let mut turns = 0;
    for entry in [second, first, third] {
        assert!(history.check(&entry).is_ok());
        let assignments = entry.open(house.account(), &house.key()).unwrap();
        let accepted = Accepted::new(entry, assignments);
        let stamp = AssignedAt {
            clock: accepted.clock,
            device: accepted.head.device,
            number: accepted.head.number,
        };
        history.add(accepted.head, (accepted.clock, accepted.epoch), &accepted.heads);
        for Assignment { name, value } in accepted.assignments {
            turns += usize::from(map.put(&name, Slot { stamp, value }).is_some());
        }
    }
    assert_eq!(turns, 2);
    let theme = map.get(b"\x05theme").unwrap().value.clone().unwrap();
    v.bytes("theme", &theme);
    tell(&mut v, &house, &phone, &history);
    snapshot(&mut v, &house, &phone, (&history, &map));
    v
}

/// Tells keys and heads.
fn tell(v: &mut Vector, house: &House, device: &Device, history: &History) {
    let key = [&EPOCH.to_be_bytes()[..], &house.made.to_be_bytes(), &house.key].concat();
    let keys = [&[1, 0x37][..], &house.account, &[0, 0, 0, 1], &key].concat();
    v.bytes("keys", &keys);
    let mut real = Keys::default();
    real.add(house.key(), house.made);
    assert_eq!(*real.encode(house.account()).unwrap(), keys);
    let all: Vec<_> = history.heads().collect();
    let heads: Vec<u8> = all
        .iter()
        .flat_map(|head| [&head.device.0[..], &head.number.to_be_bytes(), &head.hash.0].concat())
        .collect();
    let body = [&[1, 0x38][..], &house.account, &device.id, &[0, 0, 0, 2], &heads].concat();
    let signature = v.sign("heads signature", &device.seed, labels::SETTINGS_HEADS, &[&body]);
    let told = [&body[..], &signature].concat();
    v.bytes("told heads", &told);
    let real = SettingsHeads::sign(house.account(), DeviceId(device.id), &all, &device.secret());
    assert_eq!(real, told);
}

/// Makes a snapshot of what is there.
fn snapshot(v: &mut Vector, house: &House, device: &Device, (history, map): (&History, &Map)) {
    v.part("snapshot");
    let since = 2_u64;
    v.number("since epoch", since);
    v.number("epoch", EPOCH);
    let chains = history.chains().iter().map(|(id, chain)| {
        let first = chain.first()..=chain.last();
        let marks = first.flat_map(|number| {
            let mark = chain.mark(number).unwrap();
            [&mark.hash.0[..], &mark.clock.to_be_bytes()].concat()
        });
        let marks: Vec<u8> = marks.collect();
        let seen = chain.all_seen().flat_map(|(of, last)| [of.0, last.to_be_bytes()].concat());
        let seen: Vec<u8> = seen.collect();
        let counts = [marks.len() / 40, seen.len() / 16]
            .map(|count| u32::try_from(count).unwrap().to_be_bytes());
        let front = [id.0, chain.last().to_be_bytes(), chain.epoch().to_be_bytes()].concat();
        [&front[..], &counts[0], &marks, &counts[1], &seen].concat()
    });
    let chains = chains.collect::<Vec<_>>().concat();
    v.bytes("chains", &chains);
    let slots = map.slots().map(|(name, slot)| {
        let AssignedAt { clock, device, number } = slot.stamp;
        let stamp = [clock.to_be_bytes(), device.0, number.to_be_bytes()].concat();
        let value = slot.value.as_ref();
        let value = value.map_or(vec![0], |value| [&[1], &length(value)[..], value].concat());
        [&length(name)[..], name, &stamp, &value].concat()
    });
    let slots = slots.collect::<Vec<_>>().concat();
    v.bytes("slots", &slots);
    let text = [&since.to_be_bytes()[..], &[0, 0, 0, 2], &chains, &[0, 0, 0, 3], &slots].concat();
    let front = [&[1, 0x36][..], &device.id, &EPOCH.to_be_bytes(), &house.key_id].concat();
    let sealed = house.seal(v, &front, &text);
    let body = [&front[..], &length(&sealed), &sealed].concat();
    let signature =
        v.sign("signature", &device.seed, labels::SETTINGS_SNAPSHOT, &[&house.account, &body]);
    let bytes = [&body[..], &signature].concat();
    v.bytes("object", &bytes);
    v.part("");
    let (key, signing) = (house.key(), device.secret());
    let by = (DeviceId(device.id), EPOCH, since);
    let real = Snapshot::seal(house.account(), by, (history, map), &key, &signing).unwrap();
    assert_eq!(real, bytes);
    let read = Snapshot::decode(&bytes).unwrap();
    assert_eq!(read.verify(house.account(), &signing.public()), Ok(()));
    assert_eq!(read.open(house.account(), &key).unwrap().since, since);
}

fn clock() -> Vector {
    let mut v = Vector::new(
        "refused-settings-clock",
        "settings",
        "a first entry that says that it comes after a clock of 8",
    );
    let house = House::new(&mut v);
    let phone = Device::new(&mut v, "phone");
    let values: [(&[u8], _); 1] = [(b"\x05theme", Some(&b"dark"[..]))];
    let said = Said { number: 1, previous: [0; 32], clock: 9, heads: &[], values: &values };
    let entry = entry(&mut v, &house, "first", &phone, &said);
    let Err(Obstacle::Refused(error)) = History::default().check(&entry) else { panic!() };
    assert_eq!(error, Error::Inconsistent);
    v.refused(Some(error))
}
