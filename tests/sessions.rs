//! Sessions of two devices: they come to one, never go back, and a copy or a loss of state shows.
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

use latchstring::{Alert, Client, Content, Error, State, To};

use support::forged::{self, Words};
use support::town::{Mail, Town, text};
use support::{NOW, places, refuses, restarted, secrets_with};

const DAY: u64 = 86_400;
const HOUR: u64 = 3600;

/// Alerts about sessions, prekeys aside.
fn of_sessions(alerts: &[Alert]) -> Vec<Alert> {
    alerts.iter().filter(|alert| **alert != Alert::NoOneTimePrekey).copied().collect()
}

fn receive(town: &mut Town, person: usize, mail: &Mail) -> Result<(Vec<u8>, Vec<Alert>), Error> {
    let now = town.now;
    let arrived = town.client(person, 0).receive(mail.from, &mail.message, now)?;
    Ok((text(&arrived.content), of_sessions(&arrived.alerts)))
}

/// A letter from one to the other, delivered at once: the alerts that it makes.
fn say(town: &mut Town, from: usize, to: usize) -> Vec<Alert> {
    town.say(from, 0, to, b"a letter");
    of_sessions(&town.alerts(to, 0))
}

/// Both are on one session: what either sends opens there, without a word about it.
fn on_one_session(town: &mut Town) {
    for (from, to) in [(0, 1), (1, 0), (1, 0), (0, 1)] {
        assert_eq!(say(town, from, to), []);
    }
}

/// All orders of four things.
fn orders() -> Vec<[usize; 4]> {
    let mut orders = Vec::new();
    for code in 0..256_usize {
        let order = [code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6];
        if (0..4).all(|number| order.contains(&number)) {
            orders.push(order);
        }
    }
    assert_eq!(orders.len(), 24);
    orders
}

#[test]
fn devices_that_begin_at_once_come_to_one_session_in_every_order_of_delivery() {
    // At one second, and one after the other.
    for (times, seed) in [([0, 0], 1), ([0, 0], 2), ([0, 1], 3), ([1, 0], 4)] {
        for order in orders() {
            let mut town = Town::new(seed, &[1, 1]);
            let mut letters = Vec::new();
            for person in [0, 1] {
                town.now = NOW + times[person];
                for _ in 0..2 {
                    town.say(person, 0, 1 - person, b"at once");
                    letters.push(town.mail(1 - person, 0));
                }
            }
            town.now = NOW + 1;
            for letter in order.map(|place| &letters[place]) {
                let to = usize::from(letter.to.account == town.id(1));
                assert_eq!(receive(&mut town, to, letter).unwrap().0, b"at once");
            }
            for (from, to) in [(0, 1), (1, 0), (0, 1), (1, 0)] {
                let alerts = say(&mut town, from, to);
                assert!(!alerts.contains(&Alert::SessionReset), "nobody lost anything");
                assert!(!alerts.contains(&Alert::SessionForked));
            }
            on_one_session(&mut town);
        }
    }
}

#[test]
fn devices_that_begin_at_once_come_to_one_session_although_one_first_letter_is_late() {
    for late in [0, 1] {
        let mut town = Town::new(5, &[1, 1]);
        let mut letters = Vec::new();
        for person in [0, 1] {
            town.say(person, 0, 1 - person, b"at once");
            letters.push(town.mail(1 - person, 0));
        }
        let early = 1 - late;
        receive(&mut town, 1 - early, &letters[early]).unwrap();
        for (from, to) in [(0, 1), (1, 0), (0, 1), (1, 0)] {
            say(&mut town, from, to);
        }
        on_one_session(&mut town);
        // It is read when it comes, and changes nothing.
        let (text, alerts) = receive(&mut town, 1 - late, &letters[late]).unwrap();
        assert_eq!(text, b"at once");
        assert!(alerts.is_empty() || alerts == [Alert::OldSession], "{alerts:?}");
        on_one_session(&mut town);
    }
}

#[test]
fn a_session_that_nobody_answered_is_sent_on_for_seven_days() {
    let mut town = Town::new(6, &[1, 1]);
    town.say(0, 0, 1, b"hello?");
    let peer = town.address(1, 0);
    let client = town.client(0, 0);
    assert!(client.has_session(peer, NOW + 7 * DAY - 1));
    assert!(!client.has_session(peer, NOW + 7 * DAY));
    // One that was answered is not given up by silence.
    town.chat(0, 1);
    assert!(town.client(0, 0).has_session(peer, NOW + 300 * DAY));
}

