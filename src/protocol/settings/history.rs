//! The history of all entries of an account: those that are here, those that are named and not here, and which may
//! come next (`spec/settings.md`, "Taking an entry", "What a device remembers").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::chain::{Chain, EntryMark};
use super::entry::{EntryPlace, NOTHING, SettingsEntry};
use super::head::{MAX_AUTHORS, SettingsHash, SettingsHead};
use super::map::AssignedAt;
use super::members::Members;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::protocol::identity::certificate::DeviceId;

/// An entry that a device has named and that is not here.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    pub(crate) head: SettingsHead,
    /// The device that has named it.
    pub(crate) by: DeviceId,
    /// The time at which it was named first, by the clock of this device.
    pub(crate) since: u64,
}

/// The reason for which an entry is not taken.
pub(crate) enum Obstacle {
    Refused(Error),
    /// It builds on these, which are not here.
    Missing(Vec<SettingsHead>),
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// The entries of an account.
#[derive(Clone, Default)]
pub(crate) struct History {
    chains: BTreeMap<DeviceId, Chain>,
    /// Of each device the greatest entry that was named and is not here.
    named: BTreeMap<DeviceId, Named>,
}

impl History {
    /// Makes the history that a snapshot tells of.
    pub(crate) fn told(chains: BTreeMap<DeviceId, Chain>) -> Self {
        Self { chains, named: BTreeMap::new() }
    }

    pub(crate) fn chains(&self) -> &BTreeMap<DeviceId, Chain> {
        &self.chains
    }

    pub(crate) fn chain(&self, device: DeviceId) -> Option<&Chain> {
        self.chains.get(&device)
    }

    pub(crate) fn named(&self) -> impl Iterator<Item = &Named> {
        self.named.values()
    }

    /// Returns the number of the last entry of a device; 0 if none is here.
    pub(crate) fn last(&self, device: DeviceId) -> u64 {
        self.chain(device).map_or(0, Chain::last)
    }

    /// Returns the hash of the last entry of a device, if one is here.
    pub(crate) fn hash(&self, device: DeviceId) -> Option<SettingsHash> {
        self.chain(device).and_then(Chain::newest).map(|mark| mark.hash)
    }

    /// Returns the greatest number of a device that anybody has named.
    pub(crate) fn known(&self, device: DeviceId) -> u64 {
        let named = self.named.get(&device).map_or(0, |named| named.head.number);
        self.last(device).max(named)
    }

    /// Returns the head of each device.
    pub(crate) fn heads(&self) -> impl Iterator<Item = SettingsHead> {
        self.chains.iter().map(|(device, chain)| SettingsHead {
            device: *device,
            number: chain.last(),
            hash: chain.newest().map_or(NOTHING, |mark| mark.hash),
        })
    }

    /// Returns the heads that a device has not named yet.
    pub(crate) fn unnamed_by(&self, device: DeviceId) -> Vec<SettingsHead> {
        let seen = |of| self.chain(device).map_or(0, |chain| chain.seen(of));
        let is_new = |head: &SettingsHead| head.device != device && head.number > seen(head.device);
        self.heads().filter(is_new).collect()
    }

    /// Returns the clock of the entry that comes after these heads and the last one of the device.
    pub(crate) fn clock_after(
        &self,
        device: DeviceId,
        heads: &[SettingsHead],
    ) -> Result<u64, Error> {
        let own = self.chain(device).and_then(Chain::newest).map_or(0, |mark| mark.clock);
        let named = heads.iter().filter_map(|head| self.chain(head.device)?.mark(head.number));
        let greatest = named.map(|mark| mark.clock).fold(own, u64::max);
        greatest.checked_add(1).ok_or(Error::ChainExhausted)
    }

    /// Tells whether an entry of the device, or one before it, has named this entry, or is it.
    pub(crate) fn has_seen(&self, device: DeviceId, stamp: AssignedAt) -> bool {
        device == stamp.device
            || self.chain(device).is_some_and(|chain| chain.seen(stamp.device) >= stamp.number)
    }

    /// Compares a head with what is here: whether it is here, or is another one than is here or was named.
    pub(crate) fn has(&self, head: SettingsHead) -> Result<bool, Error> {
        let chain = self.chain(head.device);
        let same = |hash: SettingsHash| if hash == head.hash { Ok(()) } else { Err(Error::Forked) };
        if let Some(named) = self.named.get(&head.device)
            && named.head.number == head.number
        {
            same(named.head.hash)?;
        }
        if let Some(mark) = chain.and_then(|chain| chain.mark(head.number)) {
            same(mark.hash)?;
        }
        Ok(self.last(head.device) >= head.number)
    }

    /// Checks whether an entry may come next, without a look at its signature or at what is sealed.
    pub(crate) fn check(&self, entry: &SettingsEntry) -> Result<(), Obstacle> {
        let place = &entry.place;
        if self.has(entry.head())? {
            return Err(Error::Duplicate.into());
        }
        let mut missing = Vec::new();
        match entry.before() {
            Some(before) if !self.has(before)? => missing.push(before),
            _ => {}
        }
        for head in &place.heads {
            let is_here = self.has(*head)?;
            let mark = self.chain(head.device).and_then(|chain| chain.mark(head.number));
            if !is_here || mark.is_none() {
                missing.push(*head);
            }
        }
        missing.extend(self.unseen_by(place));
        if !missing.is_empty() {
            return Err(Obstacle::Missing(missing));
        }
        if self.clock_after(place.device, &place.heads)? != place.clock {
            return Err(Error::Inconsistent.into());
        }
        let is_known = self.chains.contains_key(&place.device);
        if !is_known && self.chains.len() >= MAX_AUTHORS {
            return Err(Error::TooManyDevices.into());
        }
        Ok(())
    }

