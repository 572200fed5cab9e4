//! A model of two devices without cryptography: every short history, and long random ones.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

use alloc::vec;
use alloc::vec::Vec;

extern crate std;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{
    DAY, First, GRACE, MAX_AHEAD, MAX_KEPT, Pair, RENEW_AFTER, STALE_AFTER, Standing, Verdict,
    created, is_believed, is_due, judge,
};

const START: u64 = 1_800_000_000;

type Id = [u8; 32];

/// What a session's first message says, sealed, in front of every message until it is answered.
#[derive(Clone, Copy, Hash)]
struct Prefix {
    predecessor: Option<Id>,
    /// How many messages the initiator sent in the predecessor.
    closed: u32,
    created: u64,
    /// The prekeys of the responder that it uses.
    prekeys: u32,
    /// The event at which it was made.
    born: u64,
}

#[derive(Clone, Copy, Hash)]
struct Message {
    session: Id,
    prefix: Option<Prefix>,
    number: u32,
    /// Tells two messages with one number apart.
    tag: u64,
    /// "I cannot open what you send."
    asks: bool,
}

#[derive(Clone, Hash)]
struct Kept {
    id: Id,
    /// When it is erased; open while the active session is not proven.
    until: Option<u64>,
    /// What the peer said it had sent in it at most.
    closed: Option<u32>,
    opened: Vec<(u32, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Opened,
    Duplicate,
    Cloned,
    Forked,
    Unreadable,
}

#[derive(Clone, Hash)]
struct Side {
    /// How far its clock is off.
    skew: i64,
    pair: PairState,
    prefix: Option<Prefix>,
    sent: u32,
    opened: Vec<(u32, u64)>,
    last: Option<Id>,
    kept: Vec<Kept>,
    /// Replay memory.
    accepted: Vec<Id>,
    prekeys: u32,
    asks: bool,
    asked: bool,
    resets: u32,
    forks: u32,
}

/// `Pair`, in a form that can be hashed.
#[derive(Clone, Hash)]
struct PairState {
    active: Option<(Id, u64, u64, bool, bool)>,
    newest: u64,
    known: bool,
}

impl PairState {
    fn get(&self) -> Pair {
        let active = self.active.map(|(id, created, since, ours, proven)| Standing {
            id,
            created,
            since,
            ours,
            proven,
        });
        Pair { active, newest: self.newest, known: self.known }
    }
}

impl Side {
    fn new(skew: i64) -> Self {
        Self {
            skew,
            pair: PairState { active: None, newest: 0, known: false },
            prefix: None,
            sent: 0,
            opened: Vec::new(),
            last: None,
            kept: Vec::new(),
            accepted: Vec::new(),
            prekeys: 0,
            asks: false,
            asked: false,
            resets: 0,
            forks: 0,
        }
    }

    fn active(&self) -> Option<Id> {
        self.pair.active.map(|active| active.0)
    }

    fn set(&mut self, standing: Standing) {
        let Standing { id, created, since, ours, proven } = standing;
        self.pair.active = Some((id, created, since, ours, proven));
    }

    fn expire(&mut self, now: u64) {
        self.kept.retain(|kept| kept.until.is_none_or(|until| now < until));
    }

    fn keep(&mut self, kept: Kept) {
        self.kept.push(kept);
        if self.kept.len() > MAX_KEPT {
            // What the peer may still be on is not pushed out by attempts that nobody answered.
            let waits = self.pair.get().active.is_some_and(|active| !active.is_confirmed());
            let last = self.last;
            let oldest = self.kept.iter().position(|kept| !(waits && Some(kept.id) == last));
            self.kept.remove(oldest.unwrap());
        }
    }

    /// Puts the active session among the kept ones and the new one in its place.
    fn replace(&mut self, standing: Standing, prefix: Option<Prefix>) {
        let before = self.pair.active.take();
        self.set(standing);
        if let Some((id, ..)) = before {
            let opened = core::mem::take(&mut self.opened);
            self.keep(Kept { id, until: None, closed: None, opened });
        }
        self.prefix = prefix;
        self.sent = 0;
        self.opened = Vec::new();
        self.asked = false;
    }
}

/// A thief's copy of one side's active session.
#[derive(Clone, Copy, Hash)]
struct Stolen {
    side: usize,
    session: Id,
    number: u32,
}

#[derive(Clone, Hash)]
struct World {
    now: u64,
    event: u64,
    sides: [Side; 2],
    /// By receiver: what is under way.
    queues: [Vec<Message>; 2],
    stolen: Option<Stolen>,
    /// What the thief sent, by tag.
    forged: Vec<u64>,
    /// Whether a side has lost its state.
    lost: bool,
    /// By side: the sessions that were active and confirmed there, and from which event on.
    confirmed: [Vec<(Id, u64)>; 2],
}

impl World {
    fn new(skews: [i64; 2]) -> Self {
        Self {
            now: START,
            event: 1,
            sides: skews.map(Side::new),
            queues: [Vec::new(), Vec::new()],
            stolen: None,
            forged: Vec::new(),
            lost: false,
            confirmed: [Vec::new(), Vec::new()],
        }
    }

