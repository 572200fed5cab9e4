//! Letters that name a newer list than the known one: how long that one still serves.

use super::*;

use latchstring::client::Repair;

use support::forged::Words;
use support::town::Mail;

/// Has the first person's device read a letter of the second one, after whose removal of a companion the server
/// shows no list any more.
fn hidden_removal(seed: u64) -> (Town, Mail) {
    let mut town = Town::new(seed, &[1, 2]);
    town.chat(0, 1);
    town.remove(1, 1);
    for content in [b"one", b"two"] {
        town.say(1, 0, 0, content);
    }
    let address = town.address(0, 0);
    let mail = town.server.take(address).unwrap();
    town.client(0, 0).receive(mail.from, &mail.message, NOW).unwrap();
    (town, mail)
}

#[test]
fn a_list_that_a_letter_has_named_older_serves_three_days_more_to_the_second() {
    let (mut town, _) = hidden_removal(80);
    let (id, end) = (town.id(1), NOW + 3 * DAY);
    let next = town.mail(0, 0);
    let mut early = town.people[0].devices[0].plan(To::Account(id), end).unwrap();
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    *client = restored(client);
    assert_eq!(client.tasks(&Served::NOTHING, end).fetch_lists, [id]);
    let mut other = restored(client);
    assert!(other.open(next.from, &next.message, end).is_ok());
    let late = end + 1;
    assert_eq!(stop(client, id, late), Some(Stop::Withheld));
    refuses(client, Error::StalePlan, |client| {
        client.seal(&mut early, &said(b"late"), late, rng).map(drop)
    });
    // What comes in a session that stands is read, and told to be nobody's word but the sender's.
    let over = Alert::ListOver { of: id, said_in_time: true };
    let arrived = restored(client).receive(next.from, &next.message, late).unwrap();
    assert!(arrived.alerts.contains(&over));
    // A further letter does not make it younger.
    other.receive(next.from, &next.message, end).unwrap();
    assert_eq!(stop(&other, id, late), Some(Stop::Withheld));
    // The list ends it.
    town.now = late;
    town.inform(0, id);
    let client = town.client(0, 0);
    assert_eq!(client.tasks(&Served::NOTHING, late).fetch_lists, []);
    assert!(client.open(next.from, &next.message, late).is_ok());
    assert_eq!(plan(&town).unwrap(), [town.address(1, 0)]);
}

#[test]
fn an_older_list_than_the_one_that_was_named_does_not_end_the_wait() {
    let mut town = Town::new(81, &[1, 2]);
    town.chat(0, 1);
    let middle = town.renew(1);
    town.remove(1, 1);
    town.say(1, 0, 0, b"one device fewer");
    town.now += 1;
    town.receive(0, 0);
    // The server shows the list before the removal.
    let client = town.client(0, 0);
    learn(client, &middle, NOW + 1).unwrap();
    assert_eq!(stop(client, middle.account(), NOW + 3 * DAY + 2), Some(Stop::Withheld));
}

#[test]
fn a_lie_about_a_newer_list_ends_with_the_next_one_that_the_account_signs() {
    let mut town = Town::new(82, &[1, 1]);
    town.chat(0, 1);
    let mail = town.whisper((1, 0), (0, 0), |mut words| {
        words.lists[0].0 = u64::MAX;
        words
    });
    town.client(0, 0).receive(mail.from, &mail.message, NOW).unwrap();
    town.now = NOW + 3 * DAY + 1;
    let id = town.id(1);
    assert_eq!(stop(town.client(0, 0), id, NOW + 3 * DAY + 1), Some(Stop::Withheld));
    town.renew(1);
    town.learn(0, 0, id).unwrap();
    assert_eq!(plan(&town).unwrap(), [town.address(1, 0)]);
}

