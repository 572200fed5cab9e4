//! Device lists at a client: who is on them, what follows what, when they end, who must agree.
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

use latchstring::{Account, AccountId, Address, Alert, Client, DeviceList, Error, Learned, To};

use support::forged::{Listing, member};
use support::town::Town;
use support::{NOW, TestRng, account_seed, refuses, restarted, sign};

const DAY: u64 = 86_400;

/// The account of a person who set it up anew: the same id, another key.
fn anew(town: &Town, person: usize, seed: u64) -> (Account, Client) {
    let mut rng = TestRng::new(seed);
    let account = Account::generate(town.id(person), &mut rng);
    let client = Client::create(&account, town.now, &mut rng).unwrap();
    (account, client)
}

fn learn(client: &mut Client, list: &DeviceList, now: u64) -> Result<Learned, Error> {
    let (learned, change) = client.learn(list, now)?;
    if let Some(change) = change {
        client.apply(change)?;
    }
    Ok(learned)
}

/// What the first person plans to the second.
fn plan(town: &Town) -> Result<Vec<Address>, Error> {
    let plan = town.people[0].devices[0].plan(To::Account(town.id(1)), town.now)?;
    Ok(plan.devices().collect())
}

// ---- who is on a list ----

#[test]
fn a_device_that_the_account_did_not_sign_is_on_no_list() {
    let town = Town::new(1, &[1, 2]);
    let list = town.server.list(town.id(1));
    let seed = account_seed(&town.people[1].account);
    let ghost = |account_seed| member(town.id(1), account_seed, [9; 8], &[8; 32], &[7; 32]);
    let with = |member| {
        let mut next = Listing::of(&list).next();
        next.members.push(member);
        next.members.sort_unstable();
        next
    };
    // A server that signs for the account, one that only adds, and one that has the account's
    // signature over a list with a device that it never signed.
    let forged = [
        with(ghost(&seed)).signed(&[6; 32]),
        with(ghost(&seed)),
        with(ghost(&[6; 32])).signed(&seed),
    ];
    for listing in forged {
        assert_eq!(DeviceList::decode(&listing.encode()).err(), Some(Error::BadSignature));
    }
    // The account's own addition is a list.
    assert_eq!(with(ghost(&seed)).signed(&seed).list().devices().len(), 3);
}

#[test]
fn each_of_the_signatures_of_a_listed_device_is_needed() {
    let town = Town::new(2, &[1, 2]);
    let seed = account_seed(&town.people[1].account);
    let list = Listing::of(&town.server.list(town.id(1)));
    for (place, width) in [(72, 64), (136, 64)] {
        for bit in [0, 7] {
            let mut listing = list.next();
            listing.members[1][place + width - 2] ^= 1 << bit;
            let bytes = listing.signed(&seed).encode();
            assert_eq!(DeviceList::decode(&bytes).err(), Some(Error::BadSignature));
        }
    }
    // In the wrong order, and of another device of the same account.
    for (from, to) in [(72..136, 136..200), (136..200, 72..136)] {
        let mut listing = list.next();
        let signature = listing.members[1][from].to_vec();
        listing.members[1][to].copy_from_slice(&signature);
        let error = DeviceList::decode(&listing.signed(&seed).encode()).err();
        assert_eq!(error, Some(Error::BadSignature));
    }
    let mut listing = list.next();
    let signature = listing.members[0][136..200].to_vec();
    listing.members[1][136..200].copy_from_slice(&signature);
    let error = DeviceList::decode(&listing.signed(&seed).encode()).err();
    assert_eq!(error, Some(Error::BadSignature));
}

