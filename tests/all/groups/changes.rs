//! Changes of who is in a group, and what is refused of them.

use latchstring::client::To;
use latchstring::group::{Action, Adding, Member};
use support::linking::show_own_list;
use support::town::Town;
use support::{refuses, restored};

use super::*;

#[test]
fn all_devices_of_all_members_follow_one_history() {
    let mut circle = Circle::new(900, &[2, 2, 1, 1], 1);
    assert_eq!(circle.groups.len(), 5);
    let [second, third, fourth] = [1, 2, 3].map(|person| circle.member(person));
    circle.change(FOUNDER, |group, client| group.appoint(client, third).unwrap().apply());
    circle.deliver();
    circle.change((1, 1), |group, client| group.add(client, &[fourth]).unwrap().apply());
    circle.tell_one((1, 1), 3);
    circle.deliver();
    let everybody: Vec<_> = circle.groups.keys().copied().collect();
    assert_eq!(everybody.len(), 6);
    agree(&circle, &everybody);
    let group = circle.group((3, 0));
    let word = group.members().find(|(member, _)| *member == fourth).unwrap().1;
    assert_eq!((word.by, word.operation), (second, group.state()));
    assert_eq!(group.administrators()[1..], [second, third]);
    circle.change(THIRD, |group, client| group.leave(client).unwrap().apply());
    circle.change((3, 0), |group, client| group.leave(client).unwrap().apply());
    circle.deliver();
    assert!(circle.groups[&FOUNDER].members().all(|(member, _)| member != third));
    assert!(circle.refused.is_empty(), "{:?}", circle.refused);
}

#[test]
fn a_removed_member_gets_nothing_that_is_sealed_later() {
    let mut circle = Circle::new(901, &[1, 1, 2], 0);
    let third = circle.member(2);
    circle.change(FOUNDER, |group, client| group.remove(client, &[third]).unwrap().apply());
    circle.deliver();
    assert!(!circle.groups[&THIRD].is_member(), "it was told");
    for by in [FOUNDER, SECOND] {
        let to = circle.recipients(by);
        let out = circle.seal(by, To::Recipients(&to), &support::town::said(b"later"));
        assert!(!out.envelopes.is_empty());
        assert!(out.envelopes.iter().all(|envelope| envelope.to.account != third.id));
    }
    let client = &circle.town.people[2].devices[0];
    assert_eq!(circle.groups[&THIRD].recipients(client).err(), Some(Error::NotEntitled));
    assert_eq!(circle.groups[&THIRD].checkpoint(client).err(), Some(Error::NotEntitled));
}

#[test]
fn two_changes_at_once_end_in_one_state_everywhere() {
    let mut circle = Circle::new(902, &[1, 1, 1, 1], 1);
    let [third, fourth] = [2, 3].map(|person| circle.member(person));
    circle.change(SECOND, |group, client| group.remove(client, &[third]).unwrap().apply());
    circle.change(FOUNDER, |group, client| group.add(client, &[fourth]).unwrap().apply());
    circle.deliver();
    agree(&circle, &[FOUNDER, SECOND, THIRD]);
    assert!(circle.groups[&SECOND].members().any(|(member, _)| member == third));
    // The author is told, and says it again.
    let told = circle.events.iter().filter(|(at, _)| *at == SECOND);
    let told: Vec<_> = told.map(|(_, event)| event).collect();
    assert!(matches!(told[..], [GroupEvent::Voided(_), GroupEvent::Applied(_)]), "{told:?}");
    let Action::Remove(again) = circle.groups[&SECOND].voided().next().unwrap().action().clone()
    else {
        panic!("it removed somebody");
    };
    circle.change(SECOND, |group, client| group.remove(client, &again).unwrap().apply());
    circle.deliver();
    agree(&circle, &[FOUNDER, SECOND, THIRD]);
    assert!(!circle.groups[&FOUNDER].members().any(|(member, _)| member == third));
    assert_eq!(circle.groups[&FOUNDER].history().count(), 3);
}

