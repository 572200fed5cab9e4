//! Clients that begin anew from a store that is behind, or damaged.

use std::collections::BTreeSet;

use latchstring::Error;
use latchstring::client::{
    Address, Alert, Client, DeviceList, Enclosed, Mail, MessageId, Repair, Taken, To,
};
use latchstring::session::{Served, Stock, Withdraw};
use latchstring::storage::{Anchor, Behind, Change, Journal, Page, State, StateKey};

use support::guest::text_of;
use support::town::{Town, said};
use support::{Door, NOW, OneToOne, Talk, TestRng, only, refuses, restored};

const OWNER: &[u8] = b"telephone of account 1";

fn key() -> StateKey {
    StateKey::new(1, &[7; 32]).unwrap()
}

/// Seals a device's client, as an old copy of its store has it.
fn copy_of(town: &mut Town, person: usize, device: usize) -> Vec<u8> {
    let mut rng = TestRng::new(90);
    key().seal(town.client(person, device), OWNER, &mut rng).unwrap()
}

/// Begins a device anew from such a copy, and puts it in the place of the true one.
fn restart(town: &mut Town, (person, device): (usize, usize), copy: &[u8]) -> Anchor {
    let behind: Behind<Client> = key().open_behind(OWNER, copy).unwrap();
    let client = Client::restart(behind, town.now, &mut town.rng).unwrap();
    let anchor = client.anchor();
    let address = client.address();
    *town.client(person, device) = restored(&client);
    town.server.one_time.remove(&address);
    town.publish_keys(person, device);
    anchor
}

#[test]
fn a_store_behind_its_anchor_restarts_and_everybody_hears() {
    let mut town = Town::new(1, &[2, 1, 2]);
    town.chat(0, 1);
    town.chat(0, 2);
    let copy = copy_of(&mut town, 0, 0);
    town.chat(0, 1);
    let anchor = town.client(0, 0).anchor();
    let refused = key().open::<Client>(OWNER, Some(&anchor), &copy).err();
    assert_eq!(refused, Some(Error::StateRollback));
    town.say(1, 0, 0, b"sealed to what is gone");
    restart(&mut town, (0, 0), &copy);
    let lost = town.receive(0, 0);
    assert_eq!(lost.into_iter().map(Result::err).collect::<Vec<_>>(), [Some(Error::Forged)]);
    assert_eq!(town.receive(0, 1).len(), 1, "the other device has it");
    for to in [1, 2] {
        town.say(0, 0, to, b"anew");
        for (person, device) in [(0, 1), (1, 0), (2, 0), (2, 1)] {
            for arrived in town.receive(person, device) {
                let alerts = arrived.unwrap().alerts;
                // The companion of the writer hears it with the first letter, of which it has a copy.
                let is_first = person != 0 || to == 1;
                assert_eq!(alerts.contains(&Alert::SessionReset), is_first, "{alerts:?}");
            }
        }
    }
    // Everybody goes on, and nobody is told of anything more.
    for from in [1, 2] {
        town.say(from, 0, 0, b"welcome back");
        for device in [0, 1] {
            assert_eq!(town.read(0, device), [b"welcome back"]);
        }
    }
    town.receive_all();
    town.say(0, 0, 1, b"and on");
    assert!(town.alerts(1, 0).is_empty());
}

#[test]
fn what_a_restarted_device_lists_brings_everybody_back_without_the_user() {
    let mut town = Town::new(2, &[2, 1, 1, 1]);
    town.chat(0, 1);
    town.chat(0, 2);
    let copy = copy_of(&mut town, 0, 0);
    town.chat(0, 1);
    restart(&mut town, (0, 0), &copy);
    let requests: Vec<_> = town.client(0, 0).repairs(NOW).collect();
    let of = |repair: &Repair| match repair {
        Repair::Request { to } => *to,
        other => panic!("{other:?}"),
    };
    let [own, others @ ..] = &requests[..] else { panic!("nothing is listed") };
    assert_eq!(of(own), town.address(0, 1), "own devices come first");
    let others: BTreeSet<_> = others.iter().map(of).collect();
    // Who was never heard of is told nothing.
    assert_eq!(others, [town.address(1, 0), town.address(2, 0)].into());
    for request in requests {
        let mut plan = town.client(0, 0).plan_repair(&request, NOW).unwrap();
        town.supply(0, 0, &mut plan).unwrap();
        let out = town.seal_plan(0, 0, &mut plan, Enclosed::Nothing).unwrap();
        town.server.post(town.address(0, 0), out);
    }
    assert_eq!(town.client(0, 0).repairs(NOW).count(), 0);
    town.receive_all();
    for from in [1, 2] {
        town.say(from, 0, 0, b"welcome back");
        for device in [0, 1] {
            assert_eq!(town.read(0, device), [b"welcome back"]);
        }
    }
}

