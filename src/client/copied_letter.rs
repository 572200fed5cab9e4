//! Copies of letters, as they are kept and passed on: `spec/fan-out.md`, "Copies".

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::address::Address;
use super::plan::Conversation;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::group::operation::OperationHash;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::blob::Reference;
use crate::protocol::letter::copy::{LetterCopy, LetterOf};
use crate::protocol::letter::{GroupId, LetterConversation, MessageId, Said};
use crate::storage::STATE_VERSION;

/// The kind of a copy that is kept.
const KEPT_COPY: u8 = 0x1b;

/// A letter of another account, as it is passed on among own devices. Secret.
///
/// Keep one of each message that is shown ([`ReceivedLetter::to_copy`](super::ReceivedLetter::to_copy), [`CopiedLetter::to_bytes`]), if own devices are
/// to have from this one what they missed.
pub struct CopiedLetter {
    /// The device that sent the letter. Of a copy that an own device passed on it is that device's word.
    pub from: Address,
    /// The letter's id.
    pub id: MessageId,
    /// The time of sending in seconds, by the sender's clock.
    pub sent: u64,
    /// The conversation that it belongs to.
    pub conversation: Conversation,
    /// In a group the hash of the accounts that the sender sent to, else zeros.
    pub(super) audience: [u8; 32],
    pub(super) words: Words,
}

redacted!(CopiedLetter, |copy| from = copy.from, id = copy.id);

/// The content of a letter that is passed on.
pub(super) enum Words {
    Message(Zeroizing<Vec<u8>>),
    Blob(Reference),
}

impl CopiedLetter {
    /// Returns the group that it was said in, and the state that it names.
    pub(crate) fn group_state(&self) -> Option<(GroupId, OperationHash)> {
        let Conversation::Group(id) = self.conversation else { return None };
        Some((id, OperationHash(self.audience)))
    }

    /// Encodes it, to be stored.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::begin(STATE_VERSION, KEPT_COPY);
        // In the place of the receiver's account, which is this one, stands the sender's.
        self.copy(self.from.account).write(&mut writer);
        writer.secret()
    }

    /// Decodes what [`CopiedLetter::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::Malformed`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(STATE_VERSION, KEPT_COPY)?;
            let copy = LetterCopy::read(reader)?;
            if matches!(copy.conversation, LetterConversation::With(with) if with != copy.of.account)
            {
                return Err(Error::Malformed);
            }
            Self::of(&copy)
        })
    }

    pub(super) fn of(copy: &LetterCopy<'_>) -> Result<Self, Error> {
        let LetterOf { account, device, id } = copy.of;
        let (conversation, audience) = match copy.conversation {
            LetterConversation::With(_) => (Conversation::With(account), [0; 32]),
            LetterConversation::Group { id, audience } => (Conversation::Group(id), audience),
        };
        let words = match &copy.said {
            Said::Message(content) => Words::Message(Zeroizing::new(content.to_vec())),
            Said::Blob(reference) => Words::Blob(reference.duplicate()),
            _ => return Err(Error::Malformed),
        };
        let from = Address { account, device };
        Ok(Self { from, id, sent: copy.sent, conversation, audience, words })
    }

    /// Returns it with its sender's account under the id by which it is known here.
    pub(super) fn sent_by(mut self, account: AccountId) -> Self {
        self.from.account = account;
        if let Conversation::With(with) = &mut self.conversation {
            *with = account;
        }
        self
    }

    pub(super) fn copy(&self, own: AccountId) -> LetterCopy<'_> {
        self.copy_of(own, self.inline())
    }

    /// Returns what passes it on to a device of an account; `inline` is its content, unless that is in a blob.
    pub(super) fn copy_of<'a>(&self, own: AccountId, inline: &'a [u8]) -> LetterCopy<'a> {
        let conversation = match self.conversation {
            Conversation::Group(id) => LetterConversation::Group { id, audience: self.audience },
            _ => LetterConversation::With(own),
        };
        let said = match &self.words {
            Words::Message(_) => Said::Message(inline),
            Words::Blob(reference) => Said::Blob(reference.duplicate()),
        };
        LetterCopy { of: letter_of(self.from, self.id), sent: self.sent, conversation, said }
    }

    /// Returns the bytes of a content that stands in the letter itself.
    pub(super) fn inline(&self) -> &[u8] {
        match &self.words {
            Words::Message(content) => content,
            Words::Blob(_) => &[],
        }
    }
}

pub(super) fn letter_of(from: Address, id: MessageId) -> LetterOf {
    LetterOf { account: from.account, device: from.device, id }
}
