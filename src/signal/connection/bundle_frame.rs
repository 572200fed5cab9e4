//! The encoding of bundles for services that have none of their own: `spec/third-party.md`, "Connecting".
//!
//! ```text
//! bundle   = 01 53 ‖ u32(registration) ‖ identity key (33) ‖ signed ‖ u8(0) | u8(1) ‖ KEM ‖ u8(0) | u8(1) ‖ one-time
//! signed   = u32(id) ‖ key (33) ‖ signature (64)          KEM = u32(id) ‖ key (1569) ‖ signature (64)
//! one-time = u32(id) ‖ key (33)
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::wire;
use crate::signal::bundle::{Bundle, KemPrekey, OneTimePrekey, SignedPrekey};
use crate::signal::keys::{IdentityKey, KEM_KEY, KEY, kem_public_key, public_key};
use crate::signal::own_keys::{MAX_ID, MAX_REGISTRATION};

impl Bundle {
    /// Decodes a bundle in the encoding of this crate's specification. Its signatures are verified when a session is
    /// begun with it, or by a server ([`EnlistedDevice::check_bundle`](crate::signal::EnlistedDevice::check_bundle)).
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`] for the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::FOREIGN_BUNDLE)?;
            Ok(Self {
                registration: number(reader, MAX_REGISTRATION)?,
                identity: IdentityKey::decode(reader.array::<KEY>()?)?,
                signed: SignedPrekey {
                    id: number(reader, MAX_ID)?,
                    key: key(reader)?,
                    signature: *reader.array()?,
                },
                kem: reader.option(read_kem)?,
                one_time: reader.option(read_one_time)?,
            })
        })
    }

    /// Encodes it so, for a service that has no encoding of its own.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::FOREIGN_BUNDLE);
        writer.u32(self.registration);
        writer.raw(&self.identity.encode());
        writer.u32(self.signed.id);
        writer.raw(&self.signed.key);
        writer.raw(&self.signed.signature);
        writer.option(self.kem.as_ref(), write_kem);
        writer.option(self.one_time.as_ref(), write_one_time);
        writer.public()
    }
}

pub(super) fn write_kem(prekey: &KemPrekey, writer: &mut Writer) {
    writer.u32(prekey.id);
    writer.raw(prekey.key.as_slice());
    writer.raw(&prekey.signature);
}

pub(super) fn read_kem(reader: &mut Reader<'_>) -> Result<KemPrekey, Error> {
    let (id, key) = (number(reader, MAX_ID)?, reader.array::<KEM_KEY>()?);
    kem_public_key(key)?;
    Ok(KemPrekey { id, key: Box::new(*key), signature: *reader.array()? })
}

pub(super) fn write_one_time(prekey: &OneTimePrekey, writer: &mut Writer) {
    writer.u32(prekey.id);
    writer.raw(&prekey.key);
}

pub(super) fn read_one_time(reader: &mut Reader<'_>) -> Result<OneTimePrekey, Error> {
    Ok(OneTimePrekey { id: number(reader, MAX_ID)?, key: key(reader)? })
}

/// Reads a number that is not 0, and at most `max`.
fn number(reader: &mut Reader<'_>, max: u32) -> Result<u32, Error> {
    let number = reader.u32()?;
    if (1..=max).contains(&number) { Ok(number) } else { Err(Error::Malformed) }
}

/// Reads a key in its one encoding.
fn key(reader: &mut Reader<'_>) -> Result<[u8; KEY], Error> {
    let key = reader.array()?;
    public_key(key)?;
    Ok(*key)
}
