//! One look after a chat, at any time: `spec/guest-links.md`, "Repair".

use alloc::vec;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::chat::Chat;
use super::delta::{ChatDelta, ChatStep};
use super::doubt::{ChatDoubt, Note, Wish};
use super::event::{ChatEvent, Repaired};
use super::join::{RENEWAL_AFTER, join};
use super::sessions::ChatSession;
use super::state::{Inner, Stage};
use crate::client::{Client, Envelope};
use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::content::Sender;
use crate::protocol::guest::content::{Asks, ChatContent, EndReason};
use crate::protocol::guest::late_device::LateDevices;
use crate::protocol::guest::pin::PinStage;
use crate::protocol::handshake::bundle::Bundle;
use crate::protocol::handshake::x3dh::Binding;
use crate::protocol::position::{Position, Role};
use crate::storage::Pending;

impl Chat {
    /// Looks after the chat, on either side: ends it when its time has come, as [`Chat::expire`] does, and seals what
    /// has to be sent so that both sides go on reading each other. Call it when the program starts, after messages were
    /// taken in ([`Chat::take`]), and every hour; save the change, then send the envelopes.
    ///
    /// A device of the host gives its client; without it nothing is sealed there. However often it is called, it seals
    /// no more than once an hour for each device, and less often each time it was in vain.
    ///
    /// # Errors
    ///
    /// [`Error::WrongClient`] if `client` is not the device that this chat is of; [`Error::OwnDeviceUnlisted`] if that
    /// device is no longer one of its account's: leave the chat ([`Chat::leave`]). [`Error::ChainExhausted`].
    pub fn repair(
        &mut self,
        client: Option<&Client>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Repaired>, Error> {
        let sealed = match self.writing(now) {
            Ok(at) => match (self.sender(), client) {
                (Sender::Member, _) if self.inner.is_lost(at) => Some(self.inner.lost(at, rng)),
                (Sender::Member, _) => self.inner.knocked(at, rng)?,
                (_, Some(client)) => {
                    self.inner.hosted_by(client)?;
                    if self.inner.is_lost(at) {
                        let (repaired, delta) = self.inner.lost(at, rng);
                        return Ok(Pending::maybe(self, Some(delta), repaired));
                    }
                    let at = at.supported(client.firm(at.reading()));
                    self.inner.renewed(client, at, rng)?
                }
                (_, None) => None,
            },
            Err(_) => None,
        };
        let (repaired, delta) = match sealed {
            Some((repaired, delta)) => (repaired, Some(delta)),
            None => (Repaired::default(), self.passed(now)),
        };
        Ok(Pending::maybe(self, delta, repaired))
    }
}

/// The outcome of a look, and its change.
type Sealed = (Repaired, ChatDelta);

impl Inner {
    /// Tells whether nothing can bring the two sides together again: where a PIN is to be proved, because each step
    /// is taken once; and at a guest that takes no first message of any device any more. Only what the other side
    /// itself has shown counts, because everybody else could end chats; and for an hour, because what is on its way
    /// may settle it.
    fn is_lost(&self, now: Now) -> bool {
        let is_lasting = |one: &ChatSession| one.repair.is_lasting(now.firm());
        match (&self.stage, &self.late_devices) {
            (Stage::Waiting { pin: PinStage::Answered { .. }, .. }, LateDevices::Host(_)) => {
                self.sessions.iter().any(is_lasting)
            }
            (_, LateDevices::Guest(secrets)) => {
                let maker = self.sessions.find(self.terms.maker);
                let is_over =
                    |one: &ChatSession| is_lasting(one) && secrets.is_full_for(one.with());
                let is_in = self.sessions.iter().next().is_some();
                (self.is_unproved() && maker.is_some_and(is_lasting))
                    || (is_in && self.sessions.iter().all(is_over))
            }
            _ => false,
        }
    }

    /// Ends the chat that is lost, and tells the other side, which may read it or not.
    fn lost(&self, now: Now, rng: &mut impl CryptoRng) -> Sealed {
        let end = ChatContent::End.encode(&self.listed(), now.reading());
        let sealed = self.sessions.seal(&self.list, |_| Some(end.clone()), rng);
        let (envelopes, moved) = sealed.unwrap_or_default();
        let step = ChatStep::End(EndReason::Lost);
        let event = Some(ChatEvent::NewLinkNeeded);
        (Repaired { envelopes, event }, ChatDelta { moved, ..ChatDelta::step(now, step) })
    }

