//! Letters that wait for a list.

use super::*;

use latchstring::client::{GroupId, MessageId, Outgoing, Repair};
use support::town::text;

/// Has a device seal a letter for whom it waits now; nothing is posted.
fn backfilled(town: &mut Town, device: usize, id: MessageId, content: &[u8]) -> Outgoing {
    let mut plan = town.client(0, device).plan_repair(&Repair::Backfill { id }, NOW).unwrap();
    town.supply(0, device, &mut plan).unwrap();
    town.seal_plan(0, device, &mut plan, &said(content)).unwrap()
}

#[test]
fn a_letter_to_somebody_five_weeks_away_is_queued_and_read() {
    let mut town = Town::new(95, &[2, 2]);
    town.chat(0, 1);
    let [own, away] = [0, 1].map(|person| town.id(person));
    town.now = NOW + 35 * DAY;
    town.renew(0);
    town.inform(0, own);
    for device in 0..2 {
        town.rotate(0, device);
    }
    // The writer's other device has it at once; nothing goes by the list that is over.
    let out = town.seal(0, 0, To::Account(away), b"welcome back").unwrap();
    assert_eq!(out.stopped, [(away, Stop::ListOver)]);
    let out = Outgoing { target: None, ..out };
    assert_eq!(Outgoing::decode(&out.encode()).as_ref(), Ok(&out));
    let to: Vec<_> = out.envelopes.iter().map(|envelope| envelope.to).collect();
    assert_eq!(to, [town.address(0, 1)]);
    let id = out.id;
    town.server.post(town.address(0, 0), out);
    assert_eq!(town.read(0, 1), [b"welcome back"]);
    let now = town.now;
    let client = town.client(0, 0);
    *client = restored(client);
    assert_eq!(client.tasks(&Served::NOTHING, now).fetch_lists, [away]);
    assert_eq!(client.plan_repair(&Repair::Backfill { id }, now).unwrap().devices().count(), 0);

    // Three weeks later the other one is back, with a device more and one fewer.
    town.now = NOW + 56 * DAY;
    town.renew(0);
    town.inform(0, own);
    town.renew(1);
    town.remove(1, 1);
    town.link(1);
    town.rotate(1, 0);
    town.rotate(0, 0);
    town.inform(0, away);
    town.inform(1, own);
    let mut expected = [town.address(1, 0), town.address(1, 1)];
    expected.sort_unstable();
    let now = town.now;
    let client = town.client(0, 0);
    assert_eq!(client.tasks(&Served::NOTHING, now).fetch_lists, []);
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Resend { to: expected[0], id }, now)
    });
    let mut plan = client.plan_repair(&Repair::Backfill { id }, now).unwrap();
    assert_eq!(plan.devices().collect::<Vec<_>>(), expected);
    // Of one there is no bundle: it goes on waiting.
    plan.leave_out(expected[1]).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    let first = town.seal_plan(0, 0, &mut plan, &said(b"welcome back")).unwrap();
    assert_eq!((first.id, first.envelopes.len()), (id, 1));
    // It is offered again, but not at once.
    let client = town.client(0, 0);
    *client = restored(client);
    let offered = |at| client.repairs(at).any(|repair| repair == Repair::Backfill { id });
    assert!(!offered(now) && !offered(now + 3599) && offered(now + 3600));
    assert_eq!(client.next_repair(now), Some(now + 3600));
    let out = backfilled(&mut town, 0, id, b"welcome back");
    assert_eq!((out.id, out.envelopes[0].to), (id, expected[1]));
    let from = town.address(0, 0);
    for out in [first, out] {
        town.server.post(from, out);
    }
    for device in 0..2 {
        assert_eq!(town.read(1, device), [b"welcome back"]);
    }
    // Whoever lost it may ask for it, two weeks from now on.
    let again = Repair::Resend { to: expected[0], id };
    let end = now + 14 * DAY;
    days(now, end - 1).for_each(|now| drop(town.client(0, 0).expire(now).apply()));
    let client = town.client(0, 0);
    *client = restored(client);
    assert!(client.plan_repair(&again, end - 1).is_ok());
    refuses(client, Error::MessageForgotten, |client| client.plan_repair(&again, end));
    // It waits for nobody any more, and is too old for everybody else.
    let client = town.client(0, 0);
    *client = restored(client);
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Backfill { id }, now)
    });
}

