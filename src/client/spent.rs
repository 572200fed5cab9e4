//! The memory of what is shown once and was viewed: `spec/conversations.md`, "View once".

use super::limits::DAY;
use super::paged_log::{Entry, PagedLog};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::content::Target;

/// The time in seconds for which it is remembered that it was viewed: 150 days. A letter is queued for 90 days, opens
/// as the first of a session for 30, is kept by a server for 14, and waits for 14 more.
const SPENT_FOR: u64 = 150 * DAY;
/// The most that is viewed in that time: what is over it would have to be forgotten too early.
pub(super) const MAX_VIEWED: usize = 512;
/// The most that is remembered as viewed, of whatever own devices say.
const MAX_SPENT: usize = 2 * MAX_VIEWED;

/// A message that was viewed, by the first half of its digest.
#[derive(Clone, Copy)]
pub(super) struct Spent {
    pub(super) name: [u8; 16],
    at: u64,
}

impl Entry for Spent {
    const PAGE: u8 = 12;
    const PIECE: usize = 32;
    const MAX: usize = MAX_SPENT;

    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.name);
        writer.u64(self.at);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { name: *reader.array()?, at: reader.u64()? })
    }
}

/// The messages that were viewed, oldest first.
#[derive(Default)]
pub(super) struct SpentLog(pub(super) PagedLog<Spent>);

impl SpentLog {
    pub(super) fn has(&self, target: &Target) -> bool {
        self.0.iter().any(|spent| spent.name == target.name())
    }

    /// Notes that a message was viewed. Over so many only a device that lies has brought it.
    pub(super) fn add(&mut self, name: [u8; 16], now: u64) {
        if self.0.iter().any(|spent| spent.name == name) {
            return;
        }
        if self.0.len() >= MAX_SPENT {
            self.0.pop();
        }
        self.0.push(Spent { name, at: now });
    }

    /// Forgets what cannot come any more.
    pub(super) fn expire(&mut self, now: u64) {
        self.0.retain(|spent| now < spent.at.saturating_add(SPENT_FOR));
    }
}
