//! Entries that this device writes.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::delta::Step;
use super::draft::Draft;
use super::settings::Settings;
use crate::client::Client;
use crate::error::Error;
use crate::protocol::settings::assignment::{Assignment, MAX_ASSIGNMENTS, MAX_VALUE};
use crate::protocol::settings::entry::{EntryPlace, NOTHING, SettingsEntry};
use crate::protocol::settings::name::Setting;
use crate::protocol::settings::replica::Accepted;
use crate::storage::Pending;

impl Settings {
    /// Sets settings, or removes them (`None`), by one entry: save, then upload it to the log that the server keeps
    /// for the account's devices. Of one setting that is named twice the later value counts.
    ///
    /// # Errors
    ///
    /// [`Error::StaleKey`] if the key must be renewed first ([`Settings::rotate`]); [`Error::EntryMissing`] if
    /// another device knows entries of this one that are not here, because the state was restored from a backup, or
    /// of any, and this one has not written yet ([`Settings::withheld`]): fetch and take them first;
    /// [`Error::InvalidName`] for a name that is empty or longer than 63 bytes, or an unknown one that is known;
    /// [`Error::ContentTooLong`] for more than 64 settings, a value of more than 4,096 bytes, and if there are more
    /// than 512 settings, or 2^19 bytes, in all, or twice as many if settings are only removed;
    /// [`Error::WrongClient`], [`Error::OwnDeviceUnlisted`], [`Error::ChainExhausted`].
    pub fn set(
        &mut self,
        client: &Client,
        values: &[(Setting, Option<&[u8]>)],
        now: u64,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        let assignments = assignments(values)?;
        let mut draft = Draft::begin(&self.inner, client, now)?;
        let fills = assignments.iter().any(|assignment| assignment.value.is_some());
        let map = &draft.replica.map;
        // What is removed keeps its place, too.
        let fits = if fills { map.may_write(&assignments) } else { map.may_read(&assignments) };
        if !fits {
            return Err(Error::ContentTooLong);
        }
        let entry = draft.write(assignments)?;
        let delta = draft.into_delta();
        Ok(Pending::maybe(self, delta, entry))
    }

    /// Writes an entry that sets nothing, and says what this device has seen, so that the others may forget what was
    /// removed ([`SettingsTasks::acknowledge`](super::SettingsTasks::acknowledge)). Save, then upload it.
    ///
    /// # Errors
    ///
    /// As [`Settings::set`].
    pub fn acknowledge(
        &mut self,
        client: &Client,
        now: u64,
    ) -> Result<Pending<'_, Self, Vec<u8>>, Error> {
        self.set(client, &[], now)
    }
}

impl Draft<'_> {
    /// Writes the next entry of this device.
    fn write(&mut self, assignments: Vec<Assignment>) -> Result<Vec<u8>, Error> {
        let (inner, history) = (self.inner, &self.replica.history);
        let (device, last) = (inner.device, history.last(inner.device));
        // A device that begins, and one that was set back, knows of what it has to take first.
        let is_new = history.chain(device).is_none() && history.named().next().is_some();
        if is_new || history.known(device) > last {
            return Err(Error::EntryMissing);
        }
        let members = &self.replica.members;
        let key = inner.keys.sealing(members, self.now.reading()).ok_or(Error::StaleKey)?;
        let heads = history.unnamed_by(device);
        let place = EntryPlace {
            device,
            number: last.checked_add(1).ok_or(Error::ChainExhausted)?,
            previous: history.hash(device).unwrap_or(NOTHING),
            clock: history.clock_after(device, &heads)?,
            epoch: members.epoch(),
            key: key.id(),
            heads,
        };
        let signing = &self.client.device().identity().signing;
        let entry = SettingsEntry::seal(inner.account, place, &assignments, key, signing)?;
        let bytes = entry.encode();
        self.step(Step::Entry(Box::new(Accepted::new(entry, assignments))));
        Ok(bytes)
    }
}

/// Encodes settings and values, each name once and in order.
fn assignments(values: &[(Setting, Option<&[u8]>)]) -> Result<Vec<Assignment>, Error> {
    let mut all = BTreeMap::new();
    for (setting, value) in values {
        let is_long = value.is_some_and(|value| value.len() > MAX_VALUE);
        if is_long || values.len() > MAX_ASSIGNMENTS {
            return Err(Error::ContentTooLong);
        }
        all.insert(setting.encode()?, value.map(|value| Zeroizing::new(value.to_vec())));
    }
    Ok(all.into_iter().map(|(name, value)| Assignment { name, value }).collect())
}
