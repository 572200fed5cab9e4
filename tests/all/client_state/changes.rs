//! Changes.

use super::*;

/// Returns the bytes that a step about a device begins with.
fn about(tag: u8, address: Address) -> Vec<u8> {
    [&[tag], &address.account.0[..], &address.device.0].concat()
}

/// Has a letter wait for a member of a group, and go to it.
fn queue(town: &mut Town, store: &mut Store, companion: Address) {
    let account = Account::generate(AccountId([9; 32]), &mut town.rng);
    let late = Client::create(&account, NOW, &mut town.rng);
    let (id, members) = (account.id(), [account.id()]);
    let to = To::Group { id: GroupId([1; 32]), members: &members };
    let mut plan = town.client(0, 0).plan(to, NOW).unwrap();
    let out = store.seal(town, &mut plan, b"for later", &[about(4, companion)]);
    assert_eq!(out.stopped, [(id, Stop::Unknown)]);
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    store.apply(client, |client| client.learn(late.list(), NOW));
    let mut plan = client.plan_repair(&Repair::Backfill { id: out.id }, NOW).unwrap();
    plan.supply(client, &late.bundle(), NOW, rng).unwrap();
    let queued = [&[28], &out.id.0[..], &id.0].concat();
    store.seal(town, &mut plan, b"for later", &[queued, about(4, late.address())]);
}

