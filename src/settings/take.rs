//! Entries that the account's log brings.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::change::SettingChange;
use super::delta::Step;
use super::draft::Draft;
use super::settings::Settings;
use crate::client::Client;
use crate::error::Error;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::settings::entry::SettingsEntry;
use crate::protocol::settings::head::{SettingsHash, SettingsHead};
use crate::protocol::settings::history::{Named, Obstacle};
use crate::protocol::settings::key::SettingsKeyId;
use crate::protocol::settings::replica::Accepted;
use crate::storage::Pending;

/// Maximum number of entries that are taken at once.
const MAX_ENTRIES: usize = 8192;

/// The outcome of entries that were given to [`Settings::take`].
#[derive(Debug)]
pub struct TakenEntries {
    /// The number of entries that are new, and were taken.
    pub taken: usize,
    /// The changes that they come to, in the order in which they follow each other.
    pub changes: Vec<SettingChange>,
    /// The entries that were not taken, and why.
    pub refused: Vec<RefusedEntry>,
}

/// An entry that was not taken. It has changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedEntry {
    /// Its place among the entries that were given.
    pub index: usize,
    /// The reason. [`Error::Duplicate`] is one that is here already.
    pub error: Error,
    /// The things that it builds on and that are not here, if that is the reason ([`Error::EntryMissing`]).
    pub missing: Vec<MissingEntry>,
}

/// A thing that an entry builds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum MissingEntry {
    /// An entry of the log: fetch it, or the newest snapshot if the server has deleted it.
    Entry(SettingsHead),
    /// The key that it is sealed under: wait for it, or ask another own device ([`Settings::share_keys`]).
    Key(SettingsKeyId),
}

/// An entry that has arrived in one piece.
struct Arrived {
    index: usize,
    entry: SettingsEntry,
    /// True if the account has the device, and its signature holds.
    is_listed: bool,
}

impl Settings {
    /// Takes entries of the log, in any order; known ones may be among them. Save, then do what has changed. What an
    /// entry builds on is taken first if it is there, and noted if it is not ([`Settings::withheld`]): keep that
    /// entry, and give it again.
    ///
    /// Of a device that the account has removed, only what another device has taken before is taken: what the heads
    /// of entries name, here, or in what was noted.
    ///
    /// Reasons to refuse an entry: [`Error::EntryMissing`]; [`Error::Duplicate`]; [`Error::Forked`] for another entry
    /// than is known, or was named, under its number; [`Error::Unlisted`]; [`Error::BadSignature`];
    /// [`Error::Inconsistent`] for a clock that does not follow from what it names; [`Error::ListUnconfirmed`] for one
    /// that names a later list of the account than is known here: fetch and learn it, and give the entry again;
    /// [`Error::StaleKey`] for a key that a removed device has, which the writer should not have used;
    /// [`Error::Forged`]; [`Error::ContentTooLong`]
    /// and [`Error::TooManyDevices`] for more than all devices together may have set; [`Error::Malformed`],
    /// [`Error::UnknownVersion`], [`Error::WrongKind`].
    ///
    /// # Errors
    ///
    /// [`Error::WrongClient`], [`Error::OwnDeviceUnlisted`]; [`Error::ContentTooLong`] for more than 8,192 entries:
    /// give them in parts.
    pub fn take(
        &mut self,
        client: &Client,
        entries: &[impl AsRef<[u8]>],
        now: u64,
    ) -> Result<Pending<'_, Self, TakenEntries>, Error> {
        if entries.len() > MAX_ENTRIES {
            return Err(Error::ContentTooLong);
        }
        let mut draft = Draft::begin(&self.inner, client, now)?;
        let taken = draft.take(entries);
        let delta = draft.into_delta();
        Ok(Pending::maybe(self, delta, taken))
    }
}

