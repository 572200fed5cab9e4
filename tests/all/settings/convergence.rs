//! Random histories of devices that come and go, against a model that knows all that each device has seen.
//!
//! The model gives each entry the clock after all that its device had taken, and of two assignments takes the one with
//! the greater clock and device id, as `spec/settings.md` says. It knows of no chains, heads, keys or snapshots.

use std::collections::{BTreeMap, BTreeSet};

use latchstring::Error;
use latchstring::client::OwnObject;
use latchstring::session::DeviceId;
use latchstring::settings::{SettingsHead, TakenEntries};
use proptest::prelude::*;
use support::NOW;
use support::home::next_list;

use super::{House, app, shown};

const DAY: u64 = 86_400;
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
const MOST: usize = 6;

#[derive(Clone, Copy, Debug)]
enum Act {
    /// Sets a name, or removes it.
    Set(usize, usize, Option<u8>),
    /// Sets two names at once.
    SetTwo(usize, u8),
    /// Takes some entries of the log, in some order, some of them twice.
    Take(usize, u64),
    Acknowledge(usize),
    /// Tells another device the heads.
    TellHeads(usize, usize),
    /// Learns the newest list of the account.
    Learn(usize),
    Link,
    Leave(usize),
    /// Makes a snapshot, for which the server deletes what it covers.
    Compact(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let device = 0..MOST;
    prop_oneof![
        8 => (device.clone(), 0..NAMES.len(), proptest::option::weighted(0.7, any::<u8>()))
            .prop_map(|(device, name, value)| Act::Set(device, name, value)),
        2 => (device.clone(), any::<u8>()).prop_map(|(device, value)| Act::SetTwo(device, value)),
        10 => (device.clone(), any::<u64>()).prop_map(|(device, seed)| Act::Take(device, seed)),
        2 => device.clone().prop_map(Act::Acknowledge),
        2 => (device.clone(), device.clone()).prop_map(|(one, other)| Act::TellHeads(one, other)),
        2 => device.clone().prop_map(Act::Learn),
        1 => Just(Act::Link),
        1 => (1..MOST).prop_map(Act::Leave),
        2 => device.prop_map(Act::Compact),
    ]
}

/// An entry as the model knows it.
struct Written {
    clock: u64,
    values: Vec<(usize, Option<Vec<u8>>)>,
    bytes: Vec<u8>,
}

type Place = (DeviceId, u64);

/// The account's devices, what each has seen, and the server.
struct World {
    house: House,
    /// The seconds by which each device's clock is ahead.
    skews: Vec<u64>,
    seen: Vec<BTreeSet<Place>>,
    keys: Vec<OwnObject>,
    written: BTreeMap<Place, Written>,
    /// The entries that the server has not deleted.
    log: Vec<Place>,
    snapshots: Vec<Stored>,
}

/// A snapshot, with the heads that it covers, its maker, and what that had seen.
struct Stored {
    bytes: Vec<u8>,
    heads: Vec<SettingsHead>,
    by: usize,
    seen: BTreeSet<Place>,
}

impl World {
    fn new(seed: u64, devices: usize) -> Self {
        let house = House::new(seed, devices);
        let skew = |place: usize| [0, 3, 25, 1, 40, 11][place] * DAY;
        Self {
            house,
            skews: (0..MOST).map(skew).collect(),
            seen: vec![BTreeSet::new(); devices],
            keys: Vec::new(),
            written: BTreeMap::new(),
            log: Vec::new(),
            snapshots: Vec::new(),
        }
    }

    fn now(&self, device: usize) -> u64 {
        NOW + self.skews[device]
    }

    fn is_listed(&self, device: usize) -> bool {
        let id = self.house.client(device).certificate().device();
        self.house.home.list.device(id).is_some()
    }

    /// Lists the devices that have not learnt that they have left.
    fn can(&self, device: usize) -> bool {
        device < self.seen.len() && self.house.client(device).is_listed()
    }

