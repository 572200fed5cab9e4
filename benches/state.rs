//! Saving and loading. Sizes are printed.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement may stop at a surprise"
)]

#[path = "../tests/support/pair.rs"]
mod support;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use latchstring::session::Session;
use latchstring::storage::{State, StateKey};
use support::{Pair, TestRng};

fn session(c: &mut Criterion) {
    let mut pair = Pair::new(1);
    let fresh = Session::from_bytes(&pair.responder.to_bytes()).unwrap();
    for _ in 0..2000 {
        pair.initiator.encrypt(b"", &mut pair.rng).unwrap();
    }
    let last = pair.initiator.encrypt(b"", &mut pair.rng).unwrap();
    pair.responder.decrypt(&last).unwrap();

    let key = StateKey::new(1, &[7; 32]).unwrap();
    let mut rng = TestRng::new(2);
    for (name, session) in [("nothing skipped", &fresh), ("2,000 skipped keys", &pair.responder)] {
        let bytes = session.to_bytes();
        println!("session, {name}: {} bytes", bytes.len());
        let mut group = c.benchmark_group(format!("session, {name}"));
        group.bench_function("save", |b| b.iter(|| black_box(session).to_bytes()));
        group.bench_function("load", |b| {
            b.iter(|| Session::from_bytes(black_box(&bytes)).unwrap());
        });
        group.bench_function("seal", |b| {
            b.iter(|| key.seal(black_box(session), b"owner", &mut rng).unwrap());
        });
        let record = key.seal(session, b"owner", &mut rng).unwrap();
        group.bench_function("open", |b| {
            b.iter(|| key.open::<Session>(b"owner", None, black_box(&record)).unwrap());
        });
    }
}

/// Measures what a message costs a caller who saves its change before sending.
fn change(c: &mut Criterion) {
    let mut pair = Pair::new(1);
    pair.initiator.encrypt(b"", &mut pair.rng).unwrap();
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let mut rng = TestRng::new(2);
    let mut bytes = 0;
    c.bench_function("encrypt 32 B and seal its change", |b| {
        b.iter(|| {
            let stored = pair.initiator.anchor();
            let sealed = pair.initiator.stage_send().seal(black_box(&[7; 32]), &mut rng).unwrap();
            let recorded = sealed.record(&key, b"owner", &stored, &mut rng).unwrap();
            bytes = recorded.record().unwrap().len();
            recorded.apply()
        });
    });
    println!("sealed change of a message in order: {bytes} bytes");
}

criterion_group!(benches, session, change);
criterion_main!(benches);
