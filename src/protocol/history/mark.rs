//! Marks: the places of messages in one order: `spec/history.md`, "Marks".
//!
//! ```text
//! mark = u64(sent) ‖ sender's account id ‖ sender's device id ‖ message id
//! ```

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::letter::MessageId;

/// The place of a message among all of an account. Marks are ordered as their bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) sent: u64,
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) id: MessageId,
}

impl Mark {
    /// The mark before which no message stands.
    pub(crate) const FIRST: Self = Self::at(0);

    /// The mark behind which no message stands.
    pub(crate) const LAST: Self = Self {
        sent: u64::MAX,
        account: AccountId([0xff; 32]),
        device: DeviceId([0xff; 8]),
        id: MessageId([0xff; 16]),
    };

    /// Returns the mark in front of all messages that were sent at a time, and behind all that were sent before.
    pub(crate) const fn at(sent: u64) -> Self {
        Self { sent, account: AccountId([0; 32]), device: DeviceId([0; 8]), id: MessageId([0; 16]) }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.sent);
        writer.raw(&self.account.0);
        writer.raw(&self.device.0);
        writer.raw(&self.id.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            sent: reader.u64()?,
            account: AccountId(*reader.array()?),
            device: DeviceId(*reader.array()?),
            id: MessageId(*reader.array()?),
        })
    }
}
