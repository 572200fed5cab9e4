//! Which devices an account has: `spec/devices.md`.
//!
//! ```text
//! member   = device id ‖ signing key ‖ agreement key ‖ account signature ‖ device signature
//! inner(n) = SHA-256(LABEL(devices/content) ‖ account id ‖ account key
//!                    ‖ u64(issued) ‖ u64(expires) ‖ u32(count) ‖ members)
//! hash(0)  = zero(32)
//! hash(n)  = SHA-256(LABEL(devices/hash) ‖ u64(n) ‖ hash(n−1) ‖ inner(n))
//! list     = version ‖ kind ‖ account id ‖ account key
//!          ‖ u64(n) ‖ u64(issued) ‖ u64(expires) ‖ u32(count) ‖ members
//!          ‖ u32(k) ‖ hash(n−k−1) ‖ inner(n−k) ‖ … ‖ inner(n−1)
//!          ‖ Ed25519(account key, LABEL(devices/list) ‖ hash(n))
//! ```

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf;
use crate::primitives::sign::{self, SIGNATURE, Signature};

use super::bundle::SKEW;
use super::identity::{AccountId, AccountKind, Certificate, DeviceId, IdentityKey};
use super::{labels, wire};

/// Devices of one account at most: eight times as many as people have, and few enough to write
/// to all of them and to verify them all.
pub(crate) const MAX_DEVICES: usize = 32;

/// How long a list is valid, in seconds: 30 days.
pub(crate) const VALID_FOR: u64 = 30 * 86_400;

/// The age from which the primary issues the list anew, in seconds: a week, so that three
/// renewals may fail before a peer is without a valid list.
pub(crate) const RENEW_AFTER: u64 = 7 * 86_400;

/// A list that claims to live longer is refused: 35 days.
const MAX_LIFE: u64 = 35 * 86_400;

/// Lists before this one that a list names: a year of weekly ones, and room for changes.
const MAX_TRAIL: usize = 64;

/// What `hash(0)` is.
const ORIGIN: [u8; 32] = [0; 32];

/// The devices of an account, signed by it, and the hashes of the lists before.
///
/// It exists only if the account's signature holds and both signatures of each device do. That the
/// *account key* is the right person's is for people to compare
/// ([`Fingerprint`](crate::Fingerprint)).
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceList {
    account: AccountId,
    account_key: sign::PublicKey,
    epoch: u64,
    issued: u64,
    expires: u64,
    /// In ascending order of their ids.
    devices: Vec<Certificate>,
    /// The hash of the last list before those of the trail.
    base: [u8; 32],
    /// `inner` of the lists just before this one, the oldest first.
    trail: Vec<[u8; 32]>,
    /// `hash(epoch)`, computed when the list is made or read.
    hash: [u8; 32],
    signature: Signature,
}

impl DeviceList {
    /// The first list of an account: one device.
    pub(crate) fn first(
        key: &sign::SecretKey,
        device: Certificate,
        now: u64,
    ) -> Result<Self, Error> {
        let list = Self {
            account: device.account(),
            account_key: key.public(),
            epoch: 1,
            issued: now,
            expires: now.checked_add(VALID_FOR).ok_or(Error::BadArgument)?,
            devices: Vec::new(),
            base: ORIGIN,
            trail: Vec::new(),
            hash: ORIGIN,
            signature: [0; SIGNATURE],
        };
        list.sign(key, Vec::from([device]))
    }

    /// The list after this one, with these devices in any order.
    ///
    /// The time of issue is the clock's, also if it is before that of the list before: the epoch says
    /// which is newer, and a clock that was once far ahead must not make an account's lists useless.
    pub(crate) fn next(
        &self,
        key: &sign::SecretKey,
        devices: Vec<Certificate>,
        now: u64,
    ) -> Result<Self, Error> {
        let mut trail = self.trail.clone();
        trail.push(self.inner());
        let mut base = self.base;
        if trail.len() > MAX_TRAIL {
            base = step(self.base_epoch().saturating_add(1), &base, &trail.remove(0));
        }
        let list = Self {
            account: self.account,
            account_key: self.account_key,
            epoch: self.epoch.checked_add(1).ok_or(Error::Exhausted)?,
            issued: now,
            expires: now.checked_add(VALID_FOR).ok_or(Error::BadArgument)?,
            devices: Vec::new(),
            base,
            trail,
            hash: ORIGIN,
            signature: [0; SIGNATURE],
        };
        let list = list.sign(key, devices)?;
        if list.renames(self) { Err(Error::BadArgument) } else { Ok(list) }
    }

