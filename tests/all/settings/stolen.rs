//! A device of the account that was stolen and is still listed, and devices that were set back.

use latchstring::Error;
use latchstring::client::OwnObject;
use latchstring::settings::{Setting, Settings};
use sha2::{Digest, Sha256};
use support::{NOW, restored};

use super::{Forge, House, SNAPSHOT_FRONT, app, front_length, labelled, shown};

/// Sets or removes many settings on a device, 64 by each entry.
fn set_all(
    house: &mut House,
    by: usize,
    names: &[Setting],
    value: Option<&[u8]>,
) -> Result<(), Error> {
    let House { home, settings, .. } = house;
    for names in names.chunks(64) {
        let values: Vec<_> = names.iter().map(|name| (name.clone(), value)).collect();
        settings[by].set(&home.clients[by], &values, NOW)?.apply();
    }
    Ok(())
}

fn names(count: usize) -> Vec<Setting> {
    (0..count).map(|name| app(&format!("{name:04}"))).collect()
}

#[test]
fn removals_of_what_was_not_set_are_bounded_too() {
    let mut house = House::new(1, 2);
    assert_eq!(set_all(&mut house, 0, &names(1088), None), Err(Error::ContentTooLong));
    let mut settings: Settings = restored(&house.settings[0]);
    assert_eq!(settings.heads().next().unwrap().number, 16);
    // What keeps its place already needs no other one.
    let again = [(names(1)[0].clone(), None)];
    settings.set(house.client(0), &again, NOW).unwrap().apply();
}

#[test]
fn a_snapshot_that_fills_the_map_beyond_its_bound_is_refused() {
    let mut house = House::new(2, 2);
    let names = names(1024);
    set_all(&mut house, 0, &names[..512], Some(b"1")).unwrap();
    set_all(&mut house, 0, &names[512..], None).unwrap();
    let snapshot = house.snapshot(0);
    house.set(1, "another", "1");
    assert_eq!(house.take_snapshot(1, &snapshot), Err(Error::ContentTooLong));
    assert_eq!(shown(&house.settings[1]).len(), 1);
    let new = house.link();
    house.take_snapshot(new, &snapshot).unwrap();
    assert_eq!(shown(&house.settings[new]).len(), 512);
}

#[test]
fn what_names_a_list_that_is_not_known_waits_for_it() {
    let mut house = House::new(3, 2);
    let entry = house.set(0, "a", "1");
    let forge = Forge::new(&house, 0, 0);
    let text = forge.open(&entry, front_length(&entry));
    let mut front = entry[..front_length(&entry)].to_vec();
    let next = house.home.list.epoch() + 1;
    front[58..66].copy_from_slice(&u64::MAX.to_be_bytes());
    assert_eq!(house.refuses(1, &forge.seal(&front, &text)).error, Error::ListUnconfirmed);
    front[58..66].copy_from_slice(&next.to_be_bytes());
    let early = forge.seal(&front, &text);
    assert_eq!(house.refuses(1, &early).error, Error::ListUnconfirmed);
    let snapshot = house.snapshot(0);
    let text = forge.open(&snapshot, SNAPSHOT_FRONT);
    let mut front = snapshot[..SNAPSHOT_FRONT].to_vec();
    front[10..18].copy_from_slice(&next.to_be_bytes());
    let ahead = forge.seal(&front, &text);
    assert_eq!(house.take_snapshot(1, &ahead), Err(Error::ListUnconfirmed));
    house.home.relist(|_| true, NOW);
    house.takes(1, &early);
}

/// Makes 32 keys of a time that is far ahead, and returns their ids, too.
fn flood(house: &House) -> (OwnObject, Vec<[u8; 32]>) {
    let account = house.home.list.account_key().0;
    let mut keys: Vec<([u8; 32], Vec<u8>)> = (0..32_u8)
        .map(|number| {
            let epoch = house.home.list.epoch().to_be_bytes();
            let key = [&epoch[..], &u64::MAX.to_be_bytes(), &[number; 32]].concat();
            let about = labelled("settings/key-id", &[&account[..], &key].concat());
            (Sha256::digest(about).into(), key)
        })
        .collect();
    keys.sort();
    let (ids, keys): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    let bytes = [&[1, 0x37][..], &account, &[0, 0, 0, 32], &keys.concat()].concat();
    (OwnObject::recall(bytes.into()), ids)
}