    fn clock(&self, at: usize) -> u64 {
        self.now.checked_add_signed(self.sides[at].skew).unwrap()
    }

    /// Begins a session, whether or not one is due.
    fn begin(&mut self, at: usize, id: Id) {
        self.event += 1;
        let (now, prekeys) = (self.clock(at), self.sides[1 - at].prekeys);
        let side = &mut self.sides[at];
        side.expire(now);
        let stamp = created(side.pair.newest, now);
        // A further attempt repeats what the one before said of the same predecessor.
        let closed = side.prefix.filter(|before| before.predecessor == side.last);
        let closed = closed
            .map_or(if side.last == side.active() { side.sent } else { 0 }, |before| before.closed);
        let prefix =
            Prefix { predecessor: side.last, closed, created: stamp, prekeys, born: self.event };
        let standing = Standing { id, created: stamp, since: now, ours: true, proven: false };
        side.replace(standing, Some(prefix));
        side.pair.newest = stamp;
    }

    /// Sends, in a new session if one is due.
    fn send(&mut self, at: usize, id: Id) {
        let now = self.clock(at);
        let side = &self.sides[at];
        if is_due(side.pair.get().active.as_ref(), side.asked, now) {
            self.begin(at, id);
        }
        self.event += 1;
        let side = &mut self.sides[at];
        side.asked = false;
        let active = side.pair.get().active.unwrap();
        let message = Message {
            session: active.id,
            prefix: side.prefix.filter(|_| active.ours && !active.proven),
            number: side.sent,
            tag: self.event,
            asks: core::mem::take(&mut side.asks),
        };
        side.sent += 1;
        self.queues[1 - at].push(message);
    }

    /// Opens a message that was under way to `at`.
    fn open(&mut self, at: usize, message: &Message) -> Outcome {
        self.event += 1;
        let (now, event) = (self.clock(at), self.event);
        let side = &mut self.sides[at];
        side.expire(now);
        if side.active() == Some(message.session) {
            let outcome = note(&mut side.opened, message);
            if outcome == Outcome::Opened {
                let active = side.pair.get().active.unwrap();
                if !active.proven && (active.ours || message.prefix.is_none()) {
                    side.set(Standing { proven: true, ..active });
                    side.pair.known = true;
                    side.last = Some(active.id);
                    self.confirmed[at].push((active.id, event));
                    for kept in &mut side.kept {
                        kept.until.get_or_insert(now + GRACE);
                    }
                }
                side.asked = false;
            }
            return outcome;
        }
        if let Some(kept) = side.kept.iter_mut().find(|kept| kept.id == message.session) {
            if kept.closed.is_some_and(|closed| message.number >= closed) {
                return Outcome::Cloned;
            }
            let outcome = note(&mut kept.opened, message);
            side.asked |= outcome == Outcome::Opened && message.asks;
            return outcome;
        }
        let known = side.accepted.contains(&message.session);
        if let Some(prefix) =
            message.prefix.filter(|prefix| prefix.prekeys == side.prekeys && !known)
        {
            return self.accept(at, message, prefix);
        }
        side.asks = true;
        Outcome::Unreadable
    }

