//! The pages that the last changes of a client have touched, so that a snapshot need not look at the others
//! (`spec/state.md`, "Pages"). Never stored.

use alloc::collections::{BTreeSet, VecDeque};

use super::address::Address;
use crate::primitives::codec::Writer;
use crate::protocol::identity::certificate::AccountId;
use crate::storage::Anchor;

/// Changes that are remembered at most: twice those of a journal.
const MAX_STEPS: usize = 128;

/// First bytes of the titles of pages. Those of the logs stand with their entries.
const DEVICE: u8 = 1;
const OWN: u8 = 2;
const CONTACT: u8 = 3;
const PEER: u8 = 4;

/// The title of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Title {
    Device,
    Own,
    Contact(AccountId),
    Peer(Address),
    /// A piece of neighbours whose titles have this first byte.
    Piece(u8, u64),
}

impl Title {
    /// Begins the page.
    pub(super) fn begin(self, writer: &mut Writer) {
        match self {
            Self::Device => writer.page(&[&[DEVICE]]),
            Self::Own => writer.page(&[&[OWN]]),
            Self::Contact(account) => writer.page(&[&[CONTACT], &account.0]),
            Self::Peer(address) => {
                writer.page(&[&[PEER], &address.account.0, &address.device.0]);
            }
            Self::Piece(first, number) => writer.page(&[&[first], &number.to_be_bytes()]),
        }
    }
}

/// The last changes, oldest first, and the pages that each has touched.
#[derive(Default)]
pub(super) struct Trail {
    steps: VecDeque<Step>,
    titles: VecDeque<Title>,
}

/// A change: the anchor from which it was made, and how many of the titles are its own.
struct Step {
    from: Anchor,
    titles: usize,
}

impl Trail {
    /// Notes a change and the pages that it has touched. No more than `most` titles are kept: over that, to look at
    /// all pages costs no more.
    pub(super) fn note(&mut self, from: Anchor, titles: impl Iterator<Item = Title>, most: usize) {
        let before = self.titles.len();
        self.titles.extend(titles);
        let titles = self.titles.len().saturating_sub(before);
        self.steps.push_back(Step { from, titles });
        while self.steps.len() > MAX_STEPS || self.titles.len() > most {
            let Some(oldest) = self.steps.pop_front() else { break };
            self.titles.drain(..oldest.titles);
        }
    }

    /// Lists the pages that were touched since the state was at an anchor; `None` if the changes since then are not
    /// all known.
    pub(super) fn since(&self, anchor: &Anchor) -> Option<BTreeSet<Title>> {
        let mut titles = 0_usize;
        for step in self.steps.iter().rev() {
            titles = titles.saturating_add(step.titles);
            if step.from == *anchor {
                return Some(self.titles.iter().rev().take(titles).copied().collect());
            }
        }
        None
    }

    pub(super) fn clear(&mut self) {
        self.steps.clear();
        self.titles.clear();
    }
}

#[cfg(test)]
#[path = "tests/trail.rs"]
mod tests;
