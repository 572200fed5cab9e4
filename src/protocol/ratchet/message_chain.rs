//! The chain that this side's next message goes into: `spec/ratchet.md`, "Sealing".

use alloc::boxed::Box;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::dh;
use crate::primitives::kdf::hedged;
use crate::primitives::secret::Room;
use crate::protocol::labels;

use super::chain::ChainKey;
use super::delta::{MessagePlace, NewSending};
use super::header::HeaderKey;
use super::profile::{Profile, Turn};
use super::ratchet::{Ratchet, SendState, SendingChain};

/// The place of a message in the sending chain, existing or new.
pub(super) struct SendPosition<'a> {
    pub(super) ratchet: dh::PublicKey,
    pub(super) previous: u32,
    pub(super) number: u32,
    pub(super) pq_epoch: u32,
    pub(super) header: &'a HeaderKey,
}

/// The chain of a message.
pub(super) enum MessageChain<'a> {
    /// It begins with the message.
    New(Box<NewSending>, ChainKey),
    /// It goes on.
    Present(&'a SendingChain),
}

impl MessageChain<'_> {
    /// Returns the place of the message, and the key that the chain has there. `next_header` is the header key
    /// of a chain that begins.
    pub(super) fn position<'a>(
        &'a self,
        next_header: &'a HeaderKey,
    ) -> (SendPosition<'a>, &'a ChainKey) {
        match self {
            Self::New(new, chain_key) => {
                let (ratchet, previous, pq_epoch) = (new.public, new.previous, new.pq_epoch);
                let header = next_header;
                (SendPosition { ratchet, previous, number: 0, pq_epoch, header }, chain_key)
            }
            Self::Present(going) => {
                let SendingChain { public, previous, pq_epoch, header, .. } = *going;
                let (ratchet, previous, number) = (*public, *previous, going.sealed());
                let pq_epoch = *pq_epoch;
                (SendPosition { ratchet, previous, number, pq_epoch, header }, going.chain_key())
            }
        }
    }

    /// Returns the place of the message for its delta.
    pub(super) fn place(self) -> MessagePlace {
        match self {
            Self::New(new, _) => MessagePlace::SentNext(new),
            Self::Present(_) => MessagePlace::Sent(Room::EMPTY),
        }
    }
}

impl<P: Profile> Ratchet<P> {
    /// Returns the chain of the next message.
    pub(super) fn message_chain(
        &self,
        rng: &mut impl CryptoRng,
    ) -> Result<MessageChain<'_>, Error> {
        match &self.sending {
            SendState::Due(due) => {
                let (new, chain_key) = self.begin(&due.peer, due.sealed, rng)?;
                Ok(MessageChain::New(new, chain_key))
            }
            SendState::Active(going) => Ok(MessageChain::Present(going)),
        }
    }

    /// Takes the root step that begins a sending chain.
    fn begin(
        &self,
        peer: &dh::PublicKey,
        previous: u32,
        rng: &mut impl CryptoRng,
    ) -> Result<(Box<NewSending>, ChainKey), Error> {
        let own = dh::SecretKey::from_seed(hedged(&self.root, labels::RATCHET_KEY, &[], rng));
        let public = own.public();
        let secret = self.braid.shared_secret();
        let pq_epoch = u32::from(secret.is_some());
        let pq_epoch = self.pq_epoch().checked_add(pq_epoch).ok_or(Error::ChainExhausted)?;
        let Turn { root, chain_key, next_header } = self.turn(&own, peer, pq_epoch, secret)?;
        Ok((Box::new(NewSending { own, public, previous, pq_epoch, root, next_header }), chain_key))
    }
}
