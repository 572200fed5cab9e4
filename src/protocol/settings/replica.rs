//! The settings of an account on one device, without keys: the entries that are here, and what they come to
//! (`spec/settings.md`, "The map").

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::assignment::Assignment;
use super::entry::{EntryPlace, SettingsEntry};
use super::head::SettingsHead;
use super::history::History;
use super::map::{AssignedAt, Map, Slot};
use super::members::Members;
use super::snapshot::SnapshotText;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// An entry that was checked and opened.
pub(crate) struct Accepted {
    pub(crate) head: SettingsHead,
    pub(crate) clock: u64,
    pub(crate) epoch: u64,
    pub(crate) heads: Vec<SettingsHead>,
    pub(crate) assignments: Vec<Assignment>,
}

impl Accepted {
    /// Takes an entry with what it says.
    pub(crate) fn new(entry: SettingsEntry, assignments: Vec<Assignment>) -> Self {
        let head = entry.head();
        let EntryPlace { clock, epoch, heads, .. } = entry.place;
        Self { head, clock, epoch, heads, assignments }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        self.head.write(writer);
        writer.u64(self.clock);
        writer.u64(self.epoch);
        SettingsHead::write_all(&self.heads, writer);
        Assignment::write_all(&self.assignments, writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            head: SettingsHead::read(reader)?,
            clock: reader.u64()?,
            epoch: reader.u64()?,
            heads: SettingsHead::read_all(reader)?,
            assignments: Assignment::read_all(reader)?,
        })
    }

    fn stamp(&self) -> AssignedAt {
        AssignedAt { clock: self.clock, device: self.head.device, number: self.head.number }
    }
}

/// One name whose assignment has changed, or was contested.
pub(crate) struct SettingTurn {
    pub(crate) name: Vec<u8>,
    /// The slot that does not stand: the one that was here, or the new one.
    pub(crate) lost: Option<Slot>,
    /// True if neither of the two devices knew of the other's assignment.
    pub(crate) is_conflict: bool,
}

/// The settings of an account.
#[derive(Clone)]
pub(crate) struct Replica {
    pub(crate) members: Members,
    pub(crate) history: History,
    pub(crate) map: Map,
    /// The entries since the last snapshot.
    pub(crate) entries: u32,
}

impl Replica {
    /// Takes an entry, and tells what turns by it.
    pub(crate) fn accept(&mut self, accepted: &Accepted) -> Vec<SettingTurn> {
        let (stamp, device) = (accepted.stamp(), accepted.head.device);
        self.history.add(accepted.head, (accepted.clock, accepted.epoch), &accepted.heads);
        self.entries = self.entries.saturating_add(1);
        let mut turns = Vec::new();
        for Assignment { name, value } in &accepted.assignments {
            let lost = self.map.put(name, Slot { stamp, value: value.clone() });
            let Some(standing) = self.map.get(name) else { continue };
            let before = lost.as_ref().and_then(|lost| lost.value.as_ref());
            if before == standing.value.as_ref() {
                continue;
            }
            let has_won = standing.stamp == stamp;
            let other = lost.as_ref().map(|lost| if has_won { lost.stamp } else { standing.stamp });
            let is_conflict = other.is_some_and(|other| !self.history.has_seen(device, other));
            turns.push(SettingTurn { name: name.clone(), lost, is_conflict });
        }
        turns
    }

    /// Takes a snapshot that was checked, and tells what turns by it.
    pub(crate) fn adopt(&mut self, text: &SnapshotText) -> Vec<SettingTurn> {
        let (chains, map) = text.merged(&self.history, &self.map);
        self.history.replace(chains);
        self.entries = 0;
        let before = core::mem::replace(&mut self.map, map);
        let value = |map: &Map, name| map.get(name).and_then(|slot| slot.value.clone());
        let names: BTreeSet<&[u8]> =
            before.slots().chain(self.map.slots()).map(|(name, _)| name).collect();
        let turned =
            names.into_iter().filter(|name| value(&before, name) != value(&self.map, name));
        let turn = |name: &[u8]| {
            let lost = before.get(name).cloned();
            SettingTurn { name: name.to_vec(), lost, is_conflict: false }
        };
        turned.map(turn).collect()
    }

    /// Forgets what nobody names any more.
    pub(crate) fn tidy(&mut self) {
        let Self { members, history, map, .. } = self;
        // What is forgotten of the history decides what may be forgotten of the map.
        history.tidy(members);
        map.retain(|_, slot| slot.value.is_some() || !history.is_covered(slot.stamp, members));
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        self.members.write(writer);
        self.history.write(writer);
        self.map.write(writer);
        writer.u32(self.entries);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            members: Members::read(reader)?,
            history: History::read(reader)?,
            map: Map::read(reader)?,
            entries: reader.u32()?,
        })
    }
}
