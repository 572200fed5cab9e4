//! Sealed headers of messages: `spec/ratchet.md`, "Header".
//!
//! ```text
//! header = ratchet key (32) ‖ u32(previous) ‖ u32(number) ‖ body nonce (12) ‖ u32(pq_epoch) ‖ braid part (40)
//! sealed = AES-256-GCM(key = header key, nonce = body tag[0..12],
//!                      ad = LABEL(ratchet/header) ‖ version ‖ kind ‖ prefix hash ‖ body tag,
//!                      header)
//! ```

use super::braid::PART;
use crate::error::Error;
use crate::primitives::aead;
use crate::primitives::aead::{NONCE, TAG};
use crate::primitives::codec::{Reader, concat, first};
use crate::primitives::dh;
use crate::primitives::secret::Secret;
use crate::protocol::labels;

/// Length of a header in bytes, before it is sealed.
pub(crate) const HEADER: usize = 32 + 4 + 4 + NONCE + 4 + PART;

const VARYING: usize = 1 + HEADER - 32 - NONCE;

/// Length of a sealed header in bytes.
pub(crate) const SEALED_HEADER: usize = HEADER + TAG;

/// The key that seals the headers of one chain: at most 2^32 of them, each under a nonce taken
/// from the tag of a body that has a key of its own.
pub(crate) struct HeaderKey(pub(crate) Secret<32>);

/// The clear bytes in front of a sealed header.
#[derive(Clone, Copy)]
pub(crate) struct ClearHeader {
    pub(crate) version: u8,
    pub(crate) kind: u8,
    /// SHA-256 of the handshake's prefix, or zeros for an ordinary message.
    pub(crate) prefix_hash: [u8; 32],
}

/// A header in clear.
#[derive(Clone, Copy)]
pub(crate) struct Header {
    pub(crate) ratchet: dh::PublicKey,
    pub(crate) previous: u32,
    pub(crate) number: u32,
    pub(crate) nonce: [u8; NONCE],
    /// The newest epoch of the braid that is in the root when the chain begins.
    pub(crate) pq_epoch: u32,
    /// The braid part, not yet read.
    pub(crate) part: [u8; PART],
}

/// The place of a message as its header names it.
#[derive(Clone, Copy)]
pub(super) struct HeaderPlace {
    pub(super) ratchet: dh::PublicKey,
    /// Number of messages in the chain before.
    pub(super) previous: u32,
    pub(super) number: u32,
    pub(super) pq_epoch: u32,
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER] {
        concat(&[
            self.ratchet.bytes(),
            &self.previous.to_be_bytes(),
            &self.number.to_be_bytes(),
            &self.nonce,
            &self.pq_epoch.to_be_bytes(),
            &self.part,
        ])
    }

    /// Returns the place of the message that it names.
    pub(super) fn place(&self) -> HeaderPlace {
        let Self { ratchet, previous, number, pq_epoch, .. } = *self;
        HeaderPlace { ratchet, previous, number, pq_epoch }
    }

    /// Encodes what two headers under one message key can differ in besides the nonce.
    pub(super) fn varying(&self, kind: u8) -> [u8; VARYING] {
        let (previous, number) = (self.previous.to_be_bytes(), self.number.to_be_bytes());
        concat(&[&[kind], &previous, &number, &self.pq_epoch.to_be_bytes(), &self.part])
    }

    fn decode(bytes: &[u8; HEADER]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            Ok(Self {
                ratchet: dh::PublicKey::decode(*reader.array()?)?,
                previous: reader.u32()?,
                number: reader.u32()?,
                nonce: *reader.array()?,
                pq_epoch: reader.u32()?,
                part: *reader.array()?,
            })
        })
    }

    pub(crate) fn seal(
        &self,
        key: &HeaderKey,
        clear: &ClearHeader,
        body_tag: &[u8; TAG],
    ) -> Result<[u8; SEALED_HEADER], Error> {
        let mut sealed = [0; SEALED_HEADER];
        let (header, tag) = sealed.split_at_mut(HEADER);
        header.copy_from_slice(&self.encode());
        let ad = associated(clear, body_tag);
        tag.copy_from_slice(&aead::seal(&key.0, &nonce(body_tag), &ad, header)?);
        Ok(sealed)
    }
}

/// A sealed header as it came.
pub(crate) struct SealedHeader<'a> {
    text: &'a [u8; HEADER],
    tag: &'a [u8; TAG],
    body_tag: &'a [u8; TAG],
    associated: [u8; ASSOCIATED],
}

impl<'a> SealedHeader<'a> {
    pub(crate) fn read(
        reader: &mut Reader<'a>,
        clear: &ClearHeader,
    ) -> Result<(Self, &'a [u8; TAG]), Error> {
        let (text, tag, body_tag) = (reader.array()?, reader.array()?, reader.array()?);
        Ok((Self { text, tag, body_tag, associated: associated(clear, body_tag) }, body_tag))
    }

    pub(crate) fn tag(&self) -> &'a [u8; TAG] {
        self.tag
    }

    /// Tries one header key. `None` if the header was not sealed under it.
    pub(crate) fn open(&self, key: &Secret<32>) -> Option<Result<Header, Error>> {
        let mut header = *self.text;
        aead::open(key, &nonce(self.body_tag), &self.associated, &mut header, self.tag).ok()?;
        Some(Header::decode(&header))
    }
}

const ASSOCIATED: usize = labels::RATCHET_HEADER.len() + 2 + 32 + TAG;

fn associated(clear: &ClearHeader, body_tag: &[u8; TAG]) -> [u8; ASSOCIATED] {
    concat(&[labels::RATCHET_HEADER, &[clear.version, clear.kind], &clear.prefix_hash, body_tag])
}

fn nonce(body_tag: &[u8; TAG]) -> [u8; NONCE] {
    first(body_tag)
}
