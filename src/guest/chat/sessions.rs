//! The chat sessions: one with each device on the other side.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

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
use crate::protocol::position::Role;
use crate::protocol::ratchet::MessageSecret;
use crate::session::Session;
use crate::storage::Anchor;
use crate::storage::Stateful;

use super::delta::MovedChatSession;
use super::doubt::{Note, RepairState, UnopenedMessage};
use crate::session::StagedMessage;
use crate::session::incoming::Incoming;

/// The sessions of a chat, in ascending order of the devices. A session is a box: see note `[boxes]`.
pub(super) struct ChatSessions(Vec<ChatSession>);

/// Replaced sessions that a device of the host keeps at most: one that the guest has answered in, and the attempt
/// before the last.
const MAX_REPLACED: usize = 2;

/// A session with one device on the other side.
pub(super) struct ChatSession {
    pub(super) session: Session,
    pub(super) repair: RepairState,
    /// Those in whose place this device of the host has begun anew, until the guest answers in the new one: for
    /// what the guest has sent before it knew.
    pub(super) replaced: Vec<Session>,
    /// The list of the host's devices that it reported last, zeros if it is the one that is known here.
    pub(super) reported: Listed,
}

impl ChatSession {
    /// Returns the device.
    pub(super) fn with(&self) -> DeviceId {
        self.session.peer().device()
    }

    /// Makes one of a session, whose first message is on its way if this side began it.
    fn new(session: Session, reported: Listed, now: u64) -> Self {
        let repair = match session.role() {
            Role::Initiator => RepairState::begun(now),
            Role::Responder => RepairState::default(),
        };
        Self { session, repair, replaced: Vec::new(), reported }
    }

    /// Returns the device, and when it began the session, if it did: at a guest, if it has come in.
    fn begun(&self) -> Option<(DeviceId, u64)> {
        let is_theirs = self.session.role() == Role::Responder;
        is_theirs.then(|| (self.with(), self.session.continuation().created))
    }

    /// Tells whether this side began the session and has had no answer in it.
    pub(super) fn is_unanswered(&self) -> bool {
        self.session.role() == Role::Initiator && !self.session.is_confirmed()
    }

    /// Authenticates the header of a message of this session, or of a replaced one, whose place it returns.
    pub(super) fn stage<'a>(
        &'a self,
        message: &Incoming<'a>,
    ) -> Result<(Option<usize>, &'a Session, StagedMessage<'a>), UnopenedMessage> {
        let replaced = self.replaced.iter().enumerate().map(|(place, one)| (Some(place), one));
        let mut unknown = Error::Forged;
        for (place, session) in core::iter::once((None, &self.session)).chain(replaced) {
            match session.stage(message) {
                Ok(staged) => return Ok((place, session, staged)),
                Err(error @ (Error::Forged | Error::WrongPeer)) => {
                    unknown = if place.is_none() { error } else { unknown };
                }
                Err(error) => return Err(UnopenedMessage::behind_header(error)),
            }
        }
        Err(UnopenedMessage::suspected(unknown))
    }

    /// Counts the skipped keys of all of them.
    pub(super) fn skipped(&self) -> usize {
        self.replaced
            .iter()
            .fold(self.session.skipped(), |sum, one| sum.saturating_add(one.skipped()))
    }

    /// Drops the oldest skipped keys, those of replaced sessions first.
    fn drop_skipped(&mut self, surplus: usize) {
        let mut left = surplus;
        for session in self.replaced.iter_mut().chain([&mut self.session]) {
            let share = left.min(session.skipped());
            session.drop_skipped(share);
            left = left.saturating_sub(share);
        }
    }

    /// Puts a session that this side has begun anew in the place of the present one.
    fn begin_anew(&mut self, session: Session) {
        let present = core::mem::replace(&mut self.session, session);
        // Of two attempts the guest has got none, or will get the second as well.
        self.replaced.truncate(MAX_REPLACED.saturating_sub(1));
        self.replaced.push(present);
        self.repair.settle();
    }

    /// Moves a session on. What opens in the newest one at a new position shows that both sides are there.
    fn apply(&mut self, next: Anchor, mut moved: MovedChatSession) {
        let Some(place) = moved.replaced else {
            let before = self.session.heard();
            self.session.apply_delta(next, &mut moved.delta);
            if self.session.heard() != before {
                self.replaced.clear();
                self.repair.settle();
            }
            return;
        };
        if let Some(session) = self.replaced.get_mut(usize::from(place)) {
            session.apply_delta(next, &mut moved.delta);
        }
    }
}

