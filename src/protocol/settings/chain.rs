//! Chains: what is remembered of the entries of one device (`spec/settings.md`, "What a device remembers").

use alloc::collections::{BTreeMap, VecDeque};

use super::head::{MAX_AUTHORS, SettingsHash, SettingsHead};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::protocol::identity::certificate::DeviceId;

/// Maximum number of entries of one device whose hashes and clocks are remembered.
pub(crate) const MAX_TRACE: usize = 512;

/// The trace of one entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryMark {
    pub(crate) hash: SettingsHash,
    pub(crate) clock: u64,
}

/// The entries of one device, from the oldest that another one may still name to the last.
#[derive(Clone)]
pub(crate) struct Chain {
    last: u64,
    /// The greatest epoch of the account's list that an entry names.
    epoch: u64,
    /// The last entries, oldest first; never empty.
    trace: VecDeque<EntryMark>,
    /// The greatest number of each other device that an entry of this one has named.
    seen: BTreeMap<DeviceId, u64>,
}

impl Chain {
    /// Begins with the first entry of a device.
    pub(crate) fn new(mark: EntryMark, epoch: u64) -> Self {
        Self { last: 1, epoch, trace: VecDeque::from([mark]), seen: BTreeMap::new() }
    }

    /// Adds the next entry.
    pub(crate) fn add(&mut self, mark: EntryMark, epoch: u64) {
        self.last = self.last.saturating_add(1);
        self.epoch = self.epoch.max(epoch);
        self.trace.push_back(mark);
    }

    /// Notes what the last entry names.
    pub(crate) fn saw(&mut self, heads: &[SettingsHead]) {
        for head in heads {
            let number = self.seen.entry(head.device).or_default();
            *number = head.number.max(*number);
        }
    }

    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Returns the greatest number of another device that an entry of this one has named; 0 if none has.
    pub(crate) fn seen(&self, device: DeviceId) -> u64 {
        self.seen.get(&device).copied().unwrap_or(0)
    }

    /// Returns the numbers that its entries have named.
    pub(crate) fn all_seen(&self) -> impl Iterator<Item = (DeviceId, u64)> {
        self.seen.iter().map(|(device, number)| (*device, *number))
    }

    /// Returns the last entry.
    pub(crate) fn newest(&self) -> Option<EntryMark> {
        self.trace.back().copied()
    }

    /// Returns the entry of this number, if it is remembered.
    pub(crate) fn mark(&self, number: u64) -> Option<EntryMark> {
        let back = usize::try_from(self.last.checked_sub(number)?).ok()?;
        let index = self.trace.len().checked_sub(back)?.checked_sub(1)?;
        self.trace.get(index).copied()
    }

    /// Returns the number of the oldest entry that is remembered.
    pub(crate) fn first(&self) -> u64 {
        let length = u64::try_from(self.trace.len()).unwrap_or(u64::MAX);
        self.last.saturating_add(1).saturating_sub(length)
    }

    /// Forgets entries before this number, and more than may be remembered, but never the last.
    pub(crate) fn forget_before(&mut self, number: u64) {
        while self.trace.len() > 1 && (self.first() < number || self.trace.len() > MAX_TRACE) {
            self.trace.pop_front();
        }
    }

    /// Tells whether no entry that is remembered here is another one there.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        let agrees = |number| match (self.mark(number), other.mark(number)) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        let length = u64::try_from(self.trace.len()).unwrap_or(u64::MAX);
        (self.last.saturating_sub(length)..=self.last).all(agrees)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.last);
        writer.u64(self.epoch);
        writer.list(&self.trace, |mark, writer| {
            writer.raw(&mark.hash.0);
            writer.u64(mark.clock);
        });
        writer.list(&self.seen, |(device, number), writer| {
            writer.raw(&device.0);
            writer.u64(*number);
        });
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (last, epoch) = (reader.u64()?, reader.u64()?);
        let trace: VecDeque<EntryMark> = reader.list(MAX_TRACE, |reader| {
            Ok(EntryMark { hash: SettingsHash(*reader.array()?), clock: reader.u64()? })
        })?;
        let mut seen = BTreeMap::new();
        for _ in 0..reader.count(MAX_AUTHORS)? {
            ascending(&mut seen, DeviceId(*reader.array()?), reader.u64()?)?;
        }
        let length = u64::try_from(trace.len()).map_err(|_| Error::Malformed)?;
        let clocks = trace.iter().map(|mark| mark.clock);
        if length == 0 || length > last || !clocks.is_sorted_by(|one, other| one < other) {
            return Err(Error::Malformed);
        }
        Ok(Self { last, epoch, trace, seen })
    }
}
