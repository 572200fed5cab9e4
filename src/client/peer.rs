//! The sessions with one device: one to send in, a few to finish reading.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::address::Address;
use super::doubt::{Doubt, Level};
use super::gaps::Gaps;
use super::limits::HOUR;
use super::links::{Link, Links};
use super::places::Places;
use super::replaced_session::ReplacedSession;
use super::session_choice::{
    Choice, Contradiction, GRACE, Met, NewSession, PeerSessions, Reached, choose, contradiction,
    created, is_plausible,
};
use super::slot::{SessionStanding, Slot};
use super::wanted::Wanted;
use crate::protocol::clock::Now;
use crate::protocol::handshake::continuation::{Continuation, Predecessor};
use crate::protocol::identity::certificate::{AccountId, Certificate};
use crate::protocol::letter::{Listed, MessageId};
use crate::protocol::position::{Position, Role, SessionId};
use crate::protocol::ratchet;
use crate::session::Session;
use crate::storage::Anchor;

/// The first position of a session that its initiator sends in.
const FIRST: Position = Position { chain: 1, number: 0 };

/// The sessions and memories that this device has of one other device.
#[derive(Default)]
pub(super) struct Peer {
    pub(super) active: Option<Session>,
    /// The time at which the active session became it, by this device's clock.
    pub(super) since: u64,
    /// Newest first.
    pub(super) replaced: Vec<ReplacedSession>,
    /// The highest plausible time of creation of all sessions with the device, those made here included.
    pub(super) newest: u64,
    /// Set once the device has shown that it holds a confirmed session.
    pub(super) met: Met,
    /// The same of the newest session that was proven.
    pub(super) latest: Met,
    /// Set if the device has forgotten something, until it has answered a letter that says so.
    pub(super) forgot: bool,
    /// Set once a chain was begun that says so: the device's next chain answers it.
    pub(super) told: bool,
    /// The sessions that were active here, which are all that the device can name.
    pub(super) links: Links,
    /// The doubt whether the device is on the active session too.
    pub(super) doubt: Doubt,
    /// The time at which the newest of what was opened of it was sent, and not later than it was opened.
    pub(super) heard: u64,
    /// The letters that the device wants, until it is answered.
    pub(super) wanted: Wanted,
    /// Letters that it does not send again, and that own devices are to be asked for.
    pub(super) refused: Vec<MessageId>,
    /// The gaps in what it has sent.
    pub(super) gaps: Gaps,
    /// The places of the letters that went to it.
    pub(super) places: Places,
    /// Lists that the device reported last, where they are not this device's.
    pub(super) reports: BTreeMap<AccountId, Listed>,
}

impl Peer {
    /// Knows nothing yet, but that sessions up to `newest` are forgotten.
    pub(super) fn new(newest: u64) -> Self {
        let links = if newest == 0 { Links::default() } else { Links::forgotten() };
        Self { newest, links, ..Self::default() }
    }

    /// Returns when the newest session was made, of those that can be: a clock that was ahead may have made one in a
    /// future that did not come, which must not keep all others from being newer.
    pub(super) fn newest(&self, now: u64) -> u64 {
        if is_plausible(self.newest, now) {
            return self.newest;
        }
        let held = self.held().map(|session| session.continuation().created);
        held.filter(|created| is_plausible(*created, now)).max().unwrap_or(0)
    }

    pub(super) fn has_active(&self) -> bool {
        self.active.is_some()
    }

    /// Tells whether the active session is proven.
    pub(super) fn is_proven(&self) -> bool {
        self.active.as_ref().is_some_and(Session::is_proven)
    }

    /// Returns the id of the active session.
    pub(super) fn active_id(&self) -> Option<SessionId> {
        self.active.as_ref().map(Session::id)
    }

    /// Tells whether a new session may be begun before it must be: while the active one is not answered.
    pub(super) fn may_renew(&self) -> bool {
        !self.active.as_ref().is_some_and(Session::is_confirmed)
    }

    /// Returns what a new session of this device says it continues.
    pub(super) fn continuation(&self, now: Now) -> Continuation {
        let predecessor = self.active.as_ref().and_then(|active| {
            if active.is_confirmed() {
                Some(Predecessor { session: active.id(), closed: active.sent() })
            } else {
                // It was never answered: the new one continues what it continued.
                active.continuation().predecessor()
            }
        });
        let now = now.reading();
        Continuation::after(predecessor, created(self.newest(now), now))
    }

    /// Returns the sessions that a message may be in, the active one first.
    pub(super) fn sessions(&self, now: Now) -> impl Iterator<Item = (Slot, &Session)> {
        let active = self.active.iter().map(|session| (Slot::Active, session));
        let replaced = self.replaced.iter().zip((0..).map(Slot::Replaced));
        let open = replaced.filter(move |(replaced, _)| replaced.is_open(now.firm()));
        active.chain(open.map(|(replaced, slot)| (slot, &replaced.session)))
    }