impl ChatSessions {
    /// Puts sessions in order.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if two are with one device, or there are more than a list has devices.
    pub(super) fn new(sessions: Vec<Session>, reported: Listed, now: u64) -> Result<Self, Error> {
        let chat_session = |session| ChatSession::new(session, reported, now);
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

    /// Counts the skipped keys that there are once one device has so many.
    pub(super) fn skipped_with(&self, device: DeviceId, keys: usize) -> usize {
        let others = self.iter().filter(|chat_session| chat_session.with() != device);
        others.fold(keys, |sum, chat_session| sum.saturating_add(chat_session.skipped()))
    }

    /// Drops the oldest skipped keys over the bound, by a levy on all sessions: a device that was stolen must not
    /// empty the others.
    fn make_room(&mut self) {
        let skipped = self.skipped();
        let surplus = skipped.saturating_sub(MAX_SKIPPED_OF_ACCOUNT);
        let held = self.iter().map(|one| (one.skipped(), one.with()));
        for (device, share) in levy(held, surplus) {
            if let Some(one) = self.find_mut(device) {
                one.drop_skipped(share);
            }
        }
    }

    /// Adds a session with one more device, or in the place of the one that there is: at a guest that one is
    /// erased, because its device has left it.
    pub(super) fn add(&mut self, session: Session, now: u64) {
        let before = self.find(session.peer().device()).map(|one| one.repair);
        self.remove(session.peer().device());
        let mut added = ChatSession::new(session, Listed::NONE, now);
        if let Some(before) = before {
            added.repair = before;
            added.repair.settle();
        }
        self.0.push(added);
        self.0.sort_unstable_by_key(ChatSession::with);
        self.make_room();
    }

    /// Puts a session that this device of the host has begun in the place of the present one.
    pub(super) fn begin_anew(&mut self, session: Session) {
        if let Some(one) = self.find_mut(session.peer().device()) {
            one.begin_anew(session);
        }
        self.make_room();
    }

    /// Leaves no doubt of a time that is still to come.
    pub(super) fn bound_times(&mut self, now: u64) {
        self.0.iter_mut().for_each(|one| one.repair.bound_since(now));
    }

    /// Notes what was found about sessions, or tried.
    pub(super) fn note(&mut self, notes: Vec<(DeviceId, Note)>, now: u64) {
        for (device, note) in notes {
            if let Some(one) = self.find_mut(device) {
                one.repair.note(note, now);
            }
        }
    }

    /// Notes that the guest, which may have asked for a word, has one.
    pub(super) fn answered(&mut self) {
        self.0.iter_mut().for_each(|one| one.repair.answered());
    }

    /// Counts all skipped keys.
    fn skipped(&self) -> usize {
        self.iter().fold(0_usize, |sum, one| sum.saturating_add(one.skipped()))
    }

    /// Erases the session with a device. Returns the device, and when it began the session, if it did.
    pub(super) fn remove(&mut self, device: DeviceId) -> Option<(DeviceId, u64)> {
        let begun = self.find(device).and_then(ChatSession::begun);
        self.0.retain(|chat_session| chat_session.with() != device);
        begun
    }

    /// Keeps the sessions with those devices that the list names. Returns those of the others that had begun theirs,
    /// and when.
    pub(super) fn keep(&mut self, list: &DeviceList) -> Vec<(DeviceId, u64)> {
        let is_named = |one: &ChatSession| list.device(one.with()) == Some(one.session.peer());
        let gone =
            self.iter().filter(|one| !is_named(one)).filter_map(ChatSession::begun).collect();
        self.0.retain(is_named);
        gone
    }

    /// Seals for each device what `content` has for it: for all that it has something for, or for none.
    pub(super) fn seal(
        &self,
        list: &DeviceList,
        content: impl Fn(&ChatSession) -> Option<Zeroizing<Vec<u8>>>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<Envelope>, Vec<MovedChatSession>), Error> {
        self.seal_with(list, content, |_, _| {}, rng)
    }

    /// Seals as [`ChatSessions::seal`] does, and shows each envelope with its secret.
    pub(super) fn seal_with(
        &self,
        list: &DeviceList,
        content: impl Fn(&ChatSession) -> Option<Zeroizing<Vec<u8>>>,
        mut each: impl FnMut(&mut Envelope, &MessageSecret),
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<Envelope>, Vec<MovedChatSession>), Error> {
        let mut envelopes = Vec::with_capacity(self.0.len());
        let mut moved = Vec::with_capacity(self.0.len());
        for chat_session in self.iter() {
            let Some(content) = content(chat_session) else { continue };
            let padded = Padding::Buckets.length(content.len());
            let (message, delta, secret) = chat_session.session.seal(&content, padded, rng)?;
            let to = Address::listed(list, chat_session.session.peer());
            let mut envelope = Envelope::new(to, message);
            each(&mut envelope, &secret);
            envelopes.push(envelope);
            let (with, delta) = (chat_session.with(), Box::new(delta));
            moved.push(MovedChatSession { with, replaced: None, delta });
        }
        // No device is left.
        if envelopes.is_empty() { Err(Error::NoRecipient) } else { Ok((envelopes, moved)) }
    }

    /// Moves sessions on by deltas that were made from this very state.
    pub(super) fn apply(&mut self, next: Anchor, moved: Vec<MovedChatSession>) {
        for one in moved {
            if let Some(chat_session) = self.find_mut(one.with) {
                chat_session.apply(next, one);
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
            chat_session.repair.write(writer);
            writer.list(&chat_session.replaced, Session::write);
            chat_session.session.write(writer);
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut sessions: Vec<ChatSession> = Vec::new();
        for _ in 0..reader.count(MAX_DEVICES)? {
            let (reported, repair) = (Listed::read(reader)?, RepairState::read(reader)?);
            let replaced: Vec<_> = reader.list(MAX_REPLACED, Session::read)?;
            let session = Session::read(reader)?;
            let chat_session = ChatSession { session, repair, replaced, reported };
            if sessions.last().is_some_and(|last| last.with() >= chat_session.with()) {
                return Err(Error::Malformed);
            }
            // Only what was begun anew has replaced others, until it is answered.
            let is_begun = chat_session.is_unanswered() || chat_session.replaced.is_empty();
            let peer = chat_session.session.peer();
            if !is_begun || chat_session.replaced.iter().any(|old| old.peer() != peer) {
                return Err(Error::Malformed);
            }
            sessions.push(chat_session);
        }
        let all = Self(sessions);
        if all.skipped() > MAX_SKIPPED_OF_ACCOUNT { Err(Error::Malformed) } else { Ok(all) }
    }
}
