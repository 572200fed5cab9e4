//! Letters of others that own devices pass on to each other: `spec/fan-out.md`, "Copies".
//!
//! ```text
//! copy request = u32(count) ‖ letter of …                     strictly ascending, 1 to 32
//! letter of    = account id ‖ device id ‖ message id
//! copy         = letter of ‖ u64(sent) ‖ conversation ‖ kind 1 or 2 ‖ content
//! ```

use alloc::vec::Vec;

use super::blob::Reference;
use super::conversation::LetterConversation;
use super::ids::MessageId;
use super::said::Said;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hash;
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::labels;

/// The most letters that one copy request names.
pub(crate) const MAX_COPIES: usize = 32;

/// A letter of somebody's, by its sender and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LetterOf {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) id: MessageId,
}

impl LetterOf {
    /// Computes what own devices compare of the letter: of its conversation, its kind and its content.
    pub(super) fn digest(
        &self,
        conversation: &LetterConversation,
        body: impl FnOnce(&mut Writer),
    ) -> [u8; 32] {
        let mut writer = Writer::new();
        conversation.write(&mut writer);
        body(&mut writer);
        let Self { account, device, id } = self;
        hash(&[labels::LETTER_DIGEST, &account.0, &device.0, &id.0, writer.written()])
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.account.0);
        writer.raw(&self.device.0);
        writer.raw(&self.id.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (account, device) = (AccountId(*reader.array()?), DeviceId(*reader.array()?));
        Ok(Self { account, device, id: MessageId(*reader.array()?) })
    }
}

/// Reads the letters that are asked for, at least one.
pub(super) fn read_request(reader: &mut Reader<'_>) -> Result<Vec<LetterOf>, Error> {
    let letters: Vec<_> = reader.list(MAX_COPIES, LetterOf::read)?;
    let ascend = letters.is_sorted_by(|one, other| one < other);
    if ascend && !letters.is_empty() { Ok(letters) } else { Err(Error::Malformed) }
}

/// A letter of somebody else, as an own device passes it on: what its digest is of, and its time.
pub(crate) struct LetterCopy<'a> {
    pub(crate) of: LetterOf,
    pub(crate) sent: u64,
    pub(crate) conversation: LetterConversation,
    /// A message, or the reference to its blob.
    pub(crate) said: Said<'a>,
}

impl<'a> LetterCopy<'a> {
    /// Computes the digest that the letter itself has.
    #[cfg(test)]
    pub(crate) fn digest(&self) -> [u8; 32] {
        self.digest_in(self.conversation, self.of.account)
    }

    /// Computes the digest with conversation and sender as they were before anybody moved to another id.
    pub(crate) fn digest_in(
        &self,
        conversation: LetterConversation,
        account: AccountId,
    ) -> [u8; 32] {
        let of = LetterOf { account, ..self.of };
        of.digest(&conversation, |writer| self.said.write(writer))
    }

    /// Tells whether a letter of somebody else's account can be it, to a device of this one.
    pub(super) fn is_to(&self, (own, is_own): (AccountId, impl Fn(AccountId) -> bool)) -> bool {
        let is_ours = match self.conversation {
            LetterConversation::With(account) => is_own(account),
            LetterConversation::Group { .. } => true,
        };
        self.of.account != own && is_ours
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        self.of.write(writer);
        writer.u64(self.sent);
        self.conversation.write(writer);
        self.said.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let (of, sent) = (LetterOf::read(reader)?, reader.u64()?);
        let conversation = LetterConversation::read(reader)?;
        // No copy of a copy: a stranger's bytes must not decide how deep this goes.
        let said = match reader.u8()? {
            1 => Said::Message(reader.rest()),
            2 => Said::Blob(Reference::read(reader)?),
            _ => return Err(Error::Malformed),
        };
        Ok(Self { of, sent, conversation, said })
    }
}
