//! Abuse: what a server, a stranger or a newcomer gets out of repair.

use super::losses::junk_message;
use super::*;
use latchstring::client::MessageId;
use latchstring::storage::State;

/// Brings junk as if it were the other side's, and lets the app do what its client lists.
fn junk(two: &mut Two, to: usize, number: u64) {
    let id = [number.to_be_bytes(), [9; 8]].concat();
    let id = MessageId(id.try_into().unwrap());
    two.bring(to, Some(id), junk_message());
    two.repair(to);
}

#[test]
fn junk_begins_two_sessions_an_hour_and_few_if_nobody_answers() {
    // An honest pair that writes on: each session is answered, and each piece of junk casts doubt on it.
    let mut two = Two::new(30, BOTH_FOLLOW, FAST, DAY);
    for minute in 0..5 * 60 {
        junk(&mut two, 0, minute);
        for from in [0, 1] {
            two.say(from, "on");
            two.run(1);
        }
        two.run(58);
    }
    assert_eq!(two.begun.clone().map(|begun| begun.len()), [10, 0]);
    assert_eq!(two.read.clone().map(|read| read.len()), [300, 300], "all of it is read");
    assert!(two.client(0).unread().count() <= 32);
    // Nobody answers.
    let mut two = Two::new(31, [Style::Follows, Style::Never], FAST, DAY);
    for hour in 0..10 * 24 {
        junk(&mut two, 0, hour);
        two.run(HOUR);
    }
    assert!(two.begun[0].len() <= 5, "{:?}", two.begun[0]);
}

#[test]
fn junk_of_a_stranger_is_not_remembered() {
    let mut town = Town::new(32, &[1, 1]);
    let (known, junk) = (town.address(1, 0), junk_message());
    let stranger = client::Address { account: latchstring::session::AccountId([9; 32]), ..known };
    let unlisted = client::Address { device: town.address(0, 0).device, ..known };
    let own = town.address(0, 0);
    let client = town.client(0, 0);
    for (from, expected) in [
        (stranger, Some(Need::List(stranger.account))),
        (unlisted, Some(Need::List(known.account))),
        (own, None),
    ] {
        for id in [None, Some(MessageId([1; 16]))] {
            let pending = client.take(&Mail { from, id, envelope: &junk }, NOW);
            assert!(!pending.is_change());
            match pending.apply() {
                Taken::Waits(need) => assert_eq!(Some(need), expected),
                Taken::Refused(error) => assert_eq!((error, expected), (Error::WrongPeer, None)),
                taken => panic!("{taken:?}"),
            }
        }
    }
    assert_eq!(client.unread().count(), 0);
    assert_eq!(client.repairs(NOW).count(), 0);
}

#[test]
fn junk_is_noted_once_and_up_to_a_bound() {
    let mut two = Two::new(33, [Style::Never; 2], FAST, DAY);
    let (from, now) = (two.town.address(1, 0), two.town.now);
    let junk = junk_message();
    let before = two.client(0).to_bytes().len();
    for number in 0..100_u8 {
        for again in [false, true] {
            let mail = Mail { from, id: Some(MessageId([number; 16])), envelope: &junk };
            let pending = two.client(0).take(&mail, now);
            assert_eq!(pending.is_change(), !again && number < 32);
            match pending.apply() {
                Taken::Unread(_) => assert!(number < 32),
                Taken::Unremembered(_) => assert!(number >= 32, "nobody asks for it"),
                taken => panic!("{taken:?}"),
            }
        }
    }
    assert_eq!(two.client(0).unread().count(), 32);
    // What there is no id of is counted once, and suspected the second time.
    let mut two = Two::new(33, [Style::Never; 2], FAST, DAY);
    for is_change in [true, true, false] {
        let pending = two.client(0).take(&Mail { from, id: None, envelope: &junk }, now);
        assert_eq!(pending.is_change(), is_change);
        pending.apply();
    }
    assert!(two.client(0).to_bytes().len() <= before + 32 * 73);
}

#[test]
fn on_suspicion_no_session_begins_without_a_one_time_prekey_for_an_hour() {
    // The other one answers nothing.
    let mut two = Two::new(34, [Style::Follows, Style::Never], FAST, DAY);
    two.town.server.one_time.clear();
    let (peer, now) = (two.town.address(1, 0), two.town.now);
    junk(&mut two, 0, 1);
    two.run(10);
    two.say(0, "in the session that there is");
    two.run(1);
    assert_eq!(two.alerts, [[], []]);
    assert!(has_read(&two, 1, "in the session that there is"));
    let of = |two: &mut Two, now| {
        let to = To::Account(two.town.id(1));
        let mut plan = two.client(0).plan(to, now).unwrap();
        assert!(plan.missing().eq([peer]), "a bundle is wanted");
        let client = &two.town.people[0].devices[0];
        let bundle = two.town.people[1].devices[0].bundle();
        assert_eq!(plan.supply(client, &bundle, now, &mut two.town.rng), Ok(false));
        plan.missing().count() == 0 && client.has_session(peer, now)
    };
    assert!(of(&mut two, now + HOUR - 1) && of(&mut two, now + HOUR));
    // Junk and an hour silence nobody who has no bundle.
    let to = To::Account(two.town.id(1));
    let mut plan = two.client(0).plan(to, now + HOUR).unwrap();
    assert_eq!(plan.leave_out_missing(), 0);
    assert!(plan.devices().eq([peer]));
    let content = said(b"still in the session that there is");
    let out = two.town.seal_plan(0, 0, &mut plan, &content).unwrap();
    let message = out.envelopes[0].message.clone();
    assert!(matches!(two.bring(1, Some(out.id), message), Taken::Letter(_)));
    // Once the other side writes there is nothing to suspect.
    two.say(1, "all is well");
    two.run(1);
    assert!(two.client(0).has_session(peer, now + 100 * DAY));
}

#[test]
fn a_newcomer_does_not_see_by_a_repair_when_the_user_is_there() {
    let mut town = Town::new(35, &[1, 1]);
    // Only the other one has written: it is a newcomer here.
    town.say(1, 0, 0, b"hello");
    town.receive_all();
    let (from, junk) = (town.address(1, 0), junk_message());
    let client = town.client(0, 0);
    let mail = Mail { from, id: Some(MessageId([1; 16])), envelope: &junk };
    assert!(matches!(client.take(&mail, NOW).apply(), Taken::Unread(_)));
    assert_eq!(client.repairs(NOW + DAY - 1).count(), 0);
    assert_eq!(client.next_repair(NOW), Some(NOW + DAY));
    assert!(client.repairs(NOW + DAY).eq([Repair::Request { to: from }]));
}

#[test]
fn a_change_that_is_dropped_leaves_the_client_as_it_was() {
    let mut two = Two::new(36, [Style::Never; 2], FAST, DAY);
    let (from, now) = (two.town.address(1, 0), two.town.now);
    let (junk, before) = (junk_message(), restored(two.client(0)));
    let mail = Mail { from, id: Some(MessageId([1; 16])), envelope: &junk };
    drop(two.client(0).take(&mail, now));
    refuses(two.client(0), Error::Forged, |client| client.open(from, &junk, now).map(drop));
    assert!(*two.client(0).to_bytes() == *before.to_bytes());
}
