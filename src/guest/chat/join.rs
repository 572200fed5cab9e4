//! Late devices: those of the host that are linked after the claim, or could not take it.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::{Now, SKEW};
use crate::protocol::guest::content::ChatContent;
use crate::protocol::guest::grant::Grant;
use crate::protocol::guest::invitation::Approval;
use crate::protocol::guest::late_device::{JoinTicket, LateDevices};
use crate::protocol::guest::pin::PinStage;
use crate::protocol::handshake::bundle::Bundle;
use crate::protocol::handshake::prekeys::Found;
use crate::protocol::handshake::x3dh::Binding;
use crate::protocol::identity::certificate::{AccountId, AccountKind, Certificate, DeviceId};
use crate::protocol::letter::Listed;
use crate::protocol::wire;

use super::chat::Chat;
use super::delta::ChatDelta;
use super::doubt::UnopenedMessage;
use super::event::{ChatEvent, ReceivedEvent};
use super::receive::{Meaning, activity_of};
use super::sessions::ChatSession;
use super::state::{Beginning, ChatTerms, Inner, Stage};
use crate::client::{Address, Client, Envelope, OwnObject};
use crate::protocol::content::Sender;
use crate::protocol::franking::{FrankCheck, Schema};
use crate::protocol::position::Role;
use crate::session::incoming::Incoming;
use crate::session::{Decrypted, Session};
use crate::storage::{Anchor, Stateful};

/// The time in seconds that is between two sessions which a device of the host begins, at least: half of what it waits,
/// because clocks are set.
pub(super) const RENEWAL_AFTER: u64 = 1800;

impl Chat {
    /// Returns the shared chat, at the host, for an own device that was linked after the claim
    /// ([`Client::plan_object`]); the other device gives it to [`Chat::import`]. Secret: it holds the key by which
    /// the guest knows that a device was told of the chat.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side; [`Error::NotGranted`] before the grant;
    /// [`Error::WrongClient`] if `client` is not the device that this chat is of;
    /// [`Error::OwnDeviceUnlisted`] if that device is no longer one of its account's; [`Error::Expired`],
    /// [`Error::Ended`].
    pub fn export(&self, client: &Client, now: u64) -> Result<OwnObject, Error> {
        self.check_deadline(now)?;
        let inner = &*self.inner;
        let LateDevices::Host(ticket) = &inner.late_devices else { return Err(Error::NotAllowed) };
        let Stage::Active(grant) = &inner.stage else { return Err(Error::NotGranted) };
        inner.hosted_by(client)?;
        let mut writer = Writer::begin(wire::VERSION, wire::SHARED_CHAT);
        writer.raw(&inner.own.account().0);
        inner.terms.write(&mut writer);
        inner.peer.write(&mut writer);
        ticket.write(&mut writer);
        grant.write(&mut writer);
        Ok(OwnObject::new(writer.secret()))
    }

