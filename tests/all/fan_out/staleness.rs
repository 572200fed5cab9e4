//! Plans that time has passed by.

use super::*;

#[test]
fn a_plan_is_stale_after_a_list_has_changed() {
    let mut town = Town::new(16, &[2, 1]);
    let to = To::Account(town.id(1));
    let fresh = |town: &mut Town| town.client(0, 0).plan(to, NOW).unwrap();
    let stale = |town: &mut Town, mut plan: Plan| {
        let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
        refuses(client, Error::StalePlan, |client| {
            client.seal(&mut plan, &said(b"stale"), NOW, rng).map(drop)
        });
    };
    town.chat(0, 1);
    // The other's list, even if no device comes or goes.
    let plan = fresh(&mut town);
    town.renew(1);
    town.inform(0, town.id(1));
    stale(&mut town, plan);
    // This account's own.
    let plan = fresh(&mut town);
    town.renew(0);
    town.inform(0, town.id(0));
    stale(&mut town, plan);
    // An account that is not there any more.
    let plan = fresh(&mut town);
    let (id, client) = (town.id(1), town.client(0, 0));
    client.forget(id, NOW).unwrap().apply();
    stale(&mut town, plan);
}

#[test]
fn a_plan_is_of_the_device_that_made_it() {
    let mut town = Town::new(35, &[2, 1]);
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    let (client, rng) = (&mut town.people[0].devices[1], &mut town.rng);
    refuses(client, Error::WrongClient, |client| {
        client.seal(&mut plan, &said(b"x"), NOW, rng).map(drop)
    });
}

#[test]
fn a_plan_goes_by_the_session_that_the_peer_has_begun_since() {
    let mut town = Town::new(17, &[1, 1]);
    // One that was supplied, one that was not, and later one of a session that another one takes the place of.
    let mut supplied = town.plan(0, 0, 1);
    town.supply(0, 0, &mut supplied).unwrap();
    let missing = town.plan(0, 0, 1);
    town.say(1, 0, 0, b"first");
    town.receive_all();
    let active = town.plan(0, 0, 1);
    town.now += 1;
    let mail = town.whisper((1, 0), (0, 0), |words| words);
    town.client(0, 0).receive(mail.from, &mail.message, NOW + 1).unwrap();
    let mut plain = Vec::new();
    for mut plan in [supplied, missing, active] {
        let out = town.seal_plan(0, 0, &mut plan, &said(b"second")).unwrap();
        plain.push(MessageKind::of(&out.envelopes[0].message));
    }
    assert_eq!(plain, [Ok(MessageKind::Ordinary); 3], "no session begins, as there is one");
}

#[test]
fn a_session_that_was_supplied_begins_again_once_the_one_before_it_has_moved() {
    let mut town = Town::new(22, &[1, 1]);
    town.say(0, 0, 1, b"unanswered");
    let (from, to) = (town.address(0, 0), town.address(1, 0));
    let mut plan = town.plan(0, 0, 1);
    plan.renew(&town.people[0].devices[0], to).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    // The peer answers, and what the supplied session would say it continues is not so any more.
    town.receive(1, 0);
    town.say(1, 0, 0, b"answered");
    town.receive_all();
    town.say(0, 0, 1, b"proven");
    town.receive_all();
    let out = town.seal_plan(0, 0, &mut plan, &said(b"in a new session")).unwrap();
    let kind = MessageKind::of(&out.envelopes[0].message);
    assert!(matches!(kind, Ok(MessageKind::Initial(_))));
    let arrived = town.client(1, 0).receive(from, &out.envelopes[0].message, NOW).unwrap();
    assert_eq!(arrived.alerts, [Alert::SessionReplaced], "it continues the one that was answered");
}

#[test]
fn a_sealed_letter_that_is_dropped_sends_nothing_and_changes_nothing() {
    let mut town = Town::new(18, &[2, 2]);
    town.chat(0, 1);
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let mut plan = client.plan(To::Account(AccountId([2; 32])), NOW).unwrap();
    let before = client.to_bytes();
    for _ in 0..3 {
        drop(client.seal(&mut plan, &said(b"never"), NOW, rng).unwrap());
        assert!(*before == *client.to_bytes());
    }
    let out = client.seal(&mut plan, &said(b"sent"), NOW, rng).unwrap().apply();
    town.server.post(town.address(0, 0), out);
    for (person, device) in [(0, 1), (1, 0), (1, 1)] {
        let arrived = town.receive(person, device).pop().unwrap().unwrap();
        assert_eq!(text(&arrived.event), b"sent");
        assert_eq!((arrived.skipped, arrived.lost), (0, 0), "a key was skipped");
    }
}