    fn write(&mut self, device: usize, values: Vec<(usize, Option<Vec<u8>>)>) {
        let now = self.now(device);
        let House { home, settings, .. } = &mut self.house;
        let named: Vec<_> =
            values.iter().map(|(name, value)| (app(NAMES[*name]), value.as_deref())).collect();
        let entry = match settings[device].set(&home.clients[device], &named, now) {
            Ok(entry) => entry.apply(),
            Err(Error::StaleKey) => {
                self.rotate(device);
                return self.write(device, values);
            }
            Err(error) => panic!("{error:?}"),
        };
        let head = self.house.settings[device].head_of(&entry).unwrap();
        let place = (head.device, head.number);
        let clock =
            1 + self.seen[device].iter().map(|seen| self.written[seen].clock).max().unwrap_or(0);
        self.written.insert(place, Written { clock, values, bytes: entry });
        self.seen[device].insert(place);
        self.log.push(place);
    }

    fn rotate(&mut self, device: usize) {
        let now = self.now(device);
        let House { home, settings, rng } = &mut self.house;
        let keys = settings[device].rotate(&home.clients[device], now, rng).unwrap().apply();
        self.keys.push(keys);
    }

    /// Takes the keys that were told. Those of a list that the device does not know wait.
    fn take_keys(&mut self, device: usize) {
        let now = self.now(device);
        let House { home, settings, .. } = &mut self.house;
        for keys in &self.keys {
            match settings[device].take_keys(&home.clients[device], keys, now) {
                Ok(taken) => drop(taken.apply()),
                Err(error) => assert_eq!(error, Error::ListUnconfirmed),
            }
        }
    }

    fn take(&mut self, device: usize, places: &[Place]) -> TakenEntries {
        self.take_keys(device);
        let now = self.now(device);
        let entries: Vec<_> = places.iter().map(|place| &self.written[place].bytes).collect();
        let House { home, settings, .. } = &mut self.house;
        let taken = settings[device].take(&home.clients[device], &entries, now).unwrap().apply();
        let refused: BTreeSet<usize> = taken.refused.iter().map(|one| one.index).collect();
        for refused in &taken.refused {
            let expected =
                [Error::Duplicate, Error::EntryMissing, Error::Unlisted, Error::ListUnconfirmed];
            assert!(expected.contains(&refused.error), "{refused:?}");
        }
        let new = (0..places.len()).filter(|index| !refused.contains(index));
        self.seen[device].extend(new.map(|index| places[index]));
        taken
    }