    fn accept(&mut self, at: usize, message: &Message, prefix: Prefix) -> Outcome {
        let (now, event) = (self.clock(at), self.event);
        let first =
            First { id: message.session, predecessor: prefix.predecessor, created: prefix.created };
        let side = &mut self.sides[at];
        let pair = side.pair.get();
        let verdict = judge(&pair, &first, now);
        side.accepted.push(first.id);
        side.pair.known |= prefix.predecessor.is_some();
        if is_believed(first.created, now) {
            side.pair.newest = side.pair.newest.max(first.created);
        }
        let opened = vec![(message.number, message.tag)];
        let outcome = match verdict {
            Verdict::Keep { forked } => {
                side.forks += u32::from(forked);
                // Its maker sends in it until it hears of the other one.
                let proven = pair.active.is_some_and(|active| active.proven);
                let until = proven.then_some(now + GRACE);
                side.keep(Kept { id: first.id, until, closed: None, opened });
                side.asked |= message.asks;
                if forked { Outcome::Forked } else { Outcome::Opened }
            }
            Verdict::Activate | Verdict::Replace { .. } => {
                assert_eq!(verdict == Verdict::Activate, pair.active.is_none());
                // Who has lost its state may have sent, before, what arrives only now; that is
                // over once the peer has heard from it.
                if let Some(active) = pair.active.filter(|active| active.proven || !self.lost) {
                    let before = self.confirmed[1 - at].iter().find(|(id, _)| *id == active.id);
                    assert!(
                        before.is_none_or(|(_, confirmed)| prefix.born > *confirmed),
                        "a withheld first message came back"
                    );
                }
                side.resets += u32::from(verdict == Verdict::Replace { reset: true });
                side.replace(
                    Standing {
                        id: first.id,
                        created: first.created,
                        since: now,
                        ours: false,
                        proven: false,
                    },
                    None,
                );
                side.opened = opened;
                side.last = Some(first.id);
                self.confirmed[at].push((first.id, event));
                Outcome::Opened
            }
        };
        // Its maker has left the predecessor, whichever session is active.
        if is_believed(first.created, now) {
            for kept in side.kept.iter_mut().filter(|kept| Some(kept.id) == first.predecessor) {
                kept.closed.get_or_insert(prefix.closed);
            }
        }
        outcome
    }

    fn lose(&mut self, at: usize, prekeys_too: bool) {
        self.lost = true;
        self.event += 1;
        let old = &self.sides[at];
        let mut side = Side::new(old.skew);
        side.prekeys = old.prekeys;
        side.accepted.clone_from(&old.accepted);
        if prekeys_too {
            side.prekeys += 1;
            side.accepted.clear();
        }
        self.sides[at] = side;
    }

    /// Copies what `at` holds.
    fn steal(&mut self, at: usize) {
        let side = &self.sides[at];
        self.stolen = side.active().map(|session| Stolen { side: at, session, number: side.sent });
    }

    /// The thief writes with its copy.
    fn forge(&mut self) -> Option<Message> {
        self.event += 1;
        let copy = self.stolen.as_mut()?;
        let (session, number) = (copy.session, copy.number);
        copy.number += 1;
        self.forged.push(self.event);
        Some(Message { session, prefix: None, number, tag: self.event, asks: false })
    }

    fn check(&self) {
        for side in &self.sides {
            assert!(side.kept.len() <= MAX_KEPT, "{} sessions kept", side.kept.len());
        }
    }

    /// From here on everything arrives: two messages each way, then both are on one session and
    /// all that they send opens.
    fn settle(mut self, first: usize, ids: &mut Ids) {
        self.queues = [Vec::new(), Vec::new()];
        for _ in 0..2 {
            for at in [first, 1 - first] {
                // An hour, and what clocks differ by.
                self.now += RENEW_AFTER + 60;
                self.exchange(at, ids);
            }
        }
        assert!(self.sides[0].active().is_some());
        assert_eq!(self.sides[0].active(), self.sides[1].active(), "two active sessions");
        for at in [first, 1 - first, first] {
            assert_eq!(self.exchange(at, ids), Outcome::Opened);
        }
        assert!(self.sides.iter().all(|side| side.pair.get().active.unwrap().is_confirmed()));
        self.check();
    }

    fn exchange(&mut self, from: usize, ids: &mut Ids) -> Outcome {
        self.send(from, ids.next());
        let message = self.queues[1 - from].pop().unwrap();
        self.open(1 - from, &message)
    }

    fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

fn note(opened: &mut Vec<(u32, u64)>, message: &Message) -> Outcome {
    match opened.iter().find(|(number, _)| *number == message.number) {
        Some((_, tag)) if *tag == message.tag => Outcome::Duplicate,
        Some(_) => Outcome::Cloned,
        None => {
            opened.push((message.number, message.tag));
            Outcome::Opened
        }
    }
}

/// Numbers without a pattern, and session ids made of them.
#[derive(Clone)]
struct Ids(u64);

impl Ids {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(u64::try_from(end).unwrap())).unwrap()
    }

    fn next(&mut self) -> Id {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&self.number().to_be_bytes());
        id
    }
}

/// What is still allowed to happen in a short history.
#[derive(Clone, Copy, Hash)]
struct Budget {
    steps: u32,
    begins: [u32; 2],
    losses: u32,
    waits: u32,
}