#[test]
fn a_first_letter_that_was_held_back_is_read_and_never_sent_on() {
    let mut town = Town::new(7, &[1, 1]);
    town.say(0, 0, 1, b"held back");
    let held = town.mail(1, 0);
    town.now = NOW + 7 * DAY;
    assert_eq!(say(&mut town, 0, 1), [Alert::NewSession]);
    for _ in 0..2 {
        say(&mut town, 1, 0);
        say(&mut town, 0, 1);
    }
    on_one_session(&mut town);
    let before =
        secrets_with(&town.client(1, 0).to_bytes(), town.people[0].devices[0].certificate());
    assert_eq!(receive(&mut town, 1, &held), Ok((b"held back".to_vec(), vec![Alert::OldSession])));
    let after = town.client(1, 0).to_bytes();
    assert!(before.iter().all(|key| !places(&after, key).is_empty()), "the active session moved");
    on_one_session(&mut town);
    let now = town.now;
    let client = town.client(1, 0);
    refuses(client, Error::Duplicate, |client| client.open(held.from, &held.message, now));
}

#[test]
fn a_first_letter_is_taken_once_before_and_after_its_session_is_gone() {
    let mut town = Town::new(8, &[1, 1]);
    let old = restarted(town.client(0, 0));
    town.say(0, 0, 1, b"first");
    let first = town.mail(1, 0);
    assert_eq!(receive(&mut town, 1, &first), Ok((b"first".to_vec(), vec![Alert::NewSession])));
    let again = |town: &mut Town, error| {
        let now = town.now;
        let client = town.client(1, 0);
        *client = restarted(client);
        refuses(client, error, |client| client.open(first.from, &first.message, now));
    };
    again(&mut town, Error::Duplicate);
    town.chat(0, 1);
    again(&mut town, Error::Duplicate);
    // Its session is replaced and erased; the prekeys that it used are still there.
    *town.client(0, 0) = old;
    town.now += HOUR;
    town.chat(0, 1);
    again(&mut town, Error::Duplicate);
    town.now += 3 * DAY;
    let (now, client) = (town.now, town.client(1, 0));
    let change = client.tick(now).unwrap().unwrap();
    client.apply(change).unwrap();
    again(&mut town, Error::Replay);
}

#[test]
fn every_letter_opens_once() {
    let mut town = Town::new(9, &[1, 1]);
    town.chat(0, 1);
    let letters: Vec<_> = (0..5)
        .map(|_| {
            town.say(0, 0, 1, b"once");
            town.mail(1, 0)
        })
        .collect();
    for place in [3, 0, 4, 2, 1] {
        assert_eq!(receive(&mut town, 1, &letters[place]), Ok((b"once".to_vec(), vec![])));
        for place in [3, place] {
            let mail = &letters[place];
            let client = town.client(1, 0);
            refuses(client, Error::Duplicate, |client| client.open(mail.from, &mail.message, NOW));
        }
    }
}

#[test]
fn a_session_that_cannot_be_opened_is_given_up_before_its_time_if_the_caller_says_so() {
    let mut town = Town::new(22, &[1, 1]);
    let peer = town.address(1, 0);
    town.say(0, 0, 1, b"lost");
    town.mail(1, 0);
    let mut plan = town.plan(0, 0, 1);
    assert_eq!(plan.missing().count(), 0);
    plan.renew(&town.people[0].devices[0], peer, NOW).unwrap();
    assert_eq!(plan.missing().collect::<Vec<_>>(), [peer]);
    let own = town.address(0, 0);
    assert_eq!(plan.renew(&town.people[0].devices[0], own, NOW), Err(Error::BadArgument));
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, b"anew").unwrap();
    town.server.post(own, out);
    assert_eq!(town.alerts(1, 0), [Alert::NewSession]);
    town.chat(0, 1);
    on_one_session(&mut town);
    // One that was answered is not.
    let mut plan = town.plan(0, 0, 1);
    assert_eq!(plan.renew(&town.people[0].devices[0], peer, NOW), Err(Error::BadArgument));
    assert_eq!(plan.missing().count(), 0);
}

// ---- losses ----

