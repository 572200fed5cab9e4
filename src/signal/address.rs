//! Addresses of devices on other messengers: `spec/third-party.md`, "Addresses".
//!
//! ```text
//! addresses = service id of the sender (17) ‖ its device (1) ‖ service id of the receiver (17) ‖ its device (1)
//! ```

use alloc::boxed::Box;
use core::fmt;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat};

use super::service_id::{SERVICE_ID, ServiceId};
use super::wire::ADDRESSES;

/// Maximum length of a name in bytes.
const MAX_NAME: usize = 128;

/// Number of the last device of an account.
const MAX_DEVICE: u8 = 127;

/// The address of a device on another messenger: the name of its account there, and the number of the device.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    name: Name,
    device: u8,
}

/// The name of an account. A service id is one in whatever case it is written, so that nobody is two people.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Name {
    Service(ServiceId),
    Other(Box<str>),
}

impl Address {
    /// Makes the address of a device. `name` is whatever names an account on its service: a service id in its text
    /// form, a phone number, a user name; `device` its number, from 1.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] for an empty name, one of more than 128 bytes, or a device above 127.
    pub fn new(name: &str, device: u8) -> Result<Self, Error> {
        let is_valid = (1..=MAX_NAME).contains(&name.len()) && (1..=MAX_DEVICE).contains(&device);
        if !is_valid {
            return Err(Error::InvalidName);
        }
        let name = name.parse().map_or_else(|_| Name::Other(name.into()), Name::Service);
        Ok(Self { name, device })
    }

    /// Returns the number of the device.
    #[must_use]
    pub fn device(&self) -> u8 {
        self.device
    }

    /// Returns the service id of the account, if its name is one.
    #[must_use]
    pub fn service_id(&self) -> Option<ServiceId> {
        match self.name {
            Name::Service(id) => Some(id),
            Name::Other(_) => None,
        }
    }

    /// Encodes the addresses of a message, if both names are service ids.
    pub(crate) fn both(sender: &Self, receiver: &Self) -> Option<[u8; ADDRESSES]> {
        let [sender_id, receiver_id]: [[u8; SERVICE_ID]; 2] =
            [sender.service_id()?.encode(), receiver.service_id()?.encode()];
        Some(concat(&[&sender_id, &[sender.device], &receiver_id, &[receiver.device]]))
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        match &self.name {
            Name::Service(id) => {
                writer.u8(1);
                writer.raw(&id.encode());
            }
            Name::Other(name) => {
                writer.u8(2);
                writer.bytes(name.as_bytes());
            }
        }
        writer.u8(self.device);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let name = match reader.u8()? {
            1 => Name::Service(ServiceId::read(reader)?),
            2 => {
                let name = core::str::from_utf8(reader.bytes(MAX_NAME)?);
                Name::Other(name.map_err(|_| Error::Malformed)?.into())
            }
            _ => return Err(Error::Malformed),
        };
        let address = Self { name, device: reader.u8()? };
        // The one form that `new` makes.
        let is_one = match &address.name {
            Name::Service(_) => (1..=MAX_DEVICE).contains(&address.device),
            Name::Other(name) => Self::new(name, address.device).as_ref() == Ok(&address),
        };
        if is_one { Ok(address) } else { Err(Error::Malformed) }
    }
}

/// Shows the name of the account, a full stop, and the number of the device.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Name::Service(id) => write!(f, "{id}.{}", self.device),
            Name::Other(name) => write!(f, "{name}.{}", self.device),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
#[path = "tests/address.rs"]
mod tests;
