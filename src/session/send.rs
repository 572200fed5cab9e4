//! A message about to be sealed.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::session::Session;
use crate::error::Error;
use crate::primitives::secret::redacted;
use crate::protocol::padding::Padding;
use crate::protocol::ratchet;
use crate::protocol::ratchet::Exporter;
use crate::storage::Pending;

/// A session that is about to seal a message.
#[must_use = "nothing is sealed yet"]
pub struct Sending<'a> {
    session: &'a mut Session,
    padding: Padding,
    chunks: u8,
    reserve: u16,
}

redacted!(Sending<'_>, |sending| session = sending.session.id(), padding = sending.padding);

impl<'a> Sending<'a> {
    /// The most numbers that can be reserved at once: a twentieth of what a receiver follows.
    pub const MAX_RESERVED: u16 = ratchet::MAX_RESERVED;

    pub(super) fn new(session: &'a mut Session) -> Self {
        Self { session, padding: Padding::Buckets, chunks: 1, reserve: 0 }
    }

    /// Chooses how the length of the content is hidden; [`Padding::Buckets`] if not called.
    pub fn padding(self, padding: Padding) -> Self {
        Self { padding, ..self }
    }

    /// Sets how many chunks of the braid the message has room for at least: 1 if not called. Each one more
    /// makes the message 32 bytes longer before padding, also while there is none to send, and the session
    /// heals sooner ([post-quantum.md](crate::spec::post_quantum)). More than 36 are no use.
    pub fn chunks(self, chunks: u8) -> Self {
        Self { chunks, ..self }
    }

    /// Reserves the next `count` numbers of the chain after this message's, none if not called: so many
    /// messages can then be sealed by [`Sending::seal_reserved`] without a write for each.
    ///
    /// The change of this message skips them in the store. If the process ends, or the state is loaded again,
    /// those that were not used are never used, and the peer counts them as skipped. The next message that is
    /// sealed as usual, and the next turn, free them without a gap.
    ///
    /// Use them only once this change is known to be stored; if it is not known, drop the session and load
    /// it. And keep this message in an outbox: a peer that misses twenty such messages in a row, each lost
    /// with its process, follows no more ([`Error::TooFarAhead`]).
    ///
    /// ```
    /// # use latchstring::{Error, session::Session, storage::{Anchor, StateKey}, rand_core::CryptoRng};
    /// # fn load_anchor() -> Anchor { Anchor::from_bytes(&[0; 32]) }
    /// # fn save(_record: &[u8]) {}
    /// # fn send(_message: &[u8]) {}
    /// /// Sends a reading, with a write for every hundredth only.
    /// fn report(
    ///     session: &mut Session,
    ///     reading: &[u8],
    ///     key: &StateKey,
    ///     rng: &mut impl CryptoRng,
    /// ) -> Result<(), Error> {
    ///     if session.reserved() > 0 {
    ///         send(&session.stage_send().seal_reserved(reading, rng)?);
    ///     } else {
    ///         let stored = load_anchor();
    ///         let sealed = session.stage_send().reserve(99).seal(reading, rng)?;
    ///         let recorded = sealed.record(key, b"owner", &stored, rng)?;
    ///         recorded.record().map(save);
    ///         send(&recorded.apply());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn reserve(self, count: u16) -> Self {
        Self { reserve: count, ..self }
    }

    /// Seals the content. The message can be read once its change has been applied.
    ///
    /// # Errors
    ///
    /// As [`Session::encrypt`], and [`Error::TooManyReserved`] for more than [`Sending::MAX_RESERVED`] reserved
    /// numbers; the session is as it was.
    pub fn seal(
        self,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'a, Session, Vec<u8>>, Error> {
        let padded = self.padding.with_chunks(content.len(), self.chunks);
        let (message, mut delta, _) = self.session.seal(content, padded, rng)?;
        delta.reserve(self.reserve)?;
        Ok(Pending::new(self.session, delta, message))
    }

    /// Seals the content as [`Sending::seal`] does, and gives the message's exporter beside it: the receiver has
    /// the same ([`Decrypted::exporter`](super::Decrypted::exporter)). No reserved number gives one.
    ///
    /// # Errors
    ///
    /// As [`Sending::seal`].
    pub fn seal_exporting(
        self,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'a, Session, (Vec<u8>, Exporter)>, Error> {
        let padded = self.padding.with_chunks(content.len(), self.chunks);
        let (message, mut delta, secret) = self.session.seal(content, padded, rng)?;
        delta.reserve(self.reserve)?;
        Ok(Pending::new(self.session, delta, (message, secret.exporter())))
    }

    /// Seals the content under a number that was reserved by a message before it, whose change is stored.
    /// There is no other change to be saved: send the message.
    ///
    /// A message that must not get lost when the process ends is better sealed with a change, and written to
    /// an outbox with it: nobody can tell afterwards whether a reserved message left.
    ///
    /// # Errors
    ///
    /// [`Error::NotReserved`] if nothing is reserved, all of it is used up, or a turn or the recorded change
    /// of another sent message has freed it: seal as usual; [`Error::ContentTooLong`] for more than 2^20 bytes.
    /// The session is as it was.
    pub fn seal_reserved(self, content: &[u8], rng: &mut impl CryptoRng) -> Result<Vec<u8>, Error> {
        let padded = self.padding.with_chunks(content.len(), self.chunks);
        self.session.seal_reserved(content, padded, rng)
    }
}

impl Session {
    /// Begins a message. The session is borrowed until the message has been applied or dropped, so that one
    /// message key can never serve two messages.
    pub fn stage_send(&mut self) -> Sending<'_> {
        Sending::new(self)
    }

    /// Encrypts `content` and moves the session on, in one call. Save the session, then send the
    /// message: a saved session that is older than a sent message would use its key again.
    ///
    /// # Errors
    ///
    /// [`Error::ContentTooLong`] for more than 2^20 bytes, [`Error::ChainExhausted`] after 2^32 − 1 messages
    /// without an answer, [`Error::WeakKey`] if the peer's ratchet key has small order.
    pub fn encrypt(&mut self, content: &[u8], rng: &mut impl CryptoRng) -> Result<Vec<u8>, Error> {
        Ok(self.stage_send().seal(content, rng)?.apply())
    }
}
