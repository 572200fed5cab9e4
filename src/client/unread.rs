//! Unread letters: what came and did not open, under the id that the transport named (`spec/fan-out.md`, "Unread
//! letters").

use alloc::collections::BTreeMap;

use super::address::Address;
use super::limits::{DAY, HOUR};
use super::paged_log::{Entry, PagedLog};
use super::sent_log::RESEND_FOR;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::MessageId;

/// The most letters that are remembered as unread.
pub(crate) const MAX_UNREAD: usize = 1024;

/// The most of them that are of one device: as many as one resend request names.
pub(crate) const MAX_UNREAD_OF_DEVICE: usize = 32;

/// The seconds from each resend request that names a letter to the next one.
const ASK_AGAIN: [u64; 4] = [HOUR, 6 * HOUR, DAY, 3 * DAY];

/// The seconds after the last one in which the letter may still come.
const LAST_WAIT: u64 = 3 * DAY;

/// A letter that came and did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Unread {
    /// The device that sent it, as the transport says.
    pub from: Address,
    /// Its message id, as the transport says.
    pub id: MessageId,
    /// The time at which it came first.
    pub since: u64,
    /// The number of resend requests that named it, without those that only a new session has brought about.
    pub tries: u8,
    /// The time of the last of them.
    asked: u64,
}

impl Unread {
    pub(super) fn new(from: Address, id: MessageId, now: u64) -> Self {
        Self { from, id, since: now, tries: 0, asked: 0 }
    }

    /// Returns when it is to be asked for, if the active session with its sender is of that time; none if it is not
    /// any more.
    pub(super) fn ask_at(&self, active_since: u64) -> Option<u64> {
        if self.tries == 0 {
            return Some(self.since);
        }
        let until = self.waits_until()?;
        // What was asked for in the session before may not have been understood.
        Some(if self.asked < active_since { self.asked } else { until })
    }

    /// Returns when it is to be asked for again in one session.
    fn waits_until(&self) -> Option<u64> {
        let last = usize::from(self.tries).checked_sub(1)?;
        Some(self.asked.saturating_add(*ASK_AGAIN.get(last)?))
    }

    /// Returns when it is lost.
    pub(super) fn lost_at(&self) -> u64 {
        let end = self.since.saturating_add(RESEND_FOR);
        let was_last = usize::from(self.tries) > ASK_AGAIN.len();
        if was_last { end.min(self.asked.saturating_add(LAST_WAIT)) } else { end }
    }
}

impl Entry for Unread {
    const PAGE: u8 = 8;
    const PIECE: usize = 32;
    const MAX: usize = MAX_UNREAD;

    fn write(&self, writer: &mut Writer) {
        self.from.write(writer);
        writer.raw(&self.id.0);
        writer.u64(self.since);
        writer.u64(self.asked);
        writer.u8(self.tries);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (from, id) = (Address::read(reader)?, MessageId(*reader.array()?));
        let (since, asked, tries) = (reader.u64()?, reader.u64()?, reader.u8()?);
        if tries == 0 && asked != 0 {
            return Err(Error::Malformed);
        }
        Ok(Self { from, id, since, tries, asked })
    }
}

/// The letters that did not open, oldest first.
#[derive(Default)]
pub(super) struct UnreadLog(pub(super) PagedLog<Unread>);

impl UnreadLog {
    /// Lists those of a device.
    pub(super) fn of(&self, from: Address) -> impl Iterator<Item = &Unread> {
        self.0.iter().filter(move |unread| unread.from == from)
    }

    pub(super) fn has(&self, from: Address, id: &MessageId) -> bool {
        self.of(from).any(|unread| unread.id == *id)
    }

    /// Tells whether a letter would be remembered: a device that has enough gets no more, so that the first ones
    /// stay, whatever ids a server invents.
    pub(super) fn takes(&self, from: Address, id: &MessageId) -> bool {
        !self.has(from, id) && self.of(from).count() < MAX_UNREAD_OF_DEVICE
    }

    /// Adds a letter. If there are too many, the oldest one of the device that has most goes, of newcomers first.
    pub(super) fn add(&mut self, unread: Unread, is_newcomer: impl Fn(AccountId) -> bool) {
        if self.0.len() >= MAX_UNREAD {
            let mut counts = BTreeMap::<_, usize>::new();
            for unread in self.0.iter() {
                let count = counts.entry(unread.from).or_default();
                *count = count.saturating_add(1);
            }
            let most =
                counts.iter().max_by_key(|(from, count)| (is_newcomer(from.account), **count));
            let oldest =
                most.and_then(|(from, _)| self.of(*from).next()).map(|old| (old.from, old.id));
            if let Some((from, id)) = oldest {
                self.settle(from, &id);
            }
        }
        self.0.push(unread);
    }

    /// Forgets a letter: it was read, or will not come.
    pub(super) fn settle(&mut self, from: Address, id: &MessageId) {
        self.0.retain(|unread| unread.from != from || unread.id != *id);
    }

    /// Notes that a resend request to a device named these.
    pub(super) fn ask(&mut self, from: Address, ids: &[MessageId], now: u64) {
        let is_named = |unread: &Unread| unread.from == from && ids.contains(&unread.id);
        let asked = |unread: &mut Unread| {
            // Junk may have brought the new session about, and would use all tries up in an evening.
            let is_early = unread.waits_until().is_some_and(|until| now < until);
            unread.tries = unread.tries.saturating_add(u8::from(!is_early));
            unread.asked = now;
        };
        self.0.change(is_named, asked);
    }

    /// Forgets the letters of devices that are not listed any more.
    pub(super) fn retain(&mut self, is_listed: impl Fn(Address) -> bool) {
        self.0.retain(|unread| is_listed(unread.from));
    }

    /// Lists those that are lost by now.
    pub(super) fn lost(&self, now: u64) -> impl Iterator<Item = &Unread> {
        self.0.iter().filter(move |unread| unread.lost_at() <= now)
    }

    pub(super) fn expire(&mut self, now: u64) {
        self.0.retain(|unread| unread.lost_at() > now);
    }

    pub(super) fn bound_times(&mut self, now: u64) {
        let bound = |unread: &mut Unread| {
            unread.since = unread.since.min(now);
            unread.asked = unread.asked.min(now);
        };
        self.0.change(|unread| unread.since.max(unread.asked) > now, bound);
    }
}
