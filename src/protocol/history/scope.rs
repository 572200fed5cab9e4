//! Conversations as history names them: `spec/history.md`, "Items".
//!
//! ```text
//! conversation = byte 1 ‖ account id | byte 2 ‖ group id          byte 1 and the own account: own content
//! ```

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::content::Sender;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::GroupId;

/// A conversation of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HistoryScope {
    With(AccountId),
    Group(GroupId),
}

impl HistoryScope {
    /// Returns as whom an account speaks in it, if it can: in the conversation with the own account own devices
    /// alone, in the one with another account both.
    ///
    /// # Errors
    ///
    /// [`Error::NotSelf`] for somebody else in the conversation with the own account, [`Error::Malformed`] for a
    /// third one in the conversation with another account.
    pub(crate) fn speaker(&self, own: AccountId, sender: AccountId) -> Result<Sender, Error> {
        match self {
            Self::With(with) if *with == own => {
                if sender == own {
                    Ok(Sender::Own)
                } else {
                    Err(Error::NotSelf)
                }
            }
            Self::With(with) if sender != own && sender != *with => Err(Error::Malformed),
            Self::With(_) | Self::Group(_) => Ok(Sender::Member),
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::With(account) => {
                writer.u8(1);
                writer.raw(&account.0);
            }
            Self::Group(group) => {
                writer.u8(2);
                writer.raw(&group.0);
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            1 => Ok(Self::With(AccountId(*reader.array()?))),
            2 => Ok(Self::Group(GroupId(*reader.array()?))),
            _ => Err(Error::Malformed),
        }
    }
}
