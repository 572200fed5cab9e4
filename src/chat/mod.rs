//! A guest chat, on either side, from the claim to its end.

mod event;
mod pin;
mod stage;

pub use event::{ChatStatus, Event, Origin, Received};
pub(crate) use stage::Terms;

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::change::{Change, Changing, Delta, Sealed};
use crate::device::Device;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::content::{Content, EndReason, text};
use crate::protocol::course::{ChatDelta, HOUR, Step};
use crate::protocol::fingerprint::Fingerprint;
use crate::protocol::identity::{AccountKind, Certificate};
use crate::protocol::invitation::Policy;
use crate::protocol::link::Locator;
use crate::protocol::padding::Padding;
use crate::protocol::pin::PinStage;
use crate::protocol::posting::{Notice, claim_name};
use crate::protocol::record::Anchor;
use crate::session::{Opened, Session};
use crate::state::private::Stateful;

use stage::{Inner, Stage};

/// A guest chat. Secret: no `Clone`, no `Debug`, wiped on drop.
///
/// ```text
///  Waiting ──grant──▶ Active ──end, block, idle──▶ Ended
///     └────── end, block, idle, notice ──────────────▲
/// ```
///
/// Ending erases the session: what was said cannot be opened again from this state. `now` is the
/// caller's clock in seconds; a value below one that the chat has seen counts as that one, so that
/// setting a clock back revives nothing.
pub struct Chat {
    inner: Box<Inner>,
}

impl Chat {
    pub(crate) fn host(
        session: Session,
        device: &Device,
        terms: &Terms,
        guest: &str,
        (pending, pin): (usize, PinStage),
        now: u64,
    ) -> Result<Self, Error> {
        Self::new(session, device.certificate(), terms, guest.to_string(), (pending, pin), now)
    }

    pub(crate) fn guest(
        session: Session,
        own: &Certificate,
        terms: &Terms,
        (pending, pin): (usize, PinStage),
        now: u64,
    ) -> Result<Self, Error> {
        let host = terms.policy.host_name.clone();
        Self::new(session, own, terms, host, (pending, pin), now)
    }

    fn new(
        session: Session,
        own: &Certificate,
        terms: &Terms,
        peer_name: String,
        (pending, pin): (usize, PinStage),
        now: u64,
    ) -> Result<Self, Error> {
        let anchor = Anchor::start(Self::KIND, &own.core(), &terms.transcript);
        let pending = u8::try_from(pending).map_err(|_| Error::NotAllowed)?;
        let inner = Inner {
            terms: Terms { policy: terms.policy.clone(), ..*terms },
            own: own.clone(),
            peer: session.peer().clone(),
            peer_name,
            stage: Stage::Waiting { session, pending, pin },
            clock: now,
            activity: now,
            anchor,
        };
        Ok(Self { inner: Box::new(inner) })
    }

    /// How far the chat is.
    #[must_use]
    pub fn status(&self) -> ChatStatus {
        match self.inner.stage {
            Stage::Waiting { .. } => ChatStatus::Waiting,
            Stage::Active { .. } => ChatStatus::Active,
            Stage::Ended(reason) => ChatStatus::Ended(reason),
        }
    }

    /// The other side's device.
    #[must_use]
    pub fn peer(&self) -> &Certificate {
        &self.inner.peer
    }

    /// The name that the other side gave itself.
    #[must_use]
    pub fn peer_name(&self) -> &str {
        &self.inner.peer_name
    }

