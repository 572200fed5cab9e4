//! Addresses of devices on other messengers, as the session or certificate that was verified tells them.

use alloc::boxed::Box;
use core::fmt;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

use super::service_id::ServiceId;

/// Maximum length of a name in bytes; a service id has 36 or 40.
const MAX_NAME: usize = 128;

/// The highest device id; the lowest is 1.
const MAX_DEVICE: u8 = 127;

/// The address of a device that something came from: its user's name on that messenger, and its device id.
///
/// Nobody but what was verified may say it: the session that opened a message, or the certificate in a sealed
/// envelope. What a server writes on an envelope is no address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SenderAddress {
    name: Box<str>,
    device: u8,
}

impl SenderAddress {
    /// Makes an address.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for a device id that is not 1 to 127, and for a name that is empty or has more than
    /// 128 bytes.
    pub fn new(name: &str, device: u8) -> Result<Self, Error> {
        let is_name = (1..=MAX_NAME).contains(&name.len());
        if is_name && is_device(device) {
            Ok(Self { name: name.into(), device })
        } else {
            Err(Error::Malformed)
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the device id.
    #[must_use]
    pub fn device(&self) -> u8 {
        self.device
    }

    /// Returns the service id, if the name is the text of one.
    #[must_use]
    pub fn service_id(&self) -> Option<ServiceId> {
        self.name.parse().ok()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.bytes(self.name.as_bytes());
        writer.u8(self.device);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let name = core::str::from_utf8(reader.bytes(MAX_NAME)?).map_err(|_| Error::Malformed)?;
        Self::new(name, reader.u8()?)
    }
}

impl fmt::Display for SenderAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.name, self.device)
    }
}

impl fmt::Debug for SenderAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SenderAddress({self})")
    }
}

/// Tells whether a number is a device id.
pub(crate) fn is_device(device: u8) -> bool {
    (1..=MAX_DEVICE).contains(&device)
}

#[cfg(test)]
#[path = "tests/sender.rs"]
mod tests;
