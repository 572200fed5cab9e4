//! Ping-pong: each message turns the ratchet.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a measurement may stop at a surprise"
)]

#[path = "../tests/support/pair.rs"]
mod support;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use latchstring::session::Session;
use latchstring::storage::State;
use support::Pair;

fn ping_pong(c: &mut Criterion) {
    let mut pair = Pair::new(1);
    let (here, there) = (&mut pair.initiator, &mut pair.responder);
    let (mut from, mut to) = (here, there);
    c.bench_function("ping-pong: encrypt and decrypt with a turn", |b| {
        b.iter(|| {
            let message = from.encrypt(black_box(&[7; 32]), &mut pair.rng).unwrap();
            let opened = to.decrypt(&message).unwrap();
            std::mem::swap(&mut from, &mut to);
            opened
        });
    });
}

/// Measures the same, one side at a time.
fn sides(c: &mut Criterion) {
    let mut pair = Pair::new(1);
    let load = |bytes: &[u8]| Session::from_bytes(bytes).unwrap();
    let (initiator, responder) = (pair.initiator.to_bytes(), pair.responder.to_bytes());
    let message = pair.initiator.encrypt(&[7; 32], &mut pair.rng).unwrap();
    c.bench_function("encrypt with a turn", |b| {
        b.iter_batched_ref(
            || load(&initiator),
            |session| session.encrypt(black_box(&[7; 32]), &mut pair.rng).unwrap(),
            BatchSize::SmallInput,
        );
    });
    c.bench_function("decrypt with a turn", |b| {
        b.iter_batched_ref(
            || load(&responder),
            |session| session.decrypt(black_box(&message)).unwrap(),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, ping_pong, sides);
criterion_main!(benches);
