//! Opening of messages: `spec/ratchet.md`, "Opening".
//!
//! Order: header trials, then whatever the authenticated header asks for (root step, chain walk),
//! then the body. Nothing changes before the delta is applied.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::braid::BraidDelta;
use super::braid::BraidPart;
use crate::error::Error;
use crate::primitives::aead;
use crate::primitives::aead::TAG;
use crate::primitives::codec::Reader;
use crate::primitives::dh;
use crate::protocol::handshake::x3dh::SessionKeys;
use crate::protocol::padding::{MAX_BODY, content_length};

use super::chain::{ChainKey, SkippedKeys};
use super::delta::{MessagePlace, RatchetDelta};
use super::exporter::MessageSecret;
use super::header::{ClearHeader, Header, SealedHeader};
use super::imprint::Imprint;
use super::keys::Trial;
use super::profile::Native;
use super::ratchet::Ratchet;

/// A message whose header was authentic.
pub(crate) struct StagedHeader<'a> {
    ratchet: &'a Ratchet,
    clear: ClearHeader,
    header: Header,
    trial: Trial<'a>,
    parts: Parts<'a>,
}

/// The parts of a message behind its clear header.
#[derive(Clone, Copy)]
struct Parts<'a> {
    whole: &'a [u8],
    header_tag: &'a [u8; TAG],
    tag: &'a [u8; TAG],
    body: &'a [u8],
}

/// A body's text, its secret, and what its key changes.
type OpenedText = ((Zeroizing<Vec<u8>>, Box<MessageSecret>), MessagePlace, ChainKey, SkippedKeys);

/// The content of an opened message, its secret, and the change that using its key makes.
pub(crate) type OpenedMessage = (Zeroizing<Vec<u8>>, Box<MessageSecret>, RatchetDelta);

/// A session's first message, once it is opened.
pub(crate) struct FirstMessage {
    pub(crate) content: Zeroizing<Vec<u8>>,
    pub(crate) secret: Box<MessageSecret>,
    /// Its number in the first chain.
    pub(crate) number: u32,
    pub(crate) delta: RatchetDelta,
}

impl Ratchet<Native> {
    /// Makes the responder's ratchet, which exists only once a first message has been opened: its
    /// signed prekey is its first ratchet key, and the message the answer to it.
    ///
    /// The message's delta is to be applied in the ratchet's last place: a move would leave a copy of the keys
    /// that it brings.
    pub(crate) fn accept(
        keys: SessionKeys,
        signed_prekey: &dh::SecretKey,
        clear: ClearHeader,
        payload: &[u8],
    ) -> Result<(Self, FirstMessage), Error> {
        let (sealed, parts) = split(payload, &clear)?;
        let header = sealed.open(&keys.initiator_header).ok_or(Error::Forged)??;
        let ratchet = Self::answer(keys, header.ratchet);
        let trial = Trial::First(signed_prekey);
        ratchet.check(&header, trial)?;
        let staged = StagedHeader { ratchet: &ratchet, clear, header, trial, parts };
        let (content, secret, delta) = staged.open()?;
        Ok((ratchet, FirstMessage { content, secret, number: header.number, delta }))
    }

    /// Tries the header keys in their fixed order. A stranger's bytes end here.
    pub(crate) fn stage<'a>(
        &'a self,
        clear: ClearHeader,
        payload: &'a [u8],
    ) -> Result<StagedHeader<'a>, Error> {
        let (sealed, parts) = split(payload, &clear)?;
        let current = self.receiving.iter().map(|current| (&current.header, Trial::Current));
        let next = core::iter::once((&self.next_receiving_header, Trial::Next));
        let closed = self.closed.iter().map(|closed| (&closed.header, Trial::Closed(closed.chain)));
        for (key, trial) in current.chain(next).chain(closed) {
            if let Some(header) = sealed.open(&key.0) {
                let header = header?;
                self.check(&header, trial)?;
                return Ok(StagedHeader { ratchet: self, clear, header, trial, parts });
            }
        }
        Err(Error::Forged)
    }

    /// Checks that the header names the same ratchet key, previous length and pq epoch as every other
    /// of its chain.
    fn check(&self, header: &Header, trial: Trial<'_>) -> Result<(), Error> {
        // The number after it could not be counted; no sender uses it.
        if header.number == u32::MAX {
            return Err(Error::TooFarAhead);
        }
        let constants = match trial {
            Trial::Current => {
                self.receiving.as_ref().map(|at| (at.ratchet, at.previous, at.pq_epoch))
            }
            Trial::Next | Trial::First(_) => return Ok(()),
            Trial::Closed(chain) => {
                let mut closed = self.closed.iter().filter(|at| at.chain == chain);
                closed.next().map(|at| (at.ratchet, at.previous, at.pq_epoch))
            }
        };
        match constants {
            Some(constants) if constants == (header.ratchet, header.previous, header.pq_epoch) => {
                Ok(())
            }
            // Two copies of one state each made a ratchet key for the same turn.
            Some((ratchet, ..)) if ratchet != header.ratchet => Err(Error::StateCloned),
            _ => Err(Error::Inconsistent),
        }
    }
}

