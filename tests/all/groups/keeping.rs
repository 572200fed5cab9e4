//! Groups as states: what is kept is what was there.

use latchstring::client::Client;
use latchstring::storage::{Change, Journal, State, StateKey};
use support::{TestRng, is_writing_fixtures, read_fixture, restored, write_fixture};

use super::*;

#[test]
fn each_change_reads_back_and_leads_to_the_same_state() {
    let mut circle = Circle::new(930, &[1, 1, 1], 0);
    let third = circle.member(2);
    let key = StateKey::new(1, &[9; 32]).unwrap();
    let mut rng = TestRng::new(930);
    let Circle { town, groups, .. } = &mut circle;
    let (client, group) = (&town.people[0].devices[0], groups.get_mut(&FOUNDER).unwrap());
    let mut old = restored(group);
    for round in 0..3 {
        let stored = group.anchor();
        let pending = match round {
            0 => group.appoint(client, third),
            1 => group.dismiss(client, third),
            _ => group.remove(client, &[third]),
        };
        let recorded = pending.unwrap().record(&key, b"group", &stored, &mut rng).unwrap();
        let record = recorded.record().unwrap().to_vec();
        recorded.apply();
        let change: Change<Group> = key.open(b"group", None, &record).unwrap();
        change.apply(&mut old).unwrap();
        assert!(*old.to_bytes() == *group.to_bytes(), "{round}");
        let change: Change<Group> = key.open(b"group", None, &record).unwrap();
        assert_eq!(change.apply(&mut old), Err(Error::StaleChange));
    }
}

#[test]
fn a_journal_of_a_group_goes_on_after_each_entry() {
    let mut circle = Circle::new(931, &[1, 1, 1], 0);
    let third = circle.member(2);
    let key = StateKey::new(1, &[9; 32]).unwrap();
    let mut rng = TestRng::new(931);
    let Circle { town, groups, .. } = &mut circle;
    let (client, group) = (&town.people[0].devices[0], groups.get_mut(&FOUNDER).unwrap());
    let (pages, mut journal) = Journal::begin(group, &key, b"group", &mut rng).unwrap();
    let snapshot: Vec<_> = pages.into_iter().filter_map(|page| page.record).collect();
    let mut entries = Vec::new();
    for round in 0..4 {
        let pending = match round % 2 {
            0 => group.appoint(client, third),
            _ => group.dismiss(client, third),
        };
        let recorded = pending.unwrap().journal(&mut journal, &mut rng).unwrap();
        entries.push(recorded.record().unwrap().to_vec());
        recorded.apply();
        let anchor = Some(group.anchor());
        let opened = Journal::open::<Group>(&key, b"group", anchor.as_ref(), &snapshot, &entries);
        assert!(*opened.unwrap().0.to_bytes() == *group.to_bytes());
        let behind = &entries[..entries.len() - 1];
        let refused = Journal::open::<Group>(&key, b"group", anchor.as_ref(), &snapshot, behind);
        assert_eq!(refused.err(), Some(Error::StateRollback));
    }
}

#[test]
fn a_group_that_is_cut_or_altered_in_its_form_does_not_load() {
    let mut circle = Circle::new(932, &[1, 1, 1], 0);
    let fourth = circle.member(2);
    circle.change(FOUNDER, |group, client| group.appoint(client, fourth).unwrap().apply());
    circle.say(SECOND, "here");
    circle.deliver();
    let group = restored(&circle.groups[&FOUNDER]);
    assert_eq!(group.reports().count(), 1);
    let bytes = group.to_bytes();
    for length in 0..bytes.len() {
        assert!(Group::from_bytes(&bytes[..length]).is_err(), "{length}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Group::from_bytes(&longer).err(), Some(Error::Corrupt));
    // Another group's id before this one's operations.
    let mut other = bytes.to_vec();
    other[2 + 32 + 64] ^= 1;
    assert_eq!(Group::from_bytes(&other).err(), Some(Error::Corrupt));
}

#[test]
fn the_frozen_group_of_version_1_loads_and_goes_on() {
    if is_writing_fixtures() {
        let mut circle = Circle::new(933, &[1, 1, 1, 1], 1);
        let [third, fourth] = [2, 3].map(|person| circle.member(person));
        circle.change(SECOND, |group, client| group.add(client, &[fourth]).unwrap().apply());
        circle.change(FOUNDER, |group, client| group.appoint(client, third).unwrap().apply());
        circle.say(THIRD, "here");
        circle.deliver();
        write_fixture("group", &circle.groups[&SECOND].to_bytes());
        write_fixture("group-client", &circle.town.people[1].devices[0].to_bytes());
        let made =
            circle.make(FOUNDER, |group, client| group.add(client, &[fourth]).unwrap().apply());
        write_fixture("group-operation", &object(&made));
    }
    let bytes = read_fixture("group");
    let mut group = Group::from_bytes(&bytes).unwrap();
    assert!(*group.to_bytes() == bytes, "it encodes to other bytes");
    assert_eq!((group.history().count(), group.voided().count()), (2, 1));
    assert_eq!((group.reports().count(), group.members().count()), (2, 3));
    let client = Client::from_bytes(&read_fixture("group-client")).unwrap();
    group.take(&client, &read_fixture("group-operation")).unwrap().apply();
    assert_eq!(group.members().count(), 4);
    let second = group.administrators()[2];
    group.remove(&client, &[second]).unwrap().apply();
    assert_eq!(group.members().count(), 3);
}
