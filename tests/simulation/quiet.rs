//! The time after the attacks.

use latchstring::client::Conversation;
use latchstring::session::MessageKind;

use crate::letters::What;
use crate::world::{Held, Node, Sent, World};

/// Rounds in which what could not be opened is asked for, at most.
const ROUNDS: usize = 10;

/// The hours between letters after which two devices that have each lost something are on one session again,
/// whatever their apps do (`spec/sessions.md`, "When a new session begins").
const PATIENCE: [u64; 5] = [1, 1, 24, 72, 168];

impl World {
    /// Lets the server do as it should, everybody learn everything, and everybody ask for what does not open.
    pub fn quiet(&mut self) {
        self.is_quiet = true;
        self.server.attacks = 0;
        self.server.withheld.clear();
        self.come_back();
        self.remove_suspects();
        for (_, mail) in std::mem::take(&mut self.server.held) {
            self.server.bring(mail, &mut self.rng);
        }
        for node in self.listed() {
            self.set_right(node);
            self.nodes[node].draft = None;
            self.nodes[node].backup = None;
        }
        // Who was away for long has looked at its clock an hour ago when its tasks come.
        for node in self.listed() {
            self.maintain(node);
        }
        for _ in 0..ROUNDS {
            self.now += 2 * 3600;
            if !self.look_after_all() {
                break;
            }
        }
        for hours in PATIENCE {
            self.now += hours * 3600 + 60;
            self.look_after_all();
            let from = self.sent.len();
            self.all_write(0);
            if !self.sent[from..].iter().any(|sent| self.is_missed(sent)) {
                break;
            }
        }
        self.settle();
        self.check_queued();
        self.exchange();
    }

    /// Lets everybody learn everything, and ask for what does not open. Tells whether there was anything to ask for.
    fn look_after_all(&mut self) -> bool {
        self.server.expire(self.now);
        self.learn_all();
        self.deliver_all();
        let mut any = false;
        for node in self.listed() {
            self.nodes[node].care.note_mail();
            any |= self.look_after(node);
        }
        self.deliver_all();
        any
    }

    /// Lets so much time pass that everything has been read, or was told to be lost.
    fn settle(&mut self) {
        for hours in [24, 72, 72, 72, 72, 72, 1] {
            let is_unread = |node: &Node| node.client.unread().next().is_some();
            if self.listed().into_iter().any(|node| is_unread(&self.nodes[node])) {
                self.now += hours * 3600;
                self.look_after_all();
            }
        }
        for node in self.listed() {
            self.check_unread(node);
            let unread: Vec<_> = self.nodes[node].client.unread().collect();
            assert_eq!(unread, [], "neither read nor told to be lost");
        }
    }

    /// Tells whether somebody who is there has not opened an envelope.
    fn is_missed(&self, sent: &Sent) -> bool {
        !sent.opened && self.is_on(self.at[&sent.to])
    }

    pub fn listed(&self) -> Vec<usize> {
        let is_listed = |node: &usize| self.is_on(*node);
        (0..self.nodes.len()).filter(is_listed).collect()
    }

    fn learn_all(&mut self) {
        for node in self.listed() {
            self.maintain(node);
        }
        for node in self.listed() {
            for person in 0..self.people.len() {
                let fetched = self.fetch(node, self.account(person));
                assert!(fetched.is_ok() || self.is_dead(person), "{fetched:?}");
                self.decide_all(node, self.account(person));
            }
        }
    }

    /// Lets every device write to everybody.
    fn all_write(&mut self, round: usize) {
        for node in self.listed() {
            for person in 0..self.people.len() {
                if self.is_dead(person) {
                    continue;
                }
                let with = self.account(person);
                let own = with == self.address(node).account;
                let there = if own { Conversation::Own } else { Conversation::With(with) };
                self.say(node, What::New(there, Vec::new()), vec![1; 40]).unwrap();
            }
            if self.people.len() > 1 && (0..self.people.len()).any(|person| self.is_dead(person)) {
                self.group(node);
            }
            self.flush(node);
            self.deliver_round(round);
        }
    }

    /// Messages between all accounts and all devices, until all of them are on one session.
    fn exchange(&mut self) {
        for round in 0..3 {
            self.now += 3700;
            let from = self.sent.len();
            self.all_write(round);
            self.deliver_round(round);
            let new = &self.sent[from..];
            if round > 0
                && let Some(place) = new.iter().position(|sent| self.is_missed(sent))
            {
                self.explain(from + place);
                panic!("a message between two that agree was not read (round {round})");
            }
        }
        for node in self.listed() {
            let mismatches = self.nodes[node].client.mismatches();
            // Of who is dead everybody says last what they knew when they last wrote there: nobody can any more.
            let mismatches: Vec<_> = mismatches
                .filter(|(by, of, _)| self.is_on(self.at[by]) && !self.is_lost(*of))
                .collect();
            assert_eq!(mismatches, [], "everyone agrees");
        }
    }

