//! Copies.

use super::*;

#[test]
fn two_copies_of_one_device_that_both_write_are_noticed() {
    let mut town = Town::new(16, &[1, 1]);
    town.chat(0, 1);
    say(&mut town, 0, 1);
    let mut copy = restored(town.client(0, 0));
    town.say(0, 0, 1, b"the original");
    let original = town.mail(1, 0);
    let out = copy.send(To::Account(town.id(1)), &said(b"the copy"), NOW, &mut town.rng);
    let copied = out.unwrap().envelopes.remove(0).message;
    receive(&mut town, 1, &original).unwrap();
    let client = town.client(1, 0);
    refuses(client, Error::StateCloned, |client| {
        client.open(original.from, &copied, NOW).map(drop)
    });
}

#[test]
fn a_copy_that_takes_its_turn_alternately_with_its_original_is_noticed() {
    let mut town = Town::new(17, &[1, 1]);
    town.chat(0, 1);
    let mut copy = restored(town.client(0, 0));
    // Both read the answer, and both answer it: one turn of the ratchet, two keys for it.
    town.say(1, 0, 0, b"question");
    let question = town.mail(0, 0);
    copy.receive(question.from, &question.message, NOW).unwrap();
    receive(&mut town, 0, &question).unwrap();
    town.say(0, 0, 1, b"the original");
    let original = town.mail(1, 0);
    let out = copy.send(To::Account(town.id(1)), &said(b"the copy"), NOW, &mut town.rng);
    let copied = out.unwrap().envelopes.remove(0).message;
    receive(&mut town, 1, &original).unwrap();
    let client = town.client(1, 0);
    refuses(client, Error::StateCloned, |client| {
        client.open(original.from, &copied, NOW).map(drop)
    });
}

#[test]
fn after_a_session_was_left_a_copy_of_it_is_noticed() {
    let mut town = Town::new(18, &[1, 1]);
    town.chat(0, 1);
    town.say(0, 0, 1, b"on the way");
    let late = town.mail(1, 0);
    // Somebody copies the state here.
    let mut copy = restored(town.client(0, 0));
    let request = old_request(&mut town);
    town.client(0, 0).receive(request.from, &request.message, NOW).unwrap();
    town.now = NOW + HOUR;
    assert_eq!(say(&mut town, 0, 1), [Alert::SessionReplaced]);
    // Before the session was left, and after.
    let now = town.now;
    for _ in 0..2 {
        let out = copy.send(To::Account(town.id(1)), &said(b"copy"), now, &mut town.rng);
        let copied = out.unwrap().envelopes.remove(0).message;
        let client = town.client(1, 0);
        refuses(client, Error::StateCloned, |client| {
            client.open(late.from, &copied, now).map(drop)
        });
    }
    assert_eq!(receive(&mut town, 1, &late), Ok((b"on the way".to_vec(), vec![Alert::OldSession])));
    say(&mut town, 1, 0);
    say(&mut town, 0, 1);
    on_one_session(&mut town);
}

#[test]
fn a_device_that_forgot_a_proven_session_is_told_of_as_a_fork() {
    let mut town = Town::new(19, &[1, 1]);
    town.chat(0, 1);
    let request = old_request(&mut town);
    town.client(0, 0).receive(request.from, &request.message, NOW).unwrap();
    let mut copy = restored(town.client(0, 0));
    town.now = NOW + HOUR;
    assert_eq!(say(&mut town, 0, 1), [Alert::SessionReplaced]);
    say(&mut town, 1, 0);
    assert_eq!(say(&mut town, 0, 1), []);
    // The copy renews the session that the original has renewed.
    town.now += 1;
    let (now, to) = (town.now, town.address(1, 0));
    let mut plan = copy.plan(To::Account(to.account), now).unwrap();
    let bundle = town.server.bundle(to);
    plan.supply(&copy, &bundle, now, &mut town.rng).unwrap();
    let out = copy.seal(&mut plan, &said(b"from the copy"), now, &mut town.rng).unwrap().apply();
    let copied =
        Mail { from: copy.address(), to, id: out.id, message: out.envelopes[0].message.clone() };
    let expected = Ok((b"from the copy".to_vec(), vec![Alert::SessionForked, Alert::StraySession]));
    assert_eq!(receive(&mut town, 1, &copied), expected);
    // The original is who the peer goes on with, in another session, and it hears of the copy, until it has answered.
    assert_eq!(say(&mut town, 0, 1), []);
    assert_eq!(say(&mut town, 1, 0), [Alert::SessionReplaced, Alert::RolledBack]);
    assert_eq!(say(&mut town, 1, 0), [Alert::RolledBack]);
    assert_eq!(say(&mut town, 0, 1), [Alert::SessionRepaired]);
    on_one_session(&mut town);
}