#[test]
fn a_signature_made_for_another_purpose_signs_no_list_and_no_device() {
    let town = Town::new(3, &[1, 1]);
    let seed = account_seed(&town.people[1].account);
    let list = Listing::of(&town.server.list(town.id(1)));
    let labels = [
        "identity/account",
        "identity/device",
        "identity/fingerprint",
        "devices/content",
        "devices/hash",
        "linking/offer",
        "linking/transcript",
        "prekeys/lasting",
        "prekeys/one-time",
        "guest/invitation",
        "guest/grant",
        "guest/notice",
        "guest/claim-admit",
        "guest/claim-proof",
    ];
    for label in labels {
        let mut listing = list.next();
        listing.signature = sign(&seed, label, &[&listing.hash()]);
        let error = DeviceList::decode(&listing.encode()).err();
        assert_eq!(error, Some(Error::BadSignature), "{label} signs a list");
        // The member is genuine but for the account's signature, which is over the same bytes.
        let mut member = member(town.id(1), &seed, [9; 8], &[8; 32], &[7; 32]);
        let core = [&[1], &town.id(1).0[..], &listing.key, &member[..72]].concat();
        let mut listing = list.next();
        if label == "identity/account" {
            member[136..200].copy_from_slice(&sign(&[8; 32], label, &[&core]));
        } else {
            member[72..136].copy_from_slice(&sign(&seed, label, &[&core]));
        }
        listing.members.push(member);
        listing.members.sort_unstable();
        let error = DeviceList::decode(&listing.signed(&seed).encode()).err();
        assert_eq!(error, Some(Error::BadSignature), "{label} signs a device");
    }
}

#[test]
fn a_device_that_comes_is_told_before_the_first_letter_to_it() {
    let mut town = Town::new(4, &[1, 1]);
    town.chat(0, 1);
    town.link(1);
    let added = town.address(1, 1);
    assert!(!plan(&town).unwrap().contains(&added), "nobody said that it is there");
    let learned = town.learn(0, 0, town.id(1)).unwrap();
    assert_eq!(learned, Learned::Newer { added: vec![added.device], removed: vec![] });
    assert!(plan(&town).unwrap().contains(&added));
    assert_eq!(town.learn(0, 0, town.id(1)), Ok(Learned::Nothing));
}

#[test]
fn of_an_update_only_the_devices_of_the_new_list_survive() {
    let mut town = Town::new(5, &[1, 4]);
    town.chat(0, 1);
    let gone = [town.address(1, 2).device, town.address(1, 3).device];
    town.remove(1, 3);
    town.remove(1, 2);
    town.link(1);
    let (kept, added) = (town.address(1, 1), town.address(1, 2));
    let Learned::Newer { added: came, mut removed } = town.learn(0, 0, town.id(1)).unwrap() else {
        panic!("nothing new");
    };
    removed.sort_unstable();
    let mut gone = gone.to_vec();
    gone.sort_unstable();
    assert_eq!((came, removed), (vec![added.device], gone));
    let mut expected = vec![town.address(1, 0), kept, added];
    expected.sort_unstable();
    assert_eq!(plan(&town).unwrap(), expected);
}

// ---- what follows what ----

#[test]
fn no_older_list_is_taken_not_even_after_a_restart() {
    let mut town = Town::new(6, &[1, 3]);
    let id = town.id(1);
    let lists: Vec<_> =
        town.server.lists[&id].iter().map(|list| DeviceList::decode(list).unwrap()).collect();
    assert_eq!(lists.len(), 3);
    for person in [0, 1] {
        let client = town.client(person, 0);
        *client = restarted(client);
        for list in &lists[..2] {
            refuses(client, Error::ListRollback, |client| learn(client, list, NOW));
        }
        assert_eq!(learn(client, &lists[2], NOW), Ok(Learned::Nothing));
    }
}

