//! A client's snapshot in pages: what is written anew, what is refused, and what is left.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

mod support;

use std::collections::BTreeSet;

use latchstring::rand_core::Rng;
use latchstring::{AccountId, Address, Client, Error, Journal, Page, State, StateKey};
use support::secrets_with;
use support::shelf::{Shelf, text, title};
use support::town::Town;

const KEY: [u8; 32] = [7; 32];
const OWNER: &[u8] = b"account 1, laptop";

fn key() -> StateKey {
    StateKey::new(1, &KEY).unwrap()
}

/// A client in a town, and a store that holds it.
struct Home {
    town: Town,
    shelf: Shelf,
    journal: Journal,
}

impl Home {
    /// With so many contacts, all of whom have talked with it.
    fn new(seed: u64, contacts: usize) -> Self {
        let mut town = Town::new(seed, &vec![1; 1 + contacts]);
        for contact in 1..=contacts {
            town.chat(0, contact);
        }
        let client = &town.people[0].devices[0];
        let (snapshot, journal) = Journal::begin(client, &key(), OWNER, &mut town.rng).unwrap();
        Self { town, shelf: Shelf::of(snapshot), journal }
    }

    fn client(&self) -> &Client {
        &self.town.people[0].devices[0]
    }

    fn renew(&mut self) -> Vec<Page> {
        let client = &self.town.people[0].devices[0];
        let (snapshot, journal) = self.journal.renew(client, &key(), &mut self.town.rng).unwrap();
        self.shelf.put(snapshot.clone());
        self.journal = journal;
        snapshot
    }

    /// The stored client must be the one in memory to the byte, and nothing else be stored.
    fn check(&mut self) {
        let loaded = load(self.shelf.records()).unwrap();
        assert!(*loaded.to_bytes() == *self.client().to_bytes(), "the store holds another state");
        let client = &self.town.people[0].devices[0];
        let (whole, _) = Journal::begin(client, &key(), OWNER, &mut self.town.rng).unwrap();
        assert!(Shelf::of(whole).0.keys().eq(self.shelf.0.keys()), "a page too many or too few");
    }

    /// The record of the page with this title.
    fn page(&self, title: &[u8]) -> Vec<u8> {
        self.shelf.records().find(|record| titled(record) == title).unwrap().clone()
    }

    fn peer(&self, person: usize) -> Vec<u8> {
        peer(self.town.address(person, 0))
    }
}

fn titled(record: &[u8]) -> Vec<u8> {
    title(&KEY, OWNER, record)
}

fn peer(address: Address) -> Vec<u8> {
    [&[4][..], &address.account.0, &address.device.0].concat()
}

fn contact(account: AccountId) -> Vec<u8> {
    [&[3][..], &account.0].concat()
}

fn run(log: u8, number: u64) -> Vec<u8> {
    [&[log][..], &number.to_be_bytes()].concat()
}

