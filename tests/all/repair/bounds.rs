//! Bounds of what a device asks for: by a wrong clock, without bundles, in a flood, and by a person's word.

use super::losses::junk_message;
use super::*;
use latchstring::client::{Client, MessageId};

/// Takes junk in as if a device had sent it.
fn doubted(client: &mut Client, of: client::Address, id: Option<MessageId>, now: u64) {
    let mail = Mail { from: of, id, envelope: &junk_message() };
    assert!(matches!(client.take(&mail, now).apply(), Taken::Unread(_)));
}

/// Seals what a client lists, without bundles, and returns the number.
fn asked(two: &mut Two, now: u64) -> usize {
    two.town.now = now;
    let client = two.client(0);
    let repairs: Vec<_> = client.repairs(now).collect();
    for repair in &repairs {
        let mut plan = two.client(0).plan_repair(repair, now).unwrap();
        plan.leave_out_missing();
        two.town.seal_plan(0, 0, &mut plan, client::Enclosed::Nothing).unwrap();
    }
    repairs.len()
}

#[test]
fn a_clock_that_is_ahead_for_a_minute_asks_for_nothing_and_begins_nothing() {
    let mut two = Two::new(50, [Style::Never; 2], FAST, DAY);
    let (peer, now) = (two.town.address(1, 0), two.town.now);
    doubted(two.client(0), peer, Some(MessageId([1; 16])), now);
    let client = two.client(0);
    let request = [Repair::Request { to: peer }];
    assert!(client.repairs(now).eq(request));
    let ahead = now + 20 * DAY;
    for _ in 0..2 {
        assert_eq!(client.repairs(ahead).count(), 0);
        assert_eq!(client.next_repair(ahead), Some(ahead + HOUR));
        client.expire(ahead).apply();
        *client = restored(client);
    }
    // The suspicion is not old by it: with a bundle that has no one-time prekey no session begins.
    let mut plan = client.plan(To::Account(peer.account), ahead).unwrap();
    two.town.server.one_time.clear();
    let bundle = two.town.people[1].devices[0].bundle();
    let client = &two.town.people[0].devices[0];
    let supplied = plan.supply_all(client, [bundle], ahead, &mut two.town.rng);
    assert_eq!((supplied.without_one_time, supplied.refused), (vec![peer], vec![]));
    assert_eq!(plan.missing().count(), 0, "it goes in the session that there is");
    assert!(two.client(0).repairs(now + 60).eq(request));
    let again = two.client(0);
    assert!(again.repairs(ahead + HOUR).eq(request), "it has said the same for an hour");
}

#[test]
fn requests_end_where_no_bundle_is_to_be_had() {
    // The device is dead, and its bundle is over or withheld. Its session is good, as far as anybody knows.
    let mut two = Two::new(51, [Style::Never; 2], FAST, DAY);
    let (peer, start) = (two.town.address(1, 0), two.town.now);
    for _ in 0..2 {
        doubted(two.client(0), peer, None, start);
    }
    let times: usize = (0..20 * 24).map(|hour| asked(&mut two, start + hour * HOUR)).sum();
    assert_eq!(times, 3);
    assert_eq!(two.client(0).next_repair(start + 20 * DAY), None);
    // A person's word needs a new session, which there is not.
    let now = start + 20 * DAY;
    two.client(0).reset_session(peer, now).unwrap().apply();
    let times: usize = (0..20 * 24).map(|hour| asked(&mut two, now + hour * HOUR)).sum();
    assert!((1..=2).contains(&times), "{times}");
}

