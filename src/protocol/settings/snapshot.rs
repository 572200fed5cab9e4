//! Snapshots, by which a device begins that has not all entries: `spec/settings.md`, "Snapshots".
//!
//! ```text
//! front     = version ‖ kind ‖ device id ‖ u64(epoch) ‖ key id
//! text      = u64(since) ‖ u32(count) ‖ chain … ‖ u32(count) ‖ slot …
//! snapshot  = front ‖ u32(length) ‖ sealed ‖ signature
//! signature = Ed25519(signing key, LABEL(settings/snapshot) ‖ account key ‖ all before)
//! ```

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::chain::Chain;
use super::head::MAX_AUTHORS;
use super::history::{History, read_chains, write_chains};
use super::key::{SettingsKey, SettingsKeyId};
use super::map::{AssignedAt, Map, Slot};
use super::seal;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::sign;
use crate::protocol::identity::certificate::{AccountKey, DeviceId};
use crate::protocol::{labels, wire};

/// Maximum length of the text in bytes: the map, and the traces of 256 devices.
const MAX_TEXT: usize = 8 << 20;

/// Maximum length of what is sealed in bytes: the longest text in buckets, and the seal.
const MAX_SEALED: usize = MAX_TEXT + MAX_TEXT / 8 + seal::OVERHEAD;

/// The text of a snapshot: all that entries have come to.
pub(crate) struct SnapshotText {
    /// An epoch since which, as its writer has seen, no device has left.
    pub(crate) since: u64,
    pub(crate) chains: BTreeMap<DeviceId, Chain>,
    pub(crate) map: Map,
}

impl SnapshotText {
    pub(crate) fn write(&self, writer: &mut Writer) {
        Self::write_parts(self.since, &self.chains, &self.map, writer);
    }

    fn write_parts(since: u64, chains: &BTreeMap<DeviceId, Chain>, map: &Map, writer: &mut Writer) {
        writer.u64(since);
        write_chains(chains, writer);
        map.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (since, chains) = (reader.u64()?, read_chains(reader)?);
        let text = Self { since, chains, map: Map::read(reader)? };
        if text.map.slots().all(|(_, slot)| text.has_entry_of(slot)) {
            Ok(text)
        } else {
            Err(Error::Malformed)
        }
    }

    /// Tells whether a slot is of an entry that the chains go up to: no clock is ahead of them.
    fn has_entry_of(&self, slot: &Slot) -> bool {
        let Some(chain) = self.chains.get(&slot.stamp.device) else { return false };
        let last = chain.newest().map_or(0, |mark| mark.clock);
        let is_before = slot.stamp.number <= chain.last() && slot.stamp.clock <= last;
        let mark = chain.mark(slot.stamp.number);
        is_before && mark.is_none_or(|mark| mark.clock == slot.stamp.clock)
    }

    /// Tells whether it is of a time at which this entry was known.
    fn has(&self, stamp: AssignedAt) -> bool {
        self.chains.get(&stamp.device).is_some_and(|chain| chain.last() >= stamp.number)
    }

    /// Checks that the snapshot brings something, and contradicts nothing that is here.
    pub(crate) fn check(&self, history: &History, map: &Map, own: DeviceId) -> Result<(), Error> {
        let theirs = |device| self.chains.get(device).map_or(0, Chain::last);
        let is_older = history.chains().iter().any(|(device, ours)| theirs(device) < ours.last());
        let is_newer = self.chains.iter().any(|(device, it)| it.last() > history.last(*device));
        if is_older && !is_newer {
            return Err(Error::ListRollback);
        }
        let agrees = |(device, chain): (&DeviceId, &Chain)| {
            history.chain(*device).is_none_or(|ours| ours.agrees(chain) && chain.agrees(ours))
        };
        if !self.chains.iter().all(agrees) {
            return Err(Error::Forked);
        }
        self.check_further(history, own)?;
        let told = History::told(self.chains.clone());
        for named in history.named() {
            told.has(named.head)?;
        }
        let authors = self.chains.keys().chain(history.chains().keys()).collect::<BTreeSet<_>>();
        if authors.len() > MAX_AUTHORS {
            return Err(Error::TooManyDevices);
        }
        // All devices that had written knew of what is forgotten, but for what one knew before it was set back.
        let may_forget = history.chain(own).is_none() || theirs(&own) > history.last(own);
        let is_true = |(name, ours): (&[u8], &Slot)| match self.map.get(name) {
            Some(theirs) if theirs.stamp == ours.stamp => theirs == ours,
            Some(theirs) if theirs.stamp < ours.stamp => !self.has(ours.stamp),
            Some(theirs) => history.last(theirs.stamp.device) < theirs.stamp.number,
            None => may_forget || ours.value.is_none() || !self.has(ours.stamp),
        };
        if !map.slots().all(is_true) {
            return Err(Error::Inconsistent);
        }
        let (_, whole) = self.merged(history, map);
        if whole.may_read(&[]) { Ok(()) } else { Err(Error::ContentTooLong) }
    }

