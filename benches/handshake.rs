//! From a bundle to a session on both sides, and the prekeys that it takes.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a measurement may stop at a surprise"
)]

#[path = "../tests/support/pair.rs"]
mod support;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use latchstring::session::Bundle;
use support::{NOW, TestRng, bundle_with_one_time, device};

fn handshake(c: &mut Criterion) {
    let mut rng = TestRng::new(1);
    let (alice, mut bob) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = bundle_with_one_time(&mut bob, &mut rng);
    let encoded = bundle.encode();
    c.bench_function("bundle: decode and verify", |b| {
        b.iter(|| Bundle::decode(black_box(&encoded)).unwrap());
    });
    c.bench_function("initiate: from bytes, with first message", |b| {
        b.iter(|| {
            let bundle = Bundle::decode(black_box(&encoded)).unwrap();
            let mut session = alice.initiate(&bundle, NOW, &mut rng).unwrap();
            session.encrypt(b"hello", &mut rng).unwrap()
        });
    });
    c.bench_function("initiate: from a verified bundle", |b| {
        b.iter(|| alice.initiate(black_box(&bundle), NOW, &mut rng).unwrap());
    });
    let first = alice.initiate(&bundle, NOW, &mut rng).unwrap().encrypt(b"hello", &mut rng);
    let first = first.unwrap();
    c.bench_function("accept: with first message", |b| {
        b.iter(|| drop(bob.accept(black_box(&first), NOW).unwrap()));
    });
}

fn prekeys(c: &mut Criterion) {
    let mut rng = TestRng::new(1);
    let mut device = device(1, &mut rng);
    c.bench_function("replenish: 50 one-time prekeys", |b| {
        b.iter(|| drop(device.replenish(black_box(NOW), &mut rng)));
    });
    device.note_published([device.bundle().id()], NOW).apply();
    c.bench_function("rotate", |b| {
        b.iter(|| drop(device.rotate(black_box(NOW), &mut rng)));
    });
}

criterion_group!(benches, handshake, prekeys);
criterion_main!(benches);
