//! A client at rest: saved and restored, continued by records, swapped, rolled back, killed.
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

use latchstring::{
    Account, AccountId, Address, Candidate, Change, Client, Content, Device, Error, Learned,
    Outgoing, Plan, Proposal, State, StateKey, To,
};

use support::forged::{self, Words};
use support::town::{Mail, Person, Town, text};
use support::{NOW, TestRng, device_of, fails, places, refusal, refuses};

const DAY: u64 = 86_400;
const HOUR: u64 = 3600;
const OWNER: &[u8] = b"telephone of account 1";

fn key(byte: u8) -> StateKey {
    StateKey::new(1, &[byte; 32]).unwrap()
}

/// The state that comes back from its bytes, which must be the same bytes again.
fn restored<S: State>(state: &S) -> S {
    let bytes = state.to_bytes();
    let state = S::from_bytes(&bytes).unwrap();
    assert!(*state.to_bytes() == *bytes, "a restored state encodes to other bytes");
    state
}

// ---- changes ----

/// Where the steps of a client's change begin: behind version, kind, anchor, the kind of
/// state, time and count.
const STEPS: usize = 2 + 32 + 1 + 8 + 4;

/// Applies every change twice: to the client, and by its record to what the store holds.
struct Store {
    rng: TestRng,
    /// The tags of the steps that changes began with, or that were looked for and found.
    steps: BTreeSet<u8>,
}

impl Store {
    /// What comes out of the record of a change.
    fn change(&mut self, record: &[u8], client: &Client) -> Change {
        let change: Change = key(7).open(OWNER, Some(&client.anchor()), record).unwrap();
        self.steps.insert(change.to_bytes()[STEPS]);
        change
    }

    fn apply(&mut self, client: &mut Client, change: Change) {
        let mut stored = restored(client);
        let record = change.record(&key(7), OWNER, &client.anchor(), &mut self.rng).unwrap();
        let again = self.change(&record, client);
        assert!(*again.to_bytes() == *change.to_bytes());
        client.apply(change).unwrap();
        Self::compare(client, &mut stored, again);
    }

    fn compare(client: &mut Client, stored: &mut Client, again: Change) {
        stored.apply(again).unwrap();
        assert!(*stored.to_bytes() == *client.to_bytes(), "a record gives another state");
        assert_eq!(stored.anchor(), client.anchor());
        *client = restored(stored);
    }

    /// Seals, saves, and applies. The patterns are steps that must be in the change.
    fn seal(
        &mut self,
        town: &mut Town,
        plan: &mut Plan,
        content: &[u8],
        patterns: &[Vec<u8>],
    ) -> Outgoing {
        town.supply(0, 0, plan).unwrap();
        let client = &mut town.people[0].devices[0];
        let (mut stored, anchor) = (restored(client), client.anchor());
        let sealed = client.seal(plan, content, town.now, &mut town.rng).unwrap();
        let recorded = sealed.record(&key(7), OWNER, &anchor, &mut self.rng).unwrap();
        let again = self.change(recorded.record(), &stored);
        self.find(&again, patterns);
        let out = recorded.apply().unwrap();
        Self::compare(client, &mut stored, again);
        out
    }

    fn receive(&mut self, town: &mut Town, mail: &Mail, patterns: &[Vec<u8>]) {
        let client = &mut town.people[0].devices[0];
        let (_, change) = client.open(mail.from, &mail.message, town.now).unwrap();
        self.find(&change, patterns);
        self.apply(client, change);
    }

    fn find(&mut self, change: &Change, patterns: &[Vec<u8>]) {
        let bytes = change.to_bytes();
        for pattern in patterns {
            assert!(!places(&bytes, pattern).is_empty(), "no step {}", pattern[0]);
            self.steps.insert(pattern[0]);
        }
    }
}

/// How a step about a device begins.
fn about(tag: u8, address: Address) -> Vec<u8> {
    [&[tag], &address.account.0[..], &address.device.0].concat()
}