fn load(records: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<Client, Error> {
    Journal::open(&key(), OWNER, None, records, [[]; 0]).map(|(client, _)| client)
}

/// The titles of what a snapshot writes.
fn written(snapshot: &[Page]) -> BTreeSet<Vec<u8>> {
    snapshot.iter().filter_map(|page| page.record.as_ref()).map(|record| titled(record)).collect()
}

#[test]
fn a_new_snapshot_writes_the_head_and_what_changed_and_nothing_else() {
    let mut home = Home::new(1, 12);
    let begun = written(&home.renew());
    assert_eq!(begun, BTreeSet::from([vec![]]), "nothing changed but the journal key");
    for contact in [3, 7] {
        home.town.chat(0, contact);
    }
    // Four letters to each of twelve and of two, each way: runs of 8 sent and of 32 seen letters.
    let snapshot = home.renew();
    let logs = [run(5, 3), run(6, 0)];
    let expected: BTreeSet<_> =
        [vec![], home.peer(3), home.peer(7)].into_iter().chain(logs).collect();
    assert_eq!(written(&snapshot), expected);
    assert!(snapshot.iter().all(|page| page.record.is_some()));
    home.check();
    // Prekeys are a page, and what two devices know of each other is one for each side of it.
    home.town.publish_keys(0, 0);
    assert_eq!(written(&home.renew()), BTreeSet::from([vec![], vec![1]]));
    home.town.renew(5);
    home.town.inform(0, home.town.id(5));
    let expected = BTreeSet::from([vec![], contact(home.town.id(5))]);
    assert_eq!(written(&home.renew()), expected);
    home.check();
}

#[test]
fn whatever_a_client_lives_through_loads_from_its_pages_to_the_very_same_bytes() {
    let mut home = Home::new(2, 5);
    for _ in 0..60 {
        let person = 1 + home.town.rng.next_u32() as usize % 5;
        let id = home.town.id(person);
        match home.town.rng.next_u32() % 12 {
            0 => home.town.publish_keys(0, 0),
            1 => home.town.rotate(0, 0),
            2 => {
                home.town.renew(person);
                home.town.inform(0, id);
            }
            3 => {
                let now = home.town.now;
                let change = home.client().forget(id, now).unwrap();
                home.town.client(0, 0).apply(change).unwrap();
                home.renew();
                home.check();
                home.town.inform(0, id);
            }
            4 => {
                home.town.now += 86_400 * u64::from(home.town.rng.next_u32() % 9);
                home.town.learn_all();
                let now = home.town.now;
                if let Some(change) = home.client().tick(now).unwrap() {
                    home.town.client(0, 0).apply(change).unwrap();
                }
                for person in 0..6 {
                    home.town.renew(person);
                    home.town.rotate(person, 0);
                }
                home.town.learn_all();
            }
            5 => {
                let now = home.town.now;
                let change = home.client().mend_clock(now).unwrap();
                home.town.client(0, 0).apply(change).unwrap();
            }
            _ => {
                for _ in 0..=home.town.rng.next_u32() % 20 {
                    home.town.say(0, 0, person, b"a letter");
                    home.town.say(person, 0, 0, b"an answer");
                }
                let _ = home.town.receive(person, 0);
                let _ = home.town.receive(0, 0);
            }
        }
        home.renew();
        home.check();
    }
}

#[test]
fn a_forgotten_contact_leaves_no_page() {
    let mut home = Home::new(3, 4);
    let (id, now) = (home.town.id(2), home.town.now);
    let titles = [contact(id), home.peer(2)];
    let names: Vec<_> = titles
        .iter()
        .map(|title| *home.shelf.0.iter().find(|(_, record)| titled(record) == *title).unwrap().0)
        .collect();
    let change = home.client().forget(id, now).unwrap();
    home.town.client(0, 0).apply(change).unwrap();
    let snapshot = home.renew();
    let gone: BTreeSet<_> =
        snapshot.iter().filter(|page| page.record.is_none()).map(|page| page.name).collect();
    // The letters to it are forgotten too: run 1 holds nobody else's.
    assert!(names.iter().all(|name| gone.contains(name)), "{}", gone.len());
    assert!(home.shelf.records().all(|record| !titles.contains(&titled(record))));
    home.check();
}

#[test]
fn a_page_that_is_missing_older_surplus_or_there_twice_is_corrupt() {
    let mut home = Home::new(4, 3);
    let before = home.shelf.clone();
    home.town.chat(0, 1);
    home.renew();
    let all: Vec<_> = home.shelf.records().cloned().collect();
    let (pages, heads): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|record| record[1] == 9);
    assert_eq!(heads.len(), 1);
    assert!(load(&all).is_ok());
    for place in 0..pages.len() {
        let mut fewer = pages.clone();
        let page = fewer.remove(place);
        assert_eq!(load(heads.iter().chain(&fewer)).err(), Some(Error::Corrupt), "{place} missing");
        let twice = all.iter().chain([&page]);
        assert_eq!(load(twice).err(), Some(Error::Corrupt), "{place} twice");
    }
    let mut older = 0;
    for (name, record) in &before.0 {
        if record[1] == 9 && home.shelf.0[name] != *record {
            let mut mixed = home.shelf.clone();
            mixed.0.insert(*name, record.clone());
            assert_eq!(load(mixed.records()).err(), Some(Error::Corrupt), "an older page");
            older += 1;
        }
    }
    assert!(older >= 3, "{older} pages changed");
    // The page of a contact that was forgotten since, beside all that is right.
    let (id, now) = (home.town.id(3), home.town.now);
    let (surplus, other) = (home.page(&contact(id)), home.peer(3));
    let other = home.page(&other);
    let change = home.client().forget(id, now).unwrap();
    home.town.client(0, 0).apply(change).unwrap();
    home.renew();
    home.check();
    for page in [&surplus, &other] {
        let opened = load(home.shelf.records().chain([page]));
        assert_eq!(opened.err(), Some(Error::Corrupt), "a page too many");
    }
}

