//! Clocks, which need not agree, and must not go back.

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// The seconds that a clock may be behind that of the device that signed a bundle or a list.
pub(crate) const SKEW: u64 = 86_400;

/// The time that a state is sure of. It goes back only where the user says that it was wrong.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    firm: u64,
}

/// A moment, which is not before any that its state is sure of, so that setting a clock back revives nothing. Only a
/// [`Clock`] makes one, and whoever uses it says which of its two times is meant.
#[derive(Clone, Copy)]
pub(crate) struct Now {
    reading: u64,
    /// The clock after this moment.
    clock: Clock,
}

impl Clock {
    /// Begins at a time.
    pub(crate) fn new(now: u64) -> Self {
        Self { firm: now }
    }

    /// Takes the caller's time, or the firm one if that is later.
    pub(crate) fn now(self, callers: u64) -> Now {
        let reading = callers.max(self.firm);
        Now { reading, clock: Self::new(reading) }
    }

    /// Returns the moment of the firm time, where nobody has said what time it is.
    pub(crate) fn latest(self) -> Now {
        self.now(self.firm)
    }

    /// Returns the time that the state is sure of.
    pub(crate) fn firm(self) -> u64 {
        self.firm
    }

    /// Tells whether time alone is worth a change: `seconds` have passed since the latest.
    pub(crate) fn is_behind(self, now: Now, seconds: u64) -> bool {
        now.firm() >= self.firm.saturating_add(seconds)
    }

    pub(crate) fn write(self, writer: &mut Writer) {
        writer.u64(self.firm);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.u64().map(Self::new)
    }
}

impl Now {
    /// Returns the time that the caller's clock shows: what is past its time is refused by it, and what is made is
    /// stamped with it.
    pub(crate) fn reading(self) -> u64 {
        self.reading
    }

    /// Returns the time that is sure: what is past its time is erased by it.
    pub(crate) fn firm(self) -> u64 {
        self.clock.firm
    }

    /// Returns the clock after this moment.
    pub(crate) fn clock(self) -> Clock {
        self.clock
    }

    pub(crate) fn to_bytes(self) -> [u8; 8] {
        self.reading.to_be_bytes()
    }

    pub(crate) fn write(self, writer: &mut Writer) {
        writer.raw(&self.to_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.u64().map(|reading| Clock::new(reading).latest())
    }
}