#[test]
fn no_old_copy_opens_after_a_restart() {
    let mut town = Town::new(2, &[1, 1]);
    town.chat(0, 1);
    let copy = copy_of(&mut town, 0, 0);
    let mut copies = vec![copy.clone()];
    // Also none that is ahead of the copy from which it began.
    for _ in 0..3 {
        town.chat(0, 1);
        copies.push(copy_of(&mut town, 0, 0));
    }
    let anchor = restart(&mut town, (0, 0), &copy);
    for copy in &copies {
        let refused = key().open::<Client>(OWNER, Some(&anchor), copy).err();
        assert_eq!(refused, Some(Error::StateRollback));
    }
    // Not even another restart of the very copy, at that very time.
    let again = restart(&mut town, (0, 0), &copy);
    let other = copy_of(&mut town, 0, 0);
    assert_ne!(anchor, again);
    let refused = key().open::<Client>(OWNER, Some(&anchor), &other).err();
    assert_eq!(refused, Some(Error::StateRollback));
    // And no change of before goes on from it.
    let old: Client = key().open(OWNER, None, &copy).unwrap();
    let (stored, mut old) = (old.anchor(), old);
    let record = old.reset_clock(NOW);
    let record = record.record(&key(), OWNER, &stored, &mut TestRng::new(91)).unwrap();
    let change: Change<Client> = key().open(OWNER, None, record.record().unwrap()).unwrap();
    refuses(town.client(0, 0), Error::StaleChange, |client| change.apply(client));
}

#[test]
fn what_the_user_decided_outlives_a_restart() {
    let mut town = Town::new(3, &[1, 1, 1]);
    town.chat(0, 1);
    let friend = town.id(1);
    let account_key = town.client(0, 0).list_of(friend).unwrap().account_key();
    let now = town.now;
    town.client(0, 0).set_verified(friend, Some(account_key), now).unwrap().apply();
    // Another account key, which the user has dismissed; and an account that the user has forgotten.
    let false_one = Town::new(4, &[1, 1]).server.list(friend);
    town.client(0, 0).learn(&false_one, now).unwrap().apply();
    town.client(0, 0).dismiss(&false_one, now).unwrap().apply();
    let third = town.id(2);
    town.client(0, 0).forget(third, now).unwrap().apply();
    let copy = copy_of(&mut town, 0, 0);
    restart(&mut town, (0, 0), &copy);
    let other = town.address(1, 0);
    let client = town.client(0, 0);
    assert!(client.is_verified(friend));
    refuses(client, Error::WrongPeer, |client| client.learn(&false_one, now).map(drop));
    assert!(client.list_of(third).is_none());
    assert!(!client.has_session(other, now));
}

#[test]
fn no_first_message_opens_twice_across_a_restart() {
    let mut town = Town::new(5, &[1, 1]);
    // Without one-time prekeys, so that only the replay memory tells it from a new one.
    let address = town.address(0, 0);
    town.server.one_time.remove(&address);
    let copy = copy_of(&mut town, 0, 0);
    town.say(1, 0, 0, b"once");
    let first = town.server.mail[&address][0].clone();
    assert_eq!(town.read(0, 0), [b"once"]);
    restart(&mut town, (0, 0), &copy);
    let now = town.now;
    refuses(town.client(0, 0), Error::UnknownPrekey, |client| {
        client.open(first.from, &first.message, now).map(drop)
    });
}

