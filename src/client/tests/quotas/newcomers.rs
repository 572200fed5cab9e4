//! Newcomers: accounts that the user has never written to.

use super::*;
use crate::client::limits::{MAX_NEWCOMER_LISTS, MAX_NEWCOMER_SESSIONS, MAX_NEWCOMERS};
use crate::client::tombstones::MAX_TOMBSTONES;
use crate::client::{Enclosed, LetterEvent, MessageId, Repair, To};
use crate::content::Content;
use crate::protocol::clock::{Clock, Now};
use crate::protocol::identity::device_list::DeviceList;
use crate::session::{Account, Served};

/// Makes so many newcomers that each have written one letter.
fn fill(victim: &mut Victim, numbers: core::ops::Range<u32>) -> Vec<Crowd> {
    let now = victim.client.inner.clock.latest();
    let meet = |number| {
        let one = victim.meet(number, 1);
        let mut session = victim.session(&one, 0, NOW);
        let letter = victim.seal(&one, &mut session);
        victim.open(one.address(0), &letter, now).unwrap();
        one
    };
    numbers.map(meet).collect()
}

#[test]
fn of_too_many_newcomers_the_one_heard_of_longest_ago_goes_and_can_be_heard_again() {
    let mut victim = Victim::new(20);
    let friend = victim.befriend(1, 1);
    victim.flood(&friend, (0, NOW), 10);
    // Somebody honest who writes first, and waits for an answer.
    let account = Account::generate(AccountId([9; 32]), &mut victim.rng);
    let mut shy = Client::create(&account, NOW - 1, &mut victim.rng);
    victim.client.learn(shy.list(), NOW).unwrap().apply();
    shy.learn(victim.client.list(), NOW - 1).unwrap().apply();
    let (to, address) = (To::Account(victim.client.address().account), shy.address());
    let mut plan = shy.plan(to, NOW - 1).unwrap();
    plan.supply(&shy, &victim.client.bundle(), NOW - 1, &mut victim.rng).unwrap();
    let first =
        shy.seal(&mut plan, &Content::app(7, b"hello?"), NOW - 1, &mut victim.rng).unwrap().apply();
    victim.open(address, &first.envelopes[0].message, NOW).unwrap();
    victim.client.inner.clock = Clock::new(NOW + 1);
    let count = u32::try_from(MAX_NEWCOMER_SESSIONS).unwrap() - 1;
    let others = fill(&mut victim, 2..2 + count);
    let length = victim.length();
    // 2,048 sessions and lists of one device each: a session, its memories and its list come to four kilobytes.
    assert!(length <= 4_000 * MAX_NEWCOMER_SESSIONS, "{length}");
    assert!(victim.client.has_session(address, NOW + 1));

    let mut session = victim.session(&others[0], 0, NOW + 2);
    let letter = victim.seal(&others[0], &mut session);
    let arrived = victim.open(others[0].address(0), &letter, NOW + 2).unwrap();
    assert!(arrived.alerts.contains(&Alert::NewcomerErased { device: address }));
    assert!(!victim.client.has_session(address, NOW + 2));
    assert_eq!(victim.sessions(&friend), 1);
    assert_eq!(victim.length() / 1000, length / 1000);

    // What was opened does not open again, and what comes now is requested. Nobody is alarmed.
    let again = victim.open(address, &first.envelopes[0].message, NOW + 2).err();
    assert_eq!(again, Some(Error::Replay));
    let second =
        shy.send(to, &Content::app(7, b"are you there?"), NOW + 3, &mut victim.rng).unwrap();
    let later = victim.open(address, &second.envelopes[0].message, NOW + 3).err();
    assert_eq!(later, Some(Error::Replay));
    let mut plan = victim.client.request_resend(address, second.id, NOW + 3).unwrap();
    plan.supply(&victim.client, &shy.bundle(), NOW + 3, &mut victim.rng).unwrap();
    let request =
        victim.client.seal(&mut plan, Enclosed::Nothing, NOW + 3, &mut victim.rng).unwrap().apply();
    let own = victim.client.address();
    let asked = shy.receive(own, &request.envelopes[0].message, NOW + 3).unwrap();
    assert!(matches!(asked.event, LetterEvent::ResendRequested));
    assert!(shy.repairs(NOW + 3).eq([Repair::Resend { to: own, id: second.id }]));
    assert_eq!(quiet(&asked.alerts), [Alert::SessionReplaced]);
    let mut plan = shy.plan_repair(&Repair::Resend { to: own, id: second.id }, NOW + 3).unwrap();
    let resent = shy
        .seal(&mut plan, &Content::app(7, b"are you there?"), NOW + 3, &mut victim.rng)
        .unwrap()
        .apply();
    let arrived = victim.open(address, &resent.envelopes[0].message, NOW + 3).unwrap();
    let LetterEvent::Message(said) = arrived.event else { panic!() };
    assert_eq!(said.as_app(), Some((7, &b"are you there?"[..])));
    assert_eq!(quiet(&arrived.alerts), []);
    // A request is no letter of the user's: it is a newcomer still.
    assert!(victim.client.inner.is_newcomer(address.account));
    victim
        .client
        .send(To::Account(address.account), &Content::app(7, b"yes"), NOW + 4, &mut victim.rng)
        .unwrap();
    assert!(!victim.client.inner.is_newcomer(address.account));
}

