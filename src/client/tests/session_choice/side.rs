//! The knowledge of one device of the model.

use super::*;

#[derive(Clone, Hash)]
pub(super) struct ReplacedSession {
    pub(super) id: Id,
    /// The time at which it is erased; open while the active session is not proven.
    pub(super) until: Option<u64>,
    pub(super) opened: Vec<(u32, u64)>,
}

#[derive(Clone, Hash)]
pub(super) struct Side {
    /// The error of its clock in seconds.
    pub(super) skew: i64,
    pub(super) pair: PairState,
    pub(super) prefix: Option<Prefix>,
    pub(super) sent: u32,
    pub(super) opened: Vec<(u32, u64)>,
    pub(super) last: Option<Id>,
    pub(super) replaced: Vec<ReplacedSession>,
    /// Replay memory.
    pub(super) accepted: Vec<Id>,
    pub(super) prekeys: u32,
    pub(super) asks: bool,
    pub(super) doubt: Doubt,
    pub(super) resets: u32,
    pub(super) forks: u32,
    pub(super) rollbacks: u32,
}

/// `PeerSessions`, in a form that can be hashed.
#[derive(Clone, Hash)]
pub(super) struct PairState {
    pub(super) active: Option<(Id, u64, u64, bool, bool)>,
    pub(super) newest: u64,
    pub(super) met: Met,
    pub(super) latest: Met,
    pub(super) links: Links,
}

impl PairState {
    pub(super) fn get(&self) -> PeerSessions<'_> {
        let active = self.active.map(|(id, created, since, ours, proven)| ActiveSession {
            id,
            created,
            since,
            ours,
            proven,
        });
        PeerSessions {
            active,
            newest: self.newest,
            met: self.met,
            latest: self.latest,
            links: &self.links,
        }
    }
}

impl Side {
    pub(super) fn new(skew: i64) -> Self {
        Self {
            skew,
            pair: PairState {
                active: None,
                newest: 0,
                met: Met::NEVER,
                latest: Met::NEVER,
                links: Links::default(),
            },
            prefix: None,
            sent: 0,
            opened: Vec::new(),
            last: None,
            replaced: Vec::new(),
            accepted: Vec::new(),
            prekeys: 0,
            asks: false,
            doubt: Doubt::default(),
            resets: 0,
            forks: 0,
            rollbacks: 0,
        }
    }

    pub(super) fn active(&self) -> Option<Id> {
        self.pair.active.map(|active| active.0)
    }

    pub(super) fn set(&mut self, active: ActiveSession) {
        let ActiveSession { id, created, since, ours, proven } = active;
        self.pair.active = Some((id, created, since, ours, proven));
    }

    /// Notes that the peer has shown that it does not hold the active session, unless it has not heard of it yet.
    pub(super) fn doubt_shown(&mut self, now: u64) {
        let waits = self.pair.get().active.and_then(|active| active.waits(HOUR, now));
        if waits != Some(true) {
            self.doubt.raise(Level::Shown, now);
        }
    }

    /// Returns the place at which the peer says that it left a session.
    pub(super) fn closed(&self, id: Id) -> Option<u32> {
        self.pair.links.find(id)?.closed().map(|closed| closed.number)
    }

    /// Returns how far a session has come that is still held. What the other side can have begun by it is not
    /// in the model: there are no turns.
    pub(super) fn reached(&self, id: Id) -> Option<Reached> {
        let opened = if self.active() == Some(id) {
            &self.opened
        } else {
            &self.replaced.iter().find(|replaced| replaced.id == id)?.opened
        };
        let number = opened.iter().map(|(number, _)| number + 1).max().unwrap_or(0);
        Some(Reached { opened: place(number), chain: u32::MAX })
    }

    pub(super) fn expire(&mut self, now: u64) {
        self.replaced.retain(|replaced| replaced.until.is_none_or(|until| now < until));
    }

    pub(super) fn keep(&mut self, replaced: ReplacedSession) {
        self.replaced.push(replaced);
        if self.replaced.len() > MAX_REPLACED {
            // What the peer may still be on is not pushed out by attempts that nobody answered.
            let waits = self.pair.get().active.is_some_and(|active| !active.is_confirmed());
            let last = self.last;
            let oldest =
                self.replaced.iter().position(|replaced| !(waits && Some(replaced.id) == last));
            self.replaced.remove(oldest.unwrap());
        }
    }

    /// Puts the active session among the replaced ones and the new one in its place.
    pub(super) fn replace(&mut self, active: ActiveSession, prefix: Option<Prefix>) {
        let before = self.pair.active.take();
        self.set(active);
        if let Some((id, ..)) = before {
            let opened = core::mem::take(&mut self.opened);
            self.keep(ReplacedSession { id, until: None, opened });
        }
        let held: Vec<Id> = self.replaced.iter().map(|replaced| replaced.id).collect();
        self.pair
            .links
            .add(active.id, active.created, |link| held.iter().any(|id| link.is_of(*id)));
        self.prefix = prefix;
        self.sent = 0;
        self.opened = Vec::new();
        self.doubt.replace();
    }
}
