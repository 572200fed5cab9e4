//! State at rest: `spec/state.md`, "Sealed records".
//!
//! ```text
//! about  = version ‖ kind ‖ u32(key id) ‖ anchor
//! info   = LABEL(state/record) ‖ about ‖ u32(length of owner) ‖ owner
//! salt   = hedged(secret = state key, LABEL(state/salt), about = info ‖ state)
//! k, c   = HKDF(salt = salt, ikm = state key, info = info ‖ 1 | 2, 32)
//! record = about ‖ salt ‖ c ‖ AES-256-GCM(key = k, nonce = 0, ad = about, state)
//! ```
//!
//! `c` commits to the key, the owner and the place in the lineage, and is checked first.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::anchor::Anchor;
use super::state::{STATE_VERSION, State, encode, recall};
use crate::error::Error;
use crate::primitives::aead::{open_once, seal_once};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::{Prk, hedged};
use crate::primitives::secret::{Secret, redacted, same};
use crate::protocol::labels;

const ABOUT: usize = 1 + 1 + 4 + 32;

/// The key that seals states at rest, with the number that tells it from its predecessors. One key
/// serves any number of records: each has keys of its own.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::session::{Account, AccountId};
/// use latchstring::storage::StateKey;
///
/// fn main() -> Result<(), latchstring::Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let account = Account::generate(AccountId([1; 32]), &mut rng);
///
///     // Keep the 32 bytes where no other program reads them.
///     let (old, new) = (StateKey::new(1, &[9; 32])?, StateKey::new(2, &[8; 32])?);
///     let record = old.seal(&account, b"ada's account", &mut rng)?;
///
///     // A record shows the number of its key, so that a key can be replaced.
///     assert_eq!(StateKey::id_of(&record)?, 1);
///     let account: Account = old.open(b"ada's account", None, &record)?;
///     let record = new.seal(&account, b"ada's account", &mut rng)?;
///     assert!(old.open::<Account>(b"ada's account", None, &record).is_err());
///     Ok(())
/// }
/// ```
pub struct StateKey {
    id: u32,
    key: Box<Secret<32>>,
}

redacted!(StateKey, |key| id = key.id);

impl StateKey {
    /// Takes 32 uniformly random bytes, which the caller keeps and wipes, and the key's number, which
    /// every record shows in clear so that an old record finds its old key.
    ///
    /// # Errors
    ///
    /// [`Error::WeakKey`] if all bytes are zero.
    pub fn new(id: u32, key: &[u8; 32]) -> Result<Self, Error> {
        let key = Box::new(Secret::copy(key));
        if key.is_zero() { Err(Error::WeakKey) } else { Ok(Self { id, key }) }
    }

    /// Reads the number of the key that sealed a record.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] for bytes that are too short, [`Error::UnknownVersion`].
    pub fn id_of(record: &[u8]) -> Result<u32, Error> {
        let mut reader = Reader::new(record);
        version(&mut reader)?;
        reader.u8().and_then(|_| reader.u32()).map_err(|_| Error::Corrupt)
    }

    /// Seals a state for storage. `owner` says whose it is and where it belongs, in the caller's words
    /// ("account 7, laptop, session with …"); a record opens only under the same words.
    ///
    /// # Errors
    ///
    /// [`Error::StateTooLarge`] if the state is larger than one AEAD call takes.
    pub fn seal(
        &self,
        state: &impl State,
        owner: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        seal(self, state, owner, rng)
    }

    /// Opens a sealed state. With `anchor`, a state that is behind it, or of another lineage at its
    /// generation, is refused; a state ahead of it is accepted (the process ended between saving the
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
            anchor.accepts(&stands)?;
        }
        let state: S = recall(&bytes)?;
        if state.anchor() == stands { Ok(state) } else { Err(Error::Corrupt) }
    }

    /// Makes a key of the same number from other bytes: a journal's, which is inside a record of this
    /// one.
    pub(crate) fn with(&self, key: Box<Secret<32>>) -> Result<Self, Error> {
        if key.is_zero() { Err(Error::WeakKey) } else { Ok(Self { id: self.id, key }) }
    }

    /// Draws the key of a journal, about the snapshot that it begins with.
    pub(crate) fn journal_key(&self, about: &[&[u8]; 3], rng: &mut impl CryptoRng) -> Secret<32> {
        hedged(&self.key, labels::STATE_JOURNAL, about, rng)
    }

    /// Derives the key of the ids and marks of an owner's pages (`spec/state.md`, "Pages").
    pub(crate) fn page_key(&self, owner: &[u8]) -> Secret<32> {
        let mut info = Writer::new();
        info.raw(labels::STATE_PAGES);
        info.u32(self.id);
        info.bytes(owner);
        Prk::extract(&[0; 32], &[self.key.expose()]).expand(&[&info.public()])
    }

    pub(crate) fn seal_record(
        &self,
        kind: u8,
        anchor: &Anchor,
        owner: &[u8],
        state: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        let mut about = Writer::begin(STATE_VERSION, kind);
        about.u32(self.id);
        anchor.write(&mut about);
        let about = about.public();
        let info = info(&about, owner);
        let salt: Secret<32> = hedged(&self.key, labels::STATE_SALT, &[&info, state], rng);
        let (key, commitment) = self.keys(salt.expose(), &info);
        let sealed = seal_once(key, &about, state)?;
        Ok([about.as_slice(), salt.expose(), commitment.expose(), &sealed].concat())
    }

    pub(crate) fn open_record(
        &self,
        kind: u8,
        owner: &[u8],
        record: &[u8],
    ) -> Result<(Anchor, Zeroizing<Vec<u8>>), Error> {
        let (about, rest) = record.split_at_checked(ABOUT).ok_or(Error::Corrupt)?;
        let mut reader = Reader::new(about);
        version(&mut reader)?;
        if reader.u8()? != kind {
            return Err(Error::WrongKind);
        }
        if reader.u32()? != self.id {
            return Err(Error::WrongStateKey);
        }
        let anchor = Anchor::read(&mut reader)?;
        let mut rest = Reader::new(rest);
        let salt = rest.array().map_err(|_| Error::Corrupt)?;
        let commitment = rest.array().map_err(|_| Error::Corrupt)?;
        let (key, expected) = self.keys(salt, &info(about, owner));
        if !same(commitment, expected.expose()) {
            return Err(Error::WrongStateKey);
        }
        let state = open_once(key, about, rest.rest()).map_err(|_| Error::Corrupt)?;
        Ok((anchor, state))
    }

    fn keys(&self, salt: &[u8; 32], info: &[u8]) -> (Secret<32>, Secret<32>) {
        let prk = Prk::extract(salt, &[self.key.expose()]);
        (prk.expand(&[info, &[1]]), prk.expand(&[info, &[2]]))
    }
}

fn info(about: &[u8], owner: &[u8]) -> Vec<u8> {
    let mut info = Writer::new();
    info.raw(labels::STATE_RECORD);
    info.raw(about);
    info.bytes(owner);
    info.public()
}

fn version(reader: &mut Reader<'_>) -> Result<(), Error> {
    match reader.u8() {
        Ok(STATE_VERSION) => Ok(()),
        Ok(0) | Err(_) => Err(Error::Corrupt),
        Ok(newer) => Err(Error::UnknownVersion(newer)),
    }
}

fn seal<S: State>(
    key: &StateKey,
    state: &S,
    owner: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, Error> {
    key.seal_record(S::KIND, &state.anchor(), owner, encode(state).written(), rng)
}

#[cfg(test)]
#[path = "tests/state_key.rs"]
mod tests;
