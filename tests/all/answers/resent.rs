//! Answers: what is asked for is remembered until it is sealed again, or refused.

use super::*;

use latchstring::client::{self, Taken};
use support::{days, flipped};

/// Has the first person lose some letters to the second one, who asks for them.
fn asked_for(town: &mut Town, count: u8) -> (Kept, Vec<MessageId>) {
    let (kept, ids) = burst(town, count);
    let to = town.address(1, 0);
    for _ in 0..count {
        town.server.take(to).unwrap();
    }
    let from = town.address(0, 0);
    for id in &ids {
        ask(town, (1, 0), from, *id);
    }
    town.receive_all();
    (kept, ids)
}

#[test]
fn a_repair_survives_the_end_of_the_process() {
    let mut town = Town::new(1, &[1, 1]);
    town.chat(0, 1);
    let (mut kept, ids) = asked_for(&mut town, 3);
    let to = town.address(1, 0);
    let resent = |id| Repair::Resend { to, id };
    let client = town.client(0, 0);
    *client = restored(client);
    assert!(client.repairs(NOW).eq(ids.iter().map(|id| resent(*id))));
    // One is given up, and the process ends before that was said.
    changed(client.give_up(&resent(ids[1]), NOW));
    *client = restored(client);
    assert!(client.repairs(NOW).eq([resent(ids[0]), resent(ids[2]), Repair::Refuse { to }]));
    kept.remove(&ids[1]);
    repair(&mut town, (0, 0), &kept);
    assert_eq!(read(&mut town, (1, 0)), (vec![vec![0, 1], vec![2, 1]], vec![ids[1]]));
}

#[test]
fn what_will_not_come_again_is_told_as_one_event() {
    let mut town = Town::new(2, &[1, 1]);
    town.chat(0, 1);
    let (_, ids) = asked_for(&mut town, 5);
    // Nothing was kept; and one was never said.
    let from = town.address(0, 0);
    ask(&mut town, (1, 0), from, MessageId([7; 16]));
    town.receive_all();
    let done = repair(&mut town, (0, 0), &Kept::new());
    assert_eq!(done.iter().filter(|repair| matches!(repair, Repair::Refuse { .. })).count(), 1);
    let (_, refused) = read(&mut town, (1, 0));
    let mut expected = [&ids[..], &[MessageId([7; 16])]].concat();
    expected.sort_unstable();
    assert_eq!(refused, expected);
    assert_eq!(repair(&mut town, (0, 0), &Kept::new()), []);
}

#[test]
fn what_is_refused_is_not_asked_for_again() {
    let mut town = Town::new(13, &[1, 1]);
    town.chat(0, 1);
    let id = town.say(0, 0, 1, b"never kept");
    let lost = town.mail(1, 0);
    let altered = flipped(&lost.message, lost.message.len() - 1);
    let mail = client::Mail { from: lost.from, id: Some(id), envelope: &altered };
    assert!(matches!(changed(town.client(1, 0).take(&mail, NOW)), Taken::Unread(_)));
    assert_eq!(repair(&mut town, (1, 0), &Kept::new()), [Repair::Request { to: lost.from }]);
    town.receive_all();
    let refusal = Repair::Refuse { to: lost.to };
    assert_eq!(
        repair(&mut town, (0, 0), &Kept::new()),
        [Repair::Resend { to: lost.to, id }, refusal]
    );
    assert_eq!(read(&mut town, (1, 0)).1, [id]);
    let client = town.client(1, 0);
    *client = restored(client);
    assert_eq!(client.unread().count(), 0);
    assert_eq!(client.repairs(NOW + DAY).count(), 0);
    assert_eq!(client.next_repair(NOW), None);
}

#[test]
fn a_request_is_answered_once_and_again_when_it_comes_again() {
    let mut town = Town::new(3, &[1, 1]);
    town.chat(0, 1);
    let (kept, ids) = asked_for(&mut town, 1);
    let (from, to) = (town.address(0, 0), town.address(1, 0));
    for _ in 0..5 {
        assert_eq!(repair(&mut town, (0, 0), &kept), [Repair::Resend { to, id: ids[0] }]);
        // The answer is lost too.
        town.server.take(to).unwrap();
        ask(&mut town, (1, 0), from, ids[0]);
        town.receive_all();
    }
    assert_eq!(repair(&mut town, (0, 0), &kept), [Repair::Refuse { to }], "five times are enough");
    assert_eq!(read(&mut town, (1, 0)), (vec![], ids));
}

