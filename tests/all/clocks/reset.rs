//! Clocks that a user puts right.

use super::*;

#[test]
fn what_a_reset_gave_up_is_named() {
    let ahead = NOW + 1000 * DAY;
    let mut town = Town::new(20, &[1, 1]);
    town.now = ahead;
    for person in [0, 1] {
        for now in [ahead, ahead + HOUR] {
            changed(town.client(person, 0).expire(now));
        }
    }
    town.now = ahead + HOUR;
    town.server.one_time.clear();
    for person in [0, 1] {
        town.renew(person);
        town.rotate(person, 0);
        town.publish_keys(person, 0);
    }
    town.learn_all();
    town.chat(0, 1);
    let new_device = NewDevice::generate("laptop", town.now, &mut town.rng).unwrap();
    let request = LinkingRequest::read(&new_device.code(), town.now).unwrap();
    let person = &mut town.people[0];
    let client = &mut person.devices[0];
    client.approve(&person.account, &request, 4, town.now, &mut town.rng).unwrap().apply();
    assert!(!tasks(client, town.now).renew_list);

    let peer = town.address(1, 0);
    let client = town.client(0, 0);
    assert_eq!(tasks(client, NOW).clock, ClockState::Behind(ahead + HOUR - NOW));
    let reset = changed(client.reset_clock(NOW));
    assert_eq!((reset.sessions, reset.sent), (vec![peer], 2));
    assert!(reset.offer && reset.list);
    assert!(!client.has_session(peer, NOW) && client.linking_digits().is_none());
    let tasks = tasks(&restored(client), NOW);
    assert_eq!(tasks.clock, ClockState::Fits);
    assert!(tasks.renew_list && tasks.prekeys.rotate);
    // There is nothing left to give up.
    let again = client.reset_clock(NOW).apply();
    assert_eq!((again.sessions, again.sent, again.offer), (vec![], 0, false));
}

#[test]
fn a_reset_of_a_clock_that_was_right_gives_up_nothing() {
    let mut town = Town::new(21, &[1, 1]);
    town.chat(0, 1);
    let peer = town.address(1, 0);
    let reset = town.client(0, 0).reset_clock(NOW - MINUTE).apply();
    assert_eq!((reset.sessions, reset.offer, reset.list), (vec![], false, false));
    assert!(town.client(0, 0).has_session(peer, NOW - MINUTE));
}

#[test]
fn a_list_of_a_leap_is_renewed_once_the_clock_is_right() {
    let mut town = Town::new(22, &[1]);
    town.now = NOW + 20 * DAY;
    town.renew(0);
    let client = town.client(0, 0);
    assert!(!tasks(client, NOW + 20 * DAY).renew_list);
    assert!(tasks(client, NOW + MINUTE).renew_list);
    town.now = NOW + MINUTE;
    town.renew(0);
    assert!(!tasks(town.client(0, 0), NOW + MINUTE).renew_list);
}

#[test]
fn a_primary_that_was_restored_takes_its_own_list_of_a_clock_ahead() {
    let mut town = Town::new(23, &[1]);
    let before = restored(town.client(0, 0));
    // The clock is ahead for an hour, in which a list is signed; then the state of before is restored.
    town.now = NOW + 100 * DAY;
    town.renew(0);
    let ahead = town.client(0, 0).list().clone();
    *town.client(0, 0) = before;
    town.now = NOW + MINUTE;
    let now = town.now;
    let learned = town.client(0, 0).learn(&ahead, now).unwrap().apply();
    assert!(matches!(learned, ListUpdate::Newer { .. }));
    assert!(tasks(town.client(0, 0), now).renew_list);
    town.renew(0);
    let renewed = town.client(0, 0).list().clone();
    assert_eq!((renewed.epoch(), renewed.issued()), (ahead.epoch() + 1, now));
    // Another account's list of the future is none yet.
    let mut other = Town::new(24, &[1, 1]);
    other.now = NOW + 100 * DAY;
    other.renew(1);
    let list = other.server.list(other.id(1));
    refuses(other.client(0, 0), Error::ListExpired, |client| client.learn(&list, NOW).map(drop));
}
