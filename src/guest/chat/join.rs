//! Late devices: those of the host that are linked after the claim, or could not take it.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::Now;
use crate::protocol::guest::content::ChatContent;
use crate::protocol::guest::grant::Grant;
use crate::protocol::guest::invitation::Approval;
use crate::protocol::guest::late_device::{JoinTicket, LateDevices};
use crate::protocol::guest::pin::PinStage;
use crate::protocol::handshake::bundle::Bundle;
use crate::protocol::handshake::prekeys::Found;
use crate::protocol::handshake::x3dh::Binding;
use crate::protocol::identity::certificate::{AccountId, AccountKind, Certificate};
use crate::protocol::letter::Listed;
use crate::protocol::wire;

use super::chat::Chat;
use super::delta::{ChatDelta, ChatStep};
use super::event::{ChatEvent, ReceivedEvent};
use super::sessions::ChatSession;
use super::state::{Beginning, ChatTerms, Inner, Stage};
use crate::client::{Address, Client, Envelope, OwnObject};
use crate::protocol::content::Sender;
use crate::protocol::position::Role;
use crate::session::incoming::Incoming;
use crate::session::{Decrypted, Session};
use crate::storage::{Anchor, Stateful};

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
    /// not answered, for what another own device shares of it as well; and not where this device has taken the
    /// claim.
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
            if AccountId(*reader.array()?) != client.list().account() {
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
        let message =
            session.encrypt(&ChatContent::Join.encode(&Listed::of(client.list())), rng)?;
        let envelope = Envelope { to: Address::of(&guest), message };
        // A second share of one claim makes another chat, which is to stand at no anchor of the first.
        let name = [&terms.transcript[..], &session.handshake_id().0].concat();
        let anchor = Anchor::start(Self::KIND, &client.certificate().core(), &name);
        let beginning = Beginning {
            terms,
            own: client.certificate().clone(),
            peer: guest,
            list: client.list().clone(),
            pending: 0,
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

    /// Admits, at the guest, a listed device by its first message, if there is no session with it, or none
    /// that the device has ever answered.
    pub(super) fn admit(
        &self,
        from: Address,
        first: &Incoming<'_>,
        now: Now,
    ) -> Result<(ReceivedEvent, ChatDelta), Error> {
        let inner = &*self.inner;
        // Before that nobody has a grant to share.
        if matches!(&inner.stage, Stage::Waiting { pin, .. } if inner.asks_pin() && !matches!(pin, PinStage::Done))
        {
            return Err(Error::NotAllowed);
        }
        let (session, opened) = inner.accept(from, first)?;
        let Decrypted { content, position, skipped, .. } = opened;
        let lost = inner.surplus(from.device, session.skipped());
        let (reported, ChatContent::Join) = ChatContent::decode(&content, &inner.terms.policy)?
        else {
            return Err(Error::NotAllowed);
        };
        let (kept, alerts) = inner.compare(Listed::NONE, reported);
        let report = (kept != Listed::NONE).then_some((from.device, kept));
        let step = ChatStep::Join(session);
        let delta = ChatDelta { now, moved: Vec::new(), report, step };
        let (event, sender) = (ChatEvent::Joined, Sender::Member);
        Ok((ReceivedEvent { event, from, sender, alerts, position, skipped, lost }, delta))
    }
}

impl Inner {
    /// Tells whether a message begins a session anew, by a device that the claim was for and that has not
    /// answered yet: it may never have opened its envelope.
    pub(super) fn comes_anew(&self, chat_session: &ChatSession, message: &Incoming<'_>) -> bool {
        let session = &chat_session.session;
        let is_unanswered = session.role() == Role::Initiator && !session.is_confirmed();
        // The session's own handshake id is on what was sent from here, and comes back from nobody honest.
        let is_another = message.handshake_id().is_some_and(|id| id != session.handshake_id());
        self.sender() == Sender::Member && is_unanswered && is_another
    }

    /// Accepts a first message bound to this chat, by the device that the list names and no other.
    fn accept(&self, from: Address, first: &Incoming<'_>) -> Result<(Session, Decrypted), Error> {
        let LateDevices::Guest(secrets) = &self.late_devices else { return Err(Error::Forged) };
        // An ordinary message of a session that does not exist.
        let (prefix, handshake) = first.handshake().map_err(|_| Error::Forged)?;
        let prekey_set = &secrets.prekey_set;
        if prefix.signed_prekeys != prekey_set.public.id || prefix.one_time.is_some() {
            return Err(Error::UnknownPrekey);
        }
        if prekey_set.memory.has_seen(&handshake) {
            return Err(Error::Replay);
        }
        if prekey_set.memory.is_full() {
            return Err(Error::TooManyJoins);
        }
        let found = Found { prekey_set, one_time: None };
        let binding = Binding { psk: &secrets.key, context: &self.terms.join_context() };
        let own = (&secrets.agreement, &self.own);
        let (peer, continuation, keys) = prefix.accept(own, &found, Some(&binding))?;
        if self.list.device(from.device) != Some(&peer) {
            return Err(Error::WrongPeer);
        }
        Session::accept((keys, &prekey_set.signed), (peer, continuation), first)
    }
}
