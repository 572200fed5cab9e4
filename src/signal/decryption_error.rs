//! Decryption errors, by which a broken session heals: `spec/third-party.md`, "Decryption errors".
//!
//! ```text
//! decryption error  = { 1: ratchet key (33) of the message that did not open, 2: its time, 3: its sender's device }
//! plaintext content = C0 ‖ { 8: decryption error } ‖ 80
//! ```

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::primitives::dh;
use crate::primitives::protobuf::{self, put_bytes, put_number};

use super::keys::{KEY, public_key, typed};
use super::sealed_message::MessageKind;
use super::wire::{InitialMessage, Message};

const PLAINTEXT: u8 = 0xc0;

const PADDING: u8 = 0x80;

/// The field of plaintext content that holds the error.
const ERROR: u8 = 8;

/// The answer of a receiver that could not open a message: which one it was.
///
/// It travels in clear beside the sealed kinds, because the session is what broke: anybody may have made it unless a
/// sealed envelope proves its sender, and even then it is no more than a request. Answer it at most by ending the
/// session that it names, if that has this very ratchet key now, and by sending once more what was sent to that
/// device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DecryptionErrorMessage {
    ratchet_key: Option<dh::PublicKey>,
    timestamp: u64,
    device: u32,
}

impl DecryptionErrorMessage {
    /// Says that a message could not be opened that came as these bytes: the time in milliseconds that its sender
    /// gave it, and the device of its sender.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WeakKey`] if the bytes are no message.
    pub fn of(kind: MessageKind, bytes: &[u8], timestamp: u64, device: u8) -> Result<Self, Error> {
        let message = match kind {
            MessageKind::Initial => InitialMessage::decode(bytes)?.message,
            MessageKind::Ordinary => Message::decode(bytes)?,
        };
        Ok(Self { ratchet_key: Some(message.ratchet), timestamp, device: device.into() })
    }

    /// Says that a message of a session could not be opened: the ratchet key that it bears, the time in milliseconds
    /// that its sender gave it, and the device of its sender.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] or [`Error::WeakKey`] if the ratchet key is none.
    pub fn of_message(ratchet_key: &[u8], timestamp: u64, device: u8) -> Result<Self, Error> {
        let ratchet_key = Some(public_key(ratchet_key)?);
        Ok(Self { ratchet_key, timestamp, device: device.into() })
    }

    /// Says that a message of a group could not be opened, which names no ratchet key: the time in milliseconds that
    /// its sender gave it, and the device of its sender.
    #[must_use]
    pub fn of_group_message(timestamp: u64, device: u8) -> Self {
        Self { ratchet_key: None, timestamp, device: device.into() }
    }

    /// Decodes what [`DecryptionErrorMessage::encode`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::WeakKey`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let [ratchet_key, timestamp, device] = protobuf::read::<3>(bytes)?;
        Ok(Self {
            ratchet_key: ratchet_key.optional_bytes()?.map(public_key).transpose()?,
            timestamp: timestamp.optional_u64()?.ok_or(Error::Malformed)?,
            // A field that is left out is zero.
            device: device.optional_u32()?.unwrap_or_default(),
        })
    }

    /// Decodes plaintext content, which carries a decryption error and nothing else: what nobody sealed must not be
    /// shown as if somebody had said it.
    ///
    /// # Errors
    ///
    /// As [`DecryptionErrorMessage::decode`], and [`Error::Malformed`] for content with anything beside the error.
    pub fn decode_plaintext(bytes: &[u8]) -> Result<Self, Error> {
        let [PLAINTEXT, content @ .., PADDING] = bytes else { return Err(Error::Malformed) };
        let [.., error] = protobuf::read::<8>(content)?;
        let error = error.bytes()?;
        let mut alone = Writer::new();
        put_bytes(&mut alone, ERROR, error);
        if alone.written() == content { Self::decode(error) } else { Err(Error::Malformed) }
    }

    /// Returns the ratchet key of the message that did not open; that of a group has none.
    #[must_use]
    pub fn ratchet_key(&self) -> Option<[u8; KEY]> {
        self.ratchet_key.as_ref().map(typed)
    }

    pub(crate) fn key(&self) -> Option<&dh::PublicKey> {
        self.ratchet_key.as_ref()
    }

    /// Returns the time in milliseconds that the message's sender gave it.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// Returns the device that the message came from, which this must be to be answered.
    #[must_use]
    pub fn device(&self) -> u32 {
        self.device
    }

    /// Encodes it, for content that is sealed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        if let Some(ratchet_key) = &self.ratchet_key {
            put_bytes(&mut writer, 1, &typed(ratchet_key));
        }
        put_number(&mut writer, 2, self.timestamp);
        put_number(&mut writer, 3, self.device);
        writer.public()
    }

    /// Encodes it as plaintext content, for a session that is broken.
    #[must_use]
    pub fn encode_plaintext(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(PLAINTEXT);
        put_bytes(&mut writer, ERROR, &self.encode());
        writer.u8(PADDING);
        writer.public()
    }
}

#[cfg(test)]
#[path = "tests/decryption_error.rs"]
mod tests;