#[test]
fn a_head_of_another_snapshot_does_not_fit_the_pages() {
    let mut home = Home::new(5, 2);
    let before = home.shelf.clone();
    home.town.chat(0, 1);
    home.renew();
    let head = |shelf: &Shelf| shelf.records().find(|record| record[1] == 8).unwrap().clone();
    let (old, new) = (head(&before), head(&home.shelf));
    let pages: Vec<_> = home.shelf.records().filter(|record| record[1] == 9).cloned().collect();
    assert!(load(pages.iter().chain([&new])).is_ok());
    assert_eq!(load(pages.iter().chain([&old])).err(), Some(Error::Corrupt));
    assert_eq!(load(pages.iter().chain([&new, &old])).err(), Some(Error::Corrupt));
    assert_eq!(load(pages.iter().chain([&new, &new])).err(), Some(Error::Corrupt));
    assert_eq!(load(&pages).err(), Some(Error::Corrupt));
    assert_eq!(load([[]; 0]).err(), Some(Error::Corrupt));
    assert!(load(before.records()).is_ok());
}

#[test]
fn pages_are_found_by_what_they_say_and_not_by_where_they_lay() {
    let mut home = Home::new(6, 4);
    let bytes = home.client().to_bytes();
    let mut records: Vec<_> = home.shelf.records().cloned().collect();
    for _ in 0..20 {
        let (one, other) = (home.town.rng.next_u32(), home.town.rng.next_u32());
        let count = records.len();
        records.swap(one as usize % count, other as usize % count);
        assert!(*load(&records).unwrap().to_bytes() == *bytes);
    }
}

#[test]
fn a_page_of_another_owner_or_key_or_an_altered_one_does_not_open() {
    let mut home = Home::new(7, 2);
    let client = &home.town.people[0].devices[0];
    let rng = &mut home.town.rng;
    let (other, _) = Journal::begin(client, &key(), b"another", rng).unwrap();
    let another_key = StateKey::new(1, &[8; 32]).unwrap();
    let (foreign, _) = Journal::begin(client, &another_key, OWNER, rng).unwrap();
    for (place, record) in home.shelf.records().enumerate() {
        let rest = || home.shelf.records().enumerate().filter(|(at, _)| *at != place);
        let with = |record: &Vec<u8>| load(rest().map(|(_, other)| other).chain([record]));
        assert!(with(record).is_ok());
        let mut altered = record.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert_eq!(with(&altered).err(), Some(Error::Corrupt));
        let mut short = record.clone();
        short.truncate(20);
        assert_eq!(with(&short).err(), Some(Error::Corrupt));
        let mut wrong = record.clone();
        wrong[1] = 7;
        assert_eq!(with(&wrong).err(), Some(Error::WrongKind));
        for page in other.iter().chain(&foreign) {
            let page = page.record.as_ref().unwrap();
            if page[1] == record[1] {
                assert_eq!(with(page).err(), Some(Error::WrongStateKey));
            }
        }
    }
}