#[test]
fn a_letter_waits_for_ninety_days_and_no_newer_one_pushes_it_out() {
    let mut town = Town::new(96, &[1, 1, 1]);
    town.chat(0, 2);
    let [own, away] = [0, 1].map(|person| town.id(person));
    let sent_at = NOW + 31 * DAY;
    town.now = sent_at;
    town.renew(0);
    town.renew(2);
    town.inform(0, own);
    town.inform(0, town.id(2));
    town.rotate(2, 0);
    let first = town.seal(0, 0, To::Account(away), b"first").unwrap().id;
    for _ in 0..130 {
        town.seal(0, 0, To::Account(town.id(2)), b"something else").unwrap();
    }
    let end = sent_at + 90 * DAY;
    let client = town.client(0, 0);
    *client = restored(client);
    assert!(client.plan_repair(&Repair::Backfill { id: first }, sent_at + DAY).is_ok());
    // But the 65th that waits does.
    let mut full = restored(client);
    for _ in 0..64 {
        full.send(To::Account(away), &said(b"more"), sent_at, &mut town.rng).unwrap();
    }
    refuses(&mut full, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Backfill { id: first }, sent_at + DAY)
    });
    // Time does not, but to the second.
    days(sent_at, end - 1).for_each(|now| drop(town.client(0, 0).expire(now).apply()));
    town.now = end - 1;
    town.renew(0);
    let client = town.client(0, 0);
    assert!(client.plan_repair(&Repair::Backfill { id: first }, end - 1).is_ok());
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Backfill { id: first }, end)
    });
}

#[test]
fn one_wrong_reading_forgets_no_letter() {
    let mut town = Town::new(100, &[1, 1]);
    town.chat(0, 1);
    let to = town.address(1, 0);
    let waits = {
        town.now = NOW + 31 * DAY;
        town.renew(0);
        let own = town.id(0);
        town.inform(0, own);
        town.seal(0, 0, To::Account(to.account), b"waits").unwrap().id
    };
    let wrong = town.now + 400 * DAY;
    // Nothing goes by lists that are over at that reading, but nothing is forgotten either.
    let client = town.client(0, 0);
    let plan = client.plan_repair(&Repair::Backfill { id: waits }, wrong);
    assert_ne!(plan.err(), Some(Error::MessageForgotten));
    let plan = client.plan_repair(&Repair::Resend { to, id: waits }, wrong);
    assert_eq!(plan.err(), Some(Error::NotRecipient));
}

#[test]
fn who_stops_every_letter_of_a_group_pushes_out_nobody_elses() {
    let mut town = Town::new(99, &[1, 1, 1]);
    town.now = NOW + 31 * DAY;
    town.renew(0);
    let [away, dead] = [1, 2].map(|person| town.id(person));
    let friend = town.seal(0, 0, To::Account(away), b"for a friend").unwrap().id;
    // Two members who never come, one of whom nobody knows, and a group that the friend is not in.
    let members = [dead, AccountId([9; 32])];
    let group = To::Group { id: GroupId([1; 32]), members: &members };
    let said: Vec<_> = (0..66).map(|_| town.seal(0, 0, group, b"for all").unwrap().id).collect();
    town.renew(1);
    town.inform(0, away);
    let (now, friends) = (town.now, town.address(1, 0));
    let client = town.client(0, 0);
    *client = restored(client);
    assert!(
        client.plan_repair(&Repair::Backfill { id: friend }, now).unwrap().devices().eq([friends])
    );
    // What waits longest for the members is given up.
    let waits = |id: &MessageId| {
        client.plan_repair(&Repair::Backfill { id: *id }, now).unwrap().stopped().count() > 0
    };
    assert!(!waits(&said[0]) && waits(&said[3]) && waits(&said[65]));
}

#[test]
fn letters_to_large_groups_push_out_no_letter_that_waits() {
    let mut town = Town::new(94, &[1, 1]);
    town.now = NOW + 31 * DAY;
    town.renew(0);
    let (away, now) = (town.id(1), town.now);
    let friend = town.seal(0, 0, To::Account(away), b"for a friend").unwrap().id;
    let members: Vec<_> = (0..3000_u32)
        .map(|number| {
            let mut id = [7; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            AccountId(id)
        })
        .collect();
    for number in 1..=3 {
        let group = To::Group { id: GroupId([number; 32]), members: &members };
        town.seal(0, 0, group, b"for thousands").unwrap();
    }
    assert!(town.client(0, 0).plan_repair(&Repair::Backfill { id: friend }, now).is_ok());
}

#[test]
fn what_waits_is_forgotten_with_the_key_that_it_was_for() {
    let mut town = Town::new(97, &[1, 1]);
    town.now = NOW + 31 * DAY;
    town.renew(0);
    let id = town.seal(0, 0, To::Account(town.id(1)), b"for the old one").unwrap().id;
    let members = [town.id(1), AccountId([9; 32])];
    let group = To::Group { id: GroupId([1; 32]), members: &members };
    let of_group = town.seal(0, 0, group, b"for the old one").unwrap().id;
    let (_, new) = anew(&town, 1, 100);
    let now = town.now;
    let client = town.client(0, 0);
    learn(client, new.list(), now).unwrap();
    assert_eq!(client.plan_repair(&Repair::Backfill { id }, now).unwrap().devices().count(), 0);
    client.acknowledge(new.list(), now).unwrap().apply();
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Backfill { id }, now)
    });
    let plan = client.plan_repair(&Repair::Backfill { id: of_group }, now).unwrap();
    assert_eq!(plan.devices().count(), 0);
    assert!(plan.stopped().eq([(members[1], Stop::Unknown)]), "it waits for the other one still");
}

