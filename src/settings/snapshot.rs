//! Snapshots, which stand for the entries that they cover.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::change::SettingChange;
use super::delta::Step;
use super::draft::Draft;
use super::settings::Settings;
use crate::client::Client;
use crate::error::Error;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::settings::snapshot::Snapshot;
use crate::storage::Pending;

/// A snapshot that was taken.
#[derive(Debug)]
pub struct TakenSnapshot {
    /// The device that has made it: all that it says is this device's word.
    pub by: DeviceId,
    /// The changes that it comes to.
    pub changes: Vec<SettingChange>,
}

impl Settings {
    /// Makes a snapshot of all that is here, for devices that begin, or are behind. Save, then upload it with
    /// [`Settings::heads`] as they are now. Once it is there, the server may delete the entries up to these heads:
    /// after a week or more, so that devices that are a little behind need not take another device's word. It may
    /// delete an older snapshot whose heads are covered by now ([`Settings::covers`]). Before a device is removed,
    /// another one takes its snapshots, and makes one.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`], [`Error::EntryMissing`] as [`Settings::set`]; [`Error::ContentTooLong`] for more than
    /// 2^23 bytes; [`Error::WrongClient`], [`Error::OwnDeviceUnlisted`].
    pub fn snapshot(
        &mut self,
        client: &Client,
        now: u64,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        let inner = &*self.inner;
        let mut draft = Draft::begin(inner, client, now)?;
        let (history, members) = (&draft.replica.history, &draft.replica.members);
        if history.known(inner.device) > history.last(inner.device) {
            return Err(Error::EntryMissing);
        }
        let key = inner.keys.sealing(members, draft.now.reading()).ok_or(Error::StaleKey)?;
        let snapshot = Snapshot::seal(
            inner.account,
            (inner.device, members.epoch(), members.since()),
            (history, &draft.replica.map),
            key,
            &client.device().identity().signing,
        )?;
        draft.step(Step::Snapshot);
        let delta = draft.into_delta();
        Ok(Pending::maybe(self, delta, snapshot))
    }

    /// Takes a snapshot of another own device: to begin with, or because entries were deleted. Save, then do what has
    /// changed. What it has beside what is here is added; nothing goes back. All that it says is its maker's word,
    /// which is held against all that this device knows by itself.
    ///
    /// # Errors
    ///
    /// [`Error::EntryMissing`] if its key is not here, if its device has not seen what all others had when something
    /// was forgotten here, or if it tells of entries of this very device that nobody has named: take those entries or
    /// the heads of another device first; [`Error::ListRollback`] if it is older than what is here;
    /// [`Error::ListUnconfirmed`] if its device knew a later list of the account than is known here: learn it first;
    /// [`Error::Forked`] for another entry under a number than is here or was named; [`Error::Inconsistent`] if it
    /// says otherwise of entries that are here; [`Error::ContentTooLong`] if there would be more settings than
    /// all devices together may have; [`Error::TooManyDevices`]; [`Error::Unlisted`],
    /// [`Error::BadSignature`], [`Error::StaleKey`] as of an entry; [`Error::Forged`], [`Error::Malformed`],
    /// [`Error::UnknownVersion`], [`Error::WrongKind`]; [`Error::WrongClient`], [`Error::OwnDeviceUnlisted`].
    pub fn take_snapshot(
        &mut self,
        client: &Client,
        snapshot: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Self, TakenSnapshot>, Error> {
        let inner = &*self.inner;
        let mut draft = Draft::begin(inner, client, now)?;
        let snapshot = Snapshot::decode(snapshot)?;
        snapshot.verify(inner.account, &draft.signing(snapshot.device)?)?;
        let key = inner.keys.get(snapshot.key).ok_or(Error::EntryMissing)?;
        if snapshot.epoch > draft.replica.members.epoch() {
            return Err(Error::ListUnconfirmed);
        }
        if draft.replica.members.is_outdated(key.epoch(), snapshot.epoch) {
            return Err(Error::StaleKey);
        }
        let text = snapshot.open(inner.account, key)?;
        if text.since > snapshot.epoch {
            return Err(Error::Malformed);
        }
        text.check(&draft.replica.history, &draft.replica.map, inner.device)?;
        let is_new = draft.replica.history.chains().is_empty();
        if is_new && snapshot.epoch == draft.replica.members.epoch() {
            draft.step(Step::Since(text.since));
        }
        let changes = draft.changes(Step::Adopted(Box::new(text))).collect();
        let delta = draft.into_delta();
        Ok(Pending::maybe(self, delta, TakenSnapshot { by: snapshot.device, changes }))
    }
}
