//! Reserved numbers, for sending without a write for each message: `spec/ratchet.md`, "Reserving".
//!
//! ```text
//!  sealed      reserved: in memory alone       in the store
//! ────────┬─────────────────────────────────┬─────────────▶ numbers of the chain
//!         at, its chain key                 number, its chain key
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::swap;

use rand_core::CryptoRng;

use super::braid::Capacity;
use crate::error::Error;

use super::chain::{ChainKey, Reserved};
use super::delta::RatchetDelta;
use super::header::{ClearHeader, Header};
use super::profile::Native;
use super::ratchet::{Ratchet, SendState, SendingChain};
use super::seal::{MessageBuilder, NO_NONCE, check};

/// Most numbers that may be reserved at once: a twentieth of what a receiver follows, because a
/// process that ends leaves them as a gap, and the message that reserved them may be lost with it.
pub(crate) const MAX_RESERVED: u16 = 100;

impl SendingChain {
    /// Counts the messages sealed in the chain, as far as this process knows.
    pub(super) fn sealed(&self) -> u32 {
        self.reserved.as_ref().map_or(self.number, |reserved| reserved.at)
    }

    /// Returns the chain key of the next message.
    pub(super) fn chain_key(&self) -> &ChainKey {
        self.reserved.as_ref().map_or(&self.chain_key, |reserved| &reserved.chain_key)
    }
}

impl RatchetDelta {
    /// Reserves `count` numbers behind the message that was just sealed.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyReserved`] for more than [`MAX_RESERVED`]; [`Error::ChainExhausted`] at the end of the chain.
    pub(crate) fn reserve(&mut self, count: u16) -> Result<(), Error> {
        if count > MAX_RESERVED {
            return Err(Error::TooManyReserved);
        }
        if count == 0 {
            return Ok(());
        }
        let number = self.number.checked_add(count.into()).ok_or(Error::ChainExhausted)?;
        let chain_key = ChainKey(self.chain_key.0.duplicate());
        for _ in 0..count {
            let (_, mut next) = self.chain_key.step();
            swap(&mut self.chain_key.0, &mut next.0);
        }
        let chunks = self.braid.set_aside(count);
        self.reserved = Some(Box::new(Reserved { chain_key, at: self.number, chunks }));
        self.number = number;
        Ok(())
    }
}

impl Ratchet<Native> {
    /// Continues behind all reserved numbers, as if loaded from the store.
    pub(crate) fn forget_reserved(&mut self) {
        if let SendState::Active(going) = &mut self.sending {
            going.reserved = None;
        }
    }

    /// Counts the reserved numbers that are not used.
    pub(crate) fn reserved(&self) -> u32 {
        match &self.sending {
            SendState::Active(going) => going.number.saturating_sub(going.sealed()),
            SendState::Due(_) => 0,
        }
    }

    /// Seals one message under the next reserved number, which is used up.
    ///
    /// # Errors
    ///
    /// [`Error::NotReserved`], or [`Error::ContentTooLong`] as for [`Ratchet::seal`]; nothing changes
    /// then.
    pub(crate) fn seal_reserved(
        &mut self,
        about: &ClearHeader,
        clear: &[u8],
        content: &[u8],
        padded: usize,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        check(content, padded)?;
        let SendState::Active(going) = &self.sending else { return Err(Error::NotReserved) };
        let Some(Reserved { chain_key, at, chunks }) = going.reserved.as_deref() else {
            return Err(Error::NotReserved);
        };
        let (key, chain_key) = chain_key.step();
        let mut builder = MessageBuilder::begin(clear, content, padded);
        // Nothing is begun here, whatever waits for the root.
        let capacity = Capacity { number: *at, room: builder.room(), is_busy: true };
        let part = self.braid.send_reserved(chunks, &capacity, builder.body());
        let SendingChain { public, previous, pq_epoch, header: header_key, .. } = &**going;
        let (ratchet, previous, number, pq_epoch) = (*public, *previous, *at, *pq_epoch);
        let header =
            Header { ratchet, previous, number, nonce: NO_NONCE, pq_epoch, part: part.encode() };
        let (message, ..) = builder.seal(self, about, (header_key, header), &key, rng)?;
        self.use_up(chain_key);
        Ok(message)
    }

    /// Uses up the next reserved number; behind the last one the chain is where the store has it.
    fn use_up(&mut self, mut chain_key: ChainKey) {
        let SendState::Active(going) = &mut self.sending else { return };
        let number = going.number;
        let Some(reserved) = &mut going.reserved else { return };
        swap(&mut reserved.chain_key.0, &mut chain_key.0);
        reserved.at = reserved.at.saturating_add(1);
        reserved.chunks.advance();
        if reserved.at >= number {
            going.reserved = None;
        }
    }
}