#[test]
fn the_prekeys_of_before_are_withdrawn_after_a_restart() {
    let mut town = Town::new(6, &[1]);
    let now = town.now;
    let client = town.client(0, 0);
    let had: Vec<_> = client.replenish(now, &mut TestRng::new(6)).apply();
    let mut had: Vec<_> = had.iter().map(latchstring::session::OneTimePrekey::id).collect();
    had.sort_unstable();
    let bundle = client.bundle().id();
    client.note_published(had.iter().copied(), now).apply();
    let copy = copy_of(&mut town, 0, 0);
    let behind: Behind<Client> = key().open_behind(OWNER, &copy).unwrap();
    let client = Client::restart(behind, now, &mut town.rng).unwrap();
    let served = Served { bundle: Some(bundle), one_time: Stock::Ids(&had) };
    let tasks = client.tasks(&served, now).prekeys;
    assert!(tasks.publish && tasks.replenish && !tasks.rotate);
    let Withdraw::Ids(mut these) = tasks.withdraw else { panic!("{:?}", tasks.withdraw) };
    these.sort_unstable();
    assert_eq!(these, had);
}

#[test]
fn a_removed_device_does_not_begin_anew() {
    let mut town = Town::new(7, &[2]);
    let (list, mut gone) = town.remove(0, 1);
    gone.learn(&list, NOW).unwrap().apply();
    let copy = key().seal(&gone, OWNER, &mut town.rng).unwrap();
    let behind: Behind<Client> = key().open_behind(OWNER, &copy).unwrap();
    let refused = Client::restart(behind, NOW, &mut town.rng).err();
    assert_eq!(refused, Some(Error::OwnDeviceUnlisted));
}

/// A client's store with a journal, and the anchors that its entries lead to.
struct Kept {
    snapshot: Vec<Vec<u8>>,
    entries: Vec<Vec<u8>>,
    anchors: Vec<Anchor>,
}

impl Kept {
    fn make(town: &mut Town) -> Self {
        let mut rng = TestRng::new(92);
        let (pages, mut journal) =
            Journal::begin(town.client(0, 0), &key(), OWNER, &mut rng).unwrap();
        let snapshot = pages.into_iter().filter_map(|Page { record, .. }| record).collect();
        let mut kept = Self { snapshot, entries: Vec::new(), anchors: vec![journal.anchor()] };
        for number in 0..5_u8 {
            let mut plan = town.plan(0, 0, 1);
            town.supply(0, 0, &mut plan).unwrap();
            let (content, now) = (said(&[number]), town.now);
            let pending = town.client(0, 0).seal(&mut plan, &content, now, &mut rng).unwrap();
            let recorded = pending.journal(&mut journal, &mut rng).unwrap();
            kept.entries.push(recorded.record().unwrap().to_vec());
            recorded.apply();
            kept.anchors.push(journal.anchor());
        }
        kept
    }

    fn open(&self, entries: &[Vec<u8>]) -> Result<Behind<Client>, Error> {
        Journal::open_behind(&key(), OWNER, &self.snapshot, entries)
    }
}

#[test]
fn a_damaged_journal_gives_the_longest_part_that_holds() {
    let mut town = Town::new(8, &[1, 1]);
    let kept = Kept::make(&mut town);
    for place in 0..kept.entries.len() {
        let mut altered = kept.entries.clone();
        *altered[place].last_mut().unwrap() ^= 1;
        let mut lacking = kept.entries.clone();
        lacking.remove(place);
        let (mut swapped, mut cut) = (kept.entries.clone(), kept.entries.clone());
        swapped.insert(place, kept.entries[(place + 1) % 5].clone());
        cut[place].truncate(20);
        for entries in [altered, lacking, swapped, cut] {
            let opened =
                Journal::open::<Client>(&key(), OWNER, None, &kept.snapshot, &entries).err();
            let ends_there = entries.len() == place;
            assert_eq!(opened.is_none(), ends_there, "{opened:?}");
            assert_eq!(kept.open(&entries).unwrap().anchor(), kept.anchors[place]);
        }
        let mut newer = kept.entries.clone();
        newer[place][0] = 2;
        assert_eq!(kept.open(&newer).err(), Some(Error::UnknownVersion(2)));
    }
    let whole = kept.open(&kept.entries).unwrap();
    assert_eq!(whole.anchor(), kept.anchors[5]);
    assert!(Client::restart(whole, NOW, &mut town.rng).is_ok());
    let part = Journal::open_behind::<Client>(&key(), OWNER, &kept.snapshot[1..], &kept.entries);
    assert_eq!(part.err(), Some(Error::Corrupt), "nothing is left without a whole snapshot");
}