#[test]
fn nothing_is_refused_twice_and_nothing_that_nobody_asked_for() {
    let mut town = Town::new(4, &[1, 1]);
    town.chat(0, 1);
    let to = town.address(1, 0);
    let refuse = Repair::Refuse { to };
    refuses(town.client(0, 0), Error::StalePlan, |client| client.plan_repair(&refuse, NOW));
    let from = town.address(0, 0);
    ask(&mut town, (1, 0), from, MessageId([7; 16]));
    town.receive_all();
    repair(&mut town, (0, 0), &Kept::new());
    refuses(town.client(0, 0), Error::StalePlan, |client| client.plan_repair(&refuse, NOW));
    // There is no content to give up of a refusal.
    assert!(!town.client(0, 0).give_up(&refuse, NOW).is_change());
}

#[test]
fn a_newcomer_is_not_answered() {
    let mut town = Town::new(5, &[1, 1]);
    let ask = |words: Words| words.content(forged::RESEND_REQUEST, &missing(&[7; 16]));
    let mail = town.whisper((1, 0), (0, 0), ask);
    let client = town.client(0, 0);
    client.receive(mail.from, &mail.message, NOW).unwrap();
    assert_eq!(client.repairs(NOW).count(), 0);
    assert!(support::places(&latchstring::storage::State::to_bytes(client), &[7; 16]).is_empty());
}

/// Encodes a request for one letter.
fn missing(id: &[u8; 16]) -> Vec<u8> {
    [&[0, 0, 0, 1][..], id, &[0; 4]].concat()
}

#[test]
fn nobody_is_answered_while_its_list_is_past_its_time() {
    let mut town = Town::new(6, &[1, 1]);
    town.chat(0, 1);
    let (_, ids) = asked_for(&mut town, 1);
    let to = town.address(1, 0);
    let of = town.id(1);
    let end = town.client(0, 0).list_of(of).unwrap().expires();
    // Letters are sealed again for a fortnight; the list ends later, so let it be forgotten: a refusal is left.
    let client = town.client(0, 0);
    assert!(client.repairs(NOW).eq([Repair::Resend { to, id: ids[0] }]));
    let mut later = restored(client);
    days(NOW, NOW + 15 * DAY).for_each(|now| drop(later.expire(now).apply()));
    assert!(later.repairs(NOW + 15 * DAY).eq([Repair::Refuse { to }]));
    assert_eq!(client.repairs(end + DAY).count(), 0);
}

#[test]
fn a_letter_for_a_device_without_a_bundle_is_tried_once_for_each_request() {
    let mut town = Town::new(7, &[1, 1]);
    town.chat(0, 1);
    let (kept, ids) = asked_for(&mut town, 1);
    let to = town.address(1, 0);
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let repair = Repair::Resend { to, id: ids[0] };
    let mut plan = client.plan_repair(&repair, NOW).unwrap();
    plan.leave_out(to).unwrap();
    let out = client.seal(&mut plan, &said(&kept[&ids[0]]), NOW, rng).unwrap().apply();
    assert_eq!((out.envelopes.len(), out.left_out.as_slice()), (0, &[to][..]));
    assert_eq!(client.repairs(NOW).count(), 0);
}

