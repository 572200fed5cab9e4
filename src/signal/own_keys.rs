//! The keys that a device shows to other messengers, and their lives: `spec/third-party.md`, "Prekeys". They are
//! none of the native ones: a key that another protocol signs and agrees with says nothing here.
//!
//! ```text
//! secrets = hedged(identity secret, LABEL(signal/prekeys), u32(id) ‖ u64(now) ‖ byte i)
//!           i = 1 X25519 secret (32), 2 KEM seed (64)
//! ```

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::primitives::dh;
use crate::primitives::kdf::{drawn, hedged};
use crate::primitives::kyber;
use crate::primitives::secret::Secret;
use crate::primitives::sign::Signature;
use crate::primitives::xeddsa;
use crate::protocol::handshake::prekeys::{BATCH, ROTATE_AFTER};
use crate::protocol::handshake::replay::ReplayMemory;
use crate::protocol::labels;

use super::address::Address;
use super::bundle::{Bundle, KemPrekey, OneTimePrekey, SignedPrekey};
use super::keys::{IdentityKey, typed, typed_kem};
use super::prekeys::{OneTime, PrekeySet, Used};
use super::wire::InitialMessage;

/// Ids are below this: clients of version 3 write them in three bytes.
const MAX_ID: u32 = 0x00ff_ffff;

/// Registration ids have 14 bits.
const MAX_REGISTRATION: u32 = 0x3fff;

/// Maximum number of sets of signed prekeys: those of a month, one every two days.
const MAX_SETS: usize = 16;

/// Maximum number of one-time prekeys held, those handed out and not yet used included.
const MAX_ONE_TIME: usize = 1000;

/// The identity of a device on other messengers, and its prekeys. Secret.
pub(crate) struct OwnKeys {
    identity: dh::SecretKey,
    public: IdentityKey,
    registration: u32,
    /// The id of the next prekey. It never comes back to a key that is held.
    next: u32,
    /// Newest first.
    sets: Vec<PrekeySet>,
    one_time: BTreeMap<u32, OneTime>,
}

/// The secret prekeys that an initial message names.
pub(crate) struct Found<'a> {
    pub(crate) signed: &'a dh::SecretKey,
    pub(crate) kem: Option<&'a kyber::SecretKey>,
    pub(crate) one_time: Option<&'a dh::SecretKey>,
    pub(crate) used: Used,
}

