//! A message as its clear bytes show it: `spec/wire.md`, "Ordinary message (0x01)" and "Initial message (0x02)".

use crate::error::Error;
use crate::primitives::kdf::hash;
use crate::protocol::handshake::replay::HandshakeId;
use crate::protocol::handshake::x3dh::{PREFIX, Prefix};
use crate::protocol::ratchet::ClearHeader;
use crate::protocol::wire;

/// A message that was parsed once, for all that look at it.
pub(crate) struct Incoming<'a> {
    handshake: Option<Handshake<'a>>,
    payload: &'a [u8],
}

/// The handshake in front of an initial message.
struct Handshake<'a> {
    bytes: &'a [u8],
    prefix: Prefix<'a>,
    id: HandshakeId,
}

impl<'a> Incoming<'a> {
    /// Parses a message. Nothing is verified yet.
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self, Error> {
        match message {
            [wire::VERSION, wire::MESSAGE, payload @ ..] => Ok(Self { handshake: None, payload }),
            [wire::VERSION, wire::INITIAL, ..] => {
                let (bytes, payload) = message.split_at_checked(PREFIX).ok_or(Error::Malformed)?;
                let prefix = Prefix::decode(bytes)?;
                let id = prefix.handshake_id();
                Ok(Self { handshake: Some(Handshake { bytes, prefix, id }), payload })
            }
            [wire::VERSION, _, ..] => Err(Error::WrongKind),
            [] | [0, ..] | [wire::VERSION] => Err(Error::Malformed),
            [version, ..] => Err(Error::UnknownVersion(*version)),
        }
    }

    /// Returns the handshake's part of an initial message, and its id.
    pub(crate) fn handshake(&self) -> Result<(&Prefix<'a>, HandshakeId), Error> {
        let Handshake { prefix, id, .. } = self.handshake.as_ref().ok_or(Error::WrongKind)?;
        Ok((prefix, *id))
    }

    /// Returns the id of an initial message's handshake, which is that of the session it belongs to or begins.
    pub(crate) fn handshake_id(&self) -> Option<HandshakeId> {
        self.handshake.as_ref().map(|handshake| handshake.id)
    }

    /// Returns what follows the clear bytes.
    pub(crate) fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Describes the clear bytes for the ratchet's associated data.
    pub(crate) fn clear(&self) -> ClearHeader {
        clear_header(self.handshake.as_ref().map(|handshake| hash(&[handshake.bytes])))
    }
}

/// Describes the clear bytes of an initial message, whose prefix has this hash, or of an ordinary one.
pub(super) fn clear_header(prefix_hash: Option<[u8; 32]>) -> ClearHeader {
    let kind = if prefix_hash.is_some() { wire::INITIAL } else { wire::MESSAGE };
    ClearHeader { version: wire::VERSION, kind, prefix_hash: prefix_hash.unwrap_or_default() }
}

/// The kind of a message, as far as its clear bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageKind {
    /// It belongs to a session that exists.
    Ordinary,
    /// It carries a handshake. It belongs to the session or chat with that handshake
    /// ([`Session::handshake_id`](super::Session::handshake_id),
    /// [`Chat::handshake_ids`](crate::guest::Chat::handshake_ids)) if there is one; else
    /// [`Device::accept`](super::Device::accept) takes it.
    Initial(HandshakeId),
}

impl MessageKind {
    /// Reads the kind of a message. Nothing is verified yet: this is a hint for routing.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`].
    pub fn of(message: &[u8]) -> Result<Self, Error> {
        let incoming = Incoming::parse(message)?;
        Ok(incoming.handshake_id().map_or(Self::Ordinary, Self::Initial))
    }
}
