//! A server that drops, reorders, repeats, exchanges and withholds, and a device of the account that lies.

use latchstring::Error;
use latchstring::client::OwnObject;
use latchstring::settings::MissingEntry;
use latchstring::storage::State;
use support::{NOW, restored};

use super::{Forge, House, SNAPSHOT_FRONT, front_length, shown};

#[test]
fn an_entry_after_one_that_was_dropped_waits_for_it() {
    let mut house = House::new(1, 2);
    let [one, two] = [house.set(0, "a", "1"), house.set(0, "a", "2")];
    let refused = house.refuses(1, &two);
    let first = house.settings[0].head_of(&one).unwrap();
    assert_eq!(refused.error, Error::EntryMissing);
    assert_eq!(refused.missing, [MissingEntry::Entry(first)]);
    // That it is missing is noted, and forgotten once it has come.
    assert_eq!(house.settings[1].withheld().map(|it| it.entry).collect::<Vec<_>>(), [first]);
    house.takes(1, &one);
    house.takes(1, &two);
    assert_eq!((house.get(1, "a"), house.settings[1].withheld().count()), (Some("2"), 0));
}

#[test]
fn an_entry_that_overtakes_what_its_device_had_seen_waits_for_it() {
    let mut house = House::new(2, 3);
    let one = house.set(0, "a", "1");
    house.takes(1, &one);
    let two = house.set(1, "a", "2");
    let refused = house.refuses(2, &two);
    let first = house.settings[0].head_of(&one).unwrap();
    assert_eq!(
        (refused.error, &refused.missing[..]),
        (Error::EntryMissing, &[MissingEntry::Entry(first)][..])
    );
    // In one call the order says nothing.
    let taken = house.take(2, &[two, one]);
    assert_eq!((taken.taken, house.get(2, "a")), (2, Some("2")));
}

#[test]
fn an_entry_that_comes_twice_is_a_duplicate() {
    let mut house = House::new(3, 2);
    let one = house.set(0, "a", "1");
    house.takes(1, &one);
    assert_eq!(house.refuses(1, &one).error, Error::Duplicate);
    assert_eq!(house.refuses(0, &one).error, Error::Duplicate);
}

#[test]
fn two_entries_of_one_number_are_a_fork() {
    let mut house = House::new(4, 3);
    let before = restored(&house.settings[0]);
    let one = house.set(0, "a", "1");
    house.settings[0] = before;
    let other = house.set(0, "a", "2");
    house.takes(1, &one);
    assert_eq!(house.refuses(1, &other).error, Error::Forked);
    // Devices that have heard different ones find out by their heads, and by what builds on them.
    house.takes(2, &other);
    let heads = house.heads(2);
    assert_eq!(house.note(1, &heads, NOW), Err(Error::Forked));
    let next = house.set(2, "b", "3");
    assert_eq!(house.refuses(1, &next).error, Error::Forked);
    assert_eq!(house.get(1, "a"), Some("1"));
}

#[test]
fn an_entry_that_was_named_otherwise_is_a_fork() {
    let mut house = House::new(5, 3);
    let before = restored(&house.settings[0]);
    let one = house.set(0, "a", "1");
    house.settings[0] = before;
    let other = house.set(0, "a", "2");
    house.takes(2, &other);
    let heads = house.heads(2);
    house.note(1, &heads, NOW).unwrap();
    assert_eq!(house.refuses(1, &one).error, Error::Forked);
    house.takes(1, &other);
}

#[test]
fn a_device_that_was_set_back_takes_its_own_entries_before_it_writes() {
    let mut house = House::new(6, 2);
    let first = house.set(0, "a", "0");
    house.takes(1, &first);
    let before = restored(&house.settings[0]);
    let one = house.set(0, "a", "1");
    house.takes(1, &one);
    let heads = house.heads(1);
    house.settings[0] = before;
    house.note(0, &heads, NOW).unwrap();
    let House { home, settings, .. } = &mut house;
    assert_eq!(settings[0].acknowledge(&home.clients[0], NOW).err(), Some(Error::EntryMissing));
    assert_eq!(settings[0].snapshot(&home.clients[0], NOW).err(), Some(Error::EntryMissing));
    house.takes(0, &one);
    let two = house.set(0, "a", "2");
    house.takes(1, &two);
}

#[test]
fn a_new_device_that_was_told_of_entries_takes_them_before_it_writes() {
    let mut house = House::new(7, 2);
    let one = house.set(0, "a", "1");
    let new = house.link();
    house.rotate(new, NOW);
    let heads = house.heads(0);
    house.note(new, &heads, NOW).unwrap();
    let House { home, settings, .. } = &mut house;
    assert_eq!(settings[new].acknowledge(&home.clients[new], NOW).err(), Some(Error::EntryMissing));
    house.takes(new, &one);
    house.acknowledge(new);
}

