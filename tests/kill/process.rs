//! Lives of a process: it is started, told what to do, heard, and killed at any instant.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use latchstring::rand_core::Rng;

use crate::child::unhex;
use support::TestRng;

/// The world around the process: other people, and the server between them.
pub trait Surroundings {
    /// Notes that a new process is there, which knows nothing of what was said.
    fn born(&mut self);
    /// Lists all that the process is to do. What it was told in this life it is not told again.
    fn wants(&mut self) -> Vec<String>;
    /// Takes in what the process said.
    fn hear(&mut self, words: &[&str]);
}

/// The messages of a process, as the server knows them.
#[derive(Default)]
pub struct Mailbag {
    known: BTreeMap<i64, String>,
    confirm: BTreeSet<i64>,
}

impl Mailbag {
    pub fn born(&mut self) {
        self.confirm.clear();
    }

    /// Takes a message, and gives its bytes if it is not there yet.
    pub fn take(&mut self, number: &str, message: &str) -> Option<Vec<u8>> {
        let number = number.parse().unwrap();
        self.confirm.insert(number);
        let before = self.known.insert(number, message.to_owned());
        if let Some(before) = before {
            assert!(before == message, "two messages under one number");
            return None;
        }
        Some(unhex(message))
    }

    /// Lists what the process may forget.
    pub fn wants(&self) -> impl Iterator<Item = String> {
        self.confirm.iter().map(|number| format!("arrived {number}"))
    }
}

/// One database and the processes that live on it, one after the other, or two at a time.
pub struct Lives {
    role: &'static str,
    path: String,
    dice: TestRng,
    count: u64,
    /// The anchors that each state has had, in the words of the processes: one history, without branches.
    history: BTreeMap<(String, u64), String>,
    last: BTreeMap<String, u64>,
    /// The contents that they have read.
    shown: BTreeSet<String>,
    /// The number of times that a process died after it had saved something and before it could say so.
    pub unsaid: u64,
}

impl Lives {
    pub fn new(role: &'static str, path: &str) -> Self {
        let (history, last, shown) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Self {
            role,
            path: path.to_owned(),
            dice: TestRng::new(2),
            count: 0,
            history,
            last,
            shown,
            unsaid: 0,
        }
    }

    /// Lives a life that ends by force after some words, or before the first. In one of five there are two
    /// processes at once, that do not know of each other.
    pub fn cut_short(&mut self, world: &mut impl Surroundings) {
        let words = self.dice.next_u32() % 8;
        let then = Duration::from_micros((self.dice.next_u32() % 10_000).into());
        let is_alone = !self.dice.next_u32().is_multiple_of(5);
        let mut living = self.begin(world, if is_alone { 1 } else { 2 });
        for _ in 0..words {
            living.tell(world.wants());
            let Some(line) = living.hear() else { break };
            self.check_line(&line, is_alone, world);
        }
        living.tell(world.wants());
        thread::sleep(then);
        for line in living.kill() {
            self.check_line(&line, is_alone, world);
        }
    }

    /// Lives a life in which everything is done.
    pub fn in_peace(&mut self, world: &mut impl Surroundings) {
        let mut living = self.begin(world, 1);
        living.tell(world.wants());
        while let Some(line) = living.hear() {
            self.check_line(&line, true, world);
            living.tell(world.wants());
        }
        living.end();
    }

    fn begin(&mut self, world: &mut impl Surroundings, processes: u64) -> Living {
        world.born();
        let seeds = self.count + 1..=self.count + processes;
        self.count += processes;
        Living::begin(self.role, &self.path, seeds)
    }

    fn check_line(&mut self, line: &str, is_alone: bool, world: &mut impl Surroundings) {
        let words: Vec<&str> = line.split(' ').collect();
        self.unsaid += u64::from(is_alone && words[0] == "refused");
        if let ["read", place @ .., _] = &words[..] {
            // Not what the worlds know for certain: of two processes the one that was refused may be
            // heard before the one that has read.
            assert!(self.shown.insert(place.join(" ")), "{place:?} was shown twice");
        }
        let ["at", owner, generation, anchor] = words[..] else { return world.hear(&words) };
        let generation: u64 = generation.parse().unwrap();
        let place = (owner.to_owned(), generation);
        let known = self.history.entry(place).or_insert_with(|| anchor.to_owned());
        assert_eq!(known, anchor, "{owner} has two histories");
        let last = self.last.entry(owner.to_owned()).or_default();
        // The words of two processes cross on their way.
        assert!(
            generation >= *last || !is_alone,
            "{owner} has gone back from {last} to {generation}"
        );
        *last = generation.max(*last);
    }
}

/// Processes that are alive.
struct Living {
    children: Vec<(Child, Sender<String>)>,
    said: Receiver<String>,
    told: BTreeSet<String>,
    /// The number of answers to come, each saying that a process has done all it was told before.
    busy: usize,
}

impl Living {
    fn begin(role: &str, path: &str, seeds: impl Iterator<Item = u64>) -> Self {
        let (sender, said) = channel();
        let children = seeds.map(|seed| spawn(role, path, seed, sender.clone())).collect();
        let mut living = Self { children, said, told: BTreeSet::new(), busy: 0 };
        living.order("ping");
        living
    }

    fn order(&mut self, order: &str) {
        for (_, to) in &self.children {
            // It may be dead by now.
            let _ = to.send(order.to_owned());
        }
        if order == "ping" {
            self.busy += self.children.len();
        }
    }

    /// Tells what was not told yet.
    fn tell(&mut self, wants: Vec<String>) {
        let before = self.told.len();
        for want in wants {
            if self.told.insert(want.clone()) {
                self.order(&want);
            }
        }
        if self.told.len() > before {
            self.order("ping");
        }
    }

    /// Waits for the next line; gives none if all is done that was told.
    fn hear(&mut self) -> Option<String> {
        while self.busy > 0 {
            let line = self.said.recv_timeout(Duration::from_secs(60)).expect("it is alive");
            if line != "pong" {
                return Some(line);
            }
            self.busy -= 1;
        }
        None
    }

    /// Kills them, and gives what they have still said.
    fn kill(mut self) -> Vec<String> {
        for (child, _) in &mut self.children {
            child.kill().unwrap();
        }
        for (child, _) in &mut self.children {
            // Had it stopped at a surprise, it would have a code.
            assert_eq!(child.wait().unwrap().code(), None, "it was killed");
        }
        self.said.iter().filter(|line| line != "pong").collect()
    }

    /// Lets them end, who have no more to say.
    fn end(self) {
        for (mut child, to) in self.children {
            drop(to);
            assert!(child.wait().unwrap().success());
        }
        assert_eq!(self.said.iter().count(), 0);
    }
}

fn spawn(role: &str, path: &str, seed: u64, said: Sender<String>) -> (Child, Sender<String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([role, path, &seed.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut to, mut out) =
        (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let (sender, orders) = channel::<String>();
    thread::spawn(move || orders.iter().all(|order| writeln!(to, "{order}").is_ok()));
    thread::spawn(move || {
        let mut line = String::new();
        // A line that was cut by the kill was not said.
        while out.read_line(&mut line).is_ok() && line.ends_with('\n') {
            let whole = line.trim_end().to_owned();
            line.clear();
            if said.send(whole).is_err() {
                break;
            }
        }
    });
    (child, sender)
}
