//! A guest chat, on either side, from the claim to its end.

mod delta;
mod event;
mod join;
mod listen;
mod lists;
mod pin;
mod seats;
mod settle;
mod speak;
mod stage;

pub(crate) use delta::ChatDelta;
pub use event::{ChatStatus, Event, Origin, Received};
pub use settle::Settlement;
pub(crate) use stage::{Beginning, Terms};

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::change::{Change, Changing, Delta};
use crate::client::{Address, Alert, Envelope};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::content::EndReason;
use crate::protocol::course::HOUR;
use crate::protocol::devices::DeviceList;
use crate::protocol::fingerprint::Fingerprint;
use crate::protocol::identity::Certificate;
use crate::protocol::invitation::Policy;
use crate::protocol::link::Locator;
use crate::protocol::posting::{Notice, claim_name};
use crate::protocol::record::Anchor;
use crate::state::private::Stateful;

use delta::Step;
use seats::Seats;
use stage::{Inner, Stage};

/// A guest chat. Secret: no `Clone`, no `Debug`, wiped on drop.
///
/// ```text
///  Waiting ──grant, settle──▶ Active ──end, block, idle, contested──▶ Ended
///     └────── end, block, idle, notice, contested ──────────────────────▲
/// ```
///
/// A guest's chat has a session with each device of the host that it met; on a device of the host it
/// has one, with the guest. What a side says is sealed in all of them, or in none.
///
/// Ending erases the sessions: what was said cannot be opened again from this state. `now` is the
/// caller's clock in seconds; a value below one that the chat has seen counts as that one, so that
/// setting a clock back revives nothing.
pub struct Chat {
    inner: Box<Inner>,
}

impl Chat {
    /// The chat, and what the user of a host should know of the list that its guest knows.
    pub(crate) fn begin(beginning: Beginning, now: u64) -> Result<(Self, Vec<Alert>), Error> {
        let Beginning { terms, own, peer, peer_name, list, pending, pin, granted, .. } = beginning;
        let (sessions, reported, joining) =
            (beginning.sessions, beginning.reported, beginning.joining);
        let anchor = Anchor::start(Self::KIND, &own.core(), &terms.transcript);
        let pending = u8::try_from(pending).map_err(|_| Error::NotAllowed)?;
        let stage = match granted {
            Some(word) => Stage::Active(Box::new(word)),
            None => Stage::Waiting { pending, pin },
        };
        let seats = Seats::new(sessions, lists::NONE)?;
        let (clock, activity) = (now, now);
        let mut inner = Inner {
            terms,
            own,
            peer,
            peer_name,
            stage,
            list,
            seats,
            joining,
            clock,
            activity,
            anchor,
        };
        let (report, alerts) = inner.compare(lists::NONE, reported);
        if inner.origin() == Origin::Guest {
            inner.seats.report(inner.peer.device(), report);
        }
        Ok((Self { inner: Box::new(inner) }, alerts))
    }

    /// How far the chat is.
    #[must_use]
    pub fn status(&self) -> ChatStatus {
        match self.inner.stage {
            Stage::Waiting { .. } => ChatStatus::Waiting,
            Stage::Active(_) => ChatStatus::Active,
            Stage::Ended(reason) => ChatStatus::Ended(reason),
        }
    }

    /// The other side: the guest, or the host's device that signed the invitation.
    #[must_use]
    pub fn peer(&self) -> &Certificate {
        &self.inner.peer
    }

    /// The devices on the other side that messages are sealed for: the guest's one, or those of the
    /// host that the guest has sessions with.
    pub fn devices(&self) -> impl Iterator<Item = Address> {
        self.inner.seats.iter().map(|seat| Address::of(seat.session.peer()))
    }

    /// The host account's devices, as far as this side knows them.
    #[must_use]
    pub fn list(&self) -> &DeviceList {
        &self.inner.list
    }

    /// The name that the other side gave itself.
    #[must_use]
    pub fn peer_name(&self) -> &str {
        &self.inner.peer_name
    }

