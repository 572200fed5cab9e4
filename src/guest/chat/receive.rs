//! Messages that arrive in a chat.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::guest::content::{Asks, ChatContent, EndReason};
use crate::protocol::guest::grant::Grant;
use crate::protocol::guest::text::KnownText;
use crate::protocol::identity::certificate::{Certificate, DeviceId};

use super::chat::Chat;
use super::delta::{ChatDelta, ChatStep, MovedChatSession};
use super::doubt::{Note, UnopenedMessage};
use super::event::{ChatEvent, ReceivedEvent};
use super::sessions::ChatSession;
use super::state::{Inner, Stage};
use crate::client::limits::MAX_SKIPPED_OF_ACCOUNT;
use crate::client::{Address, Alert};
use crate::protocol::content::Sender;
use crate::protocol::franking::{FrankCheck, Schema};
use crate::session::Decrypted;
use crate::session::incoming::Incoming;
use crate::storage::Pending;

impl Chat {
    /// Opens a message. Save the change, apply it, then show the event.
    ///
    /// `from` is the device that the transport names as its sender. It only says where to look: nothing opens
    /// but what that device sealed.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a sender that is not of the other side; [`Error::Unlisted`] for a device that
    /// the host's list does not name, [`Error::ListExpired`] for a list past its time: keep the message,
    /// learn a newer list, and open it again. As [`Session::open`](crate::session::Session::open);
    /// [`Error::NotAllowed`] for a genuine message whose content the policy does not allow;
    /// [`Error::NotGranted`] for more of a waiting guest's texts than the policy allows;
    /// [`Error::BadSignature`] for a grant that does not hold; [`Error::Expired`], [`Error::Ended`]. Nothing
    /// changes then.
    pub fn open(
        &mut self,
        from: Address,
        message: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Self, ReceivedEvent>, Error> {
        let (received, delta) = self
            .opening(from, message, FrankCheck::Skip, now)
            .map_err(|unopened| unopened.error)?;
        Ok(Pending::new(self, delta, received))
    }

    /// Opens a message and moves the chat on, in one call. Save the chat, then show the event.
    ///
    /// # Errors
    ///
    /// As [`Chat::open`].
    pub fn receive(
        &mut self,
        from: Address,
        message: &[u8],
        now: u64,
    ) -> Result<ReceivedEvent, Error> {
        Ok(self.open(from, message, now)?.apply())
    }

    /// Opens a message, or says what its refusal means for the session with its sender.
    pub(super) fn opening(
        &self,
        from: Address,
        message: &[u8],
        frank: FrankCheck<'_>,
        now: u64,
    ) -> Result<(ReceivedEvent, ChatDelta), UnopenedMessage> {
        let now = self.speaking(now)?;
        let message = Incoming::parse(message)?;
        match self.inner.session_with(from)? {
            Some(chat_session) if !self.inner.comes_anew(chat_session, &message) => {
                self.opened(chat_session, &message, frank, now)
            }
            _ => self.admit(from, &message, frank, now),
        }
    }

    /// Opens a message in the session that it belongs to.
    fn opened(
        &self,
        chat_session: &ChatSession,
        message: &Incoming<'_>,
        frank: FrankCheck<'_>,
        now: Now,
    ) -> Result<(ReceivedEvent, ChatDelta), UnopenedMessage> {
        let inner = &*self.inner;
        let (place, session, staged) = chat_session.stage(message)?;
        let (opened, delta) = staged.open().map_err(UnopenedMessage::behind_header)?;
        let Decrypted { content, position, skipped, mut lost, secret } = opened;
        let after = session.skipped_after(&delta);
        // Once the guest has answered in a new session, what is missing of the others is given up.
        let renewed = place.is_none() && !chat_session.replaced.is_empty();
        let others = chat_session.skipped().saturating_sub(session.skipped());
        let (kept, given_up) = if renewed { (0, others) } else { (others, 0) };
        lost = lost.saturating_add(given_up);
        lost = lost.saturating_add(inner.surplus(chat_session.with(), kept.saturating_add(after)));
        let plain = content;
        let (reported, sent, content) = ChatContent::decode(&plain, &inner.terms.policy)?;
        let words = (Schema::Chat, ChatContent::words(&plain));
        let evidence = frank.check(&secret, words, content.is_text());
        let evidence = evidence.map_err(UnopenedMessage::suspected)?;
        let now = now.supported(sent);
        let note = match &content {
            ChatContent::Knock(Asks::Word) => Some(Note::AskedWord),
            // Else what it asks for is on its way.
            ChatContent::Knock(Asks::Session) if place.is_none() => Some(Note::AskedSession),
            _ => None,
        };
        let meaning = inner.read_content(chat_session.session.peer(), content)?;
        let Meaning { event, step, known, alerts: told } = meaning;
        let activity = activity_of(&event, &step, sent, now);
        let (kept, mut alerts) = inner.compare(chat_session.reported, reported);
        alerts.extend(told);
        let from = inner.address_of(chat_session.session.peer());
        // Said again, and nothing tells of it any more: an older list that was learned since has not shown it.
        let reopens = kept.epoch > inner.list.epoch() && !inner.ahead.is_open();
        let report = (kept != chat_session.reported || reopens).then_some((from.device, kept));
        let (with, replaced) = (from.device, place.and_then(|place| u8::try_from(place).ok()));
        let moved = Vec::from([MovedChatSession { with, replaced, delta: Box::new(delta) }]);
        let notes = note.map(|note| (with, note)).into_iter().collect();
        let sender = self.sender();
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
        let delta =
            ChatDelta { activity, moved, report, notes, known, ..ChatDelta::step(now, step) };
        Ok((received, delta))
    }
}

/// The meaning of an arriving content: what it does, what is known from now on, and what is told beside the event.
pub(super) struct Meaning {
    pub(super) event: ChatEvent,
    pub(super) step: ChatStep,
    pub(super) known: Option<KnownText>,
    pub(super) alerts: Vec<Alert>,
}

impl From<(ChatEvent, ChatStep)> for Meaning {
    fn from((event, step): (ChatEvent, ChatStep)) -> Self {
        Self { event, step, known: None, alerts: Vec::new() }
    }
}

/// Returns the time that an opened message makes the last activity: that at which it was sealed, as its sender
/// says, because whoever withholds a message would else keep a chat open with it. What nobody has written keeps none.
pub(super) fn activity_of(event: &ChatEvent, step: &ChatStep, sent: u64, now: Now) -> u64 {
    match (event, step) {
        (ChatEvent::Knocked | ChatEvent::Joined | ChatEvent::Receipt { .. }, _)
        | (ChatEvent::Granted, ChatStep::Stay) => 0,
        _ => sent.min(now.reading()),
    }
}

impl Inner {
    /// Counts the skipped keys that are over the bound of the chat, once a device's session has so many.
    pub(super) fn surplus(&self, device: DeviceId, keys: usize) -> usize {
        self.sessions.skipped_with(device, keys).saturating_sub(MAX_SKIPPED_OF_ACCOUNT)
    }

