//! Conversations with devices on other messengers: `spec/third-party.md`, "Sessions".

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::kdf::hedged;
use crate::protocol::clock::Now;
use crate::protocol::labels;
use crate::storage::{Pending, State};

use super::address::Address;
use super::binding::Binding;
use super::bundle::Bundle;
use super::client::{Client, Inner, MAX_PEERS};
use super::decryption_error::DecryptionErrorMessage;
use super::delta::{Begun, ClientItem, Consented, Moved};
use super::groups::{Provenance, SenderKeyDistribution, Teller};
use super::keys::IdentityKey;
use super::message::{ForeignContent, ForeignMessage, PlainContent};
use super::peer::{Peer, SessionName};
use super::policy::{Consent, Disclosed, Ends, ForeignDevice, ForeignMessageId, Party, Saying};
use super::sealed_message::{MessageKind, SealedMessage};
use super::session::{Line, OpenedText, Session};
use super::version::Version;
use super::wire::{ADDRESSES, InitialMessage, Message};

/// A message that was opened, and what it changes.
struct Opened {
    items: Vec<ClientItem>,
    identity: IdentityKey,
    version: Version,
    is_new_session: bool,
    text: OpenedText,
}

impl Client {
    /// Begins a session with a device, by the bundle that its service gave; an older session with it is kept to
    /// open what still comes in it. Whoever begins one wants to write: the account counts as accepted.
    ///
    /// # Errors
    ///
    /// As [`Client::seal`] for what stands against the account; [`Error::BadSignature`], [`Error::WeakKey`],
    /// [`Error::Malformed`] for the bundle; [`Error::Unlisted`] if the account attests another identity key;
    /// [`Error::Downgrade`] if the bundle has no KEM prekey and this device, the provider or this account does not go
    /// below version 4; [`Error::IdentityChanged`] if the device is known by another identity key;
    /// [`Error::NotAllowed`] if the account has as many devices as its provider may;
    /// [`Error::TooManyAccounts`] if there are 5,000 devices or accounts already.
    pub fn begin(
        &mut self,
        with: &ForeignDevice,
        bundle: &Bundle,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let (inner, now) = (&*self.inner, self.inner.clock.now(now));
        let party = inner.policy.writing(with, now)?;
        let version = if bundle.kem.is_some() { Version::V4 } else { Version::V3 };
        inner.check(&party, with, &bundle.identity, version)?;
        if inner.is_changed(with, &bundle.identity) {
            return Err(Error::IdentityChanged);
        }
        if !inner.policy.has_room_for(with.account()) {
            return Err(Error::TooManyAccounts);
        }
        let session = Session::initiate(&inner.keys, bundle, now.reading(), rng)?;
        let mut items = Vec::new();
        if party.is_unasked() {
            items.push(consented(with, Consent::Accepted));
        }
        let begun = Begun { with: with.clone(), session: Box::new(session) };
        items.push(ClientItem::Begun(Box::new(begun)));
        Ok(self.pending(now, items, ()))
    }

    /// Tells whether there is a session in which a message to a device can be sealed.
    #[must_use]
    pub fn has_session(&self, with: &ForeignDevice) -> bool {
        self.inner.peers.get(with).is_some_and(|peer| peer.current().is_some())
    }

    /// Returns the registration id that a device said it has, which an envelope for many names
    /// ([`RecipientDevice`](super::RecipientDevice)).
    #[must_use]
    pub fn registration_of(&self, device: &ForeignDevice) -> Option<u32> {
        Some(self.inner.peers.get(device)?.current()?.registration())
    }

    /// Returns the version and the newest post-quantum epoch of the session to send in: 0 while only the
    /// handshake's secret is in its keys, and always in version 3.
    #[must_use]
    pub fn strength(&self, with: &ForeignDevice) -> Option<(Version, u32)> {
        let session = self.inner.peers.get(with)?.current()?;
        Some((session.version(), session.post_quantum_epoch()))
    }

    /// Makes the id of a message, the same for all devices that it goes to.
    pub fn message_id(&self, rng: &mut impl CryptoRng) -> ForeignMessageId {
        let (secret, anchor) = (self.inner.keys.identity().seed(), self.anchor());
        let id = hedged(secret, labels::SIGNAL_MESSAGE_ID, &[&anchor.to_bytes()], rng);
        ForeignMessageId(*id.expose())
    }

