//! Clients in the hands of dishonest code, and tests that need to look inside.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use alloc::vec::Vec;

use crate::client::Address;
use crate::client::Alert;
use crate::client::Client;
use crate::client::Enclosed;
use crate::client::LetterEvent;
use crate::client::Mail;
use crate::client::NewDevice;
use crate::client::Repair;
use crate::client::Taken;
use crate::client::To;
use crate::client::doubt::Level;
use crate::client::seen_log::Seen;
use crate::content::Content;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::handshake::continuation::{Continuation, Predecessor};
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::letter;
use crate::protocol::letter::{Body, Letter, Listed, MessageId, Said, SeenMessage};
use crate::protocol::position::{Position, SessionId};
use crate::session::Account;
use crate::session::Device;
use crate::storage::{Pending, State};

const NOW: u64 = 1_800_000_000;

/// Makes two accounts of one device each that know each other's lists.
pub(super) fn two(rng: &mut TestRng) -> [Client; 2] {
    let [mut one, mut other] = [1, 2].map(|id| {
        let account = Account::generate(AccountId([id; 32]), rng);
        Client::create(&account, NOW, rng)
    });
    one.learn(other.list(), NOW).unwrap().apply();
    other.learn(one.list(), NOW).unwrap().apply();
    [one, other]
}

/// Seals a message from one to the other, in a new session if one must begin, and does not deliver it.
fn say(from: &mut Client, to: &Client, now: u64, rng: &mut TestRng) -> Vec<u8> {
    let mut plan = from.plan(To::Account(to.address().account), now).unwrap();
    if plan.missing().next().is_some() {
        plan.supply(from, &to.bundle(), now, rng).unwrap();
    }
    let mut out = from.seal(&mut plan, &Content::app(7, b"text"), now, rng).unwrap().apply();
    out.envelopes.pop().unwrap().message
}

/// Brings two clients to one proven session.
pub(super) fn talk([x, y]: [&mut Client; 2], rng: &mut TestRng) {
    for _ in 0..2 {
        let message = say(x, y, NOW, rng);
        y.receive(x.address(), &message, NOW).unwrap();
        let message = say(y, x, NOW, rng);
        x.receive(y.address(), &message, NOW).unwrap();
    }
}

/// Makes what a thief of the identity key of `x` can: a first message that continues what it likes.
pub(super) fn first_of_a_thief(
    (x, y): (&Client, &Client),
    continues: Continuation,
    (now, rng): (u64, &mut TestRng),
) -> Vec<u8> {
    let session = x.inner.device.initiate_with(continues, &y.bundle(), now, rng).unwrap();
    let [mine, yours] = [x.list(), y.list()].map(|l| Listed { epoch: l.epoch(), hash: l.hash().0 });
    let letter = Letter {
        rolled_back: false,
        lists: [mine, yours],
        sent: now,
        id: MessageId([1; 16]),
        conversation: letter::LetterConversation::With(y.address().account),
        body: Body::Said(Said::Message(b"\x01\x01\0\0\0\x04text")),
    };
    session.seal(&letter.encode(), 300, rng).unwrap().0
}

