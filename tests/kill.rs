//! A process with its state in `SQLite` is killed, again and again, at any instant: nothing that it read
//! or sent is lost, shown twice, or sent under a key that was used.
//!
//! `LATCHSTRING_KILLS=500` sets how often. The process is this program with `child` as its argument;
//! it has no test harness, so that its output is its own.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

#[path = "../examples/sqlite_store/store.rs"]
mod store;
mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use latchstring::rand_core::Rng;
use latchstring::{Error, Session, State, StateKey};
use store::{Failure, Kept, Store};
use support::{Pair, TestRng};

const OWNER: &str = "the session";

fn open(path: &str) -> Store {
    Store::open(path, StateKey::new(1, &[9; 32]).unwrap()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

// ---- the process that is killed ----

/// Reads messages, answers every third, and says what it has done once it is saved.
fn child(path: &str, seed: u64) {
    let mut rng = TestRng::new(seed);
    let mut store = open(path);
    let mut kept: Kept<Session> = store.load(OWNER).unwrap().unwrap();
    let say = |line: String| {
        let mut out = stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
    };
    for (number, message) in store.outbox().unwrap() {
        say(format!("sent {number} {}", hex(&message)));
    }
    for line in stdin().lock().lines() {
        let line = line.unwrap();
        if let Some(number) = line.strip_prefix("arrived ") {
            store.sent(number.parse().unwrap()).unwrap();
            continue;
        }
        let (at, message) = line.split_once(' ').unwrap();
        match store.receive(&mut kept, &unhex(message), &mut rng) {
            Ok(content) => say(format!("read {at} {}", hex(&content))),
            Err(Failure::Protocol(error)) => say(format!("refused {at} {error:?}")),
            Err(Failure::Store(error)) => panic!("{error}"),
        }
        if kept.state.anchor_is_odd() {
            store.send(&mut kept, b"an answer", &mut rng).unwrap();
            let (number, message) = store.outbox().unwrap().pop().unwrap();
            say(format!("sent {number} {}", hex(&message)));
        }
    }
}

/// Whether to answer now: by something that survives a restart.
trait Parity {
    fn anchor_is_odd(&self) -> bool;
}

impl Parity for Session {
    fn anchor_is_odd(&self) -> bool {
        self.anchor().generation() % 3 == 1
    }
}

// ---- the one that kills it ----

/// The other side, in memory, and what it knows of the process.
struct Peer {
    session: Session,
    rng: TestRng,
    /// All messages so far, and which of them the process said that it has read.
    messages: Vec<Vec<u8>>,
    read: Vec<bool>,
    /// Answers by their number in the outbox.
    answers: BTreeMap<i64, Vec<u8>>,
}

impl Peer {
    fn content(number: usize) -> Vec<u8> {
        format!("message {number}").into_bytes()
    }

    fn write(&mut self) {
        let content = Self::content(self.messages.len());
        self.messages.push(self.session.encrypt(&content, &mut self.rng).unwrap());
        self.read.push(false);
    }

    /// What the process said.
    fn hear(&mut self, line: &str, to: &mut impl Write) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["read", at, content] => {
                let at: usize = at.parse().unwrap();
                assert_eq!(unhex(content), Self::content(at));
                assert!(!self.read[at], "message {at} was shown twice");
                self.read[at] = true;
            }
            // It was saved, and the process died before it could say so: the inbox will tell.
            ["refused", at, "Duplicate" | "KeyGone"] => {
                self.read[at.parse::<usize>().unwrap()] = true;
            }
            ["sent", number, message] => {
                let (number, message) = (number.parse().unwrap(), unhex(message));
                if let Some(before) = self.answers.get(&number) {
                    assert_eq!(*before, message, "two messages under one number");
                } else {
                    let opened = self.session.decrypt(&message);
                    assert_eq!(*opened.unwrap().content, b"an answer");
                    self.answers.insert(number, message);
                }
                // It may be dead by now.
                let _ = writeln!(to, "arrived {number}");
            }
            _ => panic!("{line}"),
        }
    }
}

