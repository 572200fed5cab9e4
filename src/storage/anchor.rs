//! Anchors: `spec/state.md`, "Anchors".

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat, first, halves};
use crate::primitives::kdf::hash;
use crate::protocol::labels;

/// The place of a state in its history: how many changes it has behind it, which state it is, and a tag
/// over all its changes.
///
/// Keep the anchor of each state where a backup of the state does not reach (the operating system's key
/// store, the server). A state that is behind its anchor, that is another state, or that has another
/// history at the anchor's own generation, was restored or swapped and is refused when it is opened. A
/// copy that ran ahead of the anchor looks the same as a state whose anchor was not moved in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Anchor {
    generation: u64,
    root: [u8; 8],
    lineage: [u8; 16],
}

impl Anchor {
    /// Makes the anchor of a new state: generation 0, and a lineage that starts from the state's kind,
    /// its owner and its name. So no two states ever share an anchor, not even the two sides of one
    /// session.
    pub(crate) fn start(kind: u8, owner: &[u8], name: &[u8]) -> Self {
        let start = hash(&[labels::STATE_LINEAGE, &[kind], &hash(&[owner]), &hash(&[name])]);
        let (root, rest) = halves::<8, 24, 32>(&start);
        Self { generation: 0, root, lineage: first(&rest) }
    }

    /// Returns the anchor after one more change, which `id` identifies. The generation stays at its
    /// maximum, which nobody reaches: at a million changes a second that takes half a million years.
    pub(crate) fn next(&self, id: &[u8]) -> Self {
        let generation = self.generation.saturating_add(1);
        let number = generation.to_be_bytes();
        let lineage = hash(&[labels::STATE_LINEAGE, &self.lineage, &number, id]);
        Self { generation, root: self.root, lineage: first(&lineage) }
    }

    /// Returns how many changes the state has behind it.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Encodes the anchor in 32 bytes: the generation, big-endian, the root and the lineage tag. Not
    /// secret.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        concat(&[&self.generation.to_be_bytes(), &self.root, &self.lineage])
    }

    /// Decodes what [`Anchor::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let (generation, rest) = halves::<8, 24, 32>(bytes);
        let (root, lineage) = halves(&rest);
        Self { generation: u64::from_be_bytes(generation), root, lineage }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.to_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.array().map(Self::from_bytes)
    }

    /// Refuses a state that is behind this anchor, is another one, or has another history at its
    /// generation.
    pub(crate) fn accepts(&self, state: &Self) -> Result<(), Error> {
        let ahead = state.root == self.root && state.generation > self.generation;
        if state == self || ahead { Ok(()) } else { Err(Error::StateRollback) }
    }
}