/// An id that is lower or higher than all so far.
fn extreme(event: u64, low: bool) -> Id {
    let mut id = [0; 32];
    let event = event.to_be_bytes();
    id[1..9].copy_from_slice(&if low { event.map(|byte| !byte) } else { event });
    id[0] = u8::from(!low);
    id
}

/// The steps so far, shown if a history fails.
struct Trail(Vec<(&'static str, usize, usize)>);

impl Trail {
    fn step(&mut self, step: (&'static str, usize, usize), then: impl FnOnce(&mut Self)) {
        self.0.push(step);
        then(self);
        self.0.pop();
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::eprintln!("{:?}", self.0);
        }
    }
}

/// All histories of so many steps, each taken to its end.
fn explore(world: &World, budget: Budget, seen: &mut HashSet<u64>, trail: &mut Trail) {
    let mut hasher = DefaultHasher::new();
    (world.key(), budget).hash(&mut hasher);
    if !seen.insert(hasher.finish()) {
        return;
    }
    world.check();
    for first in 0..2 {
        world.clone().settle(first, &mut Ids(7));
    }
    if budget.steps == 0 {
        return;
    }
    let left = Budget { steps: budget.steps - 1, ..budget };
    for at in 0..2 {
        let mut next = world.clone();
        next.send(at, extreme(next.event, false));
        trail.step(("send", at, 0), |trail| explore(&next, left, seen, trail));
        if budget.begins[at] > 0 {
            let mut left = left;
            left.begins[at] -= 1;
            for low in [false, true] {
                let mut next = world.clone();
                next.begin(at, extreme(next.event, low));
                next.send(at, [0; 32]);
                let step = ("begin", at, usize::from(low));
                trail.step(step, |trail| explore(&next, left, seen, trail));
            }
        }
        for index in 0..world.queues[at].len() {
            // It stays under way, so that it can arrive again.
            let mut next = world.clone();
            let message = next.queues[at][index];
            next.open(at, &message);
            trail.step(("open", at, index), |trail| explore(&next, left, seen, trail));
        }
        if budget.losses > 0 {
            for prekeys_too in [false, true] {
                let mut next = world.clone();
                next.now += 1;
                next.lose(at, prekeys_too);
                let left = Budget { losses: budget.losses - 1, ..left };
                let step = ("lose", at, usize::from(prekeys_too));
                trail.step(step, |trail| explore(&next, left, seen, trail));
            }
        }
    }
    if budget.waits > 0 {
        for wait in [1, STALE_AFTER] {
            let mut next = world.clone();
            next.now += wait;
            let left = Budget { waits: budget.waits - 1, ..left };
            trail.step(("wait", 0, 0), |trail| explore(&next, left, seen, trail));
        }
    }
}

#[test]
fn every_short_history_comes_to_one_session() {
    for skews in [[0, 0], [0, 5], [5, 0]] {
        let budget = Budget { steps: 5, begins: [2, 2], losses: 1, waits: 1 };
        let mut seen = HashSet::new();
        explore(&World::new(skews), budget, &mut seen, &mut Trail(Vec::new()));
        assert!(seen.len() > 10_000);
    }
}

/// What goes on in a random history besides sending and arriving.
#[derive(Clone, Copy)]
struct Trouble {
    losses: bool,
    theft: bool,
    /// Seconds by which the clocks differ at most.
    skew: u64,
}

/// One event at random. Returns what came of a message, and whether the thief wrote it.
fn step(world: &mut World, trouble: Trouble, ids: &mut Ids) -> Option<(Outcome, Message, usize)> {
    let at = ids.index(2);
    match ids.below(100) {
        0..30 => world.send(at, ids.next()),
        30..33 => {
            world.begin(at, ids.next());
            world.send(at, ids.next());
        }
        33..80 if !world.queues[at].is_empty() => {
            let index = ids.index(world.queues[at].len());
            let message = world.queues[at][index];
            // Most arrive once, some again, and what is left behind may come very late.
            if ids.below(8) > 0 {
                world.queues[at].remove(index);
            }
            return Some((world.open(at, &message), message, at));
        }
        80..82 if !world.queues[at].is_empty() => {
            let index = ids.index(world.queues[at].len());
            world.queues[at].remove(index);
        }
        82..92 => world.now += ids.below(10),
        92..96 => world.now += ids.below(2 * RENEW_AFTER),
        96 => world.now += ids.below(2 * STALE_AFTER),
        97 if trouble.losses && ids.below(4) == 0 => {
            let prekeys_too = ids.below(2) == 0;
            world.now += 1;
            world.lose(at, prekeys_too);
        }
        98 if trouble.theft => world.steal(at),
        99 if trouble.theft => {
            if let Some(message) = world.forge() {
                let to = 1 - world.stolen.unwrap().side;
                world.queues[to].push(message);
            }
        }
        _ => {}
    }
    None
}

fn skew(trouble: Trouble, ids: &mut Ids) -> i64 {
    i64::try_from(ids.below(trouble.skew + 1)).unwrap()
}

/// Random histories, settled every few events.
fn wander(trouble: Trouble, seeds: u64, mut look: impl FnMut(&World, Outcome, &Message, usize)) {
    for seed in 0..seeds {
        let mut ids = Ids(seed);
        let mut world = World::new([skew(trouble, &mut ids), skew(trouble, &mut ids)]);
        for event in 0..500 {
            if let Some((outcome, message, at)) = step(&mut world, trouble, &mut ids) {
                look(&world, outcome, &message, at);
            }
            world.check();
            if event % 20 == 0 && !trouble.theft {
                world.clone().settle(ids.index(2), &mut ids.clone());
            }
        }
    }
}

#[test]
fn long_histories_come_to_one_session_and_raise_no_alarm() {
    let trouble = Trouble { losses: false, theft: false, skew: DAY };
    let mut opened = 0;
    wander(trouble, 200, |world, outcome, _, _| {
        assert!(![Outcome::Cloned, Outcome::Forked].contains(&outcome));
        assert!(world.sides.iter().all(|side| side.resets == 0));
        opened += u32::from(outcome == Outcome::Opened);
    });
    assert!(opened > 10_000);
}

#[test]
fn long_histories_with_losses_come_to_one_session() {
    let mut resets = 0;
    for skew in [0, 5, DAY] {
        let trouble = Trouble { losses: true, theft: false, skew };
        wander(trouble, 100, |world, _, _, _| resets += world.sides[0].resets);
    }
    assert!(resets > 100);
}

#[test]
fn a_thief_who_writes_in_old_sessions_never_moves_a_side_back() {
    let trouble = Trouble { losses: false, theft: true, skew: 5 };
    let (mut noticed, mut event, mut place) = (0, 0, [None; 2]);
    wander(trouble, 200, |world, outcome, message, at| {
        if world.event < event {
            // The next history.
            place = [None; 2];
        }
        event = world.event;
        let active = world.sides[at].pair.get().active;
        let next = active.map(|active| (active.created, core::cmp::Reverse(active.id)));
        assert!(next >= place[at]);
        place[at] = next;
        noticed += u32::from(outcome == Outcome::Cloned && world.forged.contains(&message.tag));
    });
    assert!(noticed > 50, "{noticed}");
}

const LOW: Id = [1; 32];
const HIGH: Id = [9; 32];

/// Both sides on one proven session, made by side 0.
fn proven() -> (World, Ids) {
    let (mut world, mut ids) = (World::new([0, 0]), Ids(3));
    for from in [0, 1, 0] {
        assert_eq!(world.exchange(from, &mut ids), Outcome::Opened);
    }
    assert!(world.sides.iter().all(|side| side.pair.get().active.unwrap().proven));
    world.now += RENEW_AFTER;
    (world, ids)
}

/// Takes the message that was sent last to `to` off the way.
fn take(world: &mut World, to: usize) -> Message {
    world.queues[to].pop().unwrap()
}

fn begun(world: &mut World, at: usize, id: Id) -> Message {
    world.begin(at, id);
    world.send(at, id);
    take(world, 1 - at)
}

#[test]
fn of_two_sessions_begun_at_once_both_sides_take_the_one_with_the_lower_id() {
    for (ours, theirs) in [(LOW, HIGH), (HIGH, LOW)] {
        let mut world = World::new([0, 0]);
        let (a, b) = (begun(&mut world, 0, ours), begun(&mut world, 1, theirs));
        assert_eq!((world.open(1, &a), world.open(0, &b)), (Outcome::Opened, Outcome::Opened));
        assert_eq!([0, 1].map(|at| world.sides[at].active()), [Some(LOW); 2]);
    }
}

#[test]
fn of_two_sessions_begun_at_once_the_later_one_is_taken_whatever_its_id() {
    for (ours, theirs) in [(LOW, HIGH), (HIGH, LOW)] {
        let mut world = World::new([0, 0]);
        let a = begun(&mut world, 0, ours);
        world.now += 1;
        let b = begun(&mut world, 1, theirs);
        world.open(1, &a);
        world.open(0, &b);
        assert_eq!([0, 1].map(|at| world.sides[at].active()), [Some(theirs); 2]);
    }
}

#[test]
fn an_attempt_that_arrives_after_a_later_one_is_read_and_not_made_active() {
    let (mut world, _) = proven();
    let (first, second) = (begun(&mut world, 0, LOW), begun(&mut world, 0, HIGH));
    assert_eq!(world.open(1, &second), Outcome::Opened);
    assert_eq!(world.open(1, &first), Outcome::Opened);
    assert_eq!(world.sides[1].active(), Some(HIGH));
}

#[test]
fn a_renewal_of_an_attempt_that_its_maker_gave_up_meets_the_next_attempt_in_one_session() {
    for order in [[0, 1], [1, 0]] {
        let (mut world, mut ids) = proven();
        let first = begun(&mut world, 0, HIGH);
        world.open(1, &first);
        // One side renews it while the other one has given it up.
        let answer = begun(&mut world, 1, [5; 32]);
        let second = begun(&mut world, 0, LOW);
        for at in order {
            world.open(at, if at == 0 { &answer } else { &second });
        }
        assert_eq!(world.sides[0].active(), world.sides[1].active());
        world.settle(0, &mut ids);
    }
}

#[test]
fn a_first_message_withheld_since_before_the_active_session_brings_nothing_back() {
    let mut world = World::new([0, 0]);
    let withheld = begun(&mut world, 0, LOW);
    world.now += 1;
    let met = begun(&mut world, 1, HIGH);
    world.open(0, &met);
    for from in [0, 1] {
        assert_eq!(world.exchange(from, &mut Ids(1)), Outcome::Opened);
    }
    world.now += 10 * DAY;
    assert_eq!(world.open(1, &withheld), Outcome::Opened);
    assert_eq!(world.sides[1].active(), Some(HIGH));
    assert_eq!(world.sides[1].resets, 0);
}

#[test]
fn a_peer_that_lost_its_state_is_taken_back_and_it_is_said() {
    for prekeys_too in [false, true] {
        let (mut world, mut ids) = proven();
        world.lose(0, prekeys_too);
        assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
        assert_eq!(world.sides[1].resets, 1);
        assert_eq!(world.sides[0].active(), world.sides[1].active());
        assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
    }
}

#[test]
fn a_loss_is_said_also_while_a_renewal_is_unanswered() {
    let (mut world, mut ids) = proven();
    begun(&mut world, 1, LOW);
    world.lose(0, false);
    world.now += 1;
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    assert_eq!(world.sides[1].resets, 1);
}

#[test]
fn a_peer_that_lost_its_state_and_its_time_is_taken_back_by_its_request() {
    let (mut world, mut ids) = proven();
    let before = world.sides[1].active();
    world.lose(0, true);
    world.sides[0].skew = -3 * 86400;
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    assert_eq!(world.sides[1].active(), before);
    assert_eq!(world.exchange(1, &mut ids), Outcome::Unreadable);
    // The peer asks in its own session, which is kept here.
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    assert!(world.sides[1].asked);
    assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
    assert_eq!(world.sides[0].active(), world.sides[1].active());
    assert_ne!(world.sides[1].active(), before);
    assert_eq!(world.sides.clone().map(|side| side.resets), [0, 0]);
}

#[test]
fn a_thiefs_request_in_a_kept_session_brings_a_new_session_and_not_the_kept_one() {
    let (mut world, mut ids) = proven();
    world.steal(0);
    let old = world.sides[0].active().unwrap();
    let renewal = begun(&mut world, 0, LOW);
    world.open(1, &renewal);
    world.exchange(1, &mut ids);
    world.exchange(0, &mut ids);
    // A number below the closing one that did not arrive: the most that the thief can have.
    let place = world.sides[1].kept.iter().position(|kept| kept.id == old).unwrap();
    world.sides[1].kept[place].closed = None;
    let mut request = world.forge().unwrap();
    request.asks = true;
    for _ in 0..2 {
        assert_eq!(world.open(1, &request), Outcome::Opened);
        assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
        assert_eq!(world.sides[1].active(), Some(LOW));
        request.number += 1;
    }
    world.now += RENEW_AFTER;
    assert_eq!(world.open(1, &request), Outcome::Opened);
    assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
    let active = world.sides.clone().map(|side| side.active().unwrap());
    assert_eq!(active[0], active[1]);
    assert!(![old, LOW].contains(&active[0]));
}

#[test]
fn a_request_is_moot_once_the_peer_writes_in_the_active_session() {
    let (mut world, mut ids) = proven();
    let active = world.sides[1].active();
    world.sides[1].asked = true;
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
    assert_eq!(world.sides[1].active(), active);
}

#[test]
fn a_clone_that_writes_on_in_a_replaced_session_is_noticed() {
    let (mut world, mut ids) = proven();
    world.steal(0);
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    world.send(0, LOW);
    let late = take(&mut world, 1);
    let renewal = begun(&mut world, 0, LOW);
    assert_eq!(world.open(1, &renewal), Outcome::Opened);
    // What was sent before is read, what a clone writes is not.
    let [same, read, past] = [0; 3].map(|_| world.forge().unwrap());
    assert_eq!(world.open(1, &same), Outcome::Cloned);
    assert_eq!(world.open(1, &past), Outcome::Cloned);
    assert_eq!(world.open(1, &late), Outcome::Opened);
    assert_eq!(world.open(1, &read), Outcome::Cloned);
    // So too if the first attempt to replace it got lost.
    let (mut world, _) = proven();
    world.steal(0);
    begun(&mut world, 0, LOW);
    let renewal = begun(&mut world, 0, HIGH);
    world.open(1, &renewal);
    let past = world.forge().unwrap();
    assert_eq!(world.open(1, &past), Outcome::Cloned);
}

#[test]
fn a_clone_in_a_session_that_its_peer_replaced_is_not_read_after_the_grace() {
    let (mut world, mut ids) = proven();
    world.steal(0);
    let renewal = begun(&mut world, 1, LOW);
    world.open(0, &renewal);
    world.exchange(0, &mut ids);
    let forged = [0; 2].map(|_| world.forge().unwrap());
    world.now += GRACE - 1;
    assert_eq!(world.open(1, &forged[0]), Outcome::Opened);
    world.now += 1;
    assert_eq!(world.open(1, &forged[1]), Outcome::Unreadable);
}

#[test]
fn a_session_is_read_as_long_as_its_renewal_is_unanswered() {
    let (mut world, mut ids) = proven();
    begun(&mut world, 0, LOW);
    for _ in 0..10 {
        world.now += GRACE + STALE_AFTER;
        // Withheld, and due anew each time: more attempts than sessions are kept.
        world.send(0, ids.next());
        take(&mut world, 1);
        assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
    }
    world.settle(1, &mut ids);
}

#[test]
fn first_messages_that_do_not_name_the_proven_session_do_not_replace_it() {
    let (mut world, mut ids) = proven();
    let active = world.sides[1].active();
    for n in 0..50_u8 {
        let mut flood = begun(&mut world, 0, [n; 32]);
        let prefix = flood.prefix.as_mut().unwrap();
        prefix.predecessor = Some([0xee; 32]);
        assert_eq!(world.open(1, &flood), Outcome::Forked);
        assert_eq!(world.sides[1].active(), active);
        world.check();
    }
    assert_eq!(world.sides[1].forks, 50);
    assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
}

#[test]
fn each_line_of_the_rule_holds_to_the_second() {
    const KEEP: Verdict = Verdict::Keep { forked: false };
    const REPLACE: Verdict = Verdict::Replace { reset: false };
    let active = Standing { id: [5; 32], created: START, since: START, ours: true, proven: false };
    let pair = Pair { active: Some(active), newest: START, known: false };
    let proven = Pair { active: Some(Standing { proven: true, ..active }), known: true, ..pair };
    let accepted = Pair { active: Some(Standing { ours: false, ..active }), ..pair };
    let first = |created, id: u8, predecessor: Option<u8>| First {
        id: [id; 32],
        predecessor: predecessor.map(|byte| [byte; 32]),
        created,
    };
    let now = START + 100;
    for pair in [pair, accepted] {
        for predecessor in [None, Some(5), Some(3)] {
            for (created, id, verdict) in [
                (START - 1, 1, KEEP),
                (START, 6, KEEP),
                (START, 4, REPLACE),
                (START + 1, 6, REPLACE),
                (now + MAX_AHEAD, 6, REPLACE),
                (now + MAX_AHEAD + 1, 6, KEEP),
            ] {
                assert_eq!(judge(&pair, &first(created, id, predecessor), now), verdict);
            }
        }
        let known = Pair { known: true, ..pair };
        let reset = Verdict::Replace { reset: true };
        assert_eq!(judge(&known, &first(START + 1, 6, None), now), reset);
        assert_eq!(judge(&known, &first(START + 1, 6, Some(3)), now), REPLACE);
    }
    for (created, predecessor, verdict) in [
        (START - 1, Some(5), KEEP),
        (START - 1, None, KEEP),
        (START - 1, Some(3), KEEP),
        (START + 1, Some(5), REPLACE),
        (START + 1, None, Verdict::Replace { reset: true }),
        (START + 1, Some(3), Verdict::Keep { forked: true }),
    ] {
        assert_eq!(judge(&proven, &first(created, 6, predecessor), now), verdict);
    }
    let none = Pair { active: None, ..pair };
    assert_eq!(judge(&none, &first(START, 1, None), now), KEEP);
    assert_eq!(judge(&none, &first(START + 1, 1, Some(3)), now), Verdict::Activate);
    assert_eq!(judge(&none, &first(now + MAX_AHEAD + 1, 1, None), now), KEEP);
}

#[test]
fn a_new_session_is_the_newest_whatever_the_clock_says() {
    assert_eq!(created(0, START), START);
    assert_eq!(created(START - 1, START), START);
    assert_eq!(created(START, START), START + 1);
    assert_eq!(created(START + 9, START), START + 10);
    assert_eq!(created(u64::MAX, START), u64::MAX);
    assert!(is_believed(u64::MAX, u64::MAX));
}

#[test]
fn a_first_message_from_a_time_beyond_belief_moves_nothing() {
    let (mut world, mut ids) = proven();
    let mut lie = begun(&mut world, 0, LOW);
    lie.prefix.as_mut().unwrap().created = u64::MAX;
    assert_eq!(world.open(1, &lie), Outcome::Opened);
    assert_ne!(world.sides[1].active(), Some(LOW));
    assert!(world.sides[1].pair.newest < START + MAX_AHEAD);
    assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
}

#[test]
fn a_new_session_is_due_without_one_when_it_is_stale_and_when_it_is_asked_for() {
    let unanswered =
        Standing { id: LOW, created: START + 9, since: START, ours: true, proven: false };
    let accepted = Standing { ours: false, ..unanswered };
    let proven = Standing { proven: true, ..unanswered };
    assert!(is_due(None, false, START));
    for (standing, asked, after, due) in [
        (unanswered, false, STALE_AFTER - 1, false),
        (unanswered, false, STALE_AFTER, true),
        (accepted, false, STALE_AFTER, false),
        (proven, false, STALE_AFTER, false),
        (unanswered, true, RENEW_AFTER - 1, false),
        (unanswered, true, RENEW_AFTER, true),
        (accepted, true, RENEW_AFTER, true),
        (proven, true, RENEW_AFTER - 1, false),
        (proven, true, RENEW_AFTER, true),
    ] {
        assert_eq!(is_due(Some(&standing), asked, START + after), due);
    }
    assert!(!is_due(Some(&unanswered), true, 0));
}

#[test]
fn a_loss_is_said_if_all_that_is_known_of_the_peer_is_the_session_that_it_named() {
    let (mut world, mut ids) = proven();
    world.lose(1, false);
    let renewal = begun(&mut world, 0, LOW);
    assert_eq!(world.open(1, &renewal), Outcome::Opened);
    world.now += 1;
    world.lose(0, false);
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    assert_eq!(world.sides[1].resets, 1);
}

#[test]
fn a_clone_is_noticed_too_if_the_session_that_left_it_behind_was_not_taken() {
    let (mut world, _) = proven();
    world.steal(0);
    let (ours, theirs) = (begun(&mut world, 0, HIGH), begun(&mut world, 1, LOW));
    assert_eq!([world.open(1, &ours), world.open(0, &theirs)], [Outcome::Opened; 2]);
    assert_eq!([0, 1].map(|at| world.sides[at].active()), [Some(LOW); 2]);
    let past = world.forge().unwrap();
    assert_eq!(world.open(1, &past), Outcome::Cloned);
}

#[test]
fn an_attempt_that_a_thief_answered_parts_the_pair_aloud_until_one_side_forgets_it() {
    let (mut world, mut ids) = proven();
    let attempt = begun(&mut world, 0, HIGH);
    world.open(1, &attempt);
    world.steal(0);
    let forged = world.forge().unwrap();
    assert_eq!(world.open(1, &forged), Outcome::Opened);
    world.now += STALE_AFTER;
    assert_eq!(world.exchange(0, &mut ids), Outcome::Forked);
    assert_eq!(world.exchange(1, &mut ids), Outcome::Opened);
    assert_ne!(world.sides[0].active(), world.sides[1].active());
    world.lose(0, false);
    assert_eq!(world.exchange(0, &mut ids), Outcome::Opened);
    assert_eq!(world.sides[1].resets, 1);
    world.settle(1, &mut ids);
}
