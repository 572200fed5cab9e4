//! Pages of a snapshot, by id and content: `spec/state.md`, "Pages".
//!
//! ```text
//! page key = HKDF(salt = 00 × 32, ikm = state key,
//!                 info = LABEL(state/pages) ‖ u32(key id) ‖ u32(length of owner) ‖ owner, 32)
//! page id  = HMAC(page key, byte 1 ‖ title)
//! mark     = HMAC(page key, byte 2 ‖ length of title (1) ‖ title ‖ part)
//! digest   = mark ⊕ mark ⊕ …
//! ```

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::PagePart;
use crate::primitives::id::ids;
use crate::primitives::kdf::mac;
use crate::primitives::secret::{Secret, same};

use super::state_key::StateKey;

ids! {
    /// The id that a store keeps one page of a snapshot under. It tells nothing without the state key.
    PageId: 32;
}

/// The pages that a snapshot has, and what they say, as keyed hashes: a plain hash of a page without
/// secrets would confirm a guess of its content to whoever reads the memory later.
pub(crate) struct Pages {
    key: Box<Secret<32>>,
    marks: BTreeMap<PageId, Mark>,
    sum: Sum,
}

/// A page's content as a keyed hash, and its length.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    hash: [u8; 32],
    length: usize,
}

/// The digest that binds a head to exactly its pages, and the length of all parts.
///
/// It is a sum, so that it costs what changed. Nobody without the key can choose other pages with the same sum,
/// because each mark looks random to them, one by one and together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    digest: [u8; 32],
    length: usize,
}

impl Sum {
    pub(crate) fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Returns the length of all parts.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    fn turn(&mut self, mark: &Mark) {
        self.digest.iter_mut().zip(&mark.hash).for_each(|(sum, byte)| *sum ^= byte);
    }

    fn add(&mut self, mark: &Mark) {
        self.turn(mark);
        self.length = self.length.saturating_add(mark.length);
    }

    fn remove(&mut self, mark: &Mark) {
        self.turn(mark);
        self.length = self.length.saturating_sub(mark.length);
    }
}

/// The changes of pages that a snapshot brings which is not written yet. By their ids, so that the order tells nothing.
pub(crate) struct Revision<'a> {
    /// The new mark and content of each page that changes; none if it goes.
    changes: BTreeMap<PageId, Option<(Mark, PagePart<'a>)>>,
    pub(crate) sum: Sum,
}

impl<'a> Revision<'a> {
    fn change(&mut self, id: PageId, before: Option<&Mark>, after: Option<(Mark, PagePart<'a>)>) {
        if let Some(before) = before {
            self.sum.remove(before);
        }
        if let Some((mark, _)) = &after {
            self.sum.add(mark);
        }
        self.changes.insert(id, after);
    }

    /// Lists the pages that change, and those that go.
    pub(crate) fn pages(&self) -> impl Iterator<Item = (PageId, Option<PagePart<'a>>)> {
        self.changes.iter().map(|(id, page)| (*id, page.map(|(_, part)| part)))
    }

    /// Ends the look at the contents.
    pub(crate) fn marks(self) -> NewMarks {
        let changes = self.changes.into_iter();
        let changes = changes.map(|(id, page)| (id, page.map(|(mark, _)| mark))).collect();
        NewMarks { changes, sum: self.sum }
    }
}

/// The marks that change with a snapshot.
pub(crate) struct NewMarks {
    changes: Vec<(PageId, Option<Mark>)>,
    sum: Sum,
}

impl Pages {
    /// Begins without pages, for the snapshots that this key seals for an owner.
    pub(crate) fn new(key: &StateKey, owner: &[u8]) -> Self {
        let key = Box::new(key.page_key(owner));
        Self { key, marks: BTreeMap::new(), sum: Sum::default() }
    }

    /// Tells whether the other ones have the same ids and marks: whether they are of the same state key and owner.
    pub(crate) fn has_key_of(&self, other: &Self) -> bool {
        same(self.key.expose(), other.key.expose())
    }

    /// Returns the id of the head, which has no title.
    pub(crate) fn head(&self) -> PageId {
        self.id(&[])
    }

    pub(crate) fn sum(&self) -> &Sum {
        &self.sum
    }

    fn id(&self, title: &[u8]) -> PageId {
        PageId(*mac(&self.key, &[&[1], title]).expose())
    }

    fn mark(&self, part: PagePart<'_>) -> Result<Mark, Error> {
        let title = [u8::try_from(part.title.len()).map_err(|_| Error::Corrupt)?];
        let hash = *mac(&self.key, &[&[2], &title, part.title, part.bytes]).expose();
        Ok(Mark { hash, length: part.bytes.len() })
    }

    /// Adds a page that was read, or refuses a second one of its title.
    pub(crate) fn add(&mut self, part: PagePart<'_>) -> Result<(), Error> {
        let (id, mark) = (self.id(part.title), self.mark(part)?);
        self.sum.add(&mark);
        if self.marks.insert(id, mark).is_some() { Err(Error::Corrupt) } else { Ok(()) }
    }

    /// Compares parts of a state with the pages: all of them if `is_whole`, else those that may have changed, of which
    /// one that is gone has no bytes.
    pub(crate) fn revise<'a>(
        &self,
        parts: Vec<PagePart<'a>>,
        is_whole: bool,
    ) -> Result<Revision<'a>, Error> {
        let mut revision = Revision { changes: BTreeMap::new(), sum: self.sum };
        let mut stays = BTreeSet::new();
        for part in parts {
            let id = self.id(part.title);
            let before = self.marks.get(&id);
            let after = if part.bytes.is_empty() { None } else { Some(self.mark(part)?) };
            if after.as_ref() != before {
                revision.change(id, before, after.map(|mark| (mark, part)));
            }
            if is_whole {
                stays.insert(id);
            }
        }
        if is_whole {
            let gone = self.marks.iter().filter(|(id, _)| !stays.contains(*id));
            gone.for_each(|(id, mark)| revision.change(*id, Some(mark), None));
        }
        Ok(revision)
    }

    /// Applies a revision that was made from these pages.
    pub(crate) fn apply(&mut self, marks: NewMarks) {
        for (id, mark) in marks.changes {
            match mark {
                Some(mark) => _ = self.marks.insert(id, mark),
                None => _ = self.marks.remove(&id),
            }
        }
        self.sum = marks.sum;
    }

    /// Lists the ids of the head and the pages.
    pub(crate) fn all(&self) -> impl Iterator<Item = PageId> {
        core::iter::once(self.head()).chain(self.marks.keys().copied())
    }
}
