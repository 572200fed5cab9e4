//! Clocks, which need not agree, may be wrong, and must not go back: `spec/README.md`, "Time".
//!
//! ```text
//! clock = u64(firm) ‖ u64(leap from) ‖ u64(leap to) ‖ flag leap lasts
//!
//!        firm                 leap from        leap to                      leap to + ABSENCE
//! ────────┬───── STRIDE ─────┬────┬──── LOOK ────┬───── STRIDE ─────┬─────────────────┬────▶ readings
//!         │ a reading is firm│    │ looked at    │ a reading from   │ of another use: │
//!         │                  │    │              │ here on is firm  │ the leap lasts  │
//! ```

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// The seconds that a clock may be behind that of whoever dated something.
pub(crate) const SKEW: u64 = 86_400;

/// The seconds by which a reading may be ahead of the firm time without anything that supports it: two days. A device
/// that is used now and then never asks for more.
pub(crate) const STRIDE: u64 = 2 * 86_400;

/// The seconds between the first look at a leap and the one that makes it firm: an hour.
pub(crate) const LOOK: u64 = 3600;

/// The seconds between two uses of a device of which the second one still bears out the first: 35 days.
pub(crate) const ABSENCE: u64 = 35 * 86_400;

/// The time that a state is sure of, and the leap of the caller's clock that it looks at. It goes back only where the
/// user says that it was wrong.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    firm: u64,
    leap: Leap,
}

/// The readings of one use that were ahead of the firm time, from the first to the last; zeros if there is no leap, and
/// a first one of zero if that use is over. Flat, and not an `Option`: see note `[boxes]`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Leap {
    from: u64,
    to: u64,
    /// Set once a use has borne out the one before.
    lasts: bool,
}

/// A moment, which is not before any that its state is sure of, so that setting a clock back revives nothing. Only a
/// [`Clock`] makes one, and whoever uses it says which of its two times is meant.
#[derive(Clone, Copy)]
pub(crate) struct Now {
    reading: u64,
    /// The clock after this moment.
    clock: Clock,
}

/// The state of the caller's clock, compared with the time that a state is sure of.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClockState {
    /// They fit.
    Fits,
    /// The caller's clock is so many seconds ahead, and more than two days: the device was off for long, or its clock
    /// is wrong. Nothing is erased by it before something supports it, or it says the same an hour later: compare it
    /// with a better clock until then.
    Ahead(u64),
    /// The caller's clock is so many seconds behind, and more than a day: it is wrong, or was. The time stands still
    /// until the clock has come so far. If it is right now, and was ahead before, reset it.
    Behind(u64),
}

impl Clock {
    /// Begins at a time.
    pub(crate) fn new(now: u64) -> Self {
        Self { firm: now, leap: Leap::default() }
    }

    /// Takes the caller's time, or the firm one if that is later.
    pub(crate) fn now(self, callers: u64) -> Now {
        let reading = callers.max(self.firm);
        Now { reading, clock: self.step(reading) }
    }

    /// Looks at a reading, which is not before the firm time.
    fn step(self, reading: u64) -> Self {
        let Leap { from, to, lasts } = self.leap;
        if reading == self.firm && to > reading {
            // A clock that begins behind says nothing of the last use but that it is over.
            return Self { leap: Leap { from: 0, ..self.leap }, ..self };
        }
        if reading <= self.firm.saturating_add(STRIDE) {
            return Self::new(reading);
        }
        let (was_leap, is_near) = (to > 0, reading <= to.saturating_add(STRIDE));
        let first = if self.is_leap() { from } else { to };
        if was_leap && is_near && reading.saturating_add(SKEW) >= first {
            // A clock that is set back a little says the same from there on.
            let from = if self.is_leap() { from.min(reading) } else { reading };
            if reading.saturating_sub(from) >= LOOK {
                return Self::new(reading);
            }
            return Self { leap: Leap { from, to: reading, lasts }, ..self };
        }
        // The use before may have had the wrong time, and been right about its pace.
        let lasts = was_leap && !is_near && reading <= to.saturating_add(ABSENCE);
        let passed = if lasts { reading.saturating_sub(to) } else { 0 };
        let firm = self.firm.max(self.firm.saturating_add(passed).min(to));
        Self { firm, leap: Leap { from: reading, to: reading, lasts } }
    }

