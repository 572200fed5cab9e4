//! Messages that arrive in a chat.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::guest::content::{ChatContent, EndReason};
use crate::protocol::guest::grant::Grant;
use crate::protocol::identity::certificate::DeviceId;

use super::chat::Chat;
use super::delta::{ChatDelta, ChatStep, MovedChatSession};
use super::event::{ChatEvent, ReceivedEvent};
use super::sessions::ChatSession;
use super::state::{Inner, Stage};
use crate::client::Address;
use crate::client::limits::MAX_SKIPPED_OF_ACCOUNT;
use crate::protocol::content::Sender;
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
        let now = self.speaking(now)?;
        let message = Incoming::parse(message)?;
        let (received, delta) = match self.inner.session_with(from)? {
            Some(chat_session) if !self.inner.comes_anew(chat_session, &message) => {
                self.opened(chat_session, &message, now)?
            }
            _ => self.admit(from, &message, now)?,
        };
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

    /// Opens a message in the session that it belongs to.
    fn opened(
        &self,
        chat_session: &ChatSession,
        message: &Incoming<'_>,
        now: Now,
    ) -> Result<(ReceivedEvent, ChatDelta), Error> {
        let inner = &*self.inner;
        let (opened, delta) = chat_session.session.stage(message)?.open()?;
        let Decrypted { content, position, skipped, mut lost } = opened;
        let keys = chat_session.session.skipped_after(&delta);
        lost = lost.saturating_add(inner.surplus(chat_session.with(), keys));
        let (reported, content) = ChatContent::decode(&content, &inner.terms.policy)?;
        let (event, step) = inner.read_content(chat_session, content)?;
        let (kept, alerts) = inner.compare(chat_session.reported, reported);
        let from = Address::of(chat_session.session.peer());
        // Said again, and nothing tells of it any more: an older list that was learned since has not shown it.
        let reopens = kept.epoch > inner.list.epoch() && !inner.ahead.is_open();
        let report = (kept != chat_session.reported || reopens).then_some((from.device, kept));
        let moved = Vec::from([MovedChatSession { with: from.device, delta: Box::new(delta) }]);
        let sender = self.sender();
        let received = ReceivedEvent { event, from, sender, alerts, position, skipped, lost };
        Ok((received, ChatDelta { now, moved, report, step }))
    }
}

impl Inner {
    /// Counts the skipped keys that are over the bound of the chat, once a device's session has so many.
    pub(super) fn surplus(&self, device: DeviceId, keys: usize) -> usize {
        self.sessions.skipped_with(device, keys).saturating_sub(MAX_SKIPPED_OF_ACCOUNT)
    }

    /// Returns what a content means here, and what it does.
    fn read_content(
        &self,
        chat_session: &ChatSession,
        content: ChatContent,
    ) -> Result<(ChatEvent, ChatStep), Error> {
        match (content, self.sender()) {
            (ChatContent::Text(text), sender) => {
                Ok((ChatEvent::Text(text), self.incoming_text(sender)?))
            }
            (ChatContent::End, _) => Ok(self.ended_by(chat_session.with())),
            (ChatContent::Grant { at, signature }, Sender::Member) => {
                let (host, key) =
                    (chat_session.with(), chat_session.session.peer().identity().signing);
                self.granted(host, at).verify(&key, &signature)?;
                let is_waiting = matches!(self.stage, Stage::Waiting { .. });
                if is_waiting && self.asks_pin() && host != self.peer.device() {
                    return Err(Error::NotAllowed);
                }
                let grant = Grant { host, at, signature };
                Ok((ChatEvent::Granted, self.admission(grant)?))
            }
            (ChatContent::PinAnswer { share, proof }, Sender::Member) => {
                self.pin_answered(chat_session.with(), &share, &proof)
            }
            (ChatContent::PinProof(proof), Sender::Guest) => self.pin_proved(&proof),
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