    /// Tells whether a message at this place of a replaced session was sent after its sender had left it.
    pub(super) fn is_past(&self, slot: Slot, position: Position) -> bool {
        let Slot::Replaced(place) = slot else { return false };
        let replaced = self.replaced.get(usize::from(place));
        let link = replaced.and_then(|replaced| self.links.find(replaced.session.id()));
        link.and_then(Link::closed).is_some_and(|closed| position >= closed)
    }

    /// Tells where a session stands.
    pub(super) fn standing(&self, slot: Slot) -> SessionStanding {
        let Slot::Replaced(place) = slot else { return SessionStanding::Active };
        let replaced = self.replaced.get(usize::from(place));
        let link = replaced.and_then(|replaced| self.links.find(replaced.session.id()));
        if link.is_some() { SessionStanding::Replaced } else { SessionStanding::Stray }
    }

    /// Tells whether all of it is with the device of this certificate.
    pub(super) fn is_of(&self, certificate: &Certificate) -> bool {
        self.held().all(|session| session.peer() == certificate)
    }

    /// Tells whether all of it is with a device of this id.
    pub(super) fn is_at(&self, address: Address) -> bool {
        self.held().all(|session| session.peer().device() == address.device)
    }

    /// Judges a first message of the peer's, which names prekeys of such an age: what becomes of its session,
    /// and what in it contradicts the sessions that are known.
    pub(super) fn judge(
        &self,
        session: &Session,
        prekeys: u64,
        now: Now,
    ) -> (Choice, Option<Contradiction>) {
        let continuation = session.continuation();
        let predecessor = continuation.predecessor();
        let first =
            NewSession { id: session.id(), predecessor, created: continuation.created, prekeys };
        let pair = PeerSessions {
            active: self.active_session(),
            newest: self.newest(now.reading()),
            met: self.met,
            latest: self.latest,
            links: &self.links,
        };
        let reached = predecessor.and_then(|predecessor| self.reached(predecessor.session));
        (choose(&pair, &first, now.reading()), contradiction(&pair, &first, reached))
    }

    /// Returns how far a session has come, if it is still held.
    fn reached(&self, id: SessionId) -> Option<Reached> {
        let session = self.held().find(|session| session.id() == id)?;
        // The responder's chain answers the initiator's of the same number, which answers the one before.
        let ahead = u32::from(session.role() == Role::Responder);
        let chain = session.sent().chain.saturating_add(ahead);
        Some(Reached { opened: session.heard(), chain })
    }

    pub(super) fn held(&self) -> impl Iterator<Item = &Session> {
        let replaced = self.replaced.iter().map(|replaced| &replaced.session);
        self.active.iter().chain(replaced)
    }

    /// Counts the skipped keys of all sessions.
    pub(super) fn skipped(&self) -> usize {
        self.held().fold(0, |sum, session| sum.saturating_add(session.skipped()))
    }

