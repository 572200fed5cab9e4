//! Sending: `spec/ratchet.md`, "Sealing".
//!
//! ```text
//! body   = AES-256-GCM(key = message key, nonce = header.nonce,
//!                      ad = LABEL(ratchet/body) ‖ session id ‖ direction ‖ version ‖ kind ‖ header,
//!                      content ‖ extra chunks of the braid ‖ padding)
//! result = front ‖ sealed header ‖ tag of body ‖ body without tag
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::concat;
use crate::primitives::erasure::CHUNK;
use crate::primitives::kdf::hedged;
use crate::primitives::{aead, dh};
use crate::protocol::braid::Carriage;
use crate::protocol::labels;
use crate::protocol::padding::MAX_CONTENT;

use super::chain::{MessageKey, Missing};
use super::delta::{Delta, NewSending, Place};
use super::header::{Front, Header, HeaderKey};
use super::{ChainKey, OVERHEAD, Ratchet, Sending, SendingChain, Turn};

/// A message while it is put together, in one allocation.
pub(super) struct Draft {
    message: Vec<u8>,
    front: usize,
    end: usize,
}

impl Draft {
    /// The front, room for header and tag, and the content. Nothing is refused from here on: a draft
    /// that is dropped leaves its content behind.
    pub(super) fn begin(front: &[u8], content: &[u8], padded: usize) -> Self {
        let start = front.len().saturating_add(OVERHEAD);
        let end = start.saturating_add(padded);
        let mut message = Vec::with_capacity(end);
        message.extend_from_slice(front);
        message.resize(start, 0);
        message.extend_from_slice(content);
        Self { message, front: front.len(), end }
    }

    /// Chunks of the braid for which padding leaves room.
    pub(super) fn room(&self) -> usize {
        self.end.saturating_sub(self.message.len()).saturating_sub(1) / CHUNK
    }

    /// What ends with the content, for the chunks that go behind it.
    pub(super) fn body(&mut self) -> &mut Vec<u8> {
        &mut self.message
    }

    /// Pads and seals it: the message, and the tag of its body.
    pub(super) fn seal(
        self,
        ratchet: &Ratchet,
        about: &Front,
        (header_key, header): (&HeaderKey, &Header),
        key: &MessageKey,
    ) -> Result<(Vec<u8>, [u8; aead::TAG]), Error> {
        let Self { mut message, front, end } = self;
        message.push(0x80);
        message.resize(end, 0);
        let ad = ratchet.body_ad(ratchet.role, about, &header.encode());
        let (head, body) = message.split_at_mut(front.saturating_add(OVERHEAD));
        let tag = aead::seal(&key.0, &header.nonce, &ad, body)?;
        let sealed = header.seal(header_key, about, &tag)?;
        let (_, behind) = head.split_at_mut(front);
        behind.copy_from_slice(&concat::<OVERHEAD>(&[&sealed, &tag]));
        Ok((message, tag))
    }
}

/// Refuses content that is too long, or than which the padded length is not longer.
pub(super) fn check(content: &[u8], padded: usize) -> Result<(), Error> {
    let fits = content.len() <= MAX_CONTENT && padded > content.len();
    if fits { Ok(()) } else { Err(Error::BadArgument) }
}

/// A new nonce of a body.
pub(super) fn nonce(rng: &mut impl CryptoRng) -> [u8; aead::NONCE] {
    let mut nonce = [0; aead::NONCE];
    rng.fill_bytes(&mut nonce);
    nonce
}

/// Where a message is in the sending chain, existing or new.
struct Spot<'a> {
    ratchet: dh::PublicKey,
    previous: u32,
    number: u32,
    mixed: u32,
    header: &'a HeaderKey,
}

impl Ratchet {
    /// Seals one message behind `front`, which are the bytes in clear that `about` describes, its
    /// content padded to `padded` bytes. What was reserved and not used is free again.
    ///
    /// Nothing changes here: whoever drops the delta has sent nothing.
    pub(crate) fn seal(
        &self,
        about: &Front,
        front: &[u8],
        content: &[u8],
        padded: usize,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<u8>, Delta), Error> {
        check(content, padded)?;
        let begun = match &self.sending {
            Sending::Due(due) => Some(self.begin(&due.peer, due.sealed, rng)?),
            Sending::Active(_) => None,
            Sending::Answering { .. } => return Err(Error::BadArgument),
        };
        let (spot, chain) = self.spot(begun.as_ref())?;
        let next = spot.number.checked_add(1).ok_or(Error::Exhausted)?;
        let (key, chain) = chain.step();
        let nonce = nonce(rng);
        let mut draft = Draft::begin(front, content, padded);
        let carriage = Carriage {
            number: spot.number,
            room: draft.room(),
            is_busy: self.braid.secret().is_some() && spot.mixed == self.mixed(),
        };
        let (part, braid) = self.braid.send(&carriage, draft.body(), rng);
        let Spot { ratchet, previous, number, mixed, header: header_key } = spot;
        let header = Header { ratchet, previous, number, nonce, mixed, part: part.encode() };
        let (message, tag) = draft.seal(self, about, (header_key, &header), &key)?;
        let place = begun.map_or(Place::Sent, |(new, _)| Place::SentNext(new));
        let (number, missing) = (next, Missing::new());
        Ok((message, Delta { place, chain, missing, number, tag, braid, reserved: None }))
    }

    /// Where the message is: at the start of the chain that begins, or next in the going one.
    fn spot<'a>(
        &'a self,
        begun: Option<&'a (Box<NewSending>, ChainKey)>,
    ) -> Result<(Spot<'a>, &'a ChainKey), Error> {
        match (begun, &self.sending) {
            (Some((new, chain)), _) => {
                let (ratchet, previous, mixed) = (new.public, new.previous, new.mixed);
                let header = &self.next_sending_header;
                Ok((Spot { ratchet, previous, number: 0, mixed, header }, chain))
            }
            (None, Sending::Active(going)) => {
                let SendingChain { public, previous, mixed, header, .. } = &**going;
                let (ratchet, previous, number) = (*public, *previous, going.sealed());
                let spot = Spot { ratchet, previous, number, mixed: *mixed, header };
                Ok((spot, going.chain()))
            }
            (None, _) => Err(Error::BadArgument),
        }
    }

    /// The root step that begins a sending chain.
    fn begin(
        &self,
        peer: &dh::PublicKey,
        previous: u32,
        rng: &mut impl CryptoRng,
    ) -> Result<(Box<NewSending>, ChainKey), Error> {
        let own = dh::SecretKey::from_seed(hedged(&self.root, labels::RATCHET_KEY, &[], rng));
        let public = own.public();
        let secret = self.braid.shared_secret();
        let mixed = u32::from(secret.is_some());
        let mixed = self.mixed().checked_add(mixed).ok_or(Error::Exhausted)?;
        let Turn { root, chain, next_header } = self.turn(&own, peer, mixed, secret)?;
        Ok((Box::new(NewSending { own, public, previous, mixed, root, next_header }), chain))
    }
}
