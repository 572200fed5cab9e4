//! What the clear bytes of a message tell.

use crate::error::Error;
use crate::protocol::handshake::{PREFIX, Prefix};
use crate::protocol::wire;

/// What a message is, as far as its clear bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageKind {
    /// It belongs to a session that exists.
    Ordinary,
    /// It carries a handshake. It belongs to the session or chat of that name
    /// ([`Session::name`](crate::Session::name), [`Chat::names`](crate::Chat::names)) if there is
    /// one; else [`Device::accept`](crate::Device::accept) takes it.
    Initial {
        /// The session's name.
        name: [u8; 16],
    },
}

impl MessageKind {
    /// Reads the kind of a message. Nothing is verified yet: this is a hint for routing.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`].
    pub fn of(message: &[u8]) -> Result<Self, Error> {
        match parse(message)? {
            (None, _) => Ok(Self::Ordinary),
            (Some(prefix), _) => Ok(Self::Initial { name: Prefix::decode(prefix)?.name() }),
        }
    }
}

/// The handshake's part of an initial message.
pub(crate) fn prefix(message: &[u8]) -> Result<Prefix<'_>, Error> {
    match parse(message)? {
        (Some(prefix), _) => Prefix::decode(prefix),
        (None, _) => Err(Error::WrongKind),
    }
}

/// The prefix of an initial message, and what follows it or an ordinary message's two bytes.
pub(crate) fn parse(message: &[u8]) -> Result<(Option<&[u8]>, &[u8]), Error> {
    match message {
        [wire::VERSION, wire::MESSAGE, payload @ ..] => Ok((None, payload)),
        [wire::VERSION, wire::INITIAL, ..] => {
            let (prefix, payload) = message.split_at_checked(PREFIX).ok_or(Error::Malformed)?;
            Ok((Some(prefix), payload))
        }
        [wire::VERSION, _, ..] => Err(Error::WrongKind),
        [] | [0, ..] | [wire::VERSION] => Err(Error::Malformed),
        [version, ..] => Err(Error::UnknownVersion(*version)),
    }
}
