//! Bundles.

use super::*;

#[test]
fn devices_without_a_session_are_missing_until_a_bundle_is_there() {
    let mut town = Town::new(7, &[2, 2]);
    let to = To::Account(town.id(1));
    let mut plan = town.client(0, 0).plan(to, NOW).unwrap();
    let devices: Vec<_> = plan.devices().collect();
    assert_eq!(missing(&plan), devices);
    for (number, address) in devices.iter().enumerate() {
        let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
        refuses(client, Error::BundleMissing, |client| {
            client.seal(&mut plan, &said(b"not yet"), NOW, rng).map(drop)
        });
        refuses(client, Error::BundleMissing, |client| {
            client.send(to, &said(b"not yet"), NOW, rng)
        });
        let bundle = town.server.bundle(*address);
        let client = &town.people[0].devices[0];
        assert_eq!(plan.supply(client, &bundle, NOW, &mut town.rng), Ok(true));
        assert_eq!(missing(&plan), devices[number + 1..]);
        // Another bundle of a device that is there already.
        let error = plan.supply(client, &bundle, NOW, &mut town.rng);
        assert_eq!(error, Err(Error::WrongPeer));
    }
    assert!(!town.client(0, 0).has_session(devices[0], NOW), "nothing was sealed yet");
    town.seal_plan(0, 0, &mut plan, &said(b"now")).unwrap();
    assert!(devices.iter().all(|address| town.people[0].devices[0].has_session(*address, NOW)));
    assert_eq!(missing(&town.client(0, 0).plan(to, NOW).unwrap()), []);
}

#[test]
fn a_bundle_of_other_keys_than_the_listed_ones_begins_no_session() {
    let mut town = Town::new(8, &[1, 2]);
    let address = town.address(1, 1);
    let named = |account: &Account| {
        let client = forged::named(account, address.device.0, &mut TestRng::new(77));
        assert_eq!(client.address().device, address.device);
        client.bundle()
    };
    let stranger = Account::generate(address.account, &mut TestRng::new(78));
    // The same id under another account key, and under the account's own with other keys.
    let wrong = [
        named(&stranger),
        named(&town.people[1].account),
        town.server.bundle(town.address(0, 0)),
        Town::new(9, &[1]).server.bundle(Town::new(9, &[1]).address(0, 0)),
    ];
    let mut plan = town.plan(0, 0, 1);
    let before = missing(&plan);
    for bundle in &wrong {
        let client = &town.people[0].devices[0];
        let error = plan.supply(client, bundle, NOW, &mut town.rng);
        assert_eq!(error, Err(Error::WrongPeer));
        assert_eq!(missing(&plan), before);
    }
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, &said(b"to the right one")).unwrap();
    town.server.post(town.address(0, 0), out);
    assert_eq!(town.read(1, 1), [b"to the right one"]);
}

#[test]
fn a_bundle_past_its_time_begins_no_session() {
    let mut town = Town::new(10, &[1, 1]);
    let bundle = town.server.bundle(town.address(1, 0));
    for (now, expected) in [
        (NOW + 14 * DAY - 1, Ok(true)),
        (NOW + 14 * DAY, Err(Error::StalePrekey)),
        (NOW + 14 * DAY + 1, Err(Error::StalePrekey)),
    ] {
        let client = &town.people[0].devices[0];
        let mut plan = client.plan(To::Account(town.id(1)), now).unwrap();
        let before = missing(&plan);
        let supplied = plan.supply(client, &bundle, now, &mut town.rng);
        assert_eq!(supplied, expected, "{}", now - NOW);
        assert_eq!(missing(&plan) == before, expected.is_err());
    }
}

#[test]
fn a_bundle_without_a_one_time_prekey_is_told_to_both_sides() {
    let mut town = Town::new(11, &[1, 1]);
    let address = town.address(1, 0);
    town.server.one_time.clear();
    let bundle = town.server.bundle(address);
    let client = &town.people[0].devices[0];
    let mut plan = client.plan(To::Account(town.id(1)), NOW).unwrap();
    assert_eq!(plan.supply(client, &bundle, NOW, &mut town.rng), Ok(false));
    let out = town.seal_plan(0, 0, &mut plan, &said(b"hello")).unwrap();
    town.server.post(town.address(0, 0), out);
    assert_eq!(town.alerts(1, 0), [Alert::NewSession, Alert::NoOneTimePrekey]);
    // A server that runs out says so to the owner by their number.
    let served = |count| Served { bundle: None, one_time: Stock::Count(count) };
    assert!(town.client(1, 0).tasks(&served(49), NOW).prekeys.replenish);
    assert!(!town.client(1, 0).tasks(&served(50), NOW).prekeys.replenish);
    // With one, nobody is told anything of it.
    town.publish_keys(0, 0);
    let mut fresh = Town::new(12, &[1, 1]);
    fresh.say(0, 0, 1, b"hello");
    assert_eq!(fresh.alerts(1, 0), [Alert::NewSession]);
}

