//! Challenges of a service's server: `spec/third-party.md`, "Connecting".
//!
//! ```text
//! challenge = 01 50 ‖ origin ‖ random (32) ‖ u64(until)
//! random    = drawn(LABEL(signal/challenge), origin ‖ u64(until))
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::drawn;
use crate::protocol::{labels, wire};

use super::origin::Origin;

/// The time in which a challenge is to be answered, in seconds.
const LIFE: u64 = 300;

/// A service's question to whoever connects to its server, which the device that it admits must answer. It belongs to
/// one connection, and is used up by the first answer ([`Challenge::admit`]); so it has no `Clone`.
#[derive(Debug, PartialEq, Eq)]
pub struct Challenge {
    pub(super) origin: Origin,
    random: [u8; 32],
    until: u64,
}

impl Challenge {
    /// Makes a challenge for one connection, at the server of the service that `origin` names. It is to be answered
    /// within five minutes.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPolicy`] if `origin` is no line of 1 to 255 bytes.
    pub fn generate(origin: &str, now: u64, rng: &mut impl CryptoRng) -> Result<Self, Error> {
        let (origin, until) = (Origin::new(origin)?, now.saturating_add(LIFE));
        let mut about = Writer::new();
        origin.write(&mut about);
        about.u64(until);
        let random = drawn(labels::SIGNAL_CHALLENGE, &[about.written()], rng);
        Ok(Self { origin, random: *random.expose(), until })
    }

    /// Decodes a challenge, at the device that is to answer it.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`] for the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::CHALLENGE)?;
            let origin = Origin::read(reader)?;
            Ok(Self { origin, random: *reader.array()?, until: reader.u64()? })
        })
    }

    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.bytes().public()
    }

    /// Returns the name of the service.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.origin.as_str()
    }

    /// Refuses an answer that came too late.
    pub(super) fn check(&self, now: u64) -> Result<(), Error> {
        if now < self.until { Ok(()) } else { Err(Error::ListExpired) }
    }

    pub(super) fn bytes(&self) -> Writer {
        let mut writer = Writer::begin(wire::VERSION, wire::CHALLENGE);
        self.origin.write(&mut writer);
        writer.raw(&self.random);
        writer.u64(self.until);
        writer
    }
}
