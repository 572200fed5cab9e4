//! Messages on their way: `spec/third-party.md`, "Connecting".
//!
//! ```text
//! delivery = 01 55 ‖ sender ‖ receiver ‖ u8(kind) ‖ u32(length) ‖ message          kind 2: ordinary, 3: initial
//! ```

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::wire;
use crate::signal::policy::ForeignDevice;
use crate::signal::sealed_message::{MessageKind, SealedMessage};
use crate::signal::wire::MAX_TEXT;

/// Maximum length of a message in bytes: a text, and more than all that stands around it.
const MAX_MESSAGE: usize = MAX_TEXT + 4096;

/// A message with whom it is from and for, as servers and proxies hand it on. They may carry the same in another
/// form: nothing of it is believed, and [`Client::open`](crate::signal::Client::open) finds out what is not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The device that is said to have sent it.
    pub from: ForeignDevice,
    /// The device that it is said to be for.
    pub to: ForeignDevice,
    /// The message.
    pub message: SealedMessage,
}

impl Delivery {
    /// Decodes a delivery.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`] for the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::DELIVERY)?;
            let (from, to) = (ForeignDevice::read(reader)?, ForeignDevice::read(reader)?);
            let kind = match reader.u8()? {
                2 => MessageKind::Ordinary,
                3 => MessageKind::Initial,
                _ => return Err(Error::Malformed),
            };
            let bytes = reader.bytes(MAX_MESSAGE)?.to_vec();
            Ok(Self { from, to, message: SealedMessage { kind, bytes } })
        })
    }

    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::DELIVERY);
        self.from.write(&mut writer);
        self.to.write(&mut writer);
        writer.u8(match self.message.kind {
            MessageKind::Ordinary => 2,
            MessageKind::Initial => 3,
        });
        writer.bytes(&self.message.bytes);
        writer.public()
    }
}
