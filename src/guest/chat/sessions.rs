//! The chat sessions: one with each device on the other side.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::client::Address;
use crate::client::Envelope;
use crate::client::levy::levy;
use crate::client::limits::MAX_SKIPPED_OF_ACCOUNT;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::identity::device_list::{DeviceList, MAX_DEVICES};
use crate::protocol::letter::Listed;
use crate::protocol::padding::Padding;
use crate::session::Session;
use crate::storage::Anchor;
use crate::storage::Stateful;

use super::delta::MovedChatSession;

/// The sessions of a chat, in ascending order of the devices. A session is a box: see note `[boxes]`.
pub(super) struct ChatSessions(Vec<ChatSession>);

/// A session with one device on the other side.
pub(super) struct ChatSession {
    pub(super) session: Session,
    /// The list of the host's devices that it reported last, zeros if it is the one that is known here.
    pub(super) reported: Listed,
}

impl ChatSession {
    /// Returns the device.
    pub(super) fn with(&self) -> DeviceId {
        self.session.peer().device()
    }
}

impl ChatSessions {
    /// Puts sessions in order.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if two are with one device, or there are more than a list has devices.
    pub(super) fn new(sessions: Vec<Session>, reported: Listed) -> Result<Self, Error> {
        let chat_session = |session| ChatSession { session, reported };
        let mut sessions: Vec<ChatSession> = sessions.into_iter().map(chat_session).collect();
        sessions.sort_unstable_by_key(ChatSession::with);
        let is_set = sessions.is_sorted_by(|one, two| one.with() < two.with());
        if sessions.len() > MAX_DEVICES || !is_set {
            Err(Error::Malformed)
        } else {
            Ok(Self(sessions))
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &ChatSession> {
        self.0.iter()
    }

    pub(super) fn find(&self, device: DeviceId) -> Option<&ChatSession> {
        self.iter().find(|chat_session| chat_session.with() == device)
    }

    /// Counts the skipped keys that there are once one session has so many, or one more device comes with so many.
    pub(super) fn skipped_with(&self, device: DeviceId, keys: usize) -> usize {
        let others = self.iter().filter(|chat_session| chat_session.with() != device);
        others.fold(keys, |sum, chat_session| sum.saturating_add(chat_session.session.skipped()))
    }

    /// Drops the oldest skipped keys over the bound, by a levy on all sessions: a device that was stolen must not
    /// empty the others.
    fn make_room(&mut self) {
        let skipped =
            self.iter().fold(0_usize, |sum, one| sum.saturating_add(one.session.skipped()));
        let surplus = skipped.saturating_sub(MAX_SKIPPED_OF_ACCOUNT);
        let held = self.iter().map(|one| (one.session.skipped(), one.with()));
        for (device, share) in levy(held, surplus) {
            if let Some(one) = self.find_mut(device) {
                one.session.drop_skipped(share);
            }
        }
    }

    /// Adds a session with one more device, or in the place of one that the device never answered.
    pub(super) fn add(&mut self, session: Session) {
        self.remove(session.peer().device());
        self.0.push(ChatSession { session, reported: Listed::NONE });
        self.0.sort_unstable_by_key(ChatSession::with);
        self.make_room();
    }

    /// Erases the session with a device.
    pub(super) fn remove(&mut self, device: DeviceId) {
        self.0.retain(|chat_session| chat_session.with() != device);
    }

    /// Keeps the sessions with those devices that the list names.
    pub(super) fn keep(&mut self, list: &DeviceList) {
        self.0.retain(|chat_session| {
            list.device(chat_session.with()) == Some(chat_session.session.peer())
        });
    }

    /// Seals content for those devices that `wanted` names: for all of them, or for none.
    pub(super) fn seal(
        &self,
        wanted: impl Fn(DeviceId) -> bool,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<Envelope>, Vec<MovedChatSession>), Error> {
        let padded = Padding::Buckets.length(content.len());
        let mut envelopes = Vec::with_capacity(self.0.len());
        let mut moved = Vec::with_capacity(self.0.len());
        for chat_session in self.iter().filter(|chat_session| wanted(chat_session.with())) {
            let (message, delta) = chat_session.session.seal(content, padded, rng)?;
            envelopes.push(Envelope { to: Address::of(chat_session.session.peer()), message });
            moved.push(MovedChatSession { with: chat_session.with(), delta: Box::new(delta) });
        }
        // No device is left.
        if envelopes.is_empty() { Err(Error::NoRecipient) } else { Ok((envelopes, moved)) }
    }

    /// Moves sessions on by deltas that were made from this very state.
    pub(super) fn apply(&mut self, next: Anchor, moved: Vec<MovedChatSession>) {
        for mut one in moved {
            if let Some(chat_session) = self.find_mut(one.with) {
                chat_session.session.apply_delta(next, &mut one.delta);
            }
        }
        self.make_room();
    }

    /// Notes what a device reported.
    pub(super) fn report(&mut self, by: DeviceId, listed: Listed) {
        if let Some(chat_session) = self.find_mut(by) {
            chat_session.reported = listed;
        }
    }

    fn find_mut(&mut self, device: DeviceId) -> Option<&mut ChatSession> {
        self.0.iter_mut().find(|chat_session| chat_session.with() == device)
    }

    /// Erases all sessions.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.list(&self.0, |chat_session, writer| {
            chat_session.reported.write(writer);
            chat_session.session.write(writer);
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut sessions: Vec<ChatSession> = Vec::new();
        for _ in 0..reader.count(MAX_DEVICES)? {
            let reported = Listed::read(reader)?;
            let chat_session = ChatSession { session: Session::read(reader)?, reported };
            if sessions.last().is_some_and(|last| last.with() >= chat_session.with()) {
                return Err(Error::Malformed);
            }
            sessions.push(chat_session);
        }
        let all = Self(sessions);
        let keys = all.iter().map(|one| one.session.skipped()).fold(0, usize::saturating_add);
        if keys > MAX_SKIPPED_OF_ACCOUNT { Err(Error::Malformed) } else { Ok(all) }
    }
}
