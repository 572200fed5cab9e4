//! Hot actions, each run by itself so that its instructions can be counted: `.ci/counts.py` does that. Without a name,
//! all of them run once, and show that they run.
#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement may stop at a surprise"
)]

#[path = "../tests/support/pair.rs"]
mod support;

use std::hint::black_box;

use latchstring::client::{Client, GroupId, To};
use latchstring::content::Content;
use latchstring::session::{Account, AccountId, Session};
use latchstring::storage::{Journal, StateKey};
use support::{NOW, Pair, TestRng, bundle_with_one_time, device};

/// Runs what is counted: only what happens in here is.
#[inline(never)]
fn counted(action: &mut dyn FnMut()) {
    action();
}

const ACTIONS: [(&str, fn()); 12] = [
    ("encrypt 32 B", encrypt),
    ("decrypt 32 B", decrypt),
    ("encrypt 16 KiB", encrypt_long),
    ("a turn, both sides", turn),
    ("first message out", first_out),
    ("first message in", first_in),
    ("a gap of 100", gap),
    ("load a session", load),
    ("receive a letter, 200 read before", receive),
    ("a letter to 10 devices", fan_out),
    ("a new snapshot of 20 contacts", || snapshot(20)),
    ("a new snapshot of 200 contacts", || snapshot(200)),
];

fn main() {
    let wanted = std::env::args().nth(1).filter(|word| !word.starts_with("--"));
    let lists = std::env::args().any(|word| word == "--names");
    for (name, action) in ACTIONS {
        if lists {
            println!("{name}");
        } else if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            action();
        }
    }
}

fn seal(length: usize) {
    let Pair { mut initiator, mut rng, .. } = Pair::new(1);
    let content = vec![7; length];
    // The first message of a chain makes its keys.
    initiator.encrypt(&content, &mut rng).unwrap();
    counted(&mut || drop(black_box(initiator.encrypt(&content, &mut rng).unwrap())));
}

fn encrypt() {
    seal(32);
}

fn encrypt_long() {
    seal(16_384);
}

fn decrypt() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(2);
    let first = initiator.encrypt(&[7; 32], &mut rng).unwrap();
    responder.decrypt(&first).unwrap();
    let message = initiator.encrypt(&[7; 32], &mut rng).unwrap();
    counted(&mut || drop(black_box(responder.decrypt(&message).unwrap())));
}

fn turn() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(3);
    let message = initiator.encrypt(&[7; 32], &mut rng).unwrap();
    responder.decrypt(&message).unwrap();
    counted(&mut || {
        let answer = responder.encrypt(&[7; 32], &mut rng).unwrap();
        drop(black_box(initiator.decrypt(&answer).unwrap()));
    });
}

fn first_out() {
    let mut rng = TestRng::new(4);
    let (from, mut to) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = bundle_with_one_time(&mut to, &mut rng);
    counted(&mut || {
        let mut session = from.initiate(&bundle, NOW, &mut rng).unwrap();
        drop(black_box(session.encrypt(&[7; 32], &mut rng).unwrap()));
    });
}

fn first_in() {
    let mut rng = TestRng::new(5);
    let (from, mut to) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = bundle_with_one_time(&mut to, &mut rng);
    let mut session = from.initiate(&bundle, NOW, &mut rng).unwrap();
    let first = session.encrypt(&[7; 32], &mut rng).unwrap();
    counted(&mut || drop(black_box(to.accept(&first, NOW).unwrap().apply())));
}

fn gap() {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(6);
    let first = initiator.encrypt(&[7; 32], &mut rng).unwrap();
    responder.decrypt(&first).unwrap();
    for _ in 0..100 {
        initiator.encrypt(&[7; 32], &mut rng).unwrap();
    }
    let message = initiator.encrypt(&[7; 32], &mut rng).unwrap();
    counted(&mut || drop(black_box(responder.decrypt(&message).unwrap())));
}

fn key() -> StateKey {
    StateKey::new(1, &[9; 32]).unwrap()
}

fn load() {
    let Pair { initiator, mut rng, .. } = Pair::new(7);
    let (key, owner) = (key(), b"owner");
    let record = key.seal(&initiator, owner, &mut rng).unwrap();
    counted(&mut || drop(black_box(key.open::<Session>(owner, None, &record).unwrap())));
}

/// Makes so many clients that one has sessions with, which they have answered.
fn acquainted(count: u32, rng: &mut TestRng) -> (Client, Vec<Client>) {
    let client = |number: u32, rng: &mut TestRng| {
        let mut id = [7; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        Client::create(&Account::generate(AccountId(id), rng), NOW, rng)
    };
    let mut one = client(0, rng);
    let mut others: Vec<_> = (1..=count).map(|number| client(number, rng)).collect();
    for other in &mut others {
        one.learn(other.list(), NOW).unwrap().apply();
        other.learn(one.list(), NOW).unwrap().apply();
        let mut plan = one.plan(To::Account(other.address().account), NOW).unwrap();
        plan.supply(&one, &other.bundle(), NOW, rng).unwrap();
        let hello = one.seal(&mut plan, &Content::app(7, b"hello"), NOW, rng).unwrap().apply();
        other.receive(one.address(), &hello.envelopes[0].message, NOW).unwrap();
        let answer = say(other, &one, rng);
        one.receive(other.address(), &answer, NOW).unwrap();
    }
    (one, others)
}

fn say(from: &mut Client, to: &Client, rng: &mut TestRng) -> Vec<u8> {
    let mut plan = from.plan(To::Account(to.address().account), NOW).unwrap();
    let out = from.seal(&mut plan, &Content::app(7, &[7; 32]), NOW, rng).unwrap().apply();
    out.envelopes[0].message.clone()
}

fn receive() {
    let mut rng = TestRng::new(8);
    let (mut one, mut others) = acquainted(1, &mut rng);
    for _ in 0..200 {
        let message = say(&mut others[0], &one, &mut rng);
        one.receive(others[0].address(), &message, NOW).unwrap();
    }
    let message = say(&mut others[0], &one, &mut rng);
    let from = others[0].address();
    counted(&mut || drop(black_box(one.receive(from, &message, NOW).unwrap())));
}

fn fan_out() {
    let mut rng = TestRng::new(9);
    let (mut one, others) = acquainted(10, &mut rng);
    let members: Vec<_> = others.iter().map(|other| other.address().account).collect();
    let content = Content::app(7, &[7; 1024]);
    let mut send = || {
        let to = To::Group { id: GroupId([1; 32]), members: &members };
        let mut plan = one.plan(to, NOW).unwrap();
        drop(black_box(one.seal(&mut plan, &content, NOW, &mut rng).unwrap().apply()));
    };
    send();
    counted(&mut send);
}

/// Counts a new snapshot after 16 letters to and from five contacts.
fn snapshot(contacts: u32) {
    let mut rng = TestRng::new(10);
    let (mut one, mut others) = acquainted(contacts, &mut rng);
    let key = key();
    let (_, mut journal) = Journal::begin(&one, &key, b"owner", &mut rng).unwrap();
    for letter in 0..8 {
        let other = &mut others[letter % 5];
        let message = say(&mut one, other, &mut rng);
        other.receive(one.address(), &message, NOW).unwrap();
        let message = say(other, &one, &mut rng);
        one.receive(other.address(), &message, NOW).unwrap();
    }
    counted(&mut || drop(black_box(journal.renew(&one, &key, &mut rng).unwrap())));
}
