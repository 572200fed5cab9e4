//! The sender keys of one device of somebody else in one group: `spec/third-party.md`, "Groups".
//!
//! Order: the client is asked, the chain found, the signature checked, and only then is any chain step done. Nothing
//! changes before the delta is applied.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::ratchet::MAX_SKIPPED;
use crate::signal::binding::Binding;
use crate::signal::client::{self, Client};
use crate::signal::policy::{ForeignDevice, ForeignGroupId, Party};
use crate::signal::service_id::Uuid;
use crate::storage::{Anchor, Pending, Stateful};

use super::distribution::{SenderKeyDistribution, Teller};
use super::message::{GroupContent, GroupMessage};
use super::own::{read_name, write_name};
use super::received_chain::ReceivedChain;
use super::received_delta::{LearnedChain, ReceivedDelta};
use super::wire::SenderKeyMessage;

/// Maximum number of chains of one sender in one group: messages of a chain still arrive after the next has begun.
const MAX_CHAINS: usize = 5;

/// The sender keys in one group that one device of somebody else has told. Secret: no `Clone`, wiped on drop.
///
/// Keep one for each sender and distribution id. What it opens was made by whoever made the distribution message,
/// and that was the device whose session it came in.
///
/// It is a state beside the client's, and opens what came before for whoever gets it: ask whether it is void
/// ([`ReceivedSenderKeys::is_void`]) after the user has opted out of a provider or forgotten an account, and after an
/// account was learned anew. Then delete it.
pub struct ReceivedSenderKeys {
    // See note [boxes].
    inner: Box<Inner>,
}

redacted!(
    ReceivedSenderKeys,
    |keys| sender = keys.inner.sender,
    group = keys.inner.group,
    distribution = keys.inner.distribution,
    chains = keys.inner.chains.len(),
    skipped = keys.skipped()
);

#[expect(clippy::vec_box, reason = "see note [boxes]")]
struct Inner {
    sender: ForeignDevice,
    /// Absent for plain programs.
    group: Option<ForeignGroupId>,
    /// Absent in the old form.
    distribution: Option<Uuid>,
    /// The sender as it was when it told the chains. There is one if there are any.
    teller: Option<Box<Teller>>,
    /// Newest first, each with an id of its own.
    chains: Vec<Box<ReceivedChain>>,
    anchor: Anchor,
}

impl ReceivedSenderKeys {
    /// Begins without any, for the sender, group and distribution id of what was told. Learn that then.
    #[must_use]
    pub fn new(told: &SenderKeyDistribution) -> Self {
        let (sender, group, distribution) =
            (told.sender().clone(), told.group(), told.distribution());
        let mut name = Writer::new();
        sender.write(&mut name);
        write_name(group, distribution, &mut name);
        let anchor = Anchor::start(Self::KIND, &[], name.written());
        let (teller, chains) = (None, Vec::new());
        Self { inner: Box::new(Inner { sender, group, distribution, teller, chains, anchor }) }
    }

    /// Learns what the sender has told in its session. A chain that is known goes forward and never back, so that an
    /// old message of it opens once and no more: have it told again if more than 2,000 messages were lost.
    ///
    /// # Errors
    ///
    /// [`Error::NotOptedIn`], [`Error::Frozen`] for the provider; [`Error::NotAccepted`] if the user has not accepted
    /// the account, [`Error::Blocked`], [`Error::UnknownAccount`], [`Error::ListExpired`] for it;
    /// [`Error::Unlisted`], [`Error::IdentityChanged`] if the device has another identity key by now;
    /// [`Error::OwnDeviceUnlisted`] for this device; [`Error::Downgrade`] if it was told in a version that is too old
    /// by now; [`Error::WrongKind`] if the account has become an attested one; [`Error::MessageKeyGone`] if the user
    /// has opted out since; [`Error::WrongPeer`] if these are the keys of another sender, group or distribution.
    pub fn learn(
        &mut self,
        client: &Client,
        told: SenderKeyDistribution,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let client = &*client.inner;
        let party = client.hearing(told.sender(), client.clock.now(now))?;
        self.inner.check(told.sender(), told.distribution())?;
        if told.group() != self.inner.group {
            return Err(Error::WrongPeer);
        }
        let (teller, version) = (told.provenance.teller, told.provenance.version);
        self.inner.check_teller(client, &party, &teller)?;
        client.check_version(&party, version)?;
        self.take(teller, ReceivedChain::begin(told.told, version))
    }

    fn take(
        &mut self,
        teller: Teller,
        chain: ReceivedChain,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let is_same = self.inner.teller.as_deref() == Some(&teller);
        let mut known = self.inner.chains.iter().filter(|_| is_same);
        if known.clone().next().is_some_and(|newest| newest.knows(&chain)) {
            return Ok(Pending::maybe(self, None, ()));
        }
        let chain = match known.find(|known| known.is(&chain)) {
            Some(known) => known.follow(chain)?,
            None => chain,
        };
        let learned = LearnedChain { teller, chain: Box::new(chain) };
        Ok(Pending::new(self, ReceivedDelta::Learned(Box::new(learned)), ()))
    }

