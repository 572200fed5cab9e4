//! Our side of the rows.

use std::hint::black_box;

use latchstring::client::{Client, GroupId, To};
use latchstring::content::Content;
use latchstring::session::{Account, AccountId, Session};
use latchstring::storage::StateKey;

use super::Watch;
use super::support::{NOW, Pair, TestRng, bundle_with_one_time, device};

/// Actions of a round, where one is short.
const MANY: usize = 200;

pub(crate) fn encrypt(length: usize) -> impl FnMut(&mut Watch) {
    let Pair { mut initiator, mut rng, .. } = Pair::new(1);
    let content = vec![7; length];
    move |watch| {
        for _ in 0..MANY {
            black_box(watch.time(|| initiator.encrypt(&content, &mut rng).unwrap()));
        }
    }
}

pub(crate) fn decrypt(length: usize) -> impl FnMut(&mut Watch) {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(2);
    let content = vec![7; length];
    move |watch| {
        for _ in 0..MANY {
            let message = initiator.encrypt(&content, &mut rng).unwrap();
            black_box(watch.time(|| responder.decrypt(&message).unwrap()));
        }
    }
}

pub(crate) fn ping_pong(length: usize) -> impl FnMut(&mut Watch) {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(3);
    let content = vec![7; length];
    move |watch| {
        for _ in 0..MANY / 4 {
            watch.time(|| {
                let message = initiator.encrypt(&content, &mut rng).unwrap();
                black_box(responder.decrypt(&message).unwrap());
                let message = responder.encrypt(&content, &mut rng).unwrap();
                black_box(initiator.decrypt(&message).unwrap());
            });
        }
    }
}

pub(crate) fn first_out() -> impl FnMut(&mut Watch) {
    let mut rng = TestRng::new(4);
    let (from, mut to) = (device(1, &mut rng), device(2, &mut rng));
    move |watch| {
        for _ in 0..10 {
            let bundle = bundle_with_one_time(&mut to, &mut rng).encode();
            watch.time(|| {
                let bundle = latchstring::session::Bundle::decode(&bundle).unwrap();
                let mut session = from.initiate(&bundle, NOW, &mut rng).unwrap();
                black_box(session.encrypt(&[7; 32], &mut rng).unwrap());
            });
        }
    }
}

pub(crate) fn first_in() -> impl FnMut(&mut Watch) {
    let mut rng = TestRng::new(5);
    let (from, mut to) = (device(1, &mut rng), device(2, &mut rng));
    move |watch| {
        for _ in 0..10 {
            let bundle = bundle_with_one_time(&mut to, &mut rng);
            let mut session = from.initiate(&bundle, NOW, &mut rng).unwrap();
            let first = session.encrypt(&[7; 32], &mut rng).unwrap();
            black_box(watch.time(|| to.accept(&first, NOW).unwrap().apply()));
        }
    }
}

pub(crate) fn gap(skipped: usize) -> impl FnMut(&mut Watch) {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(6);
    move |watch| {
        for _ in 0..3 {
            for _ in 0..skipped {
                initiator.encrypt(&[7; 32], &mut rng).unwrap();
            }
            let message = initiator.encrypt(&[7; 32], &mut rng).unwrap();
            black_box(watch.time(|| responder.decrypt(&message).unwrap()));
        }
    }
}

/// Opens the first of some messages, after the last.
pub(crate) fn late(skipped: usize) -> impl FnMut(&mut Watch) {
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(7);
    move |watch| {
        for _ in 0..MANY / 10 {
            let late = initiator.encrypt(&[7; 32], &mut rng).unwrap();
            for _ in 1..skipped {
                initiator.encrypt(&[7; 32], &mut rng).unwrap();
            }
            let last = initiator.encrypt(&[7; 32], &mut rng).unwrap();
            responder.decrypt(&last).unwrap();
            black_box(watch.time(|| responder.decrypt(&late).unwrap()));
        }
    }
}

fn key() -> StateKey {
    StateKey::new(1, &[9; 32]).unwrap()
}

pub(crate) fn load() -> impl FnMut(&mut Watch) {
    let Pair { initiator, mut rng, .. } = Pair::new(8);
    let record = key().seal(&initiator, b"owner", &mut rng).unwrap();
    move |watch| {
        for _ in 0..MANY {
            black_box(watch.time(|| key().open::<Session>(b"owner", None, &record).unwrap()));
        }
    }
}

