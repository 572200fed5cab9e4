//! Letters of a group, and what they say of its state.

use latchstring::client::{Repair, To};
use latchstring::content::Content;

use super::*;

const DAY: u64 = 86_400;

#[test]
fn letters_are_judged_by_both_states() {
    let mut circle = Circle::new(920, &[1, 1, 1, 1, 1], 2);
    let [first, third, fourth] = [0, 2, 3].map(|person| circle.member(person));
    circle.say(THIRD, "same");
    let judged = circle.deliver();
    assert_eq!(judged.len(), 2);
    for letter in judged {
        assert_eq!(
            (letter.text.as_deref(), letter.judgement.state),
            (Some("same"), StateRelation::Same)
        );
        assert!(matches!(letter.judgement.writer, Standing::Member(word) if word.by == first));
    }
    // A member writes before it hears of an operation.
    let early = circle.recipients(SECOND);
    circle.change(FOUNDER, |group, client| group.add(client, &[fourth]).unwrap().apply());
    circle.send(SECOND, To::Recipients(&early), &Content::text("behind").unwrap());
    let judged = circle.deliver();
    let behind = judged.iter().find(|it| it.person == 0 && it.text.is_some()).unwrap();
    assert_eq!(behind.judgement.state, StateRelation::Behind);
    assert!(matches!(behind.judgement.writer, Standing::Member(_)));
    // One that was removed goes on with the state that it was in.
    let before = circle.recipients(THIRD);
    circle.change(FOUNDER, |group, client| group.remove(client, &[third]).unwrap().apply());
    circle.deliver();
    circle.send(THIRD, To::Recipients(&before), &Content::text("late").unwrap());
    let late = circle.deliver();
    let late = late.iter().find(|it| it.person == 1).unwrap();
    assert_eq!(late.judgement.writer, Standing::Former);
    // Somebody who was never in names the state of now; a member names one in which it was not.
    let stolen = circle.recipients(SECOND);
    for (by, to) in [((4, 0), &stolen), ((3, 0), &early)] {
        circle.send(by, To::Recipients(to), &Content::text("me too").unwrap());
        let judged = circle.deliver();
        let letter = judged.iter().find(|it| it.person == 0).unwrap();
        assert_eq!(letter.judgement.writer, Standing::Stranger, "{by:?}");
    }
}

/// Drops all that waits for a person.
fn drop_mail(circle: &mut Circle, person: usize) {
    let id = circle.town.id(person);
    circle.town.server.mail.retain(|to, _| to.account != id);
}

#[test]
fn an_operation_that_is_withheld_is_noticed_and_fetched() {
    let mut circle = Circle::new(921, &[1, 1, 1, 1], 1);
    let [second, fourth] = [1, 3].map(|person| circle.member(person));
    circle.change(SECOND, |group, client| group.add(client, &[fourth]).unwrap().apply());
    drop_mail(&mut circle, 2);
    circle.tell_one(SECOND, 3);
    circle.deliver();
    // The new member writes: the third one knows neither it nor the state.
    circle.say((3, 0), "hello");
    let judged = circle.deliver();
    let letter = judged.iter().find(|it| it.person == 2).unwrap();
    let state = circle.groups[&SECOND].state();
    assert_eq!(letter.judgement.state, StateRelation::Unknown(state));
    assert_eq!(letter.judgement.writer, Standing::Unconfirmed);
    circle.say(SECOND, "hello");
    circle.deliver();
    assert!(circle.groups[&THIRD].missing().eq([(second, state)]));
    // It asks, and takes what it lacks.
    let (_, wanted) = circle.groups[&THIRD].missing().next().unwrap();
    let request = circle.groups[&THIRD].request(wanted);
    circle.send(THIRD, To::Account(circle.town.id(1)), &request);
    circle.deliver();
    agree(&circle, &[FOUNDER, SECOND, THIRD, (3, 0)]);
    assert_eq!(circle.groups[&THIRD].missing().count(), 0);
    circle.say((3, 0), "again");
    for letter in circle.deliver() {
        assert!(matches!(letter.judgement.writer, Standing::Member(word) if word.by == second));
        assert_eq!(letter.judgement.state, StateRelation::Same);
    }
}

