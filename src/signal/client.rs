//! The facade of the Signal wire format: one device with all its conversations on other messengers.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::primitives::secret::redacted;
use crate::protocol::clock::{Clock, Now};
use crate::protocol::position::Position;
use crate::storage::{Anchor, Pending, Stateful};

use super::address::Address;
use super::bundle::{Bundle, KemPrekey, OneTimePrekey};
use super::delta::{Acknowledged, Begun, ClientDelta, ClientItem, MAX_PUBLISHED, Moved};
use super::identity_secret::IdentitySecret;
use super::keys::IdentityKey;
use super::own_keys::{LOW, OwnKeys};
use super::peer::{Peer, SessionName};
use super::session::{Line, OpenedText, Session};
use super::version::Version;
use super::wire::{InitialMessage, Message};

/// Maximum number of devices on other messengers that a client knows.
const MAX_PEERS: usize = 5000;

/// A device as people on other messengers see it: its keys there, and its conversations with them. Secret: no
/// `Clone`, wiped on drop.
///
/// It is apart from the device's native [`Client`](crate::client::Client): it has an identity key of its own, and
/// nothing of either can be given to the other.
pub struct Client {
    inner: Box<Inner>,
}

redacted!(Client, |client| address = client.address(), peers = client.inner.peers.len());

struct Inner {
    address: Address,
    /// The oldest version in which a conversation may begin.
    floor: Version,
    keys: OwnKeys,
    peers: BTreeMap<Address, Peer>,
    clock: Clock,
    anchor: Anchor,
}

/// The kind of a message, which travels beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageKind {
    /// A message of a session that its receiver may not have yet: number 3 on the services' wires.
    Initial,
    /// A message of a session that both sides have: number 2, or 1 in the older libraries.
    Ordinary,
}

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedMessage {
    /// Its kind.
    pub kind: MessageKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A message that was opened.
pub struct OpenedMessage {
    /// The device that sent it, as its session proved.
    pub from: Address,
    /// The identity key of that device.
    pub identity: IdentityKey,
    /// The version of the session.
    pub version: Version,
    /// True for the first message of a session that is new to this side.
    pub is_new_session: bool,
    /// The content, wiped on drop.
    pub content: Zeroizing<Vec<u8>>,
    /// The message's place among those of its sender in the session.
    pub position: Position,
    /// Earlier messages that this one overtook. They can still arrive.
    pub skipped: usize,
    /// Messages overtaken before that are lost now.
    pub lost: usize,
}

redacted!(
    OpenedMessage,
    |opened| from = opened.from,
    version = opened.version,
    is_new_session = opened.is_new_session,
    skipped = opened.skipped,
    lost = opened.lost
);

/// What a device is to do so that others can begin conversations with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PrekeyDuties {
    /// Call [`Client::rotate`], and publish [`Client::bundle`].
    pub rotate: bool,
    /// Call [`Client::replenish`], and publish what it gives.
    pub replenish: bool,
}

impl Client {
    /// Makes the identity of a device on other messengers, under the address that they know it by. No conversation
    /// begins in a version below `floor`.
    pub fn generate(address: Address, floor: Version, now: u64, rng: &mut impl CryptoRng) -> Self {
        let keys = OwnKeys::generate(&address, now, rng);
        let mut name = Writer::new();
        address.write(&mut name);
        let anchor = Anchor::start(Self::KIND, name.written(), &keys.public().encode());
        let (peers, clock) = (BTreeMap::new(), Clock::new(now));
        Self { inner: Box::new(Inner { address, floor, keys, peers, clock, anchor }) }
    }

