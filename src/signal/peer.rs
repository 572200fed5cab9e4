//! Devices on other messengers, as they are known: `spec/third-party.md`, "Sessions".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::protocol::ratchet::SignalDelta;

use super::keys::IdentityKey;
use super::session::{Line, OpenedText, Session};
use super::version::Version;
use super::wire::{InitialMessage, Message};

/// Maximum number of sessions with one device: the one to send in, and those that it replaced. A forged message
/// costs at most as many agreements.
pub(crate) const MAX_SESSIONS: usize = 5;

/// Number of messages in a chain of another session after which a peer of version 3 is not waited for any more.
pub(crate) const MAX_WAIT: u32 = 16;

/// A device on another messenger, and the sessions with it.
pub(crate) struct Peer {
    /// The identity key that the user knows the device by. Another one changes nothing before the user has said so.
    identity: IdentityKey,
    /// The newest version that was ever used: nothing older is from then on.
    floor: Version,
    /// The one to send in first, then those that it replaced, the latest first.
    #[expect(clippy::vec_box, reason = "see note [boxes]")]
    sessions: Vec<Box<Session>>,
    /// True if the first of them is to be replaced before anything is sent.
    closed: bool,
}

/// A session of a peer, by the base key and version that name it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionName {
    pub(crate) version: Version,
    pub(crate) base: dh::PublicKey,
}

impl SessionName {
    pub(super) fn of(session: &Session) -> Self {
        Self { version: session.version(), base: *session.base() }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u8(self.version.number());
        writer.raw(self.base.bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let version = Version::of_number(reader.u8()?)?;
        Ok(Self { version, base: dh::PublicKey::decode(*reader.array()?)? })
    }
}

impl Peer {
    /// Begins with the first session of a device.
    pub(crate) fn new(session: Box<Session>) -> Self {
        Self {
            identity: *session.peer(),
            floor: session.version(),
            sessions: Vec::from([session]),
            closed: false,
        }
    }

    /// Begins with a device that another own device has seen. The version that its account does not go below is the
    /// account's.
    pub(crate) fn known(identity: IdentityKey) -> Self {
        Self { identity, floor: Version::V3, sessions: Vec::new(), closed: false }
    }

    pub(crate) fn identity(&self) -> &IdentityKey {
        &self.identity
    }

    /// Returns the session to send in.
    pub(crate) fn current(&self) -> Option<&Session> {
        self.sessions.first().filter(|_| !self.closed).map(|session| &**session)
    }

    /// Refuses an older version than was used.
    pub(crate) fn check(&self, version: Version) -> Result<(), Error> {
        if version < self.floor { Err(Error::Downgrade) } else { Ok(()) }
    }

    /// Finds the session that an initial message began.
    pub(crate) fn begun_by(&self, initial: &InitialMessage<'_>) -> Option<&Session> {
        self.sessions.iter().find(|session| session.is_begun_by(initial)).map(|session| &**session)
    }

    /// Opens a message in the session that it belongs to. All are tried, the one to send in first.
    pub(crate) fn open(
        &self,
        line: Line<'_>,
        message: &Message<'_>,
    ) -> Result<(SessionName, OpenedText, SignalDelta), Error> {
        // The chain is known, so that no other session is worth an agreement.
        if let Some(session) = self.sessions.iter().find(|it| it.knows_chain_of(message)) {
            let (text, delta) = session.open(line, message)?;
            return Ok((SessionName::of(session), text, delta));
        }
        let mut failed = Error::Forged;
        for session in &self.sessions {
            match session.open(line, message) {
                Ok((text, delta)) => return Ok((SessionName::of(session), text, delta)),
                Err(Error::Forged) => {}
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Takes a session in, as the one to send in unless that one waits for an answer.
    pub(crate) fn begin(&mut self, session: Box<Session>) {
        self.floor = self.floor.max(session.version());
        if self.waits() && session.is_answered() {
            self.sessions.insert(1, session);
        } else {
            self.promote(session);
        }
        while self.sessions.len() > MAX_SESSIONS {
            self.sessions.remove(self.surplus());
        }
    }

    /// Finds the session to give up for room: the oldest in which the peer has not shown that it sends, so that
    /// somebody who begins session after session does not push out the one in use; if there is none, the oldest.
    fn surplus(&self) -> usize {
        let last = self.sessions.len().saturating_sub(1);
        let unproven = self.sessions.iter().rposition(|session| !session.is_proven());
        unproven.filter(|place| *place > 0).unwrap_or(last)
    }

    /// Moves a session on by a message. One in which a message was opened becomes the one to send in, unless that one
    /// waits for an answer.
    pub(crate) fn move_on(&mut self, name: &SessionName, delta: &mut SignalDelta) {
        let Some(place) = self.sessions.iter().position(|it| SessionName::of(it) == *name) else {
            return;
        };
        if let Some(session) = self.sessions.get_mut(place) {
            session.apply(delta);
        }
        let heard = self.sessions.get(place).map_or(0, |session| session.heard());
        let is_waited_for = self.waits() && heard <= MAX_WAIT;
        if delta.double.is_received() && place > 0 && !is_waited_for {
            let session = self.sessions.remove(place);
            self.promote(session);
        }
    }

    /// Makes a session the one to send in.
    fn promote(&mut self, session: Box<Session>) {
        if let Some(current) = self.sessions.first_mut() {
            current.archive();
        }
        self.sessions.insert(0, session);
        self.closed = false;
    }

    /// Tells whether the session to send in waits for an answer: in version 3, one that this side began. An older
    /// library sends in the session that the other side began last, and damages it for good when a message of another
    /// one comes.
    fn waits(&self) -> bool {
        self.current().is_some_and(|it| it.version() == Version::V3 && !it.is_answered())
    }

    /// Ends sending in the present session: what comes in it is still opened.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    /// Ends all sessions. What the device is known by stays.
    pub(crate) fn end(&mut self) {
        self.sessions.clear();
    }

    /// Takes over another identity key, which the user has acknowledged. The sessions with the old one end.
    pub(crate) fn acknowledge(&mut self, identity: IdentityKey) {
        if identity != self.identity {
            self.identity = identity;
            self.sessions.clear();
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.identity.0.bytes());
        writer.u8(self.floor.number());
        writer.flag(self.closed);
        writer.list(&self.sessions, |session, writer| session.write(writer));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let identity = IdentityKey(dh::PublicKey::decode(*reader.array()?)?);
        let floor = Version::of_number(reader.u8()?)?;
        let closed = reader.flag()?;
        let sessions: Vec<_> =
            reader.list(MAX_SESSIONS, |reader| Session::read(reader).map(Box::new))?;
        let fits = sessions.iter().all(|it| *it.peer() == identity && it.version() <= floor);
        if fits { Ok(Self { identity, floor, sessions, closed }) } else { Err(Error::Malformed) }
    }
}