#[test]
fn a_flood_of_junk_asks_32_devices_an_hour() {
    let mut town = Town::new(52, &[1; 40]);
    for person in 1..40 {
        town.chat(0, person);
    }
    let now = NOW + HOUR;
    town.now = now;
    let peers: Vec<_> = (1..40).map(|person| town.address(person, 0)).collect();
    let client = town.client(0, 0);
    for peer in &peers {
        doubted(client, *peer, Some(MessageId([1; 16])), now);
    }
    // Whose word it is that its session is another one, is asked whatever comes in others' names.
    client.reset_session(peers[38], now).unwrap().apply();
    let sealed = |town: &mut Town, now| {
        town.now = now;
        let repairs: Vec<_> = town.client(0, 0).repairs(now).collect();
        for repair in &repairs {
            let mut plan = town.client(0, 0).plan_repair(repair, now).unwrap();
            town.supply(0, 0, &mut plan).unwrap();
            town.seal_plan(0, 0, &mut plan, client::Enclosed::Nothing).unwrap();
        }
        repairs
    };
    let first = sealed(&mut town, now);
    assert_eq!(first.len(), 33);
    assert!(first.contains(&Repair::Request { to: peers[38] }));
    let client = town.client(0, 0);
    assert_eq!(
        (client.repairs(now + HOUR - 1).count(), client.next_repair(now)),
        (0, Some(now + HOUR))
    );
    // Then those that were not asked yet come first.
    let second = sealed(&mut town, now + HOUR);
    assert_eq!(second.iter().filter(|repair| !first.contains(repair)).count(), 6);
    assert!(second.len() <= 33);
}

#[test]
fn a_new_session_uses_up_no_try_of_an_unread_letter() {
    let mut two = Two::new(53, [Style::Follows, Style::Never], FAST, DAY);
    let (peer, now) = (two.town.address(1, 0), two.town.now);
    doubted(two.client(0), peer, Some(MessageId([1; 16])), now);
    two.repair(0);
    for minute in 1..60 {
        two.run(60);
        two.client(0).reset_session(peer, now + minute * 60).unwrap().apply();
        two.repair(0);
        let unread = two.client(0).unread().next().unwrap();
        assert_eq!(unread.tries, 1, "{minute}");
    }
    assert!(!two.begun[0].is_empty());
    two.run(HOUR);
    assert_eq!(two.client(0).unread().next().unwrap().tries, 2);
}

#[test]
fn a_persons_word_passes_patience_and_allowance() {
    let mut two = Two::new(54, [Style::Never; 2], FAST, DAY);
    let peer = two.town.address(1, 0);
    // Every first message is lost.
    two.transport.loses = 9;
    for word in 1..=4 {
        two.run(60);
        two.say(0, "in the session that there is");
        assert_eq!(two.begun[0].len(), word - 1);
        let now = two.town.now;
        two.client(0).reset_session(peer, now).unwrap().apply();
        assert!(!two.client(0).has_session(peer, now));
        two.say(0, "in a new one");
        assert_eq!(two.begun[0].len(), word);
    }
    two.transport.loses = 0;
    two.run(2 * HOUR);
    on_one_session(&mut two);
}

#[test]
fn a_recorded_message_of_a_session_that_was_left_is_no_trigger_for_ever() {
    // The other side is restored to before a renewal, and writes: that is recorded.
    let mut two = Two::new(55, BOTH_FOLLOW, FAST, DAY);
    let backup = two.backup(1);
    let (peer, now) = (two.town.address(0, 0), two.town.now);
    two.client(1).reset_session(peer, now).unwrap().apply();
    for from in [1, 0] {
        two.say(from, "in the new session");
        two.run(1);
    }
    let newer = two.backup(1);
    two.restore(1, backup);
    let out = two.town.seal(1, 0, To::Account(two.town.id(0)), b"recorded").unwrap();
    let recorded = out.envelopes[0].message.clone();
    two.restore(1, newer);
    two.town.server.one_time.clear();
    let mut begun = Vec::new();
    for number in 0..6 {
        let taken = two.bring(0, Some(MessageId([number; 16])), recorded.clone());
        assert!(matches!(taken, Taken::Unread(Error::StateCloned)), "{taken:?}");
        two.repair(0);
        two.run(HOUR / 2);
        two.say(1, "as ever");
        two.run(HOUR / 2);
        begun.push(two.begun[0].len());
    }
    // It could be the other side once: then both have left that session for one that it has answered.
    assert_eq!(begun, [1; 6]);
    on_one_session(&mut two);
}
