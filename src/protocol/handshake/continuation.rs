//! Continuations, by which a session says where it stands among those of its two devices:
//! `spec/handshake.md`, "Continuation".
//!
//! ```text
//! continuation = predecessor (32) ‖ u32(closed chain) ‖ u32(closed number) ‖ u64(created)
//! ```

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

use crate::protocol::position::{Position, SessionId};

/// Length of a continuation in bytes.
pub(crate) const CONTINUATION: usize = 32 + 4 + 4 + 8;

/// The place of a session, as its initiator says, among those of the two devices. Flat, as on the wire,
/// and not with an `Option`: see note `[boxes]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Continuation {
    session: SessionId,
    closed: Position,
    /// The initiator's clock, which never goes back in one state.
    pub(crate) created: u64,
}

/// A session that another one continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Predecessor {
    pub(crate) session: SessionId,
    /// The position after the last message that the initiator sent in it: a message at or behind this
    /// position is a clone's.
    pub(crate) closed: Position,
}

impl Continuation {
    /// Makes the continuation of a session that continues none.
    pub(crate) fn new(created: u64) -> Self {
        Self::after(None, created)
    }

    /// Makes the continuation of a session that continues another one, if there is one.
    pub(crate) fn after(predecessor: Option<Predecessor>, created: u64) -> Self {
        let none = Predecessor { session: SessionId([0; 32]), closed: Position::default() };
        let Predecessor { session, closed } = predecessor.unwrap_or(none);
        Self { session, closed, created }
    }

    /// Returns the session that this one continues; `None` if the initiator had none, or lost it.
    pub(crate) fn predecessor(&self) -> Option<Predecessor> {
        let Self { session, closed, .. } = *self;
        // No session has this id.
        (session != SessionId([0; 32])).then_some(Predecessor { session, closed })
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.session.0);
        self.closed.write(writer);
        writer.u64(self.created);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let session = SessionId(*reader.array()?);
        let closed = Position::read(reader)?;
        let continuation = Self { session, closed, created: reader.u64()? };
        // A position in no session would be a second encoding of "none".
        if continuation.predecessor().is_none() && closed != Position::default() {
            return Err(Error::Malformed);
        }
        Ok(continuation)
    }
}

#[cfg(test)]
#[path = "tests/continuation.rs"]
mod tests;
