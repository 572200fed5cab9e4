//! The sender keys of one device of somebody else in one group: `spec/third-party.md`, "Groups".
//!
//! Order: the chain is found, the signature checked, and only then is any chain step done. Nothing changes before
//! the delta is applied.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::ratchet::MAX_SKIPPED;
use crate::signal::policy::ForeignDevice;
use crate::signal::service_id::Uuid;
use crate::storage::{Anchor, Pending, Stateful};

use super::received_chain::ReceivedChain;
use super::received_delta::ReceivedDelta;
use super::wire::{SenderKeyDistribution, SenderKeyMessage};

/// Maximum number of chains of one sender in one group: messages of a chain still arrive after the next has begun.
const MAX_CHAINS: usize = 5;

/// The sender keys in one group that one device of somebody else has told. Secret: no `Clone`, wiped on drop.
///
/// Keep one for each sender and distribution id. What it opens was made by whoever made the distribution message,
/// and that was the device whose session it came in.
pub struct ReceivedSenderKeys {
    // See note [boxes].
    inner: Box<Inner>,
}

redacted!(
    ReceivedSenderKeys,
    |keys| sender = keys.inner.sender,
    distribution = keys.inner.distribution,
    chains = keys.inner.chains.len(),
    skipped = keys.skipped()
);

#[expect(clippy::vec_box, reason = "see note [boxes]")]
struct Inner {
    sender: ForeignDevice,
    /// Absent in the old form.
    distribution: Option<Uuid>,
    /// Newest first, each with an id of its own.
    chains: Vec<Box<ReceivedChain>>,
    anchor: Anchor,
}

impl ReceivedSenderKeys {
    /// Begins without any, for one sender and one distribution id; `None` where it speaks the old form.
    #[must_use]
    pub fn new(sender: ForeignDevice, distribution: Option<Uuid>) -> Self {
        let mut name = Writer::new();
        sender.write(&mut name);
        name.option(distribution.as_ref(), |id, writer| writer.raw(&id.0));
        let anchor = Anchor::start(Self::KIND, &[], name.written());
        Self { inner: Box::new(Inner { sender, distribution, chains: Vec::new(), anchor }) }
    }

    /// Takes a distribution message that came in a session with `sender`. A chain that is known keeps its place,
    /// so that an old message of it opens once and no more.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] if these are the keys of another sender or distribution.
    pub fn learn(
        &mut self,
        sender: &ForeignDevice,
        distribution: SenderKeyDistribution,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        self.inner.check(sender, distribution.distribution())?;
        let chain = Box::new(ReceivedChain::begin(distribution));
        let is_newest = self.inner.chains.first().is_some_and(|newest| newest.is(&chain));
        let delta = (!is_newest).then_some(ReceivedDelta::Learned(chain));
        Ok(Pending::maybe(self, delta, ()))
    }

    /// Opens a message that `sender` sent to the group: its signature holds under the key that `sender` told in its
    /// own session, so that no other member made it.
    ///
    /// A message of anybody else costs one signature check, and no chain step.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for another sender or distribution; [`Error::BadSignature`] if another device made it;
    /// [`Error::TooFarAhead`] if more than 2,000 are missing before it; [`Error::Duplicate`] if it was opened
    /// before; [`Error::MessageKeyGone`] if its chain was not told, or began behind it, or its seed was dropped for
    /// room; [`Error::Forged`] if its ciphertext is none.
    pub fn open(
        &mut self,
        sender: &ForeignDevice,
        message: &SenderKeyMessage<'_>,
    ) -> Result<Pending<'_, Self, Zeroizing<Vec<u8>>>, Error> {
        self.inner.check(sender, message.distribution())?;
        let chain = self.inner.chain(message.place.chain).ok_or(Error::MessageKeyGone)?;
        message.verify(chain.signing())?;
        let (content, used) = chain.open(message)?;
        Ok(Pending::new(self, ReceivedDelta::Used(used), content))
    }

    /// Returns the device whose keys these are.
    #[must_use]
    pub fn sender(&self) -> &ForeignDevice {
        &self.inner.sender
    }

    /// Returns the id of the distribution; the old form has none.
    #[must_use]
    pub fn distribution(&self) -> Option<Uuid> {
        self.inner.distribution
    }

    /// Returns the number of seeds that are kept for messages that have not come.
    #[must_use]
    pub fn skipped(&self) -> usize {
        let chains = self.inner.chains.iter();
        chains.fold(0, |sum, chain| sum.saturating_add(chain.skipped()))
    }
}