#[test]
fn every_kind_of_step_reads_back_to_the_very_same_state() {
    let mut town = Town::new(1, &[2, 1, 1]);
    let mut store = Store { rng: TestRng::new(9), steps: BTreeSet::new() };
    let (friend, companion) = (town.address(1, 0), town.address(0, 1));
    let to = To::Account(friend.account);

    // Prekeys.
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    store.apply(client, |client| Ok(client.replenish(NOW, rng)));
    let bundle = store.apply(client, |client| Ok(client.rotate(NOW, rng)));
    store.apply(client, |client| Ok(client.note_published([bundle.id()], NOW)));
    town.server.bundles.insert(town.address(0, 0), bundle.encode());

    // Sending: sessions begin, go on, carry long content; answers.
    let mut plan = town.client(0, 0).plan(to, NOW).unwrap();
    let patterns = [about(2, friend), about(4, friend), about(2, companion)];
    let out = store.seal(&mut town, &mut plan, b"hello", &patterns);
    let id = out.id;
    town.server.post(town.address(0, 0), out);
    let out = store.seal(&mut town, &mut plan, &[1; 5000], &[about(4, friend)]);
    town.server.post(town.address(0, 0), out);
    town.receive_all();
    for content in [&b"answer"[..], &[2; 5000]] {
        town.say(1, 0, 0, content);
        let mail = town.mail(0, 0);
        let seen = [about(7, friend), mail.id.0.to_vec()].concat();
        store.receive(&mut town, &mail, &[about(5, friend), seen]);
    }
    // A second name: sealed again.
    let mut plan = town.client(0, 0).plan_repair(&Repair::Resend { to: friend, id }, NOW).unwrap();
    let again = [&[9], &id.0[..], &about(0, friend)[1..]].concat();
    store.seal(&mut town, &mut plan, b"hello", &[again, about(4, friend)]);

    // A first letter, and a request in a session that is older than the active one.
    town.say(1, 0, 0, b"on the way");
    let late = town.mail(0, 0);
    town.now = NOW - 10;
    let ask = |words: Words| words.content(forged::RESEND_REQUEST, &[0; 8]);
    let request = town.whisper((1, 0), (0, 0), ask);
    town.now = NOW;
    store.receive(&mut town, &request, &[about(3, friend), about(6, friend)]);
    town.now = NOW + 1;
    let renewed = town.whisper((1, 0), (0, 0), |words| Words { id: [2; 16], ..words });
    store.receive(&mut town, &renewed, &[about(3, friend)]);
    // What is opened in a replaced session.
    store.receive(&mut town, &late, &[about(5, friend)]);

    // Lists: reported, learned, reported right.
    town.renew(1);
    let mail = town.whisper((1, 0), (0, 0), |words| Words { id: [3; 16], ..words });
    let report = [&about(10, friend)[..], &friend.account.0, &[1]].concat();
    store.receive(&mut town, &mail, &[report]);
    let list = town.server.list(friend.account);
    let client = &mut town.people[0].devices[0];
    store.apply(client, |client| client.learn(&list, NOW));
    let mail = town.whisper((1, 0), (0, 0), |words| Words { id: [4; 16], ..words });
    let report = [&about(10, friend)[..], &friend.account.0, &[0]].concat();
    store.receive(&mut town, &mail, &[report]);

    // A seen report of an own device.
    town.receive(0, 1);
    let mut plan = town.client(0, 1).plan_repair(&Repair::SeenReport, NOW).unwrap();
    town.supply(0, 1, &mut plan).unwrap();
    let out = town.seal_plan(0, 1, &mut plan, Enclosed::Nothing).unwrap();
    town.server.post(companion, out);
    let mail = town.mail(0, 0);
    store.receive(&mut town, &mail, &[]);

    let mut plan = town.client(0, 0).plan_repair(&Repair::SeenReport, NOW).unwrap();
    store.seal(&mut town, &mut plan, b"", &[vec![19], about(4, companion)]);

    // Another account key, acknowledged, and forgotten.
    let account = Account::generate(town.id(2), &mut town.rng);
    let new = Client::create(&account, NOW, &mut town.rng);
    let client = &mut town.people[0].devices[0];
    let learned = store.apply(client, |client| client.learn(new.list(), NOW));
    assert_eq!(learned, ListUpdate::Changed);
    store.apply(client, |client| client.acknowledge(new.list(), NOW));
    let other = Account::generate(account.id(), &mut town.rng);
    let new = Client::create(&other, NOW, &mut town.rng);
    store.apply(client, |client| client.learn(new.list(), NOW));
    store.apply(client, |client| client.dismiss(new.list(), NOW));
    let known = client.list_of(account.id()).unwrap();
    let (key, hash) = (known.account_key(), known.hash());
    for status in [Some(LogStatus::Included), Some(LogStatus::Missing), None] {
        store.apply(client, |client| client.set_logged(account.id(), hash, status, NOW));
    }
    for key in [Some(key), None] {
        store.apply(client, |client| client.set_verified(account.id(), key, NOW));
    }
    store.apply(client, |client| client.forget(account.id(), NOW));

    queue(&mut town, &mut store, companion);

    // A companion comes and goes.
    let Person { account, devices } = &mut town.people[0];
    let new_device = NewDevice::generate("tablet", NOW, &mut town.rng).unwrap();
    let request = LinkingRequest::read(&new_device.code(), NOW).unwrap();
    let (primary, rng) = (&mut devices[0], &mut town.rng);
    let offer = store.apply(primary, |client| client.approve(account, &request, 4, NOW, rng));
    let linking_offer = new_device.open(&offer, NOW).unwrap();
    let (tablet, acceptance) = accepted(linking_offer, new_device, primary, NOW);
    let briefing = store.apply(primary, |client| client.admit(account, &acceptance, b"notes", NOW));
    let tablet = briefed(tablet, &briefing, NOW, &mut town.rng);
    store.apply(primary, |client| client.renew(account, NOW));
    store.apply(primary, |client| client.remove(account, tablet.address().device, NOW));
    let client = restored(&tablet);
    assert_eq!(client.address(), tablet.address());

    // Time: an hour, and what ends by it.
    for now in [NOW + HOUR + 2, NOW + 40 * DAY, u64::MAX] {
        let client = &mut town.people[0].devices[0];
        store.apply(client, |client| Ok(client.expire(now)));
    }
    let client = &mut town.people[0].devices[0];
    store.apply(client, |client| Ok(client.reset_clock(NOW)));
    assert_eq!(
        store.steps.into_iter().collect::<Vec<_>>(),
        (1..=21).chain([28]).collect::<Vec<_>>()
    );
}

#[test]
fn of_two_changes_from_one_state_the_second_is_stale() {
    let mut town = Town::new(2, &[2, 1]);
    town.chat(0, 1);
    town.say(1, 0, 0, b"hello");
    town.renew(1);
    let mail = town.server.take(town.address(0, 0)).unwrap();
    let list = town.server.list(town.id(1));
    let client = &mut town.people[0].devices[0];
    let changes = |client: &mut Client, rng: &mut TestRng| {
        vec![
            recorded(client, |client| client.open(mail.from, &mail.message, NOW)),
            recorded(client, |client| client.learn(&list, NOW)),
            recorded(client, |client| Ok(client.replenish(NOW, rng))),
            recorded(client, |client| Ok(client.expire(NOW + HOUR))),
            recorded(client, |client| client.forget(list.account(), NOW)),
        ]
    };
    for first in 0..5 {
        let mut client = restored(client);
        let mut made = changes(&mut client, &mut town.rng);
        made.remove(first).apply(&mut client).unwrap();
        for other in made {
            refuses(&mut client, Error::StaleChange, |client| other.apply(client));
        }
    }
}

