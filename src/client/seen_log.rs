//! The memory of messages that were opened, so that none is shown twice and none reads differently on another own
//! device.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::letter::{MAX_SEEN_MESSAGES, SeenMessage};

use super::paged_log::{Entry, PagedLog};
use super::trail::Title;
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
pub(super) struct SeenLog {
    entries: PagedLog<Seen>,
    /// The number of entries under each id: almost every letter that comes has an id that none has.
    ids: BTreeMap<MessageId, usize>,
}

impl From<PagedLog<Seen>> for SeenLog {
    fn from(entries: PagedLog<Seen>) -> Self {
        let mut whole = Self { entries, ids: BTreeMap::new() };
        whole.count_ids();
        whole
    }
}

impl SeenLog {
    /// Returns the entries as they are stored.
    pub(super) fn stored(&self) -> &PagedLog<Seen> {
        &self.entries
    }

    /// Lists the titles of the pages that were touched, and forgets them.
    pub(super) fn take_touched(&mut self) -> impl Iterator<Item = Title> {
        self.entries.take_touched()
    }

    fn count_ids(&mut self) {
        self.ids.clear();
        for seen in self.entries.iter() {
            let count = self.ids.entry(seen.what.id).or_default();
            *count = count.saturating_add(1);
        }
    }

    fn has_id(&self, id: &MessageId) -> bool {
        self.ids.contains_key(id)
    }

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
        let all = move || {
            let here = self.entries.iter().filter(named).filter(|seen| seen.here);
            here.chain(self.entries.iter().filter(named).filter(|seen| !seen.here))
        };
        self.has_id(id).then(all).into_iter().flatten()
    }

    /// Tells whether a message is remembered already, as it is.
    pub(super) fn has(&self, what: &SeenMessage) -> bool {
        self.has_id(&what.id) && self.entries.iter().any(|seen| seen.what == *what)
    }

    /// Returns what the other own devices are told: the oldest that they were not told yet, up to
    /// [`MAX_SEEN_MESSAGES`], and in the room that is left the newest of the others, up to
    /// [`SEEN_AGAIN`]: a report may get lost.
    pub(super) fn report(&self, own: AccountId) -> Vec<SeenMessage> {
        let untold = self.untold(own).take(MAX_SEEN_MESSAGES);
        let mut report: Vec<_> = untold.map(|seen| seen.what).collect();
        let room = MAX_SEEN_MESSAGES.saturating_sub(report.len()).min(SEEN_AGAIN);
        let told = self.entries.iter().rev().filter(|seen| seen.told && seen.is_of_others(own));
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
        self.entries.change(is_due, |seen| seen.told = true);
    }

    /// Lists what the other own devices were not told yet, oldest first.
    pub(super) fn untold(&self, own: AccountId) -> impl Iterator<Item = &Seen> {
        self.entries.iter().filter(move |seen| !seen.told && seen.is_of_others(own))
    }

    /// Tells whether something that the other own devices were not told has to go to make room for so many
    /// more.
    pub(super) fn loses_untold(&self, own: AccountId, more: usize) -> bool {
        let going = self.entries.len().saturating_add(more).saturating_sub(MAX_SEEN);
        self.entries.iter().take(going).any(|seen| !seen.told && seen.is_of_others(own))
    }

    pub(super) fn add(&mut self, seen: Seen) {
        if self.has_id(&seen.what.id)
            && let Some(old) = self.entries.find_mut(|old| old.what == seen.what)
        {
            old.here |= seen.here;
            return;
        }
        if self.entries.len() >= MAX_SEEN
            && let Some(oldest) = self.entries.pop()
        {
            self.discount(&oldest.what.id);
        }
        let count = self.ids.entry(seen.what.id).or_default();
        *count = count.saturating_add(1);
        self.entries.push(seen);
    }

    fn discount(&mut self, id: &MessageId) {
        if let Some(count) = self.ids.get_mut(id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.ids.remove(id);
            }
        }
    }

    /// Forgets what an account has sent.
    pub(super) fn forget(&mut self, account: AccountId) {
        self.entries.retain(|seen| seen.what.account != account);
        self.count_ids();
    }

    /// Has all that an account has sent follow it to another id.
    pub(super) fn follow(&mut self, from: AccountId, to: AccountId) {
        self.entries.change(|seen| seen.what.account == from, |seen| seen.what.account = to);
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.ids.clear();
    }
}

#[cfg(test)]
#[path = "tests/seen_log.rs"]
mod tests;
