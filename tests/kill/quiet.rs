//! The rules of the store without a kill: it forgets, and it refuses.

use std::path::Path;

use latchstring::Error;
use latchstring::client::{self, Enclosed, Repair, Taken, To};
use latchstring::session::Session;
use latchstring::storage::State;

use crate::child::open;
use crate::session::{receive, send};
use crate::store::{Failure, Kept, Store};
use support::town::{Town, said, text};
use support::{NOW, Pair, TestRng};

const OWNER: &str = "session";

/// Makes a store with a session in it, and the other side.
fn pair(path: &Path, seed: u64) -> (Store, Kept<Session>, Session, TestRng) {
    let mut store = open(path.to_str().unwrap());
    let Pair { mut initiator, mut responder, mut rng, .. } = Pair::new(seed);
    let first = initiator.encrypt(b"first", &mut rng).unwrap();
    responder.decrypt(&first).unwrap();
    let kept = store.keep(OWNER, responder, &mut rng).unwrap();
    (store, kept, initiator, rng)
}

/// Checks that what a step does not commit it has not done, neither in the store nor in memory.
pub fn give_up(folder: &Path) {
    let path = folder.join("gives-up.sqlite");
    let (mut store, mut kept, mut peer, mut rng) = pair(&path, 4);
    // A turn, after which the journal is full.
    send(&mut store, &mut kept, b"a turn", &mut rng).unwrap();
    let before = kept.get(&store).unwrap().to_bytes();
    let too_long = send(&mut store, &mut kept, &vec![7; (1 << 20) + 1], &mut rng);
    assert!(matches!(too_long, Err(Failure::Protocol(Error::ContentTooLong))));
    assert!(*kept.get(&store).unwrap().to_bytes() == *before);
    // Nor has a message that does not open, though the journal is full: no snapshot is written for it.
    let rows = |path: &Path| {
        let reader = rusqlite::Connection::open(path).unwrap();
        let read = |query: &str| -> Vec<Vec<u8>> {
            let mut rows = reader.prepare(query).unwrap();
            rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        (read("SELECT record FROM page"), read("SELECT anchor FROM entry"))
    };
    let (stored, genuine) = (rows(&path), peer.encrypt(b"genuine", &mut rng).unwrap());
    let mut forged = genuine.clone();
    *forged.last_mut().unwrap() ^= 1;
    let refused = receive(&mut store, &mut kept, &forged, &mut rng);
    assert!(matches!(refused, Err(Failure::Protocol(Error::Forged))));
    assert!(rows(&path) == stored && *kept.get(&store).unwrap().to_bytes() == *before);
    assert_eq!(receive(&mut store, &mut kept, &genuine, &mut rng).unwrap(), b"genuine");
    assert!(rows(&path) != stored);
    let before = kept.get(&store).unwrap().to_bytes();
    // The message was sealed and the state moved on in memory; then something else failed.
    let changed_mind = store.step(&mut rng, |step| {
        step.send(&mut kept, |session, rng| session.stage_send().seal(b"never", rng))?;
        step.read(OWNER, b"never")?;
        Err::<(), Failure>(Error::Forged.into())
    });
    assert!(matches!(changed_mind, Err(Failure::Protocol(Error::Forged))));
    assert!(*kept.get(&store).unwrap().to_bytes() == *before);
    // What failed is not forgotten by going on.
    let went_on = store.step(&mut rng, |step| {
        step.read(OWNER, b"nor this")?;
        let sealed = step.send(&mut kept, |session, rng| {
            session.stage_send().seal(&vec![7; (1 << 20) + 1], rng)
        });
        assert!(sealed.is_err());
        Ok(())
    });
    assert!(matches!(went_on, Err(Failure::HalfDone)));
    // So with a message that was opened: it opens again.
    let message = peer.encrypt(b"read once", &mut rng).unwrap();
    let changed_mind = store.step(&mut rng, |step| {
        step.change(&mut kept, |session, _| session.open(&message))?;
        Err::<(), Failure>(Error::Forged.into())
    });
    assert!(changed_mind.is_err());
    assert_eq!(store.inbox().unwrap().len(), 1);
    assert_eq!(receive(&mut store, &mut kept, &message, &mut rng).unwrap(), b"read once");
    for text in [b"one", b"two"] {
        send(&mut store, &mut kept, text, &mut rng).unwrap();
    }
    let mut again: Kept<Session> = open(path.to_str().unwrap()).load(OWNER, None).unwrap().unwrap();
    let (here, there) =
        (kept.get(&store).unwrap().to_bytes(), again.get(&store).unwrap().to_bytes());
    assert!(*here == *there);
    let sent: Vec<_> = store.outbox().unwrap();
    let opened = sent.iter().map(|waiting| peer.decrypt(&waiting.message).unwrap());
    let opened: Vec<Vec<u8>> = opened.map(|opened| opened.content.to_vec()).collect();
    assert_eq!(opened, [&b"a turn"[..], b"one", b"two"]);
}

/// Checks that a letter leaves under its id, and that what it says is found by it when somebody asks for it.
pub fn say_again(folder: &Path) {
    let path = folder.join("says-again.sqlite");
    let mut store = open(path.to_str().unwrap());
    let mut town = Town::new(8, &[1, 1]);
    town.chat(0, 1);
    let (ada, grace) = (town.address(0, 0), town.address(1, 0));
    let mut rng = TestRng::new(8);
    let mut kept = store.keep("ada", town.people[0].devices.remove(0), &mut rng).unwrap();
    let to = To::Account(grace.account);
    let mut plan = kept.get(&store).unwrap().plan(to, NOW).unwrap();
    let id = store.step(&mut rng, |step| {
        let content = said(b"lost on its way");
        let id = step.send(&mut kept, |client, rng| client.seal(&mut plan, &content, NOW, rng))?;
        step.say(id, b"lost on its way", NOW)?;
        Ok(id)
    });
    let id = id.unwrap();
    let waiting = store.outbox().unwrap().pop().unwrap();
    assert_eq!((waiting.to, waiting.id), (Some(grace), Some(id)));
    store.sent(waiting.number).unwrap();

    // It was altered, and comes once more, when Grace's app asks for it.
    let mut altered = waiting.message;
    *altered.last_mut().unwrap() ^= 1;
    let mail = client::Mail { from: ada, id: Some(id), envelope: &altered };
    assert!(matches!(town.client(1, 0).take(&mail, NOW).apply(), Taken::Unread(Error::Forged)));
    let request = town.client(1, 0).repairs(NOW).next().unwrap();
    let mut plan = town.client(1, 0).plan_repair(&request, NOW).unwrap();
    town.supply(1, 0, &mut plan).unwrap();
    let request = town.seal_plan(1, 0, &mut plan, Enclosed::Nothing).unwrap();
    let mail = client::Mail { from: grace, id: None, envelope: &request.envelopes[0].message };
    let step =
        store.step(&mut rng, |step| step.change(&mut kept, |ada, _| Ok(ada.take(&mail, NOW))));
    assert!(matches!(step.unwrap(), Taken::Letter(_)));
    let client = kept.get(&store).unwrap();
    let repair = client.repairs(NOW).next().unwrap();
    assert_eq!(repair, Repair::Resend { to: grace, id });
    let mut plan = client.plan_repair(&repair, NOW).unwrap();
    let content = said(&store.said(id).unwrap().unwrap());
    let again = store.step(&mut rng, |step| {
        step.send(&mut kept, |client, rng| client.seal(&mut plan, &content, NOW, rng))
    });
    assert_eq!(again.unwrap(), id);
    let waiting = store.outbox().unwrap().pop().unwrap();
    assert_eq!(waiting.id, Some(id));
    let letter = town.client(1, 0).receive(ada, &waiting.message, NOW).unwrap();
    assert_eq!((letter.id, text(&letter.event)), (id, b"lost on its way".to_vec()));

    store.forget_said(NOW).unwrap();
    assert!(store.said(id).unwrap().is_some());
    store.forget_said(NOW + 1).unwrap();
    assert!(store.said(id).unwrap().is_none());
}

/// Checks that of two processes with one store the second is told, and writes nothing. Then it knows better.
pub fn refuse_the_second(folder: &Path) {
    let path = folder.join("refuses.sqlite");
    let (mut store, mut kept, mut peer, mut rng) = pair(&path, 5);
    let mut other_store = open(path.to_str().unwrap());
    let mut other: Kept<Session> = other_store.load(OWNER, None).unwrap().unwrap();
    let message = peer.encrypt(b"for one of them", &mut rng).unwrap();
    receive(&mut store, &mut kept, &message, &mut rng).unwrap();
    let late = send(&mut other_store, &mut other, b"late", &mut rng);
    assert!(matches!(late, Err(Failure::Protocol(Error::StaleChange))));
    assert!(store.outbox().unwrap().is_empty());
    // It is loaded again: the message was read, as the other says.
    let late = receive(&mut other_store, &mut other, &message, &mut rng);
    assert!(matches!(late, Err(Failure::Protocol(Error::Duplicate | Error::MessageKeyGone))));
    assert_eq!(store.inbox().unwrap().len(), 1);
    send(&mut other_store, &mut other, b"now", &mut rng).unwrap();
    // Nor is there a second state under one name.
    let second = other_store.keep(OWNER, Pair::new(6).responder, &mut rng);
    assert!(matches!(second.err(), Some(Failure::Protocol(Error::StaleChange))));
}

/// Checks that a database from before the anchor that is kept elsewhere is not taken for today's.
pub fn refuse_the_old(folder: &Path) {
    let (path, backup) = (folder.join("goes-on.sqlite"), folder.join("stays.sqlite"));
    let (mut store, mut kept, _, mut rng) = pair(&path, 7);
    drop(open(path.to_str().unwrap()));
    std::fs::copy(&path, &backup).unwrap();
    send(&mut store, &mut kept, b"later", &mut rng).unwrap();
    let outer = kept.anchor();
    assert!(store.load::<Session>(OWNER, Some(&outer)).unwrap().is_some());
    let backup = open(backup.to_str().unwrap());
    assert!(backup.load::<Session>(OWNER, None).unwrap().is_some());
    let old = backup.load::<Session>(OWNER, Some(&outer));
    assert!(matches!(old.err(), Some(Failure::Protocol(Error::StateRollback))));
    // Nor is one that has lost its last entry.
    let database = rusqlite::Connection::open(&path).unwrap();
    assert_eq!(database.execute("DELETE FROM entry WHERE place = 1", []).unwrap(), 1);
    let cut = store.load::<Session>(OWNER, Some(&outer));
    assert!(matches!(cut.err(), Some(Failure::Protocol(Error::StateRollback))));
}

/// Holds a conversation in turns, after which no file holds a snapshot that was replaced: with it goes the key
/// of the entries behind it.
pub fn forget(folder: &Path) -> usize {
    let path = folder.join("forgets.sqlite");
    let (mut store, mut kept, mut peer, mut rng) = pair(&path, 3);
    let reader = path.clone();
    let snapshot = || -> Vec<u8> {
        let reader = rusqlite::Connection::open(&reader).unwrap();
        reader.query_row("SELECT record FROM page", [], |row| row.get(0)).unwrap()
    };
    let mut snapshots = vec![snapshot()];
    for _ in 0..40 {
        let message = peer.encrypt(b"turn", &mut rng).unwrap();
        receive(&mut store, &mut kept, &message, &mut rng).unwrap();
        snapshots.push(snapshot());
        send(&mut store, &mut kept, b"turn", &mut rng).unwrap();
        let answer = store.outbox().unwrap().pop().unwrap();
        store.sent(answer.number).unwrap();
        peer.decrypt(&answer.message).unwrap();
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
