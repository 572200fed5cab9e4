//! A guest chat, on either side, from the claim to its end.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::delta::{ChatDelta, ChatStep};
use super::event::ChatStatus;
use super::memory::ChatMemory;
use super::sessions::ChatSessions;
use super::state::{Beginning, Inner, Stage};
use crate::client::ahead::Ahead;
use crate::client::limits::HOUR;
use crate::client::{Address, Alert};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::clock::Now;
use crate::protocol::content::Sender;
use crate::protocol::guest::content::EndReason;
use crate::protocol::guest::invitation::Policy;
use crate::protocol::guest::link::Locator;
use crate::protocol::guest::server_copy::{Notice, claim_hash};
use crate::protocol::identity::certificate::Certificate;
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::identity::fingerprint::Fingerprint;
use crate::protocol::letter::Listed;
use crate::session::{HandshakeId, Session};
use crate::storage::{Anchor, Pending, Stateful};

/// A guest chat. Secret: no `Clone`, wiped on drop.
///
/// ```text
///  Waiting ──grant, sync──▶ Active ──end, block, idle, contested──▶ Ended
///     └────── end, block, idle, notice, contested ────────────────────▲
/// ```
///
/// A guest's chat has a session with each device of the host that it knows; on a device of the host it has
/// one, with the guest. What a side says is sealed in all of them, or in none.
///
/// Give what a transport brings to [`Chat::take`], and call [`Chat::repair`] on a timer: [`Chat::open`] and
/// [`Chat::expire`] are their strict halves.
///
/// Ending erases the sessions: what was said cannot be opened again from this state. `now` is the
/// caller's clock in seconds, taken for sure as by a [`Client`](crate::client::Client): setting a clock back revives
/// nothing, and one that is ahead for a moment ends nothing.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::client::Client;
/// use latchstring::guest::{ChatEvent, ChatStatus, EndReason, Invite, Policy};
/// use latchstring::session::{Account, AccountId};
///
/// fn main() -> Result<(), latchstring::Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let now = 1_800_000_000;
///     let mut host = Client::create(&Account::generate(AccountId([1; 32]), &mut rng), now, &mut rng);
///     let policy = Policy::new("Ada", now + 86_400);
///     let (mut invite, copy) = Invite::create(&host, "chat.example", policy, now, &mut rng)?;
///     let link = invite.link().expect("an open link");
///     let preview = link.open(copy.sealed_invitation(), "chat.example", now)?;
///
///     // A claim begins the chat on both sides. The host grants it.
///     let (mut guest, claim) =
///         preview.claim(host.list(), &[host.bundle()], "Grace", &[], now, &mut rng)?;
///     let (mut chat, _introduction) = invite.claim(&mut host, &claim, now)?.apply();
///     let grant = chat.grant(&host, now, &mut rng)?.apply();
///     guest.receive(host.address(), &grant[0].message, now)?;
///     assert_eq!((chat.status(), guest.status()), (ChatStatus::Active, ChatStatus::Active));
///     assert_eq!(chat.fingerprint(), guest.fingerprint());
///
///     // Both sides write. Save, then send; save, then show.
///     let sent = guest.send("hello", now, &mut rng)?;
///     let received = chat.receive(guest.address(), &sent.envelopes[0].message, now)?;
///     assert_eq!(received.event, ChatEvent::Text(sent.text));
///
///     // Either side ends it; ten idle days do, too.
///     let last = chat.end(now, &mut rng)?.apply();
///     guest.receive(host.address(), &last[0].message, now)?;
///     assert_eq!(guest.status(), ChatStatus::Ended(EndReason::There));
///     Ok(())
/// }
/// ```
pub struct Chat {
    pub(super) inner: Box<Inner>,
}

redacted!(Chat, |chat| locator = chat.locator(), status = chat.status(), peer = chat.peer());

