//! All secret prekeys of a device, and what of them is published: `spec/prekeys.md`, "What a device holds".
//!
//! ```text
//! rotate ───▶ newest ── rotate ──▶ retired ── expire ──▶ erased
//! replenish ─▶ batch ── publish ─▶ one-time ── accept, expire ──▶ erased
//! ```

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::SKEW;

use super::bundle::PrekeyId;
use super::prekeys::{BATCH, Found, MAX_ONE_TIME, OneTimeSecret, PrekeySet, ROTATE_AFTER};
use super::replay::FirstMessage;
use super::served::{Stock, Withdraw};

/// Maximum number of retired prekey sets that a device holds; an older one is erased before its time if the
/// caller rotates more often than the schedule asks.
pub(crate) const MAX_RETIRED: usize = 31;

/// The number of published one-time prekeys up to which a device makes more as soon as the server has few.
pub(crate) const FREE_ONE_TIME: usize = 200;

/// The age of the newest one-time prekeys from which a device makes more above that number. Until 1,000 are
/// reached it takes two weeks then: what was noted as published is kept for so long, whoever fetches bundles without
/// end, and whatever a server says that it has.
pub(crate) const REFILL_AFTER: u64 = 20 * 3600;

/// A prekey set, and whether its bundle is known to be published.
struct KeptSet {
    prekey_set: PrekeySet,
    is_published: bool,
}

impl KeptSet {
    fn id(&self) -> PrekeyId {
        self.prekey_set.public.id
    }

    fn write(&self, writer: &mut Writer) {
        self.prekey_set.write(writer);
        writer.flag(self.is_published);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { prekey_set: PrekeySet::read(reader)?, is_published: reader.flag()? })
    }
}

/// All secret prekeys of a device.
pub(crate) struct Prekeys {
    /// The prekey set to publish.
    newest: KeptSet,
    /// The prekey sets before it, oldest first.
    retired: Vec<KeptSet>,
    /// Those known to be published, in the order of their note; before them what was given up of batches.
    one_time: Vec<OneTimeSecret>,
    /// Those not known to be published, which are given again.
    batch: Vec<OneTimeSecret>,
}

impl Prekeys {
    pub(crate) fn new(first: PrekeySet) -> Self {
        let newest = KeptSet { prekey_set: first, is_published: false };
        Self { newest, retired: Vec::new(), one_time: Vec::new(), batch: Vec::new() }
    }

    pub(crate) fn newest(&self) -> &PrekeySet {
        &self.newest.prekey_set
    }

