//! The cost of keeping the state: a message's entry, a client's snapshot, one transaction in `SQLite`. Sizes
//! are printed.
#![allow(
    clippy::arithmetic_side_effects,
    missing_docs,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement may stop at a surprise"
)]

#[path = "../examples/sqlite_store/store/mod.rs"]
#[allow(dead_code, reason = "the example uses the rest")]
mod store;
#[path = "../tests/support/pair.rs"]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use latchstring::Error;
use latchstring::client::{Client, To};
use latchstring::content::Content;
use latchstring::session::{Account, AccountId, OneTimePrekey, Session};
use latchstring::storage::{Journal, Page, Pending, State, StateKey};
use store::{Failure, Kept, Store};
use support::{NOW, Pair, TestRng};

fn key() -> StateKey {
    StateKey::new(1, &[9; 32]).unwrap()
}

/// Makes a responder who misses so many messages, and the next one that comes.
fn received(skipped: usize) -> (Pair, Vec<u8>) {
    let mut pair = Pair::new(1);
    let Pair { initiator, responder, rng, .. } = &mut pair;
    for _ in 0..skipped {
        initiator.encrypt(&[7; 32], rng).unwrap();
    }
    let message = initiator.encrypt(&[7; 32], rng).unwrap();
    responder.decrypt(&message).unwrap();
    let message = initiator.encrypt(&[7; 32], rng).unwrap();
    (pair, message)
}

/// The bytes that are written for the journal of a session.
#[derive(Default)]
struct Volume {
    entries: Vec<usize>,
    snapshots: usize,
}

impl Volume {
    /// Moves a session and its journal on, and notes what is written.
    fn add<T>(
        &mut self,
        session: &mut Session,
        journal: &mut Journal,
        rng: &mut TestRng,
        work: impl for<'s> FnOnce(
            &'s mut Session,
            &mut TestRng,
        ) -> Result<Pending<'s, Session, T>, Error>,
    ) -> T {
        if journal.is_full() {
            self.snapshots += written(&journal.renew(session, &key(), rng).unwrap());
        }
        let recorded = work(session, rng).unwrap().journal(journal, rng).unwrap();
        self.entries.push(recorded.record().unwrap().len());
        recorded.apply()
    }
}

/// Receives 640 messages: in one chain, or each answered, so that both ratchets turn.
fn volume(skipped: usize, in_turns: bool) -> Volume {
    let (Pair { mut initiator, responder: mut here, mut rng, .. }, first) = received(skipped);
    let (_, mut journal) = Journal::begin(&here, &key(), b"owner", &mut rng).unwrap();
    let (mut volume, mut message) = (Volume::default(), first);
    for _ in 0..640 {
        volume.add(&mut here, &mut journal, &mut rng, |session, _| session.open(&message));
        if in_turns {
            let answer = volume.add(&mut here, &mut journal, &mut rng, |session, rng| {
                session.stage_send().seal(&[7; 32], rng)
            });
            initiator.decrypt(&answer).unwrap();
        }
        message = initiator.encrypt(&[7; 32], &mut rng).unwrap();
    }
    volume
}

fn volumes(_: &mut Criterion) {
    for (skipped, in_turns) in [(0, false), (1999, false), (0, true), (1999, true)] {
        let Volume { entries, snapshots } = volume(skipped, in_turns);
        let (sum, most) = (entries.iter().sum::<usize>(), entries.iter().max().unwrap());
        println!(
            "{skipped} skipped keys, in turns: {in_turns}: {} bytes an entry, {most} at most; with snapshots {}",
            sum / entries.len(),
            (sum + snapshots) / entries.len()
        );
    }
}

fn journal(c: &mut Criterion) {
    for skipped in [0, 1999] {
        let (Pair { responder: mut session, mut rng, .. }, message) = received(skipped);
        let begin = |session: &Session, rng: &mut TestRng| {
            Journal::begin(session, &key(), b"owner", rng).unwrap()
        };
        let (snapshot, mut writer) = begin(&session, &mut rng);
        let bytes = written(&snapshot);
        let snapshot: Vec<Vec<u8>> = snapshot.into_iter().filter_map(|page| page.record).collect();
        let recorded = session.open(&message).unwrap().journal(&mut writer, &mut rng).unwrap();
        let entry = recorded.record().unwrap().to_vec();
        drop(recorded);
        println!("{skipped} skipped keys: entry {} bytes, snapshot {bytes}", entry.len());
        c.bench_function(&format!("seal an entry, {skipped} skipped keys"), |b| {
            // A pending answer borrows its session: only this part of each round is on the clock.
            b.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    let (_, mut journal) = begin(&session, &mut rng);
                    let opened = session.open(&message).unwrap();
                    let start = Instant::now();
                    let recorded = opened.journal(&mut journal, &mut rng).unwrap();
                    spent += start.elapsed();
                    black_box(recorded.record());
                }
                spent
            });
        });
        c.bench_function(&format!("apply a change, {skipped} skipped keys"), |b| {
            b.iter_custom(|rounds| {
                let (bytes, mut spent) = (session.to_bytes(), Duration::ZERO);
                for _ in 0..rounds {
                    let mut session = Session::from_bytes(&bytes).unwrap();
                    let opened = session.open(&message).unwrap();
                    let start = Instant::now();
                    let opened = opened.apply();
                    spent += start.elapsed();
                    black_box(opened);
                }
                spent
            });
        });
        c.bench_function(&format!("load a snapshot and an entry, {skipped} skipped keys"), |b| {
            b.iter(|| {
                let entries = [black_box(&entry)];
                Journal::open::<Session>(&key(), b"owner", None, &snapshot, entries).unwrap()
            });
        });
    }
}

