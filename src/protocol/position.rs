//! Session ids, positions of messages, and roles.

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::id::ids;

ids! {
    /// The id of a session, the same on both sides and on no other session. Not secret.
    SessionId: 32;
}

/// The place of a message among those of its sender.
///
/// Within a chain numbers count up from 0 without gaps; a sender begins a new chain with its first
/// message after having received. Messages that a server withholds show as a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The sender's chain, from 1.
    pub chain: u32,
    /// The message's number in it, from 0.
    pub number: u32,
}

impl Position {
    pub(crate) fn write(self, writer: &mut Writer) {
        writer.u32(self.chain);
        writer.u32(self.number);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { chain: reader.u32()?, number: reader.u32()? })
    }
}

/// The side of the handshake that a device was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The side that fetched a bundle and wrote first.
    Initiator,
    /// The side that published the bundle.
    Responder,
}

impl Role {
    /// Returns the direction byte of what this side sends.
    pub(crate) const fn direction(self) -> u8 {
        match self {
            Self::Initiator => 1,
            Self::Responder => 2,
        }
    }

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}