#[test]
fn a_thief_of_an_identity_key_is_told_of_whatever_it_says_it_continues() {
    let mut rng = TestRng::new(8);
    let [mut x, mut y] = two(&mut rng);
    talk([&mut x, &mut y], &mut rng);
    let held = y.inner.peers[&x.address()].active_id().unwrap();
    let named = |session, chain, number, created| {
        let closed = Position { chain, number };
        Continuation::after(Some(Predecessor { session, closed }), created)
    };
    y.rotate(NOW + 10, &mut rng).apply();
    let (now, before) = (NOW + 20, y.inner.peers[&x.address()].active_id());
    for (continues, alerts) in [
        (Continuation::new(1), &[Alert::SessionReset, Alert::StraySession][..]),
        (Continuation::new(u64::MAX), &[Alert::SessionReset, Alert::StraySession]),
        (named(SessionId([9; 32]), 1, 0, 1), &[Alert::RolledBack, Alert::StraySession]),
        (named(SessionId([9; 32]), 1, 0, now), &[Alert::RolledBack, Alert::StraySession]),
        (named(held, 9, 0, now), &[Alert::RolledBack]),
        (named(held, 2, 1, 1), &[Alert::SessionForked, Alert::StraySession]),
        (named(held, 1, 0, now), &[Alert::SessionForked]),
        (named(held, 2, 1, u64::MAX), &[Alert::StraySession]),
        (named(held, 2, 1, now), &[Alert::SessionReplaced]),
    ] {
        let mut y = Client::from_bytes(&y.to_bytes()).unwrap();
        let first = first_of_a_thief((&x, &y), continues, (now, &mut rng));
        let mut arrived = y.receive(x.address(), &first, now).unwrap().alerts;
        arrived.retain(|alert| *alert != Alert::NoOneTimePrekey);
        assert_eq!(arrived, alerts, "{continues:?}");
        let stays = y.inner.peers[&x.address()].active_id() == before;
        assert_eq!(stays, alerts.contains(&Alert::StraySession));
        assert!(*Client::from_bytes(&y.to_bytes()).unwrap().to_bytes() == *y.to_bytes());
    }
}

#[test]
fn who_is_told_that_it_has_forgotten_is_told_until_it_answers_that_and_nothing_else() {
    let mut rng = TestRng::new(9);
    let [mut x, mut y] = two(&mut rng);
    talk([&mut x, &mut y], &mut rng);
    // In the present chain, before anything contradicts: x's next turn answers this and no warning.
    let unwarned = say(&mut y, &x, NOW, &mut rng);
    let held = y.inner.peers[&x.address()].active_id().unwrap();
    let closed = Position { chain: 1, number: 0 };
    let continues = Continuation::after(Some(Predecessor { session: held, closed }), 1);
    let first = first_of_a_thief((&x, &y), continues, (NOW, &mut rng));
    let alerts = y.receive(x.address(), &first, NOW).unwrap().alerts;
    assert!(alerts.contains(&Alert::SessionForked) && alerts.contains(&Alert::StraySession));
    x.receive(y.address(), &unwarned, NOW).unwrap();
    let turn = say(&mut x, &y, NOW, &mut rng);
    y.receive(x.address(), &turn, NOW).unwrap();
    for _ in 0..2 {
        let warning = say(&mut y, &x, NOW, &mut rng);
        let alerts = x.receive(y.address(), &warning, NOW).unwrap().alerts;
        assert!(alerts.contains(&Alert::RolledBack), "{alerts:?}");
    }
    let answer = say(&mut x, &y, NOW, &mut rng);
    y.receive(x.address(), &answer, NOW).unwrap();
    let after = say(&mut y, &x, NOW, &mut rng);
    assert!(x.receive(y.address(), &after, NOW).unwrap().alerts.is_empty());
}

#[test]
fn a_session_from_the_far_future_is_kept_also_where_there_was_none() {
    let mut rng = TestRng::new(1);
    let [x, mut y] = two(&mut rng);
    let first = first_of_a_thief((&x, &y), Continuation::new(u64::MAX), (NOW, &mut rng));
    let arrived = y.receive(x.address(), &first, NOW).unwrap();
    assert!(!arrived.alerts.contains(&Alert::NewSession), "{:?}", arrived.alerts);
    assert_eq!(y.inner.peers[&x.address()].active_id(), None);
}

