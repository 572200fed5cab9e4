//! The doubt about a device: that it and this one may not be on one session (`spec/sessions.md`, "Doubt").

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

use super::limits::{DAY, HOUR};

/// Repair sessions of an hour with one device at most: one that crosses another one, and one that counts.
const REPAIRS_OF_HOUR: usize = 2;

/// The seconds for which a session of this side's own waits for an answer before the next repair session, by the
/// number of those since something opened. So an answer finds the session that it is in, however slow the link is:
/// not more of them are held than begin in a week.
const PATIENCE: [u64; 4] = [HOUR, HOUR, DAY, 3 * DAY];

/// The seconds after more of them: then the session is stale, whatever the doubt is.
const LONGEST_PATIENCE: u64 = 7 * DAY;

/// The strength of a doubt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    #[default]
    None,
    /// A single thing did not open, of which nothing tells that it was not read long ago.
    Counted,
    /// Something did not open that anybody can have made.
    Suspected,
    /// It is suspected, and an hour has passed without anything that opens, or a request did not help.
    Likely,
    /// The device itself has shown it.
    Shown,
    /// A person says so, and no session has begun since.
    Said,
}

impl Level {
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Counted => 1,
            Self::Suspected => 2,
            Self::Likely => 3,
            Self::Shown => 4,
            Self::Said => 5,
        }
    }

    pub(super) fn of(byte: u8) -> Result<Self, Error> {
        match byte {
            0 => Ok(Self::None),
            1 => Ok(Self::Counted),
            2 => Ok(Self::Suspected),
            3 => Ok(Self::Likely),
            4 => Ok(Self::Shown),
            5 => Ok(Self::Said),
            _ => Err(Error::Malformed),
        }
    }
}

/// The doubt about a device, and what was done about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Doubt {
    level: Level,
    /// The time at which it rose from none, again from what was only counted, and again by a person's word.
    since: u64,
    /// The times of the last repair sessions, the last one first; 0 for none.
    repairs: [u64; REPAIRS_OF_HOUR],
    /// The number of attempts since something opened in the active session: repair sessions, and requests in vain.
    fruitless: u8,
    /// The time of the last resend request in the active session; 0 for none.
    asked: u64,
}

impl Doubt {
    /// Raises the doubt. A lower one changes nothing.
    pub(crate) fn raise(&mut self, level: Level, now: u64) {
        self.bound_times(now);
        if level <= self.level {
            return;
        }
        // What was only counted says nothing of when it began, and a person means the session of now.
        if self.level < Level::Suspected || level == Level::Said {
            self.since = now;
        }
        self.level = level;
    }

    /// Returns what the doubt is by now: it is likely of who was suspected, and of whom nothing has opened for an hour.
    pub(crate) fn level(&self, now: u64) -> Level {
        let is_old = now >= self.since.saturating_add(HOUR);
        if self.level == Level::Suspected && is_old { Level::Likely } else { self.level }
    }

    /// Returns what the doubt rises to by something that did not open, and of which anybody can be the maker: if it
    /// has no id, only the second one counts; and what does not open after this side has asked for it is no longer
    /// only suspicious.
    pub(super) fn suspicion(&self, has_id: bool) -> Level {
        match self.level {
            Level::None if !has_id => Level::Counted,
            Level::Suspected if self.was_asked() => Level::Likely,
            level => level.max(Level::Suspected),
        }
    }

    /// Tells whether a resend request went out in the active session since the doubt rose.
    pub(super) fn was_asked(&self) -> bool {
        self.asked != 0 && self.asked >= self.since
    }

    /// Tells whether a level is above the present one.
    pub(super) fn is_raised_by(&self, level: Level) -> bool {
        level > self.level
    }

    /// Tells whether one more repair session may begin.
    pub(crate) fn allows(&self, now: u64) -> bool {
        self.allowed_at() <= now
    }

    /// Returns when one more repair session may begin.
    pub(super) fn allowed_at(&self) -> u64 {
        let [_, before] = self.repairs;
        if before == 0 { 0 } else { before.saturating_add(HOUR) }
    }

    /// Returns for how many seconds a session of this side's own waits for an answer before a repair session is begun
    /// in its place.
    pub(crate) fn patience(&self) -> u64 {
        PATIENCE.get(usize::from(self.fruitless)).copied().unwrap_or(LONGEST_PATIENCE)
    }

    /// Notes that a session of this side's own begins: a repair session if there is a doubt.
    pub(crate) fn begin(&mut self, now: u64) {
        self.bound_times(now);
        self.asked = 0;
        if self.level >= Level::Suspected {
            let [last, _] = self.repairs;
            self.repairs = [now, last];
            self.fruitless = self.fruitless.saturating_add(1);
            self.level = self.level.min(Level::Shown);
        }
    }

    /// Notes that the active session is another one.
    pub(crate) fn replace(&mut self) {
        self.asked = 0;
    }

    /// Notes that something opened in the active session. It ends the doubt if that became the active one after the
    /// doubt rose (`since`), or, unless the doubt is shown, if it is at a new place.
    ///
    /// The other sessions say nothing by what opens in them: two sides that each begin one in vain would go on for
    /// ever.
    pub(crate) fn open(&mut self, since: u64, is_new: bool) {
        self.fruitless = 0;
        if since >= self.since || (is_new && self.level < Level::Shown) {
            self.level = Level::None;
            self.since = 0;
        }
    }

    /// Tells whether an hour's attempts had no answer.
    pub(super) fn is_fruitless(&self) -> bool {
        usize::from(self.fruitless) >= REPAIRS_OF_HOUR
    }

    /// Notes that a resend request goes out, or was left out. One in vain counts as an attempt, or there would be one
    /// each hour without end where no bundle of the device is to be had.
    pub(super) fn ask(&mut self, now: u64, is_in_vain: bool) {
        self.bound_times(now);
        if is_in_vain && self.level >= Level::Suspected && !self.is_fruitless() {
            self.fruitless = self.fruitless.saturating_add(1);
        }
        self.asked = now;
    }

    /// Returns the time at which the doubt rose, if the device is at least suspected.
    pub(super) fn risen(&self) -> Option<u64> {
        (self.level >= Level::Suspected).then_some(self.since)
    }

    /// Returns the time of the last resend request in the active session, if there was one.
    pub(super) fn asked(&self) -> Option<u64> {
        (self.asked != 0).then_some(self.asked)
    }

    /// Returns the time of the last repair session, if there was one.
    pub(super) fn repaired(&self) -> Option<u64> {
        let [last, _] = self.repairs;
        (last != 0).then_some(last)
    }

    /// Leaves no time ahead of now, which goes back where a clock was wrong.
    pub(super) fn bound_times(&mut self, now: u64) {
        self.since = self.since.min(now);
        self.repairs = self.repairs.map(|time| time.min(now));
        self.asked = self.asked.min(now);
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u8(self.level.byte());
        writer.u64(self.since);
        self.repairs.iter().for_each(|time| writer.u64(*time));
        writer.u8(self.fruitless);
        writer.u64(self.asked);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let level = Level::of(reader.u8()?)?;
        let (since, repairs) = (reader.u64()?, [reader.u64()?, reader.u64()?]);
        let [last, before] = repairs;
        if (level == Level::None && since != 0) || before > last {
            return Err(Error::Malformed);
        }
        Ok(Self { level, since, repairs, fruitless: reader.u8()?, asked: reader.u64()? })
    }
}
