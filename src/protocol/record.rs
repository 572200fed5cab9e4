//! State at rest: `spec/state.md`, "Sealed records".
//!
//! ```text
//! about  = version ‖ kind ‖ key id ‖ anchor
//! k, c   = HKDF(salt = random, ikm = state key,
//!               info = LABEL(state/record) ‖ about ‖ u32 length of owner ‖ owner ‖ 1 | 2, 32)
//! record = about ‖ random ‖ c ‖ AES-256-GCM(key = k, nonce = 0, ad = about, state)
//! ```
//!
//! `c` commits to the key, the owner and the place in the lineage, and is checked first.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::aead::{open_once, seal_once};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::{Prk, hash};
use crate::primitives::secret::{Secret, same};

use super::labels;

/// The version of every state encoding.
pub(crate) const STATE_VERSION: u8 = 1;

const ABOUT: usize = 1 + 1 + 4 + 32;

/// Where a state stands in its history: how many changes it has seen, which state it is, and a tag
/// over all its changes.
///
/// Keep the anchor of each state where a backup of the state does not reach (the operating
/// system's key store, the server). A state that is behind its anchor, that is another state, or
/// that has another history at the anchor's own generation, was restored or swapped and is refused
/// when it is opened. A copy that ran ahead of the anchor cannot be told from a state whose anchor
/// was not moved in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Anchor {
    generation: u64,
    origin: [u8; 8],
    lineage: [u8; 16],
}

impl Anchor {
    /// The anchor of a new state: generation 0, a lineage that starts from the kind of the state,
    /// whose it is, and its name. So no two states ever stand at one anchor, not even the two
    /// sides of one session.
    pub(crate) fn start(kind: u8, owner: &[u8], name: &[u8]) -> Self {
        let start = hash(&[labels::STATE_LINEAGE, &[kind], &hash(&[owner]), &hash(&[name])]);
        let (origin, lineage) = start.split_at(8);
        Self { generation: 0, origin: prefix(origin), lineage: prefix(lineage) }
    }

    /// The anchor after one more change, which `name` names.
    pub(crate) fn next(&self, name: &[u8]) -> Result<Self, Error> {
        let generation = self.generation.checked_add(1).ok_or(Error::Exhausted)?;
        let number = generation.to_be_bytes();
        let lineage = hash(&[labels::STATE_LINEAGE, &self.lineage, &number, name]);
        Ok(Self { generation, origin: self.origin, lineage: prefix(&lineage) })
    }

    /// Changes since the state was made.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// 32 bytes: the generation, big-endian, the origin and the lineage tag. Not secret.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let generation = self.generation.to_be_bytes();
        let parts = generation.iter().chain(&self.origin).chain(&self.lineage);
        for (to, from) in bytes.iter_mut().zip(parts) {
            *to = *from;
        }
        bytes
    }

    /// The anchor that [`Anchor::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let (generation, rest) = bytes.split_at(8);
        let (origin, lineage) = rest.split_at(8);
        let generation = u64::from_be_bytes(prefix(generation));
        Self { generation, origin: prefix(origin), lineage: prefix(lineage) }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.to_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.array().map(Self::from_bytes)
    }

    /// Refuses a state that is behind this anchor, another one, or of another history at its
    /// generation.
    pub(crate) fn admits(&self, state: &Self) -> Result<(), Error> {
        let ahead = state.origin == self.origin && state.generation > self.generation;
        if state == self || ahead { Ok(()) } else { Err(Error::StateRollback) }
    }
}

/// The first `N` bytes, of at least as many.
fn prefix<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut prefix = [0; N];
    for (to, from) in prefix.iter_mut().zip(bytes) {
        *to = *from;
    }
    prefix
}

/// The key that seals states at rest, with the number that tells it from its predecessors.
///
/// One key serves any number of records: each has keys of its own.
pub struct StateKey {
    id: u32,
    key: Box<Secret<32>>,
}

impl StateKey {
    /// Takes 32 uniformly random bytes, which the caller keeps and wipes, and the key's number,
    /// which every record shows in clear so that an old record finds its old key.
    ///
    /// # Errors
    ///
    /// [`Error::WeakKey`] if all bytes are zero.
    pub fn new(id: u32, key: &[u8; 32]) -> Result<Self, Error> {
        let key = Box::new(Secret::copy(key));
        if key.is_zero() { Err(Error::WeakKey) } else { Ok(Self { id, key }) }
    }

    /// The number of the key that sealed a record, to find the key by.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] for bytes that are too short, [`Error::UnknownVersion`].
    pub fn id_of(record: &[u8]) -> Result<u32, Error> {
        let mut reader = Reader::new(record);
        version(&mut reader)?;
        reader.u8().and_then(|_| reader.u32()).map_err(|_| Error::Corrupt)
    }

    /// The same number with another key: that of a journal, which stands in a record of this one.
    pub(crate) fn with(&self, key: Box<Secret<32>>) -> Result<Self, Error> {
        if key.is_zero() { Err(Error::WeakKey) } else { Ok(Self { id: self.id, key }) }
    }

    /// The key that names and marks the pages of an owner's snapshots (`spec/state.md`, "Pages").
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
        let mut random = [0; 32];
        rng.fill_bytes(&mut random);
        let (key, commitment) = self.keys(&random, &about, owner);
        let sealed = seal_once(key, &about, state)?;
        Ok([about.as_slice(), &random, commitment.expose(), &sealed].concat())
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
        let random = rest.array().map_err(|_| Error::Corrupt)?;
        let commitment = rest.array().map_err(|_| Error::Corrupt)?;
        let (key, expected) = self.keys(random, about, owner);
        if !same(commitment, expected.expose()) {
            return Err(Error::WrongStateKey);
        }
        let state = open_once(key, about, rest.rest()).map_err(|_| Error::Corrupt)?;
        Ok((anchor, state))
    }

    fn keys(&self, random: &[u8; 32], about: &[u8], owner: &[u8]) -> (Secret<32>, Secret<32>) {
        let prk = Prk::extract(random, &[self.key.expose()]);
        let mut info = Writer::new();
        info.raw(labels::STATE_RECORD);
        info.raw(about);
        info.bytes(owner);
        let info = info.public();
        (prk.expand(&[&info, &[1]]), prk.expand(&[&info, &[2]]))
    }
}

fn version(reader: &mut Reader<'_>) -> Result<(), Error> {
    match reader.u8() {
        Ok(STATE_VERSION) => Ok(()),
        Ok(0) | Err(_) => Err(Error::Corrupt),
        Ok(newer) => Err(Error::UnknownVersion(newer)),
    }
}