#[test]
fn another_list_of_the_known_epoch_is_a_fork_for_everybody() {
    let mut town = Town::new(7, &[1, 1]);
    let seed = account_seed(&town.people[1].account);
    let first = Listing::of(&town.server.list(town.id(1)));
    town.link(1);
    town.learn(0, 0, town.id(1)).unwrap();
    // What the account says to somebody else at the same time, and what it would go on with there.
    let mut other = first.next();
    other.issued += 1;
    let other = other.signed(&seed);
    let later = other.next().signed(&seed);
    for listing in [&other, &later] {
        for person in [0, 1] {
            let client = town.client(person, 0);
            let list = listing.list();
            refuses(client, Error::ListFork, |client| learn(client, &list, NOW));
        }
    }
    // The known list goes on.
    town.renew(1);
    let learned = town.learn(0, 0, town.id(1));
    assert_eq!(learned, Ok(Learned::Newer { added: vec![], removed: vec![] }));
    // The fork is one from here as well, though it is older now.
    let client = town.client(0, 0);
    refuses(client, Error::ListFork, |client| learn(client, &other.list(), NOW));
}

#[test]
fn two_lists_of_one_epoch_are_never_merged() {
    // A removal signed at the same epoch as an addition: neither is taken for the other.
    let mut town = Town::new(8, &[1, 2]);
    let seed = account_seed(&town.people[1].account);
    let second = Listing::of(&town.server.list(town.id(1)));
    let mut smaller = second.next();
    let place = smaller.place(town.address(1, 1).device.0);
    smaller.members.remove(place);
    let smaller = smaller.signed(&seed).list();
    town.link(1);
    town.learn(0, 0, town.id(1)).unwrap();
    let before = plan(&town).unwrap();
    refuses(town.client(0, 0), Error::ListFork, |client| learn(client, &smaller, NOW));
    assert_eq!(plan(&town).unwrap(), before);
}

#[test]
fn a_list_65_epochs_later_follows_and_one_66_later_waits_for_the_user() {
    let mut town = Town::new(9, &[1, 1]);
    let id = town.id(1);
    for _ in 0..65 {
        town.renew(1);
    }
    let near = town.server.list(id);
    let far = town.renew(1);
    assert_eq!((near.epoch(), far.epoch()), (66, 67));

    let mut patient = restarted(town.client(0, 0));
    assert_eq!(learn(town.client(0, 0), &far, NOW), Ok(Learned::Changed));
    assert_eq!(plan(&town), Err(Error::AccountChanged));
    assert_eq!(town.client(0, 0).changed_list_of(id), Some(&far));
    // The account's own device is not asked: it has the account, and must not jump over a past.
    let mut own = Town::new(9, &[1, 1]).people.remove(1).devices.remove(0);
    refuses(&mut own, Error::ListGap, |client| learn(client, &far, NOW));

    // A list in between needs no user: everything is proven then.
    let followed = Learned::Newer { added: vec![], removed: vec![] };
    assert_eq!(learn(town.client(0, 0), &near, NOW), Ok(followed.clone()));
    assert!(town.client(0, 0).changed_list_of(id).is_none());
    assert!(plan(&town).is_ok());
    assert_eq!(learn(&mut patient, &near, NOW), Ok(followed.clone()));
    assert_eq!(learn(&mut patient, &far, NOW), Ok(followed));
}

#[test]
fn a_gap_is_acknowledged_by_the_account_key_that_was_shown() {
    let mut town = Town::new(10, &[1, 1]);
    town.chat(0, 1);
    let id = town.id(1);
    for _ in 0..66 {
        town.renew(1);
    }
    assert_eq!(town.learn(0, 0, id), Ok(Learned::Changed));
    let key = town.people[1].account.public_key();
    let (now, device) = (town.now, town.address(1, 0));
    let client = town.client(0, 0);
    refuses(client, Error::WrongPeer, |client| client.acknowledge(id, &[1; 32], now));
    let change = client.acknowledge(id, &key, now).unwrap();
    client.apply(change).unwrap();
    assert_eq!(client.list_of(id).unwrap().epoch(), 67);
    // Begun anew: whether the devices are the same ones, nothing has shown.
    assert!(!client.has_session(device, NOW));
    assert_eq!(plan(&town).unwrap(), [town.address(1, 0)]);
}

