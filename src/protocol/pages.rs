//! The pages of a snapshot, by name and content: `spec/state.md`, "Pages".
//!
//! ```text
//! page key = HKDF(salt = 00 × 32, ikm = state key,
//!                 info = LABEL(state/pages) ‖ u32 key id ‖ u32 length of owner ‖ owner, 32)
//! name     = HMAC(page key, byte 1 ‖ title)
//! mark     = HMAC(page key, byte 2 ‖ part)
//! digest   = SHA-256(LABEL(state/digest) ‖ for each page, by name: name ‖ mark)
//! ```

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use crate::primitives::codec::{Part, Writer};
use crate::primitives::kdf::{hash, mac};
use crate::primitives::secret::Secret;

use super::labels;
use super::record::StateKey;

/// What a store keeps one record of a snapshot under. It tells nothing without the state key.
pub(crate) type PageName = [u8; 32];

/// Which pages a snapshot has, and what they say: by keyed hashes, because plain ones would confirm
/// to whoever reads the memory later what he guesses of a page that holds no secret.
pub(crate) struct Pages {
    key: Box<Secret<32>>,
    marks: BTreeMap<PageName, [u8; 32]>,
}

impl Pages {
    /// No pages yet, of the snapshots that this key seals for an owner.
    pub(crate) fn new(key: &StateKey, owner: &[u8]) -> Self {
        Self { key: Box::new(key.page_key(owner)), marks: BTreeMap::new() }
    }

    /// The name of the head, which has no title.
    pub(crate) fn head(&self) -> PageName {
        self.name(&[])
    }

    fn name(&self, title: &[u8]) -> PageName {
        *mac(&self.key, &[&[1], title]).expose()
    }

    /// Adds a page, and gives its name; nothing if there is one of that title.
    pub(crate) fn add(&mut self, part: Part<'_>) -> Option<PageName> {
        let name = self.name(part.title);
        let mark = *mac(&self.key, &[&[2], part.bytes]).expose();
        if self.marks.insert(name, mark).is_some() { None } else { Some(name) }
    }

    /// Whether a page stands here as it does there. Under another key none has its name.
    pub(crate) fn shares(&self, name: &PageName, there: &Self) -> bool {
        self.marks.get(name).is_some_and(|mark| there.marks.get(name) == Some(mark))
    }

    /// The names of the head and the pages.
    pub(crate) fn names(&self) -> impl Iterator<Item = PageName> {
        core::iter::once(self.head()).chain(self.marks.keys().copied())
    }

    /// Whether there is a record of that name.
    pub(crate) fn has(&self, name: &PageName) -> bool {
        self.marks.contains_key(name) || *name == self.head()
    }

    /// What binds a head to exactly these pages.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        for (name, mark) in &self.marks {
            writer.raw(name);
            writer.raw(mark);
        }
        hash(&[labels::STATE_DIGEST, writer.written()])
    }
}