    /// Seals what is to be said to a device, of an attested account.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for a kind, a timer or a view-once message that the profiles of the account, its
    /// provider and this side do not all have, [`Error::ContentTooLong`] for a longer text: nothing is left out of a
    /// message. [`Error::NotAllowed`] also if the account lists more devices than its provider may by now.
    /// [`Error::NotOptedIn`], [`Error::Frozen`], [`Error::NoticesNotAcknowledged`] for the provider;
    /// [`Error::UnknownAccount`], [`Error::ListExpired`], [`Error::Unlisted`], [`Error::IdentityChanged`],
    /// [`Error::NotAccepted`], [`Error::Blocked`] for the account; [`Error::OwnDeviceUnlisted`] for this device;
    /// [`Error::WrongKind`] if its programs are plain ones; for the session as [`Client::seal_plain`].
    pub fn seal(
        &mut self,
        to: &ForeignDevice,
        saying: &Saying<'_>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, SealedMessage>, Error> {
        let (inner, now) = (&*self.inner, self.inner.clock.now(now));
        let party = inner.writing(to, now)?;
        let ends = Ends { sender: &inner.device, receiver: to };
        let text = party.enclose(ends, saying, now)?;
        let (moved, message) = inner.seal(&party, to, &text, now, rng)?;
        Ok(self.pending(now, [moved], message))
    }

