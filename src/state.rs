//! What all states have in common: bytes, sealing, anchors.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::change::Change;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::record::{Anchor, STATE_VERSION, StateKey};

pub(crate) mod private {
    use crate::change::Change;
    use crate::error::Error;
    use crate::primitives::codec::{Reader, Writer};
    use crate::protocol::record::Anchor;

    /// What a state must be able to do; implemented in this crate only.
    #[expect(unnameable_types, reason = "this is what closes `State` to other crates")]
    pub trait Stateful: Sized {
        #[doc(hidden)]
        const KIND: u8;
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
        fn write(&self, writer: &mut Writer);
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
        fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;
        #[doc(hidden)]
        fn stands(&self) -> Anchor;
        /// Gives up what memory alone allows: a change is about to be written, and what it frees in the
        /// store must not be used here, whether it is applied or not.
        #[doc(hidden)]
        fn forget_reserved(&mut self) {}
        /// Moves on by a change that was made from this very state.
        #[doc(hidden)]
        fn adopt(&mut self, _change: Change) -> Result<(), Error> {
            // Of a state that never changes no change can be.
            Err(Error::StaleChange)
        }
    }
}

/// A secret that outlives the process: [`Account`](crate::Account), [`Device`](crate::Device),
/// [`Session`](crate::Session), [`Invite`](crate::Invite), [`Chat`](crate::Chat), and the
/// [`Change`](crate::Change)s between their generations.
///
/// Not to be implemented outside this crate.
pub trait State: private::Stateful {
    /// Where this state stands in its history.
    fn anchor(&self) -> Anchor {
        self.stands()
    }

    /// The whole state in clear, for a store that seals by itself. Prefer [`StateKey::seal`].
    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        encode(self).secret()
    }

    /// The state that [`State::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`] for the state of a newer release, [`Error::WrongKind`] for a
    /// state of another kind, [`Error::Corrupt`] for anything else that does not decode. What
    /// decodes is believed: only a seal tells that it was not altered.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(STATE_VERSION, Self::KIND)?;
            Self::read(reader)
        })
        .map_err(|error| match error {
            Error::UnknownVersion(_) | Error::WrongKind => error,
            _ => Error::Corrupt,
        })
    }

    /// Moves on by a change that was made from this very state: what `apply` of each state that
    /// changes does, for a store that is written once for all of them.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if the change was made from another state, or one that has moved on
    /// since. Nothing changes then.
    fn apply(&mut self, change: Change) -> Result<(), Error> {
        self.adopt(change)
    }
}

impl<S: private::Stateful> State for S {}

/// A state's encoding, which knows its pages.
pub(crate) fn encode<S: private::Stateful>(state: &S) -> Writer {
    let mut writer = Writer::begin(STATE_VERSION, S::KIND);
    state.write(&mut writer);
    writer
}

impl StateKey {
    /// Seals a state for storage. `owner` says whose it is and where it belongs, in the caller's
    /// words ("account 7, laptop, session with …"); a record opens only under the same words.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] if the state is larger than one AEAD call takes.
    pub fn seal(
        &self,
        state: &impl State,
        owner: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        seal(self, state, owner, rng)
    }

    /// Opens a sealed state. With `anchor`, a state that is behind it, or of another lineage at its
    /// generation, is refused; a state ahead of it is taken (the process ended between saving the
    /// state and moving the anchor).
    ///
    /// # Errors
    ///
    /// [`Error::WrongStateKey`] for another key or owner, [`Error::WrongKind`] for a record of
    /// another kind, [`Error::UnknownVersion`] for a newer release's, [`Error::Corrupt`] for
    /// damage, [`Error::StateRollback`] for a record behind its anchor, of another history at the
    /// anchor's generation, or of another state.
    pub fn open<S: State>(
        &self,
        owner: &[u8],
        anchor: Option<&Anchor>,
        record: &[u8],
    ) -> Result<S, Error> {
        let (stands, bytes) = self.open_record(S::KIND, owner, record)?;
        if let Some(anchor) = anchor {
            anchor.admits(&stands)?;
        }
        let state = S::from_bytes(&bytes)?;
        if state.anchor() == stands { Ok(state) } else { Err(Error::Corrupt) }
    }
}

fn seal<S: State>(
    key: &StateKey,
    state: &S,
    owner: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, Error> {
    key.seal_record(S::KIND, &state.anchor(), owner, &state.to_bytes(), rng)
}
