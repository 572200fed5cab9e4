//! Sessions of two devices: they come to one, never go back, and a copy or a loss of state shows.

mod copies;
mod floods;
mod losses;
mod requests;
mod restored;

use latchstring::Error;
use latchstring::client::{
    self, Alert, Client, Enclosed, LetterEvent, MessageId, Repair, Taken, To,
};
use latchstring::session::Served;
use latchstring::storage::State;

use support::forged::{self, Words};
use support::town::{Mail, Town, said, text};
use support::{NOW, changed, days, places, refuses, restored, secrets_with};

const DAY: u64 = 86_400;
const HOUR: u64 = 3600;

/// Alerts about sessions, prekeys aside.
fn of_sessions(alerts: &[Alert]) -> Vec<Alert> {
    alerts.iter().filter(|alert| **alert != Alert::NoOneTimePrekey).copied().collect()
}

fn receive(town: &mut Town, person: usize, mail: &Mail) -> Result<(Vec<u8>, Vec<Alert>), Error> {
    let now = town.now;
    let arrived = town.client(person, 0).receive(mail.from, &mail.message, now)?;
    Ok((text(&arrived.event), of_sessions(&arrived.alerts)))
}

/// Delivers a letter from one to the other at once, and returns the alerts that it makes.
fn say(town: &mut Town, from: usize, to: usize) -> Vec<Alert> {
    town.say(from, 0, to, b"a letter");
    of_sessions(&town.alerts(to, 0))
}

/// Checks that both are on one session: what either sends opens there, without a word about it.
fn on_one_session(town: &mut Town) {
    for (from, to) in [(0, 1), (1, 0), (1, 0), (0, 1)] {
        assert_eq!(say(town, from, to), []);
    }
}

/// Lists all orders of four things.
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
fn devices_that_begin_at_once_come_to_one_session_despite_a_late_letter() {
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
        assert!(alerts.is_empty() || alerts == [Alert::StraySession], "{alerts:?}");
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
    assert_eq!(
        receive(&mut town, 1, &held),
        Ok((b"held back".to_vec(), vec![Alert::StraySession]))
    );
    let after = town.client(1, 0).to_bytes();
    assert!(before.iter().all(|key| !places(&after, key).is_empty()), "the active session moved");
    on_one_session(&mut town);
    let now = town.now;
    let client = town.client(1, 0);
    refuses(client, Error::Duplicate, |client| {
        client.open(held.from, &held.message, now).map(drop)
    });
}

#[test]
fn a_first_letter_is_taken_once_before_and_after_its_session_is_gone() {
    let mut town = Town::new(8, &[1, 1]);
    let old = restored(town.client(0, 0));
    town.say(0, 0, 1, b"first");
    let first = town.mail(1, 0);
    assert_eq!(receive(&mut town, 1, &first), Ok((b"first".to_vec(), vec![Alert::NewSession])));
    let again = |town: &mut Town, error| {
        let now = town.now;
        let client = town.client(1, 0);
        *client = restored(client);
        refuses(client, error, |client| client.open(first.from, &first.message, now).map(drop));
    };
    again(&mut town, Error::Duplicate);
    town.chat(0, 1);
    again(&mut town, Error::Duplicate);
    // Its session is replaced and erased; the signed prekeys that it used are still there.
    *town.client(0, 0) = old;
    town.now += HOUR;
    town.chat(0, 1);
    again(&mut town, Error::Duplicate);
    let then = town.now;
    town.now += 3 * DAY;
    for now in days(then, town.now) {
        changed(town.client(1, 0).expire(now));
    }
    // It used a one-time prekey, which is not there any more.
    again(&mut town, Error::UnknownPrekey);
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
            refuses(client, Error::Duplicate, |client| {
                client.open(mail.from, &mail.message, NOW).map(drop)
            });
        }
    }
}

#[test]
fn a_session_that_cannot_be_opened_is_given_up_early_if_told_to() {
    let mut town = Town::new(22, &[1, 1]);
    let peer = town.address(1, 0);
    town.say(0, 0, 1, b"lost");
    town.mail(1, 0);
    let mut plan = town.plan(0, 0, 1);
    assert_eq!(plan.missing().count(), 0);
    plan.renew(&town.people[0].devices[0], peer).unwrap();
    assert_eq!(plan.missing().collect::<Vec<_>>(), [peer]);
    let own = town.address(0, 0);
    assert_eq!(plan.renew(&town.people[0].devices[0], own), Err(Error::NotInPlan));
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, &said(b"anew")).unwrap();
    town.server.post(own, out);
    assert_eq!(town.alerts(1, 0), [Alert::NewSession]);
    town.chat(0, 1);
    on_one_session(&mut town);
    // One that was answered is not.
    let mut plan = town.plan(0, 0, 1);
    assert_eq!(plan.renew(&town.people[0].devices[0], peer), Err(Error::SessionInUse));
    assert_eq!(plan.missing().count(), 0);
}

/// Returns a request of the second person's device in a session that is older than the active one.
fn old_request(town: &mut Town) -> Mail {
    town.now -= 10;
    let say = |words: Words| words.content(forged::RESEND_REQUEST, &[0; 8]);
    let request = town.whisper((1, 0), (0, 0), say);
    town.now += 10;
    request
}