fn id(number: u32) -> AccountId {
    let mut id = [7; 32];
    id[..4].copy_from_slice(&number.to_be_bytes());
    AccountId(id)
}

fn client(number: u32, rng: &mut TestRng) -> Client {
    Client::create(&Account::generate(id(number), rng), NOW, rng)
}

fn learn(client: &mut Client, other: &Client) {
    client.learn(other.list(), NOW).unwrap().apply();
}

/// Brings a letter from one client to another.
fn write(from: &mut Client, to: &mut Client, rng: &mut TestRng) {
    let mut plan = from.plan(To::Account(to.address().account), NOW).unwrap();
    if plan.missing().count() > 0 {
        plan.supply(from, &to.bundle(), NOW, rng).unwrap();
    }
    let out = from
        .seal(&mut plan, &Content::app(7, b"a letter of some length"), NOW, rng)
        .unwrap()
        .apply();
    let envelope = out.envelopes.first().unwrap();
    to.receive(from.address(), &envelope.message, NOW).unwrap();
}

/// Makes a client with as many contacts as it has sessions, full logs and fresh prekeys.
fn acquainted(contacts: u32, rng: &mut TestRng) -> (Client, Vec<Client>) {
    let mut one = client(0, rng);
    let keys = one.replenish(NOW, rng).apply();
    one.note_published(keys.iter().map(OneTimePrekey::id), NOW).apply();
    let mut others: Vec<_> = (1..=contacts).map(|number| client(number, rng)).collect();
    for other in &mut others {
        learn(&mut one, other);
        learn(other, &one);
        write(&mut one, other, rng);
        write(other, &mut one, rng);
        write(&mut one, other, rng);
    }
    for _ in contacts..1100 {
        write(others.last_mut().unwrap(), &mut one, rng);
    }
    (one, others)
}

fn written(snapshot: &[Page]) -> usize {
    snapshot.iter().filter_map(|page| page.record.as_ref()).map(Vec::len).sum()
}

/// Contacts of the clients that are measured. Where nothing is measured, each bench runs once, and takes its time.
const CONTACTS: &[u32] = if cfg!(debug_assertions) { &[10, 100] } else { &[10, 100, 1000, 10_000] };

/// Brings 64 letters to and from five contacts.
fn converse(one: &mut Client, others: &mut [Client], rng: &mut TestRng) {
    for letter in 0..32 {
        let other = others.get_mut(letter % 5).unwrap();
        write(one, other, rng);
        write(other, one, rng);
    }
}

/// Measures a new snapshot of a client, after 64 letters to and from five of its contacts.
fn snapshot(c: &mut Criterion) {
    for contacts in CONTACTS {
        let mut rng = TestRng::new(1);
        let (mut one, mut others) = acquainted(*contacts, &mut rng);
        let (_, mut journal) = Journal::begin(&one, &key(), b"owner", &mut rng).unwrap();
        converse(&mut one, &mut others, &mut rng);
        let whole = key().seal(&one, b"owner", &mut rng).unwrap().len();
        let pages = journal.renew(&one, &key(), &mut rng).unwrap();
        println!(
            "{contacts} contacts: whole {whole} bytes, new snapshot {} in {} pages",
            written(&pages),
            pages.len()
        );
        c.bench_function(&format!("seal the whole client, {contacts} contacts"), |b| {
            b.iter(|| key().seal(black_box(&one), b"owner", &mut rng).unwrap());
        });
        c.bench_function(&format!("seal a new snapshot, {contacts} contacts"), |b| {
            b.iter_custom(|times| {
                let mut sum = Duration::ZERO;
                for _ in 0..times {
                    converse(&mut one, &mut others, &mut rng);
                    let start = Instant::now();
                    black_box(journal.renew(black_box(&one), &key(), &mut rng).unwrap());
                    sum += start.elapsed();
                }
                sum
            });
        });
        let (begun, _) = Journal::begin(&one, &key(), b"owner", &mut rng).unwrap();
        let records: Vec<_> = begun.into_iter().filter_map(|page| page.record).collect();
        let bytes = one.to_bytes();
        c.bench_function(&format!("decode a client, {contacts} contacts"), |b| {
            b.iter(|| Client::from_bytes(black_box(&bytes)).unwrap());
        });
        c.bench_function(&format!("load a client, {contacts} contacts"), |b| {
            b.iter(|| {
                let none: [&[u8]; 0] = [];
                Journal::open::<Client>(&key(), b"owner", None, black_box(&records), none).unwrap()
            });
        });
    }
}

fn receive(
    store: &mut Store,
    kept: &mut Kept<Session>,
    message: &[u8],
    rng: &mut TestRng,
) -> Result<(), Failure> {
    store.step(rng, |step| {
        let opened = step.change(kept, |session, _| session.open(message))?;
        step.read("owner", &opened.content)
    })
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
            |message| receive(&mut store, &mut kept, &message, &mut rng).unwrap(),
            BatchSize::PerIteration,
        );
    });
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{path}{end}"));
    }
}

criterion_group!(benches, volumes, journal, snapshot, sqlite);
criterion_main!(benches);