#[test]
fn a_device_that_lost_its_sessions_begins_anew_and_its_peer_is_told() {
    let mut town = Town::new(10, &[1, 1]);
    let old = restarted(town.client(0, 0));
    town.chat(0, 1);
    town.say(1, 0, 0, b"in the session that it lost");
    let unreadable = town.mail(0, 0);
    *town.client(0, 0) = old;
    town.now += 1;
    let (now, client) = (town.now, town.client(0, 0));
    refuses(client, Error::Forged, |client| client.open(unreadable.from, &unreadable.message, now));
    assert_eq!(say(&mut town, 0, 1), [Alert::SessionReset]);
    for _ in 0..2 {
        assert_eq!(say(&mut town, 1, 0), []);
        assert_eq!(say(&mut town, 0, 1), []);
    }
    on_one_session(&mut town);
}

#[test]
fn a_device_that_lost_its_sessions_may_hear_of_its_peer_first() {
    let mut town = Town::new(11, &[1, 1]);
    let old = restarted(town.client(0, 0));
    town.chat(0, 1);
    *town.client(0, 0) = old;
    // An old first letter is all that it could be given: nothing of it is left on the way.
    town.now += 1;
    town.say(1, 0, 0, b"as if nothing had happened");
    let mail = town.mail(0, 0);
    let (now, client) = (town.now, town.client(0, 0));
    refuses(client, Error::Forged, |client| client.open(mail.from, &mail.message, now));
    let mut plan = client.ask_again(mail.from, mail.id, now).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, b"").unwrap();
    town.server.post(town.address(0, 0), out);
    assert_eq!(of_sessions(&town.alerts(1, 0)), [Alert::SessionReset]);
    assert_eq!(say(&mut town, 1, 0), []);
    assert_eq!(say(&mut town, 0, 1), []);
    on_one_session(&mut town);
}

#[test]
fn a_replaced_session_reads_late_letters_for_two_days_after_the_new_one_is_proven() {
    let mut town = Town::new(12, &[1, 1]);
    let old = restarted(town.client(0, 0));
    town.chat(0, 1);
    let writer = town.people[0].devices[0].certificate().clone();
    let keys = secrets_with(&town.client(1, 0).to_bytes(), &writer);
    town.say(0, 0, 1, b"late");
    let late = town.mail(1, 0);
    town.say(0, 0, 1, b"later");
    let later = town.mail(1, 0);
    *town.client(0, 0) = old;
    town.now = NOW + DAY;
    assert_eq!(say(&mut town, 0, 1), [Alert::SessionReset]);
    // Not proven: for all that is known, the writer is still on the old one.
    town.now = NOW + 5 * DAY;
    assert_eq!(receive(&mut town, 1, &late), Ok((b"late".to_vec(), vec![Alert::OldSession])));
    say(&mut town, 1, 0);
    assert_eq!(say(&mut town, 0, 1), []);
    let end = town.now + 2 * DAY;
    let client = town.client(1, 0);
    assert!(client.open(later.from, &later.message, end - 1).is_ok());
    refuses(client, Error::Forged, |client| client.open(later.from, &later.message, end));
    // Its keys go with the next tick, and no clock brings them back.
    let held = |client: &Client| {
        let bytes = client.to_bytes();
        keys.iter().filter(|key| !places(&bytes, &key[..]).is_empty()).count()
    };
    assert!(held(client) > 0);
    let change = client.tick(end - 1).unwrap().unwrap();
    client.apply(change).unwrap();
    assert!(held(client) > 0);
    assert!(!client.due(end - 1, 50).tick);
    assert!(client.due(end, 50).tick);
    let change = client.tick(end).unwrap().unwrap();
    client.apply(change).unwrap();
    assert_eq!(held(client), 0);
    refuses(client, Error::Forged, |client| client.open(later.from, &later.message, NOW));
    on_one_session(&mut town);
}

// ---- requests ----

/// A request of the second person's device in a session that is older than the active one.
fn old_request(town: &mut Town) -> Mail {
    town.now -= 10;
    let say = |words: Words| words.content(forged::ASK_AGAIN, &[7; 16]);
    let request = town.whisper((1, 0), (0, 0), say);
    town.now += 10;
    request
}

