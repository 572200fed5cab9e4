//! Devices of the host that are linked after the claim, or could not take it.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::change::{Change, Delta};
use crate::client::{Address, Client, Envelope};
use crate::error::Error;
use crate::message;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::bundle::Bundle;
use crate::protocol::content::Content;
use crate::protocol::grant::{Granted, Word};
use crate::protocol::handshake::{Binding, Prefix};
use crate::protocol::identity::{AccountId, AccountKind, Certificate};
use crate::protocol::invitation;
use crate::protocol::join::{Joining, Ticket};
use crate::protocol::letter::Listed;
use crate::protocol::pin::PinStage;
use crate::protocol::prekeys::Found;
use crate::protocol::ratchet::{Ratchet, Role};
use crate::protocol::wire;
use crate::session::{Opened, Session};

use super::delta::{ChatDelta, Step};
use super::lists::NONE;
use super::seats::Seat;
use super::stage::{Beginning, Inner, Stage, Terms};
use super::{Chat, Event, Origin, Received};

impl Chat {
    /// For a device of the host: the chat for an own device that was linked after the claim. Send
    /// it as content that only own devices may send; the new device gives it to [`Chat::join`].
    /// Secret: it holds the key by which the guest knows that a device was told of the chat.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side; [`Error::NotGranted`] before the grant;
    /// [`Error::BadArgument`] if `client` is not the device that this chat is of;
    /// [`Error::Unlisted`] if that device is no more one of its account's; [`Error::Expired`],
    /// [`Error::Ended`].
    pub fn share(&self, client: &Client, now: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.alive(now)?;
        let inner = &*self.inner;
        let Joining::Host(ticket) = &inner.joining else { return Err(Error::NotAllowed) };
        let Stage::Active(word) = &inner.stage else { return Err(Error::NotGranted) };
        inner.hosted_by(client)?;
        let mut writer = Writer::begin(wire::VERSION, wire::SHARED_CHAT);
        writer.raw(&inner.own.account().0);
        inner.terms.write(&mut writer);
        inner.peer.write(&mut writer);
        writer.bytes(inner.peer_name.as_bytes());
        ticket.write(&mut writer);
        word.write(&mut writer);
        Ok(writer.secret())
    }

    /// Comes into a chat that another own device has shared ([`Chat::share`]): this device's own
    /// chat with the guest, and its first message. Save the chat, then send the envelope. The guest
    /// takes it once it knows a device list that names this device.
    ///
    /// That an own device shared it is what the channel between own devices says: give nothing here
    /// that came another way. Do it once for a chat, and not where this device has taken the claim:
    /// it is for a device that was linked later, and for one that the claim was for and that could
    /// not take it.
    ///
    /// # Errors
    ///
    /// [`Error::Unlisted`] if this device is not one of its account's; [`Error::WrongPeer`] for the
    /// chat of another account, and if the other side is no guest; [`Error::BadSignature`] for keys
    /// that the guest has not signed, and for a grant that its device has not;
    /// [`Error::WeakKey`], [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`].
    pub fn join(
        client: &Client,
        shared: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Envelope), Error> {
        let (terms, guest, name, ticket, word) = Reader::all(shared, |reader| {
            reader.begin(wire::VERSION, wire::SHARED_CHAT)?;
            if AccountId(*reader.array()?) != client.list().account() {
                return Err(Error::WrongPeer);
            }
            let (terms, guest) = (Terms::read(reader)?, Certificate::read(reader)?);
            let name = invitation::name(reader)?;
            Ok((terms, guest, name, Ticket::read(reader)?, Word::read(reader)?))
        })?;
        let now = client.hosting(now)?;
        if guest.kind() != AccountKind::Guest {
            return Err(Error::WrongPeer);
        }
        ticket.lasting.verify(&guest)?;
        was_granted(&word, &terms, &guest, client)?;
        let bundle = Bundle::new(guest.clone(), ticket.lasting.clone());
        let binding = Binding { psk: &ticket.key, context: &terms.transcript };
        let mut session = client.initiate_guest(&bundle, &binding, now, rng)?;
        let message = session.encrypt(&Content::Join.encode(&Listed::of(client.list())), rng)?;
        let envelope = Envelope { to: Address::of(&guest), message };
        let beginning = Beginning {
            terms,
            own: client.certificate().clone(),
            peer: guest,
            peer_name: name,
            list: client.list().clone(),
            pending: 0,
            pin: PinStage::Done,
            granted: Some(word),
            sessions: Vec::from([session]),
            reported: NONE,
            joining: Joining::Host(ticket),
        };
        Ok((Self::begin(beginning, now)?.0, envelope))
    }

