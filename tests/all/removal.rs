//! Devices and accounts that go, and ids that come again: nothing of them is left.

use latchstring::Error;
use latchstring::client::{Alert, Client, DeviceList, ListUpdate, Repair, To};
use latchstring::session::{Account, AccountId, DeviceId};
use latchstring::storage::State;

use support::forged::{Listing, member, named};
use support::town::{Person, Town, said};
use support::{NOW, TestRng, account_seed, places, refuses, restored, secrets_with};

fn learn(client: &mut Client, list: &DeviceList, now: u64) -> Result<ListUpdate, Error> {
    Ok(client.learn(list, now)?.apply())
}

fn devices_of(list: &DeviceList) -> Vec<DeviceId> {
    list.devices().iter().map(latchstring::session::Certificate::device).collect()
}

// ---- one id, other keys ----

#[test]
fn an_account_cannot_give_a_devices_id_to_other_keys() {
    let mut town = Town::new(22, &[1, 2]);
    town.chat(0, 1);
    let seed = account_seed(&town.people[1].account);
    let id = town.address(1, 1).device.0;
    let mut listing = Listing::of(&town.server.list(town.id(1))).next();
    let place = listing.place(id);
    listing.members[place] = member(town.id(1), &seed, id, &[8; 32], &[7; 32]);
    let list = listing.signed(&seed).list();
    for person in [0, 1] {
        refuses(town.client(person, 0), Error::WrongPeer, |client| {
            client.learn(&list, NOW).map(drop)
        });
    }
}

#[test]
fn a_device_under_a_known_id_with_other_keys_finds_no_session() {
    let mut town = Town::new(23, &[1, 1]);
    town.chat(0, 1);
    let old = town.address(1, 0);
    town.say(1, 0, 0, b"from the old keys");
    let late = town.mail(0, 0);
    // Set up anew, and by chance or by malice under the device id of before.
    let mut rng = TestRng::new(100);
    let account = Account::generate(town.id(1), &mut rng);
    let mut new = named(&account, old.device.0, &mut rng);
    assert_eq!(new.address(), old);
    let reader = town.people[0].devices[0].certificate().clone();
    let old_certificate = town.people[1].devices[0].certificate().clone();
    let client = &mut town.people[0].devices[0];
    let secrets = secrets_with(&client.to_bytes(), &old_certificate);
    assert!(secrets.len() >= 4);
    learn(client, new.list(), NOW).unwrap();
    client.acknowledge(new.list(), NOW).unwrap().apply();
    assert!(!client.has_session(old, NOW));
    let bytes = client.to_bytes();
    assert!(secrets.iter().all(|secret| places(&bytes, secret).is_empty()));
    // Neither a late letter nor a new session of the old keys is taken for the new device's.
    refuses(client, Error::Forged, |client| client.open(old, &late.message, NOW).map(drop));
    let keys = client.replenish(NOW, &mut town.rng).apply();
    let bundle = client.bundle();
    let first = town.whisper((1, 0), (0, 0), |words| words).message;
    let client = &mut town.people[0].devices[0];
    refuses(client, Error::WrongPeer, |client| client.open(old, &first, NOW).map(drop));
    // The new device itself is heard.
    learn(&mut new, client.list(), NOW).unwrap();
    let mut plan = new.plan(To::Account(reader.account()), NOW).unwrap();
    let bundle = bundle.attach(keys[0].clone()).unwrap();
    plan.supply(&new, &bundle, NOW, &mut rng).unwrap();
    let out = new.seal(&mut plan, &said(b"new"), NOW, &mut rng).unwrap().apply();
    assert!(client.receive(old, &out.envelopes[0].message, NOW).is_ok());
}

// ---- removal ----

#[test]
fn a_removed_device_is_erased_at_once_by_everybody_who_learns_it() {
    let mut town = Town::new(24, &[2, 2]);
    town.chat(0, 1);
    // Skipped keys: a letter that is still under way to everybody.
    for _ in 0..2 {
        town.say(1, 1, 0, b"late");
    }
    let (mut late, mut heard) = (Vec::new(), Vec::new());
    for (person, device) in [(0, 0), (0, 1), (1, 0)] {
        let address = town.address(person, device);
        late.push(town.server.take(address).unwrap());
        heard.push(town.server.take(address).unwrap());
    }
    for (mail, (person, device)) in heard.iter().zip([(0, 0), (0, 1), (1, 0)]) {
        let client = town.client(person, device);
        assert_eq!(client.receive(mail.from, &mail.message, NOW).unwrap().skipped, 1);
    }
    let gone = town.people[1].devices[1].certificate().clone();
    let address = town.address(1, 1);
    let secrets: Vec<_> = [(0, 0), (0, 1), (1, 0)]
        .map(|(person, device)| secrets_with(&town.client(person, device).to_bytes(), &gone))
        .concat();
    assert!(secrets.len() >= 3 * 5, "{}", secrets.len());
    let (list, _) = town.remove(1, 1);
    for device in [0, 1] {
        let client = town.client(0, device);
        let removed = vec![address.device];
        assert_eq!(learn(client, &list, NOW), Ok(ListUpdate::Newer { added: vec![], removed }));
    }
    for (mail, (person, device)) in late.iter().zip([(0, 0), (0, 1), (1, 0)]) {
        let client = town.client(person, device);
        let bytes = client.to_bytes();
        assert!(places(&bytes, &gone.encode()).is_empty());
        for secret in &secrets {
            assert!(places(&bytes, secret).is_empty(), "a key of a removed device stays");
        }
        refuses(client, Error::Unlisted, |client| {
            client.open(mail.from, &mail.message, NOW).map(drop)
        });
    }
}

