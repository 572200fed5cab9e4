//! The address of a device: its account and its id.

use core::fmt;
use core::str::FromStr;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat, halves};
use crate::protocol::identity::certificate::{AccountId, Certificate, DeviceId};

/// The address of a device: its account, and its id in that account.
///
/// ```
/// use latchstring::client::Address;
/// use latchstring::session::{AccountId, DeviceId};
///
/// let address = Address { account: AccountId([1; 32]), device: DeviceId([2; 8]) };
/// assert_eq!(address.to_string().parse(), Ok(address));
/// assert!(address.to_string().ends_with("01/0202020202020202"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The account.
    pub account: AccountId,
    /// The device in it.
    pub device: DeviceId,
}

impl Address {
    /// Returns the address of a certificate's device, as long as its account has the id that it was made with. The
    /// one of a device of this account gives [`Client::address`](super::Client::address).
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self { account: certificate.account(), device: certificate.device() }
    }

    /// Encodes the address in 40 bytes: account id, device id.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 40] {
        concat(&[&self.account.0, &self.device.0])
    }

    /// Decodes what [`Address::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 40]) -> Self {
        let (account, device) = halves(bytes);
        Self { account: AccountId(account), device: DeviceId(device) }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.account.0);
        writer.raw(&self.device.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { account: AccountId(*reader.array()?), device: DeviceId(*reader.array()?) })
    }
}

impl From<&Certificate> for Address {
    fn from(certificate: &Certificate) -> Self {
        Self::of(certificate)
    }
}

/// Shows both ids in hexadecimal, with a slash between them.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.device)
    }
}

impl FromStr for Address {
    type Err = Error;

    /// Reads what `Display` writes; anything else is [`Error::Malformed`].
    fn from_str(text: &str) -> Result<Self, Error> {
        let (account, device) = text.split_once('/').ok_or(Error::Malformed)?;
        Ok(Self { account: account.parse()?, device: device.parse()? })
    }
}