    /// Returns the address that others know this device by.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.inner.address
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
        let now = self.inner.clock.now(now).seconds();
        PrekeyDuties { rotate: self.inner.keys.is_rotation_due(now), replenish: left < LOW }
    }

    /// Makes new signed prekeys. The old ones open what is on its way to them for thirty days.
    pub fn rotate(&mut self, now: u64, rng: &mut impl CryptoRng) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        let set = self.inner.keys.set(now.seconds(), rng);
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
        let batch = self.inner.keys.batch(now.seconds(), rng);
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

    /// Begins a session with a device, by the bundle that its service gave; an older session with it is kept to
    /// open what still comes in it.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`], [`Error::WeakKey`], [`Error::Malformed`] for the bundle; [`Error::Downgrade`] if it
    /// has no KEM prekey and this device, or this conversation, does not go below version 4;
    /// [`Error::IdentityChanged`] if the device is known by another identity key;
    /// [`Error::TooManyAccounts`] if there are 5,000 devices already.
    pub fn begin(
        &mut self,
        with: &Address,
        bundle: &Bundle,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let now = self.inner.clock.now(now);
        let version = if bundle.kem.is_some() { Version::V4 } else { Version::V3 };
        self.inner.check(with, &bundle.identity, version)?;
        let session = Session::initiate(&self.inner.keys, bundle, now.seconds(), rng)?;
        let begun = Begun { with: with.clone(), session: Box::new(session) };
        Ok(self.pending(now, [ClientItem::Begun(Box::new(begun))], ()))
    }

    /// Tells whether there is a session in which a message to a device can be sealed.
    #[must_use]
    pub fn has_session(&self, with: &Address) -> bool {
        self.inner.peers.get(with).is_some_and(|peer| peer.current().is_some())
    }

    /// Returns the identity key that a device is known by.
    #[must_use]
    pub fn identity_of(&self, device: &Address) -> Option<IdentityKey> {
        self.inner.peers.get(device).map(|peer| *peer.identity())
    }

    /// Returns the registration id that a device said it has, which an envelope for many names
    /// ([`RecipientDevice`](super::RecipientDevice)).
    #[must_use]
    pub fn registration_of(&self, device: &Address) -> Option<u32> {
        Some(self.inner.peers.get(device)?.current()?.registration())
    }

    /// Returns the version and the newest post-quantum epoch of the session to send in: 0 while only the
    /// handshake's secret is in its keys, and always in version 3.
    #[must_use]
    pub fn strength(&self, with: &Address) -> Option<(Version, u32)> {
        let session = self.inner.peers.get(with)?.current()?;
        Some((session.version(), session.post_quantum_epoch()))
    }

    /// Seals a content of up to 2^18 bytes to a device.
    ///
    /// # Errors
    ///
    /// [`Error::BundleMissing`] if there is no session to send in; [`Error::StalePrekey`] if the device has not
    /// answered in the session for thirty days: begin another one with a new bundle; [`Error::ContentTooLong`];
    /// [`Error::ChainExhausted`] after 2^32 − 1 messages without an answer.
    pub fn seal(
        &mut self,
        to: &Address,
        content: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, SealedMessage>, Error> {
        let now = self.inner.clock.now(now);
        let inner = &*self.inner;
        let session = inner.peers.get(to).and_then(Peer::current).ok_or(Error::BundleMissing)?;
        let addresses = Address::both(&inner.address, to);
        let line = Line { own: &inner.keys, addresses: addresses.as_ref() };
        let (bytes, delta) = session.seal(line, content, now.seconds(), rng)?;
        let kind = if session.is_answered() { MessageKind::Ordinary } else { MessageKind::Initial };
        let session = SessionName::of(session);
        let moved = Moved { with: to.clone(), session, delta };
        let items = [ClientItem::Moved(Box::new(moved))];
        Ok(self.pending(now, items, SealedMessage { kind, bytes }))
    }

    /// Opens a message that came in the name of a device. Who sent it is proved by its session, which is with that
    /// device and nobody else.
    ///
    /// Its header is in clear, so that anybody can write one: it costs at most five agreements, and in each session
    /// 2,000 steps of each kind of chain, before it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WeakKey`] for the bytes; [`Error::Forged`] if it
    /// was not sealed in a session with this device; [`Error::WrongPeer`] if it says that it is from or for another
    /// address; [`Error::Duplicate`] if it was opened before; [`Error::MessageKeyGone`] if its key is gone;
    /// [`Error::TooFarAhead`] if it overtakes more than 2,000 messages; [`Error::Inconsistent`] if it contradicts
    /// what was received. For an initial message also [`Error::IdentityChanged`], [`Error::Downgrade`],
    /// [`Error::UnknownPrekey`], [`Error::Replay`], [`Error::RotationRequired`], [`Error::ReplayShareFull`] and
    /// [`Error::TooManyAccounts`]. Nothing changes then.
    pub fn open(
        &mut self,
        from: &Address,
        kind: MessageKind,
        bytes: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Self, OpenedMessage>, Error> {
        let now = self.inner.clock.now(now);
        match kind {
            MessageKind::Initial => self.open_initial(from, &InitialMessage::decode(bytes)?, now),
            MessageKind::Ordinary => self.open_ordinary(from, &Message::decode(bytes)?, now),
        }
    }

    fn open_ordinary(
        &mut self,
        from: &Address,
        message: &Message<'_>,
        now: Now,
    ) -> Result<Pending<'_, Self, OpenedMessage>, Error> {
        let inner = &*self.inner;
        let peer = inner.peers.get(from).ok_or(Error::Forged)?;
        let addresses = Address::both(from, &inner.address);
        let line = Line { own: &inner.keys, addresses: addresses.as_ref() };
        let (session, text, delta) = peer.open(line, message)?;
        let opened = opened(from, *peer.identity(), session.version, false, text);
        let moved = Moved { with: from.clone(), session, delta };
        Ok(self.pending(now, [ClientItem::Moved(Box::new(moved))], opened))
    }

    fn open_initial(
        &mut self,
        from: &Address,
        initial: &InitialMessage<'_>,
        now: Now,
    ) -> Result<Pending<'_, Self, OpenedMessage>, Error> {
        let inner = &*self.inner;
        let (identity, version) = (IdentityKey(initial.identity), initial.message.version);
        let addresses = Address::both(from, &inner.address);
        let line = Line { own: &inner.keys, addresses: addresses.as_ref() };
        let peer = inner.peers.get(from).filter(|peer| *peer.identity() == identity);
        if let Some(session) = peer.and_then(|peer| peer.begun_by(initial)) {
            let (text, delta) = session.open(line, &initial.message)?;
            let opened = opened(from, identity, version, false, text);
            let session = SessionName::of(session);
            let moved = Moved { with: from.clone(), session, delta };
            return Ok(self.pending(now, [ClientItem::Moved(Box::new(moved))], opened));
        }
        inner.check(from, &identity, version)?;
        let found = inner.keys.find(initial, from, now.seconds())?;
        let shared = found.decapsulate(initial);
        let (session, text) = Session::accept(line, initial, &found, shared.as_ref())?;
        let used = ClientItem::Used(Box::new(found.used));
        let begun = Begun { with: from.clone(), session: Box::new(session) };
        let opened = opened(from, identity, version, true, text);
        Ok(self.pending(now, [used, ClientItem::Begun(Box::new(begun))], opened))
    }

    /// Takes over another identity key of a device, because the user has seen that it changed and accepts it: the
    /// device was set up anew, or somebody else poses as it. The sessions with the old key end.
    pub fn acknowledge(
        &mut self,
        device: &Address,
        identity: IdentityKey,
        now: u64,
    ) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        let acknowledged = Acknowledged { with: device.clone(), identity };
        self.pending(now, [ClientItem::Acknowledged(Box::new(acknowledged))], ())
    }

    /// Ends sending in the present session with a device, because it could not open what was sent, or the user asks
    /// for it: the next message needs a bundle ([`Client::begin`]). What still comes is opened.
    pub fn close(&mut self, with: &Address, now: u64) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        self.pending(now, [ClientItem::Closed(Box::new(with.clone()))], ())
    }

    /// Erases prekeys that are past their time. Every other operation that succeeds does so too.
    pub fn expire(&mut self, now: u64) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        self.pending(now, [ClientItem::Expired], ())
    }

    fn pending<T>(
        &mut self,
        now: Now,
        items: impl Into<Vec<ClientItem>>,
        output: T,
    ) -> Pending<'_, Self, T> {
        let delta = ClientDelta { now: now.seconds(), items: items.into() };
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
    /// Refuses a session with another identity than a device is known by, or in an older version than it may be.
    fn check(&self, with: &Address, identity: &IdentityKey, version: Version) -> Result<(), Error> {
        match self.peers.get(with) {
            Some(peer) => peer.check(identity, version)?,
            None if self.peers.len() >= MAX_PEERS => return Err(Error::TooManyAccounts),
            None => {}
        }
        if version < self.floor { Err(Error::Downgrade) } else { Ok(()) }
    }

    fn take(&mut self, item: ClientItem) {
        match item {
            ClientItem::Rotated(set) => self.keys.add_set(set),
            ClientItem::Replenished(batch) => self.keys.add_batch(batch),
            ClientItem::Published(ids) => self.keys.note_published(&ids),
            ClientItem::Used(used) => self.keys.use_up(&used),
            ClientItem::Begun(begun) => {
                let Begun { with, session } = *begun;
                match self.peers.get_mut(&with) {
                    Some(peer) => peer.begin(session),
                    None => drop(self.peers.insert(with, Peer::new(session))),
                }
            }
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
        }
    }
}