#[test]
fn what_was_superseded_is_in_none_of_the_records_that_are_left() {
    let mut home = Home::new(8, 4);
    let certificates: Vec<_> =
        (1..=4).map(|person| home.town.people[person].devices[0].certificate().clone()).collect();
    let secrets = |home: &Home| -> Vec<[u8; 32]> {
        let bytes = home.client().to_bytes();
        certificates.iter().flat_map(|certificate| secrets_with(&bytes, certificate)).collect()
    };
    let shown = |shelf: &Shelf, secret: &[u8; 32]| {
        let texts = shelf.records().map(|record| text(&KEY, OWNER, record));
        texts.into_iter().any(|text| text.windows(32).any(|window| window == secret))
    };
    let (before, old) = (secrets(&home), home.shelf.clone());
    // So often that the chains kept for late messages are others, too.
    for contact in [1, 2, 1, 2, 1, 2] {
        home.town.chat(0, contact);
    }
    let now = secrets(&home);
    let superseded: Vec<_> = before.iter().filter(|secret| !now.contains(secret)).collect();
    assert!(superseded.len() > 8, "{} secrets were superseded", superseded.len());
    assert!(superseded.iter().all(|secret| shown(&old, secret)), "the search finds what is there");
    home.renew();
    assert!(!superseded.iter().any(|secret| shown(&home.shelf, secret)));
    assert!(now.iter().all(|secret| shown(&home.shelf, secret)), "the new ones are there");
}

#[test]
fn a_snapshot_of_an_older_or_another_state_is_stale() {
    let mut home = Home::new(9, 1);
    let older = load(home.shelf.records()).unwrap();
    home.town.chat(0, 1);
    home.renew();
    let rng = &mut home.town.rng;
    assert_eq!(home.journal.renew(&older, &key(), rng).err(), Some(Error::StaleChange));
    let other = &home.town.people[1].devices[0];
    assert_eq!(home.journal.renew(other, &key(), rng).err(), Some(Error::StaleChange));
    home.check();
}

#[test]
fn under_another_state_key_or_number_everything_is_written_and_everything_before_is_deleted() {
    for next in [StateKey::new(2, &KEY), StateKey::new(1, &[8; 32]), StateKey::new(2, &[8; 32])] {
        let (mut home, next) = (Home::new(10, 3), next.unwrap());
        let client = &home.town.people[0].devices[0];
        let before = home.shelf.0.clone();
        let (snapshot, _) = home.journal.renew(client, &next, &mut home.town.rng).unwrap();
        home.shelf.put(snapshot);
        assert_eq!(home.shelf.0.len(), before.len());
        assert!(before.keys().all(|name| !home.shelf.0.contains_key(name)));
        let opened = Journal::open::<Client>(&next, OWNER, None, home.shelf.records(), [[]; 0]);
        assert!(*opened.unwrap().0.to_bytes() == *home.client().to_bytes());
    }
}

#[test]
fn a_store_sees_neither_who_the_contacts_are_nor_when_one_of_them_was_talked_to() {
    let mut home = Home::new(11, 3);
    let client = &home.town.people[0].devices[0];
    let (other, _) = Journal::begin(client, &key(), b"another", &mut home.town.rng).unwrap();
    assert!(other.iter().all(|page| !home.shelf.0.contains_key(&page.name)));
    home.town.chat(0, 2);
    home.renew();
    for (name, record) in &home.shelf.0 {
        let clear = [&name[..], record].concat();
        for person in 0..=3 {
            let address = home.town.address(person, 0);
            let (account, device) = (address.account.0, address.device.0);
            assert!(!clear.windows(32).any(|window| window == account));
            assert!(!clear.windows(8).any(|window| window == device));
        }
        // The anchor stands behind version, kind and key id.
        let anchor = if record[1] == 8 { home.client().anchor().to_bytes() } else { [0; 32] };
        assert_eq!(record[6..38], anchor);
    }
}
