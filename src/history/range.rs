//! Ranges of a history: what a device asks for.

use super::item::{HistoryItem, conversation, mark, scope};
use crate::client::{Address, Conversation, MessageId};
use crate::protocol::history::mark::Mark;
use crate::protocol::history::request::Range;
use crate::protocol::identity::certificate::AccountId;

/// The messages that a device asks for, and how much of them.
///
/// ```
/// use latchstring::client::{Address, Conversation, MessageId};
/// use latchstring::history::HistoryRange;
/// use latchstring::session::{AccountId, DeviceId};
///
/// // Everything since a day, 1 GiB at most.
/// let _ = HistoryRange::ALL.since(1_800_000_000).at_most(1_000_000, 1 << 30);
/// // The 50 messages before the oldest that is shown.
/// let (grace, id) = (AccountId([2; 32]), MessageId([3; 16]));
/// let from = Address { account: grace, device: DeviceId([4; 8]) };
/// let before = HistoryRange::ALL.of(Conversation::With(grace));
/// let _ = before.before_message(1_800_000_000, from, id).at_most(50, 1 << 20);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryRange {
    conversation: Option<Conversation>,
    /// It has no scope of its own: the conversation is it.
    range: Range,
}

impl HistoryRange {
    /// Everything.
    pub const ALL: Self = Self { conversation: None, range: Range::ALL };

    /// Asks for one conversation only.
    #[must_use]
    pub fn of(mut self, conversation: Conversation) -> Self {
        self.conversation = Some(conversation);
        self
    }

    /// Asks for nothing that was sent before a time.
    #[must_use]
    pub fn since(mut self, sent: u64) -> Self {
        self.range.from = Mark::at(sent);
        self
    }

    /// Asks for nothing that was sent at a time or after it.
    #[must_use]
    pub fn before(mut self, sent: u64) -> Self {
        self.range.to = Mark::at(sent);
        self
    }

    /// Asks for what stands before a message in the order of a history, which is by time of sending: the next page of
    /// a conversation of which this message is the oldest here.
    #[must_use]
    pub fn before_message(mut self, sent: u64, from: Address, id: MessageId) -> Self {
        self.range.to = mark(sent, from, id);
        self
    }

    /// Asks for so many items and bytes at most: the newest ones. More than 2^26 and 2^36 are not to be had.
    #[must_use]
    pub fn at_most(mut self, items: u32, bytes: u64) -> Self {
        (self.range.items, self.range.bytes) = (items, bytes);
        self
    }

    /// Returns the one conversation that is asked for; none if it is all of them.
    #[must_use]
    pub fn conversation(&self) -> Option<Conversation> {
        self.conversation
    }

    /// Returns the earliest and the latest time of sending that can be in the range.
    #[must_use]
    pub fn sent(&self) -> (u64, u64) {
        (self.range.from.sent, self.range.to.sent)
    }

    /// Returns how many items are asked for at most.
    #[must_use]
    pub fn items(&self) -> u32 {
        self.range.items
    }

    /// Returns how many bytes are asked for at most, before they are sealed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.range.bytes
    }

    /// Tells whether an item is in the range.
    #[must_use]
    pub fn contains(&self, item: &HistoryItem) -> bool {
        let is_of = self.conversation.is_none_or(|one| one == item.conversation);
        is_of && self.range.contains(&mark(item.sent, item.from, item.id))
    }

    pub(super) fn asked(&self, own: AccountId) -> Range {
        Range { scope: self.conversation.map(|one| scope(one, own)), ..self.range }
    }

    pub(super) fn read(range: Range, own: AccountId) -> Self {
        let conversation = range.scope.map(|scope| conversation(scope, own));
        Self { conversation, range: Range { scope: None, ..range } }
    }
}