    /// Returns the reading of its last change, whether that was firm or not.
    pub(crate) fn latest(self) -> u64 {
        if self.is_leap() { self.leap.to } else { self.firm }
    }

    /// Compares the caller's time with the firm one.
    pub(crate) fn state(self, callers: u64) -> ClockState {
        let now = self.now(callers);
        if callers.saturating_add(SKEW) < self.firm {
            ClockState::Behind(self.firm.saturating_sub(callers))
        } else if now.clock.is_leap() {
            ClockState::Ahead(callers.saturating_sub(self.firm))
        } else {
            ClockState::Fits
        }
    }

    /// Tells whether time alone is worth a change: the firm time moves on by so many seconds, or a leap begins or
    /// ends.
    pub(crate) fn is_behind(self, now: Now, seconds: u64) -> bool {
        now.firm() >= self.firm.saturating_add(seconds) || now.clock.leap.from != self.leap.from
    }

    fn is_leap(self) -> bool {
        self.leap.from > 0
    }

    pub(crate) fn write(self, writer: &mut Writer) {
        writer.u64(self.firm);
        writer.u64(self.leap.from);
        writer.u64(self.leap.to);
        writer.flag(self.leap.lasts);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let firm = reader.u64()?;
        let leap = Leap { from: reader.u64()?, to: reader.u64()?, lasts: reader.flag()? };
        let clock = Self { firm, leap };
        let is_over = leap.from == 0 && firm < leap.to;
        let is_leap = firm < leap.from && leap.from <= leap.to;
        if leap == Leap::default() || is_over || is_leap {
            Ok(clock)
        } else {
            Err(Error::Malformed)
        }
    }
}

impl Now {
    /// Makes the moment at which a clock begins, or begins anew.
    pub(crate) fn beginning(now: u64) -> Self {
        Self { reading: now, clock: Clock::new(now) }
    }

    /// Takes a time at which somebody else's clock has been: the firm time is that at least, and never more than this
    /// device's own clock says.
    pub(crate) fn supported(self, support: u64) -> Self {
        // A date of the future supports nothing: it would call any reading right.
        let is_future = support > self.reading.saturating_add(SKEW);
        let support = if is_future { 0 } else { support };
        let firm = self.clock.firm.max(self.reading.min(support));
        let clock = Clock { firm, ..self.clock }.step(self.reading);
        Self { clock, ..self }
    }

    /// Returns the time that the caller's clock shows: what is past its time is refused by it, and what is made is
    /// stamped with it.
    pub(crate) fn reading(self) -> u64 {
        self.reading
    }

    /// Returns the time that is sure: what is past its time is erased by it.
    pub(crate) fn firm(self) -> u64 {
        self.clock.firm
    }

    /// Returns the time to go by where a reading that is wrong for a minute would bring about what stays: the reading,
    /// or the firm time in a sudden leap.
    pub(crate) fn steady(self) -> u64 {
        if self.is_sudden() { self.firm() } else { self.reading }
    }

    /// Tells whether the reading is further ahead of the firm time than can be taken without a second look, and no use
    /// of the device before this one has borne it out.
    pub(crate) fn is_sudden(self) -> bool {
        self.clock.is_leap() && !self.clock.leap.lasts
    }

    /// Returns when a second look at the leap makes it firm.
    pub(crate) fn second_look(self) -> u64 {
        self.clock.leap.from.saturating_add(LOOK)
    }

    /// Tells whether it goes on from a clock, for sure: what is of a later time is of the future then. While the
    /// reading is behind a clock that was right, or ahead of all that supports it, nobody knows.
    pub(crate) fn goes_on(self, before: Clock) -> bool {
        !self.clock.is_leap() && self.reading > before.firm
    }

    /// Returns the clock after this moment.
    pub(crate) fn clock(self) -> Clock {
        self.clock
    }

    /// Writes the moment of a change. It holds the clock after the change, so that a stored change is applied without
    /// what supported it.
    pub(crate) fn write(self, writer: &mut Writer) {
        writer.u64(self.reading);
        self.clock.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (reading, clock) = (reader.u64()?, Clock::read(reader)?);
        if reading == clock.latest() { Ok(Self { reading, clock }) } else { Err(Error::Malformed) }
    }
}

#[cfg(test)]
#[path = "tests/clock.rs"]
mod tests;