    /// Lists the oldest entries that are remembered of other devices, where the device of an entry has not seen so
    /// much: all devices of the account had, when what is before them was forgotten.
    fn unseen_by(&self, place: &EntryPlace) -> impl Iterator<Item = SettingsHead> {
        let others = self.chains.iter().filter(|(device, _)| **device != place.device);
        others.filter_map(|(device, chain)| {
            let seen = self.chain(place.device).map_or(0, |own| own.seen(*device));
            let named = place.heads.iter().find(|head| head.device == *device);
            let seen = named.map_or(seen, |head| head.number.max(seen));
            let is_unseen = chain.first() > 1 && seen < chain.first();
            let hash = chain.mark(chain.first()).filter(|_| is_unseen)?.hash;
            Some(SettingsHead { device: *device, number: chain.first(), hash })
        })
    }

    /// Adds an entry that was checked.
    pub(crate) fn add(
        &mut self,
        head: SettingsHead,
        (clock, epoch): (u64, u64),
        heads: &[SettingsHead],
    ) {
        let mark = EntryMark { hash: head.hash, clock };
        let chain = self.chains.entry(head.device);
        let chain = chain.and_modify(|chain| chain.add(mark, epoch));
        chain.or_insert_with(|| Chain::new(mark, epoch)).saw(heads);
        self.forget_named();
    }

    /// Notes an entry that is not here. The greatest of each device counts.
    pub(crate) fn name(&mut self, named: Named) {
        let device = named.head.device;
        let has_room = self.named.len() < MAX_AUTHORS || self.named.contains_key(&device);
        if has_room && named.head.number > self.known(device) {
            self.named.insert(device, named);
        }
    }

    /// Takes over what a snapshot tells of, which goes further.
    pub(crate) fn replace(&mut self, chains: BTreeMap<DeviceId, Chain>) {
        self.chains = chains;
        self.forget_named();
    }

    /// Forgets what has come.
    fn forget_named(&mut self) {
        let chains = &self.chains;
        let last = |device: &DeviceId| chains.get(device).map_or(0, Chain::last);
        self.named.retain(|device, named| named.head.number > last(device));
    }

    /// Forgets what was named by devices that have left, and the traces of entries that no device names any more.
    pub(crate) fn tidy(&mut self, members: &Members) {
        let devices = members.devices();
        self.named.retain(|_, named| devices.contains(&named.by));
        let is_settled = self.is_settled(members);
        let floors: Vec<_> = self.chains.keys().map(|of| (*of, self.floor(*of, devices))).collect();
        for (device, floor) in floors {
            if let Some(chain) = self.chains.get_mut(&device) {
                chain.forget_before(if is_settled { floor } else { 0 });
            }
        }
    }

    /// Returns the least number of a device that another one of the account may still name.
    fn floor(&self, of: DeviceId, devices: &BTreeSet<DeviceId>) -> u64 {
        let seen = |device: &DeviceId| self.chain(*device).map_or(0, |chain| chain.seen(of));
        let others = devices.iter().filter(|device| **device != of);
        others.map(seen).min().unwrap_or(u64::MAX)
    }

    /// Tells whether all devices of the account have written something since one has left: from then on they take
    /// nothing more of that one than they have.
    fn is_settled(&self, members: &Members) -> bool {
        let knows = |device: &DeviceId| {
            self.chain(*device).is_some_and(|chain| chain.epoch() >= members.since())
        };
        members.devices().iter().all(knows)
    }

    /// Tells whether no entry can come any more that did not know of this one: all devices of the account have named
    /// it, none that has left can be heard of any more, and of a new one nothing is taken that has not seen so much.
    pub(crate) fn is_covered(&self, stamp: AssignedAt, members: &Members) -> bool {
        let has_seen = |device: &DeviceId| self.has_seen(*device, stamp);
        let is_guarded = |chain: &Chain| chain.first() > 1 && chain.first() >= stamp.number;
        self.is_settled(members)
            && members.devices().iter().all(has_seen)
            && self.chain(stamp.device).is_some_and(is_guarded)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        write_chains(&self.chains, writer);
        writer.list(self.named.values(), Named::write);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (chains, mut named) = (read_chains(reader)?, BTreeMap::new());
        for _ in 0..reader.count(MAX_AUTHORS)? {
            let one = Named::read(reader)?;
            ascending(&mut named, one.head.device, one)?;
        }
        Ok(Self { chains, named })
    }
}

impl Named {
    pub(crate) fn write(&self, writer: &mut Writer) {
        self.head.write(writer);
        writer.raw(&self.by.0);
        writer.u64(self.since);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (head, by) = (SettingsHead::read(reader)?, DeviceId(*reader.array()?));
        Ok(Self { head, by, since: reader.u64()? })
    }
}

pub(crate) fn write_chains(chains: &BTreeMap<DeviceId, Chain>, writer: &mut Writer) {
    writer.list(chains, |(device, chain), writer| {
        writer.raw(&device.0);
        chain.write(writer);
    });
}

/// Reads chains in ascending order, of which none has named more of another than is there.
pub(crate) fn read_chains(reader: &mut Reader<'_>) -> Result<BTreeMap<DeviceId, Chain>, Error> {
    let mut chains: BTreeMap<DeviceId, Chain> = BTreeMap::new();
    for _ in 0..reader.count(MAX_AUTHORS)? {
        ascending(&mut chains, DeviceId(*reader.array()?), Chain::read(reader)?)?;
    }
    let last = |device| chains.get(&device).map_or(0, Chain::last);
    let seen = chains.values().flat_map(Chain::all_seen);
    let is_whole = seen.into_iter().all(|(device, number)| number <= last(device));
    if is_whole { Ok(chains) } else { Err(Error::Malformed) }
}
