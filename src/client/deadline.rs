//! Deadlines of messages that disappear: `spec/conversations.md`, "Timers".

use super::client::Client;

/// The end of a message that disappears: when its time began to run on this device, and for how long. Keep it with
/// the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deadline {
    /// The time at which it began, by the client's clock.
    pub started: u64,
    /// The timer in seconds.
    pub seconds: u32,
}

/// The state of a message that disappears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lifetime {
    /// It is shown for so many seconds more.
    Shown(u64),
    /// Its time is over by a clock that may be wrong: it is not shown. Keep it, and ask again.
    Hidden,
    /// Its time is over: erase it.
    Over,
}

impl Client {
    /// Begins the time of a message that disappears ([`Content::timer`](crate::content::Content::timer)): when it is
    /// shown, or on the devices of its author when it is sent. On an own device that has not shown it, begin when
    /// that hears that another one has.
    #[must_use]
    pub fn start_timer(&self, seconds: u32, now: u64) -> Deadline {
        Deadline { started: self.inner.clock.now(now).reading(), seconds }
    }

    /// Tells what has become of a message by now. A clock that is ahead for a minute hides, and erases nothing; one
    /// that is set back shows nothing again that is over for sure.
    ///
    /// A beginning that a wrong clock has noted in the future comes down to now: keep the deadline again if it has
    /// changed.
    pub fn timed(&self, deadline: &mut Deadline, now: u64) -> Lifetime {
        let now = self.inner.clock.now(now);
        if now.goes_on(self.inner.clock) {
            deadline.started = deadline.started.min(now.reading());
        }
        let end = deadline.started.saturating_add(u64::from(deadline.seconds));
        if now.firm() >= end {
            Lifetime::Over
        } else if now.reading() >= end {
            Lifetime::Hidden
        } else {
            Lifetime::Shown(end.saturating_sub(now.reading()))
        }
    }
}
