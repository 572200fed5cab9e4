//! Receiving: `spec/ratchet.md`, "Opening".
//!
//! Order: header trials, then whatever the authenticated header asks for (root step, chain walk),
//! then the body. Nothing changes before the delta is applied.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::aead::{self, TAG};
use crate::primitives::codec::Reader;
use crate::primitives::secret::Secret;
use crate::protocol::braid::{Part, Step};
use crate::protocol::padding::{MAX_BODY, content_length};

use super::chain::{ChainKey, MessageKey, Missing, walk};
use super::delta::{Delta, NewReceiving, Place};
use super::header::{Front, Header, SealedHeader};
use super::skipped::find;
use super::{MAX_SKIP, Ratchet, ReceivingChain, Sending};

/// Which of the session's chains a header belongs to.
#[derive(Clone, Copy)]
enum Chain {
    Current,
    Next,
    Closed(u32),
}

/// A message whose header was authentic.
pub(crate) struct Staged<'a> {
    ratchet: &'a Ratchet,
    front: Front,
    header: Header,
    chain: Chain,
    tag: &'a [u8; TAG],
    body: &'a [u8],
}

/// The key of a body: kept since its message was found missing, or derived now.
enum BodyKey<'a> {
    Kept(&'a MessageKey),
    New(MessageKey),
}

/// A body's key, and what using it changes: where the message is, the chain after it, and the keys
/// newly passed over.
type Keyed<'a> = (BodyKey<'a>, Place, ChainKey, Missing);

/// A body's text, and what its key changes.
type Text = (Zeroizing<Vec<u8>>, Place, ChainKey, Missing);

impl BodyKey<'_> {
    fn bytes(&self) -> &Secret<32> {
        match self {
            Self::Kept(key) => &key.0,
            Self::New(key) => &key.0,
        }
    }
}

impl Ratchet {
    /// Tries the header keys in their fixed order. A stranger's bytes end here.
    pub(crate) fn stage<'a>(
        &'a self,
        front: Front,
        payload: &'a [u8],
    ) -> Result<Staged<'a>, Error> {
        let mut reader = Reader::new(payload);
        let (sealed, tag) = SealedHeader::read(&mut reader, &front)?;
        let body = reader.rest();
        // No genuine body is longer; what is would be copied before its tag is checked.
        if body.is_empty() || body.len() > MAX_BODY {
            return Err(Error::Malformed);
        }
        let current = self.receiving.iter().map(|chain| (&chain.header, Chain::Current));
        let next = core::iter::once((&self.next_receiving_header, Chain::Next));
        let closed = self.closed.iter().map(|chain| (&chain.header, Chain::Closed(chain.step)));
        for (key, chain) in current.chain(next).chain(closed) {
            if let Some(header) = sealed.open(key) {
                let header = header?;
                self.check(&header, chain)?;
                return Ok(Staged { ratchet: self, front, header, chain, tag, body });
            }
        }
        Err(Error::Forged)
    }

    /// Every header of a chain must name the same ratchet key, previous length and mixed epoch.
    fn check(&self, header: &Header, chain: Chain) -> Result<(), Error> {
        // The number after it could not be counted; no sender uses it.
        if header.number == u32::MAX {
            return Err(Error::TooFarAhead);
        }
        let constants = match chain {
            Chain::Current => self.receiving.as_ref().map(|at| (at.ratchet, at.previous, at.mixed)),
            Chain::Next => return Ok(()),
            Chain::Closed(step) => {
                let mut closed = self.closed.iter().filter(|at| at.step == step);
                closed.next().map(|at| (at.ratchet, at.previous, at.mixed))
            }
        };
        match constants {
            Some(constants) if constants == (header.ratchet, header.previous, header.mixed) => {
                Ok(())
            }
            // Two copies of one state each made a ratchet key for the same turn.
            Some((ratchet, ..)) if ratchet != header.ratchet => Err(Error::Cloned),
            _ => Err(Error::Inconsistent),
        }
    }
}

impl<'a> Staged<'a> {
    /// Opens the body: the content, and the change that consuming its key makes.
    pub(crate) fn open(self) -> Result<(Zeroizing<Vec<u8>>, Delta), Error> {
        let (mut text, place, chain, missing) = self.text()?;
        let (length, braid) = self.braid(&text, &place)?;
        text.truncate(length);
        let (number, tag) = (self.header.number, *self.tag);
        Ok((text, Delta { place, chain, missing, number, tag, braid, reserved: None }))
    }

    /// The text of the body without its padding, and what using its key changes.
    pub(super) fn text(&self) -> Result<Text, Error> {
        let (key, place, chain, missing) = match self.chain {
            Chain::Next => self.next_chain()?,
            Chain::Current => self.current_chain()?,
            Chain::Closed(step) => self.late(step)?,
        };
        let ad =
            self.ratchet.body_ad(self.ratchet.role.other(), &self.front, &self.header.encode());
        let mut text = Zeroizing::new(self.body.to_vec());
        aead::open(key.bytes(), &self.header.nonce, &ad, &mut text, self.tag)?;
        let length = content_length(&text)?;
        text.truncate(length);
        Ok((text, place, chain, missing))
    }

