//! A client's snapshot in pages: what is written anew, what is refused, and what is left.

use std::collections::BTreeSet;

use latchstring::Error;
use latchstring::client::{Address, Client};
use latchstring::rand_core::Rng;
use latchstring::session::AccountId;
use latchstring::storage::{Journal, Page, State, StateKey};
use support::secrets_with;
use support::shelf::{Shelf, text, title};
use support::town::Town;

const KEY: [u8; 32] = [7; 32];
const OWNER: &[u8] = b"account 1, laptop";

fn key() -> StateKey {
    StateKey::new(1, &KEY).unwrap()
}

/// A client in a town, and a store that holds it.
struct Archive {
    town: Town,
    shelf: Shelf,
    journal: Journal,
}

impl Archive {
    /// Makes one with so many contacts, all of whom have talked with it.
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
        let snapshot = self.journal.renew(client, &key(), &mut self.town.rng).unwrap();
        self.shelf.put(snapshot.clone());
        snapshot
    }

    /// Checks that the stored client is the one in memory to the byte, and nothing else is stored.
    fn check(&mut self) {
        let loaded = load(self.shelf.records()).unwrap();
        assert!(*loaded.to_bytes() == *self.client().to_bytes(), "the store holds another state");
        let client = &self.town.people[0].devices[0];
        let (whole, _) = Journal::begin(client, &key(), OWNER, &mut self.town.rng).unwrap();
        assert!(Shelf::of(whole).0.keys().eq(self.shelf.0.keys()), "a page too many or too few");
    }

    /// Finds the record of the page with this title.
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

/// Returns the titles of what a snapshot writes.
fn written(snapshot: &[Page]) -> BTreeSet<Vec<u8>> {
    snapshot.iter().filter_map(|page| page.record.as_ref()).map(|record| titled(record)).collect()
}

#[test]
fn a_new_snapshot_writes_the_head_and_what_changed_and_nothing_else() {
    let mut archive = Archive::new(1, 12);
    let begun = written(&archive.renew());
    assert_eq!(begun, BTreeSet::from([vec![]]), "nothing changed but the journal key");
    for contact in [3, 7] {
        archive.town.chat(0, contact);
    }
    // Four letters to each of twelve and of two, each way: runs of 8 sent and of 32 seen letters.
    let snapshot = archive.renew();
    let logs = [run(5, 3), run(6, 0)];
    let expected: BTreeSet<_> =
        [vec![], archive.peer(3), archive.peer(7)].into_iter().chain(logs).collect();
    assert_eq!(written(&snapshot), expected);
    assert!(snapshot.iter().all(|page| page.record.is_some()));
    archive.check();
    // Prekeys are a page, and what two devices know of each other is one for each side of it.
    archive.town.publish_keys(0, 0);
    assert_eq!(written(&archive.renew()), BTreeSet::from([vec![], vec![1]]));
    archive.town.renew(5);
    archive.town.inform(0, archive.town.id(5));
    let expected = BTreeSet::from([vec![], contact(archive.town.id(5))]);
    assert_eq!(written(&archive.renew()), expected);
    archive.check();
}

#[test]
fn whatever_a_client_lives_through_loads_from_its_pages_to_the_very_same_bytes() {
    let mut archive = Archive::new(2, 5);
    for _ in 0..60 {
        let person = 1 + archive.town.rng.next_u32() as usize % 5;
        let id = archive.town.id(person);
        match archive.town.rng.next_u32() % 12 {
            0 => archive.town.publish_keys(0, 0),
            1 => archive.town.rotate(0, 0),
            2 => {
                archive.town.renew(person);
                archive.town.inform(0, id);
            }
            3 => {
                let now = archive.town.now;
                archive.town.client(0, 0).forget(id, now).unwrap().apply();
                archive.renew();
                archive.check();
                archive.town.inform(0, id);
            }
            4 => {
                archive.town.now += 86_400 * u64::from(archive.town.rng.next_u32() % 9);
                archive.town.learn_all();
                let now = archive.town.now;
                archive.town.client(0, 0).expire(now).apply();
                for person in 0..6 {
                    archive.town.renew(person);
                    archive.town.rotate(person, 0);
                }
                archive.town.learn_all();
            }
            5 => {
                let now = archive.town.now;
                archive.town.client(0, 0).reset_clock(now).apply();
            }
            _ => {
                for _ in 0..=archive.town.rng.next_u32() % 20 {
                    archive.town.say(0, 0, person, b"a letter");
                    archive.town.say(person, 0, 0, b"an answer");
                }
                let _ = archive.town.receive(person, 0);
                let _ = archive.town.receive(0, 0);
            }
        }
        archive.renew();
        archive.check();
    }
}

