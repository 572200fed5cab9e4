//! The sessions with one device: one to send in, a few to finish reading.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::descent::{Descent, Predecessor};
use crate::protocol::identity::{AccountId, Certificate};
use crate::protocol::letter::Listed;
use crate::protocol::ratchet::{self, Position, Role};
use crate::protocol::record::Anchor;
use crate::protocol::succession::{
    First, GRACE, MAX_KEPT, Pair, RENEW_AFTER, Standing, Verdict, created, is_believed, is_due,
    judge,
};
use crate::session::Session;
use crate::state::private::Stateful;

use super::Address;

/// What this device holds about one other device.
#[derive(Default)]
pub(super) struct Peer {
    active: Option<Session>,
    /// When the active session became it, by this device's clock.
    since: u64,
    /// Newest first.
    kept: Vec<Kept>,
    /// The highest time of creation of all sessions with the device that were made or believed here.
    newest: u64,
    /// Whether the device has once shown that it holds a confirmed session.
    known: bool,
    /// Whether the device has asked, in a kept session, for what it could not open.
    asked: bool,
    /// When this device last read something from it, by its own clock.
    pub(super) heard: u64,
    /// Lists that the device reported last, where they are not this device's.
    pub(super) reports: BTreeMap<AccountId, Listed>,
}

/// A session that was replaced, or that lost against another one.
struct Kept {
    session: Session,
    /// Its end, once the session that took its place is proven; before that the end of time.
    until: u64,
    /// Where the peer stopped sending in it, if it said so; else the last place there is.
    closed: Position,
}

/// A place that no message has.
const OPEN: Position = Position { chain: u32::MAX, number: u32::MAX };

/// Which of a peer's sessions: 0 is the active one, the kept ones follow.
pub(super) type Slot = u8;

