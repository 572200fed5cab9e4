//! Writers of a chunk: items go in, and their bytes come out: `spec/history.md`, "Items".

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::item::HistoryItem;
use crate::error::Error;
use crate::protocol::history::manifest::{MAX_PART_BYTES, MAX_PART_ITEMS};
use crate::protocol::history::mark::Mark;
use crate::protocol::history::request::Range;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::padding::MAX_CONTENT;

/// A writer of one chunk. It holds no item: what it gives is handed on, to a [`Sealer`](crate::attachment::Sealer).
///
/// The same items give the same bytes. So the length that a sealer must know in advance comes from a first writer,
/// and after a crash another one gives again what was lost.
#[derive(Debug)]
pub struct HistoryWriter {
    pub(super) own: AccountId,
    pub(super) range: Range,
    /// The mark in front of the next item.
    pub(super) before: Mark,
    /// The mark of the first item, which is the newest.
    pub(super) newest: Option<Mark>,
    pub(super) items: u32,
    pub(super) length: u64,
}

impl HistoryWriter {
    /// Begins behind `before`; the caps of the range are what is left of them.
    pub(super) fn new(own: AccountId, range: Range, before: Mark) -> Self {
        Self { own, range, before, newest: None, items: 0, length: 0 }
    }

    /// Writes the next item, and returns its bytes. Items come newest first: by time of sending, then by the bytes of
    /// account, device and message id, all from the highest down.
    ///
    /// # Errors
    ///
    /// [`Error::ContentTooLong`] if the chunk, or what was asked for, has no room for it: end the part, and begin
    /// another one if something is left; also for a content of more than 2^20 bytes. [`Error::Malformed`] for an item
    /// that is not in the range, or out of order, and for an account that does not belong into the conversation;
    /// [`Error::NotSelf`] for somebody else among own devices; [`Error::NotAllowed`] for what its sender may not say.
    pub fn write(&mut self, item: &HistoryItem) -> Result<Zeroizing<Vec<u8>>, Error> {
        let entry = item.entry(self.own);
        if entry.content.len() > MAX_CONTENT {
            return Err(Error::ContentTooLong);
        }
        entry.check(self.own, &self.range, &self.before)?;
        let bytes = entry.encode();
        let items = self.items.saturating_add(1);
        let length = self.length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if items > self.range.items.min(MAX_PART_ITEMS)
            || length > self.range.bytes.min(MAX_PART_BYTES)
        {
            return Err(Error::ContentTooLong);
        }
        self.newest = self.newest.or(Some(entry.mark));
        (self.before, self.items, self.length) = (entry.mark, items, length);
        Ok(bytes)
    }

    /// Returns how many items were written.
    #[must_use]
    pub fn items(&self) -> u32 {
        self.items
    }

    /// Returns how many bytes they have: the length of the chunk, if it ends here.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }
}
