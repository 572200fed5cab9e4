//! Versions of the Signal protocol: `spec/third-party.md`, "Versions".

use crate::error::Error;

/// A version of the Signal protocol. A conversation never goes back from a newer one to an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// Version 3: X3DH and the double ratchet, without post-quantum keys. What clients of the older libraries speak.
    V3,
    /// Version 4: PQXDH and the triple ratchet.
    V4,
}

impl Version {
    /// Returns the byte in front of its messages: the version, and the newest one that the sender speaks. Clients of
    /// version 3 refuse a sender of version 4.
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::V3 => 0x33,
            Self::V4 => 0x44,
        }
    }

    /// Reads the version from the first byte of a message. The newest version that the sender speaks says nothing:
    /// what it could be used for is to talk a receiver down.
    pub(crate) const fn of(byte: u8) -> Result<Self, Error> {
        match byte >> 4 {
            3 => Ok(Self::V3),
            4 => Ok(Self::V4),
            _ => Err(Error::UnknownVersion(byte)),
        }
    }

    /// Returns its number, as states have it.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::V3 => 3,
            Self::V4 => 4,
        }
    }

    pub(crate) const fn of_number(number: u8) -> Result<Self, Error> {
        match number {
            3 => Ok(Self::V3),
            4 => Ok(Self::V4),
            _ => Err(Error::Malformed),
        }
    }
}