fn quiet(alerts: &[Alert]) -> Vec<Alert> {
    alerts.iter().filter(|alert| **alert != Alert::NoOneTimePrekey).copied().collect()
}

#[test]
fn a_newcomer_with_many_sessions_gives_up_its_own_before_others() {
    let mut victim = Victim::new(21);
    let shy = fill(&mut victim, 1..2).remove(0);
    let mut crowd = Vec::new();
    for number in 2..70 {
        let one = victim.meet(number, MAX_DEVICES);
        for device in 0..MAX_DEVICES {
            victim.flood(&one, (device, NOW), 0);
        }
        crowd.push(one);
    }
    let sessions: usize = crowd.iter().map(|one| victim.sessions(one)).sum();
    assert_eq!(sessions + 1, MAX_NEWCOMER_SESSIONS);
    assert_eq!(victim.sessions(&shy), 1);
    victim.length();
}

#[test]
fn a_client_knows_2048_newcomers_and_says_whom_to_forget() {
    let mut victim = Victim::new(22);
    let friend = victim.befriend(1, 1);
    let count = u32::try_from(MAX_NEWCOMERS).unwrap();
    assert!(victim.client.tasks(&Served::NOTHING, NOW).forget.is_empty());
    for number in 2..2 + count {
        victim.meet(number, 1);
    }
    let shy = crowd::id(2);
    let last = Crowd::new(2 + count, 1, &mut victim.rng);
    let bytes = victim.client.to_bytes();
    let refused = victim.client.learn(&last.list, NOW).map(drop);
    assert_eq!(refused, Err(Error::TooManyAccounts));
    assert!(*bytes == *victim.client.to_bytes());
    let forget = victim.client.tasks(&Served::NOTHING, NOW).forget;
    assert_eq!(forget.len(), MAX_NEWCOMERS / 2);
    assert!(!forget.contains(&friend.id()));
    assert_eq!(forget[0], shy);
    for account in &forget {
        victim.client.forget(*account, NOW).unwrap().apply();
    }
    assert!(victim.client.tasks(&Served::NOTHING, NOW).forget.is_empty());
    // They give way one by one, and no earlier than they must.
    assert_eq!(victim.client.inner.contacts.len(), MAX_NEWCOMERS + 1);
    victim.client.learn(&last.list, NOW).unwrap().apply();
    assert_eq!(victim.client.inner.contacts.len(), MAX_NEWCOMERS + 1);
    assert!(!victim.client.inner.contacts.contains_key(&shy));
    victim.length();
}

#[test]
fn the_longest_list_of_a_newcomer_comes_to_10_kilobytes() {
    let mut victim = Victim::new(23);
    let account = Account::generate(AccountId([3; 32]), &mut victim.rng);
    let devices: Vec<_> = (0..MAX_DEVICES)
        .map(|_| crate::session::Device::generate(&account, NOW, &mut victim.rng))
        .map(|device| device.certificate().clone())
        .collect();
    let mut list = DeviceList::first(account.key(), devices[0].clone(), NOW);
    for _ in 0..80 {
        list = list.next(account.key(), devices.clone(), NOW).unwrap();
    }
    let before = victim.length();
    victim.client.learn(&list, NOW).unwrap().apply();
    let made = victim.length() - before;
    assert!((9_000..10_000).contains(&made), "{made}");
}

#[test]
fn of_all_newcomers_512_lists_wait_and_no_more() {
    let mut victim = Victim::new(24);
    let lists = u32::try_from(MAX_NEWCOMER_LISTS).unwrap();
    let mut list_of = |number: u32| Crowd::new(number, 1, &mut victim.rng).list;
    let known: Vec<_> = (0..=lists / 4).map(|number| list_of(1 + number)).collect();
    let others: Vec<_> = (0..=lists).map(|number| list_of(1 + number / 4)).collect();
    for list in &known {
        victim.client.learn(list, NOW).unwrap().apply();
    }
    let (last, others) = others.split_last().unwrap();
    for list in others {
        victim.client.learn(list, NOW).unwrap().apply();
    }
    victim.length();
    let bytes = victim.client.to_bytes();
    assert_eq!(victim.client.learn(last, NOW).map(drop), Err(Error::TooManyAccounts));
    assert!(*bytes == *victim.client.to_bytes());
    // The user decides about one: it is no newcomer's.
    victim.client.dismiss(&others[0], NOW).unwrap().apply();
    assert!(!victim.client.inner.is_newcomer(known[0].account()));
    victim.client.learn(last, NOW).unwrap().apply();
    victim.length();
}