#[test]
fn every_kind_of_step_that_is_recorded_and_read_again_gives_the_very_same_state() {
    let mut town = Town::new(1, &[2, 1, 1]);
    let mut store = Store { rng: TestRng::new(9), steps: BTreeSet::new() };
    let (friend, companion) = (town.address(1, 0), town.address(0, 1));
    let to = To::Account(friend.account);

    // Prekeys.
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let (_, change) = client.replenish(NOW, rng).unwrap();
    store.apply(client, change);
    let (bundle, change) = client.rotate(NOW, rng).unwrap();
    store.apply(client, change);
    town.server.bundles.insert(town.address(0, 0), bundle.encode());

    // Sending: sessions begin, go on, carry long content; answers.
    let mut plan = town.client(0, 0).plan(to, NOW).unwrap();
    let patterns = [about(2, friend), about(4, friend), about(2, companion)];
    let out = store.seal(&mut town, &mut plan, b"hello", &patterns);
    let id = out.id;
    town.server.post(town.address(0, 0), out);
    let out = store.seal(&mut town, &mut plan, &[1; 5000], &[about(4, friend)]);
    town.server.post(town.address(0, 0), out);
    town.receive_all();
    for content in [&b"answer"[..], &[2; 5000]] {
        town.say(1, 0, 0, content);
        let mail = town.mail(0, 0);
        let seen = [about(7, friend), mail.id.to_vec()].concat();
        store.receive(&mut town, &mail, &[about(5, friend), seen]);
    }
    // A second name: sealed again.
    let mut plan = town.client(0, 0).plan_again(friend, id, NOW).unwrap();
    let again = [&[9], &id[..], &about(0, friend)[1..]].concat();
    store.seal(&mut town, &mut plan, b"hello", &[again, about(4, friend)]);

    // A first letter, and a request in a session that is older than the active one.
    town.say(1, 0, 0, b"on the way");
    let late = town.mail(0, 0);
    town.now = NOW - 10;
    let ask = |words: Words| words.content(forged::ASK_AGAIN, &[7; 16]);
    let request = town.whisper((1, 0), (0, 0), ask);
    town.now = NOW;
    store.receive(&mut town, &request, &[about(3, friend), about(6, friend)]);
    town.now = NOW + 1;
    let renewed = town.whisper((1, 0), (0, 0), |words| Words { id: [2; 16], ..words });
    store.receive(&mut town, &renewed, &[about(3, friend)]);
    // What is opened in a kept session.
    store.receive(&mut town, &late, &[about(5, friend)]);

    // Lists: reported, learned, reported right.
    town.renew(1);
    let mail = town.whisper((1, 0), (0, 0), |words| Words { id: [3; 16], ..words });
    let report = [&about(10, friend)[..], &friend.account.0, &[1]].concat();
    store.receive(&mut town, &mail, &[report]);
    let list = town.server.list(friend.account);
    let client = &mut town.people[0].devices[0];
    let (_, change) = client.learn(&list, NOW).unwrap();
    store.apply(client, change.unwrap());
    let mail = town.whisper((1, 0), (0, 0), |words| Words { id: [4; 16], ..words });
    let report = [&about(10, friend)[..], &friend.account.0, &[0]].concat();
    store.receive(&mut town, &mail, &[report]);

    // A witness of an own device.
    town.receive(0, 1);
    let mut plan = town.client(0, 1).witness(NOW).unwrap();
    town.supply(0, 1, &mut plan).unwrap();
    let out = town.seal_plan(0, 1, &mut plan, b"").unwrap();
    town.server.post(companion, out);
    let mail = town.mail(0, 0);
    store.receive(&mut town, &mail, &[]);

    // Another account key, acknowledged, and forgotten.
    let account = Account::generate(town.id(2), &mut town.rng);
    let new = Client::create(&account, NOW, &mut town.rng).unwrap();
    let client = &mut town.people[0].devices[0];
    let (learned, change) = client.learn(new.list(), NOW).unwrap();
    assert_eq!(learned, Learned::Changed);
    store.apply(client, change.unwrap());
    let change = client.acknowledge(account.id(), &account.public_key(), NOW).unwrap();
    store.apply(client, change);
    let other = Account::generate(account.id(), &mut town.rng);
    let new = Client::create(&other, NOW, &mut town.rng).unwrap();
    let (_, change) = client.learn(new.list(), NOW).unwrap();
    store.apply(client, change.unwrap());
    let change = client.dismiss(other.id(), &other.public_key(), NOW).unwrap();
    store.apply(client, change);
    let change = client.forget(account.id(), NOW).unwrap();
    store.apply(client, change);

    // A companion comes and goes.
    let Person { account, devices } = &mut town.people[0];
    let candidate = Candidate::generate("tablet", NOW, &mut town.rng).unwrap();
    let proposal = Proposal::read(&candidate.code(), NOW).unwrap();
    let (offer, change) = devices[0].approve(account, &proposal, 4, NOW, &mut town.rng).unwrap();
    store.apply(&mut devices[0], change);
    let welcome = candidate.open(&offer, NOW).unwrap();
    let (tablet, acceptance) = welcome.accept(candidate, NOW, &mut town.rng).unwrap();
    let change = devices[0].admit(account, &acceptance, NOW).unwrap();
    store.apply(&mut devices[0], change);
    let change = devices[0].renew(account, NOW).unwrap();
    store.apply(&mut devices[0], change);
    let change = devices[0].remove(account, tablet.address().device, NOW).unwrap();
    store.apply(&mut devices[0], change);
    let client = restored(&tablet);
    assert_eq!(client.address(), tablet.address());

    // Time: an hour, and what ends by it.
    for now in [NOW + HOUR + 2, NOW + 40 * DAY, u64::MAX] {
        let client = &mut town.people[0].devices[0];
        let change = client.tick(now).unwrap().unwrap();
        store.apply(client, change);
    }
    let client = &mut town.people[0].devices[0];
    let change = client.mend_clock(NOW).unwrap();
    store.apply(client, change);
    assert_eq!(store.steps.into_iter().collect::<Vec<_>>(), (1..=18).collect::<Vec<_>>());
}

