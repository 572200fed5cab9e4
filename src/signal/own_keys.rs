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

use super::bundle::{Bundle, KemPrekey, OneTimePrekey, SignedPrekey};
use super::identity_secret::IdentitySecret;
use super::keys::{IdentityKey, typed, typed_kem};
use super::policy::ForeignDevice;
use super::prekeys::{OneTime, PrekeySet, Used, kem_prekey};
use super::wire::InitialMessage;

/// Ids are below this: clients of version 3 write them in three bytes.
pub(crate) const MAX_ID: u32 = 0x00ff_ffff;

/// Registration ids have 14 bits.
pub(crate) const MAX_REGISTRATION: u32 = 0x3fff;

/// Maximum number of sets of signed prekeys before the newest: those of a month, one every two days.
const MAX_OLDER: usize = 15;

/// Number of one-time prekeys of a service below which more are published.
pub(crate) const LOW: usize = 25;

/// Maximum number of one-time prekeys held, those handed out and not yet used included.
const MAX_ONE_TIME: usize = 1000;

/// The identity of a device on other messengers, and its prekeys. Secret.
pub(crate) struct OwnKeys {
    identity: IdentitySecret,
    registration: u32,
    /// The id of the next prekey. It never comes back to a key that is held.
    next: u32,
    newest: Box<PrekeySet>,
    /// The sets before it, newest first.
    #[expect(clippy::vec_box, reason = "see note [boxes]")]
    older: Vec<Box<PrekeySet>>,
    one_time: BTreeMap<u32, Box<OneTime>>,
}

/// The secret prekeys that an initial message names.
pub(crate) struct Found<'a> {
    pub(crate) signed: &'a dh::SecretKey,
    pub(crate) kem: Option<&'a kyber::SecretKey>,
    pub(crate) one_time: Option<&'a dh::SecretKey>,
    pub(crate) used: Used,
}

impl Found<'_> {
    /// Recovers the secret in the KEM ciphertext of version 4.
    pub(crate) fn decapsulate(&self, initial: &InitialMessage<'_>) -> Option<Secret<32>> {
        let (key, part) = (self.kem?, initial.kem.as_ref()?);
        Some(key.decapsulate(part.ciphertext))
    }
}

