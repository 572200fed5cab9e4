//! The ends and the words of a message of a third-party chat, in a copy of it: `spec/third-party.md`, "Several
//! devices".
//!
//! ```text
//! direction = 01 ‖ u32(count) ‖ account …  |  02 ‖ device
//! words     = content  |  bytes of a plain program
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::content::Content;

use super::binding::Binding;
use super::policy::{ForeignAccount, ForeignDevice};

/// Maximum number of accounts that one message was said to.
pub(super) const MAX_ACCOUNTS: usize = 256;

/// The direction of a message of a third-party chat.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// The own device said it to these accounts: to one, or in a group to several.
    Said(Vec<ForeignAccount>),
    /// The own device heard it of this device.
    Heard(ForeignDevice),
}

impl Direction {
    pub(super) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Said(accounts) => {
                writer.u8(1);
                writer.list(accounts, ForeignAccount::write);
            }
            Self::Heard(device) => {
                writer.u8(2);
                device.write(writer);
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            1 => Ok(Self::Said(reader.list(MAX_ACCOUNTS, ForeignAccount::read)?)),
            2 => Ok(Self::Heard(ForeignDevice::read(reader)?)),
            _ => Err(Error::Malformed),
        }
    }
}

/// The words in a copy. Secret.
#[non_exhaustive]
pub enum CopiedContent {
    /// A content, which was said between attested accounts.
    Attested(Content),
    /// Bytes of a plain program.
    Unbound(Zeroizing<Vec<u8>>),
}

redacted!(CopiedContent, |content| binding = content.binding());

impl CopiedContent {
    /// Returns the ground on which whoever said it is taken for who they are.
    #[must_use]
    pub fn binding(&self) -> Binding {
        match self {
            Self::Attested(_) => Binding::Attested,
            Self::Unbound(_) => Binding::Unbound,
        }
    }

    /// Returns what was said between attested accounts.
    #[must_use]
    pub fn attested(&self) -> Option<&Content> {
        match self {
            Self::Attested(content) => Some(content),
            Self::Unbound(_) => None,
        }
    }

    /// Returns the bytes of a plain program.
    #[must_use]
    pub fn unbound(&self) -> Option<&[u8]> {
        match self {
            Self::Attested(_) => None,
            Self::Unbound(bytes) => Some(bytes),
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Attested(content) => writer.raw(&content.encode()),
            Self::Unbound(bytes) => writer.raw(bytes),
        }
    }
}
