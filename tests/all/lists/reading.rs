//! Reading past the end of a list.

use super::*;

use latchstring::client::{ClockState, ReceivedLetter};
use support::town::{Mail, text};

/// Has one side read a letter of the other, said at one time and read at another.
fn read_late(said_at: u64, now: u64) -> (Town, ReceivedLetter) {
    let mut town = Town::new(90, &[1, 1]);
    town.chat(0, 1);
    town.now = said_at;
    // The writer has a newer list of the reader, who has none of the writer.
    town.renew(0);
    town.inform(1, town.id(0));
    town.say(1, 0, 0, b"late");
    town.now = now;
    let letter = town.receive(0, 0).pop().unwrap().unwrap();
    (town, letter)
}

fn over(of: AccountId, said_in_time: bool) -> Alert {
    Alert::ListOver { of, said_in_time }
}

#[test]
fn mail_in_a_known_session_is_read_after_the_list_is_over() {
    let end = NOW + 30 * DAY;
    let (_, letter) = read_late(NOW + 9 * DAY, end);
    assert_eq!((text(&letter.event), letter.alerts), (b"late".to_vec(), vec![]));
    let (mut town, letter) = read_late(NOW + 9 * DAY, end + 1);
    assert_eq!(text(&letter.event), b"late");
    assert_eq!(letter.alerts, [over(town.id(1), true)]);
    // However late it is.
    town.say(1, 0, 0, b"later");
    town.now += 300 * DAY;
    let letter = town.receive(0, 0).pop().unwrap().unwrap();
    assert_eq!(text(&letter.event), b"later");
    // Nothing is told once there is a list in its time.
    town.renew(1);
    let id = town.id(1);
    town.learn(0, 0, id).unwrap();
    town.renew(0);
    town.inform(1, town.id(0));
    town.rotate(0, 0);
    town.say(1, 0, 0, b"at last");
    let letter = town.receive(0, 0).pop().unwrap().unwrap();
    assert!(!letter.alerts.iter().any(|alert| matches!(alert, Alert::ListOver { .. })));
}

#[test]
fn what_only_its_sender_dates_is_unproven() {
    let end = NOW + 30 * DAY;
    for (said_at, is_in_time) in [(end - DAY, true), (end, true), (end + 1, false)] {
        let (town, letter) = read_late(said_at, end + 2);
        assert_eq!(letter.alerts, [over(town.id(1), is_in_time)], "{}", letter.sent - NOW);
    }
}

#[test]
fn what_comes_past_a_list_agrees_with_no_clock() {
    let end = NOW + 30 * DAY;
    for (said_at, is_over) in [(end - 1, false), (end, true)] {
        // The reader was off for a month; only the letter could say that its clock is right.
        let mut town = Town::new(91, &[1, 1]);
        town.chat(0, 1);
        let backup = restored(town.client(0, 0));
        town.now = said_at;
        town.renew(0);
        town.inform(1, town.id(0));
        town.rotate(0, 0);
        town.say(1, 0, 0, b"late");
        *town.client(0, 0) = backup;
        let now = said_at + u64::from(is_over);
        town.now = now;
        let letter = town.receive(0, 0).pop().unwrap().unwrap();
        assert_eq!(letter.alerts.contains(&over(town.id(1), true)), is_over);
        let clock = town.client(0, 0).tasks(&Served::NOTHING, now).clock;
        assert_eq!(clock == ClockState::Fits, !is_over, "{clock:?}");
    }
}

#[test]
fn a_first_message_waits_for_a_list_in_time() {
    let mut town = Town::new(91, &[1, 2]);
    town.chat(0, 1);
    let end = town.server.list(town.id(1)).expires();
    town.now = end;
    town.rotate(0, 0);
    let Mail { from, message, .. } = town.whisper((1, 1), (0, 0), |words| words);
    town.now = end + 1;
    let client = town.client(0, 0);
    refuses(client, Error::ListExpired, |client| client.open(from, &message, end + 1).map(drop));
    // As it does while a list is withheld of which a letter has told.
    let mut other = restored(client);
    town.renew(1);
    let id = town.id(1);
    learn(&mut other, &town.server.list(id), end + 1).unwrap();
    assert!(other.open(from, &message, end + 1).is_ok());
    town.renew(1);
    let mail = town.whisper((1, 0), (0, 0), |words| words);
    other.receive(mail.from, &mail.message, end + 1).unwrap();
    let late = end + 2 + 3 * DAY;
    refuses(&mut other, Error::ListExpired, |client| client.open(from, &message, late).map(drop));
    // It is read once the list is there.
    town.inform(0, id);
    assert!(town.client(0, 0).open(from, &message, end + 1).is_ok());
}

#[test]
fn a_removed_device_is_not_read_whatever_it_says() {
    let mut town = Town::new(92, &[1, 2]);
    town.chat(0, 1);
    // In the session that stands, dated to when the list named it.
    let to = To::Account(town.id(0));
    let out = town.seal(1, 1, to, b"backdated").unwrap();
    let (own, from) = (town.address(0, 0), town.address(1, 1));
    let late = out.envelopes.into_iter().find(|envelope| envelope.to == own).unwrap();
    town.now = NOW + 30 * DAY + 1;
    let mut unaware = restored(town.client(0, 0));
    town.remove(1, 1);
    town.inform(0, town.id(1));
    let now = town.now;
    for _ in 0..2 {
        let client = town.client(0, 0);
        refuses(client, Error::Unlisted, |client| client.open(from, &late.message, now).map(drop));
        // Nor once that list is over.
        town.now = now + 31 * DAY;
    }
    // Who has not heard of the removal reads it, and is told.
    let letter = unaware.receive(from, &late.message, now).unwrap();
    assert_eq!(letter.alerts, [over(town.id(1), true)]);
}
