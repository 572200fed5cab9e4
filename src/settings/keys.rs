//! The keys that settings are sealed under.

use rand_core::CryptoRng;

use super::delta::Step;
use super::draft::Draft;
use super::settings::Settings;
use crate::client::{Client, OwnObject};
use crate::error::Error;
use crate::primitives::kdf::hedged;
use crate::protocol::labels;
use crate::protocol::settings::key::SettingsKey;
use crate::storage::{Pending, Stateful};

impl Settings {
    /// Makes a new key, which no device has that has left the account, and gives all keys: save, then send them to
    /// the other own devices ([`Client::plan_object`]). [`SettingsTasks::rotate`](super::SettingsTasks::rotate) says
    /// when: when there is no key, the newest is 30 days old, or a device has left that may have had it.
    ///
    /// # Errors
    ///
    /// [`Error::WrongClient`], [`Error::OwnDeviceUnlisted`].
    pub fn rotate(
        &mut self,
        client: &Client,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, OwnObject>, Error> {
        let inner = &*self.inner;
        let mut draft = Draft::begin(inner, client, now)?;
        let key = draft.key(self.stands().to_bytes(), rng);
        let object = inner.keys.encode_with(inner.account, &key);
        draft.step(Step::Key(key));
        let delta = draft.into_delta();
        Ok(Pending::maybe(self, delta, OwnObject::new(object)))
    }

    /// Returns all keys, for another own device: one that has just been linked, or that waits for one. Secret. There
    /// is nothing to tell before there is a key.
    #[must_use]
    pub fn share_keys(&self) -> Option<OwnObject> {
        self.inner.keys.encode(self.inner.account).map(OwnObject::new)
    }

    /// Takes the keys of another own device ([`OwnContent::SettingsKeys`](crate::client::OwnContent::SettingsKeys)),
    /// and tells how many are new. Then give entries again that have waited for one.
    ///
    /// # Errors
    ///
    /// [`Error::ListUnconfirmed`] for a key that was made by a later list of the account than is known here: fetch
    /// and learn it, and give them again; [`Error::WrongPeer`] for the keys of another account;
    /// [`Error::WrongClient`], [`Error::OwnDeviceUnlisted`]; [`Error::Malformed`], [`Error::UnknownVersion`],
    /// [`Error::WrongKind`].
    pub fn take_keys(
        &mut self,
        client: &Client,
        keys: &OwnObject,
        now: u64,
    ) -> Result<Pending<'_, Self, usize>, Error> {
        let inner = &*self.inner;
        let mut draft = Draft::begin(inner, client, now)?;
        let mut taken = 0_usize;
        for key in SettingsKey::decode_all(inner.account, keys.as_bytes())? {
            if key.epoch() > draft.replica.members.epoch() {
                return Err(Error::ListUnconfirmed);
            }
            if inner.keys.get(key.id()).is_none() {
                taken = taken.saturating_add(1);
                draft.step(Step::Key(key));
            }
        }
        let delta = draft.into_delta();
        Ok(Pending::maybe(self, delta, taken))
    }

    /// Erases keys that were made 60 days ago and more, and are not the newest. Call it once a day, once the log has
    /// been taken: what was sealed under them and is not here opens no more.
    ///
    /// # Errors
    ///
    /// [`Error::WrongClient`], [`Error::OwnDeviceUnlisted`].
    pub fn expire(&mut self, client: &Client, now: u64) -> Result<Pending<'_, Self, ()>, Error> {
        let mut draft = Draft::begin(&self.inner, client, now)?;
        for id in self.inner.keys.over(draft.now.firm()) {
            draft.step(Step::KeyErased(id));
        }
        let delta = draft.into_delta();
        Ok(Pending::maybe(self, delta, ()))
    }
}

impl Draft<'_> {
    /// Draws a key for the devices of the list that this device knows.
    fn key(&self, anchor: [u8; 32], rng: &mut impl CryptoRng) -> SettingsKey {
        let (account, device) = (self.inner.account, self.inner.device);
        let (epoch, made) = (self.replica.members.epoch(), self.now.reading());
        let about = [&account.0[..], &device.0, &epoch.to_be_bytes(), &made.to_be_bytes(), &anchor];
        let secret = self.client.device().identity().agreement.seed();
        SettingsKey::new(account, epoch, made, hedged(secret, labels::SETTINGS_KEY, &about, rng))
    }
}
