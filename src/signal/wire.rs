//! Messages as they travel: `spec/third-party.md`, "Messages".
//!
//! ```text
//! message         = version byte ‖ protobuf { 1 ratchet key, 2 number, 3 previous, 4 text, 5 braid, 6 addresses }
//!                   ‖ MAC (8)
//! initial message = version byte ‖ protobuf { 1 one-time prekey, 2 base key, 3 identity key, 4 message,
//!                                             5 registration, 6 signed prekey, 7 KEM prekey, 8 KEM ciphertext }
//! ```

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::aes_cbc;
use crate::primitives::codec::{Writer, concat};
use crate::primitives::dh;
use crate::primitives::kyber;
use crate::primitives::protobuf;

use super::keys::{KEM, KEM_CIPHERTEXT, public_key, typed};
use super::message_keys::{Ends, MAC, MessageKeys};
use super::version::Version;

/// Length of the addresses in a message, in bytes.
pub(crate) const ADDRESSES: usize = 36;

/// Maximum length of a text in bytes, before and after decryption: what is longer travels as an attachment.
pub(crate) const MAX_TEXT: usize = 1 << 18;

/// Bytes of a message beside its text at most: version, keys of fields, numbers, a chunk, addresses, MAC.
const FRAME: usize = 160;

/// A message as it came. All of it is claims until its MAC is checked.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) version: Version,
    /// All of it.
    pub(crate) whole: &'a [u8],
    /// The bytes that the MAC covers, beside the identity keys.
    pub(crate) covered: &'a [u8],
    pub(crate) mac: &'a [u8; MAC],
    pub(crate) ratchet: dh::PublicKey,
    pub(crate) number: u32,
    pub(crate) previous: u32,
    pub(crate) text: &'a [u8],
    /// The sender's part of the post-quantum exchange. Version 4 always has one.
    pub(crate) braid: Option<&'a [u8]>,
    pub(crate) addresses: Option<&'a [u8; ADDRESSES]>,
}

impl<'a> Message<'a> {
    /// Reads a message.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let (covered, mac) = bytes.split_last_chunk::<MAC>().ok_or(Error::Malformed)?;
        let (version, body) = covered.split_first().ok_or(Error::Malformed)?;
        let version = Version::of(*version)?;
        let [ratchet, number, previous, text, braid, addresses] = protobuf::read::<6>(body)?;
        let message = Self {
            version,
            whole: bytes,
            covered,
            mac,
            ratchet: public_key(ratchet.bytes()?)?,
            number: number.u32()?,
            previous: previous.optional_u32()?.unwrap_or(0),
            text: text.bytes()?,
            braid: braid.optional_bytes()?,
            addresses: addresses
                .optional_bytes()?
                .map(|bytes| bytes.try_into().map_err(|_| Error::Malformed))
                .transpose()?,
        };
        let is_whole =
            !message.text.is_empty() && message.text.len().is_multiple_of(aes_cbc::BLOCK);
        let is_short = message.text.len() <= aes_cbc::padded(MAX_TEXT);
        let has_braid = message.braid.is_some() == (version == Version::V4);
        if is_whole && is_short && has_braid { Ok(message) } else { Err(Error::Malformed) }
    }
}

/// The clear part of a message that is to be sealed.
pub(crate) struct Clear<'a> {
    pub(crate) version: Version,
    pub(crate) ratchet: &'a dh::PublicKey,
    pub(crate) number: u32,
    pub(crate) previous: u32,
    pub(crate) braid: Option<&'a [u8]>,
    pub(crate) addresses: Option<&'a [u8; ADDRESSES]>,
}

impl Clear<'_> {
    /// Seals a text behind it.
    pub(crate) fn seal(
        &self,
        keys: &MessageKeys,
        ends: Ends<'_>,
        text: &[u8],
    ) -> Result<Vec<u8>, Error> {
        if text.len() > MAX_TEXT {
            return Err(Error::ContentTooLong);
        }
        let padded = aes_cbc::padded(text.len());
        let mut writer = Writer::with_room(padded.saturating_add(FRAME));
        writer.u8(self.version.byte());
        protobuf::put_bytes(&mut writer, 1, &typed(self.ratchet));
        protobuf::put_number(&mut writer, 2, self.number);
        protobuf::put_number(&mut writer, 3, self.previous);
        protobuf::begin_bytes(&mut writer, 4, padded);
        writer.raw(text);
        for _ in text.len()..padded {
            writer.u8(0);
        }
        keys.encrypt(writer.last(padded), text.len())?;
        if let Some(braid) = self.braid {
            protobuf::put_bytes(&mut writer, 5, braid);
        }
        if let Some(addresses) = self.addresses {
            protobuf::put_bytes(&mut writer, 6, addresses);
        }
        let mac = keys.mac(ends, writer.written());
        writer.raw(&mac);
        Ok(writer.public())
    }
}