impl Chat {
    /// Begins a chat. Returns as well what the user of a host should know of the list that its guest knows.
    pub(crate) fn begin(beginning: Beginning, now: Now) -> Result<(Self, Vec<Alert>), Error> {
        let Beginning { terms, own, peer, list, pending, pin, granted, .. } = beginning;
        let (sessions, reported, late_devices) =
            (beginning.sessions, beginning.reported, beginning.late_devices);
        let anchor = Anchor::start(Self::KIND, &own.core(), &terms.transcript);
        let pending = u8::try_from(pending).map_err(|_| Error::NotAllowed)?;
        let stage = match granted {
            Some(grant) => Stage::Active(Box::new(grant)),
            None => Stage::Waiting { pending, pin },
        };
        let sessions = ChatSessions::new(sessions, Listed::NONE, now.reading())?;
        let (clock, activity) = (now.clock(), now.reading());
        let mut memory = ChatMemory::default();
        memory.texts.remember(beginning.texts);
        let mut inner = Inner {
            terms,
            own,
            peer,
            stage,
            list,
            ahead: Ahead::default(),
            memory,
            sessions,
            late_devices,
            clock,
            activity,
            anchor,
        };
        let (report, alerts) = inner.compare(Listed::NONE, reported);
        if inner.sender() == Sender::Guest {
            inner.sessions.report(inner.peer.device(), report);
        }
        Ok((Self { inner: Box::new(inner) }, alerts))
    }

    /// Returns the stage that the chat is at.
    #[must_use]
    pub fn status(&self) -> ChatStatus {
        match self.inner.stage {
            Stage::Waiting { .. } => ChatStatus::Waiting,
            Stage::Active(_) => ChatStatus::Active,
            Stage::Ended(reason) => ChatStatus::Ended(reason),
        }
    }

    /// Returns where this side is reached: a guest's address is made with its keys.
    #[must_use]
    pub fn address(&self) -> Address {
        self.inner.address_of(&self.inner.own)
    }

    /// Returns the other side: the guest, or the host's device that signed the invitation.
    #[must_use]
    pub fn peer(&self) -> &Certificate {
        &self.inner.peer
    }

    /// Returns the devices that messages are sealed for: the guest's one, or those of the host that the guest
    /// has sessions with.
    pub fn devices(&self) -> impl Iterator<Item = Address> {
        let inner = &*self.inner;
        inner.sessions.iter().map(|chat_session| inner.address_of(chat_session.session.peer()))
    }