// ---- when a list ends ----

#[test]
fn a_list_holds_to_the_last_second_that_it_names() {
    let mut town = Town::new(11, &[2, 1]);
    town.chat(0, 1);
    let list = town.server.list(town.id(1));
    let end = list.expires();
    assert_eq!(end, NOW + 30 * DAY);
    // The writer's own list is newer.
    town.now = end;
    town.renew(0);
    town.inform(0, town.id(0));
    town.inform(1, town.id(0));
    town.say(1, 0, 0, b"in time");
    let mail = town.mail(0, 0);
    assert!(plan(&town).is_ok());
    let mut early = town.people[0].devices[0].plan(To::Account(town.id(1)), end).unwrap();

    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    assert!(client.open(mail.from, &mail.message, end).is_ok());
    let mut stranger =
        Client::create(&Account::generate(AccountId([9; 32]), rng), end, rng).unwrap();
    assert!(stranger.learn(&list, end).is_ok());
    let to = To::Account(list.account());
    let late = end + 1;
    refuses(client, Error::ListExpired, |client| client.open(mail.from, &mail.message, late));
    refuses(client, Error::ListExpired, |client| client.plan(to, late));
    refuses(client, Error::ListExpired, |client| {
        client.seal(&mut early, b"late", late, rng).map(drop)
    });
    refuses(client, Error::ListExpired, |client| client.ask_again(mail.from, mail.id, late));
    refuses(&mut stranger, Error::ListExpired, |client| client.learn(&list, late));
}

#[test]
fn an_expired_list_that_follows_bridges_the_way_to_one_that_has_not() {
    let mut town = Town::new(33, &[1, 1]);
    let id = town.id(1);
    for _ in 0..40 {
        town.renew(1);
    }
    let bridge = town.server.list(id);
    town.now = bridge.expires() + 1;
    for _ in 0..40 {
        town.renew(1);
    }
    let (now, far) = (town.now, town.server.list(id));
    let client = town.client(0, 0);
    let followed = Learned::Newer { added: vec![], removed: vec![] };
    assert_eq!(learn(client, &bridge, now), Ok(followed.clone()));
    refuses(client, Error::ListExpired, |client| client.plan(To::Account(id), now));
    assert_eq!(learn(client, &far, now), Ok(followed));
    // The writer's own list is as old as that.
    town.renew(0);
    assert!(plan(&town).is_ok());
}

#[test]
fn a_list_from_the_future_is_taken_a_day_before_it_is_issued() {
    let mut town = Town::new(12, &[1]);
    for (ahead, expected) in [(DAY, Ok(Learned::First)), (DAY + 1, Err(Error::ListExpired))] {
        let mut rng = TestRng::new(ahead);
        let account = Account::generate(AccountId([8; 32]), &mut rng);
        let client = Client::create(&account, NOW + ahead, &mut rng).unwrap();
        let found = town.client(0, 0).learn(client.list(), NOW).map(|(learned, _)| learned);
        assert_eq!(found, expected);
    }
}

#[test]
fn an_account_without_a_valid_list_of_its_own_writes_to_nobody() {
    let mut town = Town::new(13, &[2, 1]);
    town.now = town.server.list(town.id(0)).expires() + 1;
    town.renew(1);
    town.inform(0, town.id(1));
    assert_eq!(plan(&town), Err(Error::ListExpired));
    let now = town.now;
    refuses(town.client(0, 1), Error::ListExpired, |client| client.plan(To::Own, now));
    // Its primary can still sign.
    town.renew(0);
    town.inform(0, town.id(0));
    assert!(plan(&town).is_ok());
}

