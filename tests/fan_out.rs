//! One letter, all devices: who gets it, who does not, and what is refused.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

mod support;

use latchstring::{
    Account, AccountId, Address, Alert, Client, Content, Conversation, DeviceId, Error, Origin,
    Outgoing, Plan, State, To,
};
use sha2::{Digest, Sha256};

use support::forged::{self, Named, Words};
use support::town::{Town, text};
use support::{NOW, TestRng, flipped, refuses, restarted};

const DAY: u64 = 86_400;

fn lengths(out: &Outgoing) -> Vec<usize> {
    let mut lengths: Vec<_> = out.envelopes.iter().map(|envelope| envelope.message.len()).collect();
    lengths.dedup();
    lengths
}

fn missing(plan: &Plan) -> Vec<Address> {
    plan.missing().collect()
}

// ---- who gets it ----

#[test]
fn every_device_of_both_sides_reads_and_writes() {
    let mut town = Town::new(1, &[3, 2]);
    for (person, device, to) in [(0, 0, 1), (0, 1, 1), (0, 2, 1), (1, 0, 0), (1, 1, 0)] {
        town.say(person, device, to, b"hello");
        for at in 0..town.people[to].devices.len() {
            assert_eq!(town.read(to, at), [b"hello"]);
        }
        for at in (0..town.people[person].devices.len()).filter(|at| *at != device) {
            let arrived = town.receive(person, at).pop().unwrap().unwrap();
            assert_eq!(arrived.origin, Origin::Own);
            assert_eq!(arrived.conversation, Conversation::With(town.id(to)));
            assert_eq!(text(&arrived.content), b"hello");
        }
    }
}

#[test]
fn a_letter_has_one_envelope_for_each_device_and_all_have_one_length() {
    let mut town = Town::new(2, &[4, 3]);
    let mut expected: Vec<_> = [(0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2)]
        .map(|(person, device)| town.address(person, device))
        .to_vec();
    expected.sort_unstable();
    for content in [&b""[..], b"short", &[7; 300], &[7; 5000]] {
        let out = town.seal(0, 0, To::Account(town.id(1)), content).unwrap();
        let to: Vec<_> = out.envelopes.iter().map(|envelope| envelope.to).collect();
        assert_eq!(to, expected);
        assert_eq!(lengths(&out).len(), 1, "a length tells devices apart");
        for (place, one) in out.envelopes.iter().enumerate() {
            let others = &out.envelopes[place + 1..];
            assert!(others.iter().all(|other| other.message != one.message));
        }
        assert!(out.left_out.is_empty());
        town.server.post(town.address(0, 0), out);
    }
    town.receive_all();
    town.chat(0, 1);
    let out = town.seal(0, 0, To::Account(town.id(1)), b"in sessions that stand").unwrap();
    assert_eq!((out.envelopes.len(), lengths(&out).len()), (6, 1));
}

#[test]
fn a_plan_is_for_accounts_that_are_known_and_somebody_else() {
    let mut town = Town::new(3, &[1, 1]);
    let (own, other) = (town.id(0), town.id(1));
    let unknown = AccountId([9; 32]);
    let client = town.client(0, 0);
    refuses(client, Error::BadArgument, |client| client.plan(To::Account(own), NOW));
    refuses(client, Error::Unlisted, |client| client.plan(To::Account(unknown), NOW));
    for (members, error) in [
        (&[][..], Error::BadArgument),
        (&[own], Error::BadArgument),
        (&[other, own], Error::BadArgument),
        (&[other, unknown], Error::Unlisted),
    ] {
        let to = To::Group { id: [1; 32], members };
        refuses(client, error, |client| client.plan(to, NOW));
    }
    // Somebody named twice is one.
    let to = To::Group { id: [1; 32], members: &[other, other] };
    assert_eq!(client.plan(to, NOW).unwrap().devices().count(), 1);
}

