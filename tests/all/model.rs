//! Random histories of two sides, against a model that only counts.
//!
//! The model knows of each message its chain, its number and whether its key is still kept. It
//! does no cryptography, so what it expects comes from the specification's rules alone.

use std::collections::BTreeSet;

use latchstring::Error;
use latchstring::session::Session;
use latchstring::storage::State;
use proptest::prelude::*;
use proptest::sample::Index;
use support::{Pair, TestRng, restored};

/// The limits as `spec/ratchet.md` gives them.
const MAX_CLOSED: usize = 5;
const MAX_RECENT: usize = 32;

/// An act of a carrier, a store or one of the two people.
#[derive(Clone, Debug)]
enum Act {
    /// A side sends a message.
    Send(usize),
    /// A side sends a message and reserves so many numbers behind it.
    Reserve(usize, u8),
    /// A side sends under a reserved number, if it has one.
    SendReserved(usize),
    /// A side sends so many, of which none is carried.
    Waste(usize, u8),
    /// A message under way arrives, and stays under way: it may arrive again.
    Deliver(Index),
    /// The message that was sent first of those under way arrives.
    DeliverOldest,
    /// A message under way is lost.
    Drop(Index),
    /// A message under way arrives altered at some byte.
    Forge(Index, Index),
    /// A message under way goes back to its sender.
    Reflect(Index),
    /// A side is saved and restored.
    Restore(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..2_usize).prop_map(Act::Send),
        2 => (0..2_usize, 1..9_u8).prop_map(|(side, count)| Act::Reserve(side, count)),
        4 => (0..2_usize).prop_map(Act::SendReserved),
        1 => (0..2_usize, 1..9_u8).prop_map(|(side, count)| Act::Waste(side, count)),
        5 => any::<Index>().prop_map(Act::Deliver),
        3 => Just(Act::DeliverOldest),
        1 => any::<Index>().prop_map(Act::Drop),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(which, at)| Act::Forge(which, at)),
        1 => any::<Index>().prop_map(Act::Reflect),
        1 => (0..2_usize).prop_map(Act::Restore),
    ]
}

/// A message's chain and number, both as its sender counts them.
type Place = (u32, u32);

/// One direction, as its receiver sees it.
#[derive(Default)]
struct Direction {
    /// The lengths of the sender's chains; the last is the one it sends in. Chains count from 1.
    lengths: Vec<u32>,
    /// The length of the last one in the sender's store, with what is reserved.
    stored: u32,
    /// True if the sender's next message begins a chain.
    due: bool,
    /// The receiver's current chain, and the number it expects there.
    expects: Place,
    /// Keys that the receiver keeps.
    missing: BTreeSet<Place>,
    /// Closed chains whose header keys the receiver has, newest first.
    closed: Vec<u32>,
    /// The last opened messages, oldest first.
    recent: Vec<Place>,
}

impl Direction {
    fn send(&mut self, reserve: u8) -> Place {
        if core::mem::take(&mut self.due) {
            self.lengths.push(0);
        }
        let place = self.next();
        self.stored = place.1 + 1 + u32::from(reserve);
        place
    }

    /// Returns the place of a message under a reserved number.
    fn send_reserved(&mut self) -> Option<Place> {
        (!self.due && self.stored > *self.lengths.last().unwrap()).then(|| self.next())
    }

    fn next(&mut self) -> Place {
        let chain = u32::try_from(self.lengths.len()).unwrap();
        let length = self.lengths.last_mut().unwrap();
        *length += 1;
        (chain, *length - 1)
    }

    /// Loads the sender from its store: what was reserved is skipped.
    fn restore(&mut self) {
        *self.lengths.last_mut().unwrap() = self.stored;
    }

    /// Tells what delivering the message does: opens, with so many newly missing and so many lost, or not.
    /// Moves on if it opens.
    fn deliver(&mut self, place: Place) -> Result<(usize, usize), Error> {
        let (chain, number) = place;
        let (current, expected) = self.expects;
        if chain == current && number < expected || self.closed.contains(&chain) {
            if !self.missing.remove(&place) {
                let known = self.recent.contains(&place);
                return Err(if known { Error::Duplicate } else { Error::MessageKeyGone });
            }
            self.remember(place);
            return Ok((0, 0));
        }
        let mut lost = 0;
        let mut skipped: Vec<Place> = Vec::new();
        match chain.checked_sub(current) {
            Some(0) => skipped.extend((expected..number).map(|number| (chain, number))),
            Some(1) => {
                let end = self.lengths[current as usize - 1];
                skipped.extend((expected..end).map(|number| (current, number)));
                skipped.extend((0..number).map(|number| (chain, number)));
                lost = self.close(current, chain);
            }
            _ => return Err(Error::Forged),
        }
        self.expects = (chain, number + 1);
        self.missing.extend(&skipped);
        self.remember(place);
        Ok((skipped.len(), lost))
    }

    /// Closes a chain as `next` begins, and counts the keys that go with the chains dropped.
    fn close(&mut self, chain: u32, next: u32) -> usize {
        let (kept, aged): (Vec<u32>, Vec<u32>) =
            self.closed.iter().copied().partition(|old| next - old <= 64);
        self.closed = kept;
        if aged.is_empty() && self.closed.len() == MAX_CLOSED {
            // Room is made by the oldest chain that misses nothing, else by the oldest.
            let full = |old: &u32| self.missing.iter().any(|(of, _)| of == old);
            let empty = self.closed.iter().rposition(|old| !full(old));
            self.closed.remove(empty.unwrap_or(MAX_CLOSED - 1));
        }
        self.closed.insert(0, chain);
        let before = self.missing.len();
        let closed = &self.closed;
        self.missing.retain(|(of, _)| closed.contains(of));
        before - self.missing.len()
    }

