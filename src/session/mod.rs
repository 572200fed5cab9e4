//! A conversation with one device of one peer.

mod stage;

pub use stage::{Sending, Staged};

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::change::{Change, Changing, Delta};
use crate::error::Error;
use crate::message::parse;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hash;
use crate::protocol::descent::Descent;
use crate::protocol::handshake::{PREFIX, Prefix};
use crate::protocol::identity::Certificate;
use crate::protocol::prekeys::Name;
use crate::protocol::ratchet::{self, Front, Position, Ratchet, Role};
use crate::protocol::record::Anchor;
use crate::protocol::wire;
use crate::state::private::Stateful;

/// A session with one device of one peer. Secret: no `Clone`, no `Debug`, wiped on drop.
///
/// Save, then send. Save, then show. One copy.
pub struct Session {
    // Boxed, so that moving a session does not leave copies of its secrets behind.
    inner: Box<Inner>,
}

struct Inner {
    ratchet: Ratchet,
    peer: Certificate,
    name: Name,
    descent: Descent,
    /// The handshake's prefix, in front of every message until the peer has answered. Boxed: where
    /// there is none, its room would hold what was on the stack before, which may be secret.
    opening: Option<Box<Opening>>,
    one_time: bool,
    anchor: Anchor,
}

struct Opening {
    prefix: Vec<u8>,
    hash: [u8; 32],
}

/// A message that was opened.
pub struct Opened {
    /// The content, wiped on drop.
    pub content: Zeroizing<Vec<u8>>,
    /// Where it stands among the sender's messages.
    pub position: Position,
    /// Earlier messages that this one showed to be missing. They can still arrive.
    pub missing: usize,
    /// Still earlier messages that this one pushed out of memory, for room or for age. They are
    /// lost: say so to the user.
    pub lost: usize,
}

impl Session {
    pub(crate) fn initiate(
        ratchet: Ratchet,
        peer: Certificate,
        prefix: Vec<u8>,
        one_time: bool,
        descent: Descent,
    ) -> Result<Self, Error> {
        let name = Prefix::decode(&prefix)?.name();
        let opening = Some(Box::new(Opening { hash: hash(&[&prefix]), prefix }));
        let anchor = start(&ratchet);
        let inner = Inner { ratchet, peer, name, descent, opening, one_time, anchor };
        Ok(Self { inner: Box::new(inner) })
    }

    /// The responder's session, which exists only once its first message has been opened.
    pub(crate) fn accept(
        ratchet: Ratchet,
        (peer, descent): (Certificate, Descent),
        prefix: &Prefix<'_>,
        message: &[u8],
    ) -> Result<(Self, Opened), Error> {
        let anchor = start(&ratchet);
        let (name, one_time) = (prefix.name(), prefix.one_time.is_some());
        let inner = Inner { ratchet, peer, name, descent, opening: None, one_time, anchor };
        let mut session = Self { inner: Box::new(inner) };
        let opened = session.decrypt(message)?;
        Ok((session, opened))
    }

