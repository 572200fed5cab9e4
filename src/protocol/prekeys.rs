//! The secret halves of published keys, and their lives as functions of time: `spec/prekeys.md`.
//!
//! ```text
//!            ROTATE_AFTER        VALID_FOR                KEEP_FOR
//! created ────────┬──────────────────┬────────────────────────┬────────
//!         newest  │ a newer one is   │ initiators refuse      │ erased
//!                 │ published        │ its bundle             │
//! ```

use alloc::vec;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::Secret;
use crate::primitives::{dh, kem};

use super::bundle::{self, Lasting, OneTimePrekey, PrekeyId, SKEW, VALID_FOR};
use super::identity::Identity;

/// Lasting prekeys are replaced at this age, in seconds: two days. What a stolen generation opens
/// is at most the first messages to bundles that an honest server handed out in that time.
pub(crate) const ROTATE_AFTER: u64 = 2 * 86_400;

/// Secrets of lasting prekeys are erased at this age: a bundle's validity and sixteen days of
/// delivery after it.
pub(crate) const KEEP_FOR: u64 = 30 * 86_400;

/// Secrets of one-time prekeys that nobody used are erased at this age.
pub(crate) const ONE_TIME_KEEP_FOR: u64 = 90 * 86_400;

/// One-time prekeys a device holds at most, handed out and not yet used included. The oldest goes
/// first: somebody who fetches them without end must not stop the supply.
pub(crate) const MAX_ONE_TIME: usize = 1000;

/// Lasting generations a device holds at most; an older one is erased before its time if the
/// caller rotates more often than the schedule asks.
pub(crate) const MAX_GENERATIONS: usize = 32;

/// First messages remembered for each lasting generation, 16 bytes each.
pub(crate) const REPLAY_MEMORY: usize = 1024;

/// The name under which a first message is remembered.
pub(crate) type Name = [u8; 16];

/// One generation of lasting prekeys and the first messages that used it.
pub(crate) struct Generation {
    pub(crate) signed: dh::SecretKey,
    pub(crate) last_resort: kem::SecretKey,
    pub(crate) public: Lasting,
    /// Sorted. Public values.
    seen: Vec<Name>,
}

impl Generation {
    pub(crate) fn generate(identity: &Identity, now: u64, rng: &mut impl CryptoRng) -> Self {
        let signed = dh::SecretKey::from_seed(Secret::fill(|out| rng.fill_bytes(out)));
        let last_resort = kem::SecretKey::from_seed(Secret::fill(|out| rng.fill_bytes(out)));
        let public = Lasting::sign(
            identity,
            fresh_id(rng),
            signed.public(),
            last_resort.public(),
            (now, now.saturating_add(VALID_FOR)),
        );
        Self { signed, last_resort, public, seen: Vec::new() }
    }

    fn is_kept(&self, now: u64) -> bool {
        now < self.public.created.saturating_add(KEEP_FOR)
    }

    /// Whether this first message was accepted before.
    pub(crate) fn has_seen(&self, name: &Name) -> bool {
        self.seen.binary_search(name).is_ok()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.seen.len() >= REPLAY_MEMORY
    }

    pub(crate) fn remember(&mut self, name: Name) {
        if let Err(place) = self.seen.binary_search(&name)
            && self.seen.len() < REPLAY_MEMORY
        {
            self.seen.insert(place, name);
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.signed.seed().expose());
        writer.raw(self.last_resort.seed().expose());
        self.public.write(writer);
        writer.count(self.seen.len());
        for name in &self.seen {
            writer.raw(name);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let signed = dh::SecretKey::from_seed(Secret::copy(reader.array()?));
        let last_resort = kem::SecretKey::from_seed(Secret::copy(reader.array()?));
        let public = Lasting::read(reader)?;
        let seen = (0..reader.count(REPLAY_MEMORY)?)
            .map(|_| reader.array().copied())
            .collect::<Result<Vec<Name>, Error>>()?;
        if !seen.is_sorted_by(|a, b| a < b) {
            return Err(Error::Malformed);
        }
        Ok(Self { signed, last_resort, public, seen })
    }
}

/// The secret half of a one-time prekey.
pub(crate) struct OneTimeSecret {
    pub(crate) id: PrekeyId,
    pub(crate) agreement: dh::SecretKey,
    pub(crate) kem: kem::SecretKey,
    created: u64,
}

impl OneTimeSecret {
    pub(crate) fn generate(now: u64, rng: &mut impl CryptoRng) -> Self {
        Self {
            id: fresh_id(rng),
            agreement: dh::SecretKey::from_seed(Secret::fill(|out| rng.fill_bytes(out))),
            kem: kem::SecretKey::from_seed(Secret::fill(|out| rng.fill_bytes(out))),
            created: now,
        }
    }

    pub(crate) fn public(&self, identity: &Identity) -> OneTimePrekey {
        OneTimePrekey::sign(identity, self.id, self.agreement.public(), self.kem.public())
    }

    /// The body of the public half, for the handshake's transcript.
    pub(crate) fn body(&self) -> Vec<u8> {
        bundle::one_time_body(self.id, &self.agreement.public(), &self.kem.public())
    }