    /// Joins a chat that another own device has shared ([`Chat::export`]): makes this device's own chat with
    /// the guest, and its first message. Save the chat, then send the envelope. The guest takes it once it
    /// knows a device list that names this device.
    ///
    /// That an own device shared it is what an [`OwnObject`] stands for. Nothing else proves what it says until
    /// the guest answers: the first message opens there only if the link, the names, the policy and the owner key
    /// are those that the guest knows. So do it once for each guest ([`Chat::peer`]) and claim, but if the guest has
    /// not answered, for what another own device shares of it as well; and not where this device has the
    /// chat already, unless that one has been lost. Of several go on with the one imported last of those in which the
    /// guest has answered, and erase those before it without a word ([`Chat::block`]): [`Chat::end`] ends this device's
    /// part in all of them.
    ///
    /// # Errors
    ///
    /// [`Error::OwnDeviceUnlisted`] if this device is not one of its account's; [`Error::WrongPeer`] for
    /// the chat of another account, and if the other side is no guest; [`Error::BadSignature`] for keys
    /// that the guest has not signed, and for a grant that its device has not; [`Error::NotAllowed`] for a chat with
    /// a PIN that another device than the link's maker has granted, or whose maker is not listed any more;
    /// [`Error::WeakKey`], [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`].
    pub fn import(
        client: &Client,
        shared: &OwnObject,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Envelope), Error> {
        let (terms, guest, ticket, grant) = Reader::all(shared.as_bytes(), |reader| {
            reader.begin(wire::VERSION, wire::SHARED_CHAT)?;
            if AccountId(*reader.array()?) != client.list().first_id() {
                return Err(Error::WrongPeer);
            }
            let (terms, guest) = (ChatTerms::read(reader)?, Certificate::read(reader)?);
            Ok((terms, guest, JoinTicket::read(reader)?, Grant::read(reader)?))
        })?;
        let now = client.hosting(now)?;
        if guest.kind() != AccountKind::Guest {
            return Err(Error::WrongPeer);
        }
        ticket.signed_prekeys.verify(&guest)?;
        // Nobody else can have seen the PIN proved, and of who is not listed no signature is checked.
        let by_maker = grant.host == terms.maker && client.list().device(terms.maker).is_some();
        if terms.policy.approval == Approval::Pin && !by_maker {
            return Err(Error::NotAllowed);
        }
        grant.verify(&terms.invitation, &terms.transcript, guest.account(), client.list())?;
        let bundle = Bundle::new(guest.clone(), ticket.signed_prekeys.clone());
        let binding = Binding { psk: &ticket.key, context: &terms.join_context() };
        let mut session = client.initiate_guest(&bundle, &binding, now.reading(), rng)?;
        let message = session.encrypt(&join(&Listed::of(client.list()), now), rng)?;
        let envelope = Envelope::new(Address::of(&guest), message);
        // A second share of one claim makes another chat, which is to stand at no anchor of the first.
        let name = [&terms.transcript[..], &session.handshake_id().0].concat();
        let anchor = Anchor::start(Self::KIND, &client.certificate().core(), &name);
        let beginning = Beginning {
            terms,
            own: client.certificate().clone(),
            peer: guest,
            list: client.list().clone(),
            pending: 0,
            texts: Vec::new(),
            pin: PinStage::Done,
            granted: Some(grant),
            sessions: Vec::from([session]),
            reported: Listed::NONE,
            late_devices: LateDevices::Host(ticket),
        };
        let (mut chat, _) = Self::begin(beginning, now)?;
        chat.inner.anchor = anchor;
        Ok((chat, envelope))
    }

    /// Admits, at the guest, a listed device by its first message: if there is no session with it, none that the device
    /// has ever answered, or one that it began earlier; and if it had gone, since then.
    pub(super) fn admit(
        &self,
        from: Address,
        first: &Incoming<'_>,
        frank: FrankCheck<'_>,
        now: Now,
    ) -> Result<(ReceivedEvent, ChatDelta), UnopenedMessage> {
        let inner = &*self.inner;
        // Before that nobody has a grant to share. The maker alone may have been further than this guest is.
        let is_early = inner.is_unproved();
        if is_early && from.device != inner.terms.maker {
            return Err(Error::NotAllowed.into());
        }
        let present = inner.sessions.find(from.device);
        let (session, opened) = inner.accept(from, first)?;
        if is_early {
            return Err(UnopenedMessage::shown(Error::NotAllowed));
        }
        let is_later = match present {
            Some(present) => present.gives_way_to(&session, now),
            None => inner.lets_in(&session, now),
        };
        if !is_later {
            return Err(UnopenedMessage::suspected(Error::Replay));
        }
        let renewed = present.is_some_and(|present| !present.is_unanswered());
        let Decrypted { content, position, skipped, secret, .. } = opened;
        let given_up = present.map_or(0, ChatSession::skipped);
        let lost = given_up.saturating_add(inner.surplus(from.device, session.skipped()));
        let plain = content;
        let (reported, sent, content) = ChatContent::decode(&plain, &inner.terms.policy)?;
        let words = (Schema::Chat, ChatContent::words(&plain));
        let evidence = frank.check(&secret, words, content.is_text());
        let evidence = evidence.map_err(UnopenedMessage::suspected)?;
        let now = now.supported(sent);
        let Meaning { event, step, known, alerts: told } =
            inner.read_content(session.peer(), content)?;
        let activity = match event {
            // A person has brought it in; none has renewed it.
            ChatEvent::Joined if !renewed => sent.min(now.reading()),
            _ => activity_of(&event, &step, sent, now),
        };
        let (kept, mut alerts) = inner.compare(Listed::NONE, reported);
        alerts.extend(told);
        let report = (kept != Listed::NONE).then_some((from.device, kept));
        let begun = Some(session);
        let delta = ChatDelta { activity, begun, report, known, ..ChatDelta::step(now, step) };
        let sender = Sender::Member;
        let received = ReceivedEvent {
            event,
            sent,
            renewed,
            from,
            sender,
            alerts,
            position,
            skipped,
            lost,
            evidence,
            secret,
        };
        Ok((received, delta))
    }
}

