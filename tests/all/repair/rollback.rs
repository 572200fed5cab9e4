//! Rolled back: one side, or both, go on from an older state.

use super::*;

/// Lets the first side be rolled back by so many exchanges, one of both write, and the letter arrive.
fn rolled_back(
    exchanges: usize,
    first: usize,
    age: u64,
    transport: Transport,
    styles: [Style; 2],
) -> Two {
    let mut two = Two::new(1, styles, transport, age);
    let backup = two.backup(0);
    two.exchange(exchanges);
    two.restore(0, backup);
    two.say(first, "first");
    two.run(transport.delay);
    two
}

#[test]
fn a_side_rolled_back_by_n_exchanges_reads_again_within_two_round_trips() {
    let follow = |one, other| [one, other];
    for exchanges in [1, 10, 40] {
        for (first, age, transport, styles) in [
            (0, HOUR, FAST, BOTH_FOLLOW),
            (1, HOUR, FAST, BOTH_FOLLOW),
            (0, 5 * DAY, FAST, BOTH_FOLLOW),
            (1, 5 * DAY, FAST, BOTH_FOLLOW),
            (0, HOUR, SLOW, BOTH_FOLLOW),
            (1, HOUR, SLOW, BOTH_FOLLOW),
            (0, 5 * DAY, SLOW, BOTH_FOLLOW),
            (1, 5 * DAY, SLOW, BOTH_FOLLOW),
            (0, HOUR, LOSSY, BOTH_FOLLOW),
            (1, HOUR, LOSSY, BOTH_FOLLOW),
            (0, HOUR, FAST, follow(Style::Always, Style::Always)),
            (1, HOUR, FAST, follow(Style::Always, Style::Always)),
            (0, HOUR, SLOW, follow(Style::Always, Style::Follows)),
            (1, HOUR, SLOW, follow(Style::Always, Style::Follows)),
        ] {
            let case = format!("{exchanges} {first} {age} {transport:?} {styles:?}");
            let mut two = rolled_back(exchanges, first, age, transport, styles);
            assert!(!has_read(&two, 1 - first, "first"), "{case}");
            // What is lost on its way is begun anew within the hour.
            let lost = if transport.loses > 0 { HOUR } else { 0 };
            two.run(4 * transport.delay + lost);
            assert!(
                has_read(&two, 1 - first, "first"),
                "{case} {:?} {:?} {:?}",
                two.begun,
                two.sent,
                two.alerts
            );
            assert!(two.begun[0].len() + two.begun[1].len() <= 6, "{case} {:?}", two.begun);
            // It is told of, if there is more to see than one message.
            let told = |who: usize, alert| two.alerts[who].contains(&alert);
            let seen = told(1, Alert::SessionForked) || told(0, Alert::RolledBack);
            assert!(exchanges == 1 || seen, "{case}");
            on_one_session(&mut two);
        }
    }
}

#[test]
fn a_side_rolled_back_reads_again_though_nothing_has_an_id() {
    for first in [0, 1] {
        let mut two = rolled_back(10, first, HOUR, NO_IDS, BOTH_FOLLOW);
        two.say(first, "second");
        two.run(4);
        // What names nothing is not asked for, but what is written from then on is read.
        two.say(first, "third");
        two.run(1);
        assert!(has_read(&two, 1 - first, "third"));
        on_one_session(&mut two);
    }
}

#[test]
fn both_sides_rolled_back_come_to_one_session() {
    for transport in [FAST, SLOW, LOSSY] {
        let mut two = Two::new(2, BOTH_FOLLOW, transport, 5 * DAY);
        let one = two.backup(0);
        two.exchange(3);
        let other = two.backup(1);
        two.exchange(3);
        two.restore(0, one);
        two.restore(1, other);
        for who in [0, 1] {
            two.say(who, "first");
        }
        two.run(5 * transport.delay + if transport.loses > 0 { HOUR } else { 0 });
        assert!([0, 1].iter().all(|who| has_read(&two, *who, "first")), "{transport:?}");
        on_one_session(&mut two);
    }
}

#[test]
fn a_device_restored_to_before_a_renewal_is_not_left_in_a_stray_session() {
    for transport in [FAST, SLOW] {
        for first in [0, 1] {
            let mut two = Two::new(3, BOTH_FOLLOW, transport, DAY);
            let backup = two.backup(0);
            // Both go on in another session.
            let (peer, now) = (two.town.address(0, 0), two.town.now);
            two.client(1).reset_session(peer, now).unwrap().apply();
            two.say(1, "renewed");
            two.run(transport.delay);
            on_one_session(&mut two);
            two.restore(0, backup);
            // What it writes itself can still be read; what comes cannot, at first.
            for (from, content) in [(first, "first"), (1 - first, "second")] {
                two.say(from, content);
                two.run(5 * transport.delay);
                assert!(has_read(&two, 1 - from, content), "{content} {first} {transport:?}");
            }
            on_one_session(&mut two);
        }
    }
}

#[test]
fn a_side_whose_prekeys_are_newer_than_its_state_reads_again() {
    for first in [0, 1] {
        let mut two = Two::new(4, BOTH_FOLLOW, FAST, DAY);
        let backup = two.backup(0);
        two.exchange(2);
        two.town.server.one_time.clear();
        two.town.rotate(0, 0);
        two.town.publish_keys(0, 0);
        two.town.publish_keys(1, 0);
        two.restore(0, backup);
        two.say(first, "first");
        two.run(1 + 4);
        assert!(has_read(&two, 1 - first, "first"), "{first}");
        on_one_session(&mut two);
    }
}