#[test]
fn what_was_sent_while_bundles_were_fetched_is_not_a_clones() {
    let mut rng = TestRng::new(2);
    let [mut x, mut y] = two(&mut rng);
    talk([&mut x, &mut y], &mut rng);
    // Something of y's did not open an hour ago; then a bundle is fetched.
    x.inner.peer(y.address()).raise(Level::Suspected, NOW);
    let now = NOW + 3600;
    let mut plan = x.plan(To::Account(y.address().account), now).unwrap();
    plan.supply(&x, &y.bundle(), now, &mut rng).unwrap();
    // Meanwhile y writes in the active session, which is fine again, and x answers in it.
    let message = say(&mut y, &x, now, &mut rng);
    x.receive(y.address(), &message, now).unwrap();
    let between = say(&mut x, &y, now, &mut rng);
    let sealed = x.seal(&mut plan, &Content::app(7, b"first"), now, &mut rng).map(Pending::apply);
    let Ok(mut out) = sealed else { return };
    let first = out.envelopes.pop().unwrap().message;
    y.receive(x.address(), &first, now).unwrap();
    assert_eq!(y.receive(x.address(), &between, now).map(drop), Ok(()));
}

#[test]
fn what_another_own_device_says_it_has_read_hides_nothing() {
    let mut rng = TestRng::new(3);
    let [mut x, mut y] = two(&mut rng);
    let mut plan = x.plan(To::Account(y.address().account), NOW).unwrap();
    plan.supply(&x, &y.bundle(), NOW, &mut rng).unwrap();
    let out = x.seal(&mut plan, &Content::app(7, b"text"), NOW, &mut rng).unwrap().apply();
    // A companion of y's has read the same letter first and, being stolen, reports another digest.
    let Address { account, device } = x.address();
    let what = SeenMessage { account, device, id: out.id, digest: [9; 32] };
    y.inner.seen.add(Seen { what, here: false, told: false });
    let arrived = y.receive(x.address(), &out.envelopes[0].message, NOW).unwrap();
    assert!(arrived.alerts.contains(&Alert::Equivocation { by: x.address(), id: out.id }));
    assert!(
        matches!(arrived.event, LetterEvent::Message(_)),
        "never shown here, and never will be"
    );
}

#[test]
fn a_session_that_lost_is_read_for_as_long_as_its_maker_sends_in_it() {
    let mut rng = TestRng::new(4);
    let [mut x, mut y] = two(&mut rng);
    // Y has begun one, too, a little later; it does not get through to x.
    drop(say(&mut y, &x, NOW + 5, &mut rng));
    let first = say(&mut x, &y, NOW, &mut rng);
    y.receive(x.address(), &first, NOW + 6).unwrap();
    for day in 1..7 {
        let now = NOW + day * 86_400;
        let message = say(&mut x, &y, now, &mut rng);
        assert_eq!(y.receive(x.address(), &message, now).map(drop), Ok(()), "day {day}");
    }
}

/// Gives a client a list.
fn learn(client: &mut Client, list: &DeviceList, now: u64) {
    client.learn(list, now).unwrap().apply();
}

#[test]
fn a_withheld_first_message_stays_old_when_its_device_comes_back_into_the_list() {
    let mut rng = TestRng::new(4);
    let account = Account::generate(AccountId([1; 32]), &mut rng);
    let mut x = Client::create(&account, NOW, &mut rng);
    let other = Account::generate(AccountId([2; 32]), &mut rng);
    let mut y = Client::create(&other, NOW, &mut rng);
    learn(&mut x, y.list(), NOW);
    learn(&mut y, x.list(), NOW);
    let withheld = say(&mut x, &y, NOW, &mut rng);
    // Both go on in another session.
    let now = NOW + 60;
    let message = say(&mut y, &x, now, &mut rng);
    x.receive(y.address(), &message, now).unwrap();
    // The device goes, and comes back with the keys that it had.
    let mut stand_in = Device::generate(&account, now, &mut rng);
    stand_in.retire();
    let stand_in = stand_in.certificate().clone();
    let without = x.list().next(account.key(), Vec::from([stand_in]), now).unwrap();
    let back = without.next(account.key(), Vec::from([x.certificate().clone()]), now).unwrap();
    learn(&mut y, &without, now);
    assert!(y.inner.peers.is_empty());
    learn(&mut y, &back, now);
    let arrived = y.receive(x.address(), &withheld, now).unwrap();
    assert_eq!(arrived.alerts.first(), Some(&Alert::StraySession));
    assert_eq!(y.inner.peers[&x.address()].active_id(), None);
}

