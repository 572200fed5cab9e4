//! Styles of apps: one that never asks, one that asks always, and what becomes of the pair.

use super::*;

/// Rolls the first side back and lets one write; returns the world at the time at which that arrives.
fn trouble(styles: [Style; 2], first: usize) -> Two {
    let mut two = Two::new(20, styles, FAST, DAY);
    let backup = two.backup(0);
    two.exchange(3);
    two.restore(0, backup);
    two.say(first, "first");
    two.run(1);
    two
}

#[test]
fn an_app_that_never_asks_heals_with_its_next_letter() {
    use Style::{Follows, Never};
    for (styles, first) in [
        ([Never, Follows], 0),
        ([Never, Follows], 1),
        ([Follows, Never], 0),
        ([Follows, Never], 1),
        ([Never, Never], 0),
        ([Never, Never], 1),
    ] {
        let mut two = trouble(styles, first);
        two.run(10);
        // Whoever could not read writes, or has written by asking.
        two.say(1 - first, "next");
        two.run(1);
        assert!(has_read(&two, first, "next"), "{styles:?} {first}");
        on_one_session(&mut two);
        if styles == [Never, Never] {
            assert!(!has_read(&two, 1 - first, "first"));
            two.run(16 * DAY);
            assert_eq!(two.lost[1 - first].len(), 1);
        }
    }
}

#[test]
fn an_app_that_asks_always_sends_no_more_than_one_that_follows() {
    for first in [0, 1] {
        let sent = |style| {
            let mut two = trouble([style; 2], first);
            two.run(DAY);
            assert!(has_read(&two, 1 - first, "first"));
            (two.sent, two.begun.clone())
        };
        assert_eq!(sent(Style::Always), sent(Style::Follows));
    }
}

#[test]
fn crossed_repairs_end_in_one_session() {
    // Whatever the link takes, each side's repair is under way when the other one begins.
    for delay in [1, 60, HOUR - 1, 2 * HOUR, DAY, 3 * DAY] {
        let transport = Transport { delay, loses: 0, ids: true };
        let mut two = Two::new(21, BOTH_FOLLOW, transport, DAY);
        let one = two.backup(0);
        two.exchange(2);
        let other = two.backup(1);
        two.exchange(2);
        two.restore(0, one);
        two.restore(1, other);
        for who in [0, 1] {
            let (peer, now) = (two.town.address(1 - who, 0), two.town.now);
            two.client(who).reset_session(peer, now).unwrap().apply();
            two.repair(who);
        }
        two.run(8 * delay + DAY);
        // They do not answer each other for ever.
        let begun = two.begun.clone();
        two.run(13 * DAY);
        assert_eq!(two.begun, begun, "{delay}");
        assert!(begun.iter().all(|begun| begun.len() <= 5), "{delay} {begun:?}");
        on_one_session(&mut two);
    }
}

#[test]
fn who_answers_a_session_begun_in_doubt_is_told_of() {
    let mut two = trouble(BOTH_FOLLOW, 1);
    two.run(4);
    assert_eq!(two.begun.clone().map(|begun| begun.len()), [1, 0]);
    assert_eq!(two.alerts[0].iter().filter(|it| **it == Alert::SessionRepaired).count(), 1);
    assert!(!two.alerts[1].contains(&Alert::SessionRepaired));
}

#[test]
fn a_session_is_reset_by_a_persons_word() {
    let mut two = Two::new(22, BOTH_FOLLOW, FAST, DAY);
    let (peer, now) = (two.town.address(1, 0), two.town.now);
    let own = two.town.address(0, 0);
    refuses(two.client(0), Error::OwnDevice, |client| client.reset_session(own, now).map(drop));
    let unknown = client::Address { device: own.device, ..peer };
    let error = Error::Unlisted;
    refuses(two.client(0), error, |client| client.reset_session(unknown, now).map(drop));
    assert_eq!(two.client(0).repairs(now).count(), 0);
    changed(two.client(0).reset_session(peer, now).unwrap());
    assert!(two.client(0).repairs(now).eq([Repair::Request { to: peer }]));
    two.repair(0);
    two.run(2);
    assert_eq!(two.begun.clone().map(|begun| begun.len()), [1, 0]);
    assert_eq!(two.alerts[1], [Alert::SessionReplaced]);
    on_one_session(&mut two);
}

#[test]
fn a_repair_survives_the_end_of_the_process() {
    // The world restores each client from its bytes after all that it takes.
    let mut two = trouble([Style::Never; 2], 1);
    let client = two.client(0);
    *client = restored(client);
    let now = two.town.now;
    let repairs: Vec<_> = two.client(0).repairs(now).collect();
    let peer = two.town.address(1, 0);
    assert_eq!(repairs, [Repair::Request { to: peer }]);
    two.styles = BOTH_FOLLOW;
    two.repair(0);
    two.run(4);
    assert!(has_read(&two, 0, "first"));
}

#[test]
fn a_letter_goes_on_in_the_session_that_is_only_suspected_if_there_is_no_bundle() {
    let mut two = trouble([Style::Never; 2], 1);
    let (peer, now) = (two.town.address(1, 0), two.town.now);
    let to = To::Account(peer.account);
    // Also after an hour in which nothing opens: the junk may be somebody else's.
    for now in [now, now + HOUR] {
        let mut plan = two.client(0).plan(to, now).unwrap();
        assert!(plan.missing().eq([peer]));
        plan.leave_out(peer).unwrap();
        assert!(plan.devices().eq([peer]), "it is not left out");
        assert!(two.client(0).has_session(peer, now));
    }
    // A person's word needs a new one.
    two.client(0).reset_session(peer, now).unwrap().apply();
    assert!(!two.client(0).has_session(peer, now));
}
