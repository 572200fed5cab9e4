//! The memory of messages that were opened, so that none is shown twice and none reads differently on another own
//! device.

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::letter::{MAX_SEEN_MESSAGES, SeenMessage};

use super::paged_log::{Entry, PagedLog};
use crate::protocol::letter::MessageId;

/// The most messages that are remembered as opened. The oldest is forgotten first.
pub(crate) const MAX_SEEN: usize = 1024;

/// The most messages that one seen report tells a second time.
pub(crate) const SEEN_AGAIN: usize = 64;

/// The number of messages not told yet from which on a seen report is due: a quarter of what one holds.
pub(crate) const REPORT_AFTER: usize = 64;

/// A message that was opened here, or that another own device says it has opened.
pub(super) struct Seen {
    pub(super) what: SeenMessage,
    /// True if it was opened here.
    pub(super) here: bool,
    /// True if the other own devices were told that it was.
    pub(super) told: bool,
}

impl Entry for Seen {
    const PAGE: u8 = 6;
    const PIECE: usize = 32;
    const MAX: usize = MAX_SEEN;

    fn write(&self, writer: &mut Writer) {
        self.what.write(writer);
        writer.flag(self.here);
        writer.flag(self.told);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { what: SeenMessage::read(reader)?, here: reader.flag()?, told: reader.flag()? })
    }
}

impl Seen {
    /// Tells whether it is another account's, and was opened here.
    fn is_of_others(&self, own: AccountId) -> bool {
        self.here && self.what.account != own
    }
}

/// The messages opened last, oldest first.
#[derive(Default)]
pub(super) struct SeenLog(pub(super) PagedLog<Seen>);

impl SeenLog {
    /// Returns what is remembered under a message id: first the one that was opened here.
    pub(super) fn all(
        &self,
        account: AccountId,
        device: DeviceId,
        id: &MessageId,
    ) -> impl Iterator<Item = &Seen> {
        let named = move |seen: &&Seen| {
            let what = &seen.what;
            what.id == *id && what.device == device && what.account == account
        };
        let here = self.0.iter().filter(named).filter(|seen| seen.here);
        here.chain(self.0.iter().filter(named).filter(|seen| !seen.here))
    }

    /// Tells whether a message is remembered already, as it is.
    pub(super) fn has(&self, what: &SeenMessage) -> bool {
        self.0.iter().any(|seen| seen.what == *what)
    }

    /// Returns what the other own devices are told: the oldest that they were not told yet, up to
    /// [`MAX_SEEN_MESSAGES`], and in the room that is left the newest of the others, up to
    /// [`SEEN_AGAIN`]: a report may get lost.
    pub(super) fn report(&self, own: AccountId) -> Vec<SeenMessage> {
        let untold = self.untold(own).take(MAX_SEEN_MESSAGES);
        let mut report: Vec<_> = untold.map(|seen| seen.what).collect();
        let room = MAX_SEEN_MESSAGES.saturating_sub(report.len()).min(SEEN_AGAIN);
        let told = self.0.iter().rev().filter(|seen| seen.told && seen.is_of_others(own));
        report.extend(told.take(room).map(|seen| seen.what));
        report.sort_unstable();
        report
    }

    /// Notes that the other own devices were told what [`SeenLog::report`] gives.
    pub(super) fn reported(&mut self, own: AccountId) {
        let mut room = MAX_SEEN_MESSAGES;
        let is_due = |seen: &Seen| {
            let is_due = room > 0 && !seen.told && seen.is_of_others(own);
            room = room.saturating_sub(usize::from(is_due));
            is_due
        };
        self.0.change(is_due, |seen| seen.told = true);
    }

    /// Lists what the other own devices were not told yet, oldest first.
    pub(super) fn untold(&self, own: AccountId) -> impl Iterator<Item = &Seen> {
        self.0.iter().filter(move |seen| !seen.told && seen.is_of_others(own))
    }

    /// Tells whether something that the other own devices were not told has to go to make room for so many
    /// more.
    pub(super) fn loses_untold(&self, own: AccountId, more: usize) -> bool {
        let going = self.0.len().saturating_add(more).saturating_sub(MAX_SEEN);
        self.0.iter().take(going).any(|seen| !seen.told && seen.is_of_others(own))
    }

    pub(super) fn add(&mut self, seen: Seen) {
        if let Some(old) = self.0.find_mut(|old| old.what == seen.what) {
            old.here |= seen.here;
            return;
        }
        if self.0.len() >= MAX_SEEN {
            self.0.pop();
        }
        self.0.push(seen);
    }
}
