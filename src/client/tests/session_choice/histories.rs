//! Every short history of the model, and long random ones.

use alloc::vec::Vec;

extern crate std;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Id, Ids, Message, Outcome, Server, World};
use crate::client::limits::{DAY, HOUR};
use crate::client::session_choice::STALE_AFTER;

/// The events that may still happen in a short history.
#[derive(Clone, Copy, Hash)]
struct Budget {
    steps: u32,
    begins: [u32; 2],
    losses: u32,
    waits: u32,
}

/// Returns an id that is lower or higher than all so far.
fn extreme(event: u64, low: bool) -> Id {
    let mut id = [0; 32];
    let event = event.to_be_bytes();
    id[1..9].copy_from_slice(&if low { event.map(|byte| !byte) } else { event });
    id[0] = u8::from(!low);
    Id(id)
}

/// The events so far, shown if a history fails.
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

/// Tries all histories of so many events, each taken to its end.
fn explore(world: &World, budget: Budget, seen: &mut HashSet<u64>, trail: &mut Trail) {
    let mut hasher = DefaultHasher::new();
    (world.key(), budget).hash(&mut hasher);
    if !seen.insert(hasher.finish()) {
        return;
    }
    world.check();
    for first in 0..2 {
        world.clone().come_to_one_session(first, &mut Ids(7));
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
                next.send(at, Id([0; 32]));
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
    for (skews, server) in [
        ([0, 0], Server::GOOD),
        ([0, 5], Server::GOOD),
        ([5, 0], Server::GOOD),
        ([0, 0], Server::BAD),
        ([5, 0], Server::BAD),
    ] {
        let budget = Budget { steps: 5, begins: [2, 2], losses: 1, waits: 1 };
        let mut seen = HashSet::new();
        explore(&World::new(skews, server), budget, &mut seen, &mut Trail(Vec::new()));
        assert!(seen.len() > 10_000);
    }
}

/// The events of a random history besides sending and arriving.
#[derive(Clone, Copy)]
struct Trouble {
    losses: bool,
    theft: bool,
    /// Seconds by which the clocks differ at most.
    skew: u64,
}

/// Lets one event happen at random. Returns what came of a message, and whether the thief wrote it.
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
        92..96 => world.now += ids.below(2 * HOUR),
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

/// Tries random histories, with everything delivered every few events.
fn wander(trouble: Trouble, seeds: u64, mut look: impl FnMut(&World, Outcome, &Message, usize)) {
    for seed in 0..seeds {
        let mut ids = Ids(seed);
        let server = if seed % 2 == 0 { Server::GOOD } else { Server::BAD };
        let mut world = World::new([skew(trouble, &mut ids), skew(trouble, &mut ids)], server);
        for event in 0..500 {
            if let Some((outcome, message, at)) = step(&mut world, trouble, &mut ids) {
                look(&world, outcome, &message, at);
            }
            world.check();
            if event % 20 == 0 && !trouble.theft {
                world.clone().come_to_one_session(ids.index(2), &mut ids.clone());
            }
        }
    }
}

#[test]
fn long_histories_come_to_one_session_and_raise_no_alarm() {
    let trouble = Trouble { losses: false, theft: false, skew: DAY };
    let mut opened = 0;
    wander(trouble, 200, |world, outcome, _, _| {
        assert!(!matches!(outcome, Outcome::Cloned | Outcome::Contradicts(_)), "{outcome:?}");
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
