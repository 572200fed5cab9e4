//! The trace that a restart leaves of each device.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use alloc::vec::Vec;

use super::client::{first_of_a_thief, talk, two};
use crate::client::{Alert, Client, To};
use crate::content::Content;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::handshake::continuation::{Continuation, Predecessor};
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::position::{Position, SessionId};
use crate::session::Account;
use crate::storage::{Behind, State, StateKey};

const NOW: u64 = 1_800_000_000;
const DAY: u64 = 86_400;

fn begin_anew(client: &Client, now: u64, rng: &mut TestRng) -> Client {
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let record = key.seal(client, b"owner", rng).unwrap();
    let behind: Behind<Client> = key.open_behind(b"owner", &record).unwrap();
    Client::restart(behind, now, rng).unwrap()
}

/// Sends one letter, in a new session if one must begin.
fn say(from: &mut Client, to: &mut Client, now: u64, rng: &mut TestRng) {
    let mut plan = from.plan(To::Account(to.address().account), now).unwrap();
    if plan.missing().next().is_some() {
        plan.supply(from, &to.bundle(), now, rng).unwrap();
    }
    let mut out = from.seal(&mut plan, &Content::app(7, b"text"), now, rng).unwrap().apply();
    to.receive(from.address(), &out.envelopes.pop().unwrap().message, now).unwrap();
}

#[test]
fn whoever_was_heard_in_thirty_days_is_in_doubt_until_a_new_session_is_answered() {
    let mut rng = TestRng::new(1);
    let mut all: Vec<_> = [1, 2, 3, 4]
        .map(|id| Client::create(&Account::generate(AccountId([id; 32]), &mut rng), NOW, &mut rng))
        .into();
    let lists: Vec<_> = all.iter().map(|client| client.list().clone()).collect();
    for client in &mut all {
        for list in &lists {
            client.learn(list, NOW).unwrap().apply();
        }
    }
    let mut me = all.remove(0);
    // Heard now, heard a day later, and written to without an answer.
    let later = NOW + DAY;
    say(&mut all[0], &mut me, NOW, &mut rng);
    say(&mut all[1], &mut me, later, &mut rng);
    say(&mut me, &mut all[2], later, &mut rng);
    let mut before = Vec::new();
    for peer in &all {
        before.push(me.inner.peers[&peer.address()].newest(later));
    }
    let now = NOW + 30 * DAY;
    for day in (2..=30).step_by(2) {
        me.expire(NOW + day * DAY).apply();
    }
    let me = begin_anew(&me, now, &mut rng);
    let mut me = Client::from_bytes(&me.to_bytes()).unwrap();
    let told = [false, true, false];
    for ((peer, newest), told) in all.iter().zip(before).zip(told) {
        let kept = &me.inner.peers[&peer.address()];
        assert!(!kept.has_active() && kept.counts() == (0, 0));
        assert_eq!((kept.newest(now), kept.doubt.risen().is_some()), (newest, told));
    }
    all[1].rotate(now, &mut rng).apply();
    say(&mut me, &mut all[1], now, &mut rng);
    say(&mut all[1], &mut me, now, &mut rng);
    assert!(me.inner.peers[&all[1].address()].doubt.risen().is_none());
}

#[test]
fn a_peer_may_name_what_was_forgotten_and_is_told_of_if_it_names_nothing() {
    let mut rng = TestRng::new(2);
    let [mut x, mut y] = two(&mut rng);
    talk([&mut x, &mut y], &mut rng);
    let now = NOW + 60;
    let y = begin_anew(&y, now, &mut rng);
    let closed = Position { chain: 4, number: 0 };
    // A session that they had after the copy was made.
    let later = Some(Predecessor { session: SessionId([9; 32]), closed });
    for (named, alert) in [(later, Alert::RolledBack), (None, Alert::SessionReset)] {
        let mut y = Client::from_bytes(&y.to_bytes()).unwrap();
        let continues = Continuation::after(named, now);
        let first = first_of_a_thief((&x, &y), continues, (now, &mut rng));
        let alerts = y.receive(x.address(), &first, now).unwrap().alerts;
        assert_eq!(alerts.contains(&alert), named.is_none(), "{alerts:?}");
    }
}
