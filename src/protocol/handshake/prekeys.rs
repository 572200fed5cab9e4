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
use crate::primitives::kdf::hedged;
use crate::primitives::secret::Secret;
use crate::primitives::{dh, kem};
use crate::protocol::clock::SKEW;
use crate::protocol::labels;

use super::bundle;
use super::bundle::{OneTimePrekey, PrekeyId, PrekeySigner, SignedPrekeys, VALID_FOR};
use super::replay::ReplayMemory;
use crate::protocol::identity::certificate::Identity;

/// The age at which signed prekeys are replaced, in seconds: two days. A stolen prekey set opens at
/// most the first messages to bundles that an honest server handed out in that time.
pub(crate) const ROTATE_AFTER: u64 = 2 * 86_400;

/// The age at which the secrets of signed prekeys are erased: a bundle's validity and sixteen days of
/// delivery after it.
pub(crate) const KEEP_FOR: u64 = 30 * 86_400;

/// The age at which secrets of unused one-time prekeys are erased.
pub(crate) const ONE_TIME_KEEP_FOR: u64 = 90 * 86_400;

/// The number of one-time prekeys published at a time: always the same, so that a refill says nothing.
pub(crate) const BATCH: u8 = 50;

/// The age up to which one-time prekeys that are not known to be published are given again. A server has them
/// for two thirds of their life then.
pub(crate) const REPEAT_FOR: u64 = 30 * 86_400;

/// Maximum number of published one-time prekeys that a device holds, those handed out and not yet used included.
/// The oldest goes first: somebody who fetches them without end must not stop the supply.
pub(crate) const MAX_ONE_TIME: usize = 1000;

/// The secret halves of signed prekeys, and the first messages that used them.
pub(crate) struct PrekeySet {
    pub(crate) signed: dh::SecretKey,
    pub(crate) last_resort: kem::SecretKey,
    pub(crate) public: SignedPrekeys,
    pub(crate) memory: ReplayMemory,
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
        Self { signed, last_resort, public, memory: ReplayMemory::default() }
    }

    pub(super) fn is_kept(&self, now: u64) -> bool {
        now < self.public.created.saturating_add(KEEP_FOR)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.signed.seed().expose());
        writer.raw(self.last_resort.seed().expose());
        self.public.write(writer);
        self.memory.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let signed = dh::SecretKey::from_seed(reader.secret()?);
        let last_resort = kem::SecretKey::from_seed(reader.secret()?);
        let public = SignedPrekeys::read(reader)?;
        Ok(Self { signed, last_resort, public, memory: ReplayMemory::read(reader)? })
    }
}

/// The secret half of a one-time prekey.
pub(crate) struct OneTimeSecret {
    pub(crate) id: PrekeyId,
    pub(crate) agreement: dh::SecretKey,
    pub(crate) kem: kem::SecretKey,
    pub(super) created: u64,
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

    pub(crate) fn public(&self, signer: &PrekeySigner) -> OneTimePrekey {
        OneTimePrekey::sign(signer, self.id, self.agreement.public(), self.kem.public())
    }

    /// Recovers the secret of a first message, and encodes the body of the public half, for the handshake's transcript.
    pub(crate) fn open(&self, ciphertext: &[u8; kem::CIPHERTEXT]) -> (Secret<32>, Vec<u8>) {
        let (secret, public) = self.kem.decapsulate_beside_public(ciphertext);
        (secret, bundle::one_time_body(self.id, &self.agreement.public(), &public))
    }

    pub(super) fn is_kept(&self, now: u64) -> bool {
        now < self.created.saturating_add(ONE_TIME_KEEP_FOR)
    }

    /// Tells whether it is as good as a new one: not too old to be published, and not of the future.
    pub(super) fn is_good(&self, now: u64) -> bool {
        self.created <= now.saturating_add(SKEW) && now < self.created.saturating_add(REPEAT_FOR)
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
