//! The time after the attacks.

use latchstring::client::Conversation;
use latchstring::session::MessageKind;

use crate::letters::What;
use crate::world::{Held, Place, World};

/// Rounds in which what could not be opened is asked for, at most.
const ROUNDS: usize = 10;

impl World {
    /// Lets the server do as it should, everybody learn everything, and everybody ask for what does not open.
    pub fn quiet(&mut self) {
        self.is_quiet = true;
        self.server.attacks = 0;
        self.server.withheld.clear();
        self.remove_suspects();
        for (_, mail) in std::mem::take(&mut self.server.held) {
            self.server.bring(mail, &mut self.rng);
        }
        for node in self.listed() {
            self.nodes[node].draft = None;
        }
        for node in self.listed() {
            self.nodes[node].asking.clear();
        }
        // Who was away for long has looked at its clock an hour ago when its tasks come.
        for node in self.listed() {
            self.maintain(node);
        }
        for _ in 0..ROUNDS {
            self.now += 2 * 3600;
            self.server.expire(self.now);
            self.learn_all();
            self.deliver_all();
            let mut any = false;
            for node in self.listed() {
                any |= self.retry(node);
            }
            self.deliver_all();
            if !any {
                break;
            }
        }
        self.exchange();
    }

    pub fn listed(&self) -> Vec<usize> {
        let is_listed = |node: &usize| self.nodes[*node].place == Place::Listed;
        (0..self.nodes.len()).filter(is_listed).collect()
    }

    fn learn_all(&mut self) {
        for node in self.listed() {
            self.maintain(node);
        }
        for node in self.listed() {
            for person in 0..self.people.len() {
                self.fetch(node, self.account(person)).unwrap();
                self.decide_all(node, self.account(person));
            }
        }
    }

    /// Messages between all accounts and all devices, until all of them are on one session.
    fn exchange(&mut self) {
        let listed = self.listed();
        for round in 0..3 {
            self.now += 3700;
            let from = self.sent.len();
            for node in &listed {
                for person in 0..self.people.len() {
                    let with = self.account(person);
                    let own = with == self.address(*node).account;
                    let there = if own { Conversation::Own } else { Conversation::With(with) };
                    self.say(*node, What::New(there, Vec::new()), vec![1; 40]).unwrap();
                }
                self.flush(*node);
                self.deliver_round(round);
            }
            self.deliver_round(round);
            let new = &self.sent[from..];
            if round > 0
                && let Some(place) = new.iter().position(|sent| !sent.opened)
            {
                self.explain(from + place);
                panic!("a message between two that agree was not read (round {round})");
            }
        }
        for node in listed {
            let mismatches: Vec<_> = self.nodes[node].client.mismatches().collect();
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
            println!("{one} skew {} is on {:?} with {other}", node.skew, node.active.get(&with));
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
                let is_listed = self.nodes[node].place == Place::Listed;
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
            assert!(how != Loss::Silent, "a message is lost and nobody knows");
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
            if self.is_suspect(*from, *to) {
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
        if self.nodes[self.at[&sent.from]].place != Place::Listed {
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
    /// Its sender is no more one of its account's devices.
    Removed,
    /// The session that it ended was replaced.
    Replaced,
    /// Nothing.
    Silent,
}