pub(crate) fn load_encrypt_save() -> impl FnMut(&mut Watch) {
    let Pair { initiator, mut rng, .. } = Pair::new(9);
    let mut record = key().seal(&initiator, b"owner", &mut rng).unwrap();
    move |watch| {
        for _ in 0..MANY {
            watch.time(|| {
                let mut session: Session = key().open(b"owner", None, &record).unwrap();
                black_box(session.encrypt(&[7; 32], &mut rng).unwrap());
                record = key().seal(&session, b"owner", &mut rng).unwrap();
            });
        }
    }
}

pub(crate) fn load_decrypt_save() -> impl FnMut(&mut Watch) {
    let Pair { mut initiator, responder, mut rng, .. } = Pair::new(10);
    let mut record = key().seal(&responder, b"owner", &mut rng).unwrap();
    move |watch| {
        for _ in 0..MANY {
            let message = initiator.encrypt(&[7; 32], &mut rng).unwrap();
            watch.time(|| {
                let mut session: Session = key().open(b"owner", None, &record).unwrap();
                black_box(session.decrypt(&message).unwrap());
                record = key().seal(&session, b"owner", &mut rng).unwrap();
            });
        }
    }
}

fn id(number: usize) -> AccountId {
    let mut id = [7; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    AccountId(id)
}

/// Makes so many clients that one has sessions with, which they have answered.
fn acquainted(count: usize, rng: &mut TestRng) -> (Client, Vec<Client>) {
    let client =
        |number, rng: &mut TestRng| Client::create(&Account::generate(id(number), rng), NOW, rng);
    let mut one = client(0, rng);
    let mut others: Vec<_> = (1..=count).map(|number| client(number, rng)).collect();
    for other in &mut others {
        one.learn(other.list(), NOW).unwrap().apply();
        other.learn(one.list(), NOW).unwrap().apply();
        let mut plan = one.plan(To::Account(other.address().account), NOW).unwrap();
        plan.supply(&one, &other.bundle(), NOW, rng).unwrap();
        let hello = one.seal(&mut plan, &Content::app(7, b"hello"), NOW, rng).unwrap().apply();
        other.receive(one.address(), &hello.envelopes[0].message, NOW).unwrap();
        let answer = say(other, one.address().account, b"yes", rng);
        one.receive(other.address(), &answer, NOW).unwrap();
    }
    (one, others)
}

fn say(from: &mut Client, to: AccountId, content: &[u8], rng: &mut TestRng) -> Vec<u8> {
    let mut plan = from.plan(To::Account(to), NOW).unwrap();
    let out = from.seal(&mut plan, &Content::app(7, content), NOW, rng).unwrap().apply();
    out.envelopes[0].message.clone()
}

pub(crate) fn receive(before: usize) -> impl FnMut(&mut Watch) {
    let mut rng = TestRng::new(11);
    let (mut one, mut others) = acquainted(1, &mut rng);
    let to = one.address().account;
    for _ in 0..before {
        let message = say(&mut others[0], to, &[7; 32], &mut rng);
        one.receive(others[0].address(), &message, NOW).unwrap();
    }
    let mut one = Some(one);
    move |watch| {
        // With few read before, each round begins with a client that has read few.
        let mut fresh = (before == 0).then(|| acquainted(1, &mut rng));
        let (here, other) = match &mut fresh {
            Some((here, others)) => (here, &mut others[0]),
            None => (one.as_mut().unwrap(), &mut others[0]),
        };
        for _ in 0..MANY / 4 {
            let message = say(other, here.address().account, &[7; 32], &mut rng);
            black_box(watch.time(|| here.receive(other.address(), &message, NOW).unwrap()));
        }
    }
}

pub(crate) fn fan_out(devices: usize, length: usize) -> impl FnMut(&mut Watch) {
    let mut rng = TestRng::new(12);
    let (mut one, others) = acquainted(devices, &mut rng);
    let members: Vec<_> = others.iter().map(|other| other.address().account).collect();
    let content = vec![7; length];
    move |watch| {
        for _ in 0..(100 / devices).max(1) {
            watch.time(|| {
                let to = To::Group { id: GroupId([1; 32]), members: &members };
                let mut plan = one.plan(to, NOW).unwrap();
                let content = Content::app(7, &content);
                black_box(one.seal(&mut plan, &content, NOW, &mut rng).unwrap().apply());
            });
        }
    }
}
