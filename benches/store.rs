//! Messages through `SQLite`: what keeping the state costs, one transaction a message.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a measurement may stop at a surprise"
)]

#[path = "../examples/sqlite_store/store.rs"]
#[allow(dead_code, reason = "the example uses the rest")]
mod store;
#[path = "../tests/support/pair.rs"]
mod support;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use latchstring::{Change, Journal, Session, State, StateKey};
use store::Store;
use support::{Pair, TestRng};

fn key() -> StateKey {
    StateKey::new(1, &[9; 32]).unwrap()
}

/// A receiver, the change that its next message makes, and the journal that takes it.
fn received(skipped: usize) -> (Session, Vec<u8>, TestRng) {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(1);
    for _ in 0..skipped {
        initiator.encrypt(&[7; 32], &mut rng).unwrap();
    }
    let message = initiator.encrypt(&[7; 32], &mut rng).unwrap();
    responder.decrypt(&message).unwrap();
    let message = initiator.encrypt(&[7; 32], &mut rng).unwrap();
    (responder, message, rng)
}

fn journal(c: &mut Criterion) {
    for skipped in [0, 1999] {
        let (session, message, mut rng) = received(skipped);
        let begin = |rng: &mut TestRng| Journal::begin(&session, &key(), b"owner", rng).unwrap();
        let (snapshot, mut writer) = begin(&mut rng);
        let change = || session.stage(&message).unwrap().open().unwrap().1;
        let entry = writer.seal(&change(), &mut rng).unwrap();
        println!("{skipped} kept keys: entry {} bytes, snapshot {}", entry.len(), snapshot.len());
        c.bench_function(&format!("seal an entry, {skipped} kept keys"), |b| {
            b.iter_batched_ref(
                || (begin(&mut rng).1, change(), TestRng::new(2)),
                |(journal, change, rng)| journal.seal(change, rng).unwrap(),
                BatchSize::SmallInput,
            );
        });
        c.bench_function(&format!("apply a change, {skipped} kept keys"), |b| {
            b.iter_batched(
                || (Session::from_bytes(&session.to_bytes()).unwrap(), change()),
                |(mut session, change): (Session, Change)| {
                    session.apply(change).unwrap();
                    session
                },
                BatchSize::LargeInput,
            );
        });
        c.bench_function(&format!("load a snapshot and an entry, {skipped} kept keys"), |b| {
            b.iter(|| {
                let entries = [black_box(&entry)];
                Journal::open::<Session>(&key(), b"owner", None, &snapshot, entries).unwrap()
            });
        });
    }
}

fn sqlite(c: &mut Criterion) {
    let path = std::env::temp_dir().join(format!("latchstring-bench-{}", std::process::id()));
    let path = path.to_str().unwrap();
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(1);
    let first = initiator.encrypt(&[7; 32], &mut rng).unwrap();
    responder.decrypt(&first).unwrap();
    let mut store = Store::open(path, key()).unwrap();
    let mut kept = store.keep("owner", responder, &mut rng).unwrap();
    c.bench_function("receive a message through SQLite, in order", |b| {
        b.iter_batched(
            || initiator.encrypt(&[7; 32], &mut TestRng::new(3)).unwrap(),
            |message| store.receive(&mut kept, &message, &mut rng).unwrap(),
            BatchSize::PerIteration,
        );
    });
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{path}{end}"));
    }
}

criterion_group!(benches, journal, sqlite);
criterion_main!(benches);