#[test]
fn a_clock_set_back_revives_no_list() {
    let mut town = Town::new(14, &[1, 1]);
    town.chat(0, 1);
    let (list, end) = (town.server.list(town.id(1)), town.server.list(town.id(1)).expires());
    town.say(1, 0, 0, b"held back");
    let mail = town.mail(0, 0);
    let client = town.client(0, 0);
    let change = client.tick(end + 1).unwrap().unwrap();
    client.apply(change).unwrap();
    *client = restarted(client);
    let to = To::Account(list.account());
    refuses(client, Error::ListExpired, |client| client.plan(to, NOW));
    refuses(client, Error::ListExpired, |client| client.open(mail.from, &mail.message, NOW));
    let stranger = Account::generate(AccountId([9; 32]), &mut TestRng::new(9));
    let stranger = Client::create(&stranger, NOW, &mut TestRng::new(9)).unwrap();
    refuses(client, Error::ListExpired, |client| client.learn(stranger.list(), NOW));
    assert!(!client.due(NOW, 50).tick, "the hour was seen");
    assert!(client.due(NOW, 50).renew_list);
}

#[test]
fn companions_work_with_the_primary_switched_off_until_the_list_ends() {
    let mut town = Town::new(15, &[3, 2]);
    town.chat(0, 1);
    let end = town.server.list(town.id(0)).expires();
    let mut warned = None;
    for day in 1..=30 {
        town.now = NOW + day * DAY;
        for (person, device) in [(0, 1), (0, 2), (1, 0), (1, 1)] {
            let due = town.client(person, device).due(NOW + day * DAY, 50);
            if due.prekeys.rotate {
                town.rotate(person, device);
            }
            if due.tick {
                let (now, client) = (town.now, town.client(person, device));
                if let Some(change) = client.tick(now).unwrap() {
                    client.apply(change).unwrap();
                }
            }
            if person == 0 && due.primary_silent {
                warned = warned.or(Some(day));
            }
        }
        if day % 7 == 0 {
            town.renew(1);
            for person in [0, 1] {
                town.inform(person, town.id(1));
            }
        }
        // A companion writes, the other one and the peer read, and the peer answers.
        town.say(0, 1, 1, b"without the telephone");
        town.say(1, 1, 0, b"heard");
        for (person, device) in [(0, 1), (0, 2), (1, 0), (1, 1)] {
            assert!(!town.receive(person, device).into_iter().any(|arrived| arrived.is_err()));
        }
    }
    assert_eq!(warned, Some(14), "warned two weeks ahead");
    // A companion that came while the primary slept cannot be: linking needs the account. At the
    // list's end it is over, for both sides.
    town.now = end + 1;
    let (mine, theirs) = (To::Account(town.id(1)), To::Account(town.id(0)));
    refuses(town.client(0, 1), Error::ListExpired, |client| client.plan(mine, end + 1));
    refuses(town.client(1, 0), Error::ListExpired, |client| client.plan(theirs, end + 1));
    // The primary comes back, and with it everybody.
    town.renew(0);
    for person in [0, 1] {
        town.inform(person, town.id(0));
    }
    for device in 0..3 {
        town.receive(0, device);
    }
    town.rotate(0, 0);
    town.say(0, 1, 1, b"back");
    assert_eq!(town.read(1, 0), [b"back"]);
    assert_eq!(town.receive(0, 0).len(), 1);
}

// ---- time that nobody was heard in ----

#[test]
fn a_companion_that_is_silent_for_thirty_days_is_idle_to_the_second() {
    let mut town = Town::new(16, &[2, 1]);
    let companion = town.address(0, 1).device;
    let idle = |town: &mut Town, now| town.client(0, 0).due(now, 50).idle;
    // Never heard of: from its place in the list on.
    assert_eq!(idle(&mut town, NOW + 30 * DAY - 1), []);
    assert_eq!(idle(&mut town, NOW + 30 * DAY), [companion]);
    // Renewals do not make it younger, a letter does.
    town.now = NOW + 20 * DAY;
    town.renew(0);
    town.inform(0, town.id(0));
    town.inform(1, town.id(0));
    assert_eq!(idle(&mut town, NOW + 30 * DAY), [companion]);
    town.rotate(0, 0);
    let out = town.seal(0, 1, To::Own, b"here").unwrap();
    town.server.post(town.address(0, 1), out);
    town.now += 1;
    assert!(town.alerts(0, 0).contains(&Alert::NewSession));
    assert_eq!(idle(&mut town, NOW + 50 * DAY), []);
    assert_eq!(idle(&mut town, NOW + 50 * DAY + 1), [companion]);
    // A device does not look at itself.
    assert_eq!(town.client(0, 1).due(NOW + 100 * DAY, 50).idle, [town.address(0, 0).device]);
}

