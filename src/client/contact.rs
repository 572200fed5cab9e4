//! Accounts as this device knows them: their device lists, and what is wrong with those.

use alloc::vec::Vec;

use super::ahead::Ahead;
use super::log_status::LogStatus;
use super::stop::Stop;
use super::waiting::{Dismissal, Waiting};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::{Certificate, DeviceId};
use crate::protocol::identity::device_list::{DeviceList, MAX_DEVICES};
use crate::protocol::letter::Listed;

/// An account whose devices are known.
pub(super) struct Contact {
    pub(super) list: DeviceList,
    /// Set once the user has forgotten the account: what protects against older lists is kept, and nothing
    /// else.
    pub(super) forgotten: bool,
    /// Set until this account has written to it, or the user has decided about it: what newcomers make a client hold
    /// has bounds of its own.
    pub(super) newcomer: bool,
    /// Set once the user has compared the account key of this list.
    pub(super) verified: bool,
    /// The status of this very list in a log.
    pub(super) logged: Option<LogStatus>,
    /// Since when each device has been in the list, as far as this device knows.
    since: Vec<Since>,
    /// Lists that do not follow from the one above: another account key, or a gap too long to prove. Nothing
    /// is sent until the user has decided about all of them.
    pub(super) waiting: Waiting,
    /// The newer list of which letters have told.
    pub(super) ahead: Ahead,
}