impl Inner {
    fn check(&self, sender: &ForeignDevice, distribution: Option<Uuid>) -> Result<(), Error> {
        if *sender == self.sender && distribution == self.distribution {
            Ok(())
        } else {
            Err(Error::WrongPeer)
        }
    }

    fn chain(&self, id: u32) -> Option<&ReceivedChain> {
        self.chains.iter().find(|chain| chain.id() == id).map(|chain| &**chain)
    }

    fn chain_mut(&mut self, id: u32) -> Option<&mut ReceivedChain> {
        self.chains.iter_mut().find(|chain| chain.id() == id).map(|chain| &mut **chain)
    }

    /// Puts a chain in front: the known one if it is that, so that it keeps its place; otherwise it replaces one of
    /// its id, and the oldest of too many.
    fn learn(&mut self, chain: Box<ReceivedChain>) {
        let known = self.chains.iter().position(|known| known.id() == chain.id());
        let known = known.map(|place| self.chains.remove(place)).filter(|known| known.is(&chain));
        self.chains.truncate(MAX_CHAINS.saturating_sub(1));
        self.chains.insert(0, known.unwrap_or(chain));
    }

    /// Drops the oldest seeds over the bound, those of the oldest chain first.
    fn make_room(&mut self) {
        let held = self.chains.iter().fold(0_usize, |sum, it| sum.saturating_add(it.skipped()));
        let mut surplus = held.saturating_sub(MAX_SKIPPED);
        for chain in self.chains.iter_mut().rev() {
            surplus = surplus.saturating_sub(chain.drop_oldest(surplus));
        }
    }
}

impl Stateful for ReceivedSenderKeys {
    const KIND: u8 = 0x23;

    type Delta = ReceivedDelta;

    fn write(&self, writer: &mut Writer) {
        self.inner.anchor.write(writer);
        self.inner.sender.write(writer);
        writer.option(self.inner.distribution.as_ref(), |id, writer| writer.raw(&id.0));
        writer.list(&self.inner.chains, |chain, writer| chain.write(writer));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let anchor = Anchor::read(reader)?;
        let sender = ForeignDevice::read(reader)?;
        let distribution = reader.option(|reader| reader.array().copied().map(Uuid))?;
        let chains: Vec<_> =
            reader.list(MAX_CHAINS, |reader| ReceivedChain::read(reader).map(Box::new))?;
        let keys = Self { inner: Box::new(Inner { sender, distribution, chains, anchor }) };
        let mut ids: Vec<u32> = keys.inner.chains.iter().map(|chain| chain.id()).collect();
        ids.sort_unstable();
        if ids.is_sorted_by(|one, two| one < two) && keys.skipped() <= MAX_SKIPPED {
            Ok(keys)
        } else {
            Err(Error::Malformed)
        }
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn fits(&self, delta: &ReceivedDelta) -> bool {
        match delta {
            ReceivedDelta::Learned(_) => true,
            ReceivedDelta::Used(used) => {
                self.inner.chain(used.chain()).is_some_and(|chain| chain.fits(used))
            }
        }
    }

    fn advance(&mut self, next: Anchor, delta: ReceivedDelta) {
        self.inner.anchor = next;
        match delta {
            ReceivedDelta::Learned(chain) => self.inner.learn(chain),
            ReceivedDelta::Used(used) => {
                if let Some(chain) = self.inner.chain_mut(used.chain()) {
                    chain.advance(used);
                }
                self.inner.make_room();
            }
        }
    }
}

#[cfg(test)]
#[path = "tests/received.rs"]
mod tests;
