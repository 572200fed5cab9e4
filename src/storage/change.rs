//! Changes: steps between two generations of a state.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;

use super::anchor::Anchor;
use super::state::{Delta, DeltaKind, Never, State, Stateful};
use super::state_key::StateKey;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// The step from one generation of a state to its next.
///
/// Only an operation that succeeded makes one, inside its [`Pending`](super::Pending) answer; a program
/// holds a change by itself only when it reads one back from its store. It applies once, to the very
/// state and generation from which it was made ([`Change::apply`]); everything else refuses it. It
/// holds secrets, and is about as small as what it changes.
///
/// A record of a change holds the keys of what comes after it. Delete it, and every older snapshot, as
/// soon as a newer snapshot is saved: whoever gets the state key can open what stays on disk
/// ([state.md](crate::spec::state)).
#[must_use = "a change that is not applied did not happen"]
pub struct Change<S: State> {
    base: Anchor,
    next: Anchor,
    delta: S::Delta,
}

impl<S: State> fmt::Debug for Change<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("base", &self.base)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl<S: State> Change<S> {
    /// Makes the change from a state whose anchor is `base`. Where it leads follows from `base` and
    /// `delta`.
    pub(crate) fn new(base: Anchor, delta: S::Delta) -> Self {
        let next = base.next(delta.id().as_ref());
        Self { base, next, delta }
    }

    /// Returns the anchor of the state that this change applies to.
    #[must_use]
    pub fn base(&self) -> Anchor {
        self.base
    }

    /// Tells whether the change takes a session or a chat to other ratchet keys.
    pub(crate) fn is_turn(&self) -> bool {
        self.delta.is_turn()
    }

    /// Seals the change for storage, if the state it continues is the one in the store.
    pub(crate) fn record(
        &self,
        key: &StateKey,
        owner: &[u8],
        stored: &Anchor,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        if *stored == self.base { key.seal(self, owner, rng) } else { Err(Error::StaleChange) }
    }

    /// Moves `state` on by a change that was read back from the store ([`StateKey::open`]). A new
    /// change is applied through its [`Pending`](super::Pending) answer.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if the change was made from another state, or one that has moved on
    /// since. Nothing changes then.
    pub fn apply(self, state: &mut S) -> Result<(), Error> {
        if !self.fits(state) {
            return Err(Error::StaleChange);
        }
        self.move_on(state);
        Ok(())
    }

    /// Tells whether the state is still the one from which the change was made.
    pub(crate) fn fits(&self, state: &S) -> bool {
        self.base == state.stands() && state.fits(&self.delta)
    }

    /// Returns the delta.
    pub(crate) fn delta(&self) -> &S::Delta {
        &self.delta
    }

    /// Moves on a state that the change is known to fit: one that was borrowed when the change was made and
    /// since, or that was checked.
    pub(crate) fn move_on(self, state: &mut S) {
        state.advance(self.next, self.delta);
    }
}

impl<S: State> Stateful for Change<S> {
    const KIND: u8 = 0x10;

    type Delta = Never;

    fn write(&self, writer: &mut Writer) {
        self.base.write(writer);
        writer.u8(S::Delta::KIND.encode());
        self.delta.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let base = Anchor::read(reader)?;
        if DeltaKind::decode(reader.u8()?)? != S::Delta::KIND {
            return Err(Error::WrongKind);
        }
        Ok(Self::new(base, S::Delta::read(reader)?))
    }

    fn stands(&self) -> Anchor {
        self.next
    }

    fn advance(&mut self, _next: Anchor, delta: Never) {
        match delta {}
    }
}