#[test]
fn a_request_in_an_old_session_renews_the_pair_after_an_hour() {
    let mut town = Town::new(13, &[1, 1]);
    town.chat(0, 1);
    let request = old_request(&mut town);
    let (peer, client) = (town.address(1, 0), town.client(0, 0));
    let arrived = client.receive(request.from, &request.message, NOW).unwrap();
    assert!(matches!(arrived.content, Content::AskedAgain(_)));
    assert_eq!(of_sessions(&arrived.alerts), [Alert::OldSession]);
    *client = restarted(client);
    assert!(client.has_session(peer, NOW + HOUR - 1));
    assert!(!client.has_session(peer, NOW + HOUR));
    town.now = NOW + HOUR;
    assert_eq!(say(&mut town, 0, 1), [Alert::SessionReplaced]);
    say(&mut town, 1, 0);
    say(&mut town, 0, 1);
    on_one_session(&mut town);
    assert!(town.client(0, 0).has_session(peer, NOW + 100 * DAY), "once is enough");
}

#[test]
fn a_request_is_over_once_the_peer_has_begun_a_session_itself() {
    let mut town = Town::new(23, &[1, 1]);
    town.chat(0, 1);
    let request = old_request(&mut town);
    town.client(0, 0).receive(request.from, &request.message, NOW).unwrap();
    town.now += 1;
    let renewed = town.whisper((1, 0), (0, 0), |words| Words { id: [8; 16], ..words });
    let (now, peer, client) = (town.now, town.address(1, 0), town.client(0, 0));
    client.receive(renewed.from, &renewed.message, now).unwrap();
    assert!(client.has_session(peer, NOW + 100 * DAY));
}

#[test]
fn a_request_in_the_active_session_begins_nothing() {
    let mut town = Town::new(14, &[1, 1]);
    town.chat(0, 1);
    let from = town.address(0, 0);
    let mut plan = town.client(1, 0).ask_again(from, [7; 16], NOW).unwrap();
    let out = town.seal_plan(1, 0, &mut plan, b"").unwrap();
    town.server.post(town.address(1, 0), out);
    assert_eq!(town.alerts(0, 0), []);
    let peer = town.address(1, 0);
    assert!(town.client(0, 0).has_session(peer, NOW + 100 * DAY));
}

#[test]
fn a_request_is_over_once_the_peer_shows_that_it_is_served() {
    let mut town = Town::new(15, &[1, 1]);
    town.chat(0, 1);
    let request = old_request(&mut town);
    town.client(0, 0).receive(request.from, &request.message, NOW).unwrap();
    say(&mut town, 1, 0);
    let peer = town.address(1, 0);
    assert!(town.client(0, 0).has_session(peer, NOW + 100 * DAY));
}

// ---- copies ----

#[test]
fn two_copies_of_one_device_that_both_write_are_noticed() {
    let mut town = Town::new(16, &[1, 1]);
    town.chat(0, 1);
    say(&mut town, 0, 1);
    let mut copy = restarted(town.client(0, 0));
    town.say(0, 0, 1, b"the original");
    let original = town.mail(1, 0);
    let out = copy.send(To::Account(town.id(1)), b"the copy", NOW, &mut town.rng);
    let copied = out.unwrap().envelopes.remove(0).message;
    receive(&mut town, 1, &original).unwrap();
    let client = town.client(1, 0);
    refuses(client, Error::Cloned, |client| client.open(original.from, &copied, NOW));
}

#[test]
fn a_copy_that_takes_its_turn_alternately_with_its_original_is_noticed() {
    let mut town = Town::new(17, &[1, 1]);
    town.chat(0, 1);
    let mut copy = restarted(town.client(0, 0));
    // Both read the answer, and both answer it: one turn of the ratchet, two keys for it.
    town.say(1, 0, 0, b"question");
    let question = town.mail(0, 0);
    copy.receive(question.from, &question.message, NOW).unwrap();
    receive(&mut town, 0, &question).unwrap();
    town.say(0, 0, 1, b"the original");
    let original = town.mail(1, 0);
    let out = copy.send(To::Account(town.id(1)), b"the copy", NOW, &mut town.rng);
    let copied = out.unwrap().envelopes.remove(0).message;
    receive(&mut town, 1, &original).unwrap();
    let client = town.client(1, 0);
    refuses(client, Error::Cloned, |client| client.open(original.from, &copied, NOW));
}

