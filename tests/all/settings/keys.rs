//! Keys of settings: made, told, renewed, erased.

use latchstring::Error;
use latchstring::client::OwnObject;
use latchstring::settings::MissingEntry;
use support::home::next_list;
use support::{NOW, days};

use super::{House, app};

const DAY: u64 = 86_400;

#[test]
fn nothing_is_set_without_a_key() {
    let mut house = House::new(1, 1);
    let House { home, rng, .. } = &mut house;
    let client = &home.clients[0];
    let mut settings = latchstring::settings::Settings::create(client, NOW, rng).unwrap();
    assert!(settings.share_keys().is_none() && settings.tasks(client, NOW).unwrap().rotate);
    let refused = settings.set(client, &[(app("a"), Some(b"1"))], NOW).err();
    assert_eq!(refused, Some(Error::StaleKey));
}

#[test]
fn a_key_seals_for_thirty_days() {
    let mut house = House::new(2, 1);
    let (last, over) = (NOW + 30 * DAY - 1, NOW + 30 * DAY);
    assert!(!house.settings[0].tasks(house.client(0), last).unwrap().rotate);
    assert!(house.settings[0].tasks(house.client(0), over).unwrap().rotate);
    let House { home, settings, .. } = &mut house;
    assert!(settings[0].acknowledge(&home.clients[0], last).is_ok());
    let refused = settings[0].acknowledge(&home.clients[0], over).err();
    assert_eq!(refused, Some(Error::StaleKey));
    house.rotate(0, over);
    let House { home, settings, .. } = &mut house;
    settings[0].acknowledge(&home.clients[0], over).unwrap().apply();
}

#[test]
fn a_key_by_a_clock_that_is_ahead_lives_no_longer() {
    let mut house = House::new(3, 2);
    let House { home, settings, rng } = &mut house;
    let mut late = latchstring::settings::Settings::create(&home.clients[1], NOW, rng).unwrap();
    let keys = settings[0].rotate(&home.clients[0], NOW + 900 * DAY, rng).unwrap().apply();
    late.take_keys(&home.clients[1], &keys, NOW).unwrap().apply();
    assert!(!late.tasks(&home.clients[1], NOW + 29 * DAY).unwrap().rotate);
    assert!(late.tasks(&home.clients[1], NOW + 30 * DAY).unwrap().rotate);
}

#[test]
fn an_entry_waits_for_its_key() {
    let mut house = House::new(4, 2);
    let House { home, settings, rng } = &mut house;
    let keys = settings[0].rotate(&home.clients[0], NOW + 1, rng).unwrap().apply();
    let values = [(app("a"), Some(&b"1"[..]))];
    let entry = settings[0].set(&home.clients[0], &values, NOW + 1).unwrap().apply();
    let refused = house.refuses(1, &entry);
    assert_eq!(refused.error, Error::EntryMissing);
    assert!(matches!(refused.missing[..], [MissingEntry::Key(_)]));
    let snapshot = house.settings[0].snapshot(&house.home.clients[0], NOW + 1).unwrap().apply();
    assert_eq!(house.take_snapshot(1, &snapshot), Err(Error::EntryMissing));
    let House { home, settings, .. } = &mut house;
    let new = settings[1].take_keys(&home.clients[1], &keys, NOW).unwrap();
    assert_eq!(new.apply(), 1);
    let again = settings[1].take_keys(&home.clients[1], &keys, NOW).unwrap();
    assert!(!again.is_change());
    drop(again);
    house.takes(1, &entry);
}

#[test]
fn keys_that_two_devices_make_at_once_both_open() {
    let mut house = House::new(5, 2);
    let House { home, settings, rng } = &mut house;
    let made =
        [0, 1].map(|by| settings[by].rotate(&home.clients[by], NOW + 5, rng).unwrap().apply());
    let entries = [0, 1].map(|by| {
        let values = [(app(["a", "b"][by]), Some(&b"1"[..]))];
        settings[by].set(&home.clients[by], &values, NOW + 5).unwrap().apply()
    });
    for (by, (keys, entry)) in made.iter().zip(entries).enumerate() {
        let House { home, settings, .. } = &mut house;
        settings[1 - by].take_keys(&home.clients[1 - by], keys, NOW + 5).unwrap().apply();
        house.takes(1 - by, &entry);
    }
}

#[test]
fn keys_of_another_account_or_an_unknown_list_are_refused() {
    let mut house = House::new(6, 2);
    let stranger = House::new(7, 1);
    let keys = stranger.settings[0].share_keys().unwrap();
    let House { home, settings, rng } = &mut house;
    let refused = settings[0].take_keys(&home.clients[0], &keys, NOW).err();
    assert_eq!(refused, Some(Error::WrongPeer));
    // Only the first device has learnt the next list.
    let devices = home.list.devices().to_vec();
    home.list = next_list(&home.account, &home.list, &devices, NOW);
    home.clients[0].learn(&home.list, NOW).unwrap().apply();
    let keys = settings[0].rotate(&home.clients[0], NOW, rng).unwrap().apply();
    let refused = settings[1].take_keys(&home.clients[1], &keys, NOW).err();
    assert_eq!(refused, Some(Error::ListUnconfirmed));
    home.clients[1].learn(&home.list, NOW).unwrap().apply();
    assert_eq!(settings[1].take_keys(&home.clients[1], &keys, NOW).unwrap().apply(), 1);
    // One that says of itself that it has two orders, or is none.
    let bytes = keys.as_bytes();
    let turned = [&bytes[..38], &bytes[86..134], &bytes[38..86]].concat();
    for wrong in [turned, bytes[..86].to_vec(), [&bytes[..34], &[0; 4]].concat()] {
        let keys = OwnObject::recall(wrong.into());
        let refused = settings[1].take_keys(&home.clients[1], &keys, NOW).err();
        assert_eq!(refused, Some(Error::Malformed));
    }
}

#[test]
fn a_key_is_erased_after_sixty_days_but_never_the_newest() {
    let mut house = House::new(8, 1);
    let count =
        |house: &House| (house.settings[0].share_keys().unwrap().as_bytes().len() - 38) / 48;
    for now in days(NOW, NOW + 59 * DAY) {
        house.home.clients[0].expire(now).apply();
    }
    house.rotate(0, NOW + 59 * DAY);
    let expire = |house: &mut House, now| {
        let House { home, settings, .. } = house;
        home.clients[0].expire(now).apply();
        settings[0].expire(&home.clients[0], now).unwrap().apply();
    };
    expire(&mut house, NOW + 60 * DAY - 1);
    assert_eq!(count(&house), 2);
    expire(&mut house, NOW + 60 * DAY);
    assert_eq!(count(&house), 1);
    for now in days(NOW + 60 * DAY, NOW + 200 * DAY) {
        expire(&mut house, now);
    }
    assert_eq!(count(&house), 1);
}

#[test]
fn a_device_keeps_thirty_two_keys() {
    let mut house = House::new(9, 2);
    for time in 1..40 {
        house.rotate(0, NOW + time);
    }
    for device in 0..2 {
        let keys = house.settings[device].share_keys().unwrap();
        assert_eq!((keys.as_bytes().len() - 38) / 48, 32);
    }
    let entry = house.set(0, "a", "1");
    house.takes(1, &entry);
}