    /// Prints what is known of an envelope that should have been opened.
    fn explain(&self, envelope: usize) {
        let sent = &self.sent[envelope];
        let (from, to) = (self.at[&sent.from], self.at[&sent.to]);
        println!("{from} -> {to}: {:?}, {:?}", self.refused.get(&envelope), sent.held);
        for (one, other) in [(from, to), (to, from)] {
            let (node, with) = (&self.nodes[one], self.address(other));
            println!(
                "{one} skew {} is on {:?} with {other}",
                node.watch.skew,
                node.active.get(&with)
            );
        }
        for (place, sent) in self.sent.iter().enumerate() {
            let between = [sent.from, sent.to];
            if between.contains(&self.address(from)) && between.contains(&self.address(to)) {
                let by = self.at[&self.sessions[sent.session].by];
                let (session, held) = (sent.session, sent.held);
                let end = self.refused.get(&place);
                println!(
                    "{place}: {} in {session} by {by}, {held:?}, opened {}, {end:?}",
                    self.at[&sent.from], sent.opened
                );
            }
        }
    }

    fn deliver_round(&mut self, round: usize) {
        if round < 2 {
            return self.deliver_all();
        }
        // In the last one everybody is on one session with everybody.
        for node in self.listed() {
            self.flush(node);
            let address = self.address(node);
            let waiting = self.server.mail.get(&address).into_iter().flatten();
            for mail in waiting {
                let kind = MessageKind::of(&mail.message);
                assert_eq!(kind, Ok(MessageKind::Ordinary), "a session is still unanswered");
                let with = self.at[&mail.from];
                let (here, there) = (&self.nodes[node].active, &self.nodes[with].active);
                assert_eq!(here[&mail.from], there[&address], "two devices on two sessions");
            }
            while self.deliver(node) {}
        }
    }

    /// Checks that every message was read exactly once on every device, or its loss was told.
    pub fn check_reads(&mut self) {
        for node in self.listed() {
            self.check_size(node);
        }
        self.count_missing();
        let mut unread = Vec::new();
        for (number, message) in self.messages.iter().enumerate() {
            let from = self.address(message.from);
            for to in &message.targets {
                let node = self.at[to];
                let is_listed = self.is_on(node);
                if is_listed && !self.nodes[node].read.contains(&(from, message.id)) {
                    unread.push((number, *to));
                }
            }
        }
        for (message, to) in unread {
            let from = self.address(self.messages[message].from);
            let lossless = self.is_lossless_between(from, to);
            let copies: Vec<_> = (0..self.sent.len())
                .filter(|sent| self.sent[*sent].held == Held::Message(message))
                .filter(|sent| self.sent[*sent].to == to)
                .collect();
            let how = copies.iter().map(|copy| self.loss(*copy)).min().unwrap();
            let is_forgotten = self.is_forgotten(message, to);
            if how == Loss::Silent && !is_forgotten {
                self.explain(copies[0]);
                println!("of these {copies:?}");
            }
            assert!(how != Loss::Silent || is_forgotten, "a message is lost and nobody knows");
            assert!(
                !lossless || how == Loss::Removed,
                "a message is lost on a polite server: {how:?}"
            );
            self.count(&format!("lost, told by {how:?}"));
        }
        let sealed = self.sent.iter().filter(|sent| sent.opened).count();
        self.counts.insert("envelopes opened".to_owned(), sealed);
    }

    /// Checks that what is missing in a session before its last message that was opened was counted.
    fn count_missing(&mut self) {
        for ((from, to, session), course) in &self.courses {
            let Some(last) = course.last else { continue };
            if self.is_suspect(*from, *to) || self.is_torn(*from, *to, *session) {
                continue;
            }
            let before = course.sent.iter().filter(|sent| **sent < last);
            let gaps = before.filter(|sent| !self.sent[**sent].opened).count();
            assert_eq!(
                course.skipped,
                gaps + course.late,
                "what is missing from {from:?} to {to:?} in session {session}"
            );
        }
    }

    /// Tells how it is known that an envelope was not opened.
    fn loss(&self, envelope: usize) -> Loss {
        let sent = &self.sent[envelope];
        if !self.is_on(self.at[&sent.from]) {
            return Loss::Removed;
        }
        if self.refused.contains_key(&envelope) {
            return Loss::Refused;
        }
        let course = &self.courses[&(sent.from, sent.to, sent.session)];
        if course.last.is_some_and(|last| last > envelope) {
            return Loss::Missing;
        }
        let active = |of, with| self.nodes[self.at[&of]].active.get(&with) == Some(&sent.session);
        if !active(sent.from, sent.to) && !active(sent.to, sent.from) {
            return Loss::Replaced;
        }
        Loss::Silent
    }
}

/// The sign that a message is lost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Loss {
    /// The device got it, and could not open it.
    Refused,
    /// A later message of the session showed that it is missing.
    Missing,
    /// Its sender is no more one of its account's devices, or is off for good.
    Removed,
    /// The session that it ended was replaced.
    Replaced,
    /// Nothing.
    Silent,
}