    /// Counts the sessions, and those of them that are replaced.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.held().count(), self.replaced.len())
    }

    /// Finds the replaced session to give up for one more: the oldest, but none that the peer may still send in
    /// (`last`). That is not pushed out by attempts that nobody answered.
    pub(super) fn oldest(&self, last: Option<SessionId>) -> Option<usize> {
        self.replaced.iter().rposition(|replaced| Some(replaced.session.id()) != last)
    }

    /// Returns the session that the peer may still send in, while the active one is not answered.
    pub(super) fn last(&self) -> Option<SessionId> {
        let waits = self.active.as_ref().filter(|active| !active.is_confirmed());
        Some(waits?.continuation().predecessor()?.session)
    }

    /// Counts the skipped keys of a replaced session.
    pub(super) fn skipped_at(&self, place: usize) -> usize {
        self.replaced.get(place).map_or(0, |replaced| replaced.session.skipped())
    }

    /// Erases a replaced session.
    pub(super) fn give_up(&mut self, place: usize) {
        if place < self.replaced.len() {
            self.replaced.remove(place);
        }
    }

    /// Drops the oldest skipped keys: of the oldest session first, of the active one last.
    pub(super) fn drop_skipped(&mut self, surplus: usize) {
        let mut left = surplus;
        let replaced = self.replaced.iter_mut().rev().map(|replaced| &mut replaced.session);
        for session in replaced.chain(self.active.as_mut()) {
            left = left.saturating_sub(session.drop_skipped(left));
        }
    }

    /// Makes a session of this device's own the active one. There is room for the one before.
    pub(super) fn begin(&mut self, session: Session, now: u64) {
        self.newest = self.newest(now).max(session.continuation().created);
        self.doubt.begin(now);
        self.replace(session, now);
    }

    /// Takes a session of the peer's in, as the active one or only to be read. There is room for one more.
    pub(super) fn accept(
        &mut self,
        session: Session,
        activate: bool,
        found: Option<Contradiction>,
        now: Now,
    ) {
        let (now, steady) = (now.reading(), now.steady());
        if found.is_some_and(Contradiction::is_of_peer) {
            self.forgot = true;
            self.told = false;
        }
        let continuation = *session.continuation();
        self.gaps.open(session.id(), FIRST, session.skipped(), now);
        if is_plausible(continuation.created, now) {
            let created = continuation.created;
            self.newest = self.newest(now).max(created);
            // Its initiator has left the predecessor, whichever session is active.
            if let Some(named) = continuation.predecessor() {
                if found.is_none() {
                    self.links.close(named.session, named.closed, created);
                }
                self.met.note(created, now);
            }
        }
        if activate {
            self.replace(session, now);
            self.doubt.open(now, true);
        } else {
            // Its maker does not hold the active session, unless it has not heard of it yet.
            if found.is_some() && !self.waits(HOUR, steady) {
                self.doubt.raise(Level::Shown, now);
            }
            self.replaced.insert(0, ReplacedSession { session, until: u64::MAX });
            self.end_replaced(now);
        }
    }

    fn replace(&mut self, session: Session, now: u64) {
        self.since = now;
        self.doubt.replace();
        let (id, created) = (session.id(), session.continuation().created);
        if let Some(old) = self.active.replace(session) {
            self.replaced.insert(0, ReplacedSession { session: old, until: u64::MAX });
        }
        let held: Vec<_> = self.held().map(Session::id).collect();
        self.links.add(id, created, |link| held.iter().any(|id| link.is_of(*id)));
        self.end_replaced(now);
    }

    /// Gives the replaced sessions an end, once the active one is proven.
    fn end_replaced(&mut self, now: u64) {
        if let Some(proven) = self.active.as_ref().filter(|active| active.is_proven()) {
            let created = proven.continuation().created;
            self.met.note(created, now);
            if self.latest == Met::NEVER || self.latest.created < created {
                self.latest = Met { created, at: now };
            }
            for replaced in self.replaced.iter_mut().filter(|replaced| replaced.until == u64::MAX) {
                replaced.until = now.saturating_add(GRACE);
            }
        }
    }

    /// Moves a session on by what was sealed or opened in it, and tells whether the number of its skipped keys
    /// has changed. `letter` is what was sealed, if it can be sealed again.
    pub(super) fn advance(
        &mut self,
        slot: Slot,
        (next, now): (Anchor, u64),
        delta: &mut ratchet::RatchetDelta,
        letter: Option<MessageId>,
    ) -> bool {
        let opened = delta.is_received();
        if slot == Slot::Active && delta.is_turn() {
            // The peer's new chain answers what this side has sent in the one before.
            self.forgot &= !(opened && self.told);
            self.told = self.forgot && !opened;
        }
        let (mut moves_keys, mut is_new) = (false, false);
        let session = match slot {
            Slot::Active => self.active.as_mut(),
            Slot::Replaced(place) => {
                let replaced = self.replaced.get_mut(usize::from(place));
                replaced.map(|replaced| &mut replaced.session)
            }
        };
        if let Some(session) = session {
            let before = (session.skipped(), session.heard());
            if opened {
                self.gaps.note(session.id(), session.heard().chain, delta, now);
            }
            session.apply_delta(next, delta);
            moves_keys = session.skipped() != before.0;
            is_new = session.heard() > before.1;
            if let (false, Some(letter)) = (opened, letter) {
                self.places.note(session.id(), session.sent(), letter);
            }
        }
        if opened {
            if slot == Slot::Active {
                self.doubt.open(self.since, is_new);
            }
            self.end_replaced(now);
        }
        moves_keys
    }

    /// Tells whether the device is to be told that it has forgotten something.
    pub(super) fn has_forgotten(&self) -> bool {
        self.forgot
    }

    /// Raises the doubt about the device.
    pub(super) fn raise(&mut self, level: Level, now: u64) {
        self.doubt.raise(level, now);
    }

    /// Notes that it was there at a time.
    pub(super) fn note_heard(&mut self, at: u64) {
        self.heard = self.heard.max(at);
    }

    /// Forgets all sessions, but for what protects from old ones, and what the device has shown. The next letter to
    /// it begins a new session; `tell` says that there is to be one, whether or not the user writes.
    pub(super) fn restart(&mut self, tell: bool, now: u64) {
        let reports = core::mem::take(&mut self.reports);
        let mut doubt = Doubt::default();
        doubt.raise(if tell { Level::Shown } else { Level::None }, now);
        *self = Self {
            met: self.met,
            heard: self.heard,
            links: Links::forgotten(),
            doubt,
            reports,
            ..Self::new(self.newest(now))
        };
    }
}
