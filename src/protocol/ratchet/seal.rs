//! Sending: `spec/ratchet.md`, "Sealing".
//!
//! ```text
//! body   = AES-256-GCM(key = message key, nonce = header.nonce,
//!                      ad = LABEL(ratchet/body) ‖ session id ‖ direction ‖ version ‖ kind ‖ header,
//!                      padded content)
//! result = front ‖ sealed header ‖ tag of body ‖ body without tag
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::concat;
use crate::primitives::kdf::hedged;
use crate::primitives::{aead, dh};
use crate::protocol::labels;
use crate::protocol::padding::MAX_CONTENT;

use super::chain::Missing;
use super::delta::{Delta, NewSending, Place};
use super::header::{Front, Header, HeaderKey};
use super::{ChainKey, OVERHEAD, Ratchet, Sending};

/// Where a message is in the sending chain, existing or new.
struct Spot<'a> {
    ratchet: dh::PublicKey,
    previous: u32,
    number: u32,
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
        let (spot, chain): (Spot<'_>, &ChainKey) = match (&begun, &self.sending) {
            (Some((new, chain)), _) => (
                Spot {
                    ratchet: new.public,
                    previous: new.previous,
                    number: 0,
                    header: &self.next_sending_header,
                },
                chain,
            ),
            (None, Sending::Active(going)) => (
                Spot {
                    ratchet: going.public,
                    previous: going.previous,
                    number: going.number,
                    header: &going.header,
                },
                &going.chain,
            ),
            (None, _) => return Err(Error::BadArgument),
        };
        let next = spot.number.checked_add(1).ok_or(Error::Exhausted)?;
        let (key, chain) = chain.step();
        let mut nonce = [0; aead::NONCE];
        rng.fill_bytes(&mut nonce);
        let header =
            Header { ratchet: spot.ratchet, previous: spot.previous, number: spot.number, nonce };

        let start = front.len().saturating_add(OVERHEAD);
        let mut message = Vec::with_capacity(start.saturating_add(padded));
        message.extend_from_slice(front);
        message.resize(start, 0);
        message.extend_from_slice(content);
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
        Ok((message, Delta { place, chain, missing, number: next, tag }))
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
        let turn = self.turn(&own, peer)?;
        let new =
            NewSending { own, public, previous, root: turn.root, next_header: turn.next_header };
        Ok((Box::new(new), turn.chain))
    }
}