fn spawn(path: &str, seed: u64) -> (Child, Receiver<String>) {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program)
        .args(["child", path, &seed.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in out.lines() {
            // A line that was cut by the kill was not said.
            let Ok(line) = line else { break };
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    (child, receiver)
}

/// One life of the process: messages, and death after some time.
fn life(peer: &mut Peer, path: &str, seed: u64, time: Option<Duration>) {
    let (mut child, said) = spawn(path, seed);
    let mut to = child.stdin.take().unwrap();
    // Everything that it has not said to have read, again, and some that is new.
    let unread: Vec<usize> = (0..peer.messages.len()).filter(|at| !peer.read[*at]).collect();
    for at in unread {
        let _ = writeln!(to, "{at} {}", hex(&peer.messages[at]));
    }
    if let Some(time) = time {
        thread::sleep(time);
        child.kill().unwrap();
        child.wait().unwrap();
        // The pipe is read to its end; what stands in it whole was said.
        while let Ok(line) = said.recv_timeout(Duration::from_millis(200)) {
            if is_whole(&line) {
                peer.hear(&line, &mut std::io::sink());
            }
        }
        return;
    }
    drop(to);
    while let Ok(line) = said.recv() {
        peer.hear(&line, &mut std::io::sink());
    }
    assert!(child.wait().unwrap().success());
}

/// Whether a line was not cut.
fn is_whole(line: &str) -> bool {
    let last = line.rsplit(' ').next().unwrap_or_default();
    match line.split(' ').next() {
        Some("read") => {
            !last.is_empty() && last.len().is_multiple_of(2) && unhex(last).starts_with(b"message ")
        }
        Some("sent") => last.len() == 2 * (2 + 112 + 16 + 32),
        Some("refused") => ["Duplicate", "KeyGone"].contains(&last),
        _ => false,
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, path, seed] = &arguments[..] {
        assert_eq!(mode, "child");
        child(path, seed.parse().unwrap());
        return;
    }
    let kills = std::env::var("LATCHSTRING_KILLS").map_or(60, |number| number.parse().unwrap());
    let folder = std::env::temp_dir().join(format!("latchstring-kill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let read = survive(&folder, kills);
    let forgotten = forget(&folder);
    refuse(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    println!("killed {kills} times: {read} messages were read, each once, and none was lost");
    println!("{forgotten} snapshots were replaced, and none of them is left in the files");
}

fn survive(folder: &Path, kills: u64) -> usize {
    let path = folder.join("state.sqlite");
    let path = path.to_str().unwrap();
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(1);
    let first = initiator.encrypt(b"first", &mut rng).unwrap();
    responder.decrypt(&first).unwrap();
    open(path).keep(OWNER, responder, &mut rng).unwrap();
    let (messages, read, answers) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut peer = Peer { session: initiator, rng, messages, read, answers };
    let mut dice = TestRng::new(2);
    for kill in 0..kills {
        for _ in 0..20 {
            peer.write();
        }
        let time = Duration::from_micros(u64::from(dice.next_u32() % 40_000));
        life(&mut peer, path, 1000 + kill, Some(time));
    }
    // One last life in peace: what is left arrives.
    life(&mut peer, path, 1, None);
    let store = open(path);
    let mut inbox = store.inbox().unwrap();
    inbox.sort();
    let mut expected: Vec<Vec<u8>> = (0..peer.messages.len()).map(Peer::content).collect();
    expected.sort();
    assert_eq!(inbox.len(), expected.len());
    assert!(inbox == expected, "the inbox is not what was sent");
    assert!(peer.answers.len() > inbox.len() / 8, "{} answers", peer.answers.len());
    // And the two still talk.
    let mut kept: Kept<Session> = store.load(OWNER).unwrap().unwrap();
    let last = peer.session.encrypt(b"still here", &mut peer.rng).unwrap();
    assert_eq!(
        *kept.state.decrypt(&last).map_err(|error: Error| error).unwrap().content,
        b"still here"
    );
    inbox.len()
}

/// What cannot be sealed changes nothing, also where a snapshot was due before it.
fn refuse(folder: &Path) {
    let path = folder.join("refuses.sqlite");
    let path = path.to_str().unwrap();
    let mut store = open(path);
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(4);
    let first = initiator.encrypt(b"first", &mut rng).unwrap();
    responder.decrypt(&first).unwrap();
    let mut kept = store.keep(OWNER, responder, &mut rng).unwrap();
    // A turn, after which the journal is full.
    store.send(&mut kept, b"a turn", &mut rng).unwrap();
    let before = kept.state.to_bytes();
    let too_long = store.send(&mut kept, &vec![7; (1 << 20) + 1], &mut rng);
    assert!(matches!(too_long, Err(Failure::Protocol(Error::BadArgument))));
    assert_eq!(*kept.state.to_bytes(), *before);
    for text in [b"one", b"two"] {
        store.send(&mut kept, text, &mut rng).unwrap();
    }
    let mut again: Kept<Session> = open(path).load(OWNER).unwrap().unwrap();
    assert_eq!(*again.state.to_bytes(), *kept.state.to_bytes());
    for (_, message) in store.outbox().unwrap() {
        initiator.decrypt(&message).unwrap();
    }
    // Of two processes with one store the second is told, and writes nothing.
    store.send(&mut kept, b"three", &mut rng).unwrap();
    let late = store.send(&mut again, b"four", &mut rng);
    assert!(matches!(late, Err(Failure::Protocol(Error::StaleChange))));
    assert_eq!(store.outbox().unwrap().len(), 4);
}

/// A conversation in turns, after which no file holds a snapshot that was replaced: with it goes the key
/// of the entries behind it.
fn forget(folder: &Path) -> usize {
    let path = folder.join("forgets.sqlite");
    let reader = path.clone();
    let mut store = open(path.to_str().unwrap());
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(3);
    let first = initiator.encrypt(b"first", &mut rng).unwrap();
    responder.decrypt(&first).unwrap();
    let mut kept = store.keep(OWNER, responder, &mut rng).unwrap();
    let snapshot = || -> Vec<u8> {
        let reader = rusqlite::Connection::open(&reader).unwrap();
        reader.query_row("SELECT record FROM page", [], |row| row.get(0)).unwrap()
    };
    let mut snapshots = vec![snapshot()];
    for _ in 0..40 {
        let message = initiator.encrypt(b"turn", &mut rng).unwrap();
        store.receive(&mut kept, &message, &mut rng).unwrap();
        snapshots.push(snapshot());
        let answer = store.send(&mut kept, b"turn", &mut rng).unwrap();
        initiator.decrypt(&answer).unwrap();
        snapshots.push(snapshot());
    }
    snapshots.dedup();
    let files: Vec<u8> = ["", "-wal"]
        .iter()
        .filter_map(|end| std::fs::read(format!("{}{end}", path.to_str().unwrap())).ok())
        .flatten()
        .collect();
    // The random bytes of a record are in clear, and only in it.
    let is_there = |record: &Vec<u8>| files.windows(32).any(|window| *window == record[38..70]);
    let current = snapshots.pop().unwrap();
    assert!(is_there(&current), "the search finds what is there");
    assert!(!snapshots.iter().any(is_there), "a snapshot that was replaced is still there");
    snapshots.len()
}
