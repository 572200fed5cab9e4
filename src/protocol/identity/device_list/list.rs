//! Device lists, which say which devices an account has: `spec/devices.md`.
//!
//! ```text
//! member   = device id ‖ signing key ‖ agreement key ‖ account signature ‖ device signature
//! inner(n) = SHA-256(LABEL(devices/content) ‖ account id ‖ account key
//!                    ‖ u64(issued) ‖ u64(expires) ‖ [moved] ‖ u32(count) ‖ members)
//! hash(0)  = zero(32)
//! hash(n)  = SHA-256(LABEL(devices/hash) ‖ u64(n) ‖ hash(n−1) ‖ inner(n))
//! list     = version ‖ kind ‖ account id ‖ account key
//!          ‖ u64(n) ‖ u64(issued) ‖ u64(expires) ‖ [moved] ‖ u32(count) ‖ members
//!          ‖ u32(k) ‖ hash(n−k−1) ‖ inner(n−k) ‖ … ‖ inner(n−1)
//!          ‖ Ed25519(account key, LABEL(devices/list) ‖ hash(n))
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::id::ids;
use crate::primitives::kdf;
use crate::primitives::sign;
use crate::primitives::sign::{SIGNATURE, Signature};

use crate::protocol::clock::SKEW;
use crate::protocol::identity::certificate::{
    AccountId, AccountKey, AccountKind, Certificate, DeviceId, IdentityKey,
};
use crate::protocol::{labels, wire};

use super::moved::Moved;

/// Maximum number of devices in one account: eight times as many as people have, and few enough to write to
/// all of them and to verify them all.
pub(crate) const MAX_DEVICES: usize = 32;

/// Maximum length of a list in bytes: 32 devices, a full trail, and an account that has moved often.
pub(crate) const MAX_LIST: usize = 9002;

/// The time for which a list is valid, in seconds: 30 days.
pub(crate) const VALID_FOR: u64 = 30 * 86_400;

/// The age from which the primary issues the list anew, in seconds: a week, so that three renewals may
/// fail before a peer is without a valid list.
pub(crate) const RENEW_AFTER: u64 = 7 * 86_400;

/// The longest life that a list may claim, in seconds: 35 days.
const MAX_LIFE: u64 = 35 * 86_400;

/// Maximum number of earlier lists that a list names: a year of weekly ones, and room for changes.
const MAX_TRAIL: usize = 64;

/// `hash(0)`.
const ORIGIN: [u8; 32] = [0; 32];

ids! {
    /// The hash of a device list and of all lists before it.
    ListHash: 32;
}

/// The devices of an account, signed by it, and the hashes of the lists before.
///
/// It exists only if the account's signature holds and both signatures of each device do. It does not
/// prove that the *account key* is the right person's: people compare that
/// ([`Fingerprint`](crate::session::Fingerprint)).
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceList {
    pub(super) account: AccountId,
    pub(super) account_key: sign::PublicKey,
    pub(super) epoch: u64,
    issued: u64,
    expires: u64,
    /// The ids that the account had; none if it always had this one.
    pub(super) moved: Option<Box<Moved>>,
    /// In ascending order of their ids.
    pub(super) devices: Vec<Certificate>,
    /// The hash of the last list before those of the trail.
    pub(super) base: [u8; 32],
    /// `inner` of the lists just before this one, the oldest first.
    pub(super) trail: Vec<[u8; 32]>,
    /// `hash(epoch)`, computed when the list is made or read.
    pub(super) hash: [u8; 32],
    signature: Signature,
}

impl DeviceList {
    /// Makes the first list of an account: one device, which this very key has signed.
    pub(crate) fn first(key: &sign::SecretKey, device: Certificate, now: u64) -> Self {
        let list = Self {
            account: device.account(),
            account_key: key.public(),
            epoch: 1,
            issued: issued(now),
            expires: issued(now).saturating_add(VALID_FOR),
            moved: None,
            devices: Vec::from([device]),
            base: ORIGIN,
            trail: Vec::new(),
            hash: ORIGIN,
            signature: [0; SIGNATURE],
        };
        list.sign(key)
    }

    /// Makes the list after this one, with these devices in any order.
    ///
    /// The time of issue is the clock's, even if it is before that of the list before: the epoch says
    /// which is newer, and a clock that was once far ahead must not make an account's lists useless.
    pub(crate) fn next(
        &self,
        key: &sign::SecretKey,
        devices: Vec<Certificate>,
        now: u64,
    ) -> Result<Self, Error> {
        self.next_at(self.account, key, devices, now)
    }

