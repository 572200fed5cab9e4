//! One message: sealed and opened in order, ahead, late, with skipped keys, and forged.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement may stop at a surprise"
)]

#[path = "../tests/support/pair.rs"]
mod support;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use latchstring::client::Address;
use latchstring::franking::{Frank, Report, ServiceKey};
use latchstring::session::{AccountId, DeviceId, Session};
use latchstring::storage::State;
use support::{Pair, TestRng};

const SIZES: [(&str, usize); 3] = [("32 B", 32), ("1 KiB", 1024), ("16 KiB", 16_384)];

/// Skipped keys that a receiver has at most, and numbers that it follows at most.
const MOST: usize = 2000;

/// Sessions whose ends agree on a chain that is going.
fn pair() -> Pair {
    let mut pair = Pair::new(1);
    let message = pair.initiator.encrypt(b"turn", &mut pair.rng).unwrap();
    pair.responder.decrypt(&message).unwrap();
    pair
}

fn load(bytes: &[u8]) -> Session {
    Session::from_bytes(bytes).unwrap()
}

fn messages(pair: &mut Pair, count: usize, length: usize) -> Vec<Vec<u8>> {
    let content = vec![7; length];
    (0..count).map(|_| pair.initiator.encrypt(&content, &mut pair.rng).unwrap()).collect()
}

fn encrypt(c: &mut Criterion) {
    let mut group = c.benchmark_group("encrypt in order");
    for (name, length) in SIZES {
        let mut pair = pair();
        let content = vec![7; length];
        group.throughput(Throughput::Bytes(length.try_into().unwrap()));
        group.bench_function(name, |b| {
            b.iter(|| pair.initiator.encrypt(black_box(&content), &mut pair.rng).unwrap());
        });
    }
}

/// Measures a session that is loaded once for each batch of messages and opens them one after another.
fn decrypt(c: &mut Criterion) {
    let mut group = c.benchmark_group("decrypt in order");
    for (name, length) in SIZES {
        let mut pair = pair();
        let start = pair.responder.to_bytes();
        let messages = messages(&mut pair, 1000, length);
        group.throughput(Throughput::Bytes(length.try_into().unwrap()));
        group.bench_function(name, |b| {
            let (mut session, mut at) = (load(&start), messages.iter());
            b.iter(|| {
                let message = at.next().unwrap_or_else(|| {
                    (session, at) = (load(&start), messages.iter());
                    at.next().unwrap()
                });
                session.decrypt(black_box(message)).unwrap()
            });
        });
    }
}

fn out_of_order(c: &mut Criterion) {
    let mut group = c.benchmark_group("decrypt 32 B");
    let mut pair = pair();
    let start = pair.responder.to_bytes();
    let messages = messages(&mut pair, MOST + 1001, 32);
    let mut opened = |name: &str, state: &[u8], message: &[u8]| {
        group.bench_function(name, |b| {
            b.iter_batched_ref(
                || load(state),
                |session| session.decrypt(black_box(message)).unwrap(),
                BatchSize::SmallInput,
            );
        });
    };
    opened("in order, fresh session", &start, &messages[0]);
    opened("after 1,000 skipped", &start, &messages[1000]);
    let mut session = load(&start);
    session.decrypt(&messages[1000]).unwrap();
    opened("late, 1,000 skipped keys", &session.to_bytes(), &messages[500]);

    let mut session = load(&start);
    session.decrypt(&messages[MOST]).unwrap();
    assert_eq!(session.skipped(), MOST);
    let skipped = session.to_bytes();
    let rest = &messages[MOST + 1..];
    group.bench_function("in order, 2,000 skipped keys", |b| {
        let (mut session, mut at) = (load(&skipped), rest.iter());
        b.iter(|| {
            let message = at.next().unwrap_or_else(|| {
                (session, at) = (load(&skipped), rest.iter());
                at.next().unwrap()
            });
            session.decrypt(black_box(message)).unwrap()
        });
    });
}

/// Measures bytes of somebody without any key: every header key is tried, nothing else is done.
fn forged(c: &mut Criterion) {
    let mut group = c.benchmark_group("refuse a stranger's message");
    let mut noise = messages(&mut pair(), 1, 32).remove(0);
    noise[20] ^= 1;
    let mut fresh = pair().responder;
    group.bench_function("no closed chain", |b| {
        b.iter(|| fresh.open(black_box(&noise)).err().unwrap());
    });
    let mut pair = pair();
    for _ in 0..5 {
        messages(&mut pair, 1, 32);
        let message = messages(&mut pair, 1, 32).remove(0);
        pair.responder.decrypt(&message).unwrap();
        let answer = pair.responder.encrypt(b"answer", &mut TestRng::new(3)).unwrap();
        pair.initiator.decrypt(&answer).unwrap();
    }
    let message = messages(&mut pair, 1, 32).remove(0);
    pair.responder.decrypt(&message).unwrap();
    assert_eq!(pair.responder.skipped(), 5);
    group.bench_function("five closed chains", |b| {
        b.iter(|| pair.responder.open(black_box(&noise)).err().unwrap());
    });
}

/// Measures what a message exports, and what a service does with a frank and a report.
fn export(c: &mut Criterion) {
    let mut group = c.benchmark_group("export");
    let mut pair = pair();
    let content = [7; 32];
    group.bench_function("encrypt 32 B, with its exporter", |b| {
        b.iter(|| {
            let sending = pair.initiator.stage_send();
            sending.seal_exporting(black_box(&content), &mut pair.rng).unwrap().apply()
        });
    });
    // A fresh pair: the messages above were never brought, and there are more than a receiver follows.
    let mut pair = self::pair();
    let message = pair.initiator.encrypt(&content, &mut pair.rng).unwrap();
    let opened = pair.responder.decrypt(&message).unwrap();
    group.bench_function("exporter of an opened message, and a secret", |b| {
        b.iter(|| opened.exporter().secret(black_box(b"label"), b"context").unwrap());
    });
    let service = ServiceKey::new(&[7; 32]).unwrap();
    let party = Address { account: AccountId([1; 32]), device: DeviceId([2; 8]) };
    group.bench_function("stamp a frank", |b| {
        b.iter(|| service.stamp(black_box(&Frank([3; 32])), party, party, 1_800_000_000));
    });
    let report = [&[1, 0x3c, 1][..], &[9; 152 + 1024]].concat();
    group.bench_function("check the tag of a report of 1 KiB", |b| {
        b.iter(|| Report::decode(black_box(&report)).unwrap().verify(&service).err().unwrap());
    });
}

criterion_group!(benches, encrypt, decrypt, out_of_order, forged, export);
criterion_main!(benches);
