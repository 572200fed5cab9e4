//! Pages of a snapshot, by id and content: `spec/state.md`, "Pages".
//!
//! ```text
//! page key = HKDF(salt = 00 × 32, ikm = state key,
//!                 info = LABEL(state/pages) ‖ u32(key id) ‖ u32(length of owner) ‖ owner, 32)
//! page id  = HMAC(page key, byte 1 ‖ title)
//! mark     = HMAC(page key, byte 2 ‖ part)
//! digest   = SHA-256(LABEL(state/digest) ‖ for each page, by page id: page id ‖ mark)
//! ```

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use crate::primitives::codec::{PagePart, Writer};
use crate::primitives::id::ids;
use crate::primitives::kdf::{hash, mac};
use crate::primitives::secret::Secret;

use super::state_key::StateKey;
use crate::protocol::labels;

ids! {
    /// The id that a store keeps one page of a snapshot under. It tells nothing without the state key.
    PageId: 32;
}

/// The pages that a snapshot has, and what they say, as keyed hashes: a plain hash of a page without
/// secrets would confirm a guess of its content to whoever reads the memory later.
pub(crate) struct Pages {
    key: Box<Secret<32>>,
    marks: BTreeMap<PageId, [u8; 32]>,
}

impl Pages {
    /// Begins without pages, for the snapshots that this key seals for an owner.
    pub(crate) fn new(key: &StateKey, owner: &[u8]) -> Self {
        Self { key: Box::new(key.page_key(owner)), marks: BTreeMap::new() }
    }

    /// Returns the id of the head, which has no title.
    pub(crate) fn head(&self) -> PageId {
        self.id(&[])
    }

    fn id(&self, title: &[u8]) -> PageId {
        PageId(*mac(&self.key, &[&[1], title]).expose())
    }

    /// Adds a page and returns its id; `None` if there is one of that title.
    pub(crate) fn add(&mut self, part: PagePart<'_>) -> Option<PageId> {
        let id = self.id(part.title);
        let mark = *mac(&self.key, &[&[2], part.bytes]).expose();
        if self.marks.insert(id, mark).is_some() { None } else { Some(id) }
    }

    /// Tells whether a page is here with the content that it has there. Under another key none has its
    /// id.
    pub(crate) fn shares(&self, id: &PageId, there: &Self) -> bool {
        self.marks.get(id).is_some_and(|mark| there.marks.get(id) == Some(mark))
    }

    /// Lists the ids of the head and the pages.
    pub(crate) fn all(&self) -> impl Iterator<Item = PageId> {
        core::iter::once(self.head()).chain(self.marks.keys().copied())
    }

    /// Tells whether there is a record of that id.
    pub(crate) fn has(&self, id: &PageId) -> bool {
        self.marks.contains_key(id) || *id == self.head()
    }

    /// Computes the digest that binds a head to exactly these pages.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        for (id, mark) in &self.marks {
            writer.raw(&id.0);
            writer.raw(mark);
        }
        hash(&[labels::STATE_DIGEST, writer.written()])
    }
}
