//! Devices that are used for minutes once a week: what they do all the same, and what supports their time.

use super::*;
use support::town::said;

const WEEK: u64 = 7 * DAY;

#[test]
fn a_device_that_is_used_for_minutes_once_a_week_rotates_renews_and_erases() {
    let (mut town, mail) = withheld(40);
    for week in 1..20 {
        let now = NOW + week * WEEK;
        // A list that the friend has signed two weeks ago says nothing of the time that is not known.
        town.now = NOW + week.saturating_sub(2) * WEEK;
        let list = town.renew(1);
        town.now = now;
        let client = town.client(0, 0);
        client.learn(&list, now).unwrap().apply();
        client.expire(now).apply();
        *client = restored(client);
        // Nobody writes, and no list comes: it is sure of the week before, and says so.
        let told = tasks(client, now);
        assert_eq!(told.clock, ClockState::Ahead(WEEK));
        let is_made = told.prekeys.rotate && told.prekeys.replenish && told.renew_list;
        assert_eq!(is_made, week > 1, "{week}");
        assert!(!told.primary_silent);
        // A month after the first rotation, what its old prekeys were for is erased.
        let found = opens(client, &mail, now);
        assert_eq!(found.is_ok(), week < 6, "{week} {found:?}");
        if is_made {
            town.rotate(0, 0);
            town.publish_keys(0, 0);
            town.renew(0);
            let client = town.client(0, 0);
            let done = tasks(client, now);
            assert!(!done.prekeys.rotate && !done.renew_list, "it is done");
            // Others take what it is.
            let list = town.server.list(town.id(0));
            let bundle = town.server.bundle(town.address(0, 0));
            let mut friend = restored(town.client(1, 0));
            friend.learn(&list, now).unwrap().apply();
            let mut plan = friend.plan(To::Account(list.account()), now).unwrap();
            assert!(plan.supply(&friend, &bundle, now, &mut town.rng).is_ok());
        }
    }
    // It is used for an hour.
    let later = town.now + HOUR;
    changed(town.client(0, 0).expire(later));
    assert_eq!(tasks(town.client(0, 0), later).clock, ClockState::Fits);
}

#[test]
fn a_clock_that_is_wrong_by_months_once_a_week_erases_nothing() {
    let (mut town, mail) = withheld(41);
    let client = town.client(0, 0);
    for week in 0..4 {
        let now = NOW + 300 * DAY + week * WEEK;
        changed(client.expire(now));
        *client = restored(client);
        assert_eq!(opens(client, &mail, NOW), Ok(()), "{week}");
    }
    // What it has made meanwhile is made once more when the clock is right.
    let wrong = NOW + 300 * DAY + 3 * WEEK;
    town.now = wrong;
    town.rotate(0, 0);
    let now = NOW + 3 * WEEK + MINUTE;
    let client = town.client(0, 0);
    changed(client.expire(now));
    assert_eq!(tasks(client, now).clock, ClockState::Fits);
    assert!(tasks(client, now).prekeys.rotate);
    assert_eq!(opens(client, &mail, now), Ok(()), "nothing is erased");
}

#[test]
fn a_bundle_that_a_letter_is_sealed_with_supports_the_clock() {
    let mut town = Town::new(42, &[1, 1]);
    let later = NOW + 10 * DAY;
    town.now = later;
    town.rotate(1, 0);
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    assert_eq!(tasks(town.client(0, 0), later).clock, ClockState::Ahead(10 * DAY));
    let rng = &mut TestRng::new(42);
    let hello = said(b"hello");
    // Only with the change that says so.
    drop(town.client(0, 0).seal(&mut plan, &hello, later, rng).unwrap());
    assert_eq!(tasks(town.client(0, 0), later).clock, ClockState::Ahead(10 * DAY));
    town.supply(0, 0, &mut plan).ok();
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    // A bundle is no sign of a later time than that at which it was made.
    let mut other = restored(town.client(0, 0));
    let much_later = later + 5 * DAY;
    other.seal(&mut plan, &hello, much_later, rng).unwrap().apply();
    assert_eq!(tasks(&other, much_later).clock, ClockState::Ahead(5 * DAY));
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    town.seal_plan(0, 0, &mut plan, &hello).unwrap();
    assert_eq!(tasks(town.client(0, 0), later).clock, ClockState::Fits);
}

#[test]
fn a_leap_that_is_right_is_said_so_by_the_user() {
    let (mut town, _) = withheld(43);
    let later = NOW + 100 * DAY;
    let client = town.client(0, 0);
    changed(client.expire(later));
    assert!(!tasks(client, later).prekeys.expire && !tasks(client, later).prekeys.rotate);
    let reset = client.reset_clock(later).apply();
    assert_eq!((reset.sessions, reset.sent, reset.list), (vec![], 0, false));
    let tasks = tasks(&restored(client), later);
    assert_eq!(tasks.clock, ClockState::Fits);
    assert!(tasks.prekeys.expire && tasks.prekeys.rotate && tasks.renew_list);
}
