//! Conversations, as letters name them.
//!
//! ```text
//! conversation = byte 1 ‖ account id | byte 2 ‖ group id ‖ audience
//! audience     = SHA-256(LABEL(letter/audience) ‖ u32(count) ‖ account id …)
//! ```

use alloc::collections::BTreeSet;

use super::ids::GroupId;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hash;
use crate::protocol::content::Sender;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::labels;

/// The place where a letter belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum LetterConversation {
    /// With an account: from a foreign sender the receiver's own, in an own copy the other's.
    With(AccountId),
    /// In a group, whose accounts, as the sender knows them, the audience hashes.
    Group { id: GroupId, audience: [u8; 32] },
}

impl LetterConversation {
    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::With(account) => {
                writer.u8(1);
                writer.raw(&account.0);
            }
            Self::Group { id, audience } => {
                writer.u8(2);
                writer.raw(&id.0);
                writer.raw(audience);
            }
        }
    }

    /// Returns as whom devices of an account speak in it, which decides what a content may be: to each other in the
    /// conversation with their own account, and as a member in all others, own copies included.
    pub(crate) fn speaks_as(&self, account: AccountId) -> Sender {
        if *self == Self::With(account) { Sender::Own } else { Sender::Member }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            1 => Ok(Self::With(AccountId(*reader.array()?))),
            2 => Ok(Self::Group { id: GroupId(*reader.array()?), audience: *reader.array()? }),
            _ => Err(Error::Malformed),
        }
    }
}

/// Hashes the accounts of a group, the sender's included, in whatever order they are given.
pub(crate) fn audience(accounts: impl IntoIterator<Item = AccountId>) -> [u8; 32] {
    let accounts: BTreeSet<_> = accounts.into_iter().collect();
    let mut writer = Writer::new();
    writer.list(accounts, |account, writer| writer.raw(&account.0));
    hash(&[labels::LETTER_AUDIENCE, writer.written()])
}
