//! Messages of sender keys: `spec/third-party.md`, "Groups".
//!
//! ```text
//! distribution = 33 ‖ { 1: distribution id (16), 2: chain id, 3: iteration, 4: chain key (32), 5: signing key (33) }
//! message      = 33 ‖ { 1: distribution id (16), 2: chain id, 3: iteration, 4: ciphertext } ‖ signature (64)
//! ```
//!
//! The old form has no distribution id; the number of each other field is one less.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::aes_cbc::{BLOCK, padded};
use crate::primitives::codec::Writer;
use crate::primitives::dh;
use crate::primitives::protobuf::{self, Field, begin_bytes, put_bytes, put_number};
use crate::primitives::secret::Secret;
use crate::primitives::sign::Signature;
use crate::primitives::xeddsa;
use crate::protocol::padding::MAX_CONTENT;
use crate::protocol::ratchet::ChainKey;
use crate::signal::keys::{public_key, typed};
use crate::signal::policy::ForeignDevice;
use crate::signal::service_id::Uuid;

/// Version of both messages in both halves of a byte: what it is, and the newest that its sender speaks.
const VERSION: u8 = 0x33;

/// Length of a signature in bytes.
const SIGNATURE: usize = 64;

/// The place of a message in its sender's chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Absent in the old form.
    pub(super) distribution: Option<Uuid>,
    pub(super) chain: u32,
    pub(super) iteration: u32,
}

impl Place {
    /// Begins a message, and returns it with the number of the field that comes next.
    fn begin(&self) -> (Writer, u8) {
        let mut writer = Writer::new();
        writer.u8(VERSION);
        let mut field = 1;
        if let Some(distribution) = &self.distribution {
            put_bytes(&mut writer, field, &distribution.0);
            field = 2;
        }
        put_number(&mut writer, field, self.chain);
        put_number(&mut writer, field.wrapping_add(1), self.iteration);
        (writer, field.wrapping_add(2))
    }

    /// Reads the place, and returns it with the two fields behind it.
    fn read(bytes: &[u8]) -> Result<(Self, [Field<'_>; 2]), Error> {
        let (version, body) = bytes.split_first().ok_or(Error::Malformed)?;
        if *version != VERSION {
            return Err(Error::UnknownVersion(*version));
        }
        let [first, second, third, fourth, fifth] = protobuf::read::<5>(body)?;
        // The first field tells the form: an id is bytes, and a number is none.
        let (distribution, [chain, iteration, rest @ ..]) = match first.array() {
            Ok(id) => (Some(Uuid(*id)), [second, third, fourth, fifth]),
            Err(_) => (None, [first, second, third, fourth]),
        };
        Ok((Self { distribution, chain: chain.u32()?, iteration: iteration.u32()? }, rest))
    }
}

/// The chain and signing key in a distribution message. It says nothing about who made it.
pub(super) struct ToldChain {
    pub(super) place: Place,
    pub(super) key: ChainKey,
    pub(super) signing: dh::PublicKey,
}

impl ToldChain {
    /// Decodes a distribution message of either form.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (place, [key, signing]) = Place::read(bytes)?;
        let key = ChainKey(Secret::copy(key.array()?));
        Ok(Self { place, key, signing: public_key(signing.bytes()?)? })
    }

    pub(super) fn encode(
        place: Place,
        key: &ChainKey,
        signing: &dh::PublicKey,
    ) -> Zeroizing<Vec<u8>> {
        let (mut writer, field) = place.begin();
        put_bytes(&mut writer, field, key.0.expose());
        put_bytes(&mut writer, field.wrapping_add(1), &typed(signing));
        writer.secret()
    }
}

/// A message of a group that came in the name of a device, before anything in it is verified
/// ([`Client::read_group_message`](crate::signal::Client::read_group_message)).
#[derive(Clone, Copy, Debug)]
pub struct SenderKeyMessage<'a> {
    from: &'a ForeignDevice,
    pub(super) place: Place,
    pub(super) ciphertext: &'a [u8],
    signed: &'a [u8],
    signature: &'a Signature,
}

impl<'a> SenderKeyMessage<'a> {
    /// Decodes a message of either form.
    pub(super) fn decode(from: &'a ForeignDevice, bytes: &'a [u8]) -> Result<Self, Error> {
        let (signed, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(Error::Malformed)?;
        let (place, [ciphertext, _]) = Place::read(signed)?;
        let ciphertext = ciphertext.bytes()?;
        let is_whole = !ciphertext.is_empty() && ciphertext.len().is_multiple_of(BLOCK);
        if !is_whole || ciphertext.len() > padded(MAX_CONTENT) {
            return Err(Error::Malformed);
        }
        Ok(Self { from, place, ciphertext, signed, signature })
    }

    /// Returns the device in whose name it came.
    #[must_use]
    pub fn sender(&self) -> &'a ForeignDevice {
        self.from
    }

    /// Returns the id of the distribution that it claims to be of; the old form has none.
    #[must_use]
    pub fn distribution(&self) -> Option<Uuid> {
        self.place.distribution
    }

    /// Checks that the holder of a signing key made it.
    pub(super) fn verify(&self, signing: &dh::PublicKey) -> Result<(), Error> {
        xeddsa::verify(signing, &[self.signed], self.signature)
    }

    /// Returns what identifies the message among those that hold.
    pub(super) fn signature(&self) -> &Signature {
        self.signature
    }
}

/// Begins a message: returns everything in front of a ciphertext of so many bytes, and has room for the rest.
pub(super) fn begin_message(place: Place, ciphertext: usize) -> Vec<u8> {
    let (mut writer, field) = place.begin();
    begin_bytes(&mut writer, field, ciphertext);
    let begun = writer.written();
    let rest = ciphertext.saturating_add(SIGNATURE);
    let mut message = Vec::with_capacity(begun.len().saturating_add(rest));
    message.extend_from_slice(begun);
    message
}

#[cfg(test)]
#[path = "tests/wire.rs"]
mod tests;