/// The relation of a list to the known one of its account.
pub(super) enum Relation {
    /// It is the known one.
    Same,
    /// It follows from the known one.
    Follows,
    /// It waits for the user. True if it is to be held, false if it is held, or there is no room.
    Waits(bool),
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
        Self {
            list,
            forgotten: false,
            newcomer: true,
            verified: false,
            logged: None,
            since,
            waiting: Waiting::default(),
            ahead: Ahead::default(),
        }
    }

    /// Makes what a device knows of its own account.
    pub(super) fn own(list: DeviceList) -> Self {
        Self { newcomer: false, ..Self::new(list) }
    }

    /// Begins anew with a list that the user has acknowledged. What was dismissed stays dismissed, and the key that
    /// is given up with it: its list must not look like one more change. What else waits goes on waiting.
    pub(super) fn acknowledge(&mut self, list: DeviceList, now: u64) {
        let (before, key) = (self.list.account_key(), list.account_key());
        let mut waiting = core::mem::take(&mut self.waiting);
        waiting.allow(key);
        if before != key {
            waiting.dismiss(Dismissal(before.0), now);
        }
        let verified = self.verified && before == key;
        *self = Self { verified, waiting, newcomer: false, ..Self::new(list) };
    }

    /// Compares a list of this account with all that is held of it.
    pub(super) fn relation(&self, list: &DeviceList, now: Now) -> Result<Relation, Error> {
        let known = self.list.account_key();
        if list.account_key() == known {
            match list.follows(&self.list) {
                Ok(true) => return Ok(Relation::Follows),
                Ok(false) => return Ok(Relation::Same),
                Err(Error::ListGap) => {}
                Err(error) => return Err(error),
            }
        }
        self.waiting.is_news(list, known, now).map(Relation::Waits)
    }

    /// Checks that the user can decide about a list: that it waits, or would if it had room or had not been
    /// dismissed, or that it is another history under its key. Under the known key none is older.
    pub(super) fn check_decision(&self, list: &DeviceList) -> Result<(), Error> {
        let held = self.waiting.under(list.account_key());
        let relation = held.map(|held| list.follows(held));
        if relation == Some(Ok(false)) {
            return Ok(());
        }
        if list.account_key() == self.list.account_key() {
            match list.follows(&self.list) {
                Ok(_) => return Err(Error::NotChanged),
                Err(Error::ListGap | Error::ListFork) => {}
                Err(error) => return Err(error),
            }
        }
        if matches!(relation, None | Some(Err(Error::ListFork))) {
            Ok(())
        } else {
            Err(Error::AccountChanged)
        }
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
        let next = self.waiting.settle(&list);
        self.ahead.settle(&list);
        self.list = list;
        self.forgotten = false;
        self.logged = None;
        if let Some(next) = next {
            self.advance(next);
        }
    }

    /// Returns the list that a list which follows leads to: the one that waits, if that follows from it.
    pub(super) fn newest<'a>(&'a self, list: &'a DeviceList) -> &'a DeviceList {
        let held = self.waiting.under(list.account_key());
        held.filter(|held| held.follows(list) == Ok(true)).unwrap_or(list)
    }

    /// Notes that a letter has named a newer list.
    pub(super) fn note_ahead(&mut self, epoch: u64, now: u64) {
        self.ahead.note(epoch, &self.list, now);
    }

    /// Tells whether a time of this device's own is ahead of what [`Self::bound_times`] leaves.
    pub(super) fn has_time_ahead(&self, now: u64) -> bool {
        self.waiting.has_time_ahead(now) || self.ahead.has_time_ahead(now)
    }

    /// Leaves no time of this device's own ahead of now.
    pub(super) fn bound_times(&mut self, now: u64) {
        self.waiting.bound_times(now);
        self.ahead.bound_times(now);
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

    /// Tells whether it can be what a device knows of its own account: nothing of that is forgotten or waits.
    pub(super) fn is_own(&self) -> bool {
        !self.forgotten && !self.newcomer && !self.verified && self.waiting.is_empty()
    }

    /// Returns the reason for which nothing may be sent to the account, if there is one.
    pub(super) fn stop(&self, now: Now) -> Option<Stop> {
        if self.waiting.is_open() {
            Some(Stop::Changed)
        } else if self.list.check(now.reading()).is_err() {
            Some(Stop::ListOver)
        } else {
            self.ahead.check(now).err().map(|_| Stop::Withheld)
        }
    }

    /// Returns the last second in which the list serves, as far as is known.
    pub(super) fn serves_until(&self) -> u64 {
        self.list.expires().min(self.ahead.end())
    }

    /// Refuses a list past its time, and one that was not replaced since letters have told of a newer one.
    pub(super) fn check_time(&self, now: Now) -> Result<(), Error> {
        self.list.check(now.reading())?;
        self.ahead.check(now)
    }

    /// Returns the certificate of a listed device.
    pub(super) fn device(&self, device: DeviceId) -> Result<&Certificate, Error> {
        match self.list.device(device) {
            Some(certificate) => Ok(certificate),
            None if self.waiting.has(device) => Err(Error::AccountChanged),
            None => Err(Error::Unlisted),
        }
    }

    /// Compares a report of this account's list with it; `None` if they are the same.
    pub(super) fn mismatch(&self, reported: Listed) -> Option<ListMismatch> {
        ListMismatch::of(&self.list, reported)
    }

    /// Verifies all lists, if somebody else has written them.
    pub(super) fn verify(&self) -> Result<(), Error> {
        self.list.verify()?;
        self.waiting.lists().try_for_each(DeviceList::verify)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        self.list.write(writer);
        writer.flag(self.forgotten);
        writer.flag(self.newcomer);
        writer.flag(self.verified);
        writer.u8(LogStatus::byte(self.logged));
        writer.list(&self.since, |since, writer| {
            writer.raw(&since.device.0);
            writer.u64(since.epoch);
            writer.u64(since.issued);
        });
        self.waiting.write(writer);
        self.ahead.write(writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let list = DeviceList::recall(reader)?;
        let (forgotten, newcomer) = (reader.flag()?, reader.flag()?);
        let (verified, logged) = (reader.flag()?, LogStatus::of(reader.u8()?)?);
        if verified && (forgotten || newcomer) {
            return Err(Error::Malformed);
        }
        let since: Vec<_> = reader.list(MAX_DEVICES, |reader| {
            let device = DeviceId(*reader.array()?);
            Ok(Since { device, epoch: reader.u64()?, issued: reader.u64()? })
        })?;
        let listed = list.devices().iter().map(Certificate::device);
        if !since.iter().map(|since| since.device).eq(listed) {
            return Err(Error::Malformed);
        }
        let waiting = Waiting::read(reader, &list)?;
        let ahead = Ahead::read(reader, &list)?;
        Ok(Self { list, forgotten, newcomer, verified, logged, since, waiting, ahead })
    }
}
