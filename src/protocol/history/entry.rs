//! Items of a chunk: `spec/history.md`, "Items".
//!
//! ```text
//! chunk = item ‖ item ‖ …                     newest first
//! item  = u32(length of the entry) ‖ entry
//! entry = mark ‖ conversation ‖ content
//! ```

use zeroize::Zeroizing;

use alloc::vec::Vec;

use super::mark::Mark;
use super::request::Range;
use super::scope::HistoryScope;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::content::{Content, Kinds, Sender};
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::padding::MAX_CONTENT;

/// Length of an item's own length.
pub(crate) const LENGTH: usize = 4;
/// Length of an entry without its content: mark and conversation.
const FRONT: usize = 64 + 33;
/// The longest entry.
pub(crate) const MAX_ENTRY: usize = FRONT + MAX_CONTENT;

/// The place of a message, its conversation, and its content as bytes.
pub(crate) struct HistoryEntry<'a> {
    pub(crate) mark: Mark,
    pub(crate) scope: HistoryScope,
    pub(crate) content: &'a [u8],
}

impl<'a> HistoryEntry<'a> {
    /// Refuses what cannot stand at this place of the answer to a request, `before` being the mark in front of it.
    /// Returns who speaks.
    ///
    /// A content that needs a newer release is let through: its bytes are kept until there is one.
    pub(crate) fn check(
        &self,
        own: AccountId,
        range: &Range,
        before: &Mark,
    ) -> Result<Sender, Error> {
        let is_wanted = range.scope.is_none_or(|scope| scope == self.scope);
        if self.mark >= *before || !range.contains(&self.mark) || !is_wanted {
            return Err(Error::Malformed);
        }
        let sender = self.scope.speaker(own, self.mark.account)?;
        match Content::decode(self.content, Kinds::of(sender)) {
            Ok(content) if content.is_passing() || content.view_once().is_some() => {
                Err(Error::NotAllowed)
            }
            Ok(_) | Err(Error::UnsupportedContent) => Ok(sender),
            Err(error) => Err(error),
        }
    }

    /// Encodes the item.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new();
        writer.count(FRONT.saturating_add(self.content.len()));
        self.mark.write(&mut writer);
        self.scope.write(&mut writer);
        writer.raw(self.content);
        writer.secret()
    }

    /// Reads the entry behind its length.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            let (mark, scope) = (Mark::read(reader)?, HistoryScope::read(reader)?);
            Ok(Self { mark, scope, content: reader.rest() })
        })
    }
}

/// Reads the length of an entry, and refuses one that no entry has.
pub(crate) fn entry_length(bytes: [u8; LENGTH]) -> Result<usize, Error> {
    let length = usize::try_from(u32::from_be_bytes(bytes)).map_err(|_| Error::Malformed)?;
    if (FRONT..=MAX_ENTRY).contains(&length) { Ok(length) } else { Err(Error::Malformed) }
}

#[cfg(test)]
#[path = "tests/entry.rs"]
mod tests;
