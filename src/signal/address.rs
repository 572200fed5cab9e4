//! Addresses of devices on other messengers: `spec/third-party.md`, "Addresses".
//!
//! ```text
//! addresses = service id of the sender (17) ‖ its device (1) ‖ service id of the receiver (17) ‖ its device (1)
//! ```

use alloc::boxed::Box;
use core::fmt;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat};
use crate::primitives::text::is_line;

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
pub(crate) enum Name {
    Service(ServiceId),
    Other(Box<str>),
}

/// Tells whether a text can stand in a label: a line without brackets, narrow or wide, in which a label has the
/// provider.
pub(crate) fn is_label(text: &str) -> bool {
    is_line(text) && !text.contains(['[', ']', '\u{ff3b}', '\u{ff3d}'])
}

impl Name {
    /// Reads a name as people write it.
    pub(crate) fn new(name: &str) -> Result<Self, Error> {
        if !(1..=MAX_NAME).contains(&name.len()) || !is_label(name) {
            return Err(Error::InvalidName);
        }
        Ok(name.parse().map_or_else(|_| Self::Other(name.into()), Self::Service))
    }

    pub(crate) fn service_id(&self) -> Option<ServiceId> {
        match self {
            Self::Service(id) => Some(*id),
            Self::Other(_) => None,
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Service(id) => {
                writer.u8(1);
                writer.raw(&id.encode());
            }
            Self::Other(name) => {
                writer.u8(2);
                writer.bytes(name.as_bytes());
            }
        }
    }

    /// Reads what [`Name::write`] wrote: the one form that [`Name::new`] makes.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            1 => Ok(Self::Service(ServiceId::read(reader)?)),
            2 => {
                let name = core::str::from_utf8(reader.bytes(MAX_NAME)?);
                let name = Self::new(name.map_err(|_| Error::Malformed)?);
                name.ok().filter(|name| name.service_id().is_none()).ok_or(Error::Malformed)
            }
            _ => Err(Error::Malformed),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(id) => write!(f, "{id}"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

impl Address {
    /// Makes the address of a device. `name` is whatever names an account on its service: a service id in its text
    /// form, a phone number, a user name; `device` its number, from 1.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] for an empty name, one of more than 128 bytes, that is no line or has a bracket (`[`,
    /// `]`), or a device above 127.
    pub fn new(name: &str, device: u8) -> Result<Self, Error> {
        let name = Name::new(name)?;
        if Self::is_device(device) { Ok(Self { name, device }) } else { Err(Error::InvalidName) }
    }

    /// Makes an address of its parts.
    pub(crate) fn of(name: Name, device: u8) -> Self {
        Self { name, device }
    }

    /// Tells whether an account may have a device of this number.
    pub(crate) fn is_device(number: u8) -> bool {
        (1..=MAX_DEVICE).contains(&number)
    }

    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// Returns the number of the device.
    #[must_use]
    pub fn device(&self) -> u8 {
        self.device
    }

    /// Returns the service id of the account, if its name is one.
    #[must_use]
    pub fn service_id(&self) -> Option<ServiceId> {
        self.name.service_id()
    }

    /// Encodes the addresses of a message, if both names are service ids.
    pub(crate) fn both(sender: &Self, receiver: &Self) -> Option<[u8; ADDRESSES]> {
        let [sender_id, receiver_id]: [[u8; SERVICE_ID]; 2] =
            [sender.service_id()?.encode(), receiver.service_id()?.encode()];
        Some(concat(&[&sender_id, &[sender.device], &receiver_id, &[receiver.device]]))
    }
}

/// Shows the name of the account, a full stop, and the number of the device.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.name, self.device)
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