    /// Checks the chains that go further than here, and that the snapshot has what all devices had when something was
    /// forgotten here.
    fn check_further(&self, history: &History, own: DeviceId) -> Result<(), Error> {
        let clock = |chain: &Chain| chain.newest().map_or(0, |mark| mark.clock);
        for (device, ours) in history.chains() {
            let theirs = self.chains.get(device);
            if ours.first() > 1 && theirs.is_none_or(|theirs| theirs.last() < ours.first()) {
                return Err(Error::EntryMissing);
            }
            let Some(further) = theirs.filter(|theirs| theirs.last() > ours.last()) else {
                continue;
            };
            if clock(further) <= clock(ours) {
                return Err(Error::Inconsistent);
            }
            // What this device has written it knows, unless it was set back, as others then say.
            if *device == own && history.known(own) <= ours.last() {
                return Err(Error::EntryMissing);
            }
        }
        Ok(())
    }

    /// Returns what this and what is here come to together.
    pub(crate) fn merged(&self, history: &History, map: &Map) -> (BTreeMap<DeviceId, Chain>, Map) {
        let mut chains = history.chains().clone();
        for (device, theirs) in &self.chains {
            let chain = chains.entry(*device).or_insert_with(|| theirs.clone());
            let first = chain.first().max(theirs.first());
            if theirs.last() > chain.last() {
                chain.clone_from(theirs);
            }
            // What either side has forgotten comes back by nobody who has not seen it.
            chain.forget_before(first);
        }
        let mut whole = map.clone();
        // What is missing on one side, and known there, was removed and forgotten.
        whole.retain(|name, slot| self.map.get(name).is_some() || !self.has(slot.stamp));
        for (name, slot) in self.map.slots() {
            let is_here = map.get(name).is_some();
            if is_here || history.last(slot.stamp.device) < slot.stamp.number {
                drop(whole.put(name, slot.clone()));
            }
        }
        (chains, whole)
    }
}

/// A snapshot as it travels.
pub(crate) struct Snapshot {
    pub(crate) device: DeviceId,
    /// The epoch of the account's list that its writer knew.
    pub(crate) epoch: u64,
    pub(crate) key: SettingsKeyId,
    front: Vec<u8>,
    sealed: Vec<u8>,
    signature: sign::Signature,
}

impl Snapshot {
    /// Seals and signs a snapshot of what is here.
    pub(crate) fn seal(
        account: AccountKey,
        (device, epoch, since): (DeviceId, u64, u64),
        (history, map): (&History, &Map),
        key: &SettingsKey,
        signing: &sign::SecretKey,
    ) -> Result<Vec<u8>, Error> {
        let mut text = Writer::new();
        SnapshotText::write_parts(since, history.chains(), map, &mut text);
        if text.written().len() > MAX_TEXT {
            return Err(Error::ContentTooLong);
        }
        let front = front(device, epoch, key.id());
        let sealed = seal::seal(key, account, &front, text.written())?;
        let mut writer = Writer::new();
        writer.raw(&front);
        writer.bytes(&sealed);
        let signature = signing.sign(labels::SETTINGS_SNAPSHOT, &[&account.0, writer.written()]);
        writer.raw(&signature);
        Ok(writer.public())
    }

    /// Reads a snapshot. Neither the signature nor what is sealed is looked at.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::SETTINGS_SNAPSHOT)?;
            let (device, epoch) = (DeviceId(*reader.array()?), reader.u64()?);
            let key = SettingsKeyId(*reader.array()?);
            let sealed = reader.bytes(MAX_SEALED)?.to_vec();
            let (front, signature) = (front(device, epoch, key), *reader.array()?);
            Ok(Self { device, epoch, key, front, sealed, signature })
        })
    }

    /// Verifies the signature of the device.
    pub(crate) fn verify(&self, account: AccountKey, key: &sign::PublicKey) -> Result<(), Error> {
        let length = u32::try_from(self.sealed.len()).unwrap_or(u32::MAX).to_be_bytes();
        let signed = [&account.0[..], &self.front, &length, &self.sealed];
        key.verify(labels::SETTINGS_SNAPSHOT, &signed, &self.signature)
    }

    /// Opens what is sealed.
    pub(crate) fn open(
        &self,
        account: AccountKey,
        key: &SettingsKey,
    ) -> Result<SnapshotText, Error> {
        let text = seal::open(key, account, &self.front, &self.sealed)?;
        Reader::all(&text, SnapshotText::read)
    }
}

fn front(device: DeviceId, epoch: u64, key: SettingsKeyId) -> Vec<u8> {
    let mut writer = Writer::begin(wire::VERSION, wire::SETTINGS_SNAPSHOT);
    writer.raw(&device.0);
    writer.u64(epoch);
    writer.raw(&key.0);
    writer.public()
}
