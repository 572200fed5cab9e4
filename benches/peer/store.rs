//! Messages through `SQLite`, next to vodozemac with its pickle in a database of the same settings.
//!
//! `cargo bench --manifest-path benches/peer/Cargo.toml`; compare figures of one run only. Most of the
//! time goes into waiting for the disk: with `TMPDIR` in memory the rest can be seen.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a measurement may stop at a surprise"
)]

#[path = "../../examples/sqlite_store/store/mod.rs"]
#[allow(dead_code, reason = "the example uses the rest")]
mod ours;
#[path = "../../tests/support/pair.rs"]
mod support;

use std::path::PathBuf;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use latchstring::storage::StateKey;
use ours::{Failure, Kept, Store};
use rusqlite::{Connection, params};
use support::{Pair, TestRng};
use vodozemac::olm::{Account, OlmMessage, Session, SessionConfig};

const CONTENT: [u8; 32] = [7; 32];

/// Numbers that a message reserves.
const RESERVED: u16 = 99;

fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("latchstring-peer-{}-{name}", std::process::id()))
}

fn remove(name: &str) {
    for end in ["", "-wal", "-shm"] {
        let file = format!("{}{end}", path(name).display());
        let _ = std::fs::remove_file(file);
    }
}

/// The peer's session in a database: as few lines as its interface allows.
struct Peer {
    database: Connection,
    session: Session,
    key: [u8; 32],
}

impl Peer {
    fn new(name: &str, session: Session) -> Self {
        let database = Connection::open(path(name)).unwrap();
        database
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 PRAGMA secure_delete = ON;
                 CREATE TABLE session (owner TEXT PRIMARY KEY, pickle TEXT NOT NULL);
                 CREATE TABLE outbox (number INTEGER PRIMARY KEY, message BLOB NOT NULL);
                 CREATE TABLE inbox (number INTEGER PRIMARY KEY, content BLOB NOT NULL);",
            )
            .unwrap();
        Self { database, session, key: [9; 32] }
    }

    fn send(&mut self) -> OlmMessage {
        let message = self.session.encrypt(CONTENT).unwrap();
        let (_, bytes) = message.clone().to_parts();
        self.save("INSERT INTO outbox (message) VALUES (?1)", &bytes);
        message
    }

    fn receive(&mut self, message: &OlmMessage) -> Vec<u8> {
        let content = self.session.decrypt(message).unwrap();
        self.save("INSERT INTO inbox (content) VALUES (?1)", &content);
        content
    }

    fn save(&mut self, insert: &str, bytes: &[u8]) {
        let pickle = self.session.pickle().encrypt(&self.key);
        let transaction = self.database.transaction().unwrap();
        let mut replace =
            transaction.prepare_cached("REPLACE INTO session VALUES ('owner', ?1)").unwrap();
        replace.execute([&pickle]).unwrap();
        drop(replace);
        transaction.prepare_cached(insert).unwrap().execute(params![bytes]).unwrap();
        transaction.commit().unwrap();
    }
}

/// Makes two sessions of the peer that both have confirmed.
fn peers() -> [Session; 2] {
    let (one, mut other) = (Account::new(), Account::new());
    other.generate_one_time_keys(1);
    let one_time = *other.one_time_keys().values().next().unwrap();
    let config = SessionConfig::version_1();
    let identity = other.curve25519_key();
    let mut session = one.create_outbound_session(config, identity, one_time).unwrap();
    let OlmMessage::PreKey(first) = session.encrypt(CONTENT).unwrap() else { unreachable!() };
    let from = one.curve25519_key();
    let mut inbound = other.create_inbound_session(config, from, &first).unwrap().session;
    let answer = inbound.encrypt(CONTENT).unwrap();
    session.decrypt(&answer).unwrap();
    [session, inbound]
}

/// Makes a session in a store of ours, and the one of the other side.
fn kept(name: &str) -> (Store, Kept<latchstring::session::Session>, latchstring::session::Session) {
    let Pair { initiator, responder, mut rng, .. } = Pair::new(1);
    let key = StateKey::new(1, &[9; 32]).unwrap();
    let mut store = Store::open(&path(name).to_string_lossy(), key).unwrap();
    let kept = store.keep("owner", initiator, &mut rng).unwrap();
    (store, kept, responder)
}

fn sent(
    store: &mut Store,
    kept: &mut Kept<latchstring::session::Session>,
    rng: &mut TestRng,
) -> Result<(), Failure> {
    store.step(rng, |step| step.send(kept, |session, rng| session.stage_send().seal(&CONTENT, rng)))
}

/// Sends a message under a reserved number, or one that reserves those of the next.
fn hundredth(
    store: &mut Store,
    kept: &mut Kept<latchstring::session::Session>,
    rng: &mut TestRng,
) -> Result<Vec<u8>, Failure> {
    if kept.reserved() > 0 {
        return kept.seal_reserved(&CONTENT, rng);
    }
    store.step(rng, |step| {
        step.send(kept, |session, rng| session.stage_send().reserve(RESERVED).seal(&CONTENT, rng))
    })?;
    Ok(Vec::new())
}

fn received(
    store: &mut Store,
    kept: &mut Kept<latchstring::session::Session>,
    message: &[u8],
    rng: &mut TestRng,
) -> Result<(), Failure> {
    store.step(rng, |step| {
        let opened = step.change(kept, |session, _| session.open(message))?;
        step.read("owner", &opened.content)
    })
}

fn send(c: &mut Criterion) {
    let mut group = c.benchmark_group("send");
    let mut rng = TestRng::new(2);
    let (mut store, mut ours, _) = kept("ours");
    group.bench_function("latchstring, a write for each", |b| {
        b.iter(|| sent(&mut store, &mut ours, &mut rng).unwrap());
    });
    group.bench_function("latchstring, a write for a hundred", |b| {
        b.iter(|| hundredth(&mut store, &mut ours, &mut rng).unwrap());
    });
    let [session, _] = peers();
    let mut peer = Peer::new("peer", session);
    group.bench_function("vodozemac, its pickle for each", |b| b.iter(|| peer.send()));
    group.finish();
    let _: [(); 2] = ["ours", "peer"].map(remove);
}

fn receive(c: &mut Criterion) {
    let mut group = c.benchmark_group("receive");
    let mut rng = TestRng::new(3);
    let (mut store, mut ours, mut from) = kept("ours");
    group.bench_function("latchstring, a write for each", |b| {
        b.iter_batched(
            || from.encrypt(&CONTENT, &mut TestRng::new(4)).unwrap(),
            |message| received(&mut store, &mut ours, &message, &mut rng).unwrap(),
            BatchSize::PerIteration,
        );
    });
    let [session, mut from] = peers();
    let mut peer = Peer::new("peer", session);
    group.bench_function("vodozemac, its pickle for each", |b| {
        b.iter_batched(
            || from.encrypt(CONTENT).unwrap(),
            |message| peer.receive(&message),
            BatchSize::PerIteration,
        );
    });
    println!("the pickle: {} bytes", peer.session.pickle().encrypt(&peer.key).len());
    group.finish();
    let _: [(); 2] = ["ours", "peer"].map(remove);
}

criterion_group!(benches, send, receive);
criterion_main!(benches);