    /// The session's id, the same on both sides and on no other session. Not secret.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        *self.inner.ratchet.session()
    }

    /// The name that the session's first messages carry ([`MessageKind::Initial`](crate::MessageKind::Initial)).
    #[must_use]
    pub fn name(&self) -> [u8; 16] {
        self.inner.name
    }

    /// The peer's device, as it proved itself in the handshake. This, and nothing a server says,
    /// is who sent what this session opens.
    #[must_use]
    pub fn peer(&self) -> &Certificate {
        &self.inner.peer
    }

    /// Which side of the handshake this is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.inner.ratchet.role()
    }

    /// Whether a message was opened that proves that the peer holds this session.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.inner.opening.is_none()
    }

    /// Whether the peer has shown that it sends on this session: by an answer; or, if the peer began
    /// it, by a message that it sent after it was answered, which is in its second chain.
    pub(crate) fn is_proven(&self) -> bool {
        match self.role() {
            Role::Initiator => self.is_confirmed(),
            Role::Responder => self.inner.ratchet.received() >= 2,
        }
    }

    /// Where the session stands among those of the two devices.
    pub(crate) fn descent(&self) -> &Descent {
        &self.inner.descent
    }

    /// Where the next message of this side's present chain would stand.
    pub(crate) fn sent(&self) -> Position {
        self.inner.ratchet.sent()
    }

    /// Whether the handshake used a one-time prekey (`spec/handshake.md`, "What it does not
    /// give").
    #[must_use]
    pub fn used_one_time_prekey(&self) -> bool {
        self.inner.one_time
    }

    /// The newest post-quantum exchange whose secret is in the session's keys, 0 while only that of the
    /// handshake is. Both sides name the same one in the end (`spec/post-quantum.md`).
    #[must_use]
    pub fn post_quantum_epoch(&self) -> u32 {
        self.inner.ratchet.mixed()
    }

    /// How many keys are kept for messages that have not arrived.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.inner.ratchet.missing()
    }

    /// How many messages can still be sealed under reserved numbers, without a change to be saved
    /// ([`Sending::seal_reserved`]).
    #[must_use]
    pub fn reserved(&self) -> u32 {
        self.inner.ratchet.reserved()
    }

    /// Encrypts `content` and moves the session on, in one call. Save the session, then send the
    /// message: a saved session that is older than a sent message would use its key again.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] for more than 2^20 bytes, [`Error::Exhausted`] after 2^32 − 1 messages
    /// without an answer, [`Error::WeakKey`] if the peer's ratchet key has small order.
    pub fn encrypt(&mut self, content: &[u8], rng: &mut impl CryptoRng) -> Result<Vec<u8>, Error> {
        self.stage_send().seal(content, rng)?.apply()
    }

    /// Decrypts a message and moves the session on, in one call. Save the session, then show the
    /// content: a saved session that is older than a shown message would show it again.
    ///
    /// # Errors
    ///
    /// As [`Session::stage`] and [`Staged::open`].
    pub fn decrypt(&mut self, message: &[u8]) -> Result<Opened, Error> {
        let (opened, change) = self.stage(message)?.open()?;
        self.apply(change)?;
        Ok(opened)
    }

    /// Begins to send. The session is borrowed until the message has been applied or dropped, so
    /// that one message key can never serve two messages.
    pub fn stage_send(&mut self) -> Sending<'_> {
        Sending::new(self)
    }

    /// Authenticates a message's header. The session does not change.
    ///
    /// A stranger's bytes cost at most seven AEAD trials over 96 bytes, and two hashes of a
    /// prefix if they claim to have one, and end here.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`]
    /// for the bytes;
    /// [`Error::WrongPeer`] for a first message of another session; [`Error::Forged`] if no header
    /// key opens it; [`Error::Cloned`] if its header names another ratchet key than its chain,
    /// [`Error::Inconsistent`] if it names another previous length or epoch; [`Error::TooFarAhead`] for a
    /// number that no sender uses.
    pub fn stage<'a>(&'a self, message: &'a [u8]) -> Result<Staged<'a>, Error> {
        let (prefix, payload) = parse(message)?;
        let front = match prefix {
            None => Front { version: wire::VERSION, kind: wire::MESSAGE, prefix_hash: [0; 32] },
            Some(prefix) => {
                if Prefix::decode(prefix)?.name() != self.inner.name {
                    return Err(Error::WrongPeer);
                }
                let prefix_hash = hash(&[prefix]);
                Front { version: wire::VERSION, kind: wire::INITIAL, prefix_hash }
            }
        };
        let staged = self.inner.ratchet.stage(front, payload)?;
        Ok(Staged::new(self, staged))
    }

    /// Moves the session on by a change that was made from it.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if the change was made from another state. Nothing changes then.
    pub fn apply(&mut self, change: Change) -> Result<(), Error> {
        let (next, Delta::Session(mut delta)) = change.take(&self.inner.anchor)? else {
            return Err(Error::StaleChange);
        };
        self.inner.apply(next, &mut delta);
        Ok(())
    }

    /// Seals content at a padded length without changing anything: for this module, and for states
    /// with a session in them.
    pub(crate) fn seal(
        &self,
        content: &[u8],
        padded: usize,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<u8>, ratchet::Delta), Error> {
        let (about, front) = front(self.inner.opening.as_deref());
        self.inner.ratchet.seal(&about, front, content, padded, rng)
    }

    /// Seals content under the next reserved number.
    fn seal_reserved(
        &mut self,
        content: &[u8],
        padded: usize,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        let Inner { ratchet, opening, .. } = &mut *self.inner;
        let (about, front) = front(opening.as_deref());
        ratchet.seal_reserved(&about, front, content, padded, rng)
    }

    /// Applies a delta that was made from this very state, together with the state around it.
    pub(crate) fn apply_delta(&mut self, next: Anchor, delta: &mut ratchet::Delta) {
        self.inner.apply(next, delta);
    }
}

impl Inner {
    fn apply(&mut self, next: Anchor, delta: &mut ratchet::Delta) {
        if delta.is_received() {
            // The peer holds the session: no need to repeat the handshake.
            self.opening = None;
        }
        self.anchor = next;
        self.ratchet.apply(delta);
    }
}

/// What stands in front of a message, and what is said of it in associated data: the handshake's prefix,
/// until the peer has answered.
fn front(opening: Option<&Opening>) -> (Front, &[u8]) {
    match opening {
        None => {
            let prefix_hash = [0; 32];
            let about = Front { version: wire::VERSION, kind: wire::MESSAGE, prefix_hash };
            (about, &[wire::VERSION, wire::MESSAGE])
        }
        Some(Opening { prefix, hash }) => {
            let prefix_hash = *hash;
            let about = Front { version: wire::VERSION, kind: wire::INITIAL, prefix_hash };
            (about, prefix)
        }
    }
}

/// The anchor of a new session on this side.
fn start(ratchet: &Ratchet) -> Anchor {
    Anchor::start(Session::KIND, &[ratchet.role().direction()], ratchet.session())
}

impl Changing for Session {
    type Output = Vec<u8>;
}

impl Stateful for Session {
    const KIND: u8 = 0x03;

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn write(&self, writer: &mut Writer) {
        self.inner.anchor.write(writer);
        self.inner.peer.write(writer);
        writer.raw(&self.inner.name);
        self.inner.descent.write(writer);
        writer.flag(self.inner.one_time);
        writer.flag(self.inner.opening.is_some());
        if let Some(opening) = &self.inner.opening {
            writer.raw(&opening.prefix);
        }
        self.inner.ratchet.write(writer);
    }

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let anchor = Anchor::read(reader)?;
        let peer = Certificate::recall(reader)?;
        let name = *reader.array()?;
        let descent = Descent::read(reader)?;
        let one_time = reader.flag()?;
        let opening = if reader.flag()? {
            let prefix = reader.slice(PREFIX)?.to_vec();
            Some(Box::new(Opening { hash: hash(&[&prefix]), prefix }))
        } else {
            None
        };
        let ratchet = Ratchet::read(reader)?;
        let inner = Inner { ratchet, peer, name, descent, opening, one_time, anchor };
        Ok(Self { inner: Box::new(inner) })
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn forget_reserved(&mut self) {
        self.inner.ratchet.forget_reserved();
    }

    fn adopt(&mut self, change: Change) -> Result<(), Error> {
        self.apply(change)
    }
}