#[test]
fn of_two_changes_from_one_state_the_second_is_stale() {
    let mut town = Town::new(2, &[2, 1]);
    town.chat(0, 1);
    town.say(1, 0, 0, b"hello");
    town.renew(1);
    let mail = town.server.take(town.address(0, 0)).unwrap();
    let list = town.server.list(town.id(1));
    let client = &mut town.people[0].devices[0];
    let changes = |client: &Client, rng: &mut TestRng| {
        vec![
            client.open(mail.from, &mail.message, NOW).unwrap().1,
            client.learn(&list, NOW).unwrap().1.unwrap(),
            client.replenish(NOW, rng).unwrap().1,
            client.tick(NOW + HOUR).unwrap().unwrap(),
            client.forget(list.account(), NOW).unwrap(),
        ]
    };
    for first in 0..5 {
        let mut client = restored(client);
        let mut made = changes(&client, &mut town.rng);
        client.apply(made.remove(first)).unwrap();
        for other in made {
            refuses(&mut client, Error::StaleChange, |client| client.apply(other));
        }
    }
}

#[test]
fn a_change_fits_one_client_and_no_other_state() {
    let mut town = Town::new(3, &[2, 1]);
    let mut rng = TestRng::new(3);
    let (_, change) = town.client(0, 0).replenish(NOW, &mut rng).unwrap();
    refuses(town.client(0, 1), Error::StaleChange, |client| client.apply(change));
    // A device's own change is not a client's, although it is one device.
    let (_, change) = device_of(town.client(0, 0)).replenish(NOW, &mut rng).unwrap();
    refuses(town.client(0, 0), Error::StaleChange, |client| client.apply(change));
    let (_, change) = town.client(0, 0).replenish(NOW, &mut rng).unwrap();
    let mut device = Device::generate(&town.people[0].account, NOW, &mut rng);
    refuses(&mut device, Error::StaleChange, |device| device.apply(change));
}

