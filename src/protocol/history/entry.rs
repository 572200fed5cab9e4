//! Items of a chunk: `spec/history.md`, "Items".
//!
//! ```text
//! chunk = item ‖ item ‖ …                     newest first
//! item  = u32(length of the entry) ‖ entry
//! entry = mark ‖ conversation ‖ facts? ‖ u64(started)? ‖ content
//! facts = account's first id ‖ digest ‖ u64(at)
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
/// Length of the shortest entry, without its content: mark, conversation, and two flags.
const FRONT: usize = 64 + 33 + 2;
/// Length of facts: account, digest, and a time.
const FACTS: usize = 32 + 32 + 8;
/// Length of the time at which a timer began.
const STARTED: usize = 8;
/// The longest entry: with facts, and the time at which its timer began.
pub(crate) const MAX_ENTRY: usize = FRONT + FACTS + STARTED + MAX_CONTENT;

/// The facts of a message: beside its mark, they tell it from all others, and when it came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The first id of its sender's account.
    pub(crate) account: AccountId,
    pub(crate) digest: [u8; 32],
    /// The time at which the source opened it, or sealed it.
    pub(crate) at: u64,
}

/// The place of a message, its conversation, and its content as bytes.
pub(crate) struct HistoryEntry<'a> {
    pub(crate) mark: Mark,
    pub(crate) scope: HistoryScope,
    pub(crate) facts: Option<Facts>,
    /// The time at which its timer began, if it did.
    pub(crate) started: Option<u64>,
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
            Ok(content) if self.started.is_some() && content.timer().is_none() => {
                Err(Error::Malformed)
            }
            Ok(_) | Err(Error::UnsupportedContent) => Ok(sender),
            Err(error) => Err(error),
        }
    }

    /// Encodes the item.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new();
        writer.count(self.length());
        self.mark.write(&mut writer);
        self.scope.write(&mut writer);
        writer.option(self.facts, Facts::write);
        writer.option(self.started, |started, writer| writer.u64(started));
        writer.raw(self.content);
        writer.secret()
    }

    fn length(&self) -> usize {
        let facts = if self.facts.is_some() { FACTS } else { 0 };
        let started = if self.started.is_some() { STARTED } else { 0 };
        let beside = FRONT.saturating_add(facts).saturating_add(started);
        beside.saturating_add(self.content.len())
    }

    /// Reads the entry behind its length.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            let (mark, scope) = (Mark::read(reader)?, HistoryScope::read(reader)?);
            let (facts, started) = (reader.option(Facts::read)?, reader.option(Reader::u64)?);
            let content = reader.rest();
            if content.len() > MAX_CONTENT {
                return Err(Error::Malformed);
            }
            Ok(Self { mark, scope, facts, started, content })
        })
    }
}

impl Facts {
    fn write(self, writer: &mut Writer) {
        writer.raw(&self.account.0);
        writer.raw(&self.digest);
        writer.u64(self.at);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (account, digest) = (AccountId(*reader.array()?), *reader.array()?);
        Ok(Self { account, digest, at: reader.u64()? })
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
