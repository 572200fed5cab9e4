//! What arrives in a chat.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::change::{Change, Delta};
use crate::client::Address;
use crate::error::Error;
use crate::protocol::content::{Content, EndReason};
use crate::protocol::grant::Word;
use crate::session::Opened;

use super::delta::{ChatDelta, Moved, Step};
use super::seats::Seat;
use super::stage::Inner;
use super::{Chat, Event, Origin, Received};

impl Chat {
    /// Opens a message. Save the change, apply it, then show the event.
    ///
    /// `from` is the device that the transport names as its sender: where to look, and nothing
    /// more. Only what that device sealed opens.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a sender that is not of the other side; [`Error::Unlisted`] for a
    /// device that the host's list does not name, [`Error::ListExpired`] for a list past its time:
    /// keep the message, learn a newer list, and open it again. As
    /// [`Session::stage`](crate::Session::stage) and [`Staged::open`](crate::Staged::open);
    /// [`Error::NotAllowed`] for a genuine message whose content the policy does not allow;
    /// [`Error::NotGranted`] for more of a waiting guest's texts than the policy allows;
    /// [`Error::BadSignature`] for a grant that does not hold; [`Error::Expired`],
    /// [`Error::Ended`]. Nothing changes then.
    pub fn open(
        &self,
        from: Address,
        message: &[u8],
        now: u64,
    ) -> Result<(Received, Change), Error> {
        let inner = &*self.inner;
        let now = self.speaking(now)?;
        let Some(seat) = inner.seat(from)? else {
            return self.admit(from, message, now);
        };
        if inner.comes_anew(seat, message) {
            return self.admit(from, message, now);
        }
        let (opened, delta) = seat.session.stage(message)?.open_delta()?;
        let Opened { content, position, missing, lost } = opened;
        let (reported, content) = Content::decode(&content, &inner.terms.policy)?;
        let (event, step) = inner.read_content(seat, content)?;
        let (kept, alerts) = inner.compare(seat.reported, reported);
        let report = (kept != seat.reported).then_some((from.device, kept));
        let moved = Vec::from([Moved { with: from.device, delta: Box::new(delta) }]);
        let delta = ChatDelta { now, moved, report, step };
        let change = Change::new(inner.anchor, Delta::Chat(delta))?;
        let origin = self.origin();
        Ok((Received { event, from, origin, alerts, position, missing, lost }, change))
    }

    /// Opens a message and moves the chat on, in one call. Save the chat, then show the event.
    ///
    /// # Errors
    ///
    /// As [`Chat::open`].
    pub fn receive(&mut self, from: Address, message: &[u8], now: u64) -> Result<Received, Error> {
        let (received, change) = self.open(from, message, now)?;
        self.apply(change)?;
        Ok(received)
    }
}

impl Inner {
    /// What a content means here and what it does.
    fn read_content(&self, seat: &Seat, content: Content) -> Result<(Event, Step), Error> {
        match (content, self.origin()) {
            (Content::Text(text), origin) => Ok((Event::Text(text), self.arrival(origin)?)),
            (Content::End, _) => Ok((Event::Ended, Step::End(EndReason::There))),
            (Content::Grant { at, signature }, Origin::Member) => {
                let (host, key) = (seat.with(), seat.session.peer().identity().signing);
                self.granted(host, at).verify(&key, &signature)?;
                let word = Word { host, at, signature };
                Ok((Event::Granted, self.admission(word)?))
            }
            (Content::PinAnswer { share, proof }, Origin::Member) => {
                self.pin_answered(seat.with(), &share, &proof)
            }
            (Content::PinProof(proof), Origin::Guest) => self.pin_proved(&proof),
            _ => Err(Error::NotAllowed),
        }
    }
}
