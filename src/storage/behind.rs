//! States that are behind their anchor, or damaged: `spec/state.md`, "Behind".

use core::fmt;

use super::anchor::Anchor;
use super::change::Change;
use super::state::State;
use super::state_key::StateKey;
use crate::error::Error;

/// A state of which the store has no more than an old copy, or a part. Secret.
///
/// It gives out no state, because whoever went on from an old copy would seal under keys that were used. A client
/// begins anew from it: [`Client::restart`](crate::client::Client::restart).
///
/// [`Journal::open_behind`](super::Journal::open_behind) and [`StateKey::open_behind`](super::StateKey::open_behind)
/// make one.
#[must_use = "a state that is behind is good for a restart alone"]
pub struct Behind<S: State> {
    state: S,
}

impl<S: State> fmt::Debug for Behind<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Behind").field("anchor", &self.anchor()).finish_non_exhaustive()
    }
}

impl<S: State> Behind<S> {
    pub(super) fn new(state: S) -> Self {
        Self { state }
    }

    /// Moves on by a change that the store has behind a snapshot, so that less is lost.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] for a change that does not continue it.
    pub fn apply(&mut self, change: Change<S>) -> Result<(), Error> {
        change.apply(&mut self.state)
    }

    /// Returns the place of the copy in the history of its state.
    #[must_use]
    pub fn anchor(&self) -> Anchor {
        self.state.anchor()
    }

    /// Returns the state to whoever makes another one of it.
    pub(crate) fn into_state(self) -> S {
        self.state
    }
}

impl StateKey {
    /// Opens what is left of a state whose record is behind its anchor: an old copy of it. Call it once
    /// [`StateKey::open`] has refused the record with [`Error::StateRollback`].
    ///
    /// # Errors
    ///
    /// As [`StateKey::open`] without an anchor.
    pub fn open_behind<S: State>(&self, owner: &[u8], record: &[u8]) -> Result<Behind<S>, Error> {
        self.open(owner, None, record).map(Behind::new)
    }
}