    /// Opens a message that its sender sent to the group: its signature holds under the key that the sender told in
    /// its own session, so that no other member made it.
    ///
    /// A message of anybody else costs one signature check, and no chain step.
    ///
    /// # Errors
    ///
    /// Before anything in it is computed on, those of [`ReceivedSenderKeys::learn`].
    ///
    /// [`Error::BadSignature`] if another device made it; [`Error::TooFarAhead`] if more than 2,000 are missing before
    /// it; [`Error::Duplicate`] if it was opened before; [`Error::MessageKeyGone`] if its chain was not told, or began
    /// behind it, or its seed was dropped for room; [`Error::Forged`] if its ciphertext is none.
    /// Between attested accounts [`Error::WrongPeer`] if it says that it is from another device or for another group:
    /// its sender has told somebody else's key for its own; [`Error::NotAllowed`], [`Error::UnsupportedContent`],
    /// [`Error::Malformed`] for the content.
    pub fn open(
        &mut self,
        client: &Client,
        message: &SenderKeyMessage<'_>,
        now: u64,
    ) -> Result<Pending<'_, Self, GroupMessage>, Error> {
        let (inner, client) = (&*self.inner, &*client.inner);
        let party = client.hearing(message.sender(), client.clock.now(now))?;
        inner.check(message.sender(), message.distribution())?;
        let chain = inner.ask(client, &party, message)?;
        let (text, used) = chain.open(message)?;
        let from = message.sender().clone();
        let (binding, content) = match inner.group {
            Some(group) => {
                let said = party.disclose_in_group(&from, group, &text)?;
                (Binding::Attested, GroupContent::Said(said))
            }
            None => (Binding::Unbound, GroupContent::Plain(text)),
        };
        let message = GroupMessage { from, binding, content };
        Ok(Pending::new(self, ReceivedDelta::Used(used), message))
    }

    /// Tells whether nothing opens by it any more, so that it is to be deleted from the store at once: the user has
    /// opted out of the provider since, the account was forgotten, or the device is not attested any more or has
    /// another identity key. A device that is met again by the same key after it was forgotten ends that. Of an
    /// account that is blocked, or whose provider is frozen, it is kept.
    #[must_use]
    pub fn is_void(&self, client: &Client) -> bool {
        let teller = self.inner.teller.as_deref();
        teller.is_some_and(|teller| client.inner.is_over(&self.inner.sender, teller))
    }

    /// Returns the device whose keys these are.
    #[must_use]
    pub fn sender(&self) -> &ForeignDevice {
        &self.inner.sender
    }

    /// Returns the group, if the sender is of an attested account.
    #[must_use]
    pub fn group(&self) -> Option<ForeignGroupId> {
        self.inner.group
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

    /// Asks whether what was told still holds: whoever told it is the same, and the user has not opted out since.
    fn check_teller(
        &self,
        client: &client::Inner,
        party: &Party<'_>,
        teller: &Teller,
    ) -> Result<(), Error> {
        if party.is_attested() != self.group.is_some() {
            return Err(Error::WrongKind);
        }
        client.check_teller(party, &self.sender, teller)
    }

    /// Finds the chain of a message, if what stands against it was asked.
    fn ask(
        &self,
        client: &client::Inner,
        party: &Party<'_>,
        message: &SenderKeyMessage<'_>,
    ) -> Result<&ReceivedChain, Error> {
        let teller = self.teller.as_deref().ok_or(Error::MessageKeyGone)?;
        self.check_teller(client, party, teller)?;
        let chain = self.chain(message.place.chain).ok_or(Error::MessageKeyGone)?;
        client.check_version(party, chain.version())?;
        Ok(chain)
    }

    fn chain(&self, id: u32) -> Option<&ReceivedChain> {
        self.chains.iter().find(|chain| chain.id() == id).map(|chain| &**chain)
    }

    fn chain_mut(&mut self, id: u32) -> Option<&mut ReceivedChain> {
        self.chains.iter_mut().find(|chain| chain.id() == id).map(|chain| &mut **chain)
    }

    /// Puts a chain in front: the known one if it is that, which goes forward; otherwise it replaces one of its id, and
    /// the oldest of too many. What was told by a device that was another, or before the user opted out, ends.
    fn learn(&mut self, learned: LearnedChain) {
        let LearnedChain { teller, mut chain } = learned;
        if self.teller.as_deref() != Some(&teller) {
            self.chains.clear();
            self.teller = Some(Box::new(teller));
        }
        let known = self.chains.iter().position(|known| known.id() == chain.id());
        let known = known.map(|place| self.chains.remove(place)).filter(|known| known.is(&chain));
        let chain = match known {
            Some(mut known) => {
                known.go_forward(&mut chain);
                known
            }
            None => chain,
        };
        self.chains.truncate(MAX_CHAINS.saturating_sub(1));
        self.chains.insert(0, chain);
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
        write_name(self.inner.group, self.inner.distribution, writer);
        writer.option(self.inner.teller.as_deref(), |teller, writer| teller.write(writer));
        writer.list(&self.inner.chains, |chain, writer| chain.write(writer));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let anchor = Anchor::read(reader)?;
        let sender = ForeignDevice::read(reader)?;
        let (group, distribution) = read_name(reader)?;
        let teller = reader.option(|reader| Teller::read(reader).map(Box::new))?;
        let chains: Vec<_> =
            reader.list(MAX_CHAINS, |reader| ReceivedChain::read(reader).map(Box::new))?;
        let has_teller = teller.is_some() != chains.is_empty();
        let keys =
            Self { inner: Box::new(Inner { sender, group, distribution, teller, chains, anchor }) };
        let mut ids: Vec<u32> = keys.inner.chains.iter().map(|chain| chain.id()).collect();
        ids.sort_unstable();
        let are_ids = ids.is_sorted_by(|one, two| one < two);
        if has_teller && are_ids && keys.skipped() <= MAX_SKIPPED {
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
            ReceivedDelta::Learned(learned) => {
                self.inner.learn(*learned);
                self.inner.make_room();
            }
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
