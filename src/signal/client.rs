//! The facade of the Signal wire format: one device with all its conversations on other messengers.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::primitives::secret::redacted;
use crate::protocol::clock::{Clock, Now};
use crate::storage::{Anchor, Pending, Stateful};

use super::bundle::{Bundle, KemPrekey, OneTimePrekey};
use super::delta::{Begun, ClientDelta, ClientItem, MAX_PUBLISHED, Moved};
use super::identity_secret::IdentitySecret;
use super::keys::IdentityKey;
use super::own_keys::{LOW, OwnKeys};
use super::peer::Peer;
use super::policy::{
    AccountStatement, ForeignAccount, ForeignDevice, MAX_ACCOUNTS, Notices, Policy, ProviderId,
    TrustedKeys,
};
use super::version::Version;

/// Maximum number of devices on other messengers that a client knows.
pub(super) const MAX_PEERS: usize = 5000;

/// A device as people on other messengers see it: its keys there, its conversations with them, and what the user has
/// decided about them. Secret: no `Clone`, wiped on drop.
///
/// It is apart from the device's native [`Client`](crate::client::Client): it has an identity key of its own, and
/// nothing of either can be given to the other.
pub struct Client {
    pub(super) inner: Box<Inner>,
}

redacted!(Client, |client| device = client.device(), peers = client.inner.peers.len());

pub(super) struct Inner {
    pub(super) device: ForeignDevice,
    /// The oldest version in which a conversation may be.
    pub(super) floor: Version,
    pub(super) keys: OwnKeys,
    pub(super) policy: Policy,
    pub(super) peers: BTreeMap<ForeignDevice, Peer>,
    pub(super) clock: Clock,
    anchor: Anchor,
}

/// The duties of a device, so that others can begin conversations with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PrekeyDuties {
    /// Call [`Client::rotate`], and publish [`Client::bundle`].
    pub rotate: bool,
    /// Call [`Client::replenish`], and publish what it gives.
    pub replenish: bool,
}

impl Client {
    /// Makes the identity of a device on other messengers, as they know it: `device` is this side's own provider and
    /// address, whatever others call a foreign one. No conversation is in a version below `floor`, and there are no
    /// providers but those that `roots` sign for.
    pub fn generate(
        device: ForeignDevice,
        floor: Version,
        roots: TrustedKeys,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let keys = OwnKeys::generate(&device, now, rng);
        let mut name = Writer::new();
        device.write(&mut name);
        let anchor = Anchor::start(Self::KIND, name.written(), &keys.public().encode());
        let policy = Policy::new(device.account().clone(), roots);
        let (peers, clock) = (BTreeMap::new(), Clock::new(now));
        Self { inner: Box::new(Inner { device, floor, keys, policy, peers, clock, anchor }) }
    }

    /// Returns this device, as others know it.
    #[must_use]
    pub fn device(&self) -> &ForeignDevice {
        &self.inner.device
    }

    /// Returns the identity key of this device.
    #[must_use]
    pub fn identity(&self) -> IdentityKey {
        *self.inner.keys.public()
    }

    /// Returns the bundle of the newest prekeys, to be published: without a one-time prekey, of which the service
    /// adds one to each copy.
    #[must_use]
    pub fn bundle(&self) -> Bundle {
        self.inner.keys.bundle()
    }

    /// Tells what is to be done today, given how many one-time prekeys the service has left.
    #[must_use]
    pub fn duties(&self, left: usize, now: u64) -> PrekeyDuties {
        let now = self.inner.clock.now(now);
        let is_due = self.inner.keys.is_rotation_due(now.steady());
        PrekeyDuties { rotate: is_due && !now.is_sudden(), replenish: left < LOW }
    }

