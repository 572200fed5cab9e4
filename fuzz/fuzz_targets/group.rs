//! Groups: every byte of what is signed counts, and members that know the same operations are in one state.
#![no_main]

use std::cell::RefCell;

use latchstring::Error;
use latchstring::client::Client;
use latchstring::group::{Adding, Group, Made, Member, Object};
use latchstring::storage::State;
use latchstring_fuzz::town::Town;
use latchstring_fuzz::{edited, saved};
use libfuzzer_sys::fuzz_target;

struct Fixture {
    town: Town,
    /// The group as each of three members has it.
    groups: [Vec<u8>; 3],
    /// An operation of the first one, a checkpoint, a request.
    objects: [Vec<u8>; 3],
}

fn first(content: &latchstring::content::Content) -> Vec<u8> {
    content.as_group().unwrap().next().unwrap().to_vec()
}

fn member(town: &Town, person: usize) -> Member {
    Member::of(town.people[person].devices[0].list())
}

thread_local!(static FIXTURE: RefCell<Fixture> = {
    let mut town = Town::new(1, &[1, 1, 1, 1]);
    let members = [1, 2].map(|person| member(&town, person));
    let fourth = member(&town, 3);
    let Town { people, rng, .. } = &mut town;
    let clients: Vec<&Client> = people.iter().map(|person| &person.devices[0]).collect();
    let group = Group::found(clients[0], Adding::Members, &members, &members[..1], rng).unwrap();
    let checkpoint = first(&group.checkpoint(clients[0]).unwrap());
    let from = clients[0].address();
    let others = [1, 2].map(|who| saved(&Group::join(clients[who], from, &checkpoint).unwrap()));
    let request = first(&group.request(group.state()));
    let mut ahead = Group::from_bytes(&saved(&group)).unwrap();
    let operation = first(&ahead.add(clients[0], &[fourth]).unwrap().apply().content);
    let [second, third] = others;
    let groups = [saved(&group), second, third];
    RefCell::new(Fixture { town, groups, objects: [operation, checkpoint, request] })
});

/// Lets a member do something, if it may.
fn made(group: &mut Group, client: &Client, action: u8, who: Member) -> Option<Made> {
    let pending = match action % 5 {
        0 => group.add(client, &[who]),
        1 => group.remove(client, &[who]),
        2 => group.appoint(client, who),
        3 => group.dismiss(client, who),
        _ => group.leave(client),
    };
    Some(pending.ok()?.apply())
}

/// Lets three members act and hear of each other as a script says, and then of all; they must agree.
fn play(fixture: &Fixture, script: &[u8]) {
    let clients: Vec<_> = (0..3).map(|who| &fixture.town.people[who].devices[0]).collect();
    let mut groups: Vec<_> =
        fixture.groups.iter().map(|bytes| Group::from_bytes(bytes).unwrap()).collect();
    let mut sent: Vec<Vec<u8>> = Vec::new();
    for step in script.chunks_exact(3).take(40) {
        let who = usize::from(step[0] % 3);
        if step[0] < 128 {
            let whom = member(&fixture.town, usize::from(step[2] % 4));
            let made = made(&mut groups[who], clients[who], step[1], whom);
            sent.extend(made.map(|made| first(&made.content)));
        } else if let Some(object) = sent.get(usize::from(step[1]) % sent.len().max(1)) {
            let _ = groups[who].take(clients[who], object).map(|events| events.apply());
        }
    }
    for (group, client) in groups.iter_mut().zip(&clients) {
        for object in &sent {
            match group.take(client, object) {
                Ok(events) => drop(events.apply()),
                // What comes again, and what builds on what comes later.
                Err(error) => assert!(matches!(error, Error::Duplicate | Error::EntryMissing)),
            }
        }
        for object in &sent {
            let _ = group.take(client, object).map(|events| events.apply());
        }
        assert_eq!(saved(&Group::from_bytes(&saved(group)).unwrap()), saved(group));
    }
    assert!(groups.windows(2).all(|two| two[0].state() == two[1].state()));
}

fuzz_target!(|input: (u8, &[u8])| FIXTURE.with_borrow_mut(|fixture| {
    let choice = usize::from(input.0 % 4);
    let Some(valid) = fixture.objects.get(choice) else { return play(fixture, input.1) };
    let bytes = edited(valid, input.1);
    let _ = Object::of(&bytes);
    let (reader, from) = (&fixture.town.people[1].devices[0], fixture.town.address(0, 0));
    let mut group = Group::from_bytes(&fixture.groups[1]).unwrap();
    if let Ok(events) = group.take(reader, &bytes) {
        assert!(bytes == fixture.objects[0] && !events.apply().is_empty());
    }
    let mut group = Group::from_bytes(&fixture.groups[1]).unwrap();
    if let Ok(joined) = Group::join(reader, from, &bytes) {
        assert!(bytes == fixture.objects[1] && joined.state() == group.state());
    }
    let _ = group.answer(reader, from, &bytes);
    assert_eq!(saved(&group), fixture.groups[1]);
    let _ = group.leave(reader).unwrap().apply();
}));
