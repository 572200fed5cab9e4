//! The secret halves of published keys, and their lives as functions of time: `spec/prekeys.md`.
//!
//! ```text
//!            ROTATE_AFTER        VALID_FOR                KEEP_FOR
//! created ────────┬──────────────────┬────────────────────────┬────────
//!         newest  │ a newer one is   │ initiators refuse      │ erased
//!                 │ published        │ its bundle             │
//! ```
//!
//! ```text
//! place     = anchor? ‖ u64(now)
//! of a set  = hedged(agreement secret, LABEL(prekeys/set-secrets), place ‖ byte i)
//! one-time  = hedged(agreement secret, LABEL(prekeys/one-time-secrets), place ‖ byte n ‖ byte i)
//!             i = 1 id (8), 2 X25519 secret (32), 3 KEM seed (64)
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::id::ids;
use crate::primitives::kdf::hedged;
use crate::primitives::{dh, kem};
use crate::protocol::clock::SKEW;
use crate::protocol::labels;

use super::bundle;
use super::bundle::{OneTimePrekey, PrekeyId, SignedPrekeys, VALID_FOR};
use crate::protocol::identity::certificate::Identity;

/// The age at which signed prekeys are replaced, in seconds: two days. A stolen prekey set opens at
/// most the first messages to bundles that an honest server handed out in that time.
pub(crate) const ROTATE_AFTER: u64 = 2 * 86_400;

/// The age at which the secrets of signed prekeys are erased: a bundle's validity and sixteen days of
/// delivery after it.
pub(crate) const KEEP_FOR: u64 = 30 * 86_400;

/// The age at which secrets of unused one-time prekeys are erased.
pub(crate) const ONE_TIME_KEEP_FOR: u64 = 90 * 86_400;

/// Maximum number of one-time prekeys that a device holds, those handed out and not yet used included. The
/// oldest goes first: somebody who fetches them without end must not stop the supply.
pub(crate) const MAX_ONE_TIME: usize = 1000;

/// Maximum number of retired prekey sets that a device holds; an older one is erased before its time if the
/// caller rotates more often than the schedule asks.
pub(crate) const MAX_RETIRED: usize = 31;

/// Maximum number of first messages remembered for each prekey set, 16 bytes each.
pub(crate) const REPLAY_MEMORY: usize = 1024;

ids! {
    /// The id of a handshake, under which its first message is remembered, and by which an initial
    /// message finds its session.
    HandshakeId: 16;
}

/// The secret halves of signed prekeys, and the first messages that used them.
pub(crate) struct PrekeySet {
    pub(crate) signed: dh::SecretKey,
    pub(crate) last_resort: kem::SecretKey,
    pub(crate) public: SignedPrekeys,
    /// Sorted. Public values.
    seen: Vec<HandshakeId>,
}

impl PrekeySet {
    /// Makes the secrets of new signed prekeys. `place` is the anchor of the device that rotates, which no two
    /// sets share, and nothing for the first set of an identity.
    pub(crate) fn generate(
        identity: &Identity,
        place: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let (secret, label) = (identity.agreement.seed(), labels::PREKEYS_SET_SECRETS);
        let at = now.to_be_bytes();
        let id = PrekeyId::fresh(&hedged(secret, label, &[place, &at, &[1]], rng));
        let signed = dh::SecretKey::from_seed(hedged(secret, label, &[place, &at, &[2]], rng));
        let last_resort =
            kem::SecretKey::from_seed(hedged(secret, label, &[place, &at, &[3]], rng));
        // Early enough before the end of all time to live as long as others.
        let created = now.min(u64::MAX - VALID_FOR);
        let public = SignedPrekeys::sign(
            identity,
            id,
            signed.public(),
            last_resort.public(),
            (created, created.saturating_add(VALID_FOR)),
        );
        Self { signed, last_resort, public, seen: Vec::new() }
    }

    fn is_kept(&self, now: u64) -> bool {
        now < self.public.created.saturating_add(KEEP_FOR)
    }

    /// Tells whether this first message was accepted before.
    pub(crate) fn has_seen(&self, id: &HandshakeId) -> bool {
        self.seen.binary_search(id).is_ok()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.seen.len() >= REPLAY_MEMORY
    }

    pub(crate) fn remember(&mut self, id: HandshakeId) {
        if let Err(place) = self.seen.binary_search(&id)
            && self.seen.len() < REPLAY_MEMORY
        {
            self.seen.insert(place, id);
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.signed.seed().expose());
        writer.raw(self.last_resort.seed().expose());
        self.public.write(writer);
        writer.list(&self.seen, |id, writer| writer.raw(&id.0));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let signed = dh::SecretKey::from_seed(reader.secret()?);
        let last_resort = kem::SecretKey::from_seed(reader.secret()?);
        let public = SignedPrekeys::read(reader)?;
        let seen: Vec<_> =
            reader.list(REPLAY_MEMORY, |reader| reader.array().copied().map(HandshakeId))?;
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
    /// Makes the secrets of number `n` of a batch, at the device's anchor.
    pub(crate) fn generate(
        identity: &Identity,
        (anchor, n): (&[u8], u8),
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let (secret, label) = (identity.agreement.seed(), labels::PREKEYS_ONE_TIME_SECRETS);
        let at = now.to_be_bytes();
        let id = PrekeyId::fresh(&hedged(secret, label, &[anchor, &at, &[n, 1]], rng));
        let agreement =
            dh::SecretKey::from_seed(hedged(secret, label, &[anchor, &at, &[n, 2]], rng));
        let kem = kem::SecretKey::from_seed(hedged(secret, label, &[anchor, &at, &[n, 3]], rng));
        Self { id, agreement, kem, created: now }
    }

    pub(crate) fn public(&self, identity: &Identity) -> OneTimePrekey {
        OneTimePrekey::sign(identity, self.id, self.agreement.public(), self.kem.public())
    }

    /// Encodes the body of the public half, for the handshake's transcript.
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
            agreement: dh::SecretKey::from_seed(reader.secret()?),
            kem: kem::SecretKey::from_seed(reader.secret()?),
            created: reader.u64()?,
        })
    }
}