impl Peer {
    /// Nothing yet, about a device whose sessions up to `newest` are forgotten.
    pub(super) fn new(newest: u64) -> Self {
        Self { newest, ..Self::default() }
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// The session to send in, if it is one that the peer can be expected to read.
    pub(super) fn usable(&self, now: u64) -> Option<&Session> {
        self.active.as_ref().filter(|_| !is_due(self.standing().as_ref(), self.asked, now))
    }

    /// The id of the active session.
    pub(super) fn active_id(&self) -> Option<[u8; 32]> {
        self.active.as_ref().map(Session::id)
    }

    /// Whether a new session may be begun before one is due: while the active one is not answered, or,
    /// to ask for what could not be opened, once it has stood for a while.
    pub(super) fn may_renew(&self, asks: bool, now: u64) -> bool {
        let answered = self.active.as_ref().is_some_and(Session::is_confirmed);
        !answered || (asks && now.saturating_sub(self.since) >= RENEW_AFTER)
    }

    /// What a new session of this device's says about its place.
    pub(super) fn descent(&self, now: u64) -> Descent {
        let predecessor = self.active.as_ref().and_then(|active| {
            if active.is_confirmed() {
                Some(Predecessor { session: active.id(), closed: active.sent() })
            } else {
                // Never answered: what it continued is what the new one continues.
                active.descent().predecessor()
            }
        });
        Descent::after(predecessor, created(self.newest, now))
    }

    /// The sessions that a message may be in, the active one first.
    pub(super) fn sessions(&self, now: u64) -> impl Iterator<Item = (Slot, &Session)> {
        let kept = self.kept.iter().map(move |kept| kept.is_open(now).then_some(&kept.session));
        let all = core::iter::once(self.active.as_ref()).chain(kept);
        (0..).zip(all).filter_map(|(slot, session)| session.map(|session| (slot, session)))
    }

    /// Whether a message at this place of a kept session was sent after its sender had left it.
    pub(super) fn is_past(&self, slot: Slot, position: Position) -> bool {
        let kept = usize::from(slot).checked_sub(1).and_then(|slot| self.kept.get(slot));
        kept.is_some_and(|kept| position >= kept.closed)
    }

    /// Whether all of it is with the device of this certificate.
    pub(super) fn is_of(&self, certificate: &Certificate) -> bool {
        let kept = self.kept.iter().map(|kept| &kept.session);
        self.active.iter().chain(kept).all(|session| session.peer() == certificate)
    }

    /// Whether all of it is with the device of this address.
    pub(super) fn is_at(&self, address: Address) -> bool {
        let kept = self.kept.iter().map(|kept| &kept.session);
        self.active.iter().chain(kept).all(|session| Address::of(session.peer()) == address)
    }

    /// What becomes of a first message of the peer's.
    pub(super) fn judge(&self, session: &Session, now: u64) -> Verdict {
        let descent = session.descent();
        let first = First {
            id: session.id(),
            predecessor: descent.predecessor().map(|predecessor| predecessor.session),
            created: descent.created,
        };
        let pair = Pair { active: self.standing(), newest: self.newest, known: self.known };
        judge(&pair, &first, now)
    }

    /// A session of this device's own becomes the active one.
    pub(super) fn begin(&mut self, session: Session, now: u64) {
        self.newest = self.newest.max(session.descent().created);
        self.replace(session, now);
    }

    /// A session of the peer's is taken in, to be the active one or only to be read.
    pub(super) fn accept(&mut self, session: Session, activate: bool, now: u64) {
        let descent = *session.descent();
        let named = descent.predecessor();
        self.known |= named.is_some();
        self.heard = now;
        let believed = is_believed(descent.created, now);
        if believed {
            self.newest = self.newest.max(descent.created);
        }
        if activate {
            self.replace(session, now);
        } else {
            self.keep(Kept { session, until: u64::MAX, closed: OPEN });
            self.settle(now);
        }
        // Its maker has left the predecessor, whichever session is active. Its first word counts.
        if let Some(named) = named.filter(|_| believed) {
            let mut kept = self.kept.iter_mut().filter(|kept| kept.closed == OPEN);
            if let Some(kept) = kept.find(|kept| kept.session.id() == named.session) {
                kept.closed = named.closed;
            }
        }
    }

    fn replace(&mut self, session: Session, now: u64) {
        self.since = now;
        self.asked = false;
        if let Some(old) = self.active.replace(session) {
            self.keep(Kept { session: old, until: u64::MAX, closed: OPEN });
        }
        self.settle(now);
    }

    /// Keeps one more session, and gives up the oldest for it if need be. What the peer may still
    /// be on is not pushed out by attempts that nobody answered.
    fn keep(&mut self, kept: Kept) {
        self.kept.insert(0, kept);
        if self.kept.len() > MAX_KEPT {
            let waits = self.active.as_ref().filter(|active| !active.is_confirmed());
            let last = waits.and_then(|active| active.descent().predecessor());
            let last = last.map(|last| last.session);
            let oldest = self.kept.iter().rposition(|kept| Some(kept.session.id()) != last);
            self.kept.remove(oldest.unwrap_or(MAX_KEPT));
        }
    }

    /// Once the active session is proven, the others have an end.
    fn settle(&mut self, now: u64) {
        if self.active.as_ref().is_some_and(Session::is_proven) {
            self.known = true;
            for kept in self.kept.iter_mut().filter(|kept| kept.until == u64::MAX) {
                kept.until = now.saturating_add(GRACE);
            }
        }
    }

    /// Moves a session on by what was sealed or opened in it.
    pub(super) fn advance(
        &mut self,
        slot: Slot,
        next: Anchor,
        now: u64,
        delta: &mut ratchet::Delta,
    ) {
        let opened = delta.is_received();
        let session = match usize::from(slot).checked_sub(1) {
            None => self.active.as_mut(),
            Some(slot) => self.kept.get_mut(slot).map(|kept| &mut kept.session),
        };
        if let Some(session) = session {
            session.apply_delta(next, delta);
        }
        // A message of the active session, either way, shows that the peer is served.
        self.asked &= slot != 0;
        if opened {
            self.heard = now;
            self.settle(now);
        }
    }

    /// The peer has asked in a kept session for what it could not open.
    pub(super) fn ask(&mut self) {
        self.asked = true;
    }

    /// Whether something is past its time.
    pub(super) fn erasure_due(&self, now: u64) -> bool {
        self.kept.iter().any(|kept| !kept.is_open(now))
    }

    /// Erases what is past its time.
    pub(super) fn expire(&mut self, now: u64) {
        self.kept.retain(|kept| kept.is_open(now));
    }

    /// Gives up sessions that were made in a future that no peer believes, and times that lie ahead.
    pub(super) fn mend(&mut self, now: u64) {
        let believed = |session: &Session| is_believed(session.descent().created, now);
        self.active = self.active.take().filter(believed);
        self.kept.retain(|kept| believed(&kept.session));
        let kept = self.kept.iter().map(|kept| &kept.session);
        let left = self.active.iter().chain(kept).map(|session| session.descent().created);
        if !is_believed(self.newest, now) {
            self.newest = left.max().unwrap_or(0);
        }
        self.since = self.since.min(now);
        self.heard = self.heard.min(now);
        for kept in self.kept.iter_mut().filter(|kept| kept.until != u64::MAX) {
            kept.until = kept.until.min(now.saturating_add(GRACE));
        }
    }

    fn standing(&self) -> Option<Standing> {
        self.active.as_ref().map(|session| Standing {
            id: session.id(),
            created: session.descent().created,
            since: self.since,
            ours: session.role() == Role::Initiator,
            proven: session.is_proven(),
        })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.flag(self.active.is_some());
        if let Some(active) = &self.active {
            active.write(writer);
        }
        writer.count(self.kept.len());
        for kept in &self.kept {
            kept.write(writer);
        }
        writer.u64(self.since);
        writer.u64(self.newest);
        writer.u64(self.heard);
        writer.flag(self.known);
        writer.flag(self.asked);
        writer.count(self.reports.len());
        for (subject, listed) in &self.reports {
            writer.raw(&subject.0);
            listed.write(writer);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let active = if reader.flag()? { Some(Session::read(reader)?) } else { None };
        let kept = (0..reader.count(MAX_KEPT)?).map(|_| Kept::read(reader));
        let kept = kept.collect::<Result<_, _>>()?;
        let (since, newest, heard) = (reader.u64()?, reader.u64()?, reader.u64()?);
        let (known, asked) = (reader.flag()?, reader.flag()?);
        let mut reports = BTreeMap::new();
        for _ in 0..reader.count(super::MAX_ACCOUNTS.saturating_add(1))? {
            let subject = AccountId(*reader.array()?);
            super::stored::ascending(&mut reports, subject, Listed::read(reader)?)?;
        }
        Ok(Self { active, since, kept, newest, known, asked, heard, reports })
    }
}

impl Kept {
    fn is_open(&self, now: u64) -> bool {
        now < self.until
    }

    fn write(&self, writer: &mut Writer) {
        self.session.write(writer);
        writer.u64(self.until);
        writer.u32(self.closed.chain);
        writer.u32(self.closed.number);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (session, until) = (Session::read(reader)?, reader.u64()?);
        let closed = Position { chain: reader.u32()?, number: reader.u32()? };
        Ok(Self { session, until, closed })
    }
}
