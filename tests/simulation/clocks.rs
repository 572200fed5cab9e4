//! A device whose clock is wrong for some of its steps, by minutes, days or months, and then right.

use latchstring::client::{ClockState, Tasks};
use latchstring::session::Served;

use crate::server::{DAY, attack};
use crate::world::{Place, World};

/// The most steps of a device for which its clock stays wrong.
const STEPS: usize = 40;

/// A device's clock.
#[derive(Clone, Copy, Default)]
pub struct Watch {
    /// The seconds that it is always ahead.
    pub skew: u64,
    /// The seconds that it is ahead, or behind, because it is wrong.
    wrong: i64,
    /// The steps for which it is.
    steps: usize,
    /// The time up to which the client may have been told to be.
    pub told: u64,
    /// True if it was wrong once.
    was_wrong: bool,
}

impl Watch {
    pub fn new(skew: u64) -> Self {
        Self { skew, ..Self::default() }
    }

    pub fn time(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.wrong) + self.skew
    }

    /// Tells whether the client may go by another time than that of this world.
    pub fn is_misled(&self, now: u64) -> bool {
        self.wrong != 0 || self.time(now) < self.told
    }
}

impl World {
    /// Sets a device's clock to a wrong time once in a while, and right some steps later.
    pub fn tick(&mut self, node: usize) {
        if self.server.attacks & attack::CLOCK == 0 {
            return;
        }
        let watch = &mut self.nodes[node].watch;
        if watch.wrong == 0 {
            if self.once_in(30) {
                self.set_wrong(node);
            }
        } else if watch.steps > 0 {
            watch.steps -= 1;
            if self.once_in(4) && self.nodes[node].place == Place::Listed {
                self.maintain(node);
            }
        } else {
            self.set_right(node);
        }
        let now = self.now;
        let watch = &mut self.nodes[node].watch;
        watch.told = watch.told.max(watch.time(now));
    }

    fn set_wrong(&mut self, node: usize) {
        self.glance(node);
        let (unit, most) = [(60, 180), (3600, 240), (30 * DAY, 6), (30 * DAY, 6)][self.below(4)];
        let seconds = i64::try_from(unit).unwrap() * i64::try_from(1 + self.below(most)).unwrap();
        let (is_ahead, steps) = (self.once_in(2), self.below(STEPS));
        let watch = &mut self.nodes[node].watch;
        watch.wrong = if is_ahead { seconds } else { -seconds };
        (watch.steps, watch.was_wrong) = (steps, true);
        self.note_clock(node);
        self.count(if is_ahead { "a clock is ahead" } else { "a clock is behind" });
    }

    /// Lets a device whose clock was always right do its tasks while it is months ahead, and right again at once: it
    /// costs nothing.
    fn glance(&mut self, node: usize) {
        let watch = self.nodes[node].watch;
        if watch.was_wrong || self.nodes[node].place != Place::Listed {
            return;
        }
        let state = |world: &Self| {
            let (client, now) = (&world.nodes[node].client, world.time(node));
            let active = world.nodes[node].active.keys();
            let sessions = active.filter(|with| client.has_session(**with, now)).count();
            (client.tasks(&Served::NOTHING, now).clock, sessions)
        };
        let before = state(self);
        self.nodes[node].watch.wrong = i64::try_from(200 * DAY).unwrap();
        self.maintain(node);
        self.nodes[node].watch = watch;
        if before.0 == ClockState::Fits {
            // A leap of the right clock may have to be looked at once more.
            let after = state(self);
            let is_behind = matches!(after.0, ClockState::Behind(_));
            assert!(!is_behind && after.1 == before.1, "a moment ahead has cost something");
            self.count("a glance at a clock that is ahead");
        }
    }

    /// Sets a device's clock right.
    pub fn set_right(&mut self, node: usize) {
        if self.nodes[node].watch.wrong != 0 {
            self.nodes[node].watch.wrong = 0;
            self.note_clock(node);
        }
    }

    fn note_clock(&mut self, node: usize) {
        self.nodes[node].care.forget_times();
        self.named.forget(node);
    }

    /// Tells whether a device may go by another time than that of its clock.
    pub fn is_misled(&self, node: usize) -> bool {
        self.nodes[node].watch.is_misled(self.now)
    }

    /// Tells whether the clock of a device was wrong once.
    pub fn was_wrong(&self, node: usize) -> bool {
        self.nodes[node].watch.was_wrong
    }

    /// Resets the clock of a client that goes by a time that did not come, once its user's clock is right.
    pub fn reset_clock(&mut self, node: usize, tasks: &Tasks) {
        let (now, watch) = (self.time(node), self.nodes[node].watch);
        if !matches!(tasks.clock, ClockState::Behind(_)) || watch.wrong != 0 {
            return;
        }
        assert!(watch.was_wrong, "a right clock is behind");
        let reset = self.commit(node, |client, _| Ok(client.reset_clock(now))).unwrap();
        self.nodes[node].active.retain(|with, _| !reset.sessions.contains(with));
        self.nodes[node].watch.told = 0;
        self.note_clock(node);
        self.losses += 1;
        self.count("a clock is reset");
    }
}