    /// Knocks, at a guest, at each device that has come in and had no answer, that something did not open of, or that
    /// may have let the guest in.
    fn knocked(&self, now: Now, rng: &mut impl CryptoRng) -> Result<Option<Sealed>, Error> {
        let seconds = now.reading();
        let asks = |one: &ChatSession| self.asks(one, seconds);
        let tried = |one: &ChatSession| asks(one).is_some_and(|asks| asks != Asks::Nothing);
        if self.sessions.iter().all(|one| asks(one).is_none()) {
            return Ok(None);
        }
        let knock = |asks| ChatContent::Knock(asks).encode(&self.listed(), seconds);
        let (envelopes, moved) = self.sessions.seal(&self.list, |one| asks(one).map(knock), rng)?;
        let tried = self.sessions.iter().filter(|one| tried(one));
        let notes = tried.map(|one| (one.with(), Note::Tried)).collect();
        let delta = ChatDelta { moved, notes, ..ChatDelta::step(now, ChatStep::Stay) };
        Ok(Some((Repaired { envelopes, event: None }, delta)))
    }

    /// Returns what a guest has to ask of a device now.
    fn asks(&self, one: &ChatSession, now: u64) -> Option<Asks> {
        let has_spoken = one.session.sent() != Position::default();
        if one.session.role() == Role::Responder && !has_spoken {
            // So the device knows that its first message came, and the keys of the handshake go.
            return Some(Asks::Nothing);
        }
        if !one.repair.allows(now) {
            return None;
        }
        let may_grant = !self.asks_pin() || one.with() == self.terms.maker;
        let waits = matches!(self.stage, Stage::Waiting { .. }) && !self.is_unproved();
        match one.repair.doubt {
            ChatDoubt::Shown | ChatDoubt::Unanswered => Some(Asks::Session),
            ChatDoubt::Suspected => Some(Asks::Word),
            ChatDoubt::None => (waits && may_grant).then_some(Asks::Word),
        }
    }

    /// Seals, at the host, what brings the guest back: the first messages of a new session, or once more the one that
    /// was not answered, or the grant.
    fn renewed(
        &self,
        client: &Client,
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<Sealed>, Error> {
        let Some(one) = self.sessions.iter().next() else { return Ok(None) };
        if !one.repair.allows(now.reading()) {
            return Ok(None);
        }
        let is_broken = one.repair.doubt != ChatDoubt::None || one.repair.asked == Wish::Session;
        if is_broken && !self.is_unproved() {
            return self.begun_anew(one, client, now, rng);
        }
        let content = if one.is_unanswered() {
            join(&self.listed(), now)
        } else if one.repair.asked == Wish::Word && matches!(self.stage, Stage::Active(_)) {
            // Any word will do, but the guest may wait for the grant.
            if self.may_grant() {
                self.granting(client, now).1.encode(&self.listed(), now.reading())
            } else {
                join(&self.listed(), now)
            }
        } else {
            return Ok(None);
        };
        let (envelopes, moved) = self.sessions.seal(&self.list, |_| Some(content.clone()), rng)?;
        Ok(Some((Repaired { envelopes, event: None }, ChatDelta { moved, ..tried(one, now) })))
    }

    /// Tells whether this device of the host has let the guest in, and its grant counts there.
    fn may_grant(&self) -> bool {
        let counts = !self.asks_pin() || self.own.device() == self.terms.maker;
        counts && matches!(self.stage, Stage::Active(_))
    }

    /// Begins a new session with the guest, as a late device does. Its grant comes along, because the guest may have
    /// been restored to before it had one.
    fn begun_anew(
        &self,
        one: &ChatSession,
        client: &Client,
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<Sealed>, Error> {
        let LateDevices::Host(ticket) = &self.late_devices else { return Ok(None) };
        let bundle = Bundle::new(self.peer.clone(), ticket.signed_prekeys.clone());
        let binding = Binding { psk: &ticket.key, context: &self.terms.join_context() };
        let earlier = match one.session.role() {
            Role::Initiator => one.session.continuation().created.saturating_add(RENEWAL_AFTER),
            Role::Responder => 0,
        };
        let created = now.reading().max(earlier);
        let mut session = client.initiate_guest(&bundle, &binding, created, rng)?;
        let mut contents: Vec<Zeroizing<Vec<u8>>> = vec![join(&self.listed(), now)];
        if self.may_grant() {
            let grant = self.granting(client, now).1;
            contents.push(grant.encode(&self.listed(), now.reading()));
        }
        let to = self.address_of(&self.peer);
        let mut envelopes = Vec::with_capacity(contents.len());
        for content in &contents {
            envelopes.push(Envelope::new(to, session.encrypt(content, rng)?));
        }
        let delta = ChatDelta { begun: Some(session), ..tried(one, now) };
        Ok(Some((Repaired { envelopes, event: None }, delta)))
    }
}

/// Makes the delta of a try to repair a session.
fn tried(one: &ChatSession, now: Now) -> ChatDelta {
    let notes = vec![(one.with(), Note::Tried)];
    ChatDelta { notes, ..ChatDelta::step(now, ChatStep::Stay) }
}