    fn take_some(&mut self, device: usize, seed: u64) {
        let mut state = seed | 1;
        let mut draw = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 40).unwrap()
        };
        let mut places = Vec::new();
        for place in &self.log {
            if draw() % 4 != 0 {
                places.insert(draw() % (places.len() + 1), *place);
            }
            if draw() % 8 == 0 {
                places.push(*place);
            }
        }
        self.take(device, &places);
    }

    fn take_snapshots(&mut self, device: usize) {
        let now = self.now(device);
        let House { home, settings, .. } = &mut self.house;
        for Stored { bytes, by, seen, .. } in &self.snapshots {
            let maker = home.clients[*by].certificate().device();
            match settings[device].take_snapshot(&home.clients[device], bytes, now) {
                Ok(taken) => {
                    taken.apply();
                    self.seen[device].extend(seen);
                }
                Err(Error::ListRollback | Error::EntryMissing | Error::ListUnconfirmed) => {}
                Err(error) => {
                    let is_listed = home.clients[device].list().device(maker).is_some();
                    assert!(error == Error::Unlisted && !is_listed, "{error:?}");
                }
            }
        }
    }

    fn compact(&mut self, device: usize) {
        let now = self.now(device);
        let House { home, settings, .. } = &mut self.house;
        let settings = &mut settings[device];
        let heads: Vec<_> = settings.heads().collect();
        let bytes = match settings.snapshot(&home.clients[device], now) {
            Ok(snapshot) => snapshot.apply(),
            Err(error) => {
                assert_eq!(error, Error::StaleKey);
                self.rotate(device);
                return self.compact(device);
            }
        };
        let last = |of: &DeviceId| {
            heads.iter().find(|head| head.device == *of).map_or(0, |head| head.number)
        };
        self.log.retain(|(device, number)| *number > last(device));
        self.snapshots.retain(|stored| !settings.covers(&stored.heads));
        let seen = self.seen[device].clone();
        self.snapshots.push(Stored { bytes, heads, by: device, seen });
    }

    fn learn(&mut self, device: usize) {
        let now = self.now(device);
        let home = &mut self.house.home;
        home.clients[device].learn(&home.list, now).unwrap().apply();
    }

    fn leave(&mut self, device: usize) {
        if !self.can(device) || !self.is_listed(device) {
            return;
        }
        if self.snapshots.iter().any(|stored| stored.by == device) {
            // Nobody takes its snapshots any more.
            self.catch_up(0);
            self.compact(0);
            assert!(self.snapshots.iter().all(|stored| stored.by != device));
        }
        let home = &mut self.house.home;
        let left = home.clients[device].certificate().device();
        let devices = home.list.devices().iter().filter(|listed| listed.device() != left);
        let devices: Vec<_> = devices.cloned().collect();
        home.list = next_list(&home.account, &home.list, &devices, NOW);
        self.learn(0);
    }

    fn link(&mut self) {
        if self.seen.len() == MOST {
            return;
        }
        for device in 0..self.seen.len() {
            self.learn(device);
        }
        let new = self.house.link();
        self.seen.push(BTreeSet::new());
        self.take_keys(new);
        let heads = self.house.heads(0);
        self.house.note(new, &heads, NOW).unwrap();
        self.catch_up(new);
    }

    /// Takes the snapshot and all that is in the log, until nothing more comes.
    fn catch_up(&mut self, device: usize) {
        loop {
            let before = self.seen[device].len();
            self.take(device, &self.log.clone());
            self.take_snapshots(device);
            if self.seen[device].len() == before {
                return;
            }
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Set(device, name, value) if self.can(device) && self.is_caught_up(device) => {
                self.write(device, vec![(name, value.map(|value| vec![value]))]);
            }
            Act::SetTwo(device, value) if self.can(device) && self.is_caught_up(device) => {
                self.write(device, vec![(0, Some(vec![value])), (3, Some(vec![value, 1]))]);
            }
            Act::Acknowledge(device) if self.can(device) && self.is_caught_up(device) => {
                self.write(device, vec![]);
            }
            Act::Take(device, seed) if self.can(device) => self.take_some(device, seed),
            Act::TellHeads(by, to) if self.can(by) && self.can(to) && by != to => {
                let (heads, now) = (self.house.heads(by), self.now(to));
                let result = self.house.note(to, &heads, now);
                assert!(result.is_ok() || result == Err(Error::Unlisted), "{result:?}");
            }
            Act::Learn(device) if self.can(device) => self.learn(device),
            Act::Link => self.link(),
            Act::Leave(device) => self.leave(device),
            Act::Compact(device) if self.can(device) && self.is_listed(device) => {
                self.compact(device);
            }
            _ => {}
        }
    }

    /// Tells whether a device may write: one that has just begun takes first what it was told of.
    fn is_caught_up(&self, device: usize) -> bool {
        let settings = &self.house.settings[device];
        let id = self.house.client(device).certificate().device();
        settings.heads().any(|head| head.device == id) || settings.withheld().next().is_none()
    }

    /// Lets everything arrive everywhere.
    fn settle(&mut self) {
        let devices: Vec<_> =
            (0..self.seen.len()).filter(|device| self.is_listed(*device)).collect();
        for device in &devices {
            self.learn(*device);
            self.keys.extend(self.house.settings[*device].share_keys());
        }
        for _round in 0..12 {
            for device in &devices {
                self.catch_up(*device);
            }
            if devices.iter().all(|device| self.seen[*device] == self.seen[devices[0]]) {
                return;
            }
            // Who waits for what was deleted needs a snapshot that has its own entries.
            for device in &devices {
                self.compact(*device);
            }
        }
        panic!("the devices do not come together");
    }

    /// Returns what the model comes to.
    fn expected(&self) -> Vec<(latchstring::settings::Setting, Vec<u8>)> {
        let mut map = BTreeMap::new();
        let mut places: Vec<_> = self.seen[0].iter().collect();
        places.sort_by_key(|place| (self.written[place].clock, place.0));
        for place in places {
            for (name, value) in &self.written[place].values {
                map.insert(*name, value.clone());
            }
        }
        let set = map.into_iter().filter_map(|(name, value)| Some((app(NAMES[name]), value?)));
        set.collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn all_devices_come_to_the_map_of_the_model(
        seed in any::<u64>(),
        devices in 2..5_usize,
        acts in proptest::collection::vec(act(), 1..70),
    ) {
        let mut world = World::new(seed, devices);
        for act in acts {
            world.act(act);
        }
        world.settle();
        for device in 0..world.seen.len() {
            if world.is_listed(device) {
                prop_assert_eq!(shown(&world.house.settings[device]), world.expected());
            }
        }
    }
}