    /// Finds the prekeys that a first message names, if they are still kept.
    pub(crate) fn find(
        &self,
        signed_prekeys: PrekeyId,
        one_time: Option<PrekeyId>,
        now: u64,
    ) -> Result<Found<'_>, Error> {
        let prekey_set = self.prekey_set(signed_prekeys, now)?;
        let one_time = one_time.map(|id| self.one_time(id, now)).transpose()?;
        Ok(Found { prekey_set, one_time })
    }

    pub(crate) fn prekey_set(&self, id: PrekeyId, now: u64) -> Result<&PrekeySet, Error> {
        let all = core::iter::once(&self.newest).chain(&self.retired);
        let mut kept = all.map(|kept| &kept.prekey_set).filter(|set| set.is_kept(now));
        kept.find(|prekey_set| prekey_set.public.id == id).ok_or(Error::UnknownPrekey)
    }

    fn one_time(&self, id: PrekeyId, now: u64) -> Result<&OneTimeSecret, Error> {
        self.kept(now).find(|key| key.id == id).ok_or(Error::UnknownPrekey)
    }

    /// Returns the one-time secrets that are not past their time.
    fn kept(&self, now: u64) -> impl Iterator<Item = &OneTimeSecret> {
        self.one_time.iter().chain(&self.batch).filter(move |key| key.is_kept(now))
    }

    /// Tells whether it is time to replace the newest prekey set.
    pub(crate) fn rotation_due(&self, now: u64) -> bool {
        let (newest, created) = (self.newest(), self.newest().public.created);
        let is_future = created > now.saturating_add(SKEW);
        newest.memory.is_full() || is_future || now >= created.saturating_add(ROTATE_AFTER)
    }

    /// Tells whether the newest prekey set is to be given again: it is not known to be published, and as good as
    /// a new one.
    pub(crate) fn gives_set_again(&self, now: u64) -> bool {
        !self.newest.is_published && !self.rotation_due(now)
    }

    /// Returns the one-time prekeys that are to be given again: not known to be published, and as good as new
    /// ones.
    pub(crate) fn given_again(&self, now: u64) -> impl Iterator<Item = &OneTimeSecret> {
        self.batch.iter().filter(move |key| key.is_good(now))
    }

    /// Tells whether more one-time prekeys may be published: a whole batch that waits, or new ones for which no
    /// old one goes too early. A part of a batch waits with the new ones that fill it up: a server that owns up
    /// to all but one would have new ones made each time.
    fn refill_due(&self, now: u64) -> bool {
        let has_room = self.one_time.len().saturating_add(BATCH.into()) <= FREE_ONE_TIME;
        has_room || self.is_refill_late(now) || self.given_again(now).count() == BATCH.into()
    }

    /// Tells whether the newest published one-time prekey is old enough for more. The one that was made last
    /// counts, because the server chooses what is noted last, and none of the future, because those stay.
    fn is_refill_late(&self, now: u64) -> bool {
        let made = self.one_time.iter().map(|key| key.created);
        let newest = made.filter(|created| *created <= now.saturating_add(SKEW)).max();
        newest.is_none_or(|created| now >= created.saturating_add(REFILL_AFTER))
    }

    /// Tells whether anything is past its time.
    pub(crate) fn erasure_due(&self, now: u64) -> bool {
        // The newest prekey set is replaced, never erased.
        self.retired.iter().any(|kept| !kept.prekey_set.is_kept(now))
            || self.one_time.iter().chain(&self.batch).any(|key| !key.is_kept(now))
    }

    /// Compares the one-time prekeys that a server says it has with those that can still be opened: whether it is
    /// to be given more, and what it must withdraw.
    pub(crate) fn compare(&self, stock: Stock<'_>, now: u64) -> (bool, Withdraw) {
        let (live, withdraw) = stock.compare(self.kept(now).map(|key| key.id).collect());
        (live < BATCH.into() && self.refill_due(now), withdraw)
    }

    pub(crate) fn rotate(&mut self, newest: PrekeySet) {
        let newest = KeptSet { prekey_set: newest, is_published: false };
        self.retired.push(core::mem::replace(&mut self.newest, newest));
        if self.retired.len() > MAX_RETIRED {
            // What nobody is known to have been given goes before what somebody may be writing to.
            let unpublished = self.retired.iter().position(|kept| !kept.is_published);
            self.retired.remove(unpublished.unwrap_or(0));
        }
    }

    /// Adds new one-time prekeys to the batch, of which what is not given again becomes the oldest of all.
    pub(crate) fn add(&mut self, keys: Vec<OneTimeSecret>, now: u64) {
        let given_up: Vec<_> = self.batch.extract_if(.., |key| !key.is_good(now)).collect();
        self.one_time.splice(..0, given_up);
        self.evict();
        self.batch.extend(keys);
    }

    /// Returns those of the ids that are not known to be published yet, each once.
    pub(crate) fn unpublished(&self, ids: impl IntoIterator<Item = PrekeyId>) -> Vec<PrekeyId> {
        let sets = self.retired.iter().chain([&self.newest]).filter(|kept| !kept.is_published);
        let mut open: Vec<_> =
            sets.map(KeptSet::id).chain(self.batch.iter().map(|key| key.id)).collect();
        open.sort_unstable();
        let mut found: Vec<_> =
            ids.into_iter().filter(|id| open.binary_search(id).is_ok()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Notes that what has these ids, in ascending order, is published.
    pub(crate) fn publish(&mut self, ids: &[PrekeyId]) {
        let is_named = |id: PrekeyId| ids.binary_search(&id).is_ok();
        for kept in self.retired.iter_mut().chain([&mut self.newest]) {
            kept.is_published |= is_named(kept.id());
        }
        self.one_time.extend(self.batch.extract_if(.., |key| is_named(key.id)));
        self.evict();
    }

    /// Takes over that a first message was accepted: erases its one-time prekey, or remembers it, because it can
    /// come again. Whoever used a prekey set was given it.
    pub(crate) fn accept(
        &mut self,
        signed_prekeys: PrekeyId,
        one_time: Option<PrekeyId>,
        message: FirstMessage,
    ) {
        let mut all = core::iter::once(&mut self.newest).chain(&mut self.retired);
        if let Some(used) = all.find(|kept| kept.id() == signed_prekeys) {
            used.is_published = true;
            if one_time.is_none() {
                used.prekey_set.memory.remember(message);
            }
        }
        self.one_time.retain(|key| Some(key.id) != one_time);
        self.batch.retain(|key| Some(key.id) != one_time);
    }

    /// Erases all but the newest prekey set, for a device to which nobody may write any longer.
    pub(crate) fn retire(&mut self) {
        self.retired.clear();
        self.one_time.clear();
        self.batch.clear();
    }

    /// Erases what is past its time; the newest prekey set is replaced, never erased.
    pub(crate) fn expire(&mut self, now: u64) {
        self.retired.retain(|kept| kept.prekey_set.is_kept(now));
        self.one_time.retain(|key| key.is_kept(now));
        self.batch.retain(|key| key.is_kept(now));
    }

    /// Erases the oldest one-time prekeys over the maximum. The batch is never among them, and takes nobody's
    /// place before it is published.
    fn evict(&mut self) {
        let surplus = self.one_time.len().saturating_sub(MAX_ONE_TIME);
        self.one_time.drain(..surplus);
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.count(self.retired.len().saturating_add(1));
        for kept in self.retired.iter().chain([&self.newest]) {
            kept.write(writer);
        }
        writer.list(&self.one_time, OneTimeSecret::write);
        write_batch(&self.batch, writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut retired: Vec<_> = reader.list(MAX_RETIRED.saturating_add(1), KeptSet::read)?;
        let newest = retired.pop().ok_or(Error::Malformed)?;
        let one_time = reader.list(MAX_ONE_TIME, OneTimeSecret::read)?;
        Ok(Self { newest, retired, one_time, batch: read_batch(reader)? })
    }
}

pub(crate) fn write_batch(keys: &[OneTimeSecret], writer: &mut Writer) {
    writer.list(keys, OneTimeSecret::write);
}

pub(crate) fn read_batch(reader: &mut Reader<'_>) -> Result<Vec<OneTimeSecret>, Error> {
    reader.list(BATCH.into(), OneTimeSecret::read)
}