#[test]
fn nothing_is_recorded_over_a_store_that_has_moved_on() {
    let mut town = Town::new(4, &[1, 1]);
    town.chat(0, 1);
    let to = To::Account(town.id(1));
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let (_, change) = client.replenish(NOW, rng).unwrap();
    let mut other = restored(client);
    let elsewhere = other.send(to, b"from another process", NOW, rng).unwrap();
    assert_eq!(elsewhere.envelopes.len(), 1);
    let stored = other.anchor();
    let error = change.record(&key(7), OWNER, &stored, rng).err();
    assert_eq!(error, Some(Error::StaleChange));
    let mut plan = client.plan(to, NOW).unwrap();
    refuses(client, Error::StaleChange, |client| {
        let sealed = client.seal(&mut plan, b"too late", NOW, rng)?;
        sealed.record(&key(7), OWNER, &stored, &mut TestRng::new(1)).map(drop)
    });
}

#[test]
fn a_change_whose_bytes_were_altered_is_refused_or_is_what_it_says() {
    let mut town = Town::new(5, &[2, 1]);
    town.say(1, 0, 0, b"hello");
    let mail = town.server.take(town.address(0, 0)).unwrap();
    let (_, change) = town.client(0, 0).open(mail.from, &mail.message, NOW).unwrap();
    let bytes = change.to_bytes();
    let mut refused = 0;
    for place in 0..bytes.len() {
        let mut altered = bytes.to_vec();
        altered[place] ^= 0x81;
        match Change::from_bytes(&altered) {
            Ok(change) => assert!(*change.to_bytes() == altered, "{place}: two encodings"),
            Err(error) => {
                assert!(matches!(
                    error,
                    Error::Corrupt | Error::WrongKind | Error::UnknownVersion(_)
                ));
                refused += 1;
            }
        }
    }
    assert!(refused > 20);
    for length in 2..bytes.len() {
        assert_eq!(Change::from_bytes(&bytes[..length]).err(), Some(Error::Corrupt));
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Change::from_bytes(&longer).err(), Some(Error::Corrupt));
}

// ---- records ----

#[test]
fn records_of_two_clients_are_not_swapped() {
    let mut town = Town::new(6, &[2, 1]);
    let rng = &mut TestRng::new(6);
    let [one, other] = [0, 1].map(|device| restored(town.client(0, device)));
    let record = key(7).seal(&one, OWNER, rng).unwrap();
    assert_eq!(
        key(7).open::<Client>(OWNER, Some(&other.anchor()), &record).err(),
        Some(Error::StateRollback)
    );
    let wrong = key(7).open::<Client>(b"tablet", None, &record).err();
    assert_eq!(wrong, Some(Error::WrongStateKey));
    assert_eq!(key(8).open::<Client>(OWNER, None, &record).err(), Some(Error::WrongStateKey));
    assert_eq!(key(7).open::<Device>(OWNER, None, &record).err(), Some(Error::WrongKind));
    assert_eq!(key(7).open::<Candidate>(OWNER, None, &record).err(), Some(Error::WrongKind));
    let opened: Client = key(7).open(OWNER, Some(&one.anchor()), &record).unwrap();
    assert!(*opened.to_bytes() == *one.to_bytes());
    // A change's record does not replace the state's, nor that of another client's change.
    let (_, change) = one.replenish(NOW, rng).unwrap();
    let record = change.record(&key(7), OWNER, &one.anchor(), rng).unwrap();
    assert_eq!(key(7).open::<Client>(OWNER, None, &record).err(), Some(Error::WrongKind));
    let change: Change = key(7).open(OWNER, None, &record).unwrap();
    let mut other = other;
    refuses(&mut other, Error::StaleChange, |other| other.apply(change));
}

