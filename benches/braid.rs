//! The cost of the post-quantum exchange: a whole epoch of it in turns, next to as many messages that only
//! carry a chunk.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a measurement may stop at a surprise"
)]

#[path = "../tests/support/pair.rs"]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use latchstring::session::Session;
use latchstring::storage::State;
use support::{Pair, TestRng};

/// Messages of an epoch in turns (`spec/post-quantum.md`).
const EPOCH: u32 = 87;

/// Conversations of which the shortest times are taken. Where nothing is measured one is enough to see that it ends.
const RUNS: usize = if cfg!(debug_assertions) { 1 } else { 300 };

/// Both sides, as saved.
type Saved = [Vec<u8>; 2];

fn save(sides: &[Session; 2]) -> Saved {
    sides.each_ref().map(|side| side.to_bytes().to_vec())
}

fn load(saved: &Saved) -> [Session; 2] {
    saved.each_ref().map(|bytes| Session::from_bytes(bytes).unwrap())
}

/// Sends messages in turns; the first side writes the first.
fn talk([one, other]: &mut [Session; 2], messages: u32, rng: &mut TestRng) {
    let (mut from, mut to) = (one, other);
    for _ in 0..messages {
        let message = from.encrypt(black_box(&[7; 31]), rng).unwrap();
        black_box(to.decrypt(&message).unwrap());
        std::mem::swap(&mut from, &mut to);
    }
}

fn epoch(c: &mut Criterion) {
    let Pair { initiator, responder, mut rng, .. } = Pair::new(1);
    let mut sides = [initiator, responder];
    talk(&mut sides, 4 * EPOCH, &mut rng);
    let begun = save(&sides);
    c.bench_function("87 messages in turns, a whole epoch", |b| {
        b.iter_batched_ref(
            || load(&begun),
            |sides| talk(sides, EPOCH, &mut rng),
            BatchSize::SmallInput,
        );
    });
    // In the middle of vector and ct1, where nothing but chunks happens.
    talk(&mut sides, 20, &mut rng);
    let middle = save(&sides);
    c.bench_function("20 messages in turns that only carry chunks", |b| {
        b.iter_batched_ref(
            || {
                // What a loaded state computes anew is computed here.
                let mut sides = load(&middle);
                talk(&mut sides, 2, &mut rng);
                (sides, TestRng::new(2))
            },
            |(sides, rng)| talk(sides, 20, rng),
            BatchSize::SmallInput,
        );
    });
}

/// Measures the same message by message: the shortest time of each over many runs, against the middle one of
/// them, which only carries a chunk. Differences of two long runs are lost in the machine's noise.
fn amortised(_: &mut Criterion) {
    let Pair { initiator, responder, mut rng, .. } = Pair::new(1);
    let mut sides = [initiator, responder];
    talk(&mut sides, 4 * EPOCH, &mut rng);
    let begun = save(&sides);
    let mut shortest = [Duration::MAX; EPOCH as usize];
    for _ in 0..RUNS {
        let [one, other] = &mut load(&begun);
        let (mut from, mut to) = (one, other);
        for shortest in &mut shortest {
            let start = Instant::now();
            let message = from.encrypt(black_box(&[7; 31]), &mut rng).unwrap();
            black_box(to.decrypt(&message).unwrap());
            *shortest = start.elapsed().min(*shortest);
            std::mem::swap(&mut from, &mut to);
        }
    }
    shortest.sort_unstable();
    let plain = shortest[shortest.len() / 2].as_nanos() as f64;
    let all: f64 = shortest.iter().map(|time| time.as_nanos() as f64).sum();
    let more = all - plain * f64::from(EPOCH);
    println!(
        "an epoch costs {:.0} µs more than {EPOCH} messages of {:.1} µs: {:.2} µs each, {:.1} %",
        more / 1e3,
        plain / 1e3,
        more / 1e3 / f64::from(EPOCH),
        100.0 * more / all,
    );
}

/// Measures a side that seals and hears nothing.
fn unanswered(c: &mut Criterion) {
    let Pair { initiator, responder, mut rng, .. } = Pair::new(1);
    let mut sides = [initiator, responder];
    talk(&mut sides, 24, &mut rng);
    let middle = save(&sides);
    for (name, before) in [
        ("40 messages unanswered, the first chunks", 0),
        ("40 messages unanswered, chunks that stand in for others", 36),
        ("40 messages unanswered, no more chunks", 100),
    ] {
        c.bench_function(name, |b| {
            b.iter_batched_ref(
                || {
                    let [mut from, _] = load(&middle);
                    for _ in 0..=before {
                        from.encrypt(&[7; 31], &mut rng).unwrap();
                    }
                    (from, TestRng::new(2))
                },
                |(from, rng)| {
                    for _ in 0..40 {
                        black_box(from.encrypt(black_box(&[7; 31]), rng).unwrap());
                    }
                },
                BatchSize::SmallInput,
            );
        });
    }
}

criterion_group!(benches, amortised, epoch, unanswered);
criterion_main!(benches);
