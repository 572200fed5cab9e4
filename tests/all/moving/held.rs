//! Memories of an account and its letters.

use super::*;
use latchstring::client::{CopiedLetter, Enclosed, LetterEvent, ListMismatch, Repair, Stop};
use support::forged::{self, Words};
use support::town::stop;

#[test]
fn letters_from_before_a_move_are_known_and_sealed_again() {
    let mut town = Town::new(31, &[1, 1]);
    town.chat(0, 1);
    let them = town.id(1);
    let to_ada = say(&mut town, 1, 0, To::Account(OLD), b"to Ada");
    let from_ada = say(&mut town, 0, 0, To::Account(them), b"from Ada");
    let letters = [take_one(&mut town, 0, 0), take_one(&mut town, 1, 0)];
    letters.iter().for_each(is_quiet);
    move_to(&mut town, 0, NEW);
    town.learn(1, 0, NEW).unwrap();
    restart(&mut town);
    let (ada, bob) = (town.address(0, 0), town.address(1, 0));
    assert!(town.people[1].devices[0].was_read(ada, &from_ada));
    assert!(town.people[1].devices[0].was_read(Address { account: OLD, ..ada }, &from_ada));
    assert!(town.people[0].devices[0].was_read(bob, &to_ada));
    for (person, to, id, words) in
        [(1, ada, to_ada, &b"to Ada"[..]), (0, bob, from_ada, b"from Ada")]
    {
        let mut plan = town.people[person].devices[0]
            .plan_repair(&Repair::Resend { to, id }, town.now)
            .unwrap();
        let other = town.seal_plan(person, 0, &mut plan, &said(b"something else"));
        assert_eq!(other.err(), Some(Error::ContentMismatch));
        let out = town.seal_plan(person, 0, &mut plan, &said(words)).unwrap();
        town.server.post(town.address(person, 0), out);
        let letter = take_one(&mut town, 1 - person, 0);
        is_quiet(&letter);
        assert!(matches!(letter.event, LetterEvent::Repeated(None)), "{letter:?}");
    }
}

#[test]
fn a_letter_that_waits_for_somebody_goes_to_the_new_id() {
    let mut town = Town::new(32, &[1, 1, 1]);
    for (one, other) in [(0, 1), (1, 2)] {
        town.chat(one, other);
    }
    for day in support::days(town.now, town.now + 31 * DAY) {
        town.now = day;
        for person in 0..3 {
            town.client(person, 0).expire(day).apply();
        }
        town.renew(1);
        town.renew(2);
        for (person, of) in [(1, 2), (2, 1)] {
            town.inform(person, town.id(of));
        }
    }
    let now = town.now;
    assert_eq!(stop(town.client(1, 0), OLD, now), Some(Stop::ListOver));
    // Nobody is known by the id that Ada moves to.
    let members = [OLD, NEW, town.id(2)];
    let to = To::Group { id: GroupId([3; 32]), members: &members };
    let id = say(&mut town, 1, 0, to, b"later for Ada");
    take_one(&mut town, 2, 0);
    town.inform(0, town.id(1));
    move_to(&mut town, 0, NEW);
    town.learn(1, 0, NEW).unwrap();
    restart(&mut town);
    let mut plan = town.people[1].devices[0].plan_repair(&Repair::Backfill { id }, now).unwrap();
    assert_eq!(plan.devices().collect::<Vec<_>>(), [town.address(0, 0)]);
    town.supply(1, 0, &mut plan).unwrap();
    let out = town.seal_plan(1, 0, &mut plan, &said(b"later for Ada")).unwrap();
    town.server.post(town.address(1, 0), out);
    assert_eq!(text(&take_one(&mut town, 0, 0).event), b"later for Ada");
    let again = town.people[1].devices[0].plan_repair(&Repair::Backfill { id }, now).unwrap();
    assert_eq!(again.devices().count(), 0);
}

#[test]
fn a_letter_that_did_not_open_is_asked_for_under_the_new_id() {
    let mut town = Town::new(33, &[1, 1]);
    town.chat(0, 1);
    let them = town.id(1);
    let id = say(&mut town, 0, 0, To::Account(them), b"damaged on its way");
    let mut mail = town.mail(1, 0);
    *mail.message.last_mut().unwrap() ^= 1;
    let now = town.now;
    let bob = town.client(1, 0);
    let taken = bob.take(&Mail { from: mail.from, id: Some(id), envelope: &mail.message }, now);
    assert!(matches!(taken.apply(), Taken::Unread(_)));
    move_to(&mut town, 0, NEW);
    town.learn(1, 0, NEW).unwrap();
    restart(&mut town);
    let ada = town.address(0, 0);
    let bob = town.client(1, 0);
    assert!(bob.unread().all(|unread| unread.from == ada && unread.id == id));
    assert_eq!(bob.unread().count(), 1);
}