/// Encodes the content with which a device of the host comes in.
pub(super) fn join(listed: &Listed, now: Now) -> Zeroizing<Vec<u8>> {
    ChatContent::Join.encode(listed, now.reading())
}

impl ChatSession {
    /// Tells whether, at a guest, a session that its device has begun takes the place of this one. That of the claim
    /// gives way to any, because it is begun once; the others in the order in which their device began them, so that
    /// no first message that was held back displaces a later one. A time of the future is of a clock that was wrong,
    /// and tells no order.
    fn gives_way_to(&self, next: &Session, now: Now) -> bool {
        let present = self.session.continuation().created;
        self.session.role() == Role::Initiator
            || is_of_future(present, now)
            || next.continuation().created >= present.saturating_add(RENEWAL_AFTER)
    }
}

/// Tells whether a session was begun by a clock that was wrong.
fn is_of_future(begun: u64, now: Now) -> bool {
    begun > now.reading().saturating_add(SKEW)
}

impl Inner {
    /// Tells whether, at a guest, a session brings in a device with which there is none. If it was in before, a first
    /// message that was held back since then does not: the guest would write in a session that nobody holds any more.
    fn lets_in(&self, next: &Session, now: Now) -> bool {
        let LateDevices::Guest(secrets) = &self.late_devices else { return false };
        let gone = secrets.gone.begun(next.peer().device());
        gone.is_none_or(|gone| is_of_future(gone, now) || next.continuation().created > gone)
    }

    /// Remembers, at a guest, devices that were in and are so no more.
    pub(super) fn remember_gone(&mut self, gone: impl IntoIterator<Item = (DeviceId, u64)>) {
        if let LateDevices::Guest(secrets) = &mut self.late_devices {
            for (device, begun) in gone {
                secrets.gone.remember(device, begun, &self.list);
            }
        }
    }

    /// Tells whether, at a guest, a message may begin a session anew.
    pub(super) fn comes_anew(&self, chat_session: &ChatSession, message: &Incoming<'_>) -> bool {
        let id = chat_session.session.handshake_id();
        self.sender() == Sender::Member && message.handshake_id().is_some_and(|other| other != id)
    }

    /// Accepts a first message bound to this chat, by the device that the list names and no other.
    fn accept(
        &self,
        from: Address,
        first: &Incoming<'_>,
    ) -> Result<(Session, Decrypted), UnopenedMessage> {
        let forged = || UnopenedMessage::suspected(Error::Forged);
        let LateDevices::Guest(secrets) = &self.late_devices else { return Err(forged()) };
        // An ordinary message of a session that does not exist.
        let (prefix, handshake) = first.handshake().map_err(|_| forged())?;
        let prekey_set = &secrets.prekey_set;
        if prefix.signed_prekeys != prekey_set.public.id || prefix.one_time.is_some() {
            return Err(Error::UnknownPrekey.into());
        }
        if prekey_set.memory.has_seen(&handshake) {
            // It may be of a device that was rolled back, and goes on in a session that the guest has left.
            return Err(UnopenedMessage::suspected(Error::Replay));
        }
        let found = Found { prekey_set, one_time: None };
        let binding = Binding { psk: &secrets.key, context: &self.terms.join_context() };
        let own = (&secrets.agreement, &self.own);
        let (peer, continuation, keys) = prefix.accept(own, &found, Some(&binding))?;
        if self.list.device(from.device) != Some(&peer) {
            return Err(Error::WrongPeer.into());
        }
        let accepted = Session::accept((keys, &prekey_set.signed), (peer, continuation), first)?;
        // Behind the proof that it is that device, which shows that it can come in no more.
        if secrets.is_full_for(from.device) {
            return Err(UnopenedMessage::shown(Error::TooManyJoins));
        }
        Ok(accepted)
    }
}
