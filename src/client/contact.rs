//! Accounts as this device knows them: their device lists, and what is wrong with those.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::{AccountKey, Certificate, DeviceId};
use crate::protocol::identity::device_list::{DeviceList, MAX_DEVICES};
use crate::protocol::letter::Listed;

/// An account whose devices are known.
pub(super) struct Contact {
    pub(super) list: DeviceList,
    /// Since when each device has been in the list, as far as this device knows.
    since: Vec<Since>,
    /// A list that does not follow from the one above: another account key, or a gap too long to
    /// prove. Nothing is sent until the user has acknowledged it.
    pub(super) changed: Option<Box<DeviceList>>,
    /// The account key that the user has refused; zeros if none.
    pub(super) dismissed: AccountKey,
}

/// A device, the epoch of the first list that named it, and when that list was issued.
struct Since {
    device: DeviceId,
    epoch: u64,
    issued: u64,
}

/// The relation of a reported list to the one that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListMismatch {
    /// The reporter knows an older list than this device. It may not have been told yet.
    Behind,
    /// The reporter knows a newer list: fetch it and give it to
    /// [`Client::learn`](crate::client::Client::learn). If the server has none that is newer, it withholds the
    /// list, or the reporter lies: tell the user.
    Ahead,
    /// The reporter was shown another list of the same epoch, or of another past: somebody signs
    /// two histories, or lies about it. Tell the user.
    Forked,
}

impl ListMismatch {
    /// Compares a report with the list that is known here; `None` if it is that list.
    pub(crate) fn of(known: &DeviceList, reported: Listed) -> Option<Self> {
        if reported == Listed::of(known) {
            return None;
        }
        if reported.epoch > known.epoch() {
            return Some(Self::Ahead);
        }
        // A list so old that no hash of it is known: the reporter is behind, whatever the list was.
        let hash = known.hash_at(reported.epoch);
        let same = hash.is_none_or(|hash| hash == reported.hash);
        Some(if same { Self::Behind } else { Self::Forked })
    }
}

impl Contact {
    pub(super) fn new(list: DeviceList) -> Self {
        let (epoch, issued) = (list.epoch(), list.issued());
        let ids = list.devices().iter().map(Certificate::device);
        let since = ids.map(|device| Since { device, epoch, issued }).collect();
        Self { list, since, changed: None, dismissed: AccountKey([0; 32]) }
    }

    /// Takes a list that follows.
    pub(super) fn advance(&mut self, list: DeviceList) {
        let since = |device: &Certificate| {
            let known = self.list.device(device.device());
            let same = known.is_some_and(|known| known.identity() == device.identity());
            let since = if same { self.find(device.device()) } else { None };
            let (epoch, issued) =
                since.map_or((list.epoch(), list.issued()), |since| (since.epoch, since.issued));
            Since { device: device.device(), epoch, issued }
        };
        self.since = list.devices().iter().map(since).collect();
        // A list under another account key goes on waiting: a newer one under the old key, from whoever has
        // that key, does not tell which key is right.
        let key = list.account_key();
        self.changed = self.changed.take().filter(|changed| changed.account_key() != key);
        self.list = list;
    }

    /// Returns the epoch since which the device has been listed.
    pub(super) fn since(&self, device: DeviceId) -> Option<u64> {
        self.find(device).map(|since| since.epoch)
    }

    /// Returns when the first list that named the device was issued, 0 if none did.
    pub(super) fn listed_at(&self, device: DeviceId) -> u64 {
        self.find(device).map_or(0, |since| since.issued)
    }

    fn find(&self, device: DeviceId) -> Option<&Since> {
        self.since.iter().find(|since| since.device == device)
    }

    pub(super) fn listed(&self) -> Listed {
        Listed::of(&self.list)
    }

    /// Checks that something may be sent to the account.
    pub(super) fn check(&self, now: Now) -> Result<(), Error> {
        if self.changed.is_some() {
            Err(Error::AccountChanged)
        } else {
            self.list.check(now.seconds())
        }
    }

    /// Returns the certificate of a listed device.
    pub(super) fn device(&self, device: DeviceId) -> Result<&Certificate, Error> {
        let waits = self.changed.as_ref().is_some_and(|list| list.device(device).is_some());
        match self.list.device(device) {
            Some(certificate) => Ok(certificate),
            None if waits => Err(Error::AccountChanged),
            None => Err(Error::Unlisted),
        }
    }

    /// Compares a report of this account's list with it; `None` if they are the same.
    pub(super) fn mismatch(&self, reported: Listed) -> Option<ListMismatch> {
        ListMismatch::of(&self.list, reported)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        self.list.write(writer);
        writer.list(&self.since, |since, writer| {
            writer.raw(&since.device.0);
            writer.u64(since.epoch);
            writer.u64(since.issued);
        });
        writer.option(self.changed.as_deref(), DeviceList::write);
        writer.raw(&self.dismissed.0);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let list = DeviceList::recall(reader)?;
        let since = reader.list(MAX_DEVICES, |reader| {
            let device = DeviceId(*reader.array()?);
            Ok(Since { device, epoch: reader.u64()?, issued: reader.u64()? })
        })?;
        let changed = reader.option(|reader| DeviceList::recall(reader).map(Box::new))?;
        let dismissed = AccountKey(*reader.array()?);
        let misplaced = changed.as_ref().is_some_and(|changed| changed.account() != list.account());
        if misplaced {
            return Err(Error::Malformed);
        }
        Ok(Self { list, since, changed, dismissed })
    }
}
