//! Names of settings: `spec/settings.md`, "Names".
//!
//! ```text
//! name = byte 1 ‖ account id | byte 2 ‖ account id | byte 3 ‖ provider | byte 4 ‖ locator | byte 5 ‖ app's name
//! ```

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::str;

use crate::error::Error;
use crate::protocol::guest::link::Locator;
use crate::protocol::identity::certificate::AccountId;

/// Maximum length of a name in bytes.
pub(crate) const MAX_NAME: usize = 64;

/// A thing that the devices of an account agree upon.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Setting {
    /// The account is blocked; the value is the app's, and empty if it has nothing to say.
    Blocked(AccountId),
    /// The user has compared this account's key: the value is the key, 32 bytes
    /// ([`Client::set_verified`](crate::client::Client::set_verified)).
    Verified(AccountId),
    /// The user has opted in to this provider of another messenger, a text of 1 to 63 bytes; the value is the app's.
    OptedIn(String),
    /// A link is open: the value is the shared link ([`Invite::export`](crate::guest::Invite::export)), or what the
    /// app wants to say of it.
    Link(Locator),
    /// A setting of the app's own, by a name of 1 to 63 bytes.
    App(String),
    /// A setting of a later release: what it is called, byte for byte.
    Unknown(Vec<u8>),
}

impl Setting {
    /// Encodes the name.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        let name = match self {
            Self::Blocked(account) => [&[1][..], &account.0].concat(),
            Self::Verified(account) => [&[2][..], &account.0].concat(),
            Self::OptedIn(provider) => [&[3], provider.as_bytes()].concat(),
            Self::Link(locator) => [&[4][..], &locator.0].concat(),
            Self::App(name) => [&[5], name.as_bytes()].concat(),
            Self::Unknown(name) => name.clone(),
        };
        // One name, one encoding: what a name of the app's own would be read as must be it.
        let is_one = (1..=MAX_NAME).contains(&name.len()) && Self::decode(&name) == *self;
        if is_one { Ok(name) } else { Err(Error::InvalidName) }
    }

    /// Reads a name. One that has no meaning here is unknown, and kept.
    pub(crate) fn decode(name: &[u8]) -> Self {
        Self::known(name).unwrap_or_else(|| Self::Unknown(name.to_vec()))
    }

    fn known(name: &[u8]) -> Option<Self> {
        let (kind, rest) = name.split_first()?;
        let text = || (1..MAX_NAME).contains(&rest.len()).then(|| str::from_utf8(rest).ok());
        Some(match kind {
            1 => Self::Blocked(AccountId(rest.try_into().ok()?)),
            2 => Self::Verified(AccountId(rest.try_into().ok()?)),
            3 => Self::OptedIn(text()??.to_owned()),
            4 => Self::Link(Locator(rest.try_into().ok()?)),
            5 => Self::App(text()??.to_owned()),
            _ => return None,
        })
    }
}