#[test]
fn a_client_behind_its_anchor_is_refused_and_one_ahead_is_taken() {
    let mut town = Town::new(7, &[1, 1]);
    let mut rng = TestRng::new(7);
    let old = key(7).seal(town.client(0, 0), OWNER, &mut rng).unwrap();
    let before = town.client(0, 0).anchor();
    town.chat(0, 1);
    let client = town.client(0, 0);
    let anchor = client.anchor();
    assert!(anchor.generation() > before.generation());
    let error = key(7).open::<Client>(OWNER, Some(&anchor), &old).err();
    assert_eq!(error, Some(Error::StateRollback));
    let new = key(7).seal(client, OWNER, &mut rng).unwrap();
    assert!(key(7).open::<Client>(OWNER, Some(&before), &new).is_ok());
    // As many steps on another way: another lineage at the same generation.
    let mut other: Client = key(7).open(OWNER, None, &old).unwrap();
    while other.anchor().generation() < anchor.generation() {
        let (_, change) = other.replenish(NOW, &mut rng).unwrap();
        other.apply(change).unwrap();
    }
    let other = key(7).seal(&other, OWNER, &mut rng).unwrap();
    let error = key(7).open::<Client>(OWNER, Some(&anchor), &other).err();
    assert_eq!(error, Some(Error::StateRollback));
}

#[test]
fn two_offers_from_one_state_are_two_lineages() {
    let mut town = Town::new(8, &[1]);
    let rng = &mut TestRng::new(80);
    let Person { account, devices } = &mut town.people[0];
    let anchors = [0, 1].map(|_| {
        let mut client = restored(&devices[0]);
        let candidate = Candidate::generate("laptop", NOW, rng).unwrap();
        let proposal = Proposal::read(&candidate.code(), NOW).unwrap();
        let (_, change) = client.approve(account, &proposal, 4, NOW, rng).unwrap();
        client.apply(change).unwrap();
        client.anchor()
    });
    assert_eq!(anchors[0].generation(), anchors[1].generation());
    assert_ne!(anchors[0], anchors[1]);
}

// ---- bytes ----