#[test]
fn tombstones_of_newcomers_push_out_no_others() {
    let mut victim = Victim::new(25);
    let friend = victim.befriend(1, 3);
    let inner = &mut victim.client.inner;
    for device in 0..3 {
        inner.bury(friend.address(device), 5, NOW);
    }
    let (busy, shy) = (victim.befriend(2, 1), victim.befriend(3, 1));
    let inner = &mut victim.client.inner;
    inner.bury(shy.address(0), 6, NOW);
    let device =
        |number: u64| Address { account: busy.id(), device: DeviceId(number.to_be_bytes()) };
    // A newcomer's go first, then those of the account that has most.
    for number in 0..3000_u32 {
        let newcomer = Address { account: crowd::id(100 + number), device: DeviceId([1; 8]) };
        inner.bury(newcomer, 7, NOW);
    }
    for number in 0..3000 {
        inner.bury(device(number), 8, NOW);
    }
    assert_eq!(inner.tombstones.0.len(), MAX_TOMBSTONES);
    assert_eq!(
        (
            inner.newest(friend.address(0), Now::beginning(NOW)),
            inner.newest(friend.address(2), Now::beginning(NOW))
        ),
        (5, 5)
    );
    assert_eq!(inner.newest(shy.address(0), Now::beginning(NOW)), 6);
    assert_eq!(
        (
            inner.newest(device(0), Now::beginning(NOW)),
            inner.newest(device(2999), Now::beginning(NOW))
        ),
        (0, 8)
    );
    victim.length();
}

#[test]
fn a_request_of_this_devices_own_makes_no_newcomer_known() {
    let mut victim = Victim::new(26);
    let one = victim.meet(1, 1);
    assert!(victim.client.inner.is_newcomer(one.id()));
    let id = MessageId([1; 16]);
    let mut plan = victim.client.request_resend(one.address(0), id, NOW).unwrap();
    plan.supply(&victim.client, &one.devices[0].bundle(), NOW, &mut victim.rng).unwrap();
    victim.client.seal(&mut plan, Enclosed::Nothing, NOW, &mut victim.rng).unwrap().apply();
    assert!(victim.client.inner.is_newcomer(one.id()));
}

#[test]
fn whom_another_own_device_has_written_to_is_no_newcomer() {
    let mut victim = Victim::new(27);
    let rng = &mut victim.rng;
    let account = Account::generate(AccountId([5; 32]), rng);
    let devices = [0, 1].map(|_| crate::session::Device::generate(&account, NOW, rng));
    let certificates = devices.each_ref().map(|device| device.certificate().clone());
    let first = DeviceList::first(account.key(), certificates[0].clone(), NOW);
    let list = first.next(account.key(), certificates.into(), NOW).unwrap();
    let [mut one, mut two] = devices.map(|device| Client::new(device, list.clone(), NOW));
    let friend = Crowd::new(1, 1, rng);
    for client in [&mut one, &mut two] {
        client.learn(&friend.list, NOW).unwrap().apply();
    }
    let mut plan = one.plan(To::Account(friend.id()), NOW).unwrap();
    for bundle in [friend.devices[0].bundle(), two.bundle()] {
        plan.supply(&one, &bundle, NOW, rng).unwrap();
    }
    let out = one.seal(&mut plan, &Content::app(7, b"hello"), NOW, rng).unwrap().apply();
    assert!(!one.inner.is_newcomer(friend.id()) && two.inner.is_newcomer(friend.id()));
    let copy = out.envelopes.iter().find(|envelope| envelope.to == two.address()).unwrap();
    two.receive(one.address(), &copy.message, NOW).unwrap();
    assert!(!two.inner.is_newcomer(friend.id()));
    assert!(*Client::from_bytes(&two.to_bytes()).unwrap().to_bytes() == *two.to_bytes());
}

#[test]
fn whose_key_the_user_has_compared_is_no_newcomer() {
    let mut victim = Victim::new(28);
    let one = victim.meet(1, 1);
    victim.flood(&one, (0, NOW), 3);
    let key = one.list.account_key();
    victim.client.set_verified(one.id(), None, NOW).unwrap().apply();
    assert!(victim.client.inner.is_newcomer(one.id()));
    victim.client.set_verified(one.id(), Some(key), NOW).unwrap().apply();
    victim.client.set_verified(one.id(), None, NOW).unwrap().apply();
    assert!(!victim.client.inner.is_newcomer(one.id()));
    victim.length();
}
