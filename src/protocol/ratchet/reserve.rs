//! Sending without a write for each message: `spec/ratchet.md`, "Reserving".
//!
//! ```text
//!  sealed      reserved: in memory alone       in the store
//! ────────┬─────────────────────────────────┬─────────────▶ numbers of the chain
//!         at, its key                       number, its key
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::swap;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::protocol::braid::Carriage;

use super::chain::{ChainKey, Reserved};
use super::delta::Delta;
use super::header::{Front, Header};
use super::seal::{Draft, check, nonce};
use super::{Ratchet, Sending, SendingChain};

/// Numbers that may be reserved at once: a twentieth of what a receiver follows, because a process that
/// ends leaves them as a gap, and the message that reserved them may be lost with it.
pub(crate) const MAX_RESERVED: u16 = 100;

impl SendingChain {
    /// Messages sealed in the chain, as far as this process knows.
    pub(super) fn sealed(&self) -> u32 {
        self.reserved.as_ref().map_or(self.number, |reserved| reserved.at)
    }

    /// Where the chain goes on.
    pub(super) fn chain(&self) -> &ChainKey {
        self.reserved.as_ref().map_or(&self.chain, |reserved| &reserved.chain)
    }
}

impl Delta {
    /// Reserves `count` numbers behind the message that was just sealed.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] for more than [`MAX_RESERVED`]; [`Error::Exhausted`] at the end of the chain.
    pub(crate) fn reserve(&mut self, count: u16) -> Result<(), Error> {
        if count > MAX_RESERVED {
            return Err(Error::BadArgument);
        }
        if count == 0 {
            return Ok(());
        }
        let number = self.number.checked_add(count.into()).ok_or(Error::Exhausted)?;
        let chain = ChainKey(self.chain.0.duplicate());
        for _ in 0..count {
            let (_, mut next) = self.chain.step();
            swap(&mut self.chain.0, &mut next.0);
        }
        let ahead = self.braid.set_aside(count);
        self.reserved = Some(Box::new(Reserved { chain, at: self.number, ahead }));
        self.number = number;
        Ok(())
    }
}

impl Ratchet {
    /// Goes on behind all that is reserved, as if loaded from the store.
    pub(crate) fn forget_reserved(&mut self) {
        if let Sending::Active(going) = &mut self.sending {
            going.reserved = None;
        }
    }

    /// Numbers that are reserved and not used.
    pub(crate) fn reserved(&self) -> u32 {
        match &self.sending {
            Sending::Active(going) => going.number.saturating_sub(going.sealed()),
            Sending::Due(_) | Sending::Answering { .. } => 0,
        }
    }

    /// Seals one message under the next reserved number, which is used up.
    ///
    /// # Errors
    ///
    /// [`Error::NotReserved`], or [`Error::BadArgument`] as [`Ratchet::seal`]; nothing changes then.
    pub(crate) fn seal_reserved(
        &mut self,
        about: &Front,
        front: &[u8],
        content: &[u8],
        padded: usize,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        check(content, padded)?;
        let Sending::Active(going) = &self.sending else { return Err(Error::NotReserved) };
        let Some(Reserved { chain, at, ahead }) = going.reserved.as_deref() else {
            return Err(Error::NotReserved);
        };
        let (key, chain) = chain.step();
        let nonce = nonce(rng);
        let mut draft = Draft::begin(front, content, padded);
        // Nothing is begun here, whatever waits to be mixed.
        let carriage = Carriage { number: *at, room: draft.room(), is_busy: true };
        let part = self.braid.send_ahead(ahead, &carriage, draft.body());
        let SendingChain { public, previous, mixed, header: header_key, .. } = &**going;
        let (ratchet, previous, number, mixed) = (*public, *previous, *at, *mixed);
        let header = Header { ratchet, previous, number, nonce, mixed, part: part.encode() };
        let (message, _) = draft.seal(self, about, (header_key, &header), &key)?;
        self.use_up(chain);
        Ok(message)
    }

    /// The next reserved number is used; behind the last one the chain is where the store has it.
    fn use_up(&mut self, mut chain: ChainKey) {
        let Sending::Active(going) = &mut self.sending else { return };
        let number = going.number;
        let Some(reserved) = &mut going.reserved else { return };
        swap(&mut reserved.chain.0, &mut chain.0);
        reserved.at = reserved.at.saturating_add(1);
        reserved.ahead.advance();
        if reserved.at >= number {
            going.reserved = None;
        }
    }
}
