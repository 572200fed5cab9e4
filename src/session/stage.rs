//! Between beginning to seal or open a message, and having it.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::{Opened, Session};
use crate::change::{Change, Delta, Sealed};
use crate::error::Error;
use crate::protocol::padding::Padding;
use crate::protocol::ratchet::{self, Position};

/// A session about to send.
#[must_use = "nothing is sealed yet"]
pub struct Sending<'a> {
    session: &'a mut Session,
    padding: Padding,
    chunks: u8,
    reserve: u16,
}

impl<'a> Sending<'a> {
    /// Numbers that can be reserved at once: a twentieth of what a receiver follows.
    pub const MAX_RESERVED: u16 = ratchet::MAX_RESERVED;

    pub(super) fn new(session: &'a mut Session) -> Self {
        Self { session, padding: Padding::Buckets, chunks: 1, reserve: 0 }
    }

    /// Chooses how the length of the content is hidden; [`Padding::Buckets`] if not called.
    pub fn padding(self, padding: Padding) -> Self {
        Self { padding, ..self }
    }

    /// How many chunks of the post-quantum exchange the message has room for at least: 1 if not called.
    /// Each one more makes the message 32 bytes longer before padding, also while there is none to
    /// send, and the session heals sooner (`spec/post-quantum.md`). More than 36 are no use.
    pub fn chunks(self, chunks: u8) -> Self {
        Self { chunks, ..self }
    }

    /// Reserves the next `count` numbers of the chain behind this message, none if not called: so many
    /// messages can then be sealed by [`Sending::seal_reserved`] without a write for each.
    ///
    /// The change of this message skips them in the store. If the process ends, or the state is loaded
    /// again, those that were not used are never used, and the peer counts them as missing. The next message
    /// that is sealed as usual, and the next turn, free them without a gap.
    ///
    /// Use them only once this change is known to be stored; if it is not known, drop the session and load
    /// it. And have this message in an outbox: a peer that misses twenty such messages in a row, each lost
    /// with its process, follows no more ([`Error::TooFarAhead`]).
    ///
    /// ```
    /// # use latchstring::{Anchor, Error, Session, StateKey, rand_core::CryptoRng};
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
    ///         save(recorded.record());
    ///         send(&recorded.apply()?);
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
    /// As [`Session::encrypt`], and [`Error::BadArgument`] for more than [`Sending::MAX_RESERVED`] reserved
    /// numbers; the session is as it was.
    pub fn seal(
        self,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed<'a, Session>, Error> {
        let padded = self.padding.with_chunks(content.len(), self.chunks);
        let (message, mut delta) = self.session.seal(content, padded, rng)?;
        delta.reserve(self.reserve)?;
        let change = Change::new(self.session.inner.anchor, Delta::Session(delta))?;
        Ok(Sealed::new(self.session, message, change))
    }

    /// Seals the content under a number that was reserved by a message before it, whose change is stored.
    /// There is none to be saved: send the message.
    ///
    /// What must not get lost when the process ends is better sealed with a change, and written to an
    /// outbox with it: of a reserved message nobody can tell afterwards whether it left.
    ///
    /// # Errors
    ///
    /// [`Error::NotReserved`] if nothing is reserved, it is used up, or a turn or the record of
    /// another message has ended it: seal as usual;
    /// [`Error::BadArgument`] for more than 2^20 bytes. The session is as it was.
    pub fn seal_reserved(self, content: &[u8], rng: &mut impl CryptoRng) -> Result<Vec<u8>, Error> {
        let padded = self.padding.with_chunks(content.len(), self.chunks);
        self.session.seal_reserved(content, padded, rng)
    }
}

/// A message whose header was authentic, not yet opened.
#[must_use = "nothing is opened yet"]
pub struct Staged<'a> {
    session: &'a Session,
    staged: ratchet::Staged<'a>,
}

impl<'a> Staged<'a> {
    pub(super) fn new(session: &'a Session, staged: ratchet::Staged<'a>) -> Self {
        Self { session, staged }
    }

    /// Opens the content. Save the change, apply it, then show the content.
    ///
    /// # Errors
    ///
    /// [`Error::Forged`] if the content was altered; [`Error::Duplicate`] if the message was
    /// opened before, [`Error::Cloned`] if another one with its number was, [`Error::KeyGone`] if
    /// that is too long ago to tell; [`Error::TooFarAhead`] if more than 2,000 messages are
    /// missing before it; [`Error::Inconsistent`] if it contradicts what was received, or its part of
    /// the post-quantum exchange does not hold;
    /// [`Error::WeakKey`] if the peer's new ratchet key has small order; [`Error::Exhausted`] after
    /// 2^32 − 1 receiving chains or 2^64 changes.
    pub fn open(self) -> Result<(Opened, Change), Error> {
        let anchor = self.session.inner.anchor;
        let (opened, delta) = self.open_delta()?;
        Ok((opened, Change::new(anchor, Delta::Session(delta))?))
    }

    pub(crate) fn open_delta(self) -> Result<(Opened, ratchet::Delta), Error> {
        let position = Position { chain: self.staged.step()?, number: self.staged.number() };
        let (content, delta) = self.staged.open()?;
        let lost = self.session.inner.ratchet.dropped_by(&delta);
        Ok((Opened { content, position, missing: delta.skipped(), lost }, delta))
    }
}