impl Draft<'_> {
    fn take(&mut self, entries: &[impl AsRef<[u8]>]) -> TakenEntries {
        let mut outcome = TakenEntries { taken: 0, changes: Vec::new(), refused: Vec::new() };
        let mut arrived = Vec::with_capacity(entries.len());
        for (index, bytes) in entries.iter().enumerate() {
            match self.arrived(index, bytes.as_ref()) {
                Ok(entry) => arrived.push(entry),
                Err(error) => outcome.refused.push(RefusedEntry::new(index, error)),
            }
        }
        let vouched = self.vouched(&arrived);
        // What an entry builds on has a lower clock.
        arrived.sort_by_key(|one| (one.entry.place.clock, one.entry.head()));
        let mut waiting = BTreeMap::new();
        for Arrived { index, entry, is_listed } in arrived {
            let by = entry.place.device;
            match self.accept(entry, is_listed, &vouched) {
                Ok(changes) => {
                    outcome.taken = outcome.taken.saturating_add(1);
                    outcome.changes.extend(changes);
                }
                Err(refused) => {
                    if is_listed {
                        note(&refused.missing, by, &mut waiting);
                    }
                    outcome.refused.push(RefusedEntry { index, ..refused });
                }
            }
        }
        for (head, by) in waiting.into_values() {
            self.name(head, by);
        }
        outcome.refused.sort_by_key(|refused| refused.index);
        outcome
    }

    /// Reads an entry, and verifies it if its device is one of the account's.
    fn arrived(&self, index: usize, bytes: &[u8]) -> Result<Arrived, Error> {
        let entry = SettingsEntry::decode(self.inner.account, bytes)?;
        let key = self.signing(entry.place.device);
        let is_listed = key.is_ok();
        key.map_or(Ok(()), |key| entry.verify(&key))?;
        Ok(Arrived { index, entry, is_listed })
    }

    /// Lists the hashes that listed devices vouch for: those that they have named, and what those entries name.
    fn vouched(&self, arrived: &[Arrived]) -> BTreeSet<SettingsHash> {
        let names = |entry: &SettingsEntry| {
            let heads = entry.place.heads.iter().copied().chain(entry.before());
            heads.map(|head| head.hash).collect::<Vec<_>>()
        };
        let by_hash: BTreeMap<_, _> =
            arrived.iter().map(|one| (one.entry.hash, &one.entry)).collect();
        let listed = arrived.iter().filter(|one| one.is_listed);
        let mut queue: Vec<_> = listed.flat_map(|one| names(&one.entry)).collect();
        queue.extend(self.replica.history.named().map(|named| named.head.hash));
        let mut vouched = BTreeSet::new();
        while let Some(hash) = queue.pop() {
            if vouched.insert(hash) {
                queue.extend(by_hash.get(&hash).into_iter().flat_map(|entry| names(entry)));
            }
        }
        vouched
    }

    /// Takes one entry, if what it builds on is here.
    fn accept(
        &mut self,
        entry: SettingsEntry,
        is_listed: bool,
        vouched: &BTreeSet<SettingsHash>,
    ) -> Result<Vec<SettingChange>, RefusedEntry> {
        let history = &self.replica.history;
        if !is_listed && !vouched.contains(&entry.hash) {
            // Anybody can have written it: it says nothing, not even that somebody has forked.
            let is_known = history.has(entry.head()) == Ok(true);
            return Err(if is_known { Error::Duplicate } else { Error::Unlisted }.into());
        }
        let mut missing = match history.check(&entry) {
            Ok(()) => Vec::new(),
            Err(Obstacle::Missing(heads)) => heads.into_iter().map(MissingEntry::Entry).collect(),
            Err(Obstacle::Refused(error)) => return Err(error.into()),
        };
        let Some(key) = self.inner.keys.get(entry.place.key) else {
            missing.push(MissingEntry::Key(entry.place.key));
            return Err(RefusedEntry { missing, ..Error::EntryMissing.into() });
        };
        if !missing.is_empty() {
            return Err(RefusedEntry { missing, ..Error::EntryMissing.into() });
        }
        if entry.place.epoch > self.replica.members.epoch() {
            return Err(Error::ListUnconfirmed.into());
        }
        if self.replica.members.is_outdated(key.epoch(), entry.place.epoch) {
            return Err(Error::StaleKey.into());
        }
        let assignments = entry.open(self.inner.account, key)?;
        if !self.replica.map.may_read(&assignments) {
            return Err(Error::ContentTooLong.into());
        }
        let step = Step::Entry(Box::new(Accepted::new(entry, assignments)));
        Ok(self.changes(step).collect())
    }

    /// Notes an entry that a listed device has named, if it is not here.
    pub(super) fn name(&mut self, head: SettingsHead, by: DeviceId) {
        if head.number > self.replica.history.known(head.device) {
            self.step(Step::Named(Named { head, by, since: self.now.reading() }));
        }
    }
}

/// Notes of each device the greatest entry that is missing.
fn note(
    missing: &[MissingEntry],
    by: DeviceId,
    waiting: &mut BTreeMap<DeviceId, (SettingsHead, DeviceId)>,
) {
    for head in missing {
        let MissingEntry::Entry(head) = head else { continue };
        let (noted, _) = waiting.entry(head.device).or_insert((*head, by));
        if noted.number < head.number {
            waiting.insert(head.device, (*head, by));
        }
    }
}

impl RefusedEntry {
    fn new(index: usize, error: Error) -> Self {
        Self { index, error, missing: Vec::new() }
    }
}

impl From<Error> for RefusedEntry {
    fn from(error: Error) -> Self {
        Self::new(0, error)
    }
}