#[test]
fn a_group_is_every_device_of_every_member_and_says_whom_it_was_sent_to() {
    let mut town = Town::new(4, &[2, 2, 1]);
    let [one, two, three] = [0, 1, 2].map(|person| town.id(person));
    let to = To::Group { id: [5; 32], members: &[three, two] };
    let out = town.seal(0, 0, to, b"all").unwrap();
    assert_eq!((out.envelopes.len(), lengths(&out).len()), (4, 1));
    town.server.post(town.address(0, 0), out);
    for (person, device) in [(0, 1), (1, 0), (1, 1), (2, 0)] {
        let arrived = town.receive(person, device).pop().unwrap().unwrap();
        assert_eq!(text(&arrived.content), b"all");
        assert_eq!(arrived.conversation, Conversation::Group([5; 32]));
        let origin = if person == 0 { Origin::Own } else { Origin::Member };
        assert_eq!(arrived.origin, origin);
        assert!(arrived.is_for(&[one, two, three]));
        // The reader is in it, whether it is named or not.
        let all = [one, two, three];
        let others: Vec<_> = all.into_iter().filter(|id| *id != town.id(person)).collect();
        assert!(arrived.is_for(&others));
        // A server that shows one member another group than the others.
        assert!(!arrived.is_for(&[one]));
        assert!(!arrived.is_for(&[]));
        assert!(!arrived.is_for(&[one, two, three, AccountId([9; 32])]));
        let lists = |alert: &Alert| matches!(alert, Alert::Lists { .. });
        assert!(!arrived.alerts.iter().any(lists), "each account is told of its own list");
    }
}

#[test]
fn a_group_letter_for_fewer_than_the_members_shows() {
    let mut town = Town::new(5, &[1, 1, 1]);
    let [one, two, three] = [0, 1, 2].map(|person| town.id(person));
    let to = To::Group { id: [5; 32], members: &[two] };
    let out = town.seal(0, 0, to, b"behind her back").unwrap();
    town.server.post(town.address(0, 0), out);
    let arrived = town.receive(1, 0).pop().unwrap().unwrap();
    assert!(!arrived.is_for(&[one, two, three]));
    assert!(arrived.is_for(&[one, two]));
    // A letter that names another audience than it went to.
    town.now += 1;
    let conversation = forged::group([5; 32], &[one, two, three]);
    let mail = town.whisper((0, 0), (1, 0), |words| Words { conversation, ..words });
    let arrived = town.client(1, 0).receive(mail.from, &mail.message, NOW + 1).unwrap();
    assert!(arrived.is_for(&[one, two, three]), "this is the sender's word");
}

#[test]
fn own_copies_name_their_conversation_and_own_content_its_own() {
    let mut town = Town::new(6, &[2, 1, 1]);
    let [two, three] = [1, 2].map(|person| town.id(person));
    let cases = [
        (To::Account(two), Conversation::With(two)),
        (To::Account(three), Conversation::With(three)),
        (To::Group { id: [5; 32], members: &[two, three] }, Conversation::Group([5; 32])),
        (To::Own, Conversation::Own),
    ];
    for (to, conversation) in cases {
        let out = town.seal(0, 0, to, b"words").unwrap();
        town.server.post(town.address(0, 0), out);
        let arrived = town.receive(0, 1).pop().unwrap().unwrap();
        assert_eq!((arrived.conversation, arrived.origin), (conversation, Origin::Own));
        let own = matches!(arrived.content, Content::Own(_));
        assert_eq!(own, conversation == Conversation::Own);
        assert_eq!(text(&arrived.content), b"words");
    }
    // To the others it is the conversation with who wrote.
    let arrived = town.receive(1, 0).remove(0).unwrap();
    assert_eq!(arrived.conversation, Conversation::With(town.id(0)));
}

// ---- bundles ----