#[test]
fn a_forged_operation_changes_nothing() {
    let mut circle = Circle::new(903, &[1, 1, 1, 1], 1);
    let [second, third, fourth] = [1, 2, 3].map(|person| circle.member(person));
    let made = circle.make(SECOND, |group, client| group.remove(client, &[third]).unwrap().apply());
    let good = object(&made);
    let Circle { town, groups, .. } = &mut circle;
    let (client, group) = (&town.people[2].devices[0], groups.get_mut(&THIRD).unwrap());
    // The action is not what was signed.
    let mut bytes = good.clone();
    bytes[2 + 32 + 32 + 8 + 265] = 2;
    refuses(group, Error::BadSignature, |group| group.take(client, &bytes).map(drop));
    // Somebody else's certificate stands before it.
    let mut bytes = good.clone();
    let other = client.certificate().encode();
    bytes[74..74 + 265].copy_from_slice(&other);
    refuses(group, Error::BadSignature, |group| group.take(client, &bytes).map(drop));
    // A plain member removes, and a stranger founds a way in.
    refuses(group, Error::NotEntitled, |group| group.remove(client, &[second]).map(drop));
    let outside = &town.people[3].devices[0];
    let checkpoint = group.checkpoint(client).unwrap();
    let checkpoint = checkpoint.as_group().unwrap().next().unwrap().to_vec();
    let joined = Group::join(outside, client.address(), &checkpoint);
    assert_eq!(joined.err(), Some(Error::NotRecipient));
    refuses(group, Error::WrongClient, |group| group.add(outside, &[fourth]).map(drop));
    assert!(group.take(client, &good).is_ok());
}

#[test]
fn what_is_of_another_group_is_refused() {
    let mut circle = Circle::new(904, &[1, 1, 1], 0);
    let third = circle.member(2);
    let Circle { town, groups, .. } = &mut circle;
    let client = &town.people[0].devices[0];
    let again = Group::found(client, Adding::Members, &[third], &[], &mut town.rng);
    let mut other = again.unwrap();
    assert_ne!(other.id(), groups[&FOUNDER].id());
    let made = other.remove(client, &[third]).unwrap().apply();
    let (group, request) = (groups.get_mut(&FOUNDER).unwrap(), other.request(other.state()));
    refuses(group, Error::WrongPeer, |group| group.take(client, &object(&made)).map(drop));
    let request = request.as_group().unwrap().next().unwrap();
    let from = town.people[1].devices[0].address();
    refuses(group, Error::WrongPeer, |group| group.answer(client, from, request));
    refuses(group, Error::WrongKind, |group| group.take(client, request).map(drop));
    assert_eq!(Object::of(request).unwrap(), (Object::Request, other.id()));
}

#[test]
fn what_was_taken_before_is_known() {
    let mut circle = Circle::new(905, &[1, 1, 1], 0);
    let third = circle.member(2);
    let made = circle.make(FOUNDER, |group, client| group.appoint(client, third).unwrap().apply());
    let bytes = object(&made);
    let Circle { town, groups, .. } = &mut circle;
    let (client, group) = (&town.people[1].devices[0], groups.get_mut(&SECOND).unwrap());
    group.take(client, &bytes).unwrap().apply();
    refuses(group, Error::Duplicate, |group| group.take(client, &bytes).map(drop));
    group.dismiss(client, third).unwrap().apply();
    refuses(group, Error::Duplicate, |group| group.take(client, &bytes).map(drop));
}

