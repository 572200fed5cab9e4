//! Entries, by which a device says what it has set: `spec/settings.md`, "Entries".
//!
//! ```text
//! front     = version ‖ kind ‖ device id ‖ u64(number) ‖ previous ‖ u64(clock) ‖ u64(epoch) ‖ key id
//!           ‖ u32(count) ‖ head …
//! entry     = front ‖ u32(length) ‖ sealed ‖ signature
//! hash      = SHA-256(LABEL(settings/hash) ‖ account key ‖ front ‖ u32(length) ‖ sealed)
//! signature = Ed25519(signing key, LABEL(settings/entry) ‖ hash)
//! clock     = 1 + the greatest clock of the entry before and of those that the heads name
//! ```

use alloc::vec::Vec;

use super::assignment::{Assignment, MAX_TEXT};
use super::head::{SettingsHash, SettingsHead};
use super::key::{SettingsKey, SettingsKeyId};
use super::seal;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hash;
use crate::primitives::sign;
use crate::protocol::identity::certificate::{AccountKey, DeviceId};
use crate::protocol::{labels, wire};

/// Maximum length of what is sealed in bytes: the longest text in buckets, and the seal.
const MAX_SEALED: usize = MAX_TEXT + MAX_TEXT / 8 + seal::OVERHEAD;

/// The place of an entry: who has written it, after what, and what the device had seen.
pub(crate) struct EntryPlace {
    pub(crate) device: DeviceId,
    pub(crate) number: u64,
    pub(crate) previous: SettingsHash,
    pub(crate) clock: u64,
    /// The epoch of the account's list that the device knew.
    pub(crate) epoch: u64,
    /// The key that the text is sealed under.
    pub(crate) key: SettingsKeyId,
    /// The heads that the device had seen since its entry before.
    pub(crate) heads: Vec<SettingsHead>,
}

impl EntryPlace {
    fn front(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::SETTINGS_ENTRY);
        writer.raw(&self.device.0);
        writer.u64(self.number);
        writer.raw(&self.previous.0);
        writer.u64(self.clock);
        writer.u64(self.epoch);
        writer.raw(&self.key.0);
        SettingsHead::write_all(&self.heads, &mut writer);
        writer.public()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.begin(wire::VERSION, wire::SETTINGS_ENTRY)?;
        let place = Self {
            device: DeviceId(*reader.array()?),
            number: reader.u64()?,
            previous: SettingsHash(*reader.array()?),
            clock: reader.u64()?,
            epoch: reader.u64()?,
            key: SettingsKeyId(*reader.array()?),
            heads: SettingsHead::read_all(reader)?,
        };
        let is_first = place.previous == NOTHING;
        let names_itself = place.heads.iter().any(|head| head.device == place.device);
        if place.number == 0 || is_first != (place.number == 1) || names_itself {
            return Err(Error::Malformed);
        }
        Ok(place)
    }
}

/// The hash before the first entry of a device.
pub(crate) const NOTHING: SettingsHash = SettingsHash([0; 32]);

/// An entry as it travels.
pub(crate) struct SettingsEntry {
    pub(crate) place: EntryPlace,
    pub(crate) hash: SettingsHash,
    front: Vec<u8>,
    sealed: Vec<u8>,
    signature: sign::Signature,
}

impl SettingsEntry {
    /// Seals and signs an entry.
    pub(crate) fn seal(
        account: AccountKey,
        place: EntryPlace,
        assignments: &[Assignment],
        key: &SettingsKey,
        signing: &sign::SecretKey,
    ) -> Result<Self, Error> {
        let mut text = Writer::new();
        Assignment::write_all(assignments, &mut text);
        if text.written().len() > MAX_TEXT {
            return Err(Error::ContentTooLong);
        }
        let front = place.front();
        let sealed = seal::seal(key, account, &front, text.written())?;
        let hash = hash_of(account, &front, &sealed);
        let signature = signing.sign(labels::SETTINGS_ENTRY, &[&hash.0]);
        Ok(Self { place, hash, front, sealed, signature })
    }

    /// Reads an entry of this account. Neither the signature nor what is sealed is looked at.
    pub(crate) fn decode(account: AccountKey, bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            let place = EntryPlace::read(reader)?;
            let sealed = reader.bytes(MAX_SEALED)?.to_vec();
            let (front, signature) = (place.front(), *reader.array()?);
            let hash = hash_of(account, &front, &sealed);
            Ok(Self { place, hash, front, sealed, signature })
        })
    }

    /// Encodes what [`SettingsEntry::decode`] reads.
    pub(crate) fn encode(&self) -> Vec<u8> {
        Writer::encoded(|writer| {
            writer.raw(&self.front);
            writer.bytes(&self.sealed);
            writer.raw(&self.signature);
        })
    }

    /// Verifies the signature of the device.
    pub(crate) fn verify(&self, key: &sign::PublicKey) -> Result<(), Error> {
        key.verify(labels::SETTINGS_ENTRY, &[&self.hash.0], &self.signature)
    }

    /// Opens what is sealed.
    pub(crate) fn open(
        &self,
        account: AccountKey,
        key: &SettingsKey,
    ) -> Result<Vec<Assignment>, Error> {
        let text = seal::open(key, account, &self.front, &self.sealed)?;
        Reader::all(&text, Assignment::read_all)
    }

    /// Returns the head that names this entry.
    pub(crate) fn head(&self) -> SettingsHead {
        let EntryPlace { device, number, .. } = self.place;
        SettingsHead { device, number, hash: self.hash }
    }

    /// Returns the head that names the entry before, if this is not the first.
    pub(crate) fn before(&self) -> Option<SettingsHead> {
        let EntryPlace { device, number, previous, .. } = self.place;
        let number = number.checked_sub(1).filter(|number| *number > 0)?;
        Some(SettingsHead { device, number, hash: previous })
    }
}

fn hash_of(account: AccountKey, front: &[u8], sealed: &[u8]) -> SettingsHash {
    let length = u32::try_from(sealed.len()).unwrap_or(u32::MAX).to_be_bytes();
    SettingsHash(hash(&[labels::SETTINGS_HASH, &account.0, front, &length, sealed]))
}