    /// Makes new signed prekeys. The old ones open what is on its way to them for thirty days.
    pub fn rotate(&mut self, now: u64, rng: &mut impl CryptoRng) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        let set = self.inner.keys.set(now.reading(), rng);
        self.pending(now, [ClientItem::Rotated(set)], ())
    }

    /// Makes more one-time prekeys, to be published; those of before are given again until it is known that the
    /// service has them ([`Client::note_published`]), so that an upload that fails loses nothing.
    ///
    /// A KEM prekey belongs to each: the service hands both out with one copy of the bundle, the KEM prekey in the
    /// place of the bundle's own. Whoever speaks version 3 gets the first alone.
    pub fn replenish(
        &mut self,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Pending<'_, Self, Vec<(OneTimePrekey, KemPrekey)>> {
        let now = self.inner.clock.now(now);
        let held = self.inner.keys.unpublished();
        if !held.is_empty() {
            return Pending::maybe(self, None, held);
        }
        let batch = self.inner.keys.batch(now.reading(), rng);
        let public = batch.iter().map(|(id, prekey)| prekey.public(*id)).collect();
        self.pending(now, [ClientItem::Replenished(batch)], public)
    }

    /// Notes that the service has these one-time prekeys.
    pub fn note_published(
        &mut self,
        ids: impl IntoIterator<Item = u32>,
        now: u64,
    ) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        self.pending(
            now,
            [ClientItem::Published(ids.into_iter().take(MAX_PUBLISHED).collect())],
            (),
        )
    }

    /// Goes back to a lower time on the user's word, after a clock that was wrong: descriptors and attestations hold
    /// again by it. What was erased by the wrong time stays erased.
    pub fn reset_clock(&mut self, now: u64) -> Pending<'_, Self, ()> {
        let now = Now::beginning(now);
        self.pending(now, [ClientItem::Expired], ())
    }

    /// Erases prekeys that are past their time. Every other operation that succeeds does so too.
    pub fn expire(&mut self, now: u64) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        self.pending(now, [ClientItem::Expired], ())
    }

    pub(super) fn pending<T>(
        &mut self,
        now: Now,
        items: impl Into<Vec<ClientItem>>,
        output: T,
    ) -> Pending<'_, Self, T> {
        let delta = ClientDelta { now, items: items.into() };
        Pending::new(self, delta, output)
    }
}

impl Client {
    /// Returns the identity secret, which seals and opens envelopes.
    pub(super) fn identity_secret(&self) -> &IdentitySecret {
        self.inner.keys.identity_secret()
    }
}

impl Inner {
    fn take(&mut self, item: ClientItem, now: u64) {
        match item {
            ClientItem::Rotated(set) => self.keys.add_set(set),
            ClientItem::Replenished(batch) => self.keys.add_batch(batch),
            ClientItem::Published(ids) => self.keys.note_published(&ids),
            ClientItem::Used(used) => self.keys.use_up(&used),
            ClientItem::Begun(begun) => self.begin(*begun),
            ClientItem::Moved(mut moved) => {
                let Moved { with, session, delta } = &mut *moved;
                if let Some(peer) = self.peers.get_mut(with) {
                    peer.move_on(session, delta);
                }
            }
            ClientItem::Closed(with) => {
                if let Some(peer) = self.peers.get_mut(&with) {
                    peer.close();
                }
            }
            ClientItem::Acknowledged(acknowledged) => {
                if let Some(peer) = self.peers.get_mut(&acknowledged.with) {
                    peer.acknowledge(acknowledged.identity);
                }
            }
            ClientItem::Expired => {}
            ClientItem::Trusted(roots) => self.policy.trust(*roots),
            ClientItem::Described(descriptor) => self.policy.describe(*descriptor),
            ClientItem::Opted(opted) => self.opt(&opted.provider, opted.acknowledged),
            ClientItem::Attested(attestation) => {
                let account = attestation.statement().account.clone();
                self.policy.attest(attestation, now);
                self.keep_attested(&account);
            }
            ClientItem::Decided(decided) => {
                self.policy.decide(&decided.account, decided.is_accepted);
                self.keep_attested(&decided.account);
            }
            ClientItem::Consented(consented) => {
                self.policy.consent(&consented.account, consented.consent);
            }
            ClientItem::Forgotten(account) => {
                self.policy.forget(&account);
                self.peers.retain(|device, _| *device.account() != *account);
            }
            ClientItem::Adopted(attestation) => self.policy.adopt(attestation, now),
            ClientItem::TakenOver(entries) => self.take_in(*entries, now),
            ClientItem::Dropped(device) => drop(self.peers.remove(&device)),
        }
    }