impl StagedHeader<'_> {
    /// Opens the body: returns the content, the message's secret, and the change that using its key makes.
    pub(crate) fn open(self) -> Result<OpenedMessage, Error> {
        let ((mut text, secret), place, chain_key, skipped) = self.text()?;
        let (length, braid) = self.braid(&text, &place)?;
        text.truncate(length);
        let (number, trace) = (self.header.number, self.imprint().to_bytes());
        let delta =
            RatchetDelta { place, chain_key, skipped, number, trace, braid, reserved: None };
        Ok((text, secret, delta))
    }

    /// Opens the body's text without its padding, and tells what using its key changes.
    pub(super) fn text(&self) -> Result<OpenedText, Error> {
        let (key, change, chain_key, skipped) =
            self.ratchet.key(self.trial, &self.header.place(), || self.imprint())?;
        let place =
            self.ratchet.place(self.ratchet.role.other(), &self.clear, &self.header.encode());
        let mut text = Zeroizing::new(self.parts.body.to_vec());
        aead::open(
            key.bytes(),
            &self.header.nonce,
            &Ratchet::body_ad(&place),
            &mut text,
            self.parts.tag,
        )?;
        let length = content_length(&text)?;
        text.truncate(length);
        let secret = Box::new(MessageSecret::new(key.bytes(), &place));
        Ok(((text, secret), change, chain_key, skipped))
    }

    /// Tells how much of a text is content, and what the message changes in the braid. This comes last,
    /// behind a body that opened.
    fn braid(&self, text: &[u8], place: &MessagePlace) -> Result<(usize, BraidDelta), Error> {
        let part = BraidPart::decode(&self.header.part)?;
        let length = text.len().checked_sub(part.extra_bytes()).ok_or(Error::Inconsistent)?;
        let (_, extra) = text.split_at(length);
        let braid = &self.ratchet.braid;
        let mixes =
            matches!(place, MessagePlace::Next(new) if new.pq_epoch != self.ratchet.pq_epoch());
        let is_busy = braid.secret().is_some() && !mixes;
        let delta = braid.receive(&part, extra, is_busy)?;
        // A peer whose root has a secret is past its epoch, and says so in every message of the chain.
        // If this side accepted a message that did not, the secret would be erased while this side
        // still needs it.
        if mixes && braid.shared_secret().is_none() && !delta.is_followed() {
            return Err(Error::Inconsistent);
        }
        Ok((length, delta))
    }

    /// Tells whether the message begins a chain of the peer's.
    pub(crate) fn is_turn(&self) -> bool {
        matches!(self.trial, Trial::Next)
    }

    /// Returns the number of the receiving chain that the message is in, from 1.
    pub(crate) fn chain(&self) -> Result<u32, Error> {
        self.ratchet.chain_of(self.trial)
    }

    pub(crate) fn number(&self) -> u32 {
        self.header.number
    }

    #[cfg(test)]
    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    fn imprint(&self) -> Imprint {
        let Parts { whole, header_tag, .. } = self.parts;
        Imprint::of(&self.ratchet.imprint, &self.clear, whole, header_tag)
    }
}

/// Splits a message behind its clear header into its parts, the sealed header once more by itself.
fn split<'a>(
    payload: &'a [u8],
    clear: &ClearHeader,
) -> Result<(SealedHeader<'a>, Parts<'a>), Error> {
    let mut reader = Reader::new(payload);
    let (sealed, tag) = SealedHeader::read(&mut reader, clear)?;
    let body = reader.rest();
    // No genuine body is longer; a longer one would be copied before its tag is checked.
    if body.is_empty() || body.len() > MAX_BODY {
        return Err(Error::Malformed);
    }
    let header_tag = sealed.tag();
    Ok((sealed, Parts { whole: payload, header_tag, tag, body }))
}