#[test]
fn devices_without_a_session_are_missing_until_a_bundle_is_there() {
    let mut town = Town::new(7, &[2, 2]);
    let to = To::Account(town.id(1));
    let mut plan = town.client(0, 0).plan(to, NOW).unwrap();
    let devices: Vec<_> = plan.devices().collect();
    assert_eq!(missing(&plan), devices);
    for (number, address) in devices.iter().enumerate() {
        let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
        refuses(client, Error::StalePlan, |client| {
            client.seal(&mut plan, b"not yet", NOW, rng).map(drop)
        });
        refuses(client, Error::StalePlan, |client| client.send(to, b"not yet", NOW, rng));
        let bundle = town.server.bundle(*address);
        let client = &town.people[0].devices[0];
        assert_eq!(plan.supply(client, &bundle, NOW, &mut town.rng), Ok(true));
        assert_eq!(missing(&plan), devices[number + 1..]);
        // Another bundle of a device that is there already.
        let error = plan.supply(client, &bundle, NOW, &mut town.rng);
        assert_eq!(error, Err(Error::WrongPeer));
    }
    assert!(!town.client(0, 0).has_session(devices[0], NOW), "nothing was sealed yet");
    town.seal_plan(0, 0, &mut plan, b"now").unwrap();
    assert!(devices.iter().all(|address| town.people[0].devices[0].has_session(*address, NOW)));
    assert_eq!(missing(&town.client(0, 0).plan(to, NOW).unwrap()), []);
}

#[test]
fn a_bundle_of_other_keys_than_the_listed_ones_begins_no_session() {
    let mut town = Town::new(8, &[1, 2]);
    let address = town.address(1, 1);
    let named = |account: &Account| {
        let mut rng = Named { rng: TestRng::new(77), name: Some(address.device.0) };
        let client = Client::create(account, NOW, &mut rng).unwrap();
        assert_eq!(client.address().device, address.device);
        client.bundle().unwrap()
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
    let out = town.seal_plan(0, 0, &mut plan, b"to the right one").unwrap();
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
    let out = town.seal_plan(0, 0, &mut plan, b"hello").unwrap();
    town.server.post(town.address(0, 0), out);
    assert_eq!(town.alerts(1, 0), [Alert::NewSession, Alert::NoOneTimePrekey]);
    // A server that runs out says so to the owner by their number.
    assert!(town.client(1, 0).due(NOW, 49).prekeys.replenish);
    assert!(!town.client(1, 0).due(NOW, 50).prekeys.replenish);
    // With one, nobody is told anything of it.
    town.publish_keys(0, 0);
    let mut fresh = Town::new(12, &[1, 1]);
    fresh.say(0, 0, 1, b"hello");
    assert_eq!(fresh.alerts(1, 0), [Alert::NewSession]);
}

#[test]
fn a_device_that_is_left_out_is_reported_and_made_up_for_within_a_day() {
    let mut town = Town::new(13, &[1, 2]);
    let (there, away) = (town.address(1, 0), town.address(1, 1));
    let mut plan = town.plan(0, 0, 1);
    assert_eq!(plan.leave_out(town.address(0, 0)), Err(Error::BadArgument));
    plan.leave_out(away).unwrap();
    assert_eq!(plan.leave_out(away), Err(Error::BadArgument));
    assert_eq!(plan.devices().collect::<Vec<_>>(), [there]);
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, b"for both").unwrap();
    assert_eq!((out.left_out.as_slice(), out.envelopes.len()), (&[away][..], 1));
    let id = out.id;
    town.server.post(town.address(0, 0), out);
    assert_eq!(town.read(1, 0), [b"for both"]);

    let client = town.client(0, 0);
    *client = restarted(client);
    let late = NOW + DAY;
    refuses(client, Error::KeyGone, |client| client.backfill(id, late));
    refuses(client, Error::KeyGone, |client| client.backfill([1; 16], NOW));
    let mut plan = client.backfill(id, late - 1).unwrap();
    assert_eq!(plan.devices().collect::<Vec<_>>(), [away]);
    town.now = late - 1;
    town.supply(0, 0, &mut plan).unwrap();
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    refuses(client, Error::OtherContent, |client| {
        client.seal(&mut plan, b"for one", NOW, rng).map(drop)
    });
    let out = town.seal_plan(0, 0, &mut plan, b"for both").unwrap();
    assert_eq!((out.id, out.envelopes.len()), (id, 1));
    town.server.post(town.address(0, 0), out);
    assert_eq!(town.read(1, 1), [b"for both"]);
    // Nobody is missing any more.
    let plan = town.client(0, 0).backfill(id, NOW).unwrap();
    assert_eq!(plan.devices().count(), 0);
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
    let mut plan = client.backfill(id, NOW).unwrap();
    assert_eq!(plan.devices().collect::<Vec<_>>(), expected);
    // It cannot ask for itself: that is for what was sent to it.
    for address in expected {
        refuses(client, Error::Unlisted, |client| client.plan_again(address, id, NOW));
    }
    town.supply(0, 0, &mut plan).unwrap();
    let out = town.seal_plan(0, 0, &mut plan, b"a minute ago").unwrap();
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
        let mut new = Client::create(&account, NOW, &mut rng).unwrap();
        // At a later epoch than the message was sent by.
        for _ in 0..3 {
            let change = new.renew(&account, NOW).unwrap();
            new.apply(change).unwrap();
        }
        let client = town.client(0, 0);
        if forget {
            let change = client.forget(new.address().account, NOW).unwrap();
            client.apply(change).unwrap();
        }
        let (_, change) = client.learn(new.list(), NOW).unwrap();
        client.apply(change.unwrap()).unwrap();
        if !forget {
            let change =
                client.acknowledge(new.address().account, &account.public_key(), NOW).unwrap();
            client.apply(change).unwrap();
        }
        let to = new.address();
        refuses(client, Error::KeyGone, |client| client.backfill(id, NOW));
        refuses(client, Error::KeyGone, |client| client.plan_again(to, id, NOW));
    }
}

