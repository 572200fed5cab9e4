//! Challenges of a service's server: `spec/third-party.md`, "Connecting".
//!
//! ```text
//! challenge = 01 50 ‖ u32(length) ‖ origin ‖ random (32) ‖ u64(until)
//! random    = drawn(LABEL(signal/challenge), u32(length) ‖ origin ‖ u64(until))
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::drawn;
use crate::protocol::origin::Origin;
use crate::protocol::{labels, wire};

/// The time in which a challenge is to be answered, in seconds.
const LIFE: u64 = 300;

/// A service's question to whoever connects to its server, as the server has it. It belongs to one connection, is never
/// read from bytes, and is used up by the first answer ([`Challenge::admit`]): so no answer is taken twice, and none to
/// what somebody else has asked.
#[derive(Debug, PartialEq, Eq)]
pub struct Challenge(Question);

/// A challenge as the device has it that is to answer it ([`Client::enlist`](crate::signal::Client::enlist)): whatever
/// somebody says is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
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
    /// [`Error::InvalidPolicy`] if `origin` is no host name.
    pub fn generate(origin: &str, now: u64, rng: &mut impl CryptoRng) -> Result<Self, Error> {
        let (origin, until) = (Origin::new(origin)?, now.saturating_add(LIFE));
        let mut about = Writer::new();
        origin.write(&mut about);
        about.u64(until);
        let random = drawn(labels::SIGNAL_CHALLENGE, &[about.written()], rng);
        Ok(Self(Question { origin, random: *random.expose(), until }))
    }

    /// Encodes it, for the device.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.0.encode()
    }

    /// Returns the name of the service.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.0.origin()
    }

    /// Refuses an answer that came too late.
    pub(super) fn check(&self, now: u64) -> Result<(), Error> {
        if now < self.0.until { Ok(()) } else { Err(Error::ListExpired) }
    }

    pub(super) fn question(&self) -> &Question {
        &self.0
    }
}

impl Question {
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

    /// Encodes it, as it came.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.bytes().public()
    }

    /// Returns the name of the service.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.origin.as_str()
    }

    pub(super) fn bytes(&self) -> Writer {
        let mut writer = Writer::begin(wire::VERSION, wire::CHALLENGE);
        self.origin.write(&mut writer);
        writer.raw(&self.random);
        writer.u64(self.until);
        writer
    }
}
