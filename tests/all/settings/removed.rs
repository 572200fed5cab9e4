//! Devices that the account has removed.

use latchstring::Error;
use latchstring::settings::MissingEntry;
use support::home::next_list;
use support::{NOW, restored};

use super::{Forge, House, app, front_length};

#[test]
fn what_a_removed_device_has_written_is_refused() {
    let mut house = House::new(1, 3);
    let entry = house.set(2, "a", "1");
    house.home.relist(|device| device != 2, NOW);
    assert_eq!(house.refuses(0, &entry).error, Error::Unlisted);
    let House { home, settings, .. } = &mut house;
    let values = [(app("a"), None)];
    let refused = settings[2].set(&home.clients[2], &values, NOW).err();
    assert_eq!(refused, Some(Error::OwnDeviceUnlisted));
}

#[test]
fn what_another_device_has_taken_of_a_removed_one_is_taken() {
    let mut house = House::new(2, 3);
    let before = restored(&house.settings[2]);
    let [one, two] = [house.set(2, "a", "1"), house.set(2, "a", "2")];
    house.takes(1, &one);
    house.takes(1, &two);
    let next = house.set(1, "b", "3");
    house.settings[2] = before;
    let forked = house.set(2, "a", "4");
    house.home.relist(|device| device != 2, NOW);
    // Alone it says nothing; another one in its place is not what was named.
    assert_eq!(house.refuses(0, &one).error, Error::Unlisted);
    let taken = house.take(0, &[next.clone(), forked]);
    assert_eq!((taken.taken, taken.refused[1].error), (0, Error::Unlisted));
    let last = house.settings[2].head_of(&two).unwrap();
    assert_eq!(taken.refused[0].missing, [MissingEntry::Entry(last)]);
    let taken = house.take(0, &[next, two, one]);
    assert_eq!((taken.taken, house.get(0, "a"), house.get(0, "b")), (3, Some("2"), Some("3")));
}

#[test]
fn what_heads_have_named_of_a_removed_device_is_taken() {
    let mut house = House::new(3, 3);
    let entry = house.set(2, "a", "1");
    house.takes(1, &entry);
    let heads = house.heads(1);
    house.home.relist(|device| device != 2, NOW);
    house.note(0, &heads, NOW).unwrap();
    house.takes(0, &entry);
}

#[test]
fn a_key_that_a_removed_device_has_seals_nothing_more() {
    let mut house = House::new(4, 3);
    assert!(!house.settings[0].tasks(house.client(0), NOW).unwrap().rotate);
    let entry = house.set(0, "a", "1");
    house.home.relist(|device| device != 2, NOW);
    assert!(house.settings[0].tasks(house.client(0), NOW).unwrap().rotate);
    let House { home, settings, .. } = &mut house;
    let client = &home.clients[0];
    assert_eq!(settings[0].acknowledge(client, NOW).err(), Some(Error::StaleKey));
    assert_eq!(settings[0].snapshot(client, NOW).err(), Some(Error::StaleKey));
    // What was sealed before is read.
    house.takes(1, &entry);
    house.rotate(1, NOW);
    assert!(!house.settings[0].tasks(house.client(0), NOW).unwrap().rotate);
    let entry = house.set(0, "a", "2");
    house.takes(1, &entry);
}

#[test]
fn an_entry_under_a_key_that_a_removed_device_has_is_refused() {
    let mut house = House::new(5, 3);
    let entry = house.set(0, "a", "1");
    let forge = Forge::new(&house, 0, 0);
    let text = forge.open(&entry, front_length(&entry));
    let mut front = entry[..front_length(&entry)].to_vec();
    let epoch = house.home.list.epoch();
    assert_eq!(front[58..66], epoch.to_be_bytes());
    house.home.relist(|device| device != 2, NOW);
    // Its writer says itself that it has seen the removal.
    front[58..66].copy_from_slice(&(epoch + 1).to_be_bytes());
    assert_eq!(house.refuses(1, &forge.seal(&front, &text)).error, Error::StaleKey);
    house.takes(1, &entry);
}

#[test]
fn a_device_that_was_linked_after_a_removal_writes_under_no_older_key() {
    let mut house = House::new(6, 3);
    house.set(0, "a", "1");
    house.home.relist(|device| device != 2, NOW);
    let new = house.link();
    let tasks = house.settings[new].tasks(house.client(new), NOW).unwrap();
    assert!(tasks.rotate);
    // A snapshot by the list that admits it says since when nobody has left.
    house.rotate(0, NOW);
    let snapshot = house.snapshot(0);
    house.take_snapshot(new, &snapshot).unwrap();
    house.set(new, "a", "2");
}

#[test]
fn a_device_that_missed_a_list_writes_under_no_older_key() {
    let mut house = House::new(7, 2);
    let devices = house.home.list.devices().to_vec();
    // It has not seen who was in between.
    let next = next_list(&house.home.account, &house.home.list, &devices, NOW);
    house.home.list = next_list(&house.home.account, &next, &devices, NOW);
    let House { home, settings, .. } = &mut house;
    home.clients[0].learn(&home.list, NOW).unwrap().apply();
    let refused = settings[0].acknowledge(&home.clients[0], NOW).err();
    assert_eq!(refused, Some(Error::StaleKey));
}

#[test]
fn a_removed_device_brings_nothing_back_that_was_forgotten() {
    let mut house = House::new(8, 3);
    let first = house.set(0, "a", "1");
    for device in [1, 2] {
        house.takes(device, &first);
    }
    let late = house.set(2, "a", "late");
    for entry in [house.set(0, "a", "2"), house.remove(0, "a")] {
        house.takes(1, &entry);
    }
    let seen = house.acknowledge(1);
    // One device has learnt that it was removed; the other takes what it wrote before.
    let devices = house.home.list.devices().iter();
    let left = house.client(2).certificate().device();
    let devices: Vec<_> = devices.filter(|device| device.device() != left).cloned().collect();
    let home = &mut house.home;
    home.list = next_list(&home.account, &home.list, &devices, NOW);
    home.clients[0].learn(&home.list, NOW).unwrap().apply();
    house.takes(0, &seen);
    house.takes(1, &late);
    let next = house.acknowledge(1);
    assert_eq!(house.take(0, &[next, late]).taken, 2);
    assert_eq!((house.get(0, "a"), house.get(1, "a")), (None, None));
}
