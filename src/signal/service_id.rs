//! Service ids, which name people on the Signal service: `spec/third-party.md`, "Service ids".
//!
//! ```text
//! service id = kind (00 account, 01 phone number) ‖ UUID (16)
//! text       = UUID, "PNI:" before that of a phone number       UUID = 8-4-4-4-12 hexadecimal digits
//! ```

use core::fmt;
use core::str::FromStr;

use crate::error::Error;
use crate::primitives::codec::{Reader, concat};
use crate::primitives::id::{read_hex, write_hex};

/// Length of a service id in bytes.
pub(crate) const SERVICE_ID: usize = 17;

const ACI: u8 = 0;
const PNI: u8 = 1;

const PNI_PREFIX: &str = "PNI:";

/// The lengths in bytes of the groups of a UUID's text.
const GROUPS: [usize; 5] = [4, 2, 2, 2, 6];

/// A universally unique identifier (RFC 9562), of whatever version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_slice();
        for length in GROUPS {
            let (group, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            write_hex(group, f)?;
            if !after.is_empty() {
                f.write_str("-")?;
            }
            rest = after;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

impl FromStr for Uuid {
    type Err = Error;

    /// Reads the form with hyphens, in lower or upper case; anything else is [`Error::Malformed`].
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut groups = text.split('-');
        let mut next = || groups.next().ok_or(Error::Malformed);
        let uuid = Self(concat(&[
            &read_hex::<4>(next()?)?,
            &read_hex::<2>(next()?)?,
            &read_hex::<2>(next()?)?,
            &read_hex::<2>(next()?)?,
            &read_hex::<6>(next()?)?,
        ]));
        if groups.next().is_none() { Ok(uuid) } else { Err(Error::Malformed) }
    }
}

impl From<[u8; 16]> for Uuid {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// The name of somebody on the Signal service: the account itself, or its phone number.
///
/// The two are different people as far as cryptography knows: each has an identity key of its own, and a message
/// from one is no message from the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ServiceId {
    /// An account.
    Aci(Uuid),
    /// A phone number, before its owner has shown whose it is.
    Pni(Uuid),
}

impl ServiceId {
    /// Decodes the binary form: a byte for the kind, then the UUID.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for another kind or length.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, Self::read)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let kind = reader.u8()?;
        let uuid = Uuid(*reader.array()?);
        match kind {
            ACI => Ok(Self::Aci(uuid)),
            PNI => Ok(Self::Pni(uuid)),
            _ => Err(Error::Malformed),
        }
    }

    /// Returns the UUID without its kind.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        match self {
            Self::Aci(uuid) | Self::Pni(uuid) => *uuid,
        }
    }

    /// Encodes the binary form, in 17 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; SERVICE_ID] {
        let kind = match self {
            Self::Aci(_) => ACI,
            Self::Pni(_) => PNI,
        };
        concat(&[&[kind], &self.uuid().0])
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self {
            Self::Aci(_) => "",
            Self::Pni(_) => PNI_PREFIX,
        };
        write!(f, "{prefix}{}", self.uuid())
    }
}

impl fmt::Debug for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceId({self})")
    }
}

impl FromStr for ServiceId {
    type Err = Error;

    /// Reads the text form, in lower or upper case; anything else is [`Error::Malformed`].
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.strip_prefix(PNI_PREFIX) {
            Some(uuid) => uuid.parse().map(Self::Pni),
            None => text.parse().map(Self::Aci),
        }
    }
}

#[cfg(test)]
#[path = "tests/service_id.rs"]
mod tests;