#[test]
fn a_companion_writes_for_thirty_days_without_a_list_and_no_own_copies() {
    let mut town = Town::new(98, &[3, 1, 1]);
    town.chat(0, 1);
    let [own, peer, other] = [0, 1, 2].map(|person| town.id(person));
    let end = town.server.list(own).expires();
    let until = town.client(0, 1).tasks(&Served::NOTHING, NOW).writes_until;
    assert_eq!(until, end + 30 * DAY);
    town.now = end + 1;
    for person in [1, 2] {
        town.renew(person);
        town.inform(0, town.id(person));
        town.rotate(person, 0);
    }
    // In a session that stands, and in a new one; the own devices, one of which may be removed, get nothing.
    let mut sent = Vec::new();
    for to in [peer, other] {
        let out = town.seal(0, 1, To::Account(to), b"without the telephone").unwrap();
        assert_eq!(out.stopped, [(own, Stop::ListOver)]);
        assert!(out.envelopes.iter().all(|envelope| envelope.to.account == to));
        sent.push(out.id);
        town.server.post(town.address(0, 1), out);
    }
    let letter = town.receive(1, 0).pop().unwrap().unwrap();
    assert_eq!(text(&letter.event), b"without the telephone");
    assert_eq!(letter.alerts, [Alert::ListOver { of: own, said_in_time: false }]);
    assert_eq!(town.receive(2, 0).pop().unwrap().err(), Some(Error::ListExpired));
    let now = town.now;
    let client = town.client(0, 1);
    assert_eq!(client.tasks(&Served::NOTHING, now).fetch_lists, [own]);
    refuses(client, Error::ListExpired, |client| client.plan_repair(&Repair::SeenReport, now));
    // To the last second.
    let id = client.plan(To::Own, until).unwrap();
    assert!(id.stopped().eq([(own, Stop::ListOver)]) && id.devices().count() == 0);
    refuses(client, Error::ListExpired, |client| client.plan(To::Account(peer), until + 1));
    refuses(client, Error::ListExpired, |client| client.plan(To::Own, until + 1));

    // The telephone is back, and has removed a device: it gets nothing, the others get what waits.
    town.remove(0, 2);
    town.rotate(0, 0);
    town.inform(0, own);
    let mut plan = town.client(0, 1).plan_repair(&Repair::Backfill { id: sent[0] }, now).unwrap();
    assert!(plan.devices().eq([town.address(0, 0)]));
    let out = town.seal_plan(0, 1, &mut plan, &said(b"without the telephone")).unwrap();
    town.server.post(town.address(0, 1), out);
    assert_eq!(town.read(0, 0), [b"without the telephone"]);
    assert_eq!(
        town.client(0, 1)
            .plan_repair(&Repair::Backfill { id: sent[0] }, now)
            .unwrap()
            .devices()
            .count(),
        0
    );
}

#[test]
fn own_copies_are_sealed_again_past_the_recipients_list() {
    let mut town = Town::new(99, &[2, 1]);
    town.chat(0, 1);
    let end = town.server.list(town.id(1)).expires();
    town.now = end;
    town.renew(0);
    town.inform(0, town.id(0));
    town.say(0, 0, 1, b"to be copied");
    let (own, companion) = (town.address(0, 1), town.client(0, 1).address());
    let lost = town.server.take(own).unwrap();
    town.now = end + 1;
    let mut plan = town
        .client(0, 0)
        .plan_repair(&Repair::Resend { to: companion, id: lost.id }, end + 1)
        .unwrap();
    let out = town.seal_plan(0, 0, &mut plan, &said(b"to be copied")).unwrap();
    town.server.post(town.address(0, 0), out);
    assert_eq!(town.read(0, 1), [b"to be copied"]);
    // The recipient itself gets it again once its list is good.
    let (client, peer) = (town.client(0, 0), lost.id);
    let address = client.list_of(AccountId([2; 32])).unwrap().devices()[0].device();
    let address = Address { account: AccountId([2; 32]), device: address };
    refuses(client, Error::ListExpired, |client| {
        client.plan_repair(&Repair::Resend { to: address, id: peer }, end + 1)
    });
}