/// The secret prekeys that a first message names.
pub(crate) struct Found<'a> {
    pub(crate) prekey_set: &'a PrekeySet,
    pub(crate) one_time: Option<&'a OneTimeSecret>,
}

/// All secret prekeys of a device.
pub(crate) struct Prekeys {
    /// The prekey set to publish.
    newest: PrekeySet,
    /// The prekey sets before it, oldest first.
    retired: Vec<PrekeySet>,
    /// Oldest first.
    one_time: Vec<OneTimeSecret>,
}

impl Prekeys {
    pub(crate) fn new(first: PrekeySet) -> Self {
        Self { newest: first, retired: Vec::new(), one_time: Vec::new() }
    }

    pub(crate) fn newest(&self) -> &PrekeySet {
        &self.newest
    }

    /// Finds the prekeys that a first message names, if they are still kept.
    pub(crate) fn find(
        &self,
        signed_prekeys: PrekeyId,
        one_time: Option<PrekeyId>,
        now: u64,
    ) -> Result<Found<'_>, Error> {
        let prekey_set = self.prekey_set(signed_prekeys, now)?;
        let one_time = one_time.map(|id| self.one_time(id, now)).transpose()?;
        Ok(Found { prekey_set, one_time })
    }

    pub(crate) fn prekey_set(&self, id: PrekeyId, now: u64) -> Result<&PrekeySet, Error> {
        let all = core::iter::once(&self.newest).chain(&self.retired);
        let mut kept = all.filter(|prekey_set| prekey_set.is_kept(now));
        kept.find(|prekey_set| prekey_set.public.id == id).ok_or(Error::UnknownPrekey)
    }

    fn one_time(&self, id: PrekeyId, now: u64) -> Result<&OneTimeSecret, Error> {
        let mut kept = self.one_time.iter().filter(|key| key.is_kept(now));
        kept.find(|key| key.id == id).ok_or(Error::UnknownPrekey)
    }

    /// Tells whether it is time to replace the newest prekey set.
    pub(crate) fn rotation_due(&self, now: u64) -> bool {
        let created = self.newest.public.created;
        let is_future = created > now.saturating_add(SKEW);
        self.newest.is_full() || is_future || now >= created.saturating_add(ROTATE_AFTER)
    }

    /// Tells whether anything is past its time.
    pub(crate) fn erasure_due(&self, now: u64) -> bool {
        // The newest prekey set is replaced, never erased.
        self.retired.iter().any(|prekey_set| !prekey_set.is_kept(now))
            || self.one_time.iter().any(|key| !key.is_kept(now))
    }

    pub(crate) fn rotate(&mut self, newest: PrekeySet) {
        self.retired.push(core::mem::replace(&mut self.newest, newest));
        let surplus = self.retired.len().saturating_sub(MAX_RETIRED);
        self.retired.drain(..surplus);
    }

    pub(crate) fn add(&mut self, keys: Vec<OneTimeSecret>) {
        self.one_time.extend(keys);
        let surplus = self.one_time.len().saturating_sub(MAX_ONE_TIME);
        self.one_time.drain(..surplus);
    }

    pub(crate) fn accept(
        &mut self,
        signed_prekeys: PrekeyId,
        one_time: Option<PrekeyId>,
        id: HandshakeId,
    ) {
        let mut all = core::iter::once(&mut self.newest).chain(&mut self.retired);
        if let Some(used) = all.find(|prekey_set| prekey_set.public.id == signed_prekeys) {
            used.remember(id);
        }
        self.one_time.retain(|key| Some(key.id) != one_time);
    }

    /// Erases all but the newest prekey set, for a device to which nobody may write any longer.
    pub(crate) fn retire(&mut self) {
        self.retired.clear();
        self.one_time.clear();
    }

    /// Erases what is past its time; the newest prekey set is replaced, never erased.
    pub(crate) fn expire(&mut self, now: u64) {
        self.retired.retain(|prekey_set| prekey_set.is_kept(now));
        self.one_time.retain(|key| key.is_kept(now));
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.count(self.retired.len().saturating_add(1));
        for prekey_set in self.retired.iter().chain([&self.newest]) {
            prekey_set.write(writer);
        }
        write_one_time(&self.one_time, writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut retired: Vec<_> = reader.list(MAX_RETIRED.saturating_add(1), PrekeySet::read)?;
        let newest = retired.pop().ok_or(Error::Malformed)?;
        Ok(Self { newest, retired, one_time: read_one_time(reader)? })
    }
}

pub(crate) fn write_one_time(keys: &[OneTimeSecret], writer: &mut Writer) {
    writer.list(keys, OneTimeSecret::write);
}

pub(crate) fn read_one_time(reader: &mut Reader<'_>) -> Result<Vec<OneTimeSecret>, Error> {
    reader.list(MAX_ONE_TIME, OneTimeSecret::read)
}
