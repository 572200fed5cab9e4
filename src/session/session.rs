//! A conversation with one device of one peer.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::decrypted::Decrypted;
use super::incoming::{Incoming, clear_header};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::kdf::hash;
use crate::primitives::secret::redacted;
use crate::protocol::handshake::continuation::Continuation;
use crate::protocol::handshake::replay::HandshakeId;
use crate::protocol::handshake::x3dh::{PREFIX, Prefix, SessionKeys};
use crate::protocol::identity::certificate::Certificate;
use crate::protocol::position::{Position, Role, SessionId};
use crate::protocol::ratchet::{
    self, ClearHeader, FirstMessage, MessageSecret, Ratchet, RatchetDelta,
};
use crate::protocol::wire;
use crate::storage::{Anchor, Pending, Stateful};
use rand_core::CryptoRng;

/// A session with one device of one peer. Secret: no `Clone`, wiped on drop.
///
/// Save it, then send or show; and keep one copy.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::session::{Account, AccountId, Device, Session};
/// use latchstring::storage::{State, StateKey};
///
/// fn main() -> Result<(), latchstring::Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let now = 1_800_000_000;
///     let [ada, mut grace] = [1, 2].map(|id| {
///         Device::generate(&Account::generate(AccountId([id; 32]), &mut rng), now, &mut rng)
///     });
///     let mut to_grace = ada.initiate(&grace.bundle(), now, &mut rng)?;
///     let first = to_grace.encrypt(b"hello", &mut rng)?;
///     let mut to_ada = grace.accept(&first, now)?.apply().session;
///     assert_eq!(to_grace.id(), to_ada.id());
///     assert!(!to_grace.is_confirmed());
///
///     // Saved, and loaded again: the anchor refuses an older copy.
///     let key = StateKey::new(1, &[9; 32])?;
///     let record = key.seal(&to_grace, b"ada's phone, grace", &mut rng)?;
///     let anchor = to_grace.anchor();
///     let mut to_grace: Session = key.open(b"ada's phone, grace", Some(&anchor), &record)?;
///
///     let answer = to_ada.encrypt(b"welcome", &mut rng)?;
///     assert_eq!(*to_grace.decrypt(&answer)?.content, b"welcome");
///     assert!(to_grace.is_confirmed());
///     Ok(())
/// }
/// ```
pub struct Session {
    // See note [boxes].
    inner: Box<Inner>,
}

redacted!(
    Session,
    |session| id = session.id(),
    role = session.role(),
    peer = session.peer(),
    is_confirmed = session.is_confirmed()
);

struct Inner {
    ratchet: Ratchet,
    peer: Certificate,
    handshake_id: HandshakeId,
    continuation: Continuation,
    /// The handshake's prefix, in front of every message until the peer has answered. See note
    /// `[boxes]`.
    initial_prefix: Option<Box<InitialPrefix>>,
    one_time: bool,
    anchor: Anchor,
}

struct InitialPrefix {
    prefix: Vec<u8>,
    hash: [u8; 32],
}

impl Session {
    pub(crate) fn initiate(
        ratchet: Ratchet,
        peer: Certificate,
        prefix: Vec<u8>,
        one_time: bool,
        continuation: Continuation,
    ) -> Result<Self, Error> {
        let handshake_id = Prefix::decode(&prefix)?.handshake_id();
        let initial_prefix = Some(Box::new(InitialPrefix { hash: hash(&[&prefix]), prefix }));
        let anchor = start(&ratchet);
        let inner =
            Inner { ratchet, peer, handshake_id, continuation, initial_prefix, one_time, anchor };
        Ok(Self { inner: Box::new(inner) })
    }

    /// Makes the responder's session, which exists only once its first message has been opened.
    pub(crate) fn accept(
        (keys, signed_prekey): (SessionKeys, &dh::SecretKey),
        (peer, continuation): (Certificate, Continuation),
        first: &Incoming<'_>,
    ) -> Result<(Self, Decrypted), Error> {
        let (prefix, handshake_id) = first.handshake()?;
        let one_time = prefix.one_time.is_some();
        let (ratchet, opened) =
            Ratchet::accept(keys, signed_prekey, first.clear(), first.payload())?;
        let anchor = start(&ratchet);
        let mut inner = Box::new(Inner {
            ratchet,
            peer,
            handshake_id,
            continuation,
            initial_prefix: None,
            one_time,
            anchor,
        });
        let FirstMessage { content, secret, number, mut delta } = opened;
        let position = Position { chain: 1, number };
        let opened = Decrypted { content, position, skipped: delta.skipped(), lost: 0, secret };
        // The session has seen one change already: that of its first message.
        inner.apply(anchor.next(&delta.change_id()), &mut delta);
        Ok((Self { inner }, opened))
    }