/// The KEM prekey that an initiator used, and its ciphertext to it.
#[derive(Clone, Copy)]
pub(crate) struct KemPart<'a> {
    pub(crate) prekey: u32,
    pub(crate) ciphertext: &'a [u8; kyber::CIPHERTEXT],
}

/// An initial message: a message with what its receiver needs to begin a session.
#[derive(Clone, Copy)]
pub(crate) struct InitialMessage<'a> {
    pub(crate) one_time: Option<u32>,
    pub(crate) base: dh::PublicKey,
    pub(crate) identity: dh::PublicKey,
    pub(crate) message: Message<'a>,
    pub(crate) registration: u32,
    pub(crate) signed: u32,
    /// Version 4 always has one, version 3 never.
    pub(crate) kem: Option<KemPart<'a>>,
}

impl<'a> InitialMessage<'a> {
    /// Reads an initial message, and the message in it.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let (version, body) = bytes.split_first().ok_or(Error::Malformed)?;
        let version = Version::of(*version)?;
        let [one_time, base, identity, message, registration, signed, kem, ciphertext] =
            protobuf::read::<8>(body)?;
        let kem = match (kem.optional_u32()?, ciphertext.optional_bytes()?) {
            (None, None) if version == Version::V3 => None,
            (Some(prekey), Some(ciphertext)) if version == Version::V4 => {
                let (kind, ciphertext) = ciphertext.split_first().ok_or(Error::Malformed)?;
                let ciphertext = ciphertext.try_into().map_err(|_| Error::Malformed)?;
                if *kind != KEM {
                    return Err(Error::Malformed);
                }
                Some(KemPart { prekey, ciphertext })
            }
            _ => return Err(Error::Malformed),
        };
        let message = Message::decode(message.bytes()?)?;
        if message.version != version {
            return Err(Error::Malformed);
        }
        let base = public_key(base.bytes()?)?;
        // Two sessions that are one under every check but this: a base key with a part of small order.
        if !base.is_of_prime_order() {
            return Err(Error::WeakKey);
        }
        Ok(Self {
            one_time: one_time.optional_u32()?,
            base,
            identity: public_key(identity.bytes()?)?,
            message,
            registration: registration.optional_u32()?.unwrap_or(0),
            signed: signed.u32()?,
            kem,
        })
    }
}

/// The frame that an initiator puts around each message until it has had an answer.
pub(crate) struct Envelope<'a> {
    pub(crate) version: Version,
    pub(crate) one_time: Option<u32>,
    pub(crate) base: &'a dh::PublicKey,
    pub(crate) identity: &'a dh::PublicKey,
    pub(crate) registration: u32,
    pub(crate) signed: u32,
    pub(crate) kem: Option<KemPart<'a>>,
}

impl Envelope<'_> {
    /// Puts it around a sealed message.
    pub(crate) fn wrap(&self, message: &[u8]) -> Vec<u8> {
        let kem = if self.kem.is_some() { KEM_CIPHERTEXT } else { 0 };
        let room = message.len().saturating_add(kem).saturating_add(FRAME);
        let mut writer = Writer::with_room(room);
        writer.u8(self.version.byte());
        if let Some(one_time) = self.one_time {
            protobuf::put_number(&mut writer, 1, one_time);
        }
        protobuf::put_bytes(&mut writer, 2, &typed(self.base));
        protobuf::put_bytes(&mut writer, 3, &typed(self.identity));
        protobuf::put_bytes(&mut writer, 4, message);
        protobuf::put_number(&mut writer, 5, self.registration);
        protobuf::put_number(&mut writer, 6, self.signed);
        if let Some(KemPart { prekey, ciphertext }) = self.kem {
            protobuf::put_number(&mut writer, 7, prekey);
            let ciphertext: [u8; KEM_CIPHERTEXT] = concat(&[&[KEM], ciphertext]);
            protobuf::put_bytes(&mut writer, 8, &ciphertext);
        }
        writer.public()
    }
}

#[cfg(test)]
#[path = "tests/wire.rs"]
mod tests;