#[test]
fn a_list_is_to_be_renewed_after_a_week_and_its_primary_taken_for_lost_after_two() {
    let mut town = Town::new(17, &[2]);
    let due = |town: &mut Town, now| {
        let due = town.client(0, 1).due(now, 50);
        (due.renew_list, due.primary_silent)
    };
    assert_eq!(due(&mut town, NOW + 7 * DAY - 1), (false, false));
    assert_eq!(due(&mut town, NOW + 7 * DAY), (true, false));
    assert_eq!(due(&mut town, NOW + 14 * DAY - 1), (true, false));
    assert_eq!(due(&mut town, NOW + 14 * DAY), (true, true));
    town.now = NOW + 14 * DAY;
    town.renew(0);
    town.inform(0, town.id(0));
    assert_eq!(due(&mut town, NOW + 14 * DAY), (false, false));
}

// ---- another account key ----

#[test]
fn another_account_key_stops_everything_until_the_user_has_said_yes_to_it() {
    let mut town = Town::new(18, &[1, 1]);
    town.chat(0, 1);
    let id = town.id(1);
    let to = To::Account(id);
    let (account, new) = anew(&town, 1, 100);
    let old_key = town.people[1].account.public_key();
    let mut before = town.people[0].devices[0].plan(to, NOW).unwrap();
    town.say(1, 0, 0, b"from the old device");
    let old = town.mail(0, 0);

    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    assert_eq!(learn(client, new.list(), NOW), Ok(Learned::Changed));
    assert_eq!(learn(client, new.list(), NOW), Ok(Learned::Changed));
    assert_eq!(client.list_of(id).unwrap().account_key(), &old_key);
    *client = restarted(client);
    refuses(client, Error::AccountChanged, |client| client.plan(to, NOW));
    refuses(client, Error::AccountChanged, |client| {
        client.plan(To::Group { id: [1; 32], members: &[id] }, NOW)
    });
    refuses(client, Error::AccountChanged, |client| {
        client.seal(&mut before, b"no", NOW, rng).map(drop)
    });
    refuses(client, Error::AccountChanged, |client| client.send(to, b"no", NOW, rng));
    refuses(client, Error::AccountChanged, |client| client.ask_again(old.from, old.id, NOW));
    refuses(client, Error::AccountChanged, |client| client.open(new.address(), &old.message, NOW));
    // Reading what the old devices say goes on.
    assert!(client.open(old.from, &old.message, NOW).is_ok());

    let key = account.public_key();
    refuses(client, Error::WrongPeer, |client| client.acknowledge(id, &old_key, NOW));
    let change = client.acknowledge(id, &key, NOW).unwrap();
    client.apply(change).unwrap();
    refuses(client, Error::Unlisted, |client| client.acknowledge(id, &key, NOW));
    refuses(client, Error::Unlisted, |client| client.open(old.from, &old.message, NOW));
    let after = client.plan(to, NOW).unwrap();
    assert_eq!(after.missing().collect::<Vec<_>>(), [new.address()]);
}

