//! Names of providers, accounts and devices on other messengers: `spec/third-party.md`, "Labels".
//!
//! ```text
//! provider = u32(length) ‖ id          account = provider ‖ name          device = account ‖ u8(number)
//! name     = 01 ‖ service id (17)  |  02 ‖ u32(length) ‖ text
//! ```

use alloc::boxed::Box;
use core::fmt;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::signal::address::{Address, Name, is_label};

/// Maximum length of a provider's id in bytes.
const MAX_ID: usize = 64;

/// The id of a provider: the service that somebody on another messenger has an account with.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderId(Box<str>);

/// An account on another messenger: its provider, and its name there. The label that everything of it carries.
///
/// It is another type than a native [`AccountId`](crate::session::AccountId), and neither becomes the other:
///
/// ```compile_fail,E0308
/// # use latchstring::{client::To, signal::ForeignAccount};
/// fn write_to(account: ForeignAccount) -> To<'static> {
///     To::Account(account) // a native account is wanted
/// }
/// ```
///
/// ```compile_fail,E0308
/// # use latchstring::{session::AccountId, signal::{Client, ForeignAccount}};
/// fn accept(client: &mut Client, account: AccountId) {
///     client.accept(&account, 0).unwrap().apply(); // a foreign account is wanted
/// }
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ForeignAccount {
    provider: ProviderId,
    name: Name,
}

/// A device of an account on another messenger. Two services may use the same names: a device of one is none of the
/// other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ForeignDevice {
    account: ForeignAccount,
    number: u8,
}

impl ProviderId {
    /// Takes the id of a provider: a line of 1 to 64 bytes without brackets.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] for anything else.
    pub fn new(id: &str) -> Result<Self, Error> {
        let is_id = (1..=MAX_ID).contains(&id.len()) && is_label(id);
        if is_id { Ok(Self(id.into())) } else { Err(Error::InvalidName) }
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.bytes(self.0.as_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let id = core::str::from_utf8(reader.bytes(MAX_ID)?).map_err(|_| Error::Malformed)?;
        Self::new(id).map_err(|_| Error::Malformed)
    }
}

impl ForeignAccount {
    /// Names an account as its provider does: a service id in its text form, a phone number, a user name.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] for an empty name, one of more than 128 bytes, one that is no line, or one with a
    /// bracket: it would hide whose it is.
    pub fn new(provider: &ProviderId, name: &str) -> Result<Self, Error> {
        Ok(Self { provider: provider.clone(), name: Name::new(name)? })
    }

    /// Returns the provider.
    #[must_use]
    pub fn provider(&self) -> &ProviderId {
        &self.provider
    }

    /// Names a device of the account.
    pub(crate) fn device(&self, number: u8) -> ForeignDevice {
        ForeignDevice { account: self.clone(), number }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        self.provider.write(writer);
        self.name.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { provider: ProviderId::read(reader)?, name: Name::read(reader)? })
    }
}

impl ForeignDevice {
    /// Names a device by its provider, and its address there.
    #[must_use]
    pub fn new(provider: &ProviderId, address: &Address) -> Self {
        let account = ForeignAccount { provider: provider.clone(), name: address.name().clone() };
        Self { account, number: address.device() }
    }

    /// Returns the account that the device belongs to.
    #[must_use]
    pub fn account(&self) -> &ForeignAccount {
        &self.account
    }

    /// Returns the provider.
    #[must_use]
    pub fn provider(&self) -> &ProviderId {
        &self.account.provider
    }

    /// Returns the number of the device in its account.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.number
    }

    /// Returns its address, as its provider has it.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::of(self.account.name.clone(), self.number)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        self.account.write(writer);
        writer.u8(self.number);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (account, number) = (ForeignAccount::read(reader)?, reader.u8()?);
        if Address::is_device(number) {
            Ok(Self { account, number })
        } else {
            Err(Error::Malformed)
        }
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProviderId({self})")
    }
}

/// Shows the name, and the provider in brackets: never the name alone.
impl fmt::Display for ForeignAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.name, self.provider)
    }
}

impl fmt::Debug for ForeignAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignAccount({self})")
    }
}

impl fmt::Display for ForeignDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} [{}]", self.account.name, self.number, self.account.provider)
    }
}

impl fmt::Debug for ForeignDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignDevice({self})")
    }
}
