//! States at rest: saved and restored, sealed, continued by changes, and frozen from release to
//! release.

mod changes;
mod clocks;
mod frozen;
mod records;
mod restoring;

use latchstring::Error;
use latchstring::client::{Address, Client, Entrant, LinkingRequest, NewDevice};
use latchstring::guest::{Chat, ChatEvent, ChatStatus, Invite};
use latchstring::session::{Account, AccountId, Device, Served, Session};
use latchstring::storage::{Anchor, Change, Journal, Pending, State, StateKey};
use support::described::describe;
use support::doors::Doors;
use support::linking::accepted;
use support::town::{Person, Town};
use support::{
    Door, NOW, OneToOne, Pair, Talk, TestRng, device, is_writing_fixtures, only, read_fixture,
    refusal, refuses, restored, seal_many, started, write_fixture,
};

const OWNER: &[u8] = b"account 7, laptop";

/// A record's clear bytes: version, kind, key id, generation, lineage.
const ABOUT: usize = 1 + 1 + 4 + 32;

fn key(id: u32, byte: u8) -> StateKey {
    StateKey::new(id, &[byte; 32]).unwrap()
}

/// Returns the change that comes back from its record. The state itself stays as it was.
fn recorded<S: State, T>(
    state: &mut S,
    operation: impl for<'a> FnOnce(&'a mut S) -> Result<Pending<'a, S, T>, Error>,
) -> Change<S> {
    let (base, mut salts) = (state.anchor(), TestRng::new(99));
    let pending = operation(state).unwrap();
    let recorded = pending.record(&key(1, 7), OWNER, &base, &mut salts).unwrap();
    key(1, 7).open(OWNER, Some(&base), recorded.record().unwrap()).unwrap()
}

/// Returns what an operation gives out, after it has moved its state, and the change from its record a copy
/// of that, to the very same bytes.
#[track_caller]
fn both_ways<S: State, T>(
    state: &mut S,
    operation: impl for<'a> FnOnce(&'a mut S) -> Result<Pending<'a, S, T>, Error>,
) -> T {
    let (mut other, base, mut salts) = (restored(state), state.anchor(), TestRng::new(98));
    let pending = operation(state).unwrap();
    let recorded = pending.record(&key(1, 7), OWNER, &base, &mut salts).unwrap();
    let record = recorded.record().unwrap().to_vec();
    let output = recorded.apply();
    let change: Change<S> = key(1, 7).open(OWNER, Some(&base), &record).unwrap();
    assert_eq!(change.base(), base);
    change.apply(&mut other).unwrap();
    assert!(other.to_bytes() == state.to_bytes(), "a record gives another state");
    output
}

/// Applies a change as a store does that is written once for all states.
fn moves_on<S: State>(state: &mut S, change: Change<S>) -> Result<(), Error> {
    change.apply(state)
}

#[test]
fn a_change_applied_to_any_state_is_applied_as_to_its_own() {
    let mut pair = Pair::new(9);
    let message = pair.initiator.encrypt(b"hello", &mut pair.rng).unwrap();
    let change = |session: &mut Session| recorded(session, |session| session.open(&message));
    let (mut one, mut other) = (restored(&pair.responder), restored(&pair.responder));
    let (first, second) = (change(&mut one), change(&mut one));
    moves_on(&mut one, first).unwrap();
    change(&mut pair.responder).apply(&mut other).unwrap();
    assert!(one.to_bytes() == other.to_bytes());
    assert_eq!(refusal(&mut one, |one| moves_on(one, second)), Some(Error::StaleChange));
    // An account never changes.
    let change = change(&mut pair.responder).to_bytes();
    assert_eq!(Change::<Account>::from_bytes(&change).err(), Some(Error::WrongKind));
}

/// Returns a sealed session, and what it was sealed from.
fn sealed(seed: u64) -> (Pair, Vec<u8>) {
    let mut pair = Pair::new(seed);
    let record = key(1, 7).seal(&pair.responder, OWNER, &mut pair.rng).unwrap();
    (pair, record)
}
