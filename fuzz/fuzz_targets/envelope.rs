//! Envelopes to a client: arbitrary ones, altered ones, and what a dishonest device of a listed
//! account seals in place of a letter.
#![no_main]

use std::cell::RefCell;

use latchstring::client::{Address, Client, LetterEvent};
use latchstring::content::Sender;
use latchstring::session::{DeviceId, Session};
use latchstring::storage::State;
use latchstring_fuzz::support::{TestRng, device_of};
use latchstring_fuzz::town::Town;
use latchstring_fuzz::{edited, saved};
use libfuzzer_sys::fuzz_target;

struct Fixture {
    /// Two devices of the other account, an own device, the client itself, and a stranger.
    senders: [Address; 5],
    client: Client,
    saved: Vec<u8>,
    /// A late message of the first sender, its next one, one that turns the ratchet, all in the
    /// session that the client has; and a first message of the second sender.
    envelopes: [Vec<u8>; 4],
    /// The session that the own device has with the client, and a letter that it may send.
    session: Vec<u8>,
    letter: Vec<u8>,
    now: u64,
}

/// Sends to the client and takes its envelope out of the post.
fn envelope(town: &mut Town, person: usize, device: usize, to: usize) -> Vec<u8> {
    town.say(person, device, to, b"some words");
    let client = town.address(1, 0);
    town.server.mail.get_mut(&client).unwrap().pop_back().unwrap().message
}

thread_local!(static FIXTURE: RefCell<Fixture> = {
    let mut town = Town::new(1, &[2, 2]);
    let (now, sender) = (town.now, town.address(0, 0));
    let first = envelope(&mut town, 0, 0, 1);
    town.client(1, 0).receive(sender, &first, now).unwrap();
    town.say(1, 0, 0, b"an answer");
    town.receive(0, 0);
    let late = envelope(&mut town, 0, 0, 1);
    let second = envelope(&mut town, 0, 0, 1);
    town.client(1, 0).receive(sender, &second, now).unwrap();
    let next = envelope(&mut town, 0, 0, 1);
    town.say(1, 0, 0, b"another");
    town.receive(0, 0);
    let turn = envelope(&mut town, 0, 0, 1);
    let initial = envelope(&mut town, 0, 1, 1);

    // What an own device says to the client, opened with the client's keys; and a session in which
    // that device can say anything else.
    let own = envelope(&mut town, 1, 1, 0);
    let mut honest = device_of(town.client(1, 0));
    let letter = honest.accept(&own, now).unwrap().apply().opened.content.to_vec();
    let address = town.address(1, 0);
    let bundle = town.server.bundle(address);
    let dishonest = town.address(1, 1);
    let mut rng = TestRng::new(2);
    let device = device_of(&town.people[1].devices[1]);
    let mut session = device.initiate(&bundle, now, &mut rng).unwrap();
    let begin = session.encrypt(&letter, &mut rng).unwrap();
    town.client(1, 0).receive(dishonest, &begin, now).unwrap();

    let stranger = Address { account: town.id(0), device: DeviceId([1; 8]) };
    let senders = [sender, town.address(0, 1), dishonest, town.address(1, 0), stranger];
    let client = Client::from_bytes(&town.client(1, 0).to_bytes()).unwrap();
    RefCell::new(Fixture {
        senders,
        saved: saved(&client),
        client,
        envelopes: [late, next, turn, initial],
        session: saved(&session),
        letter,
        now,
    })
});

fuzz_target!(|input: (u8, u8, &[u8])| FIXTURE.with_borrow_mut(|fixture| {
    let Fixture { client, senders, envelopes, now, .. } = fixture;
    let (choice, sender, edits) = input;
    let from = senders[usize::from(sender) % senders.len()];
    let dishonest = senders[2];
    if choice % 5 == 4 {
        let letter = edited(&fixture.letter, edits);
        let mut session = Session::from_bytes(&fixture.session).unwrap();
        let envelope = session.encrypt(&letter, &mut TestRng::new(3)).unwrap();
        let opened = client.open(from, &envelope, *now);
        assert!(opened.is_err() || from == dishonest);
        if let Ok(opened) = opened {
            let arrived = opened.apply();
            assert_eq!((arrived.from, arrived.sender), (dishonest, Sender::Own));
            assert!(letter != fixture.letter || matches!(arrived.event, LetterEvent::Repeated(_)));
            let bytes = saved(client);
            assert_eq!(saved(&Client::from_bytes(&bytes).unwrap()), bytes);
            *client = Client::from_bytes(&fixture.saved).unwrap();
        }
    } else {
        let envelope = edited(&envelopes[usize::from(choice % 5)], edits);
        let place = envelopes.iter().position(|genuine| *genuine == envelope);
        let of = place.map(|place| senders[usize::from(place == 3)]);
        let opened = client.open(from, &envelope, *now);
        assert_eq!(opened.is_ok(), of == Some(from));
    }
    assert_eq!(saved(client), fixture.saved);
}));