#[test]
fn a_removed_device_that_spoke_of_the_future_silences_no_other_device_of_its_account() {
    let mut rng = TestRng::new(5);
    let account = Account::generate(AccountId([1; 32]), &mut rng);
    let mut primary = Client::create(&account, NOW, &mut rng);
    let link = |primary: &mut Client, rng: &mut TestRng| {
        let new_device = NewDevice::generate("a laptop", NOW, rng).unwrap();
        let request = crate::client::LinkingRequest::read(&new_device.code(), NOW).unwrap();
        let offer = primary.approve(&account, &request, 4, NOW, rng).unwrap().apply();
        let linking_offer = new_device.open(&offer, NOW).unwrap();
        let digits = primary.linking_digits().unwrap();
        let (entrant, acceptance) = linking_offer.accept(new_device, digits, NOW).unwrap();
        let briefing = primary.admit(&account, &acceptance, b"", NOW).unwrap().apply();
        entrant.open(&briefing, NOW).unwrap().begin(entrant, NOW, rng).unwrap().0
    };
    let stolen = link(&mut primary, &mut rng);
    let other = Account::generate(AccountId([2; 32]), &mut rng);
    let mut y = Client::create(&other, NOW, &mut rng);
    let learn = |client: &mut Client, list: &DeviceList| {
        client.learn(list, NOW).unwrap().apply();
    };
    learn(&mut y, primary.list());
    // Its thief tells y the latest time that y finds plausible.
    let continuation = Continuation::new(NOW + 14 * 86_400);
    let bundle = y.bundle();
    let session = stolen.inner.device.initiate_with(continuation, &bundle, NOW, &mut rng).unwrap();
    let letter = Letter {
        rolled_back: false,
        lists: [primary.list(), y.list()].map(|l| Listed { epoch: l.epoch(), hash: l.hash().0 }),
        sent: NOW,
        id: MessageId([1; 16]),
        conversation: letter::LetterConversation::With(y.address().account),
        body: Body::Said(Said::Message(b"\x01\x01\0\0\0\x04text")),
    };
    let (first, ..) = session.seal(&letter.encode(), 300, &mut rng).unwrap();
    y.receive(stolen.address(), &first, NOW).unwrap();
    primary.remove(&account, stolen.address().device, NOW).unwrap().apply();
    learn(&mut y, primary.list());
    // The owner links a new device, which writes to y.
    let mut fresh = link(&mut primary, &mut rng);
    learn(&mut y, primary.list());
    learn(&mut fresh, y.list());
    let mut plan = fresh.plan(To::Account(y.address().account), NOW).unwrap();
    let missing: Vec<_> = plan.missing().collect();
    for address in missing {
        let bundle = if address == y.address() { y.bundle() } else { primary.bundle() };
        plan.supply(&fresh, &bundle, NOW, &mut rng).unwrap();
    }
    let out = fresh.seal(&mut plan, &Content::app(7, b"text"), NOW, &mut rng).unwrap().apply();
    let envelope = out.envelopes.iter().find(|envelope| envelope.to == y.address()).unwrap();
    let arrived = y.receive(fresh.address(), &envelope.message, NOW).unwrap();
    assert!(arrived.alerts.contains(&Alert::NewSession), "{:?}", arrived.alerts);
}

#[test]
fn the_session_that_the_peer_is_on_is_not_pushed_out_by_attempts_that_nobody_answered() {
    let mut rng = TestRng::new(6);
    let [mut x, mut y] = two(&mut rng);
    let message = say(&mut x, &y, NOW, &mut rng);
    y.receive(x.address(), &message, NOW).unwrap();
    let message = say(&mut y, &x, NOW, &mut rng);
    x.receive(y.address(), &message, NOW).unwrap();
    let confirmed = x.inner.peers[&y.address()].active_id().unwrap();
    let bundle = y.bundle();
    for attempt in 1..10 {
        let continuation = x.inner.continuation(y.address(), x.inner.clock.now(NOW + attempt));
        assert_eq!(continuation.predecessor().unwrap().session, confirmed);
        let session =
            x.inner.device.initiate_with(continuation, &bundle, NOW + attempt, &mut rng).unwrap();
        x.inner.peer(y.address()).begin(session, NOW + attempt);
    }
    // The peer has heard of none of them, and writes where it is.
    let message = say(&mut y, &x, NOW + 10, &mut rng);
    let arrived = x.receive(y.address(), &message, NOW + 10).unwrap();
    assert_eq!(arrived.alerts, [Alert::OldSession]);
}

