//! Device lists: what decodes has one encoding, every byte of what is signed counts, and a client
//! learns only what follows.
#![no_main]

use std::cell::RefCell;

use latchstring::client::{Client, DeviceList, ListUpdate};
use latchstring::storage::State;
use latchstring_fuzz::town::Town;
use latchstring_fuzz::{edited, saved};
use libfuzzer_sys::fuzz_target;

struct Fixture {
    town: Town,
    client: Vec<u8>,
    /// The other account's lists, of which the client knows the second; then its own.
    lists: [Vec<u8>; 4],
}

thread_local!(static FIXTURE: RefCell<Fixture> = {
    let mut town = Town::new(1, &[2, 2]);
    let own = town.server.list(town.id(0)).encode();
    let (now, removed) = (town.now, town.address(1, 1).device);
    let person = &mut town.people[1];
    person.devices[0].remove(&person.account, removed, now).unwrap().apply();
    let next = person.devices[0].list().clone();
    let [first, known] = town.server.lists[&town.id(1)].clone().try_into().unwrap();
    let client = saved(town.client(0, 0));
    RefCell::new(Fixture { town, client, lists: [first, known, next.encode(), own] })
});

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with_borrow_mut(|fixture| {
    let Fixture { town, client: before, lists } = fixture;
    let bytes = edited(&lists[usize::from(input.0 % 4)], input.1);
    let place = lists.iter().position(|list| *list == bytes);
    let Ok(list) = DeviceList::decode(&bytes) else {
        assert_eq!(place, None);
        return;
    };
    assert_eq!(list.encode(), bytes);
    assert!(place.is_some(), "a signature covers every byte");
    let client = &mut town.people[0].devices[0];
    drop(client.learn(&list, town.now));
    assert_eq!(saved(client), *before);
    match client.learn(&list, town.now) {
        Ok(learned) => {
            let is_change = learned.is_change();
            let update = learned.apply();
            assert!(matches!(
                (place, &update),
                (Some(1 | 3), ListUpdate::Nothing) | (Some(2), ListUpdate::Newer { .. })
            ));
            assert!(is_change || update == ListUpdate::Nothing);
            let after = saved(client);
            assert_eq!(after != *before, is_change);
            assert_eq!(saved(&Client::from_bytes(&after).unwrap()), after);
            *client = Client::from_bytes(before).unwrap();
        }
        Err(_) => assert_eq!(place, Some(0)),
    }
}));