#[test]
fn a_forgotten_contact_leaves_its_list_and_no_other_page() {
    let mut archive = Archive::new(3, 4);
    let (id, now) = (archive.town.id(2), archive.town.now);
    let title = archive.peer(2);
    let page = *archive.shelf.0.iter().find(|(_, record)| titled(record) == title).unwrap().0;
    archive.town.client(0, 0).forget(id, now).unwrap().apply();
    let snapshot = archive.renew();
    let gone: BTreeSet<_> =
        snapshot.iter().filter(|page| page.record.is_none()).map(|page| page.id).collect();
    // The letters to it are forgotten too: run 1 holds nobody else's.
    assert!(gone.contains(&page), "{}", gone.len());
    assert!(archive.shelf.records().all(|record| titled(record) != title));
    // What protects against an older list of it.
    assert!(archive.shelf.records().any(|record| titled(record) == contact(id)));
    archive.check();
}

#[test]
fn a_page_that_is_missing_older_surplus_or_there_twice_is_corrupt() {
    let mut archive = Archive::new(4, 3);
    let before = archive.shelf.clone();
    archive.town.chat(0, 1);
    archive.renew();
    let all: Vec<_> = archive.shelf.records().cloned().collect();
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
    for (id, record) in &before.0 {
        if record[1] == 9 && archive.shelf.0[id] != *record {
            let mut mixed = archive.shelf.clone();
            mixed.0.insert(*id, record.clone());
            assert_eq!(load(mixed.records()).err(), Some(Error::Corrupt), "an older page");
            older += 1;
        }
    }
    assert!(older >= 3, "{older} pages changed");
    // The page of a contact that was forgotten since, beside all that is right.
    let (id, now) = (archive.town.id(3), archive.town.now);
    let (surplus, other) = (archive.page(&contact(id)), archive.peer(3));
    let other = archive.page(&other);
    archive.town.client(0, 0).forget(id, now).unwrap().apply();
    archive.renew();
    archive.check();
    for page in [&surplus, &other] {
        let opened = load(archive.shelf.records().chain([page]));
        assert_eq!(opened.err(), Some(Error::Corrupt), "a page too many");
    }
}

#[test]
fn a_head_of_another_snapshot_does_not_fit_the_pages() {
    let mut archive = Archive::new(5, 2);
    let before = archive.shelf.clone();
    archive.town.chat(0, 1);
    archive.renew();
    let head = |shelf: &Shelf| shelf.records().find(|record| record[1] == 8).unwrap().clone();
    let (old, new) = (head(&before), head(&archive.shelf));
    let pages: Vec<_> = archive.shelf.records().filter(|record| record[1] == 9).cloned().collect();
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
    let mut archive = Archive::new(6, 4);
    let bytes = archive.client().to_bytes();
    let mut records: Vec<_> = archive.shelf.records().cloned().collect();
    for _ in 0..20 {
        let (one, other) = (archive.town.rng.next_u32(), archive.town.rng.next_u32());
        let count = records.len();
        records.swap(one as usize % count, other as usize % count);
        assert!(*load(&records).unwrap().to_bytes() == *bytes);
    }
}

