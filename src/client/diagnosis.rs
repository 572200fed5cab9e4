//! Diagnoses of clients, which a user may put into a bug report: `spec/README.md`, "Diagnoses".

use core::fmt;

use super::address::Address;
use super::client::{Client, Inner};
use super::contact::Contact;
use super::doubt::Level;
use super::limits::{DAY, HOUR};
use super::peer::Peer;
use super::session_choice::NextSession;
use super::stop::Stop;
use crate::protocol::clock::{ClockState, Now};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::wire;
use crate::session::{Session, SessionDiagnosis};
use crate::storage::STATE_VERSION;

/// A description of a client for a bug report, and of how it stands with one other device: states, counts, and ages in
/// coarse steps. It holds no key, no content, no exact time, and no id of an account, device or message; a session is
/// named as [`SessionDiagnosis`] names it.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::client::Client;
/// use latchstring::session::{Account, AccountId};
///
/// fn main() -> Result<(), latchstring::Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let now = 1_800_000_000;
///     let [mut ada, grace] = [1, 2].map(|id| {
///         let account = Account::generate(AccountId([id; 32]), &mut rng);
///         Client::create(&account, now, &mut rng)
///     });
///     ada.learn(grace.list(), now)?.apply();
///
///     // Two months later Ada says that she cannot write to Grace.
///     let report = ada.diagnosis(Some(grace.address()), now + 60 * 86_400).to_string();
///     assert!(report.contains("clock: ahead, by up to 90 days"));
///     assert!(report.contains("its list: signed up to 90 days ago, over for up to 30 days"));
///     assert!(report.contains("sending: stopped, its list is over"));
///     assert!(report.ends_with("no session"));
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Diagnosis {
    is_listed: bool,
    is_shown: bool,
    is_linking: bool,
    companions: usize,
    list: ListAge,
    writes: Time,
    clock: CoarseClock,
    changed: Time,
    accounts: Accounts,
    held: Held,
    open: Open,
    with: Option<With>,
}

/// The accounts that a client knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Accounts {
    known: usize,
    newcomers: usize,
    stopped: usize,
    forgotten: usize,
}

/// The things that a client holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Held {
    devices: usize,
    sessions: usize,
    replaced: usize,
    skipped: usize,
    tombstones: usize,
}

/// The things that are open at a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Open {
    unread: usize,
    queued: usize,
    doubts: usize,
    mismatches: usize,
    repairs: usize,
    next: Option<Time>,
}

/// The other device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct With {
    whose: Whose,
    list: Option<ListAge>,
    is_listed: bool,
    stop: Option<Stop>,
    heard: Option<Time>,
    doubt: Level,
    risen: Option<Time>,
    next: NextSession,
    unread: usize,
    reports: usize,
    replaced: usize,
    session: Option<SessionDiagnosis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Whose {
    This,
    Own,
    Others,
}

/// The time of a list: when it was signed, and until when it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ListAge {
    signed: Time,
    serves: Time,
}

/// A time, seen from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Time {
    Past(Step),
    Future(Step),
}

/// A span of time in coarse steps, so that it cannot be matched with what a server has noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Hour,
    Day,
    Week,
    Month,
    Season,
    More,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum CoarseClock {
    Fits,
    Ahead(Step),
    Behind(Step),
}

impl Client {
    /// Describes the client, and how it stands with another device if one is named, for a bug report. It fails for
    /// nothing: what is not known of the device is said so.
    #[must_use]
    pub fn diagnosis(&self, with: Option<Address>, now: u64) -> Diagnosis {
        let inner = &*self.inner;
        let (state, callers, now) = (inner.clock.state(now), now, inner.clock.now(now));
        Diagnosis {
            is_listed: self.is_listed(),
            is_shown: inner.is_shown(),
            is_linking: inner.linking.is_some(),
            companions: self.list().devices().len().saturating_sub(1),
            list: ListAge::of(self.list(), now),
            writes: Time::end(inner.writes_until(), now.reading()),
            clock: match state {
                ClockState::Fits => CoarseClock::Fits,
                ClockState::Ahead(seconds) => CoarseClock::Ahead(Step::of(seconds)),
                ClockState::Behind(seconds) => CoarseClock::Behind(Step::of(seconds)),
            },
            changed: Time::of(inner.clock.latest(), now.reading()),
            accounts: inner.diagnosed_accounts(now),
            held: inner.diagnosed_holdings(),
            open: Open {
                unread: inner.unread.0.len(),
                queued: inner.sent.0.iter().filter(|sent| !sent.stopped.is_empty()).count(),
                doubts: inner.peers.values().filter(|peer| peer.doubt.risen().is_some()).count(),
                mismatches: self.mismatches().count(),
                repairs: self.repairs(callers).count(),
                next: self.next_repair(callers).map(|at| Time::of(at, now.reading())),
            },
            with: with.map(|with| inner.diagnosed_device(with, now)),
        }
    }
}

