//! A guest link, step by step.
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
use latchstring::guest::{Invite, InviteLink, Policy, Preview};
use support::{NOW, TestRng, bundle_of, client};

const ORIGIN: &str = "example.org";

fn guest(c: &mut Criterion) {
    let mut rng = TestRng::new(1);
    let mut host = client(1, &mut rng);
    let bundles = [bundle_of(&mut host, &mut rng)];
    let list = host.list().clone();
    let policy = Policy::new("Ada", NOW + 86_400);
    let (mut invite, server_copy) =
        Invite::create(&host, ORIGIN, policy.clone(), NOW, &mut rng).unwrap();
    let url = invite.link().unwrap().to_url(ORIGIN).unwrap();
    let sealed = server_copy.sealed_invitation();
    let open = |url: &str| InviteLink::parse(url).unwrap().open(sealed, ORIGIN, NOW).unwrap();
    let claim = |preview: Preview, rng: &mut TestRng| {
        preview.claim(&list, &bundles, "Grace", &["hi"], NOW, rng).unwrap()
    };
    let (_, claimed) = claim(open(&url), &mut rng);

    c.bench_function("host: create a link", |b| {
        b.iter_batched(
            || policy.clone(),
            |policy| Invite::create(&host, ORIGIN, policy, NOW, &mut rng).unwrap(),
            BatchSize::SmallInput,
        );
    });
    c.bench_function("guest: parse and open a link", |b| b.iter(|| open(black_box(&url))));
    c.bench_function("guest: claim", |b| {
        b.iter_batched(|| open(&url), |preview| claim(preview, &mut rng), BatchSize::SmallInput);
    });
    c.bench_function("server: check a claim", |b| {
        b.iter(|| server_copy.check_claim(black_box(&claimed)).unwrap());
    });
    c.bench_function("host: open a claim", |b| {
        b.iter(|| drop(invite.claim(&mut host, black_box(&claimed), NOW).unwrap()));
    });
}

criterion_group!(benches, guest);
criterion_main!(benches);