    /// Tells whether the other side has shown that it holds this chat: something of it was opened. One that was
    /// imported ([`Chat::import`]) is as its sharer says until then, and may be a lie: show it so.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.inner.sessions.iter().any(|chat_session| {
            let mut replaced = chat_session.replaced.iter();
            chat_session.session.is_confirmed() || replaced.any(Session::is_confirmed)
        })
    }

    /// Returns the host account's device list, as far as this side knows it.
    #[must_use]
    pub fn list(&self) -> &DeviceList {
        &self.inner.list
    }

    /// Returns the name that the other side gave itself.
    #[must_use]
    pub fn peer_name(&self) -> &str {
        let terms = &self.inner.terms;
        match self.inner.sender() {
            Sender::Guest => &terms.guest_name,
            _ => &terms.policy.host_name,
        }
    }

    /// Returns the kind of sender on the other side.
    #[must_use]
    pub fn sender(&self) -> Sender {
        self.inner.sender()
    }

    /// Returns the handshake ids that messages of this chat carry until the host's device has answered
    /// ([`MessageKind::Initial`](crate::session::MessageKind::Initial)), one a device, and on a device of the host
    /// those of sessions that it keeps until the guest answers in a new one; none once it has ended.
    pub fn handshake_ids(&self) -> impl Iterator<Item = HandshakeId> {
        self.inner.sessions.iter().flat_map(|chat_session| {
            let replaced = chat_session.replaced.iter();
            core::iter::once(&chat_session.session).chain(replaced).map(Session::handshake_id)
        })
    }

    /// Returns what the server finds the link's objects by.
    #[must_use]
    pub fn locator(&self) -> Locator {
        self.inner.terms.locator
    }

    /// Returns what the link allows.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.inner.terms.policy
    }

    /// Returns the fingerprint of this chat: it covers both accounts' keys and the link.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::within(&self.inner.terms.invitation, &self.inner.own, &self.inner.peer)
    }

    /// Returns when the chat ends if nobody writes.
    #[must_use]
    pub fn deadline(&self) -> u64 {
        self.inner.activity.saturating_add(u64::from(self.inner.terms.policy.idle))
    }

    /// Ends the chat without a message: the change erases its keys. To block a guest, apply it and have the
    /// server drop the guest's messages.
    ///
    /// # Errors
    ///
    /// [`Error::Ended`] if it is over.
    pub fn block(&mut self, now: u64) -> Result<Pending<'_, Self, ()>, Error> {
        self.inner.going()?;
        let now = self.inner.clock.now(now);
        Ok(self.step(now, ChatStep::End(EndReason::Here), ()))
    }

    /// Erases the keys once the chat's end has come; before that, remembers the time every hour, so that
    /// setting the clock back revives nothing.
    ///
    /// [`Chat::repair`] does it, too.
    pub fn expire(&mut self, now: u64) -> Pending<'_, Self, ()> {
        let delta = self.passed(now);
        Pending::maybe(self, delta, ())
    }

    /// Returns what the passing of time alone does.
    pub(super) fn passed(&self, now: u64) -> Option<ChatDelta> {
        let step = match self.alive(now) {
            Err(Error::Expired) => ChatStep::End(EndReason::Idle),
            Ok(now) if self.inner.clock.is_behind(now, HOUR) => ChatStep::Stay,
            _ => return None,
        };
        Some(ChatDelta::step(self.inner.clock.now(now), step))
    }

    /// Reads, for a waiting guest, the server's notice about the link: ends the chat unless the claim that
    /// won is this one.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if the link's owner did not sign it; [`Error::Malformed`],
    /// [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WrongPeer`];
    /// [`Error::NotAllowed`] on the host's side or after the grant; [`Error::Ended`].
    pub fn read_notice(&mut self, notice: &[u8], now: u64) -> Result<Pending<'_, Self, ()>, Error> {
        let inner = &*self.inner;
        inner.going()?;
        let waiting = matches!(inner.stage, Stage::Waiting { .. });
        if !waiting || self.sender() != Sender::Member {
            return Err(Error::NotAllowed);
        }
        let reason = match Notice::decode(notice, inner.terms.locator, &inner.terms.owner)? {
            Some(hash) if hash == claim_hash(&inner.terms.transcript) => {
                return Ok(Pending::maybe(self, None, ()));
            }
            Some(_) => EndReason::ClaimedByAnother,
            None => EndReason::Revoked,
        };
        let now = inner.clock.now(now);
        Ok(self.step(now, ChatStep::End(reason), ()))
    }

    /// Makes the pending answer of one move, and of what it gives out.
    pub(super) fn step<T>(&mut self, now: Now, step: ChatStep, output: T) -> Pending<'_, Self, T> {
        Pending::new(self, ChatDelta::step(now, step), output)
    }

    /// Returns the time, if the chat goes on at it: it ends once that is sure.
    pub(super) fn alive(&self, now: u64) -> Result<Now, Error> {
        self.inner.going()?;
        let now = self.inner.clock.now(now);
        if now.firm() >= self.deadline() { Err(Error::Expired) } else { Ok(now) }
    }

    /// Returns the time, if the chat goes on at it and the list that a guest knows is in its time.
    pub(super) fn speaking(&self, now: u64) -> Result<Now, Error> {
        let now = self.alive(now)?;
        if self.sender() == Sender::Member {
            self.inner.list.check(now.reading())?;
            self.inner.ahead.check(now)?;
        }
        Ok(now)
    }

    /// Returns the time, if something may be said at it. By the caller's clock the chat may be over before that is
    /// sure, as after a long absence: the other side would not read it.
    pub(super) fn writing(&self, now: u64) -> Result<Now, Error> {
        self.check_deadline(now)?;
        self.speaking(now)
    }

    /// Refuses to go on by the caller's clock.
    pub(super) fn check_deadline(&self, now: u64) -> Result<(), Error> {
        let now = self.alive(now)?;
        if now.reading() >= self.deadline() { Err(Error::Expired) } else { Ok(()) }
    }
}

impl Stateful for Chat {
    const KIND: u8 = 0x05;

    type Delta = ChatDelta;
    fn write(&self, writer: &mut Writer) {
        self.inner.write(writer);
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { inner: Box::new(Inner::read(reader)?) })
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn advance(&mut self, next: Anchor, delta: ChatDelta) {
        self.inner.apply(next, delta);
    }
}