#[test]
fn own_devices_still_notice_that_they_were_told_different_things() {
    let mut town = Town::new(34, &[1, 2]);
    town.chat(0, 1);
    let them = town.id(1);
    say(&mut town, 0, 0, To::Account(them), b"to both");
    for device in 0..2 {
        is_quiet(&take_one(&mut town, 1, device));
    }
    move_to(&mut town, 0, NEW);
    // Only the one that reports has heard of the move.
    town.learn(1, 0, NEW).unwrap();
    let mut plan = town.people[1].devices[0].plan_repair(&Repair::SeenReport, town.now).unwrap();
    let out = town.seal_plan(1, 0, &mut plan, Enclosed::Nothing).unwrap();
    town.server.post(town.address(1, 0), out);
    let letter = take_one(&mut town, 1, 1);
    is_quiet(&letter);
    assert!(matches!(letter.event, LetterEvent::SeenReport));
}

#[test]
fn what_was_reported_of_a_list_is_still_said_of_the_account() {
    let mut town = Town::new(36, &[1, 2]);
    town.chat(0, 1);
    town.renew(0);
    town.learn(1, 0, OLD).unwrap();
    say(&mut town, 1, 1, To::Account(OLD), b"by an older list");
    take_one(&mut town, 1, 0);
    let by = town.address(1, 1);
    let reported = |town: &Town, of| {
        let mut reported = town.people[1].devices[0].mismatches();
        reported.any(|it| it == (by, of, ListMismatch::Behind))
    };
    assert!(reported(&town, OLD));
    move_to(&mut town, 0, NEW);
    town.learn(1, 0, NEW).unwrap();
    restart(&mut town);
    assert!(reported(&town, NEW) && !reported(&town, OLD));
}

#[test]
fn a_copy_from_before_a_move_is_passed_on_and_is_the_same_letter() {
    let mut town = Town::new(37, &[1, 2]);
    town.chat(0, 1);
    let them = town.id(1);
    let id = say(&mut town, 0, 0, To::Account(them), b"to both");
    let copy = take_one(&mut town, 1, 0).to_copy().unwrap();
    let lost = town.server.take(town.address(1, 1)).unwrap();
    assert_eq!(lost.id, id);
    move_to(&mut town, 0, NEW);
    // The one that passes it on has heard of the move, and the other one has not.
    town.learn(1, 0, NEW).unwrap();
    let copy = CopiedLetter::from_bytes(&copy.to_bytes()).unwrap();
    let to = town.address(1, 1).device;
    let from = Address { account: NEW, ..town.address(0, 0) };
    let mut plan =
        town.people[1].devices[0].plan_repair(&Repair::Copy { to, from, id }, town.now).unwrap();
    let out = town.seal_plan(1, 0, &mut plan, &copy).unwrap();
    town.server.post(town.address(1, 0), out);
    let letter = take_one(&mut town, 1, 1);
    is_quiet(&letter);
    let LetterEvent::Copied(copied) = &letter.event else { panic!("{letter:?}") };
    assert_eq!(copied.from, Address { account: OLD, ..from });
    // The letter itself comes after all, when both have heard.
    town.learn(1, 1, NEW).unwrap();
    let now = town.now;
    let letter = town.client(1, 1).receive(lost.from, &lost.message, now).unwrap();
    is_quiet(&letter);
    assert!(matches!(letter.event, LetterEvent::Repeated(_)), "{letter:?}");
}

#[test]
fn an_id_that_the_own_account_had_names_nobody_else() {
    let mut town = Town::new(38, &[2, 1]);
    town.chat(0, 1);
    move_to(&mut town, 0, NEW);
    town.learn(0, 1, NEW).unwrap();
    route(&mut town);
    let device = town.address(0, 1).device.0;
    let letter = [&OLD.0[..], &device, &[8; 16]].concat();
    // A copy of what this very account has said, and a report of it.
    let copy = [&letter[..], &[0; 8], &[1], &NEW.0, &[1], &said(b"x").encode()].concat();
    let report = [&[0, 0, 0, 1][..], &letter, &[9; 32]].concat();
    let now = town.now;
    let mail = town.whisper((0, 1), (0, 0), |words| words.content(forged::COPY, &copy));
    refuses(town.client(0, 0), Error::Malformed, |client| {
        client.receive(mail.from, &mail.message, now).map(drop)
    });
    let mail = town.whisper((0, 1), (0, 0), |words| words.content(forged::SEEN_REPORT, &report));
    let letter = town.client(0, 0).receive(mail.from, &mail.message, now).unwrap();
    assert!(matches!(letter.event, LetterEvent::SeenReport));
    let id = MessageId([8; 16]);
    assert!(!town.client(0, 0).was_read(mail.from, &id));
    // Nothing is remembered of it: what comes under this id is no second thing.
    let mail = town.whisper((0, 1), (0, 0), |words| Words { id: [8; 16], ..words });
    let letter = town.client(0, 0).receive(mail.from, &mail.message, now).unwrap();
    assert!(!letter.alerts.iter().any(|it| matches!(it, Alert::Equivocation { .. })));
}

#[test]
fn a_plan_from_before_a_move_is_stale() {
    let mut town = Town::new(35, &[1, 1]);
    town.chat(0, 1);
    let mut plans = [town.plan(1, 0, 0), town.plan(0, 0, 1)];
    move_to(&mut town, 0, NEW);
    town.learn(1, 0, NEW).unwrap();
    for (person, plan) in [1, 0].into_iter().zip(&mut plans) {
        let sealed = town.seal_plan(person, 0, plan, &said(b"too late"));
        assert_eq!(sealed.err(), Some(Error::StalePlan));
    }
}
