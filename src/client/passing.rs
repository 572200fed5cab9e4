//! The memory of what was said in passing. `spec/conversations.md`, "Receipts and typing".

use alloc::collections::BTreeMap;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::letter::LetterConversation;

/// The time in seconds between two receipts for one account.
const RECEIPT_AFTER: u64 = 30;
/// The time in seconds between two notices of typing in one conversation.
const TYPING_AFTER: u64 = 10;

/// A thing that was said in passing, and where.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Passing {
    is_typing: bool,
    is_group: bool,
    id: [u8; 32],
}

/// The times at which something was last said in passing. It is never stored: the clock that is says that nothing was
/// later.
pub(super) struct PassingLog {
    /// The last change of the state when it was loaded: what was said before that is not later.
    since: u64,
    last: BTreeMap<Passing, u64>,
}

impl Passing {
    pub(super) fn of(is_typing: bool, conversation: LetterConversation) -> Self {
        let (is_group, id) = match conversation {
            LetterConversation::With(account) => (false, account.0),
            LetterConversation::Group { id, .. } => (true, id.0),
        };
        Self { is_typing, is_group, id }
    }

    fn pause(self) -> u64 {
        if self.is_typing { TYPING_AFTER } else { RECEIPT_AFTER }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.flag(self.is_typing);
        writer.flag(self.is_group);
        writer.raw(&self.id);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { is_typing: reader.flag()?, is_group: reader.flag()?, id: *reader.array()? })
    }
}

impl PassingLog {
    /// Begins, with a state that has last changed at a time, or with a new one (0).
    pub(super) fn since(since: u64) -> Self {
        Self { since, last: BTreeMap::new() }
    }

    /// Tells whether it is too early to say so again. A reading that went back says no less than one that went on.
    pub(super) fn is_early(&self, passing: Passing, now: u64) -> bool {
        let last = self.last.get(&passing).copied().unwrap_or(self.since);
        now.abs_diff(last) < passing.pause()
    }

    /// Notes that something was said, and forgets what does not matter any more.
    pub(super) fn note(&mut self, passing: Passing, now: u64) {
        self.last.retain(|passing, last| now.abs_diff(*last) < passing.pause());
        self.last.insert(passing, now);
    }
}
