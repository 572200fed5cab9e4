//! A newer device list than the known one, of which messages tell: `spec/devices.md`, "Letters that name a newer
//! list".

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::Now;
use crate::protocol::identity::device_list::DeviceList;

/// The time in seconds for which a list is used after the first message that named a newer one: 3 days.
pub(crate) const AHEAD_LIFE: u64 = 3 * 86_400;

/// The word of messages on a newer list; all zeros if there is none.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ahead {
    /// The highest epoch that was named.
    epoch: u64,
    /// The time of the first message.
    since: u64,
}

impl Ahead {
    /// Notes the epoch that a message names.
    pub(crate) fn note(&mut self, epoch: u64, known: &DeviceList, now: u64) {
        if epoch > known.epoch() {
            self.since = if self.is_open() { self.since } else { now };
            self.epoch = self.epoch.max(epoch);
        }
    }

    /// Compares it with a list that is new: what the account has signed since says more than a message did.
    pub(crate) fn settle(&mut self, known: &DeviceList) {
        if known.epoch() >= self.epoch || known.issued() >= self.since {
            *self = Self::default();
        }
    }

    /// Tells whether there is a newer list, which is not here.
    pub(crate) fn is_open(self) -> bool {
        self.epoch != 0
    }

    /// Refuses the known list once the time is over in which it is used.
    pub(crate) fn check(self, now: Now) -> Result<(), Error> {
        if now.reading() > self.end() { Err(Error::ListExpired) } else { Ok(()) }
    }

    /// Returns the last second in which the known list is used.
    pub(crate) fn end(self) -> u64 {
        if self.is_open() { self.since.saturating_add(AHEAD_LIFE) } else { u64::MAX }
    }

    /// Tells whether there is a newer list, which was told of a short time ago.
    pub(crate) fn is_recent(self, now: Now) -> bool {
        self.is_open() && self.check(now).is_ok()
    }

    /// Leaves no time ahead of now.
    pub(crate) fn has_time_ahead(&self, now: u64) -> bool {
        self.since > now
    }

    pub(crate) fn bound_times(&mut self, now: u64) {
        self.since = self.since.min(now);
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.epoch);
        writer.u64(self.since);
    }

    pub(crate) fn read(reader: &mut Reader<'_>, known: &DeviceList) -> Result<Self, Error> {
        let (epoch, since) = (reader.u64()?, reader.u64()?);
        let is_one = if epoch == 0 { since == 0 } else { epoch > known.epoch() };
        if is_one { Ok(Self { epoch, since }) } else { Err(Error::Malformed) }
    }
}