#[test]
fn an_account_key_that_the_user_has_refused_is_not_asked_about_again() {
    let mut town = Town::new(30, &[1, 1]);
    town.chat(0, 1);
    let id = town.id(1);
    let (account, mut new) = anew(&town, 1, 100);
    let key = account.public_key();
    let client = town.client(0, 0);
    refuses(client, Error::Unlisted, |client| client.dismiss(id, &key, NOW));
    learn(client, new.list(), NOW).unwrap();
    refuses(client, Error::WrongPeer, |client| client.dismiss(id, &[1; 32], NOW));
    let change = client.dismiss(id, &key, NOW).unwrap();
    client.apply(change).unwrap();
    *client = restarted(client);
    // What was known holds again, and the same thing is not shown a second time.
    assert!(client.changed_list_of(id).is_none());
    refuses(client, Error::Unlisted, |client| client.acknowledge(id, &key, NOW));
    let change = new.renew(&account, NOW).unwrap();
    new.apply(change).unwrap();
    refuses(client, Error::WrongPeer, |client| client.learn(new.list(), NOW));
    town.say(0, 0, 1, b"still you");
    assert_eq!(town.read(1, 0), [b"still you"]);
    // A third key is another question.
    let (_, third) = anew(&town, 1, 101);
    assert_eq!(learn(town.client(0, 0), third.list(), NOW), Ok(Learned::Changed));
}

#[test]
fn a_newer_list_of_the_old_key_does_not_answer_for_the_user() {
    let mut town = Town::new(31, &[1, 1]);
    let (_, new) = anew(&town, 1, 100);
    learn(town.client(0, 0), new.list(), NOW).unwrap();
    town.renew(1);
    let learned = town.learn(0, 0, town.id(1)).unwrap();
    assert_eq!(learned, Learned::Newer { added: vec![], removed: vec![] });
    assert_eq!(plan(&town), Err(Error::AccountChanged));
    assert_eq!(town.client(0, 0).changed_list_of(new.address().account), Some(new.list()));
}

#[test]
fn a_list_that_came_after_the_question_is_not_acknowledged_unseen() {
    let mut town = Town::new(19, &[1, 1]);
    let id = town.id(1);
    let (shown, first) = anew(&town, 1, 100);
    let (slipped_in, second) = anew(&town, 1, 101);
    let client = town.client(0, 0);
    learn(client, first.list(), NOW).unwrap();
    assert_eq!(learn(client, second.list(), NOW), Ok(Learned::Changed));
    refuses(client, Error::WrongPeer, |client| client.acknowledge(id, &shown.public_key(), NOW));
    let change = client.acknowledge(id, &slipped_in.public_key(), NOW).unwrap();
    client.apply(change).unwrap();
    assert_eq!(client.list_of(id), Some(second.list()));
}

#[test]
fn a_list_that_waits_for_the_user_is_not_rolled_back_or_forked_either() {
    let mut town = Town::new(20, &[1, 1]);
    let (account, mut new) = anew(&town, 1, 100);
    let first = new.list().clone();
    let change = new.renew(&account, NOW).unwrap();
    new.apply(change).unwrap();
    let second = new.list().clone();
    let mut fork = Listing::of(&first).next();
    fork.issued += 1;
    let fork = fork.signed(&account_seed(&account)).list();
    let client = town.client(0, 0);
    learn(client, &second, NOW).unwrap();
    refuses(client, Error::ListRollback, |client| client.learn(&first, NOW));
    refuses(client, Error::ListFork, |client| client.learn(&fork, NOW));
    assert_eq!(client.changed_list_of(first.account()), Some(&second));
}

#[test]
fn this_devices_own_account_has_one_key() {
    let mut town = Town::new(21, &[2, 1]);
    let (_, other) = anew(&town, 0, 100);
    let id = town.id(0);
    for device in [0, 1] {
        let client = town.client(0, device);
        refuses(client, Error::WrongPeer, |client| client.learn(other.list(), NOW));
        refuses(client, Error::Unlisted, |client| client.acknowledge(id, &[0; 32], NOW));
        refuses(client, Error::Unlisted, |client| client.forget(id, NOW));
    }
}