#[test]
fn changes_behind_a_snapshot_bring_a_copy_forward() {
    let mut town = Town::new(9, &[1, 1]);
    let copy = copy_of(&mut town, 0, 0);
    let (client, now) = (town.client(0, 0), NOW);
    let mut rng = TestRng::new(93);
    let stored = client.anchor();
    let list: DeviceList = Town::new(10, &[1, 1, 1]).server.list(town_id(3));
    let recorded = client.learn(&list, now).unwrap();
    let recorded = recorded.record(&key(), OWNER, &stored, &mut rng).unwrap();
    let change = recorded.record().unwrap().to_vec();
    recorded.apply();
    let mut behind: Behind<Client> = key().open_behind(OWNER, &copy).unwrap();
    let open = || key().open::<Change<Client>>(OWNER, None, &change).unwrap();
    behind.apply(open()).unwrap();
    assert_eq!(behind.apply(open()), Err(Error::StaleChange));
    let client = Client::restart(behind, now, &mut rng).unwrap();
    assert_eq!(client.list_of(list.account()), Some(&list));
}

fn town_id(byte: u8) -> latchstring::session::AccountId {
    latchstring::session::AccountId([byte; 32])
}

#[test]
fn a_link_and_a_chat_that_are_not_behind_go_on_with_the_client_that_began_anew() {
    for is_claimed in [false, true] {
        let mut talk = Talk::new(11);
        let mut door = if is_claimed { Door::new(13) } else { Door::new(12) };
        let (mut guest, claim) = door.guest();
        let mut host = is_claimed.then(|| door.admit(&claim));
        for of in [&mut talk.door, &mut door] {
            let copy = key().seal(&of.host, OWNER, &mut of.rng).unwrap();
            let behind: Behind<Client> = key().open_behind(OWNER, &copy).unwrap();
            of.host = Client::restart(behind, NOW, &mut of.rng).unwrap();
        }
        // A chat that was granted needs the client for nothing.
        let said = talk.host_says("still here", NOW);
        assert_eq!(text_of(&talk.guest.hear(&said, NOW).unwrap().event), "still here");
        let said = talk.guest_says("so am I", NOW);
        assert_eq!(text_of(&talk.host.hear(&said, NOW).unwrap().event), "so am I");
        // A claim with a bundle of before is refused, one with a bundle of now is taken, and granted.
        if !is_claimed {
            door.refuses(&claim, NOW, Error::UnknownPrekey);
            door.bundle = door.host.bundle();
            let (later, claim) = door.guest();
            (guest, host) = (later, Some(door.admit(&claim)));
        }
        let grant = host.unwrap().grant(&door.host, NOW, &mut door.rng).unwrap().apply();
        guest.hear(&only(grant), NOW).unwrap();
    }
}

#[test]
fn a_copy_that_runs_beside_its_original_is_told_of_again_and_again() {
    let mut town = Town::new(14, &[1, 1]);
    town.chat(0, 1);
    let (ada, grace) = (town.address(0, 0), town.address(1, 0));
    let mut copy = restored(town.client(0, 0));
    for round in 0..6_u64 {
        // A day apart, so that no bound on repair sessions hides anything.
        town.now = NOW + round * 86_400;
        let (now, mut noticed) = (town.now, 0);
        for _both in 0..2 {
            std::mem::swap(town.client(0, 0), &mut copy);
            let out = town.seal(0, 0, To::Account(grace.account), b"it is me").unwrap();
            for envelope in &out.envelopes {
                noticed +=
                    usize::from(notices(town.client(1, 0), ada, out.id, &envelope.message, now));
            }
        }
        assert!(noticed > 0, "in round {round} nobody noticed");
        let out = town.seal(1, 0, To::Account(ada.account), b"who is it?").unwrap();
        for client in [town.client(0, 0), &mut copy] {
            notices(client, grace, out.id, &out.envelopes[0].message, now);
        }
    }
}

/// Takes a letter in, and tells whether something is noticed of a copy.
fn notices(client: &mut Client, from: Address, id: MessageId, envelope: &[u8], now: u64) -> bool {
    match client.take(&Mail { from, id: Some(id), envelope }, now).apply() {
        Taken::Letter(letter) => letter.alerts.iter().any(|alert| {
            matches!(alert, Alert::SessionForked | Alert::SessionReset | Alert::RolledBack)
        }),
        Taken::Unread(error) => error == Error::StateCloned,
        _ => false,
    }
}
