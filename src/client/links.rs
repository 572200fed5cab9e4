//! Links: the sessions that a device can name as predecessors (`spec/sessions.md`, "What a side remembers").

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, halves};
use crate::primitives::secret::same;
use crate::protocol::position::{Position, SessionId};

/// The most sessions with one device that are remembered; the oldest that is not held goes first.
pub(super) const MAX_LINKS: usize = 16;

/// Length of the part of a session's id that is remembered, in bytes.
const NAME: usize = 16;

/// The trace of a session with the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    name: [u8; NAME],
    pub(crate) created: u64,
    /// The place at which the peer left it, or [`OPEN`].
    closed: Position,
}

/// Stands for no word of where a session was left: a place that no message has. Flat, and not an `Option`,
/// because a state on the heap must hold zeros where there is none (see note `[boxes]`).
const OPEN: Position = Position { chain: u32::MAX, number: u32::MAX };

/// The sessions with one device, oldest first, those made here included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Links {
    links: Vec<Link>,
    /// True if there were others, which are forgotten.
    cut: bool,
}

impl Links {
    /// Remembers nothing of sessions that there were.
    pub(super) fn forgotten() -> Self {
        Self { links: Vec::new(), cut: true }
    }

    /// Adds a session. If there is no room, the oldest goes that `held` does not want.
    pub(crate) fn add(&mut self, session: SessionId, created: u64, held: impl Fn(&Link) -> bool) {
        if self.links.len() >= MAX_LINKS {
            let oldest = self.links.iter().position(|link| !held(link)).unwrap_or(0);
            self.links.remove(oldest);
            self.cut = true;
        }
        self.links.push(Link { name: name(session), created, closed: OPEN });
    }

    /// Notes where the peer, at this time, says that it left a session. Its first word counts, and none from
    /// before the session was made.
    pub(crate) fn close(&mut self, session: SessionId, closed: Position, created: u64) {
        let link = self.links.iter_mut().find(|link| link.is_of(session) && link.created < created);
        if let Some(link) = link.filter(|link| link.closed == OPEN) {
            link.closed = closed;
        }
    }

    pub(crate) fn find(&self, session: SessionId) -> Option<&Link> {
        self.links.iter().find(|link| link.is_of(session))
    }

    /// Tells whether sessions were forgotten that the peer may still name.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.flag(self.cut);
        writer.list(&self.links, |link, writer| {
            writer.raw(&link.name);
            writer.u64(link.created);
            writer.option(link.closed(), Position::write);
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let cut = reader.flag()?;
        let links = reader.list(MAX_LINKS, |reader| {
            let (name, created) = (*reader.array()?, reader.u64()?);
            let closed = reader.option(Position::read)?;
            if closed == Some(OPEN) {
                return Err(Error::Malformed);
            }
            Ok(Link { name, created, closed: closed.unwrap_or(OPEN) })
        })?;
        Ok(Self { links, cut })
    }
}

impl Link {
    /// Returns the place at which the peer left it, once it has said so.
    pub(crate) fn closed(&self) -> Option<Position> {
        (self.closed != OPEN).then_some(self.closed)
    }

    /// Tells whether it is of this session.
    pub(crate) fn is_of(&self, session: SessionId) -> bool {
        same(&self.name, &name(session))
    }
}

fn name(SessionId(id): SessionId) -> [u8; NAME] {
    halves::<NAME, NAME, 32>(&id).0
}