#[test]
fn a_removed_device_is_written_to_no_more_and_reads_nothing_sealed_later() {
    let mut town = Town::new(25, &[1, 3]);
    town.chat(0, 1);
    town.say(0, 0, 1, b"before");
    let before = town.server.take(town.address(1, 2)).unwrap();
    let (list, mut gone) = town.remove(1, 2);
    town.inform(1, town.id(1));
    town.inform(0, town.id(1));
    // It does not know yet, so it still reads what was for it.
    assert!(gone.open(before.from, &before.message, NOW).is_ok());
    let writers = [(0, 0, To::Account(town.id(1))), (1, 1, To::Account(town.id(0)))];
    for (person, device, to) in writers {
        let out = town.seal(person, device, to, b"after").unwrap();
        assert!(out.envelopes.iter().all(|envelope| envelope.to != gone.address()));
        let from = town.address(person, device);
        for envelope in &out.envelopes {
            refuses(&mut gone, Error::Forged, |gone| {
                gone.open(from, &envelope.message, NOW).map(drop)
            });
        }
    }
    // Nobody backfills it or answers its requests.
    let id = town.say(0, 0, 1, b"again");
    let address = gone.address();
    refuses(town.client(0, 0), Error::Unlisted, |client| {
        client.plan_repair(&Repair::Resend { to: address, id }, NOW)
    });
    let plan = town.client(0, 0).plan_repair(&Repair::Backfill { id }, NOW).unwrap();
    assert_eq!(plan.devices().count(), 0);
    // And when it hears of it:
    assert_eq!(learn(&mut gone, &list, NOW), Ok(ListUpdate::Removed));
}

#[test]
fn what_a_removed_device_sends_is_refused_also_in_a_new_session() {
    let mut town = Town::new(26, &[1, 2]);
    town.chat(0, 1);
    let (_, mut gone) = town.remove(1, 1);
    town.inform(0, town.id(1));
    let (now, from) = (town.now, gone.address());
    let out = gone.send(To::Account(town.id(0)), &said(b"still here"), now, &mut town.rng);
    let out = out.unwrap();
    let message =
        &out.envelopes.iter().find(|envelope| envelope.to == town.address(0, 0)).unwrap().message;
    refuses(town.client(0, 0), Error::Unlisted, |client| client.open(from, message, now).map(drop));
    town.people[1].devices.push(gone);
    let first = town.whisper((1, 1), (0, 0), |words| words).message;
    refuses(town.client(0, 0), Error::Unlisted, |client| client.open(from, &first, now).map(drop));
    // Nor does it help to say that it is the other device.
    let other = town.address(1, 0);
    refuses(town.client(0, 0), Error::WrongPeer, |client| {
        client.open(other, &first, now).map(drop)
    });
}

#[test]
fn a_device_that_learns_of_its_removal_erases_everything_and_does_nothing_more() {
    let mut town = Town::new(27, &[1, 2]);
    town.chat(0, 1);
    town.say(0, 0, 1, b"too late");
    let mail = town.mail(1, 1);
    let own = town.server.take(town.address(1, 0)).unwrap();
    town.client(1, 0).receive(own.from, &own.message, NOW).unwrap();
    let certificates: Vec<_> = [(0, 0), (1, 0)]
        .map(|(person, device)| town.people[person].devices[device].certificate().clone())
        .to_vec();
    let peer = town.address(0, 0);
    let (list, mut gone) = town.remove(1, 1);
    let bytes = gone.to_bytes();
    let secrets: Vec<_> =
        certificates.iter().flat_map(|certificate| secrets_with(&bytes, certificate)).collect();
    assert!(secrets.len() >= 2 * 4);
    let (to, account) = (To::Account(town.id(0)), &town.people[1].account);
    let mut plan = gone.plan(to, NOW).unwrap();
    assert_eq!(learn(&mut gone, &list, NOW), Ok(ListUpdate::Removed));
    let bytes = gone.to_bytes();
    assert!(secrets.iter().all(|secret| places(&bytes, secret).is_empty()));
    assert!(!gone.has_session(peer, NOW));
    let rng = &mut town.rng;
    refuses(&mut gone, Error::OwnDeviceUnlisted, |gone| {
        gone.open(mail.from, &mail.message, NOW).map(drop)
    });
    refuses(&mut gone, Error::OwnDeviceUnlisted, |gone| gone.plan(to, NOW));
    refuses(&mut gone, Error::OwnDeviceUnlisted, |gone| gone.plan(To::Own, NOW));
    refuses(&mut gone, Error::OwnDeviceUnlisted, |gone| {
        gone.seal(&mut plan, &said(b"no"), NOW, rng).map(drop)
    });
    refuses(&mut gone, Error::OwnDeviceUnlisted, |gone| gone.plan_repair(&Repair::SeenReport, NOW));
    refuses(&mut gone, Error::OwnDeviceUnlisted, |gone| {
        gone.request_resend(mail.from, mail.id, NOW)
    });
    refuses(&mut gone, Error::OwnDeviceUnlisted, |gone| gone.renew(account, NOW).map(drop));
    refuses(&mut gone, Error::Unlisted, |gone| gone.remove(account, peer.device, NOW).map(drop));
    // A restart does not bring it back.
    let mut gone = restored(&gone);
    refuses(&mut gone, Error::OwnDeviceUnlisted, |gone| gone.plan(to, NOW));
}