    fn begin(&mut self, begun: Begun) {
        let Begun { with, session } = begun;
        self.policy.pin(with.account(), session.version());
        match self.peers.get_mut(&with) {
            Some(peer) => peer.begin(session),
            None => drop(self.peers.insert(with, Peer::new(session))),
        }
    }

    /// Opts in to a provider, or out of it. The sessions with its people are erased when the user leaves: nothing
    /// that was on its way opens then, by whoever gets the state. What is known of them stays.
    fn opt(&mut self, provider: &ProviderId, acknowledged: Option<Notices>) {
        self.policy.opt(provider, acknowledged);
        if acknowledged.is_none() {
            let peers = self.peers.iter_mut().filter(|(device, _)| device.provider() == provider);
            peers.for_each(|(_, peer)| peer.end());
        }
    }

    /// Tells whether a device is known by another identity key than its account says, or is none of its account:
    /// whoever is left out would be exchanged like whoever is renamed.
    pub(super) fn knows_otherwise(&self, statement: &AccountStatement) -> bool {
        let mut peers = self.peers.iter().filter(|(it, _)| *it.account() == statement.account);
        peers.any(|(device, peer)| statement.device(device.number()) != Some(peer.identity()))
    }

    /// Forgets the devices of an account that its attestation does not name, or names with another key.
    pub(super) fn keep_attested(&mut self, account: &ForeignAccount) {
        let record = self.policy.account(account).and_then(|record| record.attested.as_ref());
        let Some(statement) = record.map(|attested| attested.statement()) else { return };
        self.peers.retain(|device, peer| {
            device.account() != account
                || statement.device(device.number()) == Some(peer.identity())
        });
    }
}

impl Stateful for Client {
    const KIND: u8 = 0x0b;

    type Delta = ClientDelta;

    fn write(&self, writer: &mut Writer) {
        let Inner { device, floor, keys, policy, peers, clock, anchor } = &*self.inner;
        anchor.write(writer);
        clock.write(writer);
        device.write(writer);
        writer.u8(floor.number());
        writer.count(policy.accounts());
        writer.count(peers.len());
        keys.write(writer);
        policy.write(writer);
        policy.write_accounts(writer);
        for (device, peer) in peers {
            let mut title = Writer::new();
            device.write(&mut title);
            writer.page(&[b"device", title.written()]);
            writer.raw(title.written());
            peer.write(writer);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (anchor, clock) = (Anchor::read(reader)?, Clock::read(reader)?);
        let device = ForeignDevice::read(reader)?;
        let floor = Version::of_number(reader.u8()?)?;
        let (accounts, count) = (reader.count(MAX_ACCOUNTS)?, reader.count(MAX_PEERS)?);
        let keys = OwnKeys::read(reader)?;
        let mut policy = Policy::read(device.account().clone(), reader)?;
        policy.read_accounts(accounts, reader)?;
        let mut peers = BTreeMap::new();
        for _ in 0..count {
            let (device, peer) = (ForeignDevice::read(reader)?, Peer::read(reader)?);
            ascending(&mut peers, device, peer)?;
        }
        Ok(Self { inner: Box::new(Inner { device, floor, keys, policy, peers, clock, anchor }) })
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn advance(&mut self, next: Anchor, delta: ClientDelta) {
        let now = delta.now;
        for item in delta.items {
            self.inner.take(item, now.reading());
        }
        self.inner.keys.expire(now.firm());
        self.inner.anchor = next;
        self.inner.clock = now.clock();
    }
}