    /// Only now, behind a body that opened: how much of the text is content, and what the message
    /// moves of the braid.
    fn braid(&self, text: &[u8], place: &Place) -> Result<(usize, Step), Error> {
        let part = Part::decode(&self.header.part)?;
        let length = text.len().checked_sub(part.extra_bytes()).ok_or(Error::Inconsistent)?;
        let (_, extra) = text.split_at(length);
        let braid = &self.ratchet.braid;
        let mixes = matches!(place, Place::Next(new) if new.mixed != self.ratchet.mixed());
        let is_busy = braid.secret().is_some() && !mixes;
        let step = braid.receive(&part, extra, is_busy)?;
        // Who mixes a secret is past its epoch, and says so in every message of the chain. Were it
        // taken without that word, the secret would be gone while this side still needs it.
        if mixes && braid.shared_secret().is_none() && !step.is_followed() {
            return Err(Error::Inconsistent);
        }
        Ok((length, step))
    }

    /// The number of the receiving chain that the message is in, from 1.
    pub(crate) fn step(&self) -> Result<u32, Error> {
        match (self.chain, &self.ratchet.receiving) {
            (Chain::Closed(step), _) => Ok(step),
            (Chain::Current, Some(chain)) => Ok(chain.step),
            (Chain::Next, Some(chain)) => chain.step.checked_add(1).ok_or(Error::Exhausted),
            (_, None) => Ok(1),
        }
    }

    pub(crate) fn number(&self) -> u32 {
        self.header.number
    }

    #[cfg(test)]
    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    fn current_chain(&self) -> Result<Keyed<'a>, Error> {
        let Some(current) = &self.ratchet.receiving else {
            return Err(Error::Forged);
        };
        let number = self.header.number;
        if number < current.number {
            let key = find(&current.missing, number)
                .ok_or_else(|| self.ratchet.recent.explain(current.step, number, self.tag))?;
            return Ok(kept(key, current.step));
        }
        bound(number.saturating_sub(current.number), 0)?;
        let (missing, at) = walk(&current.chain, current.number, number)?;
        let (key, chain) = at.as_ref().unwrap_or(&current.chain).step();
        Ok((BodyKey::New(key), Place::Current, chain, missing))
    }

    fn next_chain(&self) -> Result<Keyed<'a>, Error> {
        let header = &self.header;
        let (missing_before, step) = match &self.ratchet.receiving {
            Some(current) => (self.closing(current)?, self.step()?),
            // The first chain has none before it.
            None if header.previous == 0 => (0, 1),
            None => return Err(Error::Inconsistent),
        };
        bound(header.number, missing_before)?;
        // A peer turns only in answer to a ratchet key of ours.
        let own = match &self.ratchet.sending {
            Sending::Active(chain) => &chain.own,
            Sending::Answering { own } => own,
            Sending::Due(_) => return Err(Error::Forged),
        };
        let secret = self.secret()?;
        let turn = self.ratchet.turn(own, &header.ratchet, header.mixed, secret)?;
        let closing = match &self.ratchet.receiving {
            Some(current) => walk(&current.chain, current.number, header.previous)?.0,
            None => Vec::new(),
        };
        let (missing, at) = walk(&turn.chain, 0, header.number)?;
        let (key, chain) = at.as_ref().unwrap_or(&turn.chain).step();
        let new = Box::new(NewReceiving {
            step,
            ratchet: header.ratchet,
            previous: header.previous,
            mixed: header.mixed,
            root: turn.root,
            next_header: turn.next_header,
            closing,
        });
        Ok((BodyKey::New(key), Place::Next(new), chain, missing))
    }

    /// The secret that the next chain's root step mixes, by the epoch that its header names.
    fn secret(&self) -> Result<Option<&'a Secret<32>>, Error> {
        let braid = &self.ratchet.braid;
        match self.header.mixed.checked_sub(self.ratchet.mixed()) {
            Some(0) => Ok(None),
            // The peer names what both have; an epoch that this side has not is an invention.
            Some(1) => braid.secret().map(Some).ok_or(Error::Inconsistent),
            _ => Err(Error::Inconsistent),
        }
    }

    /// How many messages of the current chain are missing, by the length that the next chain's
    /// header gives for it.
    fn closing(&self, current: &ReceivingChain) -> Result<u32, Error> {
        let same_key = current.ratchet == self.header.ratchet;
        let missing = self.header.previous.checked_sub(current.number);
        missing.filter(|_| !same_key).ok_or(Error::Inconsistent)
    }

    fn late(&self, step: u32) -> Result<Keyed<'a>, Error> {
        let number = self.header.number;
        let mut chains = self.ratchet.closed.iter().filter(|chain| chain.step == step);
        let key = chains.next().and_then(|chain| find(&chain.missing, number));
        let key = key.ok_or_else(|| self.ratchet.recent.explain(step, number, self.tag))?;
        Ok(kept(key, step))
    }
}

/// A late message moves no chain.
fn kept(key: &MessageKey, step: u32) -> Keyed<'_> {
    let unmoved = ChainKey(Secret::copy(&[0; 32]));
    (BodyKey::Kept(key), Place::Late { step }, unmoved, Missing::new())
}

/// Refuses a message that is more than [`MAX_SKIP`] ahead, before any of that work is done.
fn bound(here: u32, before: u32) -> Result<(), Error> {
    match here.checked_add(before) {
        Some(skipped) if skipped <= MAX_SKIP => Ok(()),
        _ => Err(Error::TooFarAhead),
    }
}
