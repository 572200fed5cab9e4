//! Inside the process that is killed: it is told what to do, and says what it has done once it is saved.

use std::collections::BTreeSet;
use std::io::{BufRead, Write, stdin, stdout};

use latchstring::Error;
use latchstring::storage::{State, StateKey};

use crate::store::{Failure, Kept, Store};

pub fn open(path: &str) -> Store {
    Store::open(path, StateKey::new(1, &[9; 32]).unwrap()).unwrap()
}

pub fn hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(|half| char::from_digit(half.into(), 16).unwrap()).collect()
}

pub fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

pub fn say(line: &str) {
    let mut out = stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

/// Says where a state stands. It is committed there.
pub fn say_where<S: State>(kept: &Kept<S>) {
    let anchor = kept.anchor();
    say(&format!("at {} {} {}", kept.owner(), anchor.generation(), hex(&anchor.to_bytes())));
}

/// The numbers of the messages that this process has told the server of in its life.
#[derive(Default)]
pub struct Courier {
    said: BTreeSet<i64>,
}

impl Courier {
    /// Tells the server what is in the outbox.
    pub fn say(&mut self, store: &Store) {
        for waiting in store.outbox().unwrap() {
            if self.said.insert(waiting.number) {
                let to = waiting.to.map_or_else(|| "-".to_owned(), |to| to.to_string());
                let message = hex(&waiting.message);
                say(&format!("sent {} {} {to} {message}", waiting.number, waiting.owner));
            }
        }
    }
}

/// Does something until no other process has come first.
pub fn again<T>(mut work: impl FnMut() -> Result<T, Failure>) -> Result<T, Error> {
    for _ in 0..1000 {
        match work() {
            Ok(done) => return Ok(done),
            Err(Failure::Protocol(Error::StaleChange)) => {}
            Err(Failure::Protocol(error)) => return Err(error),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("another process always comes first")
}

/// Does what it is told until nobody is left who tells.
pub fn listen(mut obey: impl FnMut(&[&str])) {
    for line in stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["ping"] => say("pong"),
            _ => obey(&words),
        }
    }
}