    fn remember(&mut self, place: Place) {
        self.recent.push(place);
        if self.recent.len() > MAX_RECENT {
            self.recent.remove(0);
        }
    }
}

/// A message under way.
struct Flying {
    from: usize,
    place: Place,
    content: Vec<u8>,
    bytes: Vec<u8>,
}

/// Two sides, what is under way between them, and what the model expects of both.
struct Exchange {
    sides: [Session; 2],
    rng: TestRng,
    /// The directions, by sender.
    directions: [Direction; 2],
    network: Vec<Flying>,
    sent: u32,
}

impl Exchange {
    fn new() -> Self {
        let Pair { initiator, responder, rng, .. } = Pair::new(1);
        // Each side has read one message of the other, in its first chain, and the initiator's
        // next one answers that.
        let read_one = |due| Direction {
            lengths: vec![1],
            stored: 1,
            due,
            expects: (1, 1),
            recent: vec![(1, 0)],
            ..Direction::default()
        };
        let directions = [read_one(true), read_one(false)];
        Self { sides: [initiator, responder], rng, directions, network: Vec::new(), sent: 0 }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Send(side) => self.send(*side, 0),
            Act::Reserve(side, count) => self.send(*side, *count),
            Act::SendReserved(side) => self.send_reserved(*side),
            Act::Waste(side, count) => {
                for _ in 0..*count {
                    self.send(*side, 0);
                    self.network.pop();
                }
            }
            Act::Deliver(which) if !self.network.is_empty() => {
                self.deliver(which.index(self.network.len()));
            }
            Act::DeliverOldest if !self.network.is_empty() => {
                self.deliver(0);
                self.network.remove(0);
            }
            Act::Drop(which) if !self.network.is_empty() => {
                self.network.remove(which.index(self.network.len()));
            }
            Act::Forge(which, at) if !self.network.is_empty() => {
                let message = &self.network[which.index(self.network.len())];
                let mut bytes = message.bytes.clone();
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << (at % 8);
                self.refused(1 - message.from, &bytes.clone());
            }
            Act::Reflect(which) if !self.network.is_empty() => {
                let message = &self.network[which.index(self.network.len())];
                let (from, bytes) = (message.from, message.bytes.clone());
                self.refused(from, &bytes);
            }
            Act::Restore(side) => {
                self.sides[*side] = restored(&self.sides[*side]);
                self.directions[*side].restore();
            }
            _ => {}
        }
    }

    fn content(&mut self) -> Vec<u8> {
        self.sent += 1;
        self.sent.to_be_bytes().to_vec()
    }

    fn send(&mut self, from: usize, reserve: u8) {
        let content = self.content();
        let sending = self.sides[from].stage_send().reserve(reserve.into());
        let bytes = sending.seal(&content, &mut self.rng).unwrap().apply();
        let place = self.directions[from].send(reserve);
        self.network.push(Flying { from, place, content, bytes });
    }

    fn send_reserved(&mut self, from: usize) {
        let content = self.content();
        let before = self.sides[from].to_bytes();
        let sealed = self.sides[from].stage_send().seal_reserved(&content, &mut self.rng);
        assert!(before == self.sides[from].to_bytes(), "there would be something to save");
        match self.directions[from].send_reserved() {
            Some(place) => {
                self.network.push(Flying { from, place, content, bytes: sealed.unwrap() });
            }
            None => assert_eq!(sealed, Err(Error::NotReserved)),
        }
    }

    fn deliver(&mut self, which: usize) {
        let Flying { from, place, content, bytes } = &self.network[which];
        let (from, to) = (*from, 1 - *from);
        let began = self.directions[from].expects.0;
        let expected = self.directions[from].deliver(*place);
        let before = self.sides[to].to_bytes();
        match self.sides[to].decrypt(bytes) {
            Ok(opened) => {
                assert_eq!(Ok((opened.skipped, opened.lost)), expected, "{place:?}");
                assert_eq!(*opened.content, *content);
                assert_eq!((opened.position.chain, opened.position.number), *place);
                if self.directions[from].expects.0 > began {
                    self.directions[to].due = true;
                }
            }
            Err(error) => {
                assert_eq!(Err(error), expected, "{place:?}");
                assert!(before == self.sides[to].to_bytes());
            }
        }
        assert_eq!(self.sides[to].skipped(), self.directions[from].missing.len());
    }

    fn refused(&mut self, to: usize, bytes: &[u8]) {
        let before = self.sides[to].to_bytes();
        assert!(self.sides[to].decrypt(bytes).is_err());
        assert!(before == self.sides[to].to_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_sides_do_what_the_model_says(acts in proptest::collection::vec(act(), 1..200)) {
        let mut exchange = Exchange::new();
        for act in &acts {
            exchange.act(act);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_any_history_the_two_sides_still_understand_each_other(
        acts in proptest::collection::vec(act(), 1..150),
    ) {
        let mut exchange = Exchange::new();
        for act in &acts {
            exchange.act(act);
        }
        for from in [0, 1, 0, 1] {
            exchange.send(from, 0);
            let last = exchange.network.len() - 1;
            let bytes = exchange.network[last].bytes.clone();
            prop_assert!(exchange.sides[1 - from].decrypt(&bytes).is_ok());
        }
    }
}
