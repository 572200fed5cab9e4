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

use super::chain::Missing;
use super::delta::{Delta, NewSending, Place};
use super::header::{Front, Header, HeaderKey};
use super::{ChainKey, OVERHEAD, Ratchet, Sending, SendingChain, Turn};

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
    /// content padded to `padded` bytes.
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
        if content.len() > MAX_CONTENT || padded <= content.len() {
            return Err(Error::BadArgument);
        }
        let begun = match &self.sending {
            Sending::Due(due) => Some(self.begin(&due.peer, due.previous, rng)?),
            Sending::Active(_) => None,
            Sending::Answering { .. } => return Err(Error::BadArgument),
        };
        let (spot, chain) = self.spot(begun.as_ref())?;
        let next = spot.number.checked_add(1).ok_or(Error::Exhausted)?;
        let (key, chain) = chain.step();
        let mut nonce = [0; aead::NONCE];
        rng.fill_bytes(&mut nonce);

        let start = front.len().saturating_add(OVERHEAD);
        let mut message = Vec::with_capacity(start.saturating_add(padded));
        message.extend_from_slice(front);
        message.resize(start, 0);
        message.extend_from_slice(content);
        let carriage = Carriage {
            number: spot.number,
            room: padded.saturating_sub(content.len()).saturating_sub(1) / CHUNK,
            is_busy: self.braid.secret().is_some() && spot.mixed == self.mixed(),
        };
        let (part, braid) = self.braid.send(&carriage, &mut message, rng);
        let Spot { ratchet, previous, number, mixed, .. } = spot;
        let header = Header { ratchet, previous, number, nonce, mixed, part: part.encode() };
        message.push(0x80);
        message.resize(start.saturating_add(padded), 0);

        let ad = self.body_ad(self.role, about, &header.encode());
        let (head, body) = message.split_at_mut(start);
        let tag = aead::seal(&key.0, &nonce, &ad, body)?;
        let sealed = header.seal(spot.header, about, &tag)?;
        let (_, behind) = head.split_at_mut(front.len());
        behind.copy_from_slice(&concat::<OVERHEAD>(&[&sealed, &tag]));
        let place = begun.map_or(Place::Sent, |(new, _)| Place::SentNext(new));
        let missing = Missing::new();
        Ok((message, Delta { place, chain, missing, number: next, tag, braid }))
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
                let SendingChain { public, previous, number, mixed, header, .. } = &**going;
                let (ratchet, previous) = (*public, *previous);
                let spot = Spot { ratchet, previous, number: *number, mixed: *mixed, header };
                Ok((spot, &going.chain))
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
