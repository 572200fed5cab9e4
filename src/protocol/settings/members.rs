//! The devices of the account, as its list names them, and which of its keys are known outside:
//! `spec/settings.md`, "Removed devices".

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::identity::certificate::{Certificate, DeviceId};
use crate::protocol::identity::device_list::{DeviceList, MAX_DEVICES};

/// Maximum number of removals that are remembered; the oldest goes first.
const MAX_REMOVALS: usize = 64;

/// A change of the list in which a device has left: the epochs of the last list that was seen with it, and of the
/// first one without it.
#[derive(Clone, Copy)]
struct Removal {
    with: u64,
    without: u64,
}

/// The devices of the account.
#[derive(Clone)]
pub(crate) struct Members {
    epoch: u64,
    devices: BTreeSet<DeviceId>,
    /// An epoch since which, for sure, no device has left.
    since: u64,
    removals: Vec<Removal>,
}

impl Members {
    /// Begins with a list, of whose past nothing is known.
    pub(crate) fn new(list: &DeviceList) -> Self {
        let epoch = list.epoch();
        Self { epoch, devices: devices(list), since: epoch, removals: Vec::new() }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) fn since(&self) -> u64 {
        self.since
    }

    pub(crate) fn devices(&self) -> &BTreeSet<DeviceId> {
        &self.devices
    }

    /// Takes a later list of the account. If lists in between were not seen, a device may have come and left.
    pub(crate) fn take(&mut self, epoch: u64, devices: &BTreeSet<DeviceId>) {
        let has_left = !self.devices.is_subset(devices);
        if has_left {
            if self.removals.len() >= MAX_REMOVALS {
                self.removals.remove(0);
            }
            self.removals.push(Removal { with: self.epoch, without: epoch });
        }
        if has_left || epoch > self.epoch.saturating_add(1) {
            self.since = epoch;
        }
        self.epoch = epoch;
        self.devices.clone_from(devices);
    }

    /// Takes the list that is known now, if it is a later one.
    pub(crate) fn follow(&mut self, list: &DeviceList) {
        if list.epoch() > self.epoch {
            self.take(list.epoch(), &devices(list));
        }
    }

    /// Takes the word of another own device, which has followed the list for longer, for when a device has left last.
    pub(crate) fn told(&mut self, since: u64) {
        self.since = since;
    }

    /// Tells whether a key of this epoch may seal: nobody who can have been told it has left.
    pub(crate) fn may_seal(&self, key: u64) -> bool {
        (self.since..=self.epoch).contains(&key)
    }

    /// Tells whether an entry of one epoch under a key of another one is by somebody who had seen a device leave that
    /// had the key.
    pub(crate) fn is_outdated(&self, key: u64, entry: u64) -> bool {
        self.removals.iter().any(|removal| key <= removal.with && removal.without <= entry)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.epoch);
        write_devices(&self.devices, writer);
        writer.u64(self.since);
        writer.list(&self.removals, |removal, writer| {
            writer.u64(removal.with);
            writer.u64(removal.without);
        });
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (epoch, devices, since) = (reader.u64()?, read_devices(reader)?, reader.u64()?);
        let removals = reader.list(MAX_REMOVALS, |reader| {
            Ok(Removal { with: reader.u64()?, without: reader.u64()? })
        })?;
        Ok(Self { epoch, devices, since, removals })
    }
}

/// Returns the ids of the devices of a list.
pub(crate) fn devices(list: &DeviceList) -> BTreeSet<DeviceId> {
    list.devices().iter().map(Certificate::device).collect()
}

pub(crate) fn write_devices(devices: &BTreeSet<DeviceId>, writer: &mut Writer) {
    writer.list(devices, |device, writer| writer.raw(&device.0));
}

pub(crate) fn read_devices(reader: &mut Reader<'_>) -> Result<BTreeSet<DeviceId>, Error> {
    let devices: Vec<DeviceId> =
        reader.list(MAX_DEVICES, |reader| Ok(DeviceId(*reader.array()?)))?;
    if devices.is_sorted_by(|one, other| one < other) {
        Ok(devices.into_iter().collect())
    } else {
        Err(Error::Malformed)
    }
}