#[test]
fn a_change_fits_one_client_and_no_other_state() {
    let mut town = Town::new(3, &[2, 1]);
    let mut rng = TestRng::new(3);
    let change = recorded(town.client(0, 0), |client| Ok(client.replenish(NOW, &mut rng)));
    let bytes = change.to_bytes();
    refuses(town.client(0, 1), Error::StaleChange, |client| change.apply(client));
    // A device's own change is not a client's, although it is one device, and a client's is not a
    // device's: they are not even read as such.
    assert_eq!(Change::<Device>::from_bytes(&bytes).err(), Some(Error::WrongKind));
    let mut device = device_of(town.client(0, 0));
    let change = recorded(&mut device, |device| Ok(device.replenish(NOW, &mut rng)));
    assert_eq!(Change::<Client>::from_bytes(&change.to_bytes()).err(), Some(Error::WrongKind));
    let mut other = Device::generate(&town.people[0].account, NOW, &mut rng);
    refuses(&mut other, Error::StaleChange, |other| change.apply(other));
}

#[test]
fn nothing_is_recorded_over_a_store_that_has_moved_on() {
    let mut town = Town::new(4, &[1, 1]);
    town.chat(0, 1);
    let to = To::Account(town.id(1));
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    let mut other = restored(client);
    let elsewhere = other.send(to, &said(b"from another process"), NOW, rng).unwrap();
    assert_eq!(elsewhere.envelopes.len(), 1);
    let stored = other.anchor();
    refuses(client, Error::StaleChange, |client| {
        let keys = client.replenish(NOW, rng);
        keys.record(&key(7), OWNER, &stored, &mut TestRng::new(1)).map(drop)
    });
    let mut plan = client.plan(to, NOW).unwrap();
    refuses(client, Error::StaleChange, |client| {
        let sealed = client.seal(&mut plan, &said(b"too late"), NOW, rng)?;
        sealed.record(&key(7), OWNER, &stored, &mut TestRng::new(1)).map(drop)
    });
}

#[test]
fn a_change_whose_bytes_were_altered_is_refused_or_is_what_it_says() {
    let mut town = Town::new(5, &[2, 1]);
    town.say(1, 0, 0, b"hello");
    let mail = town.server.take(town.address(0, 0)).unwrap();
    let client = town.client(0, 0);
    let change = recorded(client, |client| client.open(mail.from, &mail.message, NOW));
    let bytes = change.to_bytes();
    let mut refused = 0;
    for place in 0..bytes.len() {
        let mut altered = bytes.to_vec();
        altered[place] ^= 0x81;
        match Change::<Client>::from_bytes(&altered) {
            Ok(change) => assert!(*change.to_bytes() == altered, "{place}: two encodings"),
            Err(error) => {
                assert!(matches!(
                    error,
                    Error::Corrupt | Error::WrongKind | Error::UnknownVersion(_)
                ));
                refused += 1;
            }
        }
    }
    assert!(refused > 20);
    for length in 2..bytes.len() {
        assert_eq!(Change::<Client>::from_bytes(&bytes[..length]).err(), Some(Error::Corrupt));
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Change::<Client>::from_bytes(&longer).err(), Some(Error::Corrupt));
}

#[test]
fn a_change_about_the_device_at_another_place_is_stale_though_the_client_is_at_its_own() {
    let mut town = Town::new(3, &[1]);
    let client = town.client(0, 0);
    let rng = &mut TestRng::new(3);
    let place = device_of(client).anchor().to_bytes();
    let change = recorded(client, |client| Ok(client.replenish(NOW, rng)));
    let bytes = change.to_bytes();
    let at = places(&bytes, &place);
    assert_eq!(at.len(), 1, "the change names the place of the device");
    for byte in at[0]..at[0] + place.len() {
        let mut other = bytes.to_vec();
        other[byte] ^= 1;
        let Ok(change) = Change::from_bytes(&other) else { continue };
        refuses(client, Error::StaleChange, |client| change.apply(client));
    }
    change.apply(client).unwrap();
}
