//! Conversations between two devices: in order, late, lost, repeated.

mod copies;
mod gaps;
mod order;
mod positions;

use std::collections::HashSet;

use latchstring::Error;
use latchstring::rand_core::Rng;
use latchstring::session::{Accepted, Session};
use latchstring::storage::State;
use support::{NOW, Pair, TestRng, bundle_with_one_time, device, refusal, restored, seal_many};

/// The limits as `spec/ratchet.md` gives them.
const MAX_SKIP: u32 = 2000;
const MAX_SKIPPED: usize = 2000;
const MAX_CLOSED: usize = 5;
const MAX_AGE: u32 = 64;
const MAX_RECENT: u32 = 32;

/// A message's clear bytes, its sealed header, and the tag of its body.
const CLEAR: usize = 2;
const SEALED_HEADER: usize = 96 + 16;
const TAG: usize = 16;

/// The longest state of a confirmed session, field by field.
const MAX_STATE: usize = {
    let continuation = 32 + 4 + 4 + 8;
    let head = 2 + 32 + 265 + 16 + continuation + 1 + 1;
    let sending = 1 + 4 + 32 + 32 + 32 + 32 + 4 + 4 + 4;
    let receiving = 1 + 4 + 32 + 4 + 4 + 32 + 32 + 4 + 4;
    let closed = 4 + MAX_CLOSED * (4 + 32 + 4 + 4 + 32 + 4);
    let recent = 1 + 32 * (4 + 4 + 16);
    // With a secret that waits for the root, and in the state that keeps most: ct1 out, the vector in.
    let vector = 1 + 36 * (2 + 32);
    let braid = 4 + 32 + 32 + (1 + 32) + 1 + 64 + 32 + 2 + vector + 1;
    let ratchet = 1 + 32 + 32 + 144 + sending + 32 + receiving + 32 + closed + recent + braid;
    head + ratchet + MAX_SKIPPED * (4 + 32)
};

/// Lets the responder write and the initiator read, so that the initiator's next message begins a new chain.
fn turn(pair: &mut Pair) {
    let message = pair.responder.encrypt(b"turn", &mut pair.rng).unwrap();
    pair.initiator.decrypt(&message).unwrap();
}

/// Begins a chain of the initiator with a message that is withheld, and one that arrives.
fn withhold_one(pair: &mut Pair) -> Vec<u8> {
    turn(pair);
    let withheld = pair.initiator.encrypt(b"withheld", &mut pair.rng).unwrap();
    let message = pair.initiator.encrypt(b"arrives", &mut pair.rng).unwrap();
    assert_eq!(pair.responder.decrypt(&message).unwrap().skipped, 1);
    withheld
}
