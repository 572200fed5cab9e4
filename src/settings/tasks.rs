//! Tasks in settings: keys, acknowledgments and snapshots that are due.

use super::settings::Settings;
use crate::client::Client;
use crate::error::Error;
use crate::protocol::settings::chain::Chain;

/// The number of entries after which a snapshot is due.
const SNAPSHOT_AFTER: u32 = 128;

/// The number of entries of others after which a device says that it has seen them.
const ACKNOWLEDGE_AFTER: u64 = 64;

/// The tasks of a device in its account's settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SettingsTasks {
    /// A key is due ([`Settings::rotate`]): nothing can be set before.
    pub rotate: bool,
    /// The others wait for what this device has seen ([`Settings::acknowledge`]).
    pub acknowledge: bool,
    /// A snapshot is due ([`Settings::snapshot`]). One device that makes it is enough.
    pub snapshot: bool,
}

impl Settings {
    /// Tells what is due: ask once a day, and when the account's list has changed.
    ///
    /// # Errors
    ///
    /// [`Error::WrongClient`], [`Error::OwnDeviceUnlisted`].
    pub fn tasks(&self, client: &Client, now: u64) -> Result<SettingsTasks, Error> {
        let inner = &*self.inner;
        inner.check(client)?;
        let mut members = inner.replica.members.clone();
        members.follow(client.list());
        let now = inner.clock.now(now).supported(client.firm(now));
        let history = &inner.replica.history;
        let own = history.chain(inner.device);
        let unseen = history.unnamed_by(inner.device).iter().fold(0_u64, |sum, head| {
            let seen = own.map_or(0, |own| own.seen(head.device));
            sum.saturating_add(head.number.saturating_sub(seen))
        });
        let is_behind = own.map_or(0, Chain::epoch) < members.since();
        let is_written = !history.chains().is_empty();
        Ok(SettingsTasks {
            rotate: inner.keys.sealing(&members, now.reading()).is_none(),
            acknowledge: unseen >= ACKNOWLEDGE_AFTER || (is_written && is_behind),
            snapshot: inner.replica.entries >= SNAPSHOT_AFTER,
        })
    }
}
