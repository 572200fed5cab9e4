//! One-time prekeys on their way to a service: `spec/third-party.md`, "Connecting".
//!
//! ```text
//! batch = 01 54 ‖ u32(count) ‖ (one-time ‖ KEM) …          1 to 100, in ascending order of their ids
//! ```

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::xeddsa;
use crate::protocol::wire;
use crate::signal::bundle::{KemPrekey, OneTimePrekey};
use crate::signal::keys::IdentityKey;

use super::bundle_frame::{read_kem, read_one_time, write_kem, write_one_time};

/// Maximum number of one-time prekeys in a batch.
const MAX_BATCH: usize = 100;

/// The one-time prekeys that a device publishes at once, each with its KEM prekey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrekeyBatch(Vec<(OneTimePrekey, KemPrekey)>);

impl PrekeyBatch {
    /// Takes what a device is to publish ([`Client::replenish`](crate::signal::Client::replenish)).
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if there are none or more than 100, two of one id, or a pair of two ids.
    pub fn new(mut prekeys: Vec<(OneTimePrekey, KemPrekey)>) -> Result<Self, Error> {
        prekeys.sort_by_key(|(prekey, _)| prekey.id);
        Self::checked(prekeys)
    }

    /// Decodes a batch, at the server.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`] for the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::FOREIGN_BATCH)?;
            Self::checked(
                reader.list(MAX_BATCH, |reader| Ok((read_one_time(reader)?, read_kem(reader)?)))?,
            )
        })
    }

    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::FOREIGN_BATCH);
        writer.list(&self.0, |(one_time, kem), writer| {
            write_one_time(one_time, writer);
            write_kem(kem, writer);
        });
        writer.public()
    }

    /// Returns the pairs: the server puts one into each copy of the bundle, the KEM prekey in the place of the
    /// bundle's own.
    #[must_use]
    pub fn into_prekeys(self) -> Vec<(OneTimePrekey, KemPrekey)> {
        self.0
    }

    pub(super) fn verify(&self, identity: &IdentityKey) -> Result<(), Error> {
        let mut kems = self.0.iter().map(|(_, kem)| kem);
        kems.try_for_each(|kem| xeddsa::verify(&identity.0, &[kem.key.as_slice()], &kem.signature))
    }

    fn checked(prekeys: Vec<(OneTimePrekey, KemPrekey)>) -> Result<Self, Error> {
        let fits = (1..=MAX_BATCH).contains(&prekeys.len())
            && prekeys.is_sorted_by(|(one, _), (next, _)| one.id < next.id)
            && prekeys.iter().all(|(one_time, kem)| one_time.id == kem.id);
        if fits { Ok(Self(prekeys)) } else { Err(Error::Malformed) }
    }
}
