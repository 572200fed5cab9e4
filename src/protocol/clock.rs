//! Clocks, which need not agree, and must not go back.

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// The seconds that a clock may be behind that of the device that signed a bundle or a list.
pub(crate) const SKEW: u64 = 86_400;

/// The latest time that a state has seen. It goes back only where the user says that it was wrong.
#[derive(Clone, Copy)]
pub(crate) struct Clock(u64);

/// A time that is not before any that its state has seen, so that setting a clock back revives nothing. Only a
/// [`Clock`] makes one: whoever forgets to ask it is told by the compiler.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Now(u64);

impl Clock {
    /// Begins at a time.
    pub(crate) fn new(now: u64) -> Self {
        Self(now)
    }

    /// Takes the caller's time, or the latest one seen if that is later.
    pub(crate) fn now(self, callers: u64) -> Now {
        Now(callers.max(self.0))
    }

    /// Returns the latest time seen, where nobody has said what time it is.
    pub(crate) fn latest(self) -> Now {
        Now(self.0)
    }

    /// Tells whether time alone is worth a change: `seconds` have passed since the latest.
    pub(crate) fn is_behind(self, now: Now, seconds: u64) -> bool {
        now.0 >= self.0.saturating_add(seconds)
    }

    pub(crate) fn write(self, writer: &mut Writer) {
        writer.u64(self.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.u64().map(Self)
    }
}

impl Now {
    /// Returns the time, for what is a function of it.
    pub(crate) fn seconds(self) -> u64 {
        self.0
    }
}
