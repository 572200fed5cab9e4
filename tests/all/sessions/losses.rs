//! Losses.

use super::*;

#[test]
fn a_device_that_lost_its_sessions_begins_anew_and_its_peer_is_told() {
    let mut town = Town::new(10, &[1, 1]);
    let old = restored(town.client(0, 0));
    town.chat(0, 1);
    town.say(1, 0, 0, b"in the session that it lost");
    let unreadable = town.mail(0, 0);
    *town.client(0, 0) = old;
    town.now += 1;
    let (now, client) = (town.now, town.client(0, 0));
    refuses(client, Error::Forged, |client| {
        client.open(unreadable.from, &unreadable.message, now).map(drop)
    });
    assert_eq!(say(&mut town, 0, 1), [Alert::SessionReset]);
    assert_eq!(say(&mut town, 1, 0), [Alert::RolledBack]);
    assert_eq!(say(&mut town, 0, 1), []);
    on_one_session(&mut town);
}

#[test]
fn a_device_that_lost_its_sessions_may_hear_of_its_peer_first() {
    let mut town = Town::new(11, &[1, 1]);
    let old = restored(town.client(0, 0));
    town.chat(0, 1);
    *town.client(0, 0) = old;
    // An old first letter is all that it could be given: nothing of it is left on the way.
    town.now += 1;
    town.say(1, 0, 0, b"as if nothing had happened");
    let mail = town.mail(0, 0);
    let (now, client) = (town.now, town.client(0, 0));
    refuses(client, Error::Forged, |client| client.open(mail.from, &mail.message, now).map(drop));
    let mut plan = client.request_resend(mail.from, mail.id, now).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, Enclosed::Nothing).unwrap();
    town.server.post(town.address(0, 0), out);
    assert_eq!(of_sessions(&town.alerts(1, 0)), [Alert::SessionReset]);
    assert_eq!(say(&mut town, 1, 0), [Alert::RolledBack]);
    assert_eq!(say(&mut town, 0, 1), []);
    on_one_session(&mut town);
}

#[test]
fn a_replaced_session_reads_late_letters_for_two_days_after_the_proof() {
    let mut town = Town::new(12, &[1, 1]);
    let old = restored(town.client(0, 0));
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
    refuses(client, Error::Forged, |client| client.open(later.from, &later.message, end).map(drop));
    // Its keys go with the next tick, and no clock brings them back.
    let held = |client: &Client| {
        let bytes = client.to_bytes();
        keys.iter().filter(|key| !places(&bytes, &key[..]).is_empty()).count()
    };
    assert!(held(client) > 0);
    changed(client.expire(end - 1));
    assert!(held(client) > 0);
    assert!(!client.tasks(&Served::NOTHING, end - 1).expire);
    assert!(client.tasks(&Served::NOTHING, end).expire);
    changed(client.expire(end));
    assert_eq!(held(client), 0);
    refuses(client, Error::Forged, |client| client.open(later.from, &later.message, NOW).map(drop));
    on_one_session(&mut town);
}