impl Inner {
    fn diagnosed_accounts(&self, now: Now) -> Accounts {
        let count = |wanted: &dyn Fn(&Contact) -> bool| {
            self.contacts.values().filter(|contact| wanted(contact)).count()
        };
        Accounts {
            known: count(&|contact| !contact.forgotten),
            newcomers: count(&|contact| !contact.forgotten && contact.newcomer),
            stopped: count(&|contact| !contact.forgotten && contact.stop(now).is_some()),
            forgotten: count(&|contact| contact.forgotten),
        }
    }

    fn diagnosed_holdings(&self) -> Held {
        let mut held = Held {
            devices: self.peers.len(),
            tombstones: self.tombstones.0.len(),
            ..Held::default()
        };
        for peer in self.peers.values() {
            let (sessions, replaced) = peer.counts();
            held.sessions = held.sessions.saturating_add(sessions);
            held.replaced = held.replaced.saturating_add(replaced);
            held.skipped = held.skipped.saturating_add(peer.skipped());
        }
        held
    }

    fn diagnosed_device(&self, with: Address, now: Now) -> With {
        let contact = self.contact(with.account);
        let nothing = Peer::default();
        let peer = self.peers.get(&with).unwrap_or(&nothing);
        let reading = now.reading();
        With {
            whose: match (with == self.address(), with.account == self.account()) {
                (true, _) => Whose::This,
                (false, true) => Whose::Own,
                (false, false) => Whose::Others,
            },
            list: contact.map(|contact| ListAge::of(&contact.list, now)),
            is_listed: contact.is_some_and(|contact| contact.list.device(with.device).is_some()),
            stop: self.stop_of(with.account, now),
            heard: (peer.heard != 0).then(|| Time::of(peer.heard, reading)),
            doubt: peer.doubt.level(reading),
            risen: peer.doubt.risen().map(|at| Time::of(at, reading)),
            next: peer.next_session(now),
            unread: self.unread.of(with).count(),
            reports: peer.reports.len(),
            replaced: peer.replaced.len(),
            session: peer.active.as_ref().map(Session::diagnosis),
        }
    }
}

impl ListAge {
    fn of(list: &DeviceList, now: Now) -> Self {
        let now = now.reading();
        Self { signed: Time::of(list.issued(), now), serves: Time::end(list.expires(), now) }
    }
}

impl Time {
    fn of(time: u64, now: u64) -> Self {
        if time <= now {
            Self::Past(Step::of(now.saturating_sub(time)))
        } else {
            Self::Future(Step::of(time.saturating_sub(now)))
        }
    }

    /// Returns the end of what goes on in its last second, too.
    fn end(last: u64, now: u64) -> Self {
        if last == now { Self::Future(Step::Hour) } else { Self::of(last, now) }
    }
}

