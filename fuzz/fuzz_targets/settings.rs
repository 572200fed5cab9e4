//! Settings of an account: of entries, snapshots, keys and heads only the genuine ones pass, and what is refused changes
//! nothing that is set.
#![no_main]

use std::cell::RefCell;

use latchstring::client::{Client, OwnObject};
use latchstring::settings::{Setting, Settings};
use latchstring::storage::State;
use latchstring_fuzz::town::Town;
use latchstring_fuzz::{edited, saved};
use libfuzzer_sys::fuzz_target;

struct Fixture {
    client: Client,
    before: Vec<u8>,
    now: u64,
    /// An entry that is new, then the snapshot, the heads and the keys of another device.
    objects: [Vec<u8>; 4],
}

thread_local!(static FIXTURE: RefCell<Fixture> = {
    let mut town = Town::new(1, &[2]);
    let now = town.now;
    let [one, other] = <[Client; 2]>::try_from(town.people.remove(0).devices).ok().unwrap();
    let mut first = Settings::create(&one, now, &mut town.rng).unwrap();
    let mut second = Settings::create(&other, now, &mut town.rng).unwrap();
    let keys = first.rotate(&one, now, &mut town.rng).unwrap().apply();
    second.take_keys(&other, &keys, now).unwrap().apply();
    let name = Setting::App("theme".into());
    let dark = [(name.clone(), Some(&b"dark"[..]))];
    let known = first.set(&one, &dark, now).unwrap().apply();
    second.take(&other, &[known], now).unwrap().apply();
    second.acknowledge(&other, now).unwrap().apply();
    let entry = first.set(&one, &[(name, None)], now).unwrap().apply();
    let snapshot = first.snapshot(&one, now).unwrap().apply();
    let heads = first.tell_heads(&one).unwrap().as_bytes().to_vec();
    let keys = first.rotate(&one, now + 1, &mut town.rng).unwrap().apply().as_bytes().to_vec();
    let objects = [entry, snapshot, heads, keys];
    RefCell::new(Fixture { client: other, before: saved(&second), now, objects })
});

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with_borrow_mut(|fixture| {
    let Fixture { client, before, now, objects } = fixture;
    let kind = input.0 % 4;
    let bytes = edited(&objects[usize::from(kind)], input.1);
    let is_genuine = objects.contains(&bytes);
    let mut settings = Settings::from_bytes(before).unwrap();
    let set = |settings: &Settings| {
        settings.iter().map(|(name, value)| (name, value.to_vec())).collect::<Vec<_>>()
    };
    let before = set(&settings);
    let object = OwnObject::recall(bytes.clone().into());
    let has_changed = match kind {
        0 => settings.take(client, &[bytes], *now).unwrap().apply().taken > 0,
        1 => settings.take_snapshot(client, &bytes, *now).map(|it| it.apply()).is_ok(),
        2 => settings.note_heads(client, &object, *now).map(|it| it.apply()).is_ok(),
        // An own device may tell whatever keys it likes.
        _ => settings.take_keys(client, &object, *now).map(|it| it.apply()).is_err() && is_genuine,
    };
    assert_eq!(has_changed, is_genuine && kind != 3, "a signature covers every byte");
    assert!(has_changed || set(&settings) == before);
    assert_eq!(saved(&Settings::from_bytes(&saved(&settings)).unwrap()), saved(&settings));
}));