#[test]
fn a_client_whose_bytes_were_altered_is_refused_or_is_what_it_says() {
    let mut town = Town::new(9, &[2, 1]);
    town.client(0, 0);
    town.chat(0, 1);
    let bytes = town.client(0, 0).to_bytes();
    let mut refused = 0;
    for place in (0..bytes.len()).step_by(7) {
        let mut altered = bytes.to_vec();
        altered[place] ^= 0x81;
        match Client::from_bytes(&altered) {
            Ok(client) => assert!(*client.to_bytes() == altered, "{place}: two encodings"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 50, "{refused}");
    for length in (2..bytes.len()).step_by(53) {
        assert_eq!(Client::from_bytes(&bytes[..length]).err(), Some(Error::Corrupt), "{length}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Client::from_bytes(&longer).err(), Some(Error::Corrupt));
}

#[test]
fn a_candidate_restored_goes_on_and_one_that_was_altered_does_not_pass_for_it() {
    let mut rng = TestRng::new(10);
    let candidate = Candidate::generate("laptop", NOW, &mut rng).unwrap();
    let again = restored(&candidate);
    assert_eq!(*again.code(), *candidate.code());
    assert_eq!(again.anchor(), candidate.anchor());
    let bytes = candidate.to_bytes();
    for place in 0..bytes.len() {
        let mut altered = bytes.to_vec();
        altered[place] ^= 0x81;
        match Candidate::from_bytes(&altered) {
            Ok(candidate) => {
                assert!(*candidate.to_bytes() == altered);
                assert_ne!(*candidate.code(), *again.code(), "{place}");
            }
            Err(error) => assert!(matches!(
                error,
                Error::Corrupt | Error::WrongKind | Error::UnknownVersion(_)
            )),
        }
    }
    for length in 2..bytes.len() {
        assert_eq!(Candidate::from_bytes(&bytes[..length]).err(), Some(Error::Corrupt));
    }
    let record = key(7).seal(&candidate, OWNER, &mut rng).unwrap();
    let opened: Candidate = key(7).open(OWNER, Some(&candidate.anchor()), &record).unwrap();
    assert_eq!(*opened.code(), *candidate.code());
}

// ---- processes that end ----

#[test]
fn a_reader_that_is_killed_at_any_step_loses_no_letter_and_shows_none_twice() {
    // Bits of the number: at which letter, and at which step, the process ends.
    for killed in 0..20 {
        let mut town = Town::new(11, &[1, 1]);
        town.chat(0, 1);
        let said: Vec<Vec<u8>> = (0..10).map(|number| vec![number; 20]).collect();
        for content in &said {
            town.say(0, 0, 1, content);
        }
        let from = town.address(0, 0);
        let mut mailbox = town.server.mail.remove(&town.address(1, 0)).unwrap();
        // What the store holds: written in one transaction.
        let mut disk = (town.client(1, 0).to_bytes(), Vec::new());
        let mut steps = 0;
        let mut ends = |step: usize| {
            steps += usize::from(step == killed % 2);
            step == killed % 2 && steps == killed / 2 + 1
        };
        while let Some(mail) = mailbox.front().cloned() {
            let mut client = Client::from_bytes(&disk.0).unwrap();
            match client.open(from, &mail.message, NOW) {
                Ok((arrived, change)) => {
                    if ends(0) {
                        continue;
                    }
                    client.apply(change).unwrap();
                    disk.0 = client.to_bytes();
                    disk.1.push(text(&arrived.content));
                    if ends(1) {
                        continue;
                    }
                }
                Err(error) => assert_eq!(error, Error::Duplicate),
            }
            mailbox.pop_front();
        }
        assert_eq!(disk.1, said, "killed at {killed}");
    }
}

#[test]
fn a_writer_that_is_killed_at_any_step_sends_each_letter_it_saved_and_no_key_twice() {
    for killed in 0..20 {
        let mut town = Town::new(12, &[1, 2]);
        town.chat(0, 1);
        let to = To::Account(town.id(1));
        let mut disk = (town.client(0, 0).to_bytes(), Vec::<Vec<u8>>::new());
        let mut sent = Vec::new();
        let (mut steps, mut number) = (0, 0);
        while number < 8 {
            let mut client = Client::from_bytes(&disk.0).unwrap();
            // What was saved and perhaps not sent goes first.
            for out in disk.1.drain(..) {
                sent.push(Outgoing::decode(&out).unwrap());
            }
            let mut plan = client.plan(to, NOW).unwrap();
            let sealed = client.seal(&mut plan, &[number; 20], NOW, &mut town.rng).unwrap();
            steps += 1;
            if steps == killed {
                continue;
            }
            let out = sealed.apply().unwrap();
            disk = (client.to_bytes(), vec![out.encode()]);
            number += 1;
            steps += 1;
            if steps == killed {
                continue;
            }
            sent.push(out);
            disk.1.clear();
        }
        sent.extend(disk.1.iter().map(|out| Outgoing::decode(out).unwrap()));
        let from = town.address(0, 0);
        for device in [0, 1] {
            let to = town.address(1, device);
            let mut read = Vec::new();
            for out in &sent {
                let envelope = out.envelopes.iter().find(|envelope| envelope.to == to).unwrap();
                match town.client(1, device).receive(from, &envelope.message, NOW) {
                    Ok(arrived) => {
                        assert_eq!((arrived.missing, arrived.alerts.len()), (0, 0));
                        read.push(text(&arrived.content));
                    }
                    Err(error) => assert_eq!(error, Error::Duplicate),
                }
            }
            let expected: Vec<_> = (0..8).map(|number| vec![number; 20]).collect();
            assert_eq!(read, expected, "killed at {killed}");
        }
    }
}

#[test]
fn a_reader_that_is_killed_while_it_takes_a_first_letter_takes_it_again() {
    let mut town = Town::new(13, &[1, 1]);
    town.say(0, 0, 1, b"first");
    let mail = town.mail(1, 0);
    let client = town.client(1, 0);
    let before = client.to_bytes();
    for _ in 0..3 {
        let (arrived, _) = client.open(mail.from, &mail.message, NOW).unwrap();
        assert_eq!(text(&arrived.content), b"first");
        assert!(*before == *client.to_bytes());
        *client = restored(client);
    }
    client.receive(mail.from, &mail.message, NOW).unwrap();
    *client = restored(client);
    refuses(client, Error::Duplicate, |client| client.open(mail.from, &mail.message, NOW));
    town.say(1, 0, 0, b"answer");
    assert_eq!(town.read(0, 0), [b"answer"]);
}

#[test]
fn clients_restored_at_every_step_go_on() {
    let mut town = Town::new(14, &[2, 2]);
    for round in 0..6_u8 {
        for (person, device) in [(0, 0), (1, 1), (0, 1), (1, 0)] {
            town.say(person, device, 1 - person, &[round; 30]);
            for person in &mut town.people {
                person.devices = person.devices.iter().map(restored).collect();
                person.account = restored(&person.account);
            }
            for (person, device) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                for arrived in town.receive(person, device) {
                    let arrived = arrived.unwrap();
                    assert!(matches!(arrived.content, Content::Message(_)));
                    assert_eq!((arrived.missing, arrived.lost), (0, 0));
                }
            }
        }
    }
    assert_eq!(town.client(0, 0).mismatches().count(), 0);
}

#[test]
fn a_clock_that_ran_ahead_is_mended_when_the_caller_says_so() {
    let mut town = Town::new(16, &[1, 1]);
    town.chat(0, 1);
    let ahead = NOW + 1000 * DAY;
    let client = town.client(0, 0);
    let change = client.tick(ahead).unwrap().unwrap();
    client.apply(change).unwrap();
    let to = To::Account(AccountId([2; 32]));
    refuses(client, Error::ListExpired, |client| client.plan(to, NOW));
    let change = client.mend_clock(NOW).unwrap();
    client.apply(change).unwrap();
    assert!(client.plan(to, NOW).is_ok());
    town.rotate(0, 0);
    town.chat(0, 1);
    // A session that was made in that future is given up: no peer would have it.
    let client = town.client(0, 0);
    let change = client.forget(AccountId([2; 32]), NOW).unwrap();
    client.apply(change).unwrap();
    let mut future = Town::new(17, &[1, 1]);
    future.now = ahead;
    for person in [0, 1] {
        future.renew(person);
        future.rotate(person, 0);
    }
    future.learn_all();
    future.say(0, 0, 1, b"in the future");
    let (peer, client) = (future.address(1, 0), future.client(0, 0));
    assert!(client.has_session(peer, ahead));
    let change = client.mend_clock(NOW).unwrap();
    client.apply(change).unwrap();
    assert!(!client.has_session(peer, NOW));
}

#[test]
fn a_clock_at_either_end_breaks_no_client() {
    let mut town = Town::new(15, &[1, 1]);
    town.chat(0, 1);
    town.say(1, 0, 0, b"hello");
    let mail = town.mail(0, 0);
    let to = To::Account(town.id(1));
    for now in [0, 1, u64::MAX - 1, u64::MAX] {
        let mut client = restored(town.client(0, 0));
        let before = client.to_bytes();
        let duties = client.due(now, 0);
        assert!(now < NOW || (duties.renew_list && duties.primary_silent && duties.tick));
        assert_eq!(client.plan(to, now).is_ok(), now < NOW, "the past is the time that was seen");
        assert_eq!(client.open(mail.from, &mail.message, now).is_ok(), now < NOW);
        let _ = client.witness(now);
        let _ = client.backfill(mail.id, now);
        assert!(*before == *client.to_bytes());
        if let Some(change) = client.tick(now).unwrap() {
            client.apply(change).unwrap();
        }
        let (_, change) = client.rotate(now, &mut town.rng).unwrap();
        client.apply(change).unwrap();
        assert!(refusal(&mut client, |client| client.plan(to, now)).is_none() == (now < NOW));
        restored(&client);
    }
    // And no account that signs at the end of time.
    let Person { account, devices } = &mut town.people[0];
    let error = fails(&mut devices[0], |client| client.renew(account, u64::MAX));
    assert_eq!(error, Error::BadArgument);
    let error = Client::create(account, u64::MAX, &mut town.rng).err();
    assert_eq!(error, Some(Error::BadArgument));
    assert!(Client::create(account, 0, &mut TestRng::new(1)).is_ok());
}