#[test]
fn after_a_session_was_left_a_copy_of_it_is_noticed() {
    let mut town = Town::new(18, &[1, 1]);
    town.chat(0, 1);
    town.say(0, 0, 1, b"on the way");
    let late = town.mail(1, 0);
    // Somebody copies the state here.
    let mut copy = restarted(town.client(0, 0));
    let request = old_request(&mut town);
    town.client(0, 0).receive(request.from, &request.message, NOW).unwrap();
    town.now = NOW + HOUR;
    assert_eq!(say(&mut town, 0, 1), [Alert::SessionReplaced]);
    // Before the session was left, and after.
    let now = town.now;
    for _ in 0..2 {
        let out = copy.send(To::Account(town.id(1)), b"copy", now, &mut town.rng);
        let copied = out.unwrap().envelopes.remove(0).message;
        let client = town.client(1, 0);
        refuses(client, Error::Cloned, |client| client.open(late.from, &copied, now));
    }
    assert_eq!(receive(&mut town, 1, &late), Ok((b"on the way".to_vec(), vec![Alert::OldSession])));
    say(&mut town, 1, 0);
    say(&mut town, 0, 1);
    on_one_session(&mut town);
}

#[test]
fn a_device_that_forgot_a_session_that_it_had_proven_is_told_of_as_a_fork() {
    let mut town = Town::new(19, &[1, 1]);
    town.chat(0, 1);
    let request = old_request(&mut town);
    town.client(0, 0).receive(request.from, &request.message, NOW).unwrap();
    let mut copy = restarted(town.client(0, 0));
    town.now = NOW + HOUR;
    assert_eq!(say(&mut town, 0, 1), [Alert::SessionReplaced]);
    say(&mut town, 1, 0);
    assert_eq!(say(&mut town, 0, 1), []);
    // The copy renews the session that the original has renewed.
    town.now += 1;
    let (now, to) = (town.now, town.address(1, 0));
    let mut plan = copy.plan(To::Account(to.account), now).unwrap();
    let bundle = town.server.bundle(to);
    plan.supply(&copy, &bundle, now, &mut town.rng).unwrap();
    let out = copy.seal(&mut plan, b"from the copy", now, &mut town.rng).unwrap().apply().unwrap();
    let copied =
        Mail { from: copy.address(), to, id: out.id, message: out.envelopes[0].message.clone() };
    let expected = Ok((b"from the copy".to_vec(), vec![Alert::SessionForked]));
    assert_eq!(receive(&mut town, 1, &copied), expected);
    // The original is who the peer stays with.
    on_one_session(&mut town);
}

// ---- floods ----

#[test]
fn fifty_first_letters_of_one_device_touch_no_other_pair() {
    let mut town = Town::new(20, &[1, 1, 1]);
    town.chat(0, 1);
    town.chat(0, 2);
    let friend = town.people[1].devices[0].certificate().clone();
    let flooder = town.people[2].devices[0].certificate().clone();
    let before = secrets_with(&town.client(0, 0).to_bytes(), &friend);
    let mut enough = 0;
    for number in 0..50_u8 {
        town.now += 1;
        let mail = town.whisper((2, 0), (0, 0), |words: Words| Words { id: [number; 16], ..words });
        assert!(receive(&mut town, 0, &mail).is_ok());
        let bytes = town.client(0, 0).to_bytes();
        let sessions = places(&bytes, &flooder.encode()).len();
        assert!(sessions <= 5, "{sessions} sessions with one device");
        if number == 10 {
            enough = bytes.len();
        }
    }
    let bytes = town.client(0, 0).to_bytes();
    assert!(secrets_with(&bytes, &friend) == before, "another pair's session changed");
    // Names of first messages and of letters, and nothing else.
    assert!(bytes.len() < enough + 40 * 200, "{} bytes", bytes.len() - enough);
    on_one_session(&mut town);
}

#[test]
fn fifty_old_first_letters_do_not_push_out_the_active_session() {
    let mut town = Town::new(21, &[1, 1]);
    town.now = NOW + HOUR;
    town.chat(0, 1);
    town.now = NOW;
    for number in 0..50_u8 {
        let mail = town.whisper((1, 0), (0, 0), |words: Words| Words { id: [number; 16], ..words });
        let (_, alerts) = receive(&mut town, 0, &mail).unwrap();
        assert_eq!(alerts, [Alert::OldSession]);
    }
    let writer = town.people[1].devices[0].certificate().encode();
    assert_eq!(places(&town.client(0, 0).to_bytes(), &writer).len(), 5);
    town.now = NOW + HOUR;
    on_one_session(&mut town);
}
