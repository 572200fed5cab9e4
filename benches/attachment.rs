//! An attachment in pieces of 64 KiB, beside the primitives that it could be made of, in one run.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::large_stack_arrays,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a measurement may stop at a surprise"
)]

#[path = "../tests/support/pair.rs"]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aes::Aes256Enc;
use aes_gcm::{Aes256Gcm, KeyInit};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, Mac};
use latchstring::attachment::{Media, Opener, PIECE, Padding, Reference, Sealer};
use sha2::{Digest, Sha256};
use support::{NOW, TestRng, client};

/// Segments of the attachment that is sealed and opened.
const SEGMENTS: usize = 16;

const LENGTH: u64 = (SEGMENTS * PIECE) as u64;

const KEY: [u8; 32] = [1; 32];

/// Encrypts a piece as the crate would with its other cipher.
fn gcm(piece: &mut [u8]) {
    let cipher = Aes256Gcm::new((&KEY).into());
    let tag = cipher.encrypt_inout_detached((&[0; 12]).into(), b"", InOutBuf::from(piece));
    black_box(tag.unwrap());
}

/// The same, and a hash that binds whoever has the key.
fn gcm_and_hash(piece: &mut [u8]) {
    gcm(piece);
    black_box(Sha256::digest(&*piece));
}

/// The steps that sealing a segment consists of.
fn mac_and_ctr(piece: &mut [u8]) {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&KEY).unwrap();
    mac.update(piece);
    black_box(mac.finalize());
    let mut ctr = Ctr128BE::<Aes256Enc>::new((&KEY).into(), (&[0; 16]).into());
    ctr.apply_keystream(piece);
}

fn sealer() -> Sealer {
    let mut rng = TestRng::new(1);
    client(1, &mut rng).attach(Media::Video, LENGTH, Padding::Exact, NOW, &mut rng).unwrap()
}

fn seal(sealer: &mut Sealer, buffer: &mut [u8; PIECE], mut take: impl FnMut(&[u8])) {
    while let Some(piece) = sealer.seal(buffer).unwrap() {
        take(piece);
    }
}

fn sealed() -> (Reference, Vec<u8>) {
    let (mut sealer, mut stored) = (sealer(), Vec::new());
    seal(&mut sealer, &mut [7; PIECE], |piece| stored.extend_from_slice(piece));
    (sealer.reference().unwrap(), stored)
}

fn open(reference: &Reference, stored: &mut [u8]) {
    let mut opener = Opener::new(reference);
    while let Some(range) = opener.wants() {
        black_box(opener.open(&mut stored[range.start as usize..range.end as usize]).unwrap());
    }
}

type Cipher = (&'static str, fn(&mut [u8]));

const CIPHERS: [Cipher; 3] = [
    ("AES-256-GCM alone", gcm),
    ("AES-256-GCM and SHA-256", gcm_and_hash),
    ("HMAC-SHA-256 and AES-256-CTR", mac_and_ctr),
];

fn primitives(c: &mut Criterion) {
    let mut group = c.benchmark_group("a piece of 64 KiB");
    group.throughput(Throughput::Bytes(PIECE as u64));
    let mut piece = vec![7; PIECE];
    for (name, cipher) in CIPHERS {
        group.bench_function(name, |b| b.iter(|| cipher(black_box(&mut piece))));
    }
}

fn attachment(c: &mut Criterion) {
    let mut group = c.benchmark_group("an attachment of 1 MiB");
    group.throughput(Throughput::Bytes(LENGTH));
    let saved = sealer().to_bytes();
    let mut buffer = [7; PIECE];
    group.bench_function("seal", |b| {
        b.iter(|| {
            let mut sealer = Sealer::from_bytes(&saved).unwrap();
            seal(&mut sealer, &mut buffer, |piece| _ = black_box(piece));
        });
    });
    let (reference, stored) = sealed();
    group.bench_function("open", |b| {
        b.iter_batched(
            || stored.clone(),
            |mut stored| open(&reference, &mut stored),
            criterion::BatchSize::LargeInput,
        );
    });
}

/// Short runs of which the best is taken. Where nothing is measured one is enough to see that it ends.
const RUNS: usize = if cfg!(debug_assertions) { 1 } else { 1000 };

/// Returns the rate of the best of many short runs, for as many bytes as an attachment has.
fn best(mut run: impl FnMut() -> Duration) -> f64 {
    let best = (0..RUNS).map(|_| run()).min().unwrap_or_default();
    LENGTH as f64 / best.as_secs_f64() / 1e9
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// Prints rates and their ratios to AES-256-GCM, of runs one right after the other.
fn ratios(_: &mut Criterion) {
    let mut piece = vec![7; PIECE];
    let rates = CIPHERS.map(|(name, cipher)| {
        (name, best(|| timed(|| (0..SEGMENTS).for_each(|_| cipher(black_box(&mut piece))))))
    });
    let mut buffer = [7; PIECE];
    let sealing = best(|| {
        let mut sealer = sealer();
        timed(|| seal(&mut sealer, &mut buffer, |piece| _ = black_box(piece)))
    });
    let (reference, stored) = sealed();
    let opening = best(|| {
        let mut stored = stored.clone();
        timed(|| open(&reference, &mut stored))
    });
    let gcm = rates[0].1;
    for (name, rate) in rates.into_iter().chain([("seal", sealing), ("open", opening)]) {
        println!("{name}: {rate:.2} GB/s, {:.0} % of AES-256-GCM alone", 100.0 * rate / gcm);
    }
}

criterion_group!(benches, primitives, attachment, ratios);
criterion_main!(benches);