impl OwnKeys {
    /// Makes a new identity with its first prekeys.
    pub(crate) fn generate(address: &Address, now: u64, rng: &mut impl CryptoRng) -> Self {
        let mut about = Writer::new();
        address.write(&mut about);
        let seeds = drawn::<38, _>(labels::SIGNAL_IDENTITY, &[about.written()], rng);
        let (identity, numbers) = seeds.expose().split_at(32);
        let identity = Secret::fill(|out: &mut [u8; 32]| out.copy_from_slice(identity));
        let identity = dh::SecretKey::from_seed(identity);
        let (registration, next) = numbers.split_at(2);
        let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte));
        let mut keys = Self {
            public: IdentityKey(identity.public()),
            identity,
            registration: (number(registration) & MAX_REGISTRATION).max(1),
            next: (number(next) & MAX_ID).max(1),
            sets: Vec::new(),
            one_time: BTreeMap::new(),
        };
        keys.add_set(keys.set(now, rng));
        keys
    }

    pub(crate) fn identity(&self) -> &dh::SecretKey {
        &self.identity
    }

    pub(crate) fn public(&self) -> &IdentityKey {
        &self.public
    }

    pub(crate) fn registration(&self) -> u32 {
        self.registration
    }

    /// Makes the next set of signed prekeys.
    pub(crate) fn set(&self, now: u64, rng: &mut impl CryptoRng) -> PrekeySet {
        let (signed, kem) = self.secrets(self.next, now, rng);
        PrekeySet {
            id: self.next,
            created: now,
            signature: xeddsa::sign(&self.identity, &[&typed(&signed.public())], rng),
            kem_signature: xeddsa::sign(&self.identity, &[&typed_kem(&kem.public())], rng),
            signed,
            kem,
            memory: ReplayMemory::default(),
        }
    }

    /// Makes a batch of one-time prekeys, under the next ids.
    pub(crate) fn batch(&self, now: u64, rng: &mut impl CryptoRng) -> Vec<(u32, OneTime)> {
        let mut next = self.next;
        (0..BATCH)
            .map(|_| {
                let id = next;
                next = after(id);
                let (agreement, kem) = self.secrets(id, now, rng);
                let signature = xeddsa::sign(&self.identity, &[&typed_kem(&kem.public())], rng);
                (id, OneTime { created: now, agreement, kem, kem_signature: signature })
            })
            .collect()
    }

    fn secrets(
        &self,
        id: u32,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> (dh::SecretKey, kyber::SecretKey) {
        let (secret, label) = (self.identity.seed(), labels::SIGNAL_PREKEYS);
        let (id, now) = (id.to_be_bytes(), now.to_be_bytes());
        let agreement = hedged(secret, label, &[&id, &now, &[1]], rng);
        let kem = hedged(secret, label, &[&id, &now, &[2]], rng);
        (dh::SecretKey::from_seed(agreement), kyber::SecretKey::from_seed(kem))
    }

    /// Tells whether new signed prekeys are due.
    pub(crate) fn is_rotation_due(&self, now: u64) -> bool {
        self.sets.first().is_none_or(|set| now >= set.created.saturating_add(ROTATE_AFTER))
    }

    /// Returns the bundle of the newest signed prekeys, without a one-time prekey.
    pub(crate) fn bundle(&self) -> Option<Bundle> {
        let set = self.sets.first()?;
        Some(Bundle {
            registration: self.registration,
            identity: self.public,
            signed: SignedPrekey {
                id: set.id,
                key: typed(&set.signed.public()),
                signature: set.signature,
            },
            kem: Some(kem_prekey(set.id, &set.kem, set.kem_signature)),
            one_time: None,
        })
    }

    /// Returns the published halves of the one-time prekeys that are held.
    pub(crate) fn one_time(&self) -> impl Iterator<Item = (OneTimePrekey, KemPrekey)> {
        self.one_time.iter().map(|(id, prekey)| {
            let key = typed(&prekey.agreement.public());
            let kem = kem_prekey(*id, &prekey.kem, prekey.kem_signature);
            (OneTimePrekey { id: *id, key }, kem)
        })
    }

    /// Finds the secrets that an initial message from `from` names.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownPrekey`] if one of them is gone, or never was; [`Error::Replay`] if the message was accepted
    /// before; [`Error::RotationRequired`] and [`Error::ReplayShareFull`] if it uses no one-time prekey and cannot
    /// be remembered.
    pub(crate) fn find(
        &self,
        initial: &InitialMessage<'_>,
        from: &Address,
        now: u64,
    ) -> Result<Found<'_>, Error> {
        let set = |id: u32| {
            let mut sets = self.sets.iter().filter(|set| set.id == id && set.is_kept(now));
            sets.next()
        };
        let held = |id: u32| self.one_time.get(&id).filter(|prekey| prekey.is_kept(now));
        let signed = set(initial.signed).ok_or(Error::UnknownPrekey)?;
        let one_time = initial.one_time.map(|id| held(id).ok_or(Error::UnknownPrekey));
        let one_time = one_time.transpose()?;
        let kem_id = initial.kem.map(|kem| kem.prekey);
        let (kem, kem_one_time) = match kem_id {
            None => (None, None),
            Some(id) => match held(id) {
                Some(prekey) => (Some(&prekey.kem), Some(id)),
                None => (Some(&set(id).ok_or(Error::UnknownPrekey)?.kem), None),
            },
        };
        let ids = [initial.one_time, kem_one_time];
        let remembered = match ids {
            [None, None] => Some((signed.id, signed.remember(initial, from)?)),
            _ => None,
        };
        let used = Used { one_time: ids, remembered };
        let one_time = one_time.map(|prekey| &prekey.agreement);
        Ok(Found { signed: &signed.signed, kem, one_time, used })
    }

    pub(crate) fn add_set(&mut self, set: PrekeySet) {
        self.next = after(set.id);
        self.sets.insert(0, set);
        self.sets.truncate(MAX_SETS);
    }

    pub(crate) fn add_batch(&mut self, batch: Vec<(u32, OneTime)>) {
        for (id, prekey) in batch {
            self.next = after(id);
            self.one_time.insert(id, prekey);
        }
        // The oldest goes first: somebody who fetches them without end must not stop the supply.
        while self.one_time.len() > MAX_ONE_TIME {
            let oldest = self.one_time.iter().min_by_key(|(id, prekey)| (prekey.created, **id));
            let Some((id, _)) = oldest else { break };
            let id = *id;
            self.one_time.remove(&id);
        }
    }

    pub(crate) fn use_up(&mut self, used: &Used) {
        for id in used.one_time.iter().flatten() {
            self.one_time.remove(id);
        }
        if let Some((id, message)) = used.remembered
            && let Some(set) = self.sets.iter_mut().find(|set| set.id == id)
        {
            set.memory.remember(message);
        }
    }

    /// Erases what is past its time.
    pub(crate) fn expire(&mut self, now: u64) {
        let mut newest = true;
        self.sets.retain(|set| core::mem::take(&mut newest) || set.is_kept(now));
        self.one_time.retain(|_, prekey| prekey.is_kept(now));
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.identity.seed().expose());
        writer.u32(self.registration);
        writer.u32(self.next);
        writer.list(&self.sets, PrekeySet::write);
        writer.list(&self.one_time, |(id, prekey), writer| prekey.write(*id, writer));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let identity = dh::SecretKey::from_seed(reader.secret()?);
        let (registration, next) = (reader.u32()?, reader.u32()?);
        let sets = reader.list(MAX_SETS, PrekeySet::read)?;
        let mut one_time = BTreeMap::new();
        for _ in 0..reader.count(MAX_ONE_TIME)? {
            let (id, prekey) = OneTime::read(reader)?;
            ascending(&mut one_time, id, prekey)?;
        }
        let public = IdentityKey(identity.public());
        Ok(Self { identity, public, registration, next, sets, one_time })
    }
}

fn kem_prekey(id: u32, key: &kyber::SecretKey, signature: Signature) -> KemPrekey {
    KemPrekey { id, key: Box::new(typed_kem(&key.public())), signature }
}

/// Returns the id after an id; 0 is none, since some clients take it for the absence of a prekey.
fn after(id: u32) -> u32 {
    if id >= MAX_ID { 1 } else { id.saturating_add(1) }
}

#[cfg(test)]
#[path = "tests/own_keys.rs"]
mod tests;