    /// Returns what a content of a device means here, and what it does.
    pub(super) fn read_content(
        &self,
        by: &Certificate,
        content: ChatContent,
    ) -> Result<Meaning, Error> {
        match (content, self.sender()) {
            (ChatContent::Text { id, sent, text }, _) => {
                self.read_text(by.device(), (id, sent), text)
            }
            (ChatContent::Receipt { status, texts }, _) => self.read_receipt(status, texts),
            (ChatContent::HandOver(hand_over), Sender::Guest) => self.read_hand_over(hand_over),
            (ChatContent::Accepted(account), Sender::Member) => self.read_accepted(account),
            (ChatContent::End, _) => Ok(self.ended_by(by.device()).into()),
            (ChatContent::Join, Sender::Member) => Ok((ChatEvent::Joined, ChatStep::Stay).into()),
            (ChatContent::Knock(_), Sender::Guest) => {
                Ok((ChatEvent::Knocked, ChatStep::Stay).into())
            }
            (ChatContent::Grant { at, signature }, Sender::Member) => {
                let (host, key) = (by.device(), by.identity().signing);
                self.granted(host, at).verify(&key, &signature)?;
                let is_waiting = matches!(self.stage, Stage::Waiting { .. });
                if is_waiting && self.asks_pin() && host != self.peer.device() {
                    return Err(Error::NotAllowed);
                }
                let grant = Grant { host, at, signature };
                Ok((ChatEvent::Granted, self.admission(grant)?).into())
            }
            (ChatContent::PinAnswer { share, proof }, Sender::Member) => {
                Ok(self.pin_answered(by.device(), &share, &proof)?.into())
            }
            (ChatContent::PinProof(proof), Sender::Guest) => Ok(self.pin_proved(&proof)?.into()),
            _ => Err(Error::NotAllowed),
        }
    }

    /// Returns what the end means that this device has said: for a guest, that of a device that did not make the
    /// link is the end of that device's part, because whoever stole it could otherwise end the chat with all.
    fn ended_by(&self, device: DeviceId) -> (ChatEvent, ChatStep) {
        let has_others = self.sessions.iter().any(|other| other.with() != device);
        if device != self.peer.device() && has_others {
            (ChatEvent::DeviceEnded, ChatStep::Close(device))
        } else {
            (ChatEvent::Ended, ChatStep::End(EndReason::There))
        }
    }
}
