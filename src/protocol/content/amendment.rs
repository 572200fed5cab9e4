//! Corrections and deletions: `spec/conversations.md`.
//!
//! ```text
//! correction = named (56) ‖ u8(number)          beside a text, the new one
//! deletion   = named (56)
//! ```

use super::target::{NamedMessage, Target};
use super::text::Text;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::identity::certificate::AccountId;

/// The most corrections of one message, by their numbers.
pub const MAX_CORRECTIONS: u8 = 32;

/// A new text for a message that its author sent before; beside an attachment its new caption. Secret.
///
/// It names no account: what it corrects is a message of whoever says it. Whether it holds says
/// [`MessageFacts::is_corrected_by`](crate::client::MessageFacts::is_corrected_by).
pub struct Correction {
    pub(super) named: NamedMessage,
    pub(super) number: u8,
    pub(super) text: Text,
}

redacted!(Correction, |correction| number = correction.number);

/// A wish of a message's author that it be erased everywhere.
///
/// It names no account: what it deletes is a message of whoever says it. Whether it holds says
/// [`MessageFacts::is_deleted_by`](crate::client::MessageFacts::is_deleted_by).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deletion {
    pub(super) named: NamedMessage,
}

impl Correction {
    /// Returns the message that it corrects, if this account, by its first id, has said it.
    #[must_use]
    pub fn target(&self, author: AccountId) -> Target {
        Target { account: author, named: self.named }
    }

    /// Returns its number, from 1: of several corrections of a message the one with the highest holds, and of two
    /// with one number that with the higher [`Target`].
    #[must_use]
    pub fn number(&self) -> u8 {
        self.number
    }

    /// Returns the new text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        self.named.write(writer);
        writer.u8(self.number);
    }

    pub(super) fn read(body: &[u8], text: Text) -> Result<Self, Error> {
        Reader::all(body, |reader| {
            let (named, number) = (NamedMessage::read(reader)?, reader.u8()?);
            let is_one = (1..=MAX_CORRECTIONS).contains(&number);
            if is_one { Ok(Self { named, number, text }) } else { Err(Error::Malformed) }
        })
    }
}

impl Deletion {
    /// Returns the message that it deletes, if this account, by its first id, has said it.
    #[must_use]
    pub fn target(&self, author: AccountId) -> Target {
        Target { account: author, named: self.named }
    }

    pub(super) fn read(body: &[u8]) -> Result<Self, Error> {
        Reader::all(body, |reader| Ok(Self { named: NamedMessage::read(reader)? }))
    }
}