#[test]
fn a_plan_whose_first_sessions_were_sealed_and_dropped_wants_other_bundles() {
    let mut town = Town::new(19, &[1, 1]);
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let before = client.to_bytes();
    drop(client.seal(&mut plan, &said(b"never"), NOW, rng).unwrap());
    assert!(*before == *client.to_bytes());
    refuses(client, Error::BundleMissing, |client| {
        client.seal(&mut plan, &said(b"twice"), NOW, rng).map(drop)
    });
    assert_eq!(missing(&plan), [town.address(1, 0)], "its bundle has served");
    town.say(0, 0, 1, b"once");
    assert_eq!(town.read(1, 0), [b"once"]);
}

#[test]
fn one_plan_serves_for_several_messages() {
    let mut town = Town::new(20, &[1, 2]);
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    let mut ids = Vec::new();
    for content in [b"one", b"two", b"six"] {
        let out = town.seal_plan(0, 0, &mut plan, &said(content)).unwrap();
        ids.push(out.id);
        town.server.post(town.address(0, 0), out);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3, "two messages have one name");
    for device in [0, 1] {
        assert_eq!(town.read(1, device), [b"one", b"two", b"six"]);
    }
}

#[test]
fn all_sessions_of_a_plan_move_on_or_none() {
    let mut town = Town::new(21, &[1, 3]);
    town.chat(0, 1);
    let to = To::Account(town.id(1));
    // One session of three at its last message seals for nobody.
    town.say(0, 0, 1, b"in chains of its own");
    town.receive_all();
    let mut bytes = town.client(0, 0).to_bytes();
    let peer = town.people[1].devices[2].certificate().encode();
    // version and kind of a session that stands alone, and its anchor
    let session = places(&bytes, &peer)[0] - 2 - 32;
    let previous = previous_length(&bytes[session..]).start;
    bytes[session..][previous - 4..previous].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut old = Client::from_bytes(&bytes).unwrap();
    let mut plan = old.plan(to, NOW).unwrap();
    let rng = &mut town.rng;
    refuses(&mut old, Error::ChainExhausted, |old| {
        old.seal(&mut plan, &said(b"no"), NOW, rng).map(drop)
    });
    let client = &mut town.people[0].devices[0];
    let mut plan = client.plan(to, NOW).unwrap();
    refuses(client, Error::ContentTooLong, |client| {
        client.seal(&mut plan, &said(&vec![0; (1 << 20) + 1]), NOW, rng).map(drop)
    });
    // One device of three without a session.
    town.link(1);
    town.learn_all();
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let mut plan = client.plan(to, NOW).unwrap();
    assert_eq!((missing(&plan).len(), plan.devices().count()), (1, 4));
    refuses(client, Error::BundleMissing, |client| {
        client.seal(&mut plan, &said(b"x"), NOW, rng).map(drop)
    });
    town.say(0, 0, 1, b"all four");
    for device in 0..4 {
        let arrived = town.receive(1, device).pop().unwrap().unwrap();
        assert_eq!((text(&arrived.event), arrived.skipped), (b"all four".to_vec(), 0));
    }
}

#[test]
fn a_state_at_its_last_generation_goes_on() {
    let mut town = Town::new(27, &[1, 1]);
    town.chat(0, 1);
    let to = To::Account(town.id(1));
    let mut bytes = town.client(0, 0).to_bytes();
    bytes[2..10].copy_from_slice(&u64::MAX.to_be_bytes());
    let mut old = Client::from_bytes(&bytes).unwrap();
    let before = old.anchor();
    let out = old.send(to, &said(b"still here"), NOW, &mut town.rng).unwrap();
    assert_eq!(old.anchor().generation(), u64::MAX);
    assert_ne!(old.anchor(), before, "the lineage stands still");
    let from = town.address(0, 0);
    assert!(town.client(1, 0).receive(from, &out.envelopes[0].message, NOW).is_ok());
}