    /// Puts the devices in and signs.
    fn sign(mut self, key: &sign::SecretKey, mut devices: Vec<Certificate>) -> Result<Self, Error> {
        let is_ours = |device: &Certificate| {
            device.kind() == AccountKind::Member
                && device.account() == self.account
                && device.account_key() == self.account_key.bytes()
        };
        if key.public() != self.account_key || !devices.iter().all(is_ours) {
            return Err(Error::WrongPeer);
        }
        if devices.len() > MAX_DEVICES {
            return Err(Error::TooManyDevices);
        }
        devices.sort_unstable_by_key(Certificate::device);
        self.devices = devices;
        if !self.is_a_set() {
            return Err(Error::BadArgument);
        }
        self.hash = step(self.epoch, &self.predecessor(), &self.inner());
        self.signature = key.sign(labels::DEVICES_LIST, &[&self.hash]);
        Ok(self)
    }

    /// Reads and verifies a list (`spec/devices.md`).
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`] and [`Error::WrongKind`] for the bytes,
    /// [`Error::Malformed`] also for devices that are out of order, not 1 to 32 or share a key,
    /// and for a life of more than 35 days, [`Error::WeakKey`] for a key that is not canonical or
    /// of small order, [`Error::BadSignature`] if any signature does not hold.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let list = Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::DEVICE_LIST)?;
            Self::recall(reader)
        })?;
        // The account's signature first: what a stranger made up costs one verification.
        list.account_key.verify(labels::DEVICES_LIST, &[&list.hash], &list.signature)?;
        for device in &list.devices {
            device.verify()?;
        }
        Ok(list)
    }

    /// Reads a list from this device's own state, which holds only verified ones.
    pub(crate) fn recall(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let account = AccountId(*reader.array()?);
        let account_key = sign::PublicKey::decode(*reader.array()?)?;
        let [epoch, issued, expires] = [reader.u64()?, reader.u64()?, reader.u64()?];
        let devices = (0..reader.count(MAX_DEVICES)?)
            .map(|_| Certificate::recall_member(reader, account, account_key))
            .collect::<Result<_, _>>()?;
        let length = reader.count(MAX_TRAIL)?;
        let base = *reader.array()?;
        let trail = (0..length).map(|_| reader.array().copied()).collect::<Result<_, _>>()?;
        let mut list = Self {
            account,
            account_key,
            epoch,
            issued,
            expires,
            devices,
            base,
            trail,
            hash: ORIGIN,
            signature: *reader.array()?,
        };
        if !(list.is_a_set() && list.has_its_trail() && list.has_a_life()) {
            return Err(Error::Malformed);
        }
        list.hash = step(epoch, &list.predecessor(), &list.inner());
        Ok(list)
    }

    /// One device or more, in order, and no key is two devices'.
    fn is_a_set(&self) -> bool {
        let keys = self.devices.iter().map(Certificate::identity);
        let is_alone = |(place, one): (usize, &IdentityKey)| {
            let mut others = keys.clone().take(place);
            one.signing != self.account_key && !others.any(|other| one.overlaps(other))
        };
        !self.devices.is_empty()
            && self.devices.is_sorted_by(|one, other| one.device() < other.device())
            && keys.clone().enumerate().all(is_alone)
    }

    /// All lists before, or as many as a trail holds: the server cannot shorten it.
    fn has_its_trail(&self) -> bool {
        let Some(before) = self.epoch.checked_sub(1) else { return false };
        let length = usize::try_from(before).map_or(MAX_TRAIL, |before| before.min(MAX_TRAIL));
        self.trail.len() == length && (self.base_epoch() != 0 || self.base == ORIGIN)
    }

    fn has_a_life(&self) -> bool {
        let life = self.expires.checked_sub(self.issued);
        life.is_some_and(|life| (1..=MAX_LIFE).contains(&life))
    }

    /// The encoding that [`DeviceList::decode`] reads: 394 to 8,642 bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::DEVICE_LIST);
        self.write(&mut writer);
        writer.public()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.account.0);
        writer.raw(self.account_key.bytes());
        writer.u64(self.epoch);
        self.write_content(writer);
        writer.count(self.trail.len());
        writer.raw(&self.base);
        for inner in &self.trail {
            writer.raw(inner);
        }
        writer.raw(&self.signature);
    }

    fn write_content(&self, writer: &mut Writer) {
        writer.u64(self.issued);
        writer.u64(self.expires);
        writer.count(self.devices.len());
        for device in &self.devices {
            device.write_member(writer);
        }
    }

    fn inner(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        self.write_content(&mut writer);
        let (account, key) = (&self.account.0, self.account_key.bytes());
        kdf::hash(&[labels::DEVICES_CONTENT, account, key, writer.written()])
    }

    /// `hash(epoch − 1)`.
    fn predecessor(&self) -> [u8; 32] {
        self.ancestors().last().map_or(self.base, |(_, hash)| hash)
    }

    /// The epoch whose hash the base is.
    fn base_epoch(&self) -> u64 {
        let length = u64::try_from(self.trail.len()).unwrap_or(u64::MAX);
        self.epoch.saturating_sub(length).saturating_sub(1)
    }

    /// Epoch and hash of the base and of every list of the trail.
    fn ancestors(&self) -> impl Iterator<Item = (u64, [u8; 32])> {
        let base = (self.base_epoch(), self.base);
        let steps = self.trail.iter().scan(base, |(epoch, hash), inner| {
            *epoch = epoch.saturating_add(1);
            *hash = step(*epoch, hash, inner);
            Some((*epoch, *hash))
        });
        core::iter::once(base).chain(steps)
    }

    /// The hash of the account's list at that epoch, if this list is it or names it.
    pub(crate) fn hash_at(&self, epoch: u64) -> Option<[u8; 32]> {
        let own = core::iter::once((self.epoch, self.hash));
        self.ancestors().chain(own).find(|(at, _)| *at == epoch).map(|(_, hash)| hash)
    }

    /// Refuses a list outside its validity time.
    pub(crate) fn check(&self, now: u64) -> Result<(), Error> {
        self.check_issued(now)?;
        if now <= self.expires { Ok(()) } else { Err(Error::ListExpired) }
    }

    /// Refuses a list from the future.
    pub(crate) fn check_issued(&self, now: u64) -> Result<(), Error> {
        let is_begun = self.issued <= now.saturating_add(SKEW);
        if is_begun { Ok(()) } else { Err(Error::ListExpired) }
    }

    /// Whether this list is to take the place of the known one: false if it is the same list, true
    /// if it descends from it, an error otherwise.
    pub(crate) fn follows(&self, known: &Self) -> Result<bool, Error> {
        if self.account != known.account || self.account_key != known.account_key {
            return Err(Error::WrongPeer);
        }
        match self.epoch.cmp(&known.epoch) {
            Ordering::Less => match known.hash_at(self.epoch) {
                Some(hash) if hash != self.hash => Err(Error::ListFork),
                _ => Err(Error::ListRollback),
            },
            Ordering::Equal if self.hash == known.hash => Ok(false),
            Ordering::Equal => Err(Error::ListFork),
            Ordering::Greater => {
                let hash = self.hash_at(known.epoch).ok_or(Error::ListGap)?;
                if hash != known.hash {
                    return Err(Error::ListFork);
                }
                if self.renames(known) { Err(Error::WrongPeer) } else { Ok(true) }
            }
        }
    }

    /// Whether an id of the known list is given to other keys: what is kept under a device's id
    /// would become another device's.
    fn renames(&self, known: &Self) -> bool {
        known.devices.iter().any(|old| {
            self.device(old.device()).is_some_and(|device| device.identity() != old.identity())
        })
    }

    /// The account whose devices these are.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The account's Ed25519 public key, which signed the list.
    #[must_use]
    pub fn account_key(&self) -> &[u8; 32] {
        self.account_key.bytes()
    }

    /// The number of this list among the account's lists, from 1.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The hash of this list and of all before it. Two people who see the same hash see the same
    /// history of the account.
    #[must_use]
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// When the list was issued, in seconds of the account's clock.
    #[must_use]
    pub fn issued(&self) -> u64 {
        self.issued
    }

    /// The last second at which the list is valid.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }

    /// The devices, in ascending order of their ids.
    #[must_use]
    pub fn devices(&self) -> &[Certificate] {
        &self.devices
    }

    /// The device of that id, if it is on the list.
    #[must_use]
    pub fn device(&self, id: DeviceId) -> Option<&Certificate> {
        self.devices.iter().find(|device| device.device() == id)
    }
}

impl fmt::Debug for DeviceList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceList")
            .field("account", &self.account)
            .field("epoch", &self.epoch)
            .field("devices", &self.devices.len())
            .finish_non_exhaustive()
    }
}

/// One step of the chain of hashes.
fn step(epoch: u64, before: &[u8; 32], inner: &[u8; 32]) -> [u8; 32] {
    kdf::hash(&[labels::DEVICES_HASH, &epoch.to_be_bytes(), before, inner])
}