#[test]
fn who_is_long_behind_is_listed() {
    let mut circle = Circle::new(922, &[1, 1, 1], 0);
    let third = circle.member(2);
    let began = circle.town.now;
    circle.say(THIRD, "here");
    circle.deliver();
    let report = circle.groups[&FOUNDER].reports().find(|(by, ..)| *by == third);
    assert_eq!(report, Some((third, StateRelation::Same, began)));
    circle.change(FOUNDER, |group, client| {
        group.dismiss(client, group.administrators()[1]).unwrap().apply()
    });
    drop_mail(&mut circle, 2);
    circle.deliver();
    circle.town.now += DAY;
    circle.say(THIRD, "still here");
    circle.deliver();
    for at in [FOUNDER, SECOND] {
        let report = circle.groups[&at].reports().find(|(by, ..)| *by == third);
        assert_eq!(report, Some((third, StateRelation::Behind, began)));
    }
}

#[test]
fn who_is_on_a_void_branch_is_answered_with_what_voids_it() {
    let mut circle = Circle::new(923, &[1, 1, 1, 1], 1);
    let fourth = circle.member(3);
    circle.change(FOUNDER, |group, client| group.add(client, &[fourth]).unwrap().apply());
    drop_mail(&mut circle, 2);
    circle.deliver();
    circle.change(THIRD, |group, client| group.add(client, &[fourth]).unwrap().apply());
    circle.deliver();
    circle.say(THIRD, "who voided it?");
    let judged = circle.deliver();
    assert!(judged.iter().all(|it| it.judgement.state == StateRelation::Aside));
    assert_eq!(judged.len(), 2, "whom the third one has added does not follow it");
    circle.say(SECOND, "I did not");
    circle.deliver();
    let (_, wanted) = circle.groups[&THIRD].missing().next().unwrap();
    let request = circle.groups[&THIRD].request(wanted);
    circle.send(THIRD, To::Account(circle.town.id(0)), &request);
    circle.deliver();
    agree(&circle, &[FOUNDER, SECOND, THIRD]);
    assert_eq!(circle.groups[&THIRD].voided().count(), 1);
}

#[test]
fn nobody_but_members_is_answered() {
    let mut circle = Circle::new(924, &[1, 1, 1], 0);
    let third = circle.member(2);
    circle.change(FOUNDER, |group, client| group.remove(client, &[third]).unwrap().apply());
    drop_mail(&mut circle, 2);
    circle.deliver();
    let request = circle.groups[&THIRD].request(circle.groups[&FOUNDER].state());
    circle.send(THIRD, To::Account(circle.town.id(0)), &request);
    circle.deliver();
    assert_eq!(circle.refused, [(0, Error::NotEntitled)]);
    assert!(circle.groups[&THIRD].is_member(), "it was not told");
}

#[test]
fn a_letter_goes_to_nobody_whose_key_was_not_known_when_it_was_said() {
    let mut circle = Circle::new(925, &[1, 1, 1], 0);
    let (third, id, now) = (circle.member(2), circle.town.id(2), circle.town.now);
    circle.town.client(0, 0).forget(id, now).unwrap().apply();
    let to = circle.recipients(FOUNDER);
    assert!(to.accounts().eq([circle.town.id(1)]));
    let client = &circle.town.people[0].devices[0];
    assert!(circle.groups[&FOUNDER].unknown(client).eq([third]));
    let out = circle.seal(FOUNDER, To::Recipients(&to), &Content::text("members only").unwrap());
    assert!(out.envelopes.iter().all(|envelope| envelope.to.account != id));
    assert!(out.stopped.is_empty());
    // A server puts somebody else behind the member's id.
    circle.town.people.remove(2);
    circle.town.add_account(id);
    let list = circle.town.server.list(id);
    let client = circle.town.client(0, 0);
    client.learn(&list, now).unwrap().apply();
    let backfill = Repair::Backfill { id: out.id };
    assert!(client.repairs(now).all(|repair| repair != backfill));
    let plan = client.plan_repair(&backfill, now).unwrap();
    assert!(plan.missing().all(|device| device.account != id) && plan.stopped().count() == 0);
    assert!(circle.recipients(FOUNDER).accounts().all(|account| account != id));
}