    /// Returns the session's id, the same on both sides and on no other session. Not secret.
    #[must_use]
    pub fn id(&self) -> SessionId {
        SessionId(*self.inner.ratchet.session())
    }

    /// Returns the id that the session's first messages carry ([`MessageKind::Initial`](super::MessageKind::Initial)).
    #[must_use]
    pub fn handshake_id(&self) -> HandshakeId {
        self.inner.handshake_id
    }

    /// Returns the peer's device, as it proved itself in the handshake. It, whatever a server says, sent what
    /// this session opens.
    #[must_use]
    pub fn peer(&self) -> &Certificate {
        &self.inner.peer
    }

    /// Returns the side of the handshake that this is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.inner.ratchet.role()
    }

    /// Tells whether the peer is known to hold this session: a message of it was opened.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.inner.initial_prefix.is_none()
    }

    /// Tells whether the peer has shown that it sends on this session: by an answer; or, if the peer began
    /// it, by a message that it sent after it was answered, which is in its second chain.
    pub(crate) fn is_proven(&self) -> bool {
        match self.role() {
            Role::Initiator => self.is_confirmed(),
            Role::Responder => self.inner.ratchet.received() >= 2,
        }
    }

    /// Returns the session's place among those of the two devices.
    pub(crate) fn continuation(&self) -> &Continuation {
        &self.inner.continuation
    }

    /// Returns the position behind the last message that was opened.
    pub(crate) fn heard(&self) -> Position {
        self.inner.ratchet.heard()
    }

    /// Returns the position of the next message in this side's present chain.
    pub(crate) fn sent(&self) -> Position {
        self.inner.ratchet.sent()
    }

    /// Tells whether the handshake used a one-time prekey ("What it does not give" in
    /// [handshake.md](crate::spec::handshake)).
    #[must_use]
    pub fn used_one_time_prekey(&self) -> bool {
        self.inner.one_time
    }

    /// Returns the pq epoch: the highest epoch of the braid whose secret is in the session's keys, 0 while
    /// only that of the handshake is. Both sides come to the same one
    /// ([post-quantum.md](crate::spec::post_quantum)).
    #[must_use]
    pub fn post_quantum_epoch(&self) -> u32 {
        self.inner.ratchet.pq_epoch()
    }

    /// Returns the number of skipped keys, for messages that have not arrived.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.inner.ratchet.skipped()
    }

    /// Returns how many messages can still be sealed under reserved numbers, without a change to be saved
    /// ([`Sending::seal_reserved`](super::Sending::seal_reserved)).
    #[must_use]
    pub fn reserved(&self) -> u32 {
        self.inner.ratchet.reserved()
    }

    /// Decrypts a message and moves the session on, in one call. Save the session, then show the
    /// content: a saved session that is older than a shown message would show it again.
    ///
    /// # Errors
    ///
    /// As [`Session::open`].
    pub fn decrypt(&mut self, message: &[u8]) -> Result<Decrypted, Error> {
        Ok(self.open(message)?.apply())
    }

    /// Opens a message: first its header, then its content.
    ///
    /// A stranger's bytes cost at most seven AEAD trials over 96 bytes, and two hashes of a
    /// prefix if they claim to have one, and end with [`Error::Forged`].
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`] for the
    /// bytes; [`Error::WrongPeer`] for a first message of another session; [`Error::Forged`] if no header key
    /// opens it, or if the content was altered; [`Error::StateCloned`] if its header names another ratchet
    /// key than its chain, or another message with its number was opened; [`Error::Inconsistent`] if it
    /// contradicts what was received, or its braid part does not hold; [`Error::Duplicate`] if it was opened
    /// before, [`Error::MessageKeyGone`] if that is too long ago to tell, or if another body came under its
    /// header; [`Error::TooFarAhead`] if it
    /// overtakes more than 2,000 messages, or for a number that no sender uses; [`Error::WeakKey`] if the
    /// peer's new ratchet key has small order; [`Error::ChainExhausted`] after 2^32 − 1 receiving chains.
    /// Nothing changes then.
    pub fn open(&mut self, message: &[u8]) -> Result<Pending<'_, Self, Decrypted>, Error> {
        let (opened, delta) = self.stage(&Incoming::parse(message)?)?.open()?;
        Ok(Pending::new(self, delta, opened))
    }

    /// Authenticates a message's header. Nothing changes.
    pub(crate) fn stage<'a>(&'a self, message: &Incoming<'a>) -> Result<StagedMessage<'a>, Error> {
        if message.handshake_id().is_some_and(|id| id != self.inner.handshake_id) {
            return Err(Error::WrongPeer);
        }
        let ratchet = &self.inner.ratchet;
        Ok(StagedMessage { ratchet, header: ratchet.stage(message.clear(), message.payload())? })
    }

    /// Seals content at a padded length without changing anything: for this module, and for states
    /// with a session in them.
    pub(crate) fn seal(
        &self,
        content: &[u8],
        padded: usize,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<u8>, RatchetDelta, MessageSecret), Error> {
        let (about, clear) = clear(self.inner.initial_prefix.as_deref());
        self.inner.ratchet.seal(&about, clear, content, padded, rng)
    }

    /// Seals content under the next reserved number.
    pub(super) fn seal_reserved(
        &mut self,
        content: &[u8],
        padded: usize,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        let Inner { ratchet, initial_prefix, .. } = &mut *self.inner;
        let (about, clear) = clear(initial_prefix.as_deref());
        ratchet.seal_reserved(&about, clear, content, padded, rng)
    }

    /// Counts the skipped keys that there are once `delta` is applied.
    pub(crate) fn skipped_after(&self, delta: &RatchetDelta) -> usize {
        self.inner.ratchet.skipped_after(delta)
    }

    /// Drops the `surplus` oldest skipped keys, and returns how many there were to drop.
    pub(crate) fn drop_skipped(&mut self, surplus: usize) -> usize {
        self.inner.ratchet.drop_skipped(surplus)
    }

    /// Applies a delta that was made from this very state, together with the state around it.
    pub(crate) fn apply_delta(&mut self, next: Anchor, delta: &mut RatchetDelta) {
        self.inner.apply(next, delta);
    }
}

/// A message whose header was authentic, not yet opened.
pub(crate) struct StagedMessage<'a> {
    ratchet: &'a Ratchet,
    pub(crate) header: ratchet::StagedHeader<'a>,
}

impl StagedMessage<'_> {
    /// Opens the content. Nothing changes before the delta is applied.
    pub(crate) fn open(self) -> Result<(Decrypted, RatchetDelta), Error> {
        let position = Position { chain: self.header.chain()?, number: self.header.number() };
        let (content, secret, delta) = self.header.open()?;
        let lost = self.ratchet.dropped_by(&delta);
        Ok((Decrypted { content, position, skipped: delta.skipped(), lost, secret }, delta))
    }
}

impl Inner {
    fn apply(&mut self, next: Anchor, delta: &mut RatchetDelta) {
        if delta.is_received() {
            // The peer holds the session: no need to repeat the handshake.
            self.initial_prefix = None;
        }
        self.anchor = next;
        self.ratchet.apply(delta);
    }
}

/// Returns what the associated data says of a message's clear bytes, and those bytes: the handshake's prefix
/// until the peer has answered.
fn clear(initial_prefix: Option<&InitialPrefix>) -> (ClearHeader, &[u8]) {
    match initial_prefix {
        None => (clear_header(None), &[wire::VERSION, wire::MESSAGE]),
        Some(InitialPrefix { prefix, hash }) => (clear_header(Some(*hash)), prefix),
    }
}

/// Returns the anchor of a new session on this side.
fn start(ratchet: &Ratchet) -> Anchor {
    Anchor::start(Session::KIND, &[ratchet.role().direction()], ratchet.session())
}

impl Stateful for Session {
    const KIND: u8 = 0x03;

    type Delta = RatchetDelta;
    fn write(&self, writer: &mut Writer) {
        self.inner.anchor.write(writer);
        self.inner.peer.write(writer);
        writer.raw(&self.inner.handshake_id.0);
        self.inner.continuation.write(writer);
        writer.flag(self.inner.one_time);
        let initial_prefix = self.inner.initial_prefix.as_deref();
        writer.option(initial_prefix, |initial_prefix, writer| writer.raw(&initial_prefix.prefix));
        self.inner.ratchet.write(writer);
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let anchor = Anchor::read(reader)?;
        let peer = Certificate::recall(reader)?;
        let handshake_id = HandshakeId(*reader.array()?);
        let continuation = Continuation::read(reader)?;
        let one_time = reader.flag()?;
        let initial_prefix = reader.option(|reader| {
            let prefix = reader.slice(PREFIX)?.to_vec();
            Ok(Box::new(InitialPrefix { hash: hash(&[&prefix]), prefix }))
        })?;
        let ratchet = Ratchet::read(reader)?;
        let inner =
            Inner { ratchet, peer, handshake_id, continuation, initial_prefix, one_time, anchor };
        Ok(Self { inner: Box::new(inner) })
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn forget_reserved(&mut self, delta: &RatchetDelta) {
        // A received message leaves them: its chain is another, and a turn ends them when it is applied.
        if !delta.is_received() {
            self.inner.ratchet.forget_reserved();
        }
    }

    fn advance(&mut self, next: Anchor, mut delta: RatchetDelta) {
        self.inner.apply(next, &mut delta);
    }
}
