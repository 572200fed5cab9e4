//! Sealing of messages: `spec/ratchet.md`, "Sealing".
//!
//! ```text
//! nonce           = random (12) ⊕ SHA-256(LABEL(ratchet/nonce)
//!                       ‖ DIGEST(imprint key, kind ‖ header without ratchet key and nonce, text))[0..12]
//! body ‖ body tag = AES-256-GCM(key = message key, nonce = nonce in the header,
//!                       ad = LABEL(ratchet/body) ‖ session id ‖ direction ‖ version ‖ kind ‖ header,
//!                       content ‖ extra chunks of the braid ‖ padding)
//! message         = clear header ‖ sealed header ‖ body tag ‖ body
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::braid::Capacity;
use crate::error::Error;
use crate::primitives::aead;
use crate::primitives::codec::{concat, first};
use crate::primitives::digest::Digest;
use crate::primitives::erasure::CHUNK;
use crate::primitives::kdf::hash;
use crate::protocol::labels;
use crate::protocol::padding::MAX_CONTENT;

use super::chain::{MessageKey, SkippedKeys};
use super::delta::RatchetDelta;
use super::exporter::MessageSecret;
use super::header::{ClearHeader, Header, HeaderKey};
use super::message_chain::SendPosition;
use super::profile::Native;
use super::ratchet::{OVERHEAD, Ratchet};

/// The place of the nonce in a header until there is one.
pub(super) const NO_NONCE: [u8; aead::NONCE] = [0; aead::NONCE];

/// A message while it is put together, in one allocation.
pub(super) struct MessageBuilder {
    message: Vec<u8>,
    clear: usize,
    end: usize,
}

impl MessageBuilder {
    /// Begins with the clear header, room for header and tag, and the content. Nothing is refused from
    /// here on: a builder that is dropped leaves its content behind.
    pub(super) fn begin(clear: &[u8], content: &[u8], padded: usize) -> Self {
        let start = clear.len().saturating_add(OVERHEAD);
        let end = start.saturating_add(padded);
        let mut message = Vec::with_capacity(end);
        message.extend_from_slice(clear);
        message.resize(start, 0);
        message.extend_from_slice(content);
        Self { message, clear: clear.len(), end }
    }

    /// Counts the chunks of the braid for which padding leaves room.
    pub(super) fn room(&self) -> usize {
        self.end.saturating_sub(self.message.len()).saturating_sub(1) / CHUNK
    }

    /// Returns the message buffer, which ends with the content; chunks are appended to it.
    pub(super) fn body(&mut self) -> &mut Vec<u8> {
        &mut self.message
    }

    /// Pads and seals the message; returns it with the tag of its body and its secret. The header has no nonce yet.
    pub(super) fn seal(
        self,
        ratchet: &Ratchet,
        about: &ClearHeader,
        (header_key, mut header): (&HeaderKey, Header),
        key: &MessageKey,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<u8>, [u8; aead::TAG], MessageSecret), Error> {
        let Self { mut message, clear, end } = self;
        message.push(0x80);
        message.resize(end, 0);
        let (head, body) = message.split_at_mut(clear.saturating_add(OVERHEAD));
        header.nonce = ratchet.nonce(about.kind, &header, body, rng);
        let place = ratchet.place(ratchet.role, about, &header.encode());
        let tag = aead::seal(&key.0, &header.nonce, &Ratchet::body_ad(&place), body)?;
        let sealed = header.seal(header_key, about, &tag)?;
        let (_, behind) = head.split_at_mut(clear);
        behind.copy_from_slice(&concat::<OVERHEAD>(&[&sealed, &tag]));
        Ok((message, tag, MessageSecret::new(&key.0, &place)))
    }
}

/// Refuses content over the maximum, or not shorter than its padded length.
pub(super) fn check(content: &[u8], padded: usize) -> Result<(), Error> {
    let fits = content.len() <= MAX_CONTENT && padded > content.len();
    if fits { Ok(()) } else { Err(Error::ContentTooLong) }
}

impl Ratchet<Native> {
    /// Seals one message behind `clear`, whose meaning is in `about`, with its content padded to
    /// `padded` bytes. Reserved numbers that were not used are free again.
    ///
    /// Nothing changes here: to drop the delta is to have sent nothing.
    pub(crate) fn seal(
        &self,
        about: &ClearHeader,
        clear: &[u8],
        content: &[u8],
        padded: usize,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<u8>, RatchetDelta, MessageSecret), Error> {
        check(content, padded)?;
        let chain = self.message_chain(rng)?;
        let (position, chain_key) = chain.position(&self.next_sending_header);
        let next = position.number.checked_add(1).ok_or(Error::ChainExhausted)?;
        let (key, chain_key) = chain_key.step();
        let mut builder = MessageBuilder::begin(clear, content, padded);
        let capacity = Capacity {
            number: position.number,
            room: builder.room(),
            is_busy: self.braid.secret().is_some() && position.pq_epoch == self.pq_epoch(),
        };
        let (part, braid) = self.braid.send(&capacity, builder.body(), rng);
        let SendPosition { ratchet, previous, number, pq_epoch, header: header_key } = position;
        let header =
            Header { ratchet, previous, number, nonce: NO_NONCE, pq_epoch, part: part.encode() };
        let (message, trace, secret) =
            builder.seal(self, about, (header_key, header), &key, rng)?;
        let (place, number, skipped) = (chain.place(), next, SkippedKeys::new());
        Ok((
            message,
            RatchetDelta { place, chain_key, skipped, number, trace, braid, reserved: None },
            secret,
        ))
    }

    /// Makes the nonce of a body, so that a generator that repeats itself gives no two bodies one nonce under one
    /// key: whatever two texts or their headers differ in makes another one. All else that their associated data
    /// holds is the same for one message key.
    pub(super) fn nonce(
        &self,
        kind: u8,
        header: &Header,
        text: &[u8],
        rng: &mut impl CryptoRng,
    ) -> [u8; aead::NONCE] {
        let mut random = [0; aead::NONCE];
        rng.fill_bytes(&mut random);
        let digest = Digest::new(&self.imprint).of(&header.varying(kind), text);
        let digest = Zeroizing::new(digest);
        let mut nonce: [u8; aead::NONCE] = first(&hash(&[labels::RATCHET_NONCE, &*digest]));
        for (byte, random) in nonce.iter_mut().zip(random) {
            *byte ^= random;
        }
        nonce
    }
}