// ---- plans that time has passed by ----

#[test]
fn a_plan_is_stale_after_a_list_or_a_session_has_changed() {
    let mut town = Town::new(16, &[2, 1]);
    let to = To::Account(town.id(1));
    let fresh = |town: &mut Town| town.client(0, 0).plan(to, NOW).unwrap();
    let stale = |town: &mut Town, mut plan: Plan| {
        let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
        refuses(client, Error::StalePlan, |client| {
            client.seal(&mut plan, b"stale", NOW, rng).map(drop)
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
    // A session: the peer begins another one.
    let plan = fresh(&mut town);
    town.now += 1;
    let mail = town.whisper((1, 0), (0, 0), |words| words);
    town.client(0, 0).receive(mail.from, &mail.message, NOW + 1).unwrap();
    stale(&mut town, plan);
    // An account that is not there any more.
    let plan = fresh(&mut town);
    let (id, client) = (town.id(1), town.client(0, 0));
    let change = client.forget(id, NOW).unwrap();
    client.apply(change).unwrap();
    stale(&mut town, plan);
}

#[test]
fn a_plan_is_of_the_device_that_made_it() {
    let mut town = Town::new(35, &[2, 1]);
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    let (client, rng) = (&mut town.people[0].devices[1], &mut town.rng);
    refuses(client, Error::StalePlan, |client| client.seal(&mut plan, b"x", NOW, rng).map(drop));
}

#[test]
fn a_plan_made_before_the_first_session_is_stale_once_the_peer_has_begun_one() {
    let mut town = Town::new(17, &[1, 1]);
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    town.say(1, 0, 0, b"first");
    town.receive_all();
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    refuses(client, Error::StalePlan, |client| {
        client.seal(&mut plan, b"second", NOW, rng).map(drop)
    });
    town.say(0, 0, 1, b"second");
    assert_eq!(town.read(1, 0), [b"second"]);
}

#[test]
fn a_sealed_letter_that_is_dropped_sends_nothing_and_changes_nothing() {
    let mut town = Town::new(18, &[2, 2]);
    town.chat(0, 1);
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let mut plan = client.plan(To::Account(AccountId([2; 32])), NOW).unwrap();
    let before = client.to_bytes();
    for _ in 0..3 {
        drop(client.seal(&mut plan, b"never", NOW, rng).unwrap());
        assert!(*before == *client.to_bytes());
    }
    let out = client.seal(&mut plan, b"sent", NOW, rng).unwrap().apply().unwrap();
    town.server.post(town.address(0, 0), out);
    for (person, device) in [(0, 1), (1, 0), (1, 1)] {
        let arrived = town.receive(person, device).pop().unwrap().unwrap();
        assert_eq!(text(&arrived.content), b"sent");
        assert_eq!((arrived.missing, arrived.lost), (0, 0), "a key was skipped");
    }
}

#[test]
fn a_plan_whose_first_sessions_were_sealed_and_dropped_is_made_anew() {
    let mut town = Town::new(19, &[1, 1]);
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let before = client.to_bytes();
    drop(client.seal(&mut plan, b"never", NOW, rng).unwrap());
    assert!(*before == *client.to_bytes());
    refuses(client, Error::StalePlan, |client| {
        client.seal(&mut plan, b"twice", NOW, rng).map(drop)
    });
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
        let out = town.seal_plan(0, 0, &mut plan, content).unwrap();
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
    // A state at its last generation seals for nobody.
    let mut bytes = town.client(0, 0).to_bytes();
    bytes[2..10].copy_from_slice(&u64::MAX.to_be_bytes());
    let mut old = Client::from_bytes(&bytes).unwrap();
    let mut plan = old.plan(to, NOW).unwrap();
    let rng = &mut town.rng;
    refuses(&mut old, Error::Exhausted, |old| old.seal(&mut plan, b"no", NOW, rng).map(drop));
    let client = &mut town.people[0].devices[0];
    let mut plan = client.plan(to, NOW).unwrap();
    refuses(client, Error::BadArgument, |client| {
        client.seal(&mut plan, &vec![0; (1 << 20) + 1], NOW, rng).map(drop)
    });
    // One device of three without a session.
    town.link(1);
    town.learn_all();
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let mut plan = client.plan(to, NOW).unwrap();
    assert_eq!((missing(&plan).len(), plan.devices().count()), (1, 4));
    refuses(client, Error::StalePlan, |client| client.seal(&mut plan, b"x", NOW, rng).map(drop));
    town.say(0, 0, 1, b"all four");
    for device in 0..4 {
        let arrived = town.receive(1, device).pop().unwrap().unwrap();
        assert_eq!((text(&arrived.content), arrived.missing), (b"all four".to_vec(), 0));
    }
}

// ---- what leaves ----

#[test]
fn what_the_server_took_is_ticked_off_and_the_rest_survives_a_restart() {
    let mut town = Town::new(22, &[2, 2]);
    let mut out = town.seal(0, 0, To::Account(town.id(1)), &[5; 5000]).unwrap();
    out.left_out.push(Address { account: AccountId([9; 32]), device: DeviceId([9; 8]) });
    let whole = out.clone();
    for left in (0..3).rev() {
        let done = out.envelopes[0].to;
        out.delivered(done);
        assert_eq!(out.envelopes.len(), left);
        assert!(out.envelopes.iter().all(|envelope| envelope.to != done));
        out = Outgoing::decode(&out.encode()).unwrap();
    }
    out.delivered(town.address(0, 1));
    assert_eq!(Outgoing::decode(&whole.encode()), Ok(whole.clone()));
    // Sending one twice does no harm.
    let from = town.address(0, 0);
    for (person, device) in [(0, 1), (1, 0), (1, 1)] {
        let to = town.address(person, device);
        let envelope = whole.envelopes.iter().find(|envelope| envelope.to == to).unwrap();
        let client = town.client(person, device);
        client.receive(from, &envelope.message, NOW).unwrap();
        refuses(client, Error::Duplicate, |client| client.open(from, &envelope.message, NOW));
    }
}

#[test]
fn outgoing_letters_have_one_encoding() {
    let mut town = Town::new(23, &[1, 2]);
    let out = town.seal(0, 0, To::Account(town.id(1)), &[5; 5000]).unwrap();
    let bytes = out.encode();
    for length in (0..bytes.len()).step_by(7).chain(bytes.len() - 8..bytes.len()) {
        assert_eq!(Outgoing::decode(&bytes[..length]), Err(Error::Malformed), "{length}");
    }
    assert_eq!(Outgoing::decode(&[&bytes[..], &[0]].concat()), Err(Error::Malformed));
    assert_eq!(Outgoing::decode(&[&[0; 16][..], &[0xff; 4]].concat()), Err(Error::Malformed));
}

// ---- large content ----

#[test]
fn content_of_4097_bytes_and_more_is_sealed_once_for_all() {
    let mut town = Town::new(24, &[2, 2]);
    town.chat(0, 1);
    let to = To::Account(town.id(1));
    let small = town.seal(0, 0, to, b"x").unwrap();
    town.server.post(town.address(0, 0), small.clone());
    town.receive_all();
    for length in [0_usize, 4096, 4097, 70_000, 1 << 20] {
        let content: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
        let out = town.seal(0, 0, to, &content).unwrap();
        assert_eq!(out.blob.is_some(), length > 4096, "{length}");
        assert_eq!(lengths(&out).len(), 1);
        let blob = out.blob.clone();
        if blob.is_some() {
            assert!(lengths(&out)[0] < lengths(&small)[0] + 200, "the cost grows with the content");
        }
        town.server.post(town.address(0, 0), out);
        for (person, device) in [(0, 1), (1, 0), (1, 1)] {
            let arrived = town.receive(person, device).pop().unwrap().unwrap();
            match (arrived.content, &blob) {
                (Content::Message(found), None) => assert!(*found == content),
                (Content::Large(large), Some(blob)) => {
                    assert_eq!(large.length(), length as u64);
                    assert_eq!(large.hash()[..], Sha256::digest(blob)[..]);
                    assert!(*large.open(blob).unwrap() == content);
                }
                _ => panic!("{length}"),
            }
        }
    }
}

#[test]
fn a_blob_that_is_not_the_senders_own_is_forged() {
    let mut town = Town::new(25, &[1, 1]);
    let to = To::Account(town.id(1));
    let mut larges = Vec::new();
    for content in [[1; 5000], [2; 5000]] {
        let out = town.seal(0, 0, to, &content).unwrap();
        town.server.post(town.address(0, 0), out);
        let Content::Large(large) = town.receive(1, 0).pop().unwrap().unwrap().content else {
            panic!("not large");
        };
        larges.push(large);
    }
    let blobs = town.server.blobs.clone();
    for place in (0..blobs[0].len()).step_by(61).chain(0..40) {
        assert_eq!(larges[0].open(&flipped(&blobs[0], place)).err(), Some(Error::Forged));
    }
    for wrong in [&blobs[1][..], &blobs[0][1..], &blobs[0][..blobs[0].len() - 1], &[]] {
        assert_eq!(larges[0].open(wrong).err(), Some(Error::Forged));
    }
    assert!(*larges[0].open(&blobs[0]).unwrap() == [1; 5000]);
    assert!(*larges[1].open(&blobs[1]).unwrap() == [2; 5000]);
}

/// The reference that an honest letter held, as a device that got it can read it.
fn reference(large: &latchstring::Large, key: [u8; 32]) -> Vec<u8> {
    [&key[..], large.hash(), &large.length().to_be_bytes()].concat()
}

#[test]
fn a_sender_who_gives_two_devices_two_keys_of_one_blob_is_believed_by_one_at_most() {
    let mut town = Town::new(26, &[1, 2]);
    let out = town.seal(0, 0, To::Account(town.id(1)), &[1; 5000]).unwrap();
    let blob = out.blob.clone().unwrap();
    town.server.post(town.address(0, 0), out);
    let Content::Large(large) = town.receive(1, 0).pop().unwrap().unwrap().content else {
        panic!("not large");
    };
    assert!(large.open(&blob).is_ok());
    // The same blob under whatever other key: its own commitment names one.
    let other = reference(&large, [3; 32]);
    let mail = town.whisper((0, 0), (1, 1), |words| words.content(forged::LARGE, &other));
    let arrived = town.client(1, 1).receive(mail.from, &mail.message, NOW).unwrap();
    let Content::Large(other) = arrived.content else { panic!("not large") };
    assert_eq!(other.hash(), large.hash());
    assert_eq!(other.open(&blob).err(), Some(Error::Forged));
}