#[test]
fn keys_of_a_far_time_push_out_none_that_is_made() {
    let mut house = House::new(4, 2);
    let (keys, ids) = flood(&house);
    for device in [0, 1] {
        let House { home, settings, .. } = &mut house;
        settings[device].take_keys(&home.clients[device], &keys, NOW).unwrap().apply();
    }
    house.rotate(0, NOW + 1);
    let entry = house.set(0, "a", "1");
    let key: [u8; 32] = entry[66..98].try_into().unwrap();
    assert!(!ids.contains(&key));
    house.takes(1, &entry);
}

/// Writes a snapshot of one chain, of which the last entry is remembered, and of no slot.
fn of_chain(
    house: &House,
    forge: &Forge,
    front: &[u8],
    of: usize,
    (last, clock): (u64, u64),
) -> Vec<u8> {
    let (epoch, device) =
        (house.home.list.epoch().to_be_bytes(), house.client(of).certificate().device());
    let counts = [&1_u32.to_be_bytes()[..], &0_u32.to_be_bytes(), &0_u32.to_be_bytes()];
    let text = [
        &epoch[..],
        counts[0],
        &device.0,
        &last.to_be_bytes(),
        &epoch,
        counts[0],
        &[7; 32],
        &clock.to_be_bytes(),
        counts[1],
        counts[2],
    ];
    forge.seal(front, &text.concat())
}

#[test]
fn a_snapshot_of_clocks_or_lists_that_cannot_be_is_refused() {
    let mut house = House::new(5, 2);
    for value in ["1", "2"] {
        let entry = house.set(0, "a", value);
        house.takes(1, &entry);
    }
    let forge = Forge::new(&house, 0, 0);
    let snapshot = house.snapshot(0);
    let front = &snapshot[..SNAPSHOT_FRONT];
    let mut text = forge.open(&snapshot, SNAPSHOT_FRONT);
    text[..8].copy_from_slice(&(house.home.list.epoch() + 1).to_be_bytes());
    assert_eq!(house.take_snapshot(1, &forge.seal(front, &text)), Err(Error::Malformed));
    // The next entry of a device has a greater clock.
    let further = |clock| of_chain(&house, &forge, front, 0, (3, clock));
    let [same, greater] = [further(2), further(3)];
    assert_eq!(house.take_snapshot(1, &same), Err(Error::Inconsistent));
    house.take_snapshot(1, &greater).unwrap();
}

#[test]
fn a_snapshot_of_own_entries_that_nobody_has_named_is_refused() {
    let mut house = House::new(6, 2);
    let entry = house.set(1, "a", "1");
    house.takes(0, &entry);
    let snapshot = house.snapshot(0);
    let forge = Forge::new(&house, 0, 0);
    let longer = of_chain(&house, &forge, &snapshot[..SNAPSHOT_FRONT], 1, (9, 9));
    assert_eq!(house.take_snapshot(1, &longer), Err(Error::EntryMissing));
    let entry = house.set(1, "a", "2");
    house.takes(0, &entry);
}

#[test]
fn a_device_that_was_set_back_takes_what_it_had_removed_from_a_snapshot() {
    let mut house = House::new(7, 2);
    let entry = house.set(1, "a", "1");
    house.takes(0, &entry);
    let before = restored(&house.settings[1]);
    let entry = house.remove(1, "a");
    house.takes(0, &entry);
    let seen = house.acknowledge(0);
    house.takes(1, &seen);
    let snapshot = house.snapshot(0);
    house.settings[1] = before;
    assert_eq!(house.take_snapshot(1, &snapshot), Err(Error::EntryMissing));
    let heads = house.heads(0);
    house.note(1, &heads, NOW).unwrap();
    house.take_snapshot(1, &snapshot).unwrap();
    assert_eq!((house.get(0, "a"), house.get(1, "a")), (None, None));
    let next = house.set(1, "b", "2");
    house.takes(0, &next);
}