#[test]
fn a_device_left_out_is_reported_and_made_up_for_within_two_weeks() {
    let mut town = Town::new(13, &[1, 2]);
    let (there, away) = (town.address(1, 0), town.address(1, 1));
    let mut plan = town.plan(0, 0, 1);
    assert_eq!(plan.leave_out(town.address(0, 0)), Err(Error::NotInPlan));
    plan.leave_out(away).unwrap();
    assert_eq!(plan.leave_out(away), Err(Error::NotInPlan));
    assert_eq!(plan.devices().collect::<Vec<_>>(), [there]);
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, &said(b"for both")).unwrap();
    assert_eq!((out.left_out.as_slice(), out.envelopes.len()), (&[away][..], 1));
    let id = out.id;
    town.server.post(town.address(0, 0), out);
    assert_eq!(town.read(1, 0), [b"for both"]);

    let client = town.client(0, 0);
    *client = restored(client);
    let late = NOW + 14 * DAY;
    let mut later = restored(client);
    days(NOW, late).for_each(|now| drop(later.expire(now).apply()));
    refuses(&mut later, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Backfill { id }, late)
    });
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Backfill { id: MessageId([1; 16]) }, NOW)
    });
    let mut plan = client.plan_repair(&Repair::Backfill { id }, late - 1).unwrap();
    assert_eq!(plan.devices().collect::<Vec<_>>(), [away]);
    town.now = late - 1;
    town.supply(0, 0, &mut plan).unwrap();
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    refuses(client, Error::ContentMismatch, |client| {
        client.seal(&mut plan, &said(b"for one"), NOW, rng).map(drop)
    });
    let out = town.seal_plan(0, 0, &mut plan, &said(b"for both")).unwrap();
    assert_eq!((out.id, out.envelopes.len()), (id, 1));
    town.server.post(town.address(0, 0), out);
    assert_eq!(town.read(1, 1), [b"for both"]);
    // Nobody is missing any more.
    let (now, client) = (town.now, town.client(0, 0));
    refuses(client, Error::MessageForgotten, |client| {
        client.plan_repair(&Repair::Backfill { id }, now)
    });
}

#[test]
fn a_device_that_came_after_a_message_is_made_up_for_within_a_day() {
    let mut town = Town::new(14, &[1, 1]);
    let id = town.say(0, 0, 1, b"a minute ago");
    town.link(1);
    town.link(0);
    town.learn_all();
    let mut expected = vec![town.address(0, 1), town.address(1, 1)];
    expected.sort_unstable();
    let client = town.client(0, 0);
    let mut plan = client.plan_repair(&Repair::Backfill { id }, NOW).unwrap();
    assert_eq!(plan.devices().collect::<Vec<_>>(), expected);
    // It cannot ask for itself: that is for what was sent to it.
    for address in expected {
        refuses(client, Error::NotRecipient, |client| {
            client.plan_repair(&Repair::Resend { to: address, id }, NOW)
        });
    }
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, &said(b"a minute ago")).unwrap();
    town.server.post(town.address(0, 0), out);
    assert_eq!(town.read(1, 1), [b"a minute ago"]);
    assert_eq!(town.read(0, 1), [b"a minute ago"]);
}

#[test]
fn nothing_is_made_up_for_after_the_accounts_key_has_changed() {
    for forget in [false, true] {
        let mut town = Town::new(15, &[1, 1]);
        let id = town.say(0, 0, 1, b"for the old one");
        let mut rng = TestRng::new(99);
        let account = Account::generate(town.id(1), &mut rng);
        let mut new = Client::create(&account, NOW, &mut rng);
        // At a later epoch than the message was sent by.
        for _ in 0..3 {
            new.renew(&account, NOW).unwrap().apply();
        }
        let client = town.client(0, 0);
        if forget {
            client.forget(new.address().account, NOW).unwrap().apply();
        }
        changed(client.learn(new.list(), NOW).unwrap());
        client.acknowledge(new.list(), NOW).unwrap().apply();
        let to = new.address();
        refuses(client, Error::MessageForgotten, |client| {
            client.plan_repair(&Repair::Backfill { id }, NOW)
        });
        refuses(client, Error::MessageForgotten, |client| {
            client.plan_repair(&Repair::Resend { to, id }, NOW)
        });
    }
}
