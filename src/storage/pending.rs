//! Pending operations: the answer of every operation that changes a state.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;

use super::anchor::Anchor;
use super::change::Change;
use super::journal::Journal;
use super::state::State;
use super::state_key::StateKey;
use crate::error::Error;

/// An operation that succeeded and has not happened yet: its change waits to be saved, and its output,
/// a sealed message or an opened one, cannot be seen before.
///
/// So *save, then send* and *save, then show* are not left to care. A program that appends changes
/// seals the change ([`Pending::record`], or [`Pending::journal`] with a journal), and then applies it.
/// One that saves whole states applies it at once ([`Pending::apply`]), saves the state, and then sends
/// or shows.
///
/// It borrows the state, which nothing else can use meanwhile. Dropping it leaves the state as it was,
/// and the output unseen: there is no way to hold two messages under one key. Only reserved message
/// numbers end with a record, because a program that has the record may have written it.
///
/// ```compile_fail,E0499
/// # use latchstring::{Error, guest::Chat, rand_core::CryptoRng};
/// # fn two(chat: &mut Chat, rng: &mut impl CryptoRng) -> Result<(), Error> {
/// let one = chat.text("one", 0, rng)?;
/// let other = chat.text("other", 0, rng)?; // the chat is still borrowed by `one`
/// one.apply();
/// # other.apply();
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing has happened before it is applied"]
pub struct Pending<'a, S: State, T> {
    state: &'a mut S,
    output: T,
    /// `None` where the operation found nothing to change.
    change: Option<Change<S>>,
}

impl<S: State, T> fmt::Debug for Pending<'_, S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("change", &self.change).finish_non_exhaustive()
    }
}

impl<'a, S: State, T> Pending<'a, S, T> {
    /// Holds back a delta that was made from this very state.
    pub(crate) fn new(state: &'a mut S, delta: S::Delta, output: T) -> Self {
        let change = Some(Change::new(state.stands(), delta));
        Self { state, output, change }
    }

    /// Holds back a delta that was made from this very state, or none.
    pub(crate) fn maybe(state: &'a mut S, delta: Option<S::Delta>, output: T) -> Self {
        let change = delta.map(|delta| Change::new(state.stands(), delta));
        Self { state, output, change }
    }

    /// Returns the state as it is: before the change. A full journal is renewed from it
    /// ([`Journal::renew`]) once the operation has succeeded, so that a refused message costs no snapshot.
    #[must_use]
    pub fn state(&self) -> &S {
        self.state
    }

    /// Tells whether there is anything to save. A list that is known already, or a tick too early,
    /// changes nothing.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.change.is_some()
    }

    /// Seals the change for storage and hands out the record to be written, which is absent if nothing
    /// changes.
    ///
    /// `stored` is the anchor that the store holds *now*, read in the transaction that will write this
    /// record. It has moved if a second process or tab went on from the same state.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if `stored` is not the state's anchor, also if nothing changes: load the state
    /// again and repeat the operation. Nothing was given out and nothing changed.
    pub fn record(
        self,
        key: &StateKey,
        owner: &[u8],
        stored: &Anchor,
        rng: &mut impl CryptoRng,
    ) -> Result<Recorded<'a, S, T>, Error> {
        if *stored != self.state.stands() {
            return Err(Error::StaleChange);
        }
        self.recorded(|change| key.seal(change, owner, rng))
    }

    /// Seals the change as the journal's next entry.
    ///
    /// # Errors
    ///
    /// [`Error::JournalFull`] if a snapshot must come first ([`Journal::is_full`] asks beforehand);
    /// [`Error::StaleChange`] if the state is not the one that the journal leads to. Nothing was given out,
    /// and neither the state nor the journal changed.
    pub fn journal(
        self,
        journal: &mut Journal,
        rng: &mut impl CryptoRng,
    ) -> Result<Recorded<'a, S, T>, Error> {
        journal.check(self.state.stands())?;
        self.recorded(|change| Ok(journal.add(journal.seal(change, rng)?)))
    }

    fn recorded(
        self,
        seal: impl FnOnce(&Change<S>) -> Result<Vec<u8>, Error>,
    ) -> Result<Recorded<'a, S, T>, Error> {
        let record = self.change.as_ref().map(seal).transpose()?;
        if let Some(change) = &self.change {
            self.state.forget_reserved(change.delta());
        }
        Ok(Recorded { pending: self, record })
    }

    /// Moves the state on and gives the output, without a record of the change: for a program that saves the
    /// whole state before it sends or shows.
    pub fn apply(self) -> T {
        if let Some(change) = self.change {
            change.move_on(self.state);
        }
        self.output
    }

    /// Returns the output early, to code that may decide by it whether to go on.
    pub(crate) fn output(&self) -> &T {
        &self.output
    }
}

/// An operation whose change is ready to be written.
#[must_use = "nothing has happened before it is applied"]
pub struct Recorded<'a, S: State, T> {
    pending: Pending<'a, S, T>,
    record: Option<Vec<u8>>,
}

impl<S: State, T> fmt::Debug for Recorded<'_, S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded").field("change", &self.pending.change).finish_non_exhaustive()
    }
}

impl<S: State, T> Recorded<'_, S, T> {
    /// Returns the sealed change, to be written before the output is sent or shown; `None` if nothing
    /// changes.
    #[must_use]
    pub fn record(&self) -> Option<&[u8]> {
        self.record.as_deref()
    }

    /// Moves the state on and gives the output: write it beside the record in one transaction, then
    /// send or show it. If the write fails, drop the state, which is ahead of the store now, and load
    /// it again: nobody saw the output.
    pub fn apply(self) -> T {
        self.pending.apply()
    }
}