#[test]
fn a_list_between_a_lie_and_the_truth_does_not_end_the_wait_for_long() {
    let mut town = Town::new(84, &[1, 2]);
    town.chat(0, 1);
    // The companion that will be removed has named a list that never was; so the wait began before all others.
    let lie = town.whisper((1, 1), (0, 0), |mut words| {
        words.lists[0].0 = u64::MAX;
        words
    });
    town.client(0, 0).receive(lie.from, &lie.message, NOW).unwrap();
    town.now = NOW + 10;
    let middle = town.renew(1);
    town.remove(1, 1);
    let honest = |town: &mut Town| {
        town.say(1, 0, 0, b"one device fewer");
        town.receive(0, 0).pop().unwrap().unwrap();
    };
    honest(&mut town);
    // The server shows the list before the removal, which is newer than the first word.
    let (id, now) = (middle.account(), town.now);
    learn(town.client(0, 0), &middle, now).unwrap();
    assert_eq!(town.client(0, 0).tasks(&Served::NOTHING, now).fetch_lists, []);
    // The next letter says the same as the one before, and that counts.
    honest(&mut town);
    let client = town.client(0, 0);
    assert_eq!(client.tasks(&Served::NOTHING, now).fetch_lists, [id]);
    assert_eq!(stop(client, id, now + 3 * DAY + 1), Some(Stop::Withheld));
}

#[test]
fn what_another_account_says_of_a_list_shortens_nothing() {
    let mut town = Town::new(83, &[2, 1]);
    town.chat(0, 1);
    // A peer of this account's list, which would silence it towards everybody.
    let mail = town.whisper((1, 0), (0, 0), |mut words| {
        words.lists[1].0 += 1;
        words
    });
    let client = town.client(0, 0);
    let arrived = client.receive(mail.from, &mail.message, NOW).unwrap();
    assert!(arrived.alerts.iter().any(|alert| matches!(alert, Alert::Lists { .. })));
    assert_eq!(client.tasks(&Served::NOTHING, NOW).fetch_lists, []);
    assert!(client.plan(To::Own, NOW + 4 * DAY).is_ok());
    // An own device of the peer's: it may not know yet that the epochs begin anew under another key.
    let [own, other] = [town.id(0), town.id(1)];
    let mail = town.whisper((0, 1), (0, 0), |mut words| {
        words.lists[1].0 += 1;
        words.with(other)
    });
    let client = town.client(0, 0);
    client.receive(mail.from, &mail.message, NOW).unwrap();
    assert_eq!(client.tasks(&Served::NOTHING, NOW).fetch_lists, []);
    // But an own device of this account's list.
    let mail = town.whisper((0, 1), (0, 0), |mut words| {
        words.lists[0].0 += 1;
        Words { id: [2; 16], ..words }.content(support::forged::OWN, b"own")
    });
    let client = town.client(0, 0);
    client.receive(mail.from, &mail.message, NOW).unwrap();
    assert_eq!(client.tasks(&Served::NOTHING, NOW).fetch_lists, [own]);
    assert_eq!(stop(client, own, NOW + 3 * DAY + 1), Some(Stop::Withheld));
    // It shortens nothing for anybody else.
    assert_eq!(stop(client, other, NOW + 3 * DAY + 1), None);
    refuses(client, Error::ListExpired, |client| {
        client.plan_repair(&Repair::SeenReport, NOW + 3 * DAY + 1)
    });
}

#[test]
fn a_clock_that_was_wrong_does_not_lengthen_the_wait() {
    let (mut town, _) = hidden_removal(84);
    let (id, early) = (town.id(1), NOW - DAY);
    // The same without a letter that has named a newer list.
    let mut other = Town::new(84, &[1, 2]);
    other.client(0, 0).reset_clock(NOW - 9 * DAY).apply();
    assert_eq!(stop(other.client(0, 0), id, early), None);
    let client = town.client(0, 0);
    client.reset_clock(NOW - 9 * DAY).apply();
    *client = restored(client);
    assert_eq!(stop(client, id, early), Some(Stop::Withheld));
}