#[test]
fn a_device_that_was_left_out_is_owed_the_letter_each_hour_until_it_is_given_up() {
    let mut town = Town::new(8, &[1, 2]);
    let away = town.address(1, 1);
    let mut plan = town.plan(0, 0, 1);
    plan.leave_out(away).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    let id = town.seal_plan(0, 0, &mut plan, &said(b"for both")).unwrap().id;
    let backfill = Repair::Backfill { id };
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    assert_eq!(client.repairs(NOW + HOUR - 1).count(), 0);
    assert!(client.repairs(NOW + HOUR).eq([backfill]));
    // Again there is no bundle: that counts as an attempt.
    let now = NOW + 5 * DAY;
    let mut plan = client.plan_repair(&backfill, now).unwrap();
    plan.leave_out(away).unwrap();
    client.seal(&mut plan, &said(b"for both"), now, rng).unwrap().apply();
    *client = restored(client);
    assert_eq!(client.repairs(now + HOUR - 1).count(), 0);
    assert!(client.repairs(now + HOUR).eq([backfill]));
    assert!(client.repairs(NOW + 14 * DAY - 1).eq([backfill]));
    assert_eq!(client.repairs(NOW + 14 * DAY).count(), 0, "it is remembered no longer");
    changed(client.give_up(&backfill, now));
    *client = restored(client);
    assert_eq!(client.repairs(now + HOUR).count(), 0);
}

#[test]
fn a_device_that_was_left_out_may_ask_with_its_first_message() {
    let mut town = Town::new(11, &[1, 2]);
    let away = town.address(1, 1);
    let mut plan = town.plan(0, 0, 1);
    plan.leave_out(away).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    let id = town.seal_plan(0, 0, &mut plan, &said(b"for both")).unwrap().id;
    let ask = |words: Words| words.content(forged::RESEND_REQUEST, &missing(&id.0));
    let mail = town.whisper((1, 1), (0, 0), ask);
    let client = town.client(0, 0);
    client.receive(mail.from, &mail.message, NOW).unwrap();
    assert!(client.repairs(NOW).eq([Repair::Resend { to: away, id }]));
}

#[test]
fn a_backfill_that_was_lost_is_sealed_again() {
    let mut town = Town::new(9, &[1, 1]);
    let id = town.say(0, 0, 1, b"a minute ago");
    town.receive_all();
    town.link(1);
    town.learn_all();
    let late = town.address(1, 1);
    let mut plan = town.client(0, 0).plan_repair(&Repair::Backfill { id }, NOW).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, &said(b"a minute ago")).unwrap();
    assert_eq!(out.envelopes[0].to, late);
    // It is lost; what comes next opens, and the device asks for the one before.
    town.server.post(town.address(0, 0), out);
    let lost = town.mail(1, 1);
    town.say(0, 0, 1, b"now");
    town.receive_all();
    ask(&mut town, (1, 1), lost.from, id);
    town.receive_all();
    let kept = Kept::from([(id, b"a minute ago".to_vec())]);
    assert_eq!(repair(&mut town, (0, 0), &kept), [Repair::Resend { to: late, id }]);
    assert_eq!(read(&mut town, (1, 1)).0, [b"a minute ago"]);
}

#[test]
fn a_blob_that_comes_again_gives_its_reference() {
    let mut town = Town::new(10, &[1, 1]);
    town.chat(0, 1);
    let content = vec![5; 9000];
    let id = town.say(0, 0, 1, &content);
    let mail = town.mail(1, 0);
    // It is read, but the app loses the reference.
    town.client(1, 0).receive(mail.from, &mail.message, NOW).unwrap();
    ask(&mut town, (1, 0), mail.from, id);
    town.receive_all();
    repair(&mut town, (0, 0), &Kept::from([(id, content.clone())]));
    let arrived = town.receive(1, 0).pop().unwrap().unwrap();
    let LetterEvent::Repeated(Some(reference)) = arrived.event else { panic!("no reference") };
    assert!(bytes(&reference.open(&town.server.blobs[0]).unwrap()) == content);
    // A content in the letter itself is not given again.
    let out = town.seal(0, 0, To::Account(town.id(1)), b"short").unwrap();
    let message = &out.envelopes[0].message;
    let from = town.address(0, 0);
    town.client(1, 0).receive(from, message, NOW).unwrap();
    ask(&mut town, (1, 0), from, out.id);
    town.receive_all();
    repair(&mut town, (0, 0), &Kept::from([(out.id, b"short".to_vec())]));
    let arrived = town.receive(1, 0).pop().unwrap().unwrap();
    assert!(matches!(arrived.event, LetterEvent::Repeated(None)));
}