#[test]
fn what_the_server_withholds_is_known_by_the_heads_of_others() {
    let mut house = House::new(8, 3);
    for value in ["1", "2", "3"] {
        let entry = house.set(0, "a", value);
        house.takes(2, &entry);
    }
    let heads = house.heads(2);
    house.note(1, &heads, NOW + 60).unwrap();
    let withheld: Vec<_> = house.settings[1].withheld().collect();
    let last = house.settings[0].heads().next().unwrap();
    assert_eq!((withheld.len(), withheld[0].entry, withheld[0].since), (1, last, NOW + 60));
    assert_eq!(withheld[0].by, house.client(2).certificate().device());
    // Older heads and the same ones again change nothing.
    house.note(1, &heads, NOW + 90).unwrap();
    assert_eq!(house.settings[1].withheld().next().unwrap().since, NOW + 60);
}

#[test]
fn heads_that_nobody_of_the_account_has_signed_are_refused() {
    let mut house = House::new(9, 3);
    let entry = house.set(0, "a", "1");
    house.takes(2, &entry);
    let heads = house.heads(2);
    let mut altered = heads.as_bytes().to_vec();
    let at = altered.len() - 65;
    altered[at] ^= 1;
    let altered = OwnObject::recall(altered.into());
    assert_eq!(house.note(1, &altered, NOW), Err(Error::BadSignature));
    house.home.relist(|device| device != 2, NOW);
    assert_eq!(house.note(1, &heads, NOW), Err(Error::Unlisted));
    let stranger = House::new(10, 2);
    let heads = stranger.heads(0);
    assert_eq!(house.note(1, &heads, NOW), Err(Error::WrongPeer));
    assert_eq!(house.settings[1].withheld().count(), 0);
}

#[test]
fn an_altered_entry_is_refused_wherever_it_was_altered() {
    let mut house = House::new(11, 2);
    house.set(1, "b", "2");
    let entry = house.set(0, "a", "1");
    for at in 0..entry.len() {
        let mut altered = entry.clone();
        altered[at] ^= 1;
        house.refuses(1, &altered);
    }
    house.takes(1, &entry);
}

#[test]
fn an_entry_in_the_name_of_another_device_is_refused() {
    let mut house = House::new(12, 3);
    let entry = house.set(0, "a", "1");
    let front = &entry[..front_length(&entry)];
    let forge = Forge::new(&house, 0, 2);
    let forged = forge.seal(front, &forge.open(&entry, front.len()));
    assert_eq!(house.refuses(1, &forged).error, Error::BadSignature);
    // By its own device it is the same, but for its signature's time.
    let forge = Forge::new(&house, 0, 0);
    assert_eq!(forge.seal(front, &forge.open(&entry, front.len())), entry);
}

#[test]
fn a_clock_that_does_not_follow_from_what_it_names_is_refused() {
    let mut house = House::new(13, 2);
    let entry = house.set(0, "a", "1");
    let forge = Forge::new(&house, 0, 0);
    let text = forge.open(&entry, front_length(&entry));
    let mut front = entry[..front_length(&entry)].to_vec();
    assert_eq!(front[50..58], 1_u64.to_be_bytes());
    for clock in [0, 2, u64::MAX] {
        front[50..58].copy_from_slice(&clock.to_be_bytes());
        assert_eq!(house.refuses(1, &forge.seal(&front, &text)).error, Error::Inconsistent);
    }
}

#[test]
fn assignments_out_of_order_or_beyond_their_limits_are_refused() {
    let mut house = House::new(14, 2);
    let entry = house.set(0, "a", "1");
    let forge = Forge::new(&house, 0, 0);
    let front = &entry[..front_length(&entry)];
    let one = |name: &[u8], value: &[u8]| {
        let lengths = [name.len(), value.len()].map(|it| u32::try_from(it).unwrap().to_be_bytes());
        [&lengths[0][..], name, &[1], &lengths[1], value].concat()
    };
    let text = |all: &[Vec<u8>]| {
        [&u32::try_from(all.len()).unwrap().to_be_bytes()[..], &all.concat()].concat()
    };
    let many: Vec<_> = (0..65).map(|name| one(&[5, name], b"")).collect();
    for wrong in [
        text(&[one(b"\x05b", b""), one(b"\x05a", b"")]),
        text(&[one(b"\x05a", b""), one(b"\x05a", b"")]),
        text(&[one(b"", b"")]),
        text(&[one(&[5; 65], b"")]),
        text(&[one(b"\x05a", &[0; 4097])]),
        text(&many),
        [&text(&[one(b"\x05a", b"")])[..], &[0]].concat(),
    ] {
        assert_eq!(house.refuses(1, &forge.seal(front, &wrong)).error, Error::Malformed);
    }
    house.takes(1, &forge.seal(front, &text(&[one(b"\x05a", &[b'1'; 4096])])));
}

