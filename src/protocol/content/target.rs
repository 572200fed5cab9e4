//! Targets: which message something is about. `spec/conversations.md`, "Targets".
//!
//! ```text
//! target  = account's first id (32) ‖ named message
//! named   = device id (8) ‖ message id (16) ‖ digest (32)        of a message of the sender's own account
//! ```

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat, first};
use crate::primitives::secret::redacted;
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::letter::ids::MessageId;

/// The message that something is about: who said it, under which id, and what it says. Its digest holds the
/// conversation and the content, so it is that message and no other.
///
/// It comes from what was sent or opened: [`ReceivedLetter::target`](crate::client::ReceivedLetter::target),
/// [`Outgoing::target`](crate::client::Outgoing::target). Keep it with the message, as secret as that: who can guess
/// what was said can check it by the digest. Targets are ordered: the last
/// rule by which all devices choose the same one of two things that were said at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    pub(super) account: AccountId,
    pub(super) named: NamedMessage,
}

/// A message of an account that is known otherwise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NamedMessage {
    pub(super) device: DeviceId,
    pub(super) id: MessageId,
    pub(super) digest: [u8; 32],
}

redacted!(NamedMessage, |named| device = named.device, id = named.id);

impl Target {
    pub(crate) fn new(
        account: AccountId,
        device: DeviceId,
        id: MessageId,
        digest: [u8; 32],
    ) -> Self {
        Self { account, named: NamedMessage { device, id, digest } }
    }

    /// Returns the account that said it, by its first id.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Returns the device that said it.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.named.device
    }

    /// Returns its message id.
    #[must_use]
    pub fn id(&self) -> MessageId {
        self.named.id
    }

    /// Returns the digest of its letter.
    pub(crate) fn digest(&self) -> [u8; 32] {
        self.named.digest
    }

    /// Returns the half of its digest by which it is remembered.
    pub(crate) fn name(&self) -> [u8; 16] {
        first(&self.named.digest)
    }

    /// Encodes it, to be kept with the message.
    #[must_use]
    pub fn encode(&self) -> [u8; 88] {
        let NamedMessage { device, id, digest } = &self.named;
        concat(&[&self.account.0, &device.0, &id.0, digest])
    }

    /// Decodes what [`Target::encode`] gave.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for any other number of bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, Self::read)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.encode());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { account: AccountId(*reader.array()?), named: NamedMessage::read(reader)? })
    }
}

impl NamedMessage {
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.device.0);
        writer.raw(&self.id.0);
        writer.raw(&self.digest);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            device: DeviceId(*reader.array()?),
            id: MessageId(*reader.array()?),
            digest: *reader.array()?,
        })
    }
}
