//! Keys that settings are sealed under: `spec/settings.md`, "Keys".
//!
//! ```text
//! key    = hedged(secret = agreement key, LABEL(settings/key),
//!                 account key ‖ device id ‖ u64(epoch) ‖ u64(made) ‖ anchor)
//! key id = SHA-256(LABEL(settings/key-id) ‖ account key ‖ u64(epoch) ‖ u64(made) ‖ key)
//! keys   = version ‖ kind ‖ account key ‖ u32(count) ‖ (u64(epoch) ‖ u64(made) ‖ key) …
//! ```

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::members::Members;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::primitives::id::ids;
use crate::primitives::kdf::hash;
use crate::primitives::secret::Secret;
use crate::protocol::identity::certificate::AccountKey;
use crate::protocol::{labels, wire};

/// The time for which a key seals, in seconds: 30 days.
pub(crate) const SEALS_FOR: u64 = 30 * 86_400;

/// The age at which a key is erased, in seconds: 60 days, so that what a device sealed under it before it was off for
/// a month still opens.
pub(crate) const KEPT_FOR: u64 = 60 * 86_400;

/// Maximum number of keys that a device keeps, or tells.
pub(crate) const MAX_KEYS: usize = 32;

ids! {
    /// The id of a key that settings are sealed under: a hash of it.
    SettingsKeyId: 32;
}

/// A key that settings are sealed under.
pub(crate) struct SettingsKey {
    secret: Box<Secret<32>>,
    id: SettingsKeyId,
    /// The epoch of the account's list by which its maker has told it to devices.
    epoch: u64,
    /// The time at which it was made, by its maker's clock.
    made: u64,
}

impl SettingsKey {
    pub(crate) fn new(account: AccountKey, epoch: u64, made: u64, secret: Secret<32>) -> Self {
        let (at, when) = (epoch.to_be_bytes(), made.to_be_bytes());
        let id =
            hash(&[labels::SETTINGS_KEY_ID, &account.0, &at, &when, secret.expose().as_slice()]);
        Self { secret: Box::new(secret), id: SettingsKeyId(id), epoch, made }
    }

    pub(crate) fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    pub(crate) fn id(&self) -> SettingsKeyId {
        self.id
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.epoch);
        writer.u64(self.made);
        writer.raw(self.secret.expose());
    }

    pub(crate) fn read(account: AccountKey, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (epoch, made) = (reader.u64()?, reader.u64()?);
        Ok(Self::new(account, epoch, made, reader.secret()?))
    }

    /// Reads the keys that an own device tells: strictly ascending by id.
    pub(crate) fn decode_all(account: AccountKey, bytes: &[u8]) -> Result<Vec<Self>, Error> {
        let keys: Vec<Self> = Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::SETTINGS_KEYS)?;
            if *reader.array()? != account.0 {
                return Err(Error::WrongPeer);
            }
            reader.list(MAX_KEYS, |reader| Self::read(account, reader))
        })?;
        let is_set = !keys.is_empty() && keys.is_sorted_by(|one, other| one.id < other.id);
        if is_set { Ok(keys) } else { Err(Error::Malformed) }
    }
}

/// A key that is here, and when it came.
struct Held {
    key: SettingsKey,
    /// The time of its making, but no later than it came here: a maker's clock that is ahead makes no key that lives
    /// longer.
    since: u64,
}

impl Held {
    /// Returns what decides which key of two is the newer one.
    fn rank(&self) -> (u64, u64, SettingsKeyId) {
        (self.key.epoch, self.since, self.key.id)
    }
}

/// The keys that a device has.
#[derive(Default)]
pub(crate) struct Keys(BTreeMap<SettingsKeyId, Held>);

impl Keys {
    /// Adds a key that comes at this time. If there is no room, the oldest of the others goes.
    pub(crate) fn add(&mut self, key: SettingsKey, now: u64) {
        if self.0.len() >= MAX_KEYS
            && !self.0.contains_key(&key.id)
            && let Some(oldest) = self.oldest()
        {
            self.0.remove(&oldest);
        }
        let since = key.made.min(now);
        self.0.insert(key.id, Held { key, since });
    }

    pub(crate) fn remove(&mut self, id: SettingsKeyId) {
        self.0.remove(&id);
    }

    pub(crate) fn get(&self, id: SettingsKeyId) -> Option<&SettingsKey> {
        self.0.get(&id).map(|held| &held.key)
    }

    /// Returns the newest key that may seal at this time: no device that may have it has left the account, and it is
    /// not too old.
    pub(crate) fn sealing(&self, members: &Members, now: u64) -> Option<&SettingsKey> {
        let may = |held: &&Held| {
            let age = now.saturating_sub(held.since);
            members.may_seal(held.key.epoch) && age < SEALS_FOR
        };
        self.0.values().filter(may).max_by_key(|held| held.rank()).map(|held| &held.key)
    }

    /// Lists the keys that are older than any that an entry is waited for, but never the newest.
    pub(crate) fn over(&self, now: u64) -> impl Iterator<Item = SettingsKeyId> {
        let newest = self.0.values().map(Held::rank).max();
        let is_over = move |held: &&Held| {
            Some(held.rank()) != newest && now.saturating_sub(held.since) >= KEPT_FOR
        };
        self.0.values().filter(is_over).map(|held| held.key.id)
    }

    /// Encodes all keys for another own device, if there is one.
    pub(crate) fn encode(&self, account: AccountKey) -> Option<Zeroizing<Vec<u8>>> {
        (!self.0.is_empty()).then(|| encode(account, self.0.values().map(|held| &held.key)))
    }

    /// Encodes all keys, and one that is about to be added.
    pub(crate) fn encode_with(&self, account: AccountKey, new: &SettingsKey) -> Zeroizing<Vec<u8>> {
        // There is no room for more: the oldest will not be here any more either.
        let oldest = self.oldest().filter(|_| self.0.len() >= MAX_KEYS);
        let held = self.0.values().map(|held| &held.key).filter(|key| Some(key.id) != oldest);
        let mut keys: Vec<&SettingsKey> = held.chain([new]).collect();
        keys.sort_by_key(|key| key.id);
        encode(account, keys)
    }

    fn oldest(&self) -> Option<SettingsKeyId> {
        self.0.values().min_by_key(|held| held.rank()).map(|held| held.key.id)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.list(self.0.values(), |held, writer| {
            held.key.write(writer);
            writer.u64(held.since);
        });
    }

    pub(crate) fn read(account: AccountKey, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut keys = BTreeMap::new();
        for _ in 0..reader.count(MAX_KEYS)? {
            let key = SettingsKey::read(account, reader)?;
            ascending(&mut keys, key.id, Held { key, since: reader.u64()? })?;
        }
        Ok(Self(keys))
    }
}

fn encode<'a>(
    account: AccountKey,
    keys: impl IntoIterator<Item = &'a SettingsKey, IntoIter: ExactSizeIterator>,
) -> Zeroizing<Vec<u8>> {
    let mut writer = Writer::begin(wire::VERSION, wire::SETTINGS_KEYS);
    writer.raw(&account.0);
    writer.list(keys, SettingsKey::write);
    writer.secret()
}