impl OwnKeys {
    /// Makes a new identity with its first prekeys.
    pub(crate) fn generate(device: &ForeignDevice, now: u64, rng: &mut impl CryptoRng) -> Self {
        let mut about = Writer::new();
        device.write(&mut about);
        let seeds = drawn::<38, _>(labels::SIGNAL_IDENTITY, &[about.written()], rng);
        let (identity, numbers) = seeds.expose().split_at(32);
        let identity = Secret::fill(|out: &mut [u8; 32]| out.copy_from_slice(identity));
        let identity = dh::SecretKey::from_seed(identity);
        let (registration, next) = numbers.split_at(2);
        let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte));
        let id = (number(next) & MAX_ID).max(1);
        Self {
            registration: (number(registration) & MAX_REGISTRATION).max(1),
            next: after(id),
            newest: prekey_set(&identity, id, now, rng),
            older: Vec::new(),
            one_time: BTreeMap::new(),
            identity: IdentitySecret::new(identity),
        }
    }

    pub(crate) fn identity_secret(&self) -> &IdentitySecret {
        &self.identity
    }

    pub(crate) fn identity(&self) -> &dh::SecretKey {
        self.identity.secret()
    }

    pub(crate) fn public(&self) -> &IdentityKey {
        self.identity.key()
    }

    pub(crate) fn registration(&self) -> u32 {
        self.registration
    }

    /// Makes the next set of signed prekeys.
    pub(crate) fn set(&self, now: u64, rng: &mut impl CryptoRng) -> Box<PrekeySet> {
        prekey_set(self.identity(), self.next, now, rng)
    }

    /// Makes a batch of one-time prekeys, under the next ids.
    pub(crate) fn batch(&self, now: u64, rng: &mut impl CryptoRng) -> Vec<(u32, Box<OneTime>)> {
        let mut next = self.next;
        (0..BATCH)
            .map(|_| {
                let id = next;
                next = after(id);
                let (agreement, kem) = secrets(self.identity(), id, now, rng);
                let kem_signature = sign_kem(self.identity(), &kem, rng);
                let created = now;
                let is_published = false;
                (id, Box::new(OneTime { is_published, created, agreement, kem, kem_signature }))
            })
            .collect()
    }

    /// Tells whether new signed prekeys are due.
    pub(crate) fn is_rotation_due(&self, now: u64) -> bool {
        now >= self.newest.created.saturating_add(ROTATE_AFTER)
    }

    /// Returns the bundle of the newest signed prekeys, without a one-time prekey.
    pub(crate) fn bundle(&self) -> Bundle {
        let set = &self.newest;
        Bundle {
            registration: self.registration,
            identity: *self.public(),
            signed: SignedPrekey {
                id: set.id,
                key: typed(&set.signed.public()),
                signature: set.signature,
            },
            kem: Some(kem_prekey(set.id, &set.kem, set.kem_signature)),
            one_time: None,
        }
    }

    /// Lists the one-time prekeys that are not known to be published.
    pub(crate) fn unpublished(&self) -> Vec<(OneTimePrekey, KemPrekey)> {
        let held = self.one_time.iter().filter(|(_, prekey)| !prekey.is_published);
        held.map(|(id, prekey)| prekey.public(*id)).collect()
    }

    fn sets(&self) -> impl Iterator<Item = &PrekeySet> {
        [&self.newest].into_iter().chain(&self.older).map(|set| &**set)
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
        from: &ForeignDevice,
        now: u64,
    ) -> Result<Found<'_>, Error> {
        let set = |id: u32| {
            let mut sets = self.sets().filter(|set| set.id == id && set.is_kept(now));
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

    pub(crate) fn add_set(&mut self, set: Box<PrekeySet>) {
        self.next = after(set.id);
        self.older.insert(0, core::mem::replace(&mut self.newest, set));
        self.older.truncate(MAX_OLDER);
    }

    pub(crate) fn add_batch(&mut self, batch: Vec<(u32, Box<OneTime>)>) {
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

    pub(crate) fn note_published(&mut self, ids: &[u32]) {
        for id in ids {
            if let Some(prekey) = self.one_time.get_mut(id) {
                prekey.is_published = true;
            }
        }
    }

    pub(crate) fn use_up(&mut self, used: &Used) {
        for id in used.one_time.iter().flatten() {
            self.one_time.remove(id);
        }
        if let Some((id, message)) = used.remembered {
            let mut sets = [&mut self.newest].into_iter().chain(&mut self.older);
            if let Some(set) = sets.find(|set| set.id == id) {
                set.memory.remember(message);
            }
        }
    }

    /// Erases what is past its time.
    pub(crate) fn expire(&mut self, now: u64) {
        self.older.retain(|set| set.is_kept(now));
        self.one_time.retain(|_, prekey| prekey.is_kept(now));
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.identity().seed().expose());
        writer.u32(self.registration);
        writer.u32(self.next);
        self.newest.write(writer);
        writer.list(&self.older, |set, writer| set.write(writer));
        writer.list(&self.one_time, |(id, prekey), writer| prekey.write(*id, writer));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let identity = IdentitySecret::new(dh::SecretKey::from_seed(reader.secret()?));
        let (registration, next) = (reader.u32()?, reader.u32()?);
        let newest = Box::new(PrekeySet::read(reader)?);
        let older = reader.list(MAX_OLDER, |reader| PrekeySet::read(reader).map(Box::new))?;
        let mut one_time = BTreeMap::new();
        for _ in 0..reader.count(MAX_ONE_TIME)? {
            let (id, prekey) = OneTime::read(reader)?;
            ascending(&mut one_time, id, Box::new(prekey))?;
        }
        Ok(Self { identity, registration, next, newest, older, one_time })
    }
}

fn prekey_set(
    identity: &dh::SecretKey,
    id: u32,
    now: u64,
    rng: &mut impl CryptoRng,
) -> Box<PrekeySet> {
    let (signed, kem) = secrets(identity, id, now, rng);
    Box::new(PrekeySet {
        id,
        created: now,
        signature: xeddsa::sign(identity, &[&typed(&signed.public())], rng),
        kem_signature: sign_kem(identity, &kem, rng),
        signed,
        kem,
        memory: ReplayMemory::default(),
    })
}

fn secrets(
    identity: &dh::SecretKey,
    id: u32,
    now: u64,
    rng: &mut impl CryptoRng,
) -> (dh::SecretKey, kyber::SecretKey) {
    let (secret, label) = (identity.seed(), labels::SIGNAL_PREKEYS);
    let (id, now) = (id.to_be_bytes(), now.to_be_bytes());
    let agreement = hedged(secret, label, &[&id, &now, &[1]], rng);
    let kem = hedged(secret, label, &[&id, &now, &[2]], rng);
    (dh::SecretKey::from_seed(agreement), kyber::SecretKey::from_seed(kem))
}

fn sign_kem(
    identity: &dh::SecretKey,
    kem: &kyber::SecretKey,
    rng: &mut impl CryptoRng,
) -> Signature {
    xeddsa::sign(identity, &[&typed_kem(&kem.public())], rng)
}

/// Returns the id after an id; 0 is none, since some clients take it for the absence of a prekey.
fn after(id: u32) -> u32 {
    if id >= MAX_ID { 1 } else { id.saturating_add(1) }
}

#[cfg(test)]
#[path = "tests/own_keys.rs"]
mod tests;