    /// Whose words arrive here.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self.inner.peer.kind() {
            AccountKind::Guest => Origin::Guest,
            AccountKind::Member => Origin::Member,
        }
    }

    /// The name that messages of this chat carry until the host has answered
    /// ([`MessageKind::Initial`](crate::MessageKind::Initial)); nothing once it has ended.
    #[must_use]
    pub fn name(&self) -> Option<[u8; 16]> {
        self.inner.session().ok().map(Session::name)
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

    /// For the host: seals the grant that lets the guest in, or once more if it may have been
    /// lost on its way.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side, or before the guest has proved the link's PIN;
    /// [`Error::Expired`], [`Error::Ended`]; [`Error::BadArgument`] if `device` is not the one the chat is with.
    pub fn grant(
        &mut self,
        device: &Device,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed<'_, Self>, Error> {
        let now = self.alive(now)?;
        if self.origin() != Origin::Guest {
            return Err(Error::NotAllowed);
        }
        if device.certificate() != &self.inner.own {
            return Err(Error::BadArgument);
        }
        let signature = self.inner.granted(now).sign(&device.identity().signing);
        let step = self.inner.admission()?;
        self.seal(&Content::Grant { at: now, signature }, step, now, rng)
    }

    /// Seals a text.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] if the text is empty or longer than the policy allows;
    /// [`Error::NotGranted`] for a host that has not granted the chat and for a guest that has
    /// sent as much as it may before; [`Error::Expired`], [`Error::Ended`]; [`Error::Exhausted`].
    pub fn text(
        &mut self,
        content: &str,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed<'_, Self>, Error> {
        let now = self.alive(now)?;
        let step = self.inner.room(self.origin() == Origin::Member)?;
        let content = text(content.as_bytes(), &self.inner.terms.policy)?;
        self.seal(&Content::Text(content), step, now, rng)
    }

    /// Ends the chat, telling the other side: seals the last message; applying it erases the
    /// keys.
    ///
    /// For a host this denies a waiting guest or sends an active one away; for a guest it leaves.
    ///
    /// # Errors
    ///
    /// [`Error::Expired`], [`Error::Ended`]; [`Error::Exhausted`].
    pub fn end(&mut self, now: u64, rng: &mut impl CryptoRng) -> Result<Sealed<'_, Self>, Error> {
        let now = self.alive(now)?;
        self.seal(&Content::End, Step::End(EndReason::Here), now, rng)
    }

    /// Ends the chat without a word: the change erases its keys. To block a guest, apply this and
    /// have the server drop its messages.
    ///
    /// # Errors
    ///
    /// [`Error::Ended`] if it is over.
    pub fn block(&self, now: u64) -> Result<Change, Error> {
        self.inner.session()?;
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
        inner.session()?;
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

    /// Opens a message. Save the change, apply it, then show the event.
    ///
    /// # Errors
    ///
    /// As [`Session::stage`] and [`Staged::open`](crate::Staged::open); [`Error::NotAllowed`] for
    /// a genuine message whose content the policy does not allow; [`Error::NotGranted`] for more
    /// of a waiting guest's texts than the policy allows; [`Error::BadSignature`] for a grant
    /// that does not hold; [`Error::Expired`], [`Error::Ended`]. Nothing changes then.
    pub fn open(&self, message: &[u8], now: u64) -> Result<(Received, Change), Error> {
        let inner = &*self.inner;
        let now = self.alive(now)?;
        let (opened, delta) = inner.session()?.stage(message)?.open_delta()?;
        let Opened { content, position, missing, lost } = opened;
        let (event, step) = match (Content::decode(&content, &inner.terms.policy)?, self.origin()) {
            (Content::Text(text), origin) => (Event::Text(text), inner.arrival(origin)?),
            (Content::End, _) => (Event::Ended, Step::End(EndReason::There)),
            (Content::Grant { at, signature }, Origin::Member) => {
                let key = inner.peer.identity().signing;
                inner.granted(at).verify(&key, &signature)?;
                (Event::Granted, inner.admission()?)
            }
            (Content::PinAnswer { share, proof }, Origin::Member) => {
                inner.pin_answered(&share, &proof)?
            }
            (Content::PinProof(proof), Origin::Guest) => inner.pin_proved(&proof)?,
            _ => return Err(Error::NotAllowed),
        };
        let delta = ChatDelta { now, session: Some(delta), step };
        let change = Change::new(inner.anchor, Delta::Chat(delta))?;
        let origin = self.origin();
        Ok((Received { event, origin, position, missing, lost }, change))
    }

    /// Encrypts a text and moves the chat on, in one call. Save the chat, then send the message.
    ///
    /// # Errors
    ///
    /// As [`Chat::text`].
    pub fn send(
        &mut self,
        content: &str,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        self.text(content, now, rng)?.apply()
    }

    /// Opens a message and moves the chat on, in one call. Save the chat, then show the event.
    ///
    /// # Errors
    ///
    /// As [`Chat::open`].
    pub fn receive(&mut self, message: &[u8], now: u64) -> Result<Received, Error> {
        let (received, change) = self.open(message, now)?;
        self.apply(change)?;
        Ok(received)
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
        self.inner.session()?;
        let now = now.max(self.inner.clock);
        if now >= self.deadline() { Err(Error::Expired) } else { Ok(now) }
    }

    fn seal(
        &mut self,
        content: &Content,
        step: Step,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed<'_, Self>, Error> {
        let session = self.inner.session()?;
        let content = content.encode();
        let padded = Padding::Buckets.length(content.len());
        let (message, delta) = session.seal(&content, padded, rng)?;
        let delta = ChatDelta { now, session: Some(delta), step };
        let change = Change::new(self.inner.anchor, Delta::Chat(delta))?;
        Ok(Sealed::new(self, message, change))
    }
}

impl Changing for Chat {
    type Output = Vec<u8>;

    fn adopt(&mut self, change: Change) -> Result<(), Error> {
        self.apply(change)
    }
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
}