    fn is_kept(&self, now: u64) -> bool {
        now < self.created.saturating_add(ONE_TIME_KEEP_FOR)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.id.0);
        writer.raw(self.agreement.seed().expose());
        writer.raw(self.kem.seed().expose());
        writer.u64(self.created);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: PrekeyId::decode(*reader.array()?)?,
            agreement: dh::SecretKey::from_seed(Secret::copy(reader.array()?)),
            kem: kem::SecretKey::from_seed(Secret::copy(reader.array()?)),
            created: reader.u64()?,
        })
    }
}

fn fresh_id(rng: &mut impl CryptoRng) -> PrekeyId {
    let mut id = [0; 8];
    rng.fill_bytes(&mut id);
    // Zero stands for "none" on the wire; a generator that gives it gets another id.
    if id == [0; 8] { PrekeyId([0xff; 8]) } else { PrekeyId(id) }
}

/// Which secret prekeys a first message names.
pub(crate) struct Found<'a> {
    pub(crate) generation: &'a Generation,
    pub(crate) one_time: Option<&'a OneTimeSecret>,
}

/// All secret prekeys of a device.
pub(crate) struct Prekeys {
    /// Oldest first; the last is the one to publish. Never empty.
    generations: Vec<Generation>,
    /// Oldest first.
    one_time: Vec<OneTimeSecret>,
}

impl Prekeys {
    pub(crate) fn new(first: Generation) -> Self {
        Self { generations: vec![first], one_time: Vec::new() }
    }

    pub(crate) fn newest(&self) -> Option<&Generation> {
        self.generations.last()
    }

    /// The prekeys that a first message names, if they are still kept.
    pub(crate) fn find(
        &self,
        lasting: PrekeyId,
        one_time: Option<PrekeyId>,
        now: u64,
    ) -> Result<Found<'_>, Error> {
        let generation = self.generation(lasting, now)?;
        let one_time = one_time.map(|id| self.one_time(id, now)).transpose()?;
        Ok(Found { generation, one_time })
    }

    pub(crate) fn generation(&self, id: PrekeyId, now: u64) -> Result<&Generation, Error> {
        let mut kept = self.generations.iter().filter(|generation| generation.is_kept(now));
        kept.find(|generation| generation.public.id == id).ok_or(Error::UnknownPrekey)
    }

    fn one_time(&self, id: PrekeyId, now: u64) -> Result<&OneTimeSecret, Error> {
        let mut kept = self.one_time.iter().filter(|key| key.is_kept(now));
        kept.find(|key| key.id == id).ok_or(Error::UnknownPrekey)
    }

    /// Whether the newest generation is due to be replaced.
    pub(crate) fn rotation_due(&self, now: u64) -> bool {
        self.newest().is_none_or(|newest| {
            let (created, full) = (newest.public.created, newest.is_full());
            let future = created > now.saturating_add(SKEW);
            full || future || now >= created.saturating_add(ROTATE_AFTER)
        })
    }

    /// Whether something is past its time.
    pub(crate) fn erasure_due(&self, now: u64) -> bool {
        // The newest generation is replaced, never erased.
        let retired = self.generations.iter().rev().skip(1);
        retired.into_iter().any(|generation| !generation.is_kept(now))
            || self.one_time.iter().any(|key| !key.is_kept(now))
    }

    pub(crate) fn rotate(&mut self, generation: Generation) {
        self.generations.push(generation);
        let surplus = self.generations.len().saturating_sub(MAX_GENERATIONS);
        self.generations.drain(..surplus);
    }

    pub(crate) fn add(&mut self, keys: Vec<OneTimeSecret>) {
        self.one_time.extend(keys);
        let surplus = self.one_time.len().saturating_sub(MAX_ONE_TIME);
        self.one_time.drain(..surplus);
    }

    pub(crate) fn accept(&mut self, lasting: PrekeyId, one_time: Option<PrekeyId>, name: Name) {
        let used = self.generations.iter_mut().find(|generation| generation.public.id == lasting);
        if let Some(generation) = used {
            generation.remember(name);
        }
        self.one_time.retain(|key| Some(key.id) != one_time);
    }

    /// Erases all but the newest generation, for a device that nobody may write to any more.
    pub(crate) fn retire(&mut self) {
        let surplus = self.generations.len().saturating_sub(1);
        self.generations.drain(..surplus);
        self.one_time.clear();
    }

    /// Erases what is past its time; the newest generation is replaced, never erased.
    pub(crate) fn expire(&mut self, now: u64) {
        let newest = self.newest().map(|newest| newest.public.id);
        self.generations.retain(|key| Some(key.public.id) == newest || key.is_kept(now));
        self.one_time.retain(|key| key.is_kept(now));
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.count(self.generations.len());
        for generation in &self.generations {
            generation.write(writer);
        }
        write_one_time(&self.one_time, writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let generations = (0..reader.count(MAX_GENERATIONS)?)
            .map(|_| Generation::read(reader))
            .collect::<Result<Vec<_>, Error>>()?;
        if generations.is_empty() {
            return Err(Error::Malformed);
        }
        Ok(Self { generations, one_time: read_one_time(reader)? })
    }
}

pub(crate) fn write_one_time(keys: &[OneTimeSecret], writer: &mut Writer) {
    writer.count(keys.len());
    for key in keys {
        key.write(writer);
    }
}

pub(crate) fn read_one_time(reader: &mut Reader<'_>) -> Result<Vec<OneTimeSecret>, Error> {
    (0..reader.count(MAX_ONE_TIME)?).map(|_| OneTimeSecret::read(reader)).collect()
}