#[test]
fn an_old_snapshot_is_refused_and_a_false_one_too() {
    let mut house = House::new(15, 3);
    let first = house.set(0, "theme", "dark");
    let old = house.snapshot(0);
    house.takes(1, &first);
    let second = house.set(0, "font", "big");
    house.takes(1, &second);
    assert_eq!(house.take_snapshot(1, &old), Err(Error::ListRollback));
    let forge = Forge::new(&house, 0, 0);
    let snapshot = house.snapshot(0);
    let (front, text) = (&snapshot[..SNAPSHOT_FRONT], forge.open(&snapshot, SNAPSHOT_FRONT));
    let replaced = |from: &[u8], to: &[u8]| {
        let at = text.windows(from.len()).position(|bytes| bytes == from).unwrap();
        let text = [&text[..at], to, &text[at + from.len()..]].concat();
        forge.seal(front, &text)
    };
    // Another value of the same assignment; an entry of another hash; a clock that no entry has.
    assert_eq!(house.take_snapshot(1, &replaced(b"dark", b"gray")), Err(Error::Inconsistent));
    let hash = house.settings[0].heads().next().unwrap().hash;
    assert_eq!(house.take_snapshot(1, &replaced(&hash.0, &[7; 32])), Err(Error::Forked));
    let slot = [&b"\x05font"[..], &2_u64.to_be_bytes()].concat();
    let later = [&b"\x05font"[..], &9_u64.to_be_bytes()].concat();
    assert_eq!(house.take_snapshot(1, &replaced(&slot, &later)), Err(Error::Malformed));
    // By another device's hand, and as it is.
    let forge = Forge::new(&house, 0, 1);
    assert_eq!(house.take_snapshot(1, &forge.seal(front, &text)), Err(Error::BadSignature));
    house.take_snapshot(1, &snapshot).unwrap();
    house.take_snapshot(2, &snapshot).unwrap();
    assert_eq!(shown(&house.settings[2]), shown(&house.settings[0]));
}

#[test]
fn a_snapshot_that_leaves_out_what_is_set_is_refused() {
    let mut house = House::new(16, 2);
    let entry = house.set(0, "a", "1");
    house.takes(1, &entry);
    let seen = house.acknowledge(1);
    house.takes(0, &seen);
    house.set(0, "b", "1");
    let forge = Forge::new(&house, 0, 0);
    let snapshot = house.snapshot(0);
    let text = forge.open(&snapshot, SNAPSHOT_FRONT);
    let slot = 4 + 2 + 24 + 1 + 4 + 1;
    let (chains, slots) = text.split_at(text.len() - 2 * slot - 4);
    let text = [chains, &[0, 0, 0, 1], &slots[4 + slot..]].concat();
    let forged = forge.seal(&snapshot[..SNAPSHOT_FRONT], &text);
    assert_eq!(house.take_snapshot(1, &forged), Err(Error::Inconsistent));
    house.take_snapshot(1, &snapshot).unwrap();
}

#[test]
fn what_was_named_otherwise_is_in_no_snapshot_that_is_taken() {
    let mut house = House::new(17, 3);
    let before = restored(&house.settings[0]);
    let one = house.set(0, "a", "1");
    house.settings[0] = before;
    house.set(0, "a", "2");
    house.takes(2, &one);
    let heads = house.heads(2);
    house.note(1, &heads, NOW).unwrap();
    let snapshot = house.snapshot(0);
    assert_eq!(house.take_snapshot(1, &snapshot), Err(Error::Forked));
}

#[test]
fn states_are_as_they_were_after_everything_that_is_refused() {
    let mut house = House::new(18, 2);
    let entry = house.set(0, "a", "1");
    house.takes(1, &entry);
    let before = house.settings[1].to_bytes();
    for refused in [&entry[..], &entry[..40], b"", &[2, 0x35], &[1, 0x36]] {
        let taken = house.take(1, &[refused.to_vec()]);
        assert_eq!((taken.taken, taken.changes.len(), taken.refused.len()), (0, 0, 1));
    }
    assert!(*house.settings[1].to_bytes() == *before);
}