    /// Whose words arrive here.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.inner.origin()
    }

    /// The names that messages of this chat carry until the host's device has answered
    /// ([`MessageKind::Initial`](crate::MessageKind::Initial)), one a device; none once it has ended.
    pub fn names(&self) -> impl Iterator<Item = [u8; 16]> {
        self.inner.seats.iter().map(|seat| seat.session.name())
    }

    /// What the server finds the link's objects by.
    #[must_use]
    pub fn locator(&self) -> Locator {
        self.inner.terms.locator
    }

    /// What the link allows.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.inner.terms.policy
    }

    /// The code that both sides see if nobody stands in between: it covers both accounts' keys
    /// and the link.
    #[must_use]
    pub fn security_code(&self) -> Fingerprint {
        Fingerprint::within(&self.inner.terms.invitation, &self.inner.own, &self.inner.peer)
    }

    /// When the chat ends if nobody writes.
    #[must_use]
    pub fn deadline(&self) -> u64 {
        self.inner.activity.saturating_add(u64::from(self.inner.terms.policy.idle))
    }

    /// Ends the chat without a word: the change erases its keys. To block a guest, apply this and
    /// have the server drop its messages.
    ///
    /// # Errors
    ///
    /// [`Error::Ended`] if it is over.
    pub fn block(&self, now: u64) -> Result<Change, Error> {
        self.inner.going()?;
        let now = now.max(self.inner.clock);
        self.inner.change(now, Step::End(EndReason::Here))
    }

    /// What time does to the chat: once its end has come, the change that erases the keys; before
    /// that, every hour, a change that remembers the time, so that setting the clock back revives
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] after 2^64 changes.
    pub fn tick(&self, now: u64) -> Result<Option<Change>, Error> {
        let step = match self.alive(now) {
            Err(Error::Expired) => Step::End(EndReason::Idle),
            Ok(now) if now >= self.inner.clock.saturating_add(HOUR) => Step::Stay,
            _ => return Ok(None),
        };
        self.inner.change(now.max(self.inner.clock), step).map(Some)
    }

    /// For a waiting guest: what the server's notice about the link means for this chat. Nothing
    /// if the claim that won is this one.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if the link's owner did not sign it; [`Error::Malformed`],
    /// [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WrongPeer`];
    /// [`Error::NotAllowed`] on the host's side or after the grant; [`Error::Ended`].
    pub fn notice(&self, notice: &[u8], now: u64) -> Result<Option<Change>, Error> {
        let inner = &*self.inner;
        inner.going()?;
        let waiting = matches!(inner.stage, Stage::Waiting { .. });
        if !waiting || self.origin() != Origin::Member {
            return Err(Error::NotAllowed);
        }
        let reason = match Notice::decode(notice, inner.terms.locator, &inner.terms.owner)? {
            Some(hash) if hash == claim_name(&inner.terms.transcript) => return Ok(None),
            Some(_) => EndReason::ClaimedByAnother,
            None => EndReason::Revoked,
        };
        let now = now.max(inner.clock);
        inner.change(now, Step::End(reason)).map(Some)
    }

    /// Moves the chat on by a change that was made from it.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if the change was made from another state. Nothing changes then.
    pub fn apply(&mut self, change: Change) -> Result<(), Error> {
        let (next, Delta::Chat(delta)) = change.take(&self.inner.anchor)? else {
            return Err(Error::StaleChange);
        };
        self.inner.apply(next, delta);
        Ok(())
    }

    /// The time, if the chat goes on at it.
    fn alive(&self, now: u64) -> Result<u64, Error> {
        self.inner.going()?;
        let now = now.max(self.inner.clock);
        if now >= self.deadline() { Err(Error::Expired) } else { Ok(now) }
    }

    /// The time, if the chat goes on at it and the host's devices are known to a guest.
    fn speaking(&self, now: u64) -> Result<u64, Error> {
        let now = self.alive(now)?;
        if self.origin() == Origin::Member {
            self.inner.list.check(now)?;
        }
        Ok(now)
    }
}

impl Changing for Chat {
    type Output = Vec<Envelope>;
}

impl Stateful for Chat {
    const KIND: u8 = 0x05;

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn write(&self, writer: &mut Writer) {
        self.inner.write(writer);
    }

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { inner: Box::new(Inner::read(reader)?) })
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn adopt(&mut self, change: Change) -> Result<(), Error> {
        self.apply(change)
    }
}
