//! The settings of an account on one of its devices.

use alloc::boxed::Box;

use rand_core::CryptoRng;

use crate::client::Client;
use crate::error::Error;
use crate::primitives::kdf::hedged;
use crate::primitives::secret::{Secret, redacted};
use crate::protocol::clock::Clock;
use crate::protocol::identity::certificate::{AccountKey, DeviceId};
use crate::protocol::labels;
use crate::protocol::settings::entry::SettingsEntry;
use crate::protocol::settings::head::SettingsHead;
use crate::protocol::settings::history::History;
use crate::protocol::settings::key::Keys;
use crate::protocol::settings::map::Map;
use crate::protocol::settings::members::Members;
use crate::protocol::settings::name::Setting;
use crate::protocol::settings::replica::Replica;
use crate::storage::{Anchor, Stateful};

/// The settings of an account, on one of its devices. A state of its own, beside the device's
/// [`Client`], which signs for it and says which devices the account has.
///
/// ```
/// # use latchstring::{Error, client::Client, settings::{Setting, Settings}};
/// # fn show(phone: &Client, settings: &mut Settings, log: &[Vec<u8>], now: u64) -> Result<(), Error> {
/// // Save, then do what has changed.
/// let taken = settings.take(phone, log, now)?.apply();
/// for change in taken.changes {
///     if let Setting::Blocked(account) = change.setting {
///         println!("{account} is {}", if change.value.is_some() { "blocked" } else { "not blocked" });
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Settings {
    pub(super) inner: Box<Inner>,
}

redacted!(
    Settings,
    |settings| device = settings.inner.device,
    names = settings.iter().count(),
    devices = settings.heads().count()
);

pub(super) struct Inner {
    pub(super) account: AccountKey,
    pub(super) device: DeviceId,
    pub(super) replica: Replica,
    pub(super) keys: Keys,
    pub(super) clock: Clock,
    pub(super) anchor: Anchor,
}

impl Settings {
    /// Begins without any setting. Save it. The first device of an account then makes a key ([`Settings::rotate`]). A
    /// device that comes later takes the keys of another own device ([`Settings::take_keys`]), then the newest
    /// snapshot, if there is one, and the entries after it.
    ///
    /// A device that has settings makes none anew, unless they are lost, or the user decides for those of another
    /// device ([`Error::Forked`]). It MUST take a snapshot, or all entries there are, before it sets anything:
    /// otherwise it writes two entries of one number, which all others refuse.
    ///
    /// # Errors
    ///
    /// [`Error::OwnDeviceUnlisted`] if the device is no longer one of its account's.
    pub fn create(client: &Client, now: u64, rng: &mut impl CryptoRng) -> Result<Self, Error> {
        let clock = client.hosting(now)?.clock();
        let list = client.list();
        let certificate = client.certificate();
        let secret = client.device().identity().agreement.seed();
        let about = [&certificate.core()[..], &now.to_be_bytes()].concat();
        let name: Secret<32> = hedged(secret, labels::SETTINGS_STATE, &[&about], rng);
        let replica = Replica {
            members: Members::new(list),
            history: History::default(),
            map: Map::default(),
            entries: 0,
        };
        let inner = Inner {
            account: list.account_key(),
            device: certificate.device(),
            replica,
            keys: Keys::default(),
            clock,
            anchor: Anchor::start(Self::KIND, &certificate.core(), name.expose()),
        };
        Ok(Self { inner: Box::new(inner) })
    }

    /// Returns the value of a setting, if it is set.
    #[must_use]
    pub fn get(&self, setting: &Setting) -> Option<&[u8]> {
        let slot = self.inner.replica.map.get(&setting.encode().ok()?)?;
        slot.value.as_ref().map(|value| value.as_slice())
    }

    /// Lists what is set, in the order of the names' bytes.
    pub fn iter(&self) -> impl Iterator<Item = (Setting, &[u8])> {
        let slots = self.inner.replica.map.slots();
        slots.filter_map(|(name, slot)| {
            Some((Setting::decode(name), slot.value.as_ref()?.as_slice()))
        })
    }

    /// Lists the last entry of each device that has written any: what is here, and what a snapshot that is made now
    /// covers.
    pub fn heads(&self) -> impl Iterator<Item = SettingsHead> {
        self.inner.replica.history.heads()
    }

    /// Tells whether all is here that these heads name: whether a snapshot that is made now covers what an earlier
    /// one does, which may be deleted then.
    #[must_use]
    pub fn covers(&self, heads: &[SettingsHead]) -> bool {
        heads.iter().all(|head| self.inner.replica.history.has(*head) == Ok(true))
    }

    /// Reads which entry these bytes are, so that a log can be kept by device and number, and an entry found that is
    /// missing ([`RefusedEntry::missing`](super::RefusedEntry::missing)). Nothing is checked but the form.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`].
    pub fn head_of(&self, entry: &[u8]) -> Result<SettingsHead, Error> {
        SettingsEntry::decode(self.inner.account, entry).map(|entry| entry.head())
    }
}

impl Inner {
    /// Refuses a client that is not the one of this device, or that its account has removed.
    pub(super) fn check(&self, client: &Client) -> Result<(), Error> {
        let is_ours = client.list().account_key() == self.account
            && client.certificate().device() == self.device;
        if is_ours { client.check_hosting() } else { Err(Error::WrongClient) }
    }
}