    /// Makes the list after this one for an account that has this id from then on.
    pub(crate) fn next_at(
        &self,
        account: AccountId,
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
            account,
            account_key: self.account_key,
            epoch: self.epoch.checked_add(1).ok_or(Error::ListExhausted)?,
            issued: issued(now),
            expires: issued(now).saturating_add(VALID_FOR),
            moved: self.moved_to(account, issued(now)),
            devices: Vec::new(),
            base,
            trail,
            hash: ORIGIN,
            signature: [0; SIGNATURE],
        };
        let list = list.with(key, devices)?;
        if list.gives_id_to_other_keys(self) { Err(Error::DeviceConflict) } else { Ok(list) }
    }

    /// Puts the devices in and signs.
    fn with(mut self, key: &sign::SecretKey, mut devices: Vec<Certificate>) -> Result<Self, Error> {
        let is_ours = |device: &Certificate| {
            device.kind() == AccountKind::Member
                && device.account() == self.first_id()
                && device.account_key() == self.account_key()
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
            return Err(Error::DeviceConflict);
        }
        Ok(self.sign(key))
    }

    fn sign(mut self, key: &sign::SecretKey) -> Self {
        self.hash = step(self.epoch, &self.predecessor(), &self.inner());
        self.signature = key.sign(labels::DEVICES_LIST, &[&self.hash]);
        self
    }

    /// Reads and verifies a list ([devices.md](crate::spec::devices)).
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
        list.verify()?;
        Ok(list)
    }

    /// Verifies all signatures of a list that somebody else has written.
    pub(crate) fn verify(&self) -> Result<(), Error> {
        // The account's signature first: a list that a stranger made up costs one verification.
        self.account_key.verify(labels::DEVICES_LIST, &[&self.hash], &self.signature)?;
        self.devices.iter().try_for_each(Certificate::verify)
    }

    /// Reads a list from this device's own state, which holds only verified ones.
    pub(crate) fn recall(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let account = AccountId(*reader.array()?);
        let account_key = sign::PublicKey::read(reader)?;
        let [epoch, issued, expires] = [reader.u64()?, reader.u64()?, reader.u64()?];
        let mut count = reader.count(MAX_DEVICES)?;
        // No number of devices: the ids of an account that has moved stand before it.
        let moved = if count == 0 { Some(Moved::read(reader)?) } else { None };
        if moved.is_some() {
            count = reader.count(MAX_DEVICES)?;
        }
        let first = moved.as_ref().map_or(account, |moved| moved.first);
        let devices = (0..count).map(|_| Certificate::recall_member(reader, first, account_key));
        let devices = devices.collect::<Result<_, _>>()?;
        let length = reader.count(MAX_TRAIL)?;
        let base = *reader.array()?;
        let trail = (0..length).map(|_| reader.array().copied()).collect::<Result<_, _>>()?;
        let mut list = Self {
            account,
            account_key,
            epoch,
            issued,
            expires,
            moved,
            devices,
            base,
            trail,
            hash: ORIGIN,
            signature: *reader.array()?,
        };
        let has_moved = list.moved.as_ref().is_none_or(|moved| moved.is_of(account));
        if !(has_moved && list.is_a_set() && list.has_its_trail() && list.has_a_life()) {
            return Err(Error::Malformed);
        }
        list.hash = step(epoch, &list.predecessor(), &list.inner());
        Ok(list)
    }

    /// Tells whether there is a device at least, in order, and no key belongs to two.
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

    /// Tells whether the trail has all lists before, or as many as it may: the server cannot shorten
    /// it.
    fn has_its_trail(&self) -> bool {
        let Some(before) = self.epoch.checked_sub(1) else { return false };
        let length = usize::try_from(before).map_or(MAX_TRAIL, |before| before.min(MAX_TRAIL));
        self.trail.len() == length && (self.base_epoch() != 0 || self.base == ORIGIN)
    }

    fn has_a_life(&self) -> bool {
        let life = self.expires.checked_sub(self.issued);
        life.is_some_and(|life| (1..=MAX_LIFE).contains(&life))
    }

    /// Encodes what [`DeviceList::decode`] reads: 394 to 9,002 bytes.
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
        if let Some(moved) = &self.moved {
            moved.write(writer);
        }
        writer.list(&self.devices, Certificate::write_member);
    }

    fn inner(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        self.write_content(&mut writer);
        let (account, key) = (&self.account.0, self.account_key.bytes());
        kdf::hash(&[labels::DEVICES_CONTENT, account, key, writer.written()])
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

    /// Returns the account whose devices these are: the id that it has now.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Returns the account's Ed25519 public key, which signed the list.
    #[must_use]
    pub fn account_key(&self) -> AccountKey {
        AccountKey(*self.account_key.bytes())
    }

    /// Returns the number of this list among the account's lists, from 1.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Returns the hash of this list and of all before it. Two people who see the same hash see the
    /// same history of the account.
    #[must_use]
    pub fn hash(&self) -> ListHash {
        ListHash(self.hash)
    }

    /// Tells when the list was issued, in seconds of the account's clock.
    #[must_use]
    pub fn issued(&self) -> u64 {
        self.issued
    }

    /// Returns the last second at which the list is valid.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }

    /// Returns the devices, in ascending order of their ids.
    #[must_use]
    pub fn devices(&self) -> &[Certificate] {
        &self.devices
    }

    /// Returns the device of that id, if it is on the list.
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

/// Returns when a list is issued: now, but early enough before the end of all time to live as long as
/// others.
fn issued(now: u64) -> u64 {
    now.min(u64::MAX - VALID_FOR)
}

/// Takes one step of the chain of hashes.
pub(super) fn step(epoch: u64, before: &[u8; 32], inner: &[u8; 32]) -> [u8; 32] {
    kdf::hash(&[labels::DEVICES_HASH, &epoch.to_be_bytes(), before, inner])
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