fn opened(
    from: &Address,
    identity: IdentityKey,
    version: Version,
    is_new_session: bool,
    text: OpenedText,
) -> OpenedMessage {
    let OpenedText { text: content, position, skipped, lost } = text;
    OpenedMessage {
        from: from.clone(),
        identity,
        version,
        is_new_session,
        content,
        position,
        skipped,
        lost,
    }
}

impl Stateful for Client {
    const KIND: u8 = 0x0b;

    type Delta = ClientDelta;

    fn write(&self, writer: &mut Writer) {
        let Inner { address, floor, keys, peers, clock, anchor } = &*self.inner;
        anchor.write(writer);
        clock.write(writer);
        address.write(writer);
        writer.u8(floor.number());
        writer.count(peers.len());
        keys.write(writer);
        for (address, peer) in peers {
            let mut title = Writer::new();
            address.write(&mut title);
            writer.page(&[title.written()]);
            writer.raw(title.written());
            peer.write(writer);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (anchor, clock) = (Anchor::read(reader)?, Clock::read(reader)?);
        let address = Address::read(reader)?;
        let floor = Version::of_number(reader.u8()?)?;
        let count = reader.count(MAX_PEERS)?;
        let keys = OwnKeys::read(reader)?;
        let mut peers = BTreeMap::new();
        for _ in 0..count {
            let (address, peer) = (Address::read(reader)?, Peer::read(reader)?);
            ascending(&mut peers, address, peer)?;
        }
        Ok(Self { inner: Box::new(Inner { address, floor, keys, peers, clock, anchor }) })
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn advance(&mut self, next: Anchor, delta: ClientDelta) {
        let now = delta.now;
        for item in delta.items {
            self.inner.take(item);
        }
        self.inner.keys.expire(now);
        self.inner.anchor = next;
        self.inner.clock = Clock::new(now);
    }
}