#[test]
fn only_the_account_itself_signs_its_list() {
    let mut town = Town::new(28, &[2, 1]);
    let own = town.address(0, 0).device;
    let companion = town.address(0, 1).device;
    let Town { people, .. } = &mut town;
    let [me, other] = &mut people[..] else { panic!() };
    let client = &mut me.devices[0];
    refuses(client, Error::WrongAccount, |client| client.renew(&other.account, NOW).map(drop));
    refuses(client, Error::WrongAccount, |client| {
        client.remove(&other.account, companion, NOW).map(drop)
    });
    refuses(client, Error::OwnDevice, |client| client.remove(&me.account, own, NOW).map(drop));
    refuses(client, Error::Unlisted, |client| {
        client.remove(&me.account, DeviceId([1; 8]), NOW).map(drop)
    });
    client.remove(&me.account, companion, NOW).unwrap().apply();
    assert_eq!(devices_of(client.list()), [own]);
}

#[test]
fn what_was_withheld_while_a_device_was_listed_begins_no_session_when_it_is_back() {
    let mut town = Town::new(32, &[1, 2]);
    let held = town.whisper((1, 1), (0, 0), |words| words);
    town.now += 1;
    town.chat(0, 1);
    let seed = account_seed(&town.people[1].account);
    let with = Listing::of(&town.server.list(town.id(1)));
    let mut without = with.next();
    let place = without.place(town.address(1, 1).device.0);
    without.members.remove(place);
    let without = without.signed(&seed);
    let again = Listing { members: with.members, ..without.next() }.signed(&seed);
    let now = town.now;
    let client = town.client(0, 0);
    learn(client, &without.list(), now).unwrap();
    assert!(!client.has_session(held.from, now));
    learn(client, &again.list(), now).unwrap();
    let arrived = client.receive(held.from, &held.message, now).unwrap();
    assert!(arrived.alerts.contains(&Alert::StraySession), "{:?}", arrived.alerts);
    assert!(!client.has_session(held.from, now));
}

#[test]
fn an_account_that_is_forgotten_leaves_nothing_behind() {
    let mut town = Town::new(29, &[1, 2]);
    town.chat(0, 1);
    let id = town.id(1);
    let certificates: Vec<_> =
        town.people[1].devices.iter().map(|device| device.certificate().clone()).collect();
    let client = town.client(0, 0);
    let bytes = client.to_bytes();
    let secrets: Vec<_> =
        certificates.iter().flat_map(|certificate| secrets_with(&bytes, certificate)).collect();
    assert!(secrets.len() >= 2 * 4);
    client.forget(id, NOW).unwrap().apply();
    let bytes = client.to_bytes();
    assert!(secrets.iter().all(|secret| places(&bytes, secret).is_empty()));
    assert!(client.list_of(id).is_none());
    refuses(client, Error::UnknownAccount, |client| client.forget(id, NOW).map(drop));
    refuses(client, Error::UnknownAccount, |client| client.plan(To::Account(id), NOW));
}

#[test]
fn who_has_lost_the_primary_makes_another_from_the_account_key() {
    let mut town = Town::new(40, &[2, 1]);
    town.chat(0, 1);
    let newest = town.server.list(town.id(0));
    let old = town.address(0, 0).device;
    let (now, rng) = (town.now, &mut town.rng);
    let Person { account, devices } = &mut town.people[0];
    let other = Account::generate(AccountId([9; 32]), rng);
    let refused = Client::recover(&other, &newest, &[old], now, rng).map(drop);
    assert_eq!(refused, Err(Error::WrongPeer));
    devices[0] = Client::recover(account, &newest, &[old], now, rng).unwrap();
    let list = devices[0].list().clone();
    assert_eq!((list.epoch(), list.devices().len()), (newest.epoch() + 1, 2));
    assert!(list.device(old).is_none());
    town.server.publish(&list);
    town.publish_keys(0, 0);
    town.learn_all();
    town.say(1, 0, 0, b"welcome back");
    assert_eq!(town.read(0, 0), [b"welcome back"]);
    assert_eq!(town.read(0, 1), [b"welcome back"]);
    town.say(0, 0, 1, b"here I am");
    assert_eq!(town.read(1, 0), [b"here I am"]);
    assert_eq!(town.read(0, 1), [b"here I am"]);
}