impl Step {
    fn of(seconds: u64) -> Self {
        let days = |days: u64| days.saturating_mul(DAY);
        let steps = [
            (HOUR, Self::Hour),
            (DAY, Self::Day),
            (days(7), Self::Week),
            (days(30), Self::Month),
            (days(90), Self::Season),
        ];
        let step = steps.into_iter().find(|(end, _)| seconds <= *end);
        step.map_or(Self::More, |(_, step)| step)
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { companions, list, accounts, held, open, .. } = self;
        let (messages, version) = (wire::VERSION, env!("CARGO_PKG_VERSION"));
        writeln!(f, "latchstring {version}, messages {messages}, states {STATE_VERSION}")?;
        let listed = if self.is_listed { "listed" } else { "not listed any more" };
        let linking = if self.is_linking { ", links another one" } else { "" };
        writeln!(f, "this device: {listed}, beside {companions} own devices{linking}")?;
        let shown = if self.is_shown { "" } else { "not " };
        write!(f, "own list: {list}, {shown}shown since the start, ")?;
        match self.writes {
            Time::Past(step) => writeln!(f, "no letters by it for {step}")?,
            Time::Future(step) => writeln!(f, "letters by it for {step} more")?,
        }
        writeln!(f, "clock: {}, last change {}", self.clock, self.changed)?;
        let Accounts { known, newcomers, stopped, forgotten } = accounts;
        write!(f, "accounts: {known} known, {newcomers} of them newcomers, {stopped} stopped, ")?;
        writeln!(f, "{forgotten} forgotten")?;
        let Held { devices, sessions, replaced, skipped, tombstones } = held;
        write!(f, "held: {devices} devices, {sessions} sessions, {replaced} of them replaced, ")?;
        writeln!(f, "{skipped} skipped, {tombstones} tombstones")?;
        let Open { unread, queued, doubts, mismatches, repairs, next } = open;
        write!(f, "open: {unread} unread, {queued} queued, {doubts} doubts, ")?;
        write!(f, "{mismatches} mismatches, {repairs} repairs now, ")?;
        match next {
            Some(at) => write!(f, "the next {at}")?,
            None => f.write_str("none later")?,
        }
        self.with.map_or(Ok(()), |with| write!(f, "\n{with}"))
    }
}

impl fmt::Display for With {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.whose {
            Whose::This => "this very one",
            Whose::Own => "an own one",
            Whose::Others => "of another account",
        };
        let listed = if self.is_listed { "listed" } else { "not listed" };
        writeln!(f, "the device: {whose}, {listed}")?;
        match self.list {
            Some(list) => writeln!(f, "its list: {list}")?,
            None => writeln!(f, "its list: not known")?,
        }
        let stop = self.stop.map_or("goes on", |stop| match stop {
            Stop::Unknown => "stopped, its list is not known",
            Stop::ListOver => "stopped, its list is over",
            Stop::Changed => "stopped, a list waits for the user",
            Stop::Withheld => "stopped, a newer list is not here",
            Stop::NoBundle => "stopped, there is no bundle",
        });
        writeln!(f, "sending: {stop}")?;
        let doubt = match self.doubt {
            Level::None => "none",
            Level::Counted => "counted",
            Level::Suspected => "suspected",
            Level::Likely => "likely",
            Level::Shown => "shown",
            Level::Said => "said by a person",
        };
        write!(f, "doubt: {doubt}")?;
        self.risen.map_or(Ok(()), |at| write!(f, ", risen {at}"))?;
        let Self { unread, reports, replaced, .. } = self;
        match self.heard {
            Some(at) => write!(f, "; heard {at}")?,
            None => write!(f, "; never heard")?,
        }
        writeln!(f, "; {unread} unread, {reports} other lists reported")?;
        let next = match self.next {
            NextSession::Active => "goes on",
            NextSession::WithOneTimePrekey => "begins a session, with a one-time prekey alone",
            NextSession::WithBundle => "begins a session, if there is a bundle",
            NextSession::New => "begins a session",
        };
        writeln!(f, "next letter: {next}; {replaced} replaced sessions")?;
        match &self.session {
            Some(session) => session.fmt(f),
            None => f.write_str("no session"),
        }
    }
}

impl fmt::Display for ListAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signed {}, ", self.signed)?;
        match self.serves {
            Time::Past(step) => write!(f, "over for {step}"),
            Time::Future(step) => write!(f, "serves for {step} more"),
        }
    }
}

impl fmt::Display for CoarseClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fits => f.write_str("fits"),
            Self::Ahead(step) => write!(f, "ahead, by {step}"),
            Self::Behind(step) => write!(f, "behind, by {step}"),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Past(step) => write!(f, "{step} ago"),
            Self::Future(step) => write!(f, "in {step}"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hour => "up to an hour",
            Self::Day => "up to a day",
            Self::Week => "up to a week",
            Self::Month => "up to 30 days",
            Self::Season => "up to 90 days",
            Self::More => "more than 90 days",
        })
    }
}