#[test]
fn an_operation_of_a_device_that_was_removed_is_refused() {
    let mut circle = Circle::new(906, &[2, 1, 1], 0);
    let third = circle.member(2);
    let made = circle.make((0, 1), |group, client| group.remove(client, &[third]).unwrap().apply());
    let (list, _thief) = circle.town.remove(0, 1);
    circle.groups.remove(&(0, 1));
    circle.town.inform(1, list.account());
    let bytes = object(&made);
    let Circle { town, groups, .. } = &mut circle;
    let (client, group) = (&town.people[1].devices[0], groups.get_mut(&SECOND).unwrap());
    refuses(group, Error::Unlisted, |group| group.take(client, &bytes).map(drop));
    // Who has not heard of the removal has taken it, and keeps it; the others begin anew from a checkpoint.
    let (client, group) = (&town.people[2].devices[0], groups.get_mut(&THIRD).unwrap());
    assert!(group.take(client, &bytes).is_ok());
}

#[test]
fn two_operations_over_one_state_are_told() {
    let mut circle = Circle::new(907, &[1, 1, 1, 1], 1);
    let [third, fourth] = [2, 3].map(|person| circle.member(person));
    let copy = restored(&circle.groups[&FOUNDER]);
    circle.change(FOUNDER, |group, client| group.add(client, &[fourth]).unwrap().apply());
    circle.groups.insert(FOUNDER, copy);
    circle.change(FOUNDER, |group, client| group.remove(client, &[third]).unwrap().apply());
    circle.deliver();
    let (by, device) = (circle.member(0), circle.town.address(0, 0).device);
    for at in [SECOND, THIRD] {
        assert!(circle.events.contains(&(at, GroupEvent::Forked { by, device })));
    }
    agree(&circle, &[SECOND, THIRD]);
}

#[test]
fn an_account_under_another_key_is_another_member() {
    let mut circle = Circle::new(908, &[1, 1, 1], 0);
    let old = circle.member(2);
    // Somebody else is behind the third id now, and the user has acknowledged it.
    let id = circle.town.id(2);
    circle.town.people.remove(2);
    circle.town.add_account(id);
    let list = circle.town.server.list(id);
    let now = circle.town.now;
    let client = &mut circle.town.people[0].devices[0];
    client.learn(&list, now).unwrap().apply();
    client.acknowledge(&list, now).unwrap().apply();
    let to = circle.recipients(FOUNDER);
    assert!(to.accounts().all(|account| account != id));
    let client = &circle.town.people[0].devices[0];
    assert!(circle.groups[&FOUNDER].unknown(client).eq([old]));
    let new = Member::of(&list);
    circle.change(FOUNDER, |group, client| group.remove(client, &[old]).unwrap().apply());
    circle.change(FOUNDER, |group, client| group.add(client, &[new]).unwrap().apply());
    assert!(circle.recipients(FOUNDER).accounts().any(|account| account == id));
}

#[test]
fn a_checkpoint_is_taken_from_its_giver_alone() {
    let mut circle = Circle::new(909, &[1, 2, 1], 0);
    let client = &circle.town.people[0].devices[0];
    let content = circle.groups[&FOUNDER].checkpoint(client).unwrap();
    let checkpoint = content.as_group().unwrap().next().unwrap();
    let [own, other] = [0, 1].map(|person| circle.town.address(person, 0));
    let reader = &circle.town.people[2].devices[0];
    assert_eq!(Group::join(reader, other, checkpoint).err(), Some(Error::WrongPeer));
    let mut cut = checkpoint.to_vec();
    cut.pop();
    assert!(Group::join(reader, own, &cut).is_err());
    let joined = Group::join(reader, own, checkpoint).unwrap();
    assert_eq!(joined.state(), circle.groups[&FOUNDER].state());
    // An account that moves to another id stays the member that it is.
    let Town { people, now, .. } = &mut circle.town;
    let person = &mut people[1];
    show_own_list(&mut person.devices[0]);
    let to = latchstring::session::AccountId([0x77; 32]);
    person.devices[0].move_account(&person.account, to, *now).unwrap().apply();
    let list = person.devices[0].list().clone();
    people[0].devices[0].learn(&list, *now).unwrap().apply();
    assert!(circle.recipients(FOUNDER).accounts().any(|account| account == to));
}