    /// At the guest: the first message of a listed device that has no session with it, or none that
    /// the device has ever answered.
    pub(super) fn admit(
        &self,
        from: Address,
        first: &[u8],
        now: u64,
    ) -> Result<(Received, Change), Error> {
        let inner = &*self.inner;
        let (session, opened) = inner.accept(from, first)?;
        let Opened { content, position, missing, lost } = opened;
        let (reported, Content::Join) = Content::decode(&content, &inner.terms.policy)? else {
            return Err(Error::NotAllowed);
        };
        let (kept, alerts) = inner.compare(NONE, reported);
        let report = (kept != NONE).then_some((from.device, kept));
        let step = Step::Join(session);
        let delta = ChatDelta { now, moved: Vec::new(), report, step };
        let change = Change::new(inner.anchor, Delta::Chat(delta))?;
        let (event, origin) = (Event::Joined, Origin::Member);
        Ok((Received { event, from, origin, alerts, position, missing, lost }, change))
    }
}

impl Inner {
    /// Whether a message begins a session anew, by a device that the claim was for and that has not
    /// answered yet: it may never have opened its envelope.
    pub(super) fn comes_anew(&self, seat: &Seat, message: &[u8]) -> bool {
        let session = &seat.session;
        let is_unanswered = session.role() == Role::Initiator && !session.is_confirmed();
        // Its own name is on what was sent from here, and comes back from nobody honest.
        let is_another = |first: Prefix<'_>| first.name() != session.name();
        self.origin() == Origin::Member
            && is_unanswered
            && message::prefix(message).is_ok_and(is_another)
    }

    /// Accepts a first message bound to this chat, by the device that the list names and no other.
    fn accept(&self, from: Address, first: &[u8]) -> Result<(Session, Opened), Error> {
        let Joining::Guest(reception) = &self.joining else { return Err(Error::Forged) };
        let prefix = message::prefix(first).map_err(|error| match error {
            // An ordinary message of a session that is not there.
            Error::WrongKind => Error::Forged,
            other => other,
        })?;
        let generation = &reception.generation;
        if prefix.lasting != generation.public.id || prefix.one_time.is_some() {
            return Err(Error::UnknownPrekey);
        }
        if generation.has_seen(&prefix.name()) {
            return Err(Error::Replay);
        }
        if generation.is_full() {
            return Err(Error::Exhausted);
        }
        let found = Found { generation, one_time: None };
        let binding = Binding { psk: &reception.key, context: &self.terms.transcript };
        let own = (&reception.agreement, &self.own);
        let (peer, descent, keys) = prefix.accept(own, &found, Some(&binding))?;
        if self.list.device(from.device) != Some(&peer) {
            return Err(Error::WrongPeer);
        }
        let ratchet = Ratchet::accept(keys, &generation.signed);
        Session::accept(ratchet, (peer, descent), &prefix, first)
    }
}

/// That the device which let the guest in said so of this claim. One that has left the list since
/// is not asked: its chats go on at the others.
fn was_granted(
    word: &Word,
    terms: &Terms,
    guest: &Certificate,
    client: &Client,
) -> Result<(), Error> {
    let Word { host, at, signature } = word;
    let Some(by) = client.list().device(*host) else { return Ok(()) };
    let (invitation, transcript) = (&terms.invitation, &terms.transcript);
    let told = Granted { invitation, transcript, guest: guest.account(), host: *host, at: *at };
    told.verify(&by.identity().signing, signature)
}
