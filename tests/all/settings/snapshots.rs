//! Snapshots, and what they let everybody forget.

use latchstring::Error;
use latchstring::storage::State;
use support::NOW;

use super::{House, shown};

/// Tells whether the name of a setting is in a state.
fn remembers(house: &House, device: usize, name: &str) -> bool {
    let bytes = house.settings[device].to_bytes();
    bytes.windows(name.len()).any(|bytes| bytes == name.as_bytes())
}

#[test]
fn a_new_device_begins_with_a_snapshot_and_goes_on() {
    let mut house = House::new(1, 2);
    let one = house.set(0, "theme", "dark");
    house.takes(1, &one);
    let two = house.set(1, "theme", "light");
    house.takes(0, &two);
    let new = house.link();
    house.rotate(0, NOW + 1);
    let snapshot = house.snapshot(0);
    let House { home, settings, .. } = &mut house;
    let taken = settings[new].take_snapshot(&home.clients[new], &snapshot, NOW).unwrap().apply();
    assert_eq!(taken.by, home.clients[0].certificate().device());
    assert_eq!(&**taken.changes[0].value.as_ref().unwrap(), b"light");
    assert_eq!(taken.changes[0].by, Some(home.clients[1].certificate().device()));
    // Both sides go on from it.
    let mine = house.set(new, "theme", "gray");
    let theirs = house.set(0, "font", "big");
    for device in [0, 1] {
        house.take(device, &[mine.clone(), theirs.clone()]);
    }
    house.takes(new, &theirs);
    let all = [0, 1, new].map(|device| shown(&house.settings[device]));
    assert!(all[0] == all[1] && all[1] == all[2]);
    assert_eq!(house.get(0, "theme"), Some("gray"));
}

#[test]
fn a_device_that_is_behind_takes_a_snapshot_for_entries_that_are_gone() {
    let mut house = House::new(2, 2);
    for value in ["1", "2", "3"] {
        house.set(0, "a", value);
    }
    // What it has written itself, which the snapshot does not cover, stays beside it.
    let own = house.set(1, "b", "4");
    let snapshot = house.snapshot(0);
    let heads: Vec<_> = house.settings[1].heads().collect();
    assert!(!house.settings[0].covers(&heads));
    house.take_snapshot(1, &snapshot).unwrap();
    let other = house.snapshot(1);
    house.takes(0, &own);
    assert!(house.settings[0].covers(&heads));
    assert_eq!(house.take_snapshot(0, &other), Ok(()));
    assert_eq!((house.get(1, "a"), house.get(1, "b")), (Some("3"), Some("4")));
    let entry = house.set(1, "a", "5");
    house.takes(0, &entry);
}

#[test]
fn what_was_removed_is_forgotten_once_every_device_knows() {
    let mut house = House::new(3, 2);
    let set = house.set(0, "ephemeral", "1");
    house.takes(1, &set);
    let removed = house.remove(0, "ephemeral");
    house.takes(1, &removed);
    assert!(remembers(&house, 0, "ephemeral") && remembers(&house, 1, "ephemeral"));
    let seen = house.acknowledge(1);
    assert!(!remembers(&house, 1, "ephemeral"));
    house.takes(0, &seen);
    assert!(!remembers(&house, 0, "ephemeral"));
}

#[test]
fn what_was_removed_is_remembered_while_a_device_may_not_know() {
    let mut house = House::new(4, 3);
    let set = house.set(0, "ephemeral", "1");
    for device in [1, 2] {
        house.takes(device, &set);
    }
    let late = house.set(2, "ephemeral", "2");
    let removed = house.remove(0, "ephemeral");
    house.takes(1, &removed);
    let seen = house.acknowledge(1);
    house.takes(0, &seen);
    assert!(remembers(&house, 0, "ephemeral"));
    // Whichever of the two stands, it is the same on all devices.
    house.takes(0, &late);
    house.takes(1, &late);
    house.take(2, &[removed, seen]);
    assert_eq!(house.get(0, "ephemeral"), house.get(1, "ephemeral"));
    assert_eq!(house.get(0, "ephemeral"), house.get(2, "ephemeral"));
}

#[test]
fn a_device_that_has_not_seen_what_others_forgot_is_not_taken() {
    let mut house = House::new(5, 2);
    let first = house.snapshot(0);
    for value in ["1", "2"] {
        let entry = house.set(0, "a", value);
        house.takes(1, &entry);
        let seen = house.acknowledge(1);
        house.takes(0, &seen);
    }
    // The server shows a new device an old snapshot and nothing else.
    let new = house.link();
    house.rotate(new, NOW + 1);
    house.take_snapshot(new, &first).unwrap();
    let entry = house.set(new, "a", "old");
    assert_eq!(house.refuses(0, &entry).error, Error::EntryMissing);
    assert_eq!(house.get(0, "a"), Some("2"));
}

#[test]
fn what_a_first_entry_removes_is_brought_back_by_no_new_device() {
    let mut house = House::new(7, 2);
    let set = house.set(1, "x", "1");
    house.takes(0, &set);
    let removed = house.remove(0, "x");
    house.takes(1, &removed);
    let seen = house.acknowledge(1);
    // A new device has seen nothing, and says so.
    let new = house.link();
    house.rotate(new, NOW + 1);
    let old = house.set(new, "x", "old");
    for device in [0, 1] {
        house.takes(device, &old);
    }
    house.takes(0, &seen);
    assert_eq!((house.get(0, "x"), house.get(1, "x")), (None, None));
}

#[test]
fn what_was_forgotten_is_brought_back_by_no_snapshot() {
    let mut house = House::new(8, 2);
    for entry in [house.set(0, "x", "1"), house.remove(0, "x")] {
        house.takes(1, &entry);
    }
    house.acknowledge(1);
    assert!(!remembers(&house, 1, "x"));
    // The other one has forgotten less, and has written more.
    house.set(0, "y", "2");
    let snapshot = house.snapshot(0);
    house.take_snapshot(1, &snapshot).unwrap();
    let new = house.link();
    house.rotate(new, NOW + 1);
    let old = house.set(new, "x", "old");
    assert_eq!(house.refuses(1, &old).error, Error::EntryMissing);
    let snapshot = house.snapshot(new);
    assert_eq!(house.take_snapshot(1, &snapshot), Err(Error::EntryMissing));
    house.takes(0, &old);
    assert_eq!((house.get(0, "x"), house.get(1, "x")), (None, None));
}

#[test]
fn tasks_come_due_after_so_many_entries() {
    let mut house = House::new(6, 2);
    let tasks = |house: &House, device: usize| {
        house.settings[device].tasks(house.client(device), NOW).unwrap()
    };
    let first = house.acknowledge(1);
    house.takes(0, &first);
    for number in 1..=127 {
        assert!(!tasks(&house, 0).snapshot, "{number}");
        let entry = house.set(0, "a", "1");
        house.takes(1, &entry);
        assert_eq!(tasks(&house, 1).acknowledge, number >= 64, "{number}");
    }
    assert!(tasks(&house, 0).snapshot && !tasks(&house, 0).acknowledge);
    house.snapshot(0);
    assert!(!tasks(&house, 0).snapshot);
    house.acknowledge(1);
    assert!(!tasks(&house, 1).acknowledge);
    house.home.relist(|_| true, NOW);
    assert!(!tasks(&house, 1).acknowledge);
}