#[test]
fn a_page_of_another_owner_or_key_or_an_altered_one_does_not_open() {
    let mut archive = Archive::new(7, 2);
    let client = &archive.town.people[0].devices[0];
    let rng = &mut archive.town.rng;
    let (other, _) = Journal::begin(client, &key(), b"another", rng).unwrap();
    let another_key = StateKey::new(1, &[8; 32]).unwrap();
    let (foreign, _) = Journal::begin(client, &another_key, OWNER, rng).unwrap();
    for (place, record) in archive.shelf.records().enumerate() {
        let rest = || archive.shelf.records().enumerate().filter(|(at, _)| *at != place);
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
    let mut archive = Archive::new(8, 4);
    let certificates: Vec<_> = (1..=4)
        .map(|person| archive.town.people[person].devices[0].certificate().clone())
        .collect();
    let secrets = |archive: &Archive| -> Vec<[u8; 32]> {
        let bytes = archive.client().to_bytes();
        certificates.iter().flat_map(|certificate| secrets_with(&bytes, certificate)).collect()
    };
    let shown = |shelf: &Shelf, secret: &[u8; 32]| {
        let texts = shelf.records().map(|record| text(&KEY, OWNER, record));
        texts.into_iter().any(|text| text.windows(32).any(|window| window == secret))
    };
    let (before, old) = (secrets(&archive), archive.shelf.clone());
    // So often that the chains kept for late messages are others, too.
    for contact in [1, 2, 1, 2, 1, 2] {
        archive.town.chat(0, contact);
    }
    let now = secrets(&archive);
    let superseded: Vec<_> = before.iter().filter(|secret| !now.contains(secret)).collect();
    assert!(superseded.len() > 8, "{} secrets were superseded", superseded.len());
    assert!(superseded.iter().all(|secret| shown(&old, secret)), "the search finds what is there");
    archive.renew();
    assert!(!superseded.iter().any(|secret| shown(&archive.shelf, secret)));
    assert!(now.iter().all(|secret| shown(&archive.shelf, secret)), "the new ones are there");
}

#[test]
fn a_snapshot_of_an_older_or_another_state_is_stale() {
    let mut archive = Archive::new(9, 1);
    let older = load(archive.shelf.records()).unwrap();
    archive.town.chat(0, 1);
    archive.renew();
    let rng = &mut archive.town.rng;
    assert_eq!(archive.journal.renew(&older, &key(), rng).err(), Some(Error::StaleChange));
    let other = &archive.town.people[1].devices[0];
    assert_eq!(archive.journal.renew(other, &key(), rng).err(), Some(Error::StaleChange));
    archive.check();
}

#[test]
fn a_client_of_another_branch_than_the_journal_is_written_whole() {
    let mut archive = Archive::new(12, 3);
    // A copy, as of a process that runs twice: both go on from here, one of them alone with the journal.
    let bytes = archive.client().to_bytes();
    archive.town.chat(0, 1);
    archive.renew();
    archive.town.people[0].devices[0] = Client::from_bytes(&bytes).unwrap();
    for contact in [2, 3, 2, 3, 2, 3] {
        archive.town.chat(0, contact);
    }
    archive.renew();
    archive.check();
}

#[test]
fn a_journal_that_was_loaded_with_its_entries_is_renewed_by_what_they_touched() {
    let mut archive = Archive::new(13, 3);
    let rng = &mut archive.town.rng;
    let client = &mut archive.town.people[0].devices[0];
    let mut entries = Vec::new();
    for step in 1..=3 {
        let now = archive.town.now + step * 3 * 86_400;
        let recorded = client.rotate(now, rng).journal(&mut archive.journal, rng).unwrap();
        entries.push(recorded.record().unwrap().to_vec());
        recorded.apply();
    }
    let opened = Journal::open(&key(), OWNER, None, archive.shelf.records(), &entries);
    (*client, archive.journal) = opened.unwrap();
    assert_eq!(written(&archive.renew()), BTreeSet::from([vec![], vec![1]]));
    archive.check();
}

#[test]
fn under_another_state_key_or_number_everything_is_written_and_everything_before_is_deleted() {
    for next in [StateKey::new(2, &KEY), StateKey::new(1, &[8; 32]), StateKey::new(2, &[8; 32])] {
        let (mut archive, next) = (Archive::new(10, 3), next.unwrap());
        let client = &archive.town.people[0].devices[0];
        let before = archive.shelf.0.clone();
        let snapshot = archive.journal.renew(client, &next, &mut archive.town.rng).unwrap();
        archive.shelf.put(snapshot);
        assert_eq!(archive.shelf.0.len(), before.len());
        assert!(before.keys().all(|id| !archive.shelf.0.contains_key(id)));
        let opened = Journal::open::<Client>(&next, OWNER, None, archive.shelf.records(), [[]; 0]);
        assert!(*opened.unwrap().0.to_bytes() == *archive.client().to_bytes());
    }
}

#[test]
fn a_store_sees_neither_contacts_nor_when_they_were_talked_to() {
    let mut archive = Archive::new(11, 3);
    let client = &archive.town.people[0].devices[0];
    let (other, _) = Journal::begin(client, &key(), b"another", &mut archive.town.rng).unwrap();
    assert!(other.iter().all(|page| !archive.shelf.0.contains_key(&page.id)));
    archive.town.chat(0, 2);
    archive.renew();
    for (id, record) in &archive.shelf.0 {
        let clear = [&id.0[..], record].concat();
        for person in 0..=3 {
            let address = archive.town.address(person, 0);
            let (account, device) = (address.account.0, address.device.0);
            assert!(!clear.windows(32).any(|window| window == account));
            assert!(!clear.windows(8).any(|window| window == device));
        }
        // The anchor stands behind version, kind and key id.
        let anchor = if record[1] == 8 { archive.client().anchor().to_bytes() } else { [0; 32] };
        assert_eq!(record[6..38], anchor);
    }
}
