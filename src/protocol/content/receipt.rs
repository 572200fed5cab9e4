//! Receipts: `spec/conversations.md`.
//!
//! ```text
//! receipt = u8(kind) ‖ account's first id (32) ‖ u32(count) ‖ (device id (8) ‖ message id (16)) …
//! ```

use alloc::vec::Vec;

use super::target::Target;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::letter::ids::MessageId;

/// The most messages of one receipt.
pub const MAX_RECEIPT: usize = 128;

/// The kinds of what a receipt says of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ReceiptKind {
    /// They have come to a device.
    Delivered,
    /// They were shown.
    Read,
    /// They were played: voice messages and videos.
    Played,
}

/// The word of an account that messages of another one have come, or were read or played. A receipt of any of an
/// account's devices counts for the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    kind: ReceiptKind,
    account: AccountId,
    /// In strictly ascending order.
    letters: Vec<(DeviceId, MessageId)>,
}

impl ReceiptKind {
    fn byte(self) -> u8 {
        match self {
            Self::Delivered => 1,
            Self::Read => 2,
            Self::Played => 3,
        }
    }

    fn of(byte: u8) -> Result<Self, Error> {
        match byte {
            1 => Ok(Self::Delivered),
            2 => Ok(Self::Read),
            3 => Ok(Self::Played),
            _ => Err(Error::Malformed),
        }
    }
}

impl Receipt {
    /// Makes one of messages of one account; [`Error::NotAllowed`] for none, for too many, and for those of several.
    pub(super) fn new(kind: ReceiptKind, of: &[Target]) -> Result<Self, Error> {
        let account = of.first().ok_or(Error::NotAllowed)?.account;
        let mut letters: Vec<_> = of.iter().map(|of| (of.named.device, of.named.id)).collect();
        letters.sort_unstable();
        letters.dedup();
        if of.iter().any(|of| of.account != account) || letters.len() > MAX_RECEIPT {
            return Err(Error::NotAllowed);
        }
        Ok(Self { kind, account, letters })
    }

    /// Returns what it says of them.
    #[must_use]
    pub fn kind(&self) -> ReceiptKind {
        self.kind
    }

    /// Returns the account that has said the messages, by its first id.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Lists the messages, each by the device that has said it and its id. Some may be none that there is: what your
    /// account has not said is not to be shown as read.
    pub fn messages(&self) -> impl Iterator<Item = (DeviceId, MessageId)> {
        self.letters.iter().copied()
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u8(self.kind.byte());
        writer.raw(&self.account.0);
        writer.list(&self.letters, |(device, id), writer| {
            writer.raw(&device.0);
            writer.raw(&id.0);
        });
    }

    pub(super) fn read(body: &[u8]) -> Result<Self, Error> {
        Reader::all(body, |reader| {
            let kind = ReceiptKind::of(reader.u8()?)?;
            let account = AccountId(*reader.array()?);
            let letters: Vec<_> = reader.list(MAX_RECEIPT, |reader| {
                Ok((DeviceId(*reader.array()?), MessageId(*reader.array()?)))
            })?;
            let is_set = !letters.is_empty() && letters.is_sorted_by(|one, other| one < other);
            if is_set { Ok(Self { kind, account, letters }) } else { Err(Error::Malformed) }
        })
    }
}
