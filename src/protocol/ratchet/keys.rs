//! Keys of messages that came, by the places that their headers name: `spec/ratchet.md`, "Opening" and "Late
//! messages".
//!
//! Nothing changes here. What a header asks for is bounded before it is done, because nobody has vouched yet
//! for the body, and in one profile for the header neither.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::dh;
use crate::primitives::secret::{Room, Secret};

use super::chain::{ChainKey, MessageKey, SkippedKeys, walk};
use super::delta::{MessagePlace, NewReceiving};
use super::header::HeaderPlace;
use super::imprint::Imprint;
use super::profile::Profile;
use super::ratchet::{MAX_SKIP, Ratchet, ReceivingChain, SendState};
use super::skipped::find;

/// The receiving chain, among the session's, that a header belongs to.
#[derive(Clone, Copy)]
pub(super) enum Trial<'a> {
    Current,
    Next,
    /// The very first one, in answer to this signed prekey.
    First(&'a dh::SecretKey),
    Closed(u32),
}

/// The key of a body: kept since its message was skipped, or derived now.
pub(super) enum BodyKey<'a> {
    Skipped(&'a MessageKey),
    New(MessageKey),
}

impl BodyKey<'_> {
    pub(super) fn bytes(&self) -> &Secret<32> {
        match self {
            Self::Skipped(key) => &key.0,
            Self::New(key) => &key.0,
        }
    }
}

/// A body's key, and what its use changes: the place of the message, the chain key after it, and the
/// newly skipped keys.
pub(super) type Keyed<'a> = (BodyKey<'a>, MessagePlace, ChainKey, SkippedKeys);

impl<P: Profile> Ratchet<P> {
    /// Returns the key of the message at a place in the chain of `trial`. `imprint` tells a repetition from a
    /// message whose key is gone for another reason.
    pub(super) fn key(
        &self,
        trial: Trial<'_>,
        place: &HeaderPlace,
        imprint: impl FnOnce() -> Imprint,
    ) -> Result<Keyed<'_>, Error> {
        let explain = |chain| self.recent.explain(chain, place.number, imprint);
        match trial {
            Trial::Next => self.next_chain(None, place),
            Trial::First(signed_prekey) => self.next_chain(Some(signed_prekey), place),
            Trial::Current => self.current_chain(place.number, explain),
            Trial::Closed(chain) => self.late(chain, place.number, explain),
        }
    }

    /// Returns the number of a receiving chain, from 1.
    pub(super) fn chain_of(&self, trial: Trial<'_>) -> Result<u32, Error> {
        let newest = self.received();
        match trial {
            Trial::Closed(chain) => Ok(chain),
            Trial::Current => Ok(newest),
            Trial::Next | Trial::First(_) => newest.checked_add(1).ok_or(Error::ChainExhausted),
        }
    }

    fn current_chain(
        &self,
        number: u32,
        explain: impl FnOnce(u32) -> Error,
    ) -> Result<Keyed<'_>, Error> {
        let Some(current) = &self.receiving else {
            return Err(Error::Forged);
        };
        if number < current.number {
            let key = find(&current.skipped, number).ok_or_else(|| explain(current.chain))?;
            return Ok(late(key, current.chain));
        }
        bound(number.saturating_sub(current.number), 0)?;
        let (skipped, at) = walk(&current.chain_key, current.number, number)?;
        let (key, chain_key) = at.as_ref().unwrap_or(&current.chain_key).step();
        Ok((BodyKey::New(key), MessagePlace::Current(Room::EMPTY), chain_key, skipped))
    }

    fn next_chain(
        &self,
        first: Option<&dh::SecretKey>,
        place: &HeaderPlace,
    ) -> Result<Keyed<'_>, Error> {
        let (skipped_before, chain) = match &self.receiving {
            Some(current) => (closing(current, place)?, self.chain_of(Trial::Next)?),
            // The first chain has none before it.
            None if place.previous == 0 => (0, 1),
            None => return Err(Error::Inconsistent),
        };
        bound(place.number, skipped_before)?;
        // A peer turns only in answer to a ratchet key of this side.
        let own = match (first, &self.sending) {
            (Some(signed_prekey), _) => signed_prekey,
            (None, SendState::Active(going)) => &going.own,
            (None, SendState::Due(_)) => return Err(Error::Forged),
        };
        let secret = self.secret(place.pq_epoch)?;
        let turn = self.turn(own, &place.ratchet, place.pq_epoch, secret)?;
        let closing = match &self.receiving {
            Some(current) => walk(&current.chain_key, current.number, place.previous)?.0,
            None => Vec::new(),
        };
        let (skipped, at) = walk(&turn.chain_key, 0, place.number)?;
        let (key, chain_key) = at.as_ref().unwrap_or(&turn.chain_key).step();
        let new = Box::new(NewReceiving {
            chain,
            ratchet: place.ratchet,
            previous: place.previous,
            pq_epoch: place.pq_epoch,
            root: turn.root,
            next_header: turn.next_header,
            closing,
        });
        Ok((BodyKey::New(key), MessagePlace::Next(new), chain_key, skipped))
    }

    /// Finds the secret for the next chain's root step, by the pq epoch that its header names.
    fn secret(&self, pq_epoch: u32) -> Result<Option<&Secret<32>>, Error> {
        match pq_epoch.checked_sub(self.pq_epoch()) {
            Some(0) => Ok(None),
            // The peer names an epoch that both have; one that this side has not is an invention.
            Some(1) => self.braid.secret().map(Some).ok_or(Error::Inconsistent),
            _ => Err(Error::Inconsistent),
        }
    }

    fn late(
        &self,
        chain: u32,
        number: u32,
        explain: impl FnOnce(u32) -> Error,
    ) -> Result<Keyed<'_>, Error> {
        let mut closed = self.closed.iter().filter(|closed| closed.chain == chain);
        let key = closed.next().and_then(|closed| find(&closed.skipped, number));
        Ok(late(key.ok_or_else(|| explain(chain))?, chain))
    }
}

/// Counts the skipped messages of the current chain, by the length that the next chain's header
/// gives for it.
fn closing(current: &ReceivingChain, place: &HeaderPlace) -> Result<u32, Error> {
    let same_key = current.ratchet == place.ratchet;
    let skipped = place.previous.checked_sub(current.number);
    skipped.filter(|_| !same_key).ok_or(Error::Inconsistent)
}

/// Uses the key of a late message, which moves no chain.
fn late(key: &MessageKey, chain: u32) -> Keyed<'_> {
    let unmoved = ChainKey(Secret::copy(&[0; 32]));
    (BodyKey::Skipped(key), MessagePlace::Late { chain, room: 0 }, unmoved, SkippedKeys::new())
}

/// Refuses a message that is more than [`MAX_SKIP`] ahead, before any of that work is done.
pub(super) fn bound(here: u32, before: u32) -> Result<(), Error> {
    match here.checked_add(before) {
        Some(skipped) if skipped <= MAX_SKIP => Ok(()),
        _ => Err(Error::TooFarAhead),
    }
}
