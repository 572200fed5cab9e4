//! Values that may be set, and changes that the app is told.

use latchstring::Error;
use latchstring::guest::Locator;
use latchstring::session::AccountId;
use latchstring::settings::{Setting, Settings};
use latchstring::storage::{Anchor, Change, Journal, State, StateKey};
use support::{NOW, refusal};

use super::{House, app};

#[test]
fn each_kind_of_setting_is_read_as_it_was_set() {
    let mut house = House::new(1, 2);
    let settings = [
        Setting::Blocked(AccountId([7; 32])),
        Setting::Verified(AccountId([7; 32])),
        Setting::OptedIn("whatsapp".into()),
        Setting::Link(Locator([8; 24])),
        Setting::App("x".repeat(63)),
        Setting::Unknown(vec![9; 64]),
        Setting::Unknown(vec![1, 2]),
    ];
    let values: Vec<_> = settings.iter().map(|it| (it.clone(), Some(&b"value"[..]))).collect();
    let House { home, settings: states, .. } = &mut house;
    let entry = states[0].set(&home.clients[0], &values, NOW).unwrap().apply();
    let taken = house.take(1, &[entry]);
    assert_eq!(taken.changes.len(), settings.len());
    for setting in &settings {
        assert_eq!(house.settings[1].get(setting), Some(&b"value"[..]), "{setting:?}");
        assert!(
            taken.changes.iter().any(|change| change.setting == *setting && !change.is_conflict)
        );
    }
}

#[test]
fn names_and_values_beyond_their_limits_are_not_set() {
    let mut house = House::new(2, 1);
    let House { home, settings, .. } = &mut house;
    let client = &home.clients[0];
    let long = [0; 4097];
    let mut set = |values: &[(Setting, Option<&[u8]>)]| {
        refusal(&mut settings[0], |it| it.set(client, values, NOW).map(drop))
    };
    for name in [String::new(), "x".repeat(64)] {
        assert_eq!(set(&[(Setting::App(name.clone()), None)]), Some(Error::InvalidName));
        assert_eq!(set(&[(Setting::OptedIn(name), None)]), Some(Error::InvalidName));
    }
    for name in [vec![], vec![5, b'x'], vec![9; 65]] {
        assert_eq!(set(&[(Setting::Unknown(name), None)]), Some(Error::InvalidName));
    }
    assert_eq!(set(&[(app("a"), Some(&long))]), Some(Error::ContentTooLong));
    let many: Vec<_> = (0..65).map(|name| (app(&name.to_string()), None)).collect();
    assert_eq!(set(&many), Some(Error::ContentTooLong));
    let much: Vec<_> = (0..17).map(|name| (app(&name.to_string()), Some(&long[..4000]))).collect();
    assert_eq!(set(&much), Some(Error::ContentTooLong));
}

#[test]
fn a_device_sets_512_settings_and_removes_them_again() {
    let mut house = House::new(3, 1);
    let House { home, settings, .. } = &mut house;
    let (client, settings) = (&home.clients[0], &mut settings[0]);
    let names: Vec<_> = (0..513).map(|name| app(&format!("{name:03}"))).collect();
    for names in names[..512].chunks(64) {
        let values: Vec<_> = names.iter().map(|name| (name.clone(), Some(&b""[..]))).collect();
        settings.set(client, &values, NOW).unwrap().apply();
    }
    let more = [(names[512].clone(), Some(&b""[..]))];
    assert_eq!(settings.set(client, &more, NOW).err(), Some(Error::ContentTooLong));
    settings.set(client, &[(names[0].clone(), None)], NOW).unwrap().apply();
    settings.set(client, &more, NOW).unwrap().apply();
    assert_eq!(settings.iter().count(), 512);
}

#[test]
fn two_devices_that_set_one_thing_unknown_to_each_other_are_a_conflict() {
    let mut house = House::new(4, 2);
    let entries = [house.set(0, "a", "0"), house.set(1, "a", "1")];
    let changes = [house.take(1, &entries[..1]), house.take(0, &entries[1..])];
    let ids = [0, 1].map(|device| house.client(device).certificate().device());
    let winner = usize::from(ids[1] > ids[0]);
    for taken in changes {
        let [change] = &taken.changes[..] else { panic!() };
        assert!(change.is_conflict);
        let both = [&change.value, &change.replaced].map(|value| value.as_ref().unwrap()[0]);
        let expected = [winner, 1 - winner].map(|device| b'0' + u8::try_from(device).unwrap());
        assert_eq!(both, expected);
        assert_eq!((change.by, change.replaced_by), (Some(ids[winner]), Some(ids[1 - winner])));
    }
    // What follows both is none.
    let next = house.set(0, "a", "2");
    let taken = house.take(1, &[next]);
    assert!(!taken.changes[0].is_conflict);
    // And what both have set alike changes nothing.
    let entries = [house.set(0, "b", "0"), house.set(1, "b", "0")];
    assert_eq!(house.take(1, &entries[..1]).changes.len(), 0);
}

#[test]
fn a_client_that_is_not_the_devices_own_is_refused() {
    let mut house = House::new(5, 2);
    let House { home, settings, .. } = &mut house;
    for client in [&home.clients[1], &House::new(6, 1).home.clients[0]] {
        let refused = refusal(&mut settings[0], |it| it.acknowledge(client, NOW).map(drop));
        assert_eq!(refused, Some(Error::WrongClient));
    }
}

#[test]
fn changes_that_were_stored_lead_to_the_very_state() {
    let mut house = House::new(7, 2);
    let entry = house.set(1, "a", "1");
    let House { home, settings, rng } = &mut house;
    let (client, settings) = (&home.clients[0], &mut settings[0]);
    let (key, owner) = (StateKey::new(1, &[9; 32]).unwrap(), b"phone");
    let (snapshot, mut journal) = Journal::begin(settings, &key, owner, rng).unwrap();
    let mut records = Vec::new();
    let mut keep = |record: Option<&[u8]>| records.push(record.unwrap().to_vec());
    let taken = settings.take(client, &[entry], NOW).unwrap().journal(&mut journal, rng).unwrap();
    keep(taken.record());
    taken.apply();
    let pending = settings.rotate(client, NOW + 9, &mut support::TestRng::new(3)).unwrap();
    let pending = pending.journal(&mut journal, rng).unwrap();
    keep(pending.record());
    pending.apply();
    let set = settings.set(client, &[(app("a"), None)], NOW + 9).unwrap();
    let set = set.journal(&mut journal, rng).unwrap();
    keep(set.record());
    set.apply();
    let made = settings.snapshot(client, NOW + 9).unwrap().journal(&mut journal, rng).unwrap();
    keep(made.record());
    made.apply();
    let anchor: Anchor = settings.anchor();
    let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    let snapshot = snapshot.iter().map(|page| page.record.clone().unwrap());
    let opened = Journal::open::<Settings>(&key, owner, Some(&anchor), snapshot, &records).unwrap();
    assert!(*opened.0.to_bytes() == *settings.to_bytes());
    // A change is of one state, and applies once.
    let recorded = settings.acknowledge(client, NOW + 9).unwrap();
    let recorded = recorded.record(&key, owner, &anchor, rng).unwrap();
    let record = recorded.record().unwrap().to_vec();
    recorded.apply();
    let change: Change<Settings> = key.open(owner, None, &record).unwrap();
    assert_eq!(change.apply(settings).err(), Some(Error::StaleChange));
}
