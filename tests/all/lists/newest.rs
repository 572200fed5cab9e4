//! Primaries that were loaded: nothing is signed behind a list that may be an old one.

use super::*;

use latchstring::client::{LinkingRequest, NewDevice};
use latchstring::storage::{Change, State, StateKey};

use support::linking::show_own_list;
use support::{refusal, town::Person};

/// Tells how each call that signs ends; nothing changes.
fn signing(person: &mut Person, now: u64, rng: &mut TestRng) -> [Option<Error>; 3] {
    let Person { account, devices } = person;
    let (account, primary) = (&*account, &mut devices[0]);
    let companion = primary.list().devices().iter().map(Address::of);
    let companion = companion.map(|it| it.device).find(|it| *it != primary.address().device);
    let new = NewDevice::generate("a tablet", now, rng).unwrap();
    let request = LinkingRequest::read(&new.code(), now).unwrap();
    [
        refusal(primary, |primary| primary.renew(account, now).map(drop)),
        refusal(primary, |primary| primary.remove(account, companion.unwrap(), now).map(drop)),
        refusal(primary, |primary| primary.approve(account, &request, 4, now, rng).map(drop)),
    ]
}

/// Lists the accounts of which a client is to fetch a list when it has used its own for a week.
fn wanted(mut client: Client) -> Vec<AccountId> {
    let end = NOW + 7 * DAY;
    days(NOW, end).for_each(|now| drop(client.expire(now).apply()));
    client.tasks(&Served::NOTHING, end).fetch_lists
}

const UNCONFIRMED: Option<Error> = Some(Error::ListUnconfirmed);

#[test]
fn a_restored_primary_signs_nothing_before_it_has_seen_the_newest_list() {
    let mut town = Town::new(130, &[2, 1]);
    let old = town.client(0, 0).to_bytes();
    let known = town.client(0, 0).list().clone();
    assert_eq!(signing(&mut town.people[0], NOW, &mut TestRng::new(1)), [None; 3]);
    town.renew(0);
    let newest = town.renew(0);
    let own = town.id(0);
    *town.client(0, 0) = Client::from_bytes(&old).unwrap();
    let rng = &mut TestRng::new(2);
    assert_eq!(signing(&mut town.people[0], NOW, rng), [UNCONFIRMED; 3]);
    // Not even what it says itself shows which is the newest, nor a list that is older.
    let first = DeviceList::decode(&town.server.lists[&own][0]).unwrap();
    let client = town.client(0, 0);
    refuses(client, Error::ListRollback, |client| client.learn(&first, NOW).map(drop));
    assert_eq!(client.tasks(&Served::NOTHING, NOW).fetch_lists, []);
    assert_eq!(wanted(restored(client)), [own]);
    assert_eq!(signing(&mut town.people[0], NOW, rng), [UNCONFIRMED; 3]);
    town.learn(0, 0, own).unwrap();
    assert_eq!(signing(&mut town.people[0], NOW, rng), [None; 3]);
    assert_eq!(wanted(started(town.client(0, 0))), []);
    let next = town.renew(0);
    assert_eq!(next.epoch(), newest.epoch() + 1);
    // Everybody takes it, also who knows nothing of what was forgotten.
    town.inform(1, own);
    assert_eq!(town.client(1, 0).list_of(own), Some(&next));
    // A server that has none that is newer says so by showing the known one.
    *town.client(0, 0) = Client::from_bytes(&old).unwrap();
    town.client(0, 0).learn(&known, NOW).unwrap().apply();
    assert_eq!(signing(&mut town.people[0], NOW, rng), [None; 3]);
}

#[test]
fn a_list_that_was_shown_and_is_not_taken_confirms_nothing() {
    let mut town = Town::new(131, &[2]);
    let old = town.client(0, 0).to_bytes();
    let newest = town.renew(0);
    *town.client(0, 0) = Client::from_bytes(&old).unwrap();
    let rng = &mut TestRng::new(3);
    // The write fails, or another process has done it.
    drop(town.client(0, 0).learn(&newest, NOW).unwrap());
    assert_eq!(signing(&mut town.people[0], NOW, rng), [UNCONFIRMED; 3]);
    show_own_list(town.client(0, 0));
    assert_eq!(signing(&mut town.people[0], NOW, rng), [UNCONFIRMED; 3], "that is an older one");
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let mut loaded = Client::from_bytes(&old).unwrap();
    let stored = loaded.anchor();
    let learned = loaded.learn(&newest, NOW).unwrap();
    let record = learned.record(&key, b"owner", &stored, &mut TestRng::new(4)).unwrap();
    let record = record.record().unwrap().to_vec();
    let change: Change<Client> = key.open(b"owner", None, &record).unwrap();
    let mut loaded = Client::from_bytes(&old).unwrap();
    change.apply(&mut loaded).unwrap();
    assert_eq!(loaded.list(), &newest);
    *town.client(0, 0) = loaded;
    assert_eq!(signing(&mut town.people[0], NOW, rng), [UNCONFIRMED; 3], "it may be old by now");
}

#[test]
fn a_primary_that_has_missed_too_many_lists_signs_nothing_on_its_way_to_the_newest() {
    let mut town = Town::new(132, &[2]);
    let old = town.client(0, 0).to_bytes();
    let mut lists = Vec::new();
    for _ in 0..70 {
        lists.push(town.renew(0));
    }
    *town.client(0, 0) = Client::from_bytes(&old).unwrap();
    let rng = &mut TestRng::new(5);
    let client = town.client(0, 0);
    refuses(client, Error::ListGap, |client| client.learn(&lists[69], NOW).map(drop));
    client.learn(&lists[30], NOW).unwrap().apply();
    assert_eq!(signing(&mut town.people[0], NOW, rng), [UNCONFIRMED; 3]);
    town.client(0, 0).learn(&lists[69], NOW).unwrap().apply();
    assert_eq!(signing(&mut town.people[0], NOW, rng), [None; 3]);
}

#[test]
fn an_own_device_that_tells_of_a_newer_list_stops_all_for_three_days_but_its_removal() {
    let mut town = Town::new(133, &[2, 1]);
    town.chat(0, 1);
    let old = town.client(0, 0).to_bytes();
    let known = town.client(0, 0).list().clone();
    town.renew(0);
    town.learn(0, 1, town.id(0)).unwrap();
    *town.client(0, 0) = Client::from_bytes(&old).unwrap();
    town.client(0, 0).learn(&known, NOW).unwrap().apply();
    let rng = &mut TestRng::new(6);
    assert_eq!(signing(&mut town.people[0], NOW, rng), [None; 3]);
    town.say(0, 1, 1, b"by my list");
    assert_eq!(town.read(0, 0), [b"by my list"]);
    let end = NOW + 3 * DAY;
    days(NOW, end).for_each(|now| drop(town.client(0, 0).expire(now).apply()));
    assert_eq!(signing(&mut town.people[0], end, rng), [UNCONFIRMED, None, UNCONFIRMED]);
    // A device that lies could stop it for good otherwise.
    let [renews, removes, _] = signing(&mut town.people[0], end + 1, rng);
    assert_eq!([renews, removes], [None, None]);
}