#[test]
fn a_session_that_is_gone_on_both_sides_is_begun_anew_by_asking() {
    let mut rng = TestRng::new(7);
    let [mut x, mut y] = two(&mut rng);
    let message = say(&mut x, &y, NOW, &mut rng);
    y.receive(x.address(), &message, NOW).unwrap();
    let message = say(&mut y, &x, NOW, &mut rng);
    x.receive(y.address(), &message, NOW).unwrap();
    // Each comes to be in a confirmed session that the other does not have.
    let [old_x, old_y] = [x.to_bytes(), y.to_bytes()];
    let renewed = |from: &mut Client, to: &mut Client, now, rng: &mut TestRng| {
        from.reset_session(to.address(), now).unwrap().apply();
        let message = say(from, to, now, rng);
        to.receive(from.address(), &message, now).unwrap();
        let message = say(to, from, now, rng);
        from.receive(to.address(), &message, now).unwrap();
    };
    let now = NOW + 4000;
    renewed(&mut x, &mut y, now, &mut rng);
    let (mut y2, mut x2) =
        (Client::from_bytes(&old_y).unwrap(), Client::from_bytes(&old_x).unwrap());
    renewed(&mut y2, &mut x2, now, &mut rng);
    let mut y = y2;
    for peer in [x.inner.peer(y.address()), y.inner.peer(x2.address())] {
        peer.expire(u64::MAX - 1);
    }
    let now = now + 60;
    let lost = say(&mut y, &x, now, &mut rng);
    let mail = Mail { from: y.address(), id: None, envelope: &lost };
    assert!(matches!(x.take(&mail, now).apply(), Taken::Unread(_)));
    assert_eq!(x.repairs(now).count(), 0, "one thing without an id");
    let lost = say(&mut y, &x, now, &mut rng);
    assert!(matches!(x.take(&Mail { envelope: &lost, ..mail }, now).apply(), Taken::Unread(_)));
    // There are no one-time prekeys: the request goes in the session that there is, and does not open either.
    let repair = |from: &mut Client, to: &Client, now, rng: &mut TestRng| {
        let request = Repair::Request { to: to.address() };
        assert!(from.repairs(now).eq([request]));
        let mut plan = from.plan_repair(&request, now).unwrap();
        if plan.missing().next().is_some() {
            plan.supply(from, &to.bundle(), now, rng).unwrap();
        }
        let mut out = from.seal(&mut plan, Enclosed::Nothing, now, rng).unwrap().apply();
        assert_eq!(from.repairs(now).count(), 0);
        (out.id, out.envelopes.pop().unwrap().message)
    };
    let (id, request) = repair(&mut x, &y, now, &mut rng);
    let mail = Mail { from: x.address(), id: Some(id), envelope: &request };
    assert!(matches!(y.take(&mail, now).apply(), Taken::Unread(_)));
    let (id, request) = repair(&mut y, &x, now, &mut rng);
    // What does not open after this side has asked has come apart: now a session begins.
    let mail = Mail { from: y.address(), id: Some(id), envelope: &request };
    assert!(matches!(x.take(&mail, now).apply(), Taken::Unread(_)));
    let later = now + 600;
    let message = say(&mut x, &y, later, &mut rng);
    assert!(y.receive(x.address(), &message, later).is_ok());
    let answer = say(&mut y, &x, later, &mut rng);
    assert!(x.receive(y.address(), &answer, later).is_ok());
    let message = say(&mut x, &y, later, &mut rng);
    assert!(y.receive(x.address(), &message, later).is_ok());
}