    /// Seals bytes of up to 2^18 to a device of an account whose programs are plain. They mean what those
    /// programs say; nothing in them is bound or checked.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`] if the account is attested, else as [`Client::seal`] for provider and account;
    /// [`Error::BundleMissing`] if there is no session to send in; [`Error::StalePrekey`] if the device has not
    /// answered in the session for thirty days: begin another one with a new bundle; [`Error::Downgrade`] if the
    /// session is of an older version than is allowed by now; [`Error::ContentTooLong`]; [`Error::ChainExhausted`]
    /// after 2^32 − 1 messages without an answer.
    pub fn seal_plain(
        &mut self,
        to: &ForeignDevice,
        content: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, SealedMessage>, Error> {
        let (inner, now) = (&*self.inner, self.inner.clock.now(now));
        let party = inner.policy.writing(to, now)?;
        if party.is_attested() {
            return Err(Error::WrongKind);
        }
        let (moved, message) = inner.seal(&party, to, content, now, rng)?;
        Ok(self.pending(now, [moved], message))
    }

    /// Opens a message that came in the name of a device. Who sent it is proved by its session, which is with that
    /// device and nobody else.
    ///
    /// The first message of an account that the user never wrote to is a request: of a short text it shows that, of
    /// anything else nothing, and the message can be opened again. Nothing more of the account is opened until the
    /// user accepts it.
    ///
    /// Its header is in clear, so that anybody can write one: it costs at most five agreements, and in each session
    /// 2,000 steps of each kind of chain, before it is refused.
    ///
    /// # Errors
    ///
    /// Before a byte of it is read: [`Error::NotOptedIn`], [`Error::Frozen`] for the provider; [`Error::Blocked`],
    /// [`Error::NotAccepted`], [`Error::IdentityChanged`], [`Error::UnknownAccount`], [`Error::ListExpired`],
    /// [`Error::Unlisted`] for the account, [`Error::TooManyAccounts`] if the user is to decide about too many others;
    /// [`Error::OwnDeviceUnlisted`] for this device.
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WeakKey`] for the bytes; [`Error::Forged`] if it
    /// was not sealed in a session with this device; [`Error::WrongPeer`] if it says that it is from or for another
    /// device; [`Error::Duplicate`] if it was opened before; [`Error::MessageKeyGone`] if its key is gone;
    /// [`Error::TooFarAhead`] if it overtakes more than 2,000 messages; [`Error::Inconsistent`] if it contradicts
    /// what was received; [`Error::Downgrade`] if its session is of an older version than is allowed by now;
    /// [`Error::NotAllowed`], [`Error::UnsupportedContent`] for its content; [`Error::ProfilesDiffer`]. Also
    /// [`Error::NotAllowed`] for a device that is one more than the account may have. For an
    /// initial message also [`Error::UnknownPrekey`], [`Error::Replay`], [`Error::RotationRequired`],
    /// [`Error::ReplayShareFull`], [`Error::TooManyAccounts`], and [`Error::IdentityChanged`] if the device is known
    /// by another key than the one that it shows to have ([`Client::identity_in`]). Nothing changes then.
    pub fn open(
        &mut self,
        from: &ForeignDevice,
        kind: MessageKind,
        bytes: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Self, ForeignMessage>, Error> {
        let (inner, now) = (&*self.inner, self.inner.clock.now(now));
        let party = inner.policy.reading(from, now)?;
        if party.is_new() && !inner.policy.has_room(from.provider()) {
            return Err(Error::TooManyAccounts);
        }
        let opened = match kind {
            MessageKind::Initial => {
                inner.open_initial(&party, from, &InitialMessage::decode(bytes)?, now)?
            }
            MessageKind::Ordinary => inner.open_ordinary(&party, from, &Message::decode(bytes)?)?,
        };
        let (items, message) = inner.disclose(&party, from, opened, now)?;
        Ok(self.pending(now, items, message))
    }

    /// Tells whether an error of a device is to be answered: it names this device, and the ratchet key under which
    /// this side sends to that device now. Anybody can make one, and one that names something else is out of date.
    #[must_use]
    pub fn is_current_error(&self, from: &ForeignDevice, error: &DecryptionErrorMessage) -> bool {
        let session = self.inner.peers.get(from).and_then(Peer::current);
        let names_key =
            session.zip(error.key()).is_some_and(|(session, key)| session.sends_under(key));
        names_key && error.device() == u32::from(self.inner.device.number())
    }

    /// Ends sending in the present session with a device, because it could not open what was sent, or the user asks
    /// for it: the next message needs a bundle ([`Client::begin`]). What still comes is opened.
    pub fn close(&mut self, with: &ForeignDevice, now: u64) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        self.pending(now, [ClientItem::Closed(Box::new(with.clone()))], ())
    }
}

impl Inner {
    /// Finds what somebody is to content that is to be sent to it: this device is attested as well, where that is.
    pub(super) fn writing(&self, to: &ForeignDevice, now: Now) -> Result<Party<'_>, Error> {
        let party = self.policy.writing(to, now)?;
        let own = self.policy.own().and_then(|own| own.device(self.device.number()));
        if party.is_attested() && own != Some(self.keys.public()) {
            return Err(Error::OwnDeviceUnlisted);
        }
        Ok(party)
    }

    /// Refuses a session with another identity than an account attests, or in an older version than it may be.
    fn check(
        &self,
        party: &Party<'_>,
        with: &ForeignDevice,
        identity: &IdentityKey,
        version: Version,
    ) -> Result<(), Error> {
        party.check_identity(with.number(), identity)?;
        match self.peers.get(with) {
            Some(peer) => peer.check(version)?,
            None if self.peers.len() >= MAX_PEERS => return Err(Error::TooManyAccounts),
            None if party.is_full(self.known(with.account()).count()) => {
                return Err(Error::NotAllowed);
            }
            None => {}
        }
        self.check_version(party, version)
    }

    /// Tells whether a device is known by another identity key.
    fn is_changed(&self, device: &ForeignDevice, identity: &IdentityKey) -> bool {
        self.peers.get(device).is_some_and(|peer| peer.identity() != identity)
    }

    pub(super) fn check_version(&self, party: &Party<'_>, version: Version) -> Result<(), Error> {
        if version < party.floor(self.floor) { Err(Error::Downgrade) } else { Ok(()) }
    }

    fn line<'a>(&'a self, addresses: Option<&'a [u8; ADDRESSES]>) -> Line<'a> {
        Line { own: &self.keys, addresses }
    }

    pub(super) fn seal(
        &self,
        party: &Party<'_>,
        to: &ForeignDevice,
        text: &[u8],
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Result<(ClientItem, SealedMessage), Error> {
        let session = self.peers.get(to).and_then(Peer::current).ok_or(Error::BundleMissing)?;
        party.check_identity(to.number(), session.peer())?;
        self.check_version(party, session.version())?;
        let addresses = Address::both(&self.device.address(), &to.address());
        let (bytes, delta) =
            session.seal(self.line(addresses.as_ref()), text, now.reading(), rng)?;
        let kind = if session.is_answered() { MessageKind::Ordinary } else { MessageKind::Initial };
        let session = SessionName::of(session);
        let moved = Moved { with: to.clone(), session, delta };
        Ok((ClientItem::Moved(Box::new(moved)), SealedMessage { kind, bytes }))
    }

    fn open_ordinary(
        &self,
        party: &Party<'_>,
        from: &ForeignDevice,
        message: &Message<'_>,
    ) -> Result<Opened, Error> {
        let peer = self.peers.get(from).ok_or(Error::Forged)?;
        self.check_version(party, message.version)?;
        party.check_identity(from.number(), peer.identity())?;
        let addresses = Address::both(&from.address(), &self.device.address());
        let (session, text, delta) = peer.open(self.line(addresses.as_ref()), message)?;
        let (identity, version) = (*peer.identity(), session.version);
        let moved = Moved { with: from.clone(), session, delta };
        let items = vec![ClientItem::Moved(Box::new(moved))];
        Ok(Opened { items, identity, version, is_new_session: false, text })
    }

    fn open_initial(
        &self,
        party: &Party<'_>,
        from: &ForeignDevice,
        initial: &InitialMessage<'_>,
        now: Now,
    ) -> Result<Opened, Error> {
        let (identity, version) = (IdentityKey(initial.identity), initial.message.version);
        self.check(party, from, &identity, version)?;
        let addresses = Address::both(&from.address(), &self.device.address());
        let line = self.line(addresses.as_ref());
        let is_changed = self.is_changed(from, &identity);
        let peer = self.peers.get(from).filter(|_| !is_changed);
        if let Some(session) = peer.and_then(|peer| peer.begun_by(initial)) {
            let (text, delta) = session.open(line, &initial.message)?;
            let session = SessionName::of(session);
            let moved = Moved { with: from.clone(), session, delta };
            let items = vec![ClientItem::Moved(Box::new(moved))];
            return Ok(Opened { items, identity, version, is_new_session: false, text });
        }
        let found = self.keys.find(initial, from, now.firm())?;
        let shared = found.decapsulate(initial);
        let (session, text) = Session::accept(line, initial, &found, shared.as_ref())?;
        // Only now: whoever wrote it has the key that it names, so that nobody else alarms the user.
        if is_changed {
            return Err(Error::IdentityChanged);
        }
        let begun = Begun { with: from.clone(), session: Box::new(session) };
        let used = ClientItem::Used(Box::new(found.used));
        let items = vec![used, ClientItem::Begun(Box::new(begun))];
        Ok(Opened { items, identity, version, is_new_session: true, text })
    }

    /// Tells what a message says, and what is shown of it.
    fn disclose(
        &self,
        party: &Party<'_>,
        from: &ForeignDevice,
        opened: Opened,
        now: Now,
    ) -> Result<(Vec<ClientItem>, ForeignMessage), Error> {
        let Opened { mut items, identity, version, is_new_session, text } = opened;
        let OpenedText { text, position, skipped, lost } = text;
        let ends = Ends { sender: from, receiver: &self.device };
        let teller = Teller { identity, opt_outs: self.policy.opt_outs(from.provider()) };
        let provenance = || Provenance { from: from.clone(), teller, version };
        let (binding, content) = match party.disclose(ends, &text, now)? {
            Some(Disclosed::Said(said)) => (Binding::Attested, ForeignContent::Said(said)),
            Some(Disclosed::Told(told)) => {
                let told = SenderKeyDistribution::attested(provenance(), &told)?;
                (Binding::Attested, ForeignContent::SenderKey(told))
            }
            None => {
                (Binding::Unbound, ForeignContent::Plain(PlainContent::new(provenance(), text)))
            }
        };
        let is_request = party.is_unasked();
        let mut message = ForeignMessage {
            from: from.clone(),
            binding,
            identity,
            version,
            is_new_session,
            is_request,
            content,
            position,
            skipped,
            lost,
        };
        if is_request {
            if !message.content.is_preview() {
                // The message stays as it was: its prekeys are there when it is opened again.
                items.clear();
                message.content = ForeignContent::Held;
                message.is_new_session = false;
            }
            items.push(consented(from, Consent::Requested));
        }
        Ok((items, message))
    }
}

fn consented(device: &ForeignDevice, consent: Consent) -> ClientItem {
    let account = device.account().clone();
    ClientItem::Consented(Box::new(Consented { account, consent }))
}
