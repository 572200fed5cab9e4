//! A state in rows: whole, with the changes since, or with a journal.

use std::collections::BTreeMap;

use latchstring::Error;
use latchstring::client::Client;
use latchstring::guest::{Chat, Introduction, Invite};
use latchstring::storage::{Anchor, Change, Journal, Page, Pending, State, StateKey};

use super::super::TestRng;
use super::{Disk, Flaw, Stop, Transaction};

/// A way to keep states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// The whole state after each step.
    Whole,
    /// A snapshot, and sealed changes after it.
    Records,
    /// A journal for each state.
    Journals,
}

impl Keeping {
    pub const ALL: [Self; 3] = [Self::Whole, Self::Records, Self::Journals];
}

/// Changes behind a snapshot, where they are not in a journal.
const RECORDS: usize = 3;

pub fn key() -> StateKey {
    StateKey::new(1, &[7; 32]).unwrap()
}

/// A state in memory, and what is known of its rows.
pub struct Kept<S> {
    pub state: S,
    name: String,
    log: Log,
}

/// The changes behind the snapshot.
enum Log {
    Whole,
    Records(usize),
    Journal(Written),
}

/// A journal and how many entries it has: all that is known here of how journals are used.
pub struct Written {
    journal: Journal,
    entries: usize,
}

impl Written {
    pub fn begin<S: State>(
        state: &S,
        owner: &[u8],
        rng: &mut TestRng,
    ) -> Result<(Vec<Page>, Self), Error> {
        let (snapshot, journal) = Journal::begin(state, &key(), owner, rng)?;
        Ok((snapshot, Self { journal, entries: 0 }))
    }

    pub fn open<S: State>(
        owner: &[u8],
        outer: Option<&Anchor>,
        snapshot: &[&[u8]],
        entries: &[&[u8]],
    ) -> Result<(S, Self), Error> {
        let (state, journal) = Journal::open(&key(), owner, outer, snapshot, entries)?;
        Ok((state, Self { journal, entries: entries.len() }))
    }

    fn renew<S: State>(&mut self, state: &S, rng: &mut TestRng) -> Result<Vec<Page>, Error> {
        self.entries = 0;
        self.journal.renew(state, &key(), rng)
    }

    pub fn is_full(&self) -> bool {
        self.journal.is_full()
    }

    pub fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }
}

impl<S: State> Kept<S> {
    /// Keeps a new state.
    pub fn new(
        transaction: &mut Transaction,
        name: &str,
        state: S,
        rng: &mut TestRng,
    ) -> Result<Self, Stop> {
        if transaction.holds(name) {
            return Err(Stop::Stale);
        }
        let log = match transaction.keeping {
            Keeping::Whole => Log::Whole,
            Keeping::Records => Log::Records(0),
            Keeping::Journals => {
                let (snapshot, written) = Written::begin(&state, name.as_bytes(), rng)?;
                put_pages(transaction, name, snapshot);
                Log::Journal(written)
            }
        };
        let mut kept = Self { state, name: name.to_owned(), log };
        if transaction.keeping != Keeping::Journals {
            kept.log.begin_anew(&kept.state, name, transaction, rng)?;
        }
        transaction.moves(name, kept.state.anchor());
        Ok(kept)
    }

    /// Loads the state from its rows.
    pub fn load(disk: &Disk, name: &str) -> Result<Self, Stop> {
        let rows: BTreeMap<_, _> = disk.table(name).collect();
        let those = |is_one: fn(&str) -> bool| -> Vec<&[u8]> {
            let found = rows.iter().filter(|(row, _)| is_one(row));
            found.map(|(_, bytes)| bytes.as_slice()).collect()
        };
        let (entries, pages) = (those(is_entry), those(is_page));
        let Some(snapshot) = pages.first() else { return Stop::trouble("a state is missing") };
        let outer = disk.outer.get(name).filter(|_| disk.flaw != Some(Flaw::NoOuterAnchor));
        let owner = name.as_bytes();
        let (state, log) = match disk.keeping {
            Keeping::Whole => (key().open(owner, outer, snapshot)?, Log::Whole),
            Keeping::Records => {
                (follow(owner, outer, snapshot, &entries)?, Log::Records(entries.len()))
            }
            Keeping::Journals => {
                let (state, written) = Written::open(owner, outer, &pages, &entries)?;
                (state, Log::Journal(written))
            }
        };
        Ok(Self { state, name: name.to_owned(), log })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Does a step: its change, with the state after it. What it gives out may leave, or be shown, after the
    /// commit.
    pub fn step<T>(
        &mut self,
        transaction: &mut Transaction,
        rng: &mut TestRng,
        step: impl for<'a> FnOnce(&'a mut S, &mut TestRng) -> Result<Pending<'a, S, T>, Error>,
    ) -> Result<T, Stop> {
        let stored = self.stored(transaction, self.state.anchor())?;
        let pending = step(&mut self.state, rng)?;
        if !pending.is_change() {
            return Ok(pending.apply());
        }
        self.log.make_room(pending.state(), &self.name, transaction, rng)?;
        let recorded = match &mut self.log {
            Log::Whole => {
                let out = pending.apply();
                self.save(transaction, rng)?;
                return Ok(out);
            }
            Log::Records(_) => pending.record(&key(), self.name.as_bytes(), &stored, rng)?,
            Log::Journal(written) => pending.journal(&mut written.journal, rng)?,
        };
        let entry = recorded.record().unwrap().to_vec();
        let out = recorded.apply();
        self.append(transaction, entry);
        self.save(transaction, rng)?;
        Ok(out)
    }

    /// Saves a state that has moved on.
    pub fn save(&mut self, transaction: &mut Transaction, rng: &mut TestRng) -> Result<(), Stop> {
        if matches!(self.log, Log::Whole) {
            self.log.begin_anew(&self.state, &self.name, transaction, rng)?;
        }
        transaction.moves(&self.name, self.state.anchor());
        Ok(())
    }

    /// Compares the stored anchor with the one that a change is made from, and returns it.
    fn stored(&self, transaction: &Transaction, base: Anchor) -> Result<Anchor, Stop> {
        let stored = transaction.stored(&self.name, &base)?;
        // What the crate compares itself.
        let checked = matches!(self.log, Log::Records(_));
        if checked || stored == base { Ok(stored) } else { Err(Stop::Stale) }
    }

    fn append(&mut self, transaction: &mut Transaction, entry: Vec<u8>) {
        let (Log::Records(count) | Log::Journal(Written { entries: count, .. })) = &mut self.log
        else {
            return;
        };
        transaction.put(row(&self.name, *count), entry);
        *count += 1;
    }
}

/// Takes a claim: the invite and the client change together.
pub fn take_claim(
    (invite, client): (&mut Kept<Invite>, &mut Kept<Client>),
    transaction: &mut Transaction,
    rng: &mut TestRng,
    claim: &[u8],
    now: u64,
) -> Result<(Chat, Introduction), Stop> {
    let at_invite = invite.stored(transaction, invite.state.anchor())?;
    let at_client = client.stored(transaction, client.state.anchor())?;
    let arrived = invite.state.claim(&mut client.state, claim, now)?;
    invite.log.make_room(arrived.invite(), &invite.name, transaction, rng)?;
    client.log.make_room(arrived.client(), &client.name, transaction, rng)?;
    let (of_invite, of_client) = (invite.name.as_bytes(), client.name.as_bytes());
    let recorded = match (&mut invite.log, &mut client.log) {
        (Log::Journal(invites), Log::Journal(clients)) => {
            arrived.journal(&mut invites.journal, &mut clients.journal, rng)?
        }
        (Log::Records(_), Log::Records(_)) => {
            arrived.record(&key(), (of_invite, &at_invite), (of_client, &at_client), rng)?
        }
        _ => {
            let out = arrived.apply();
            invite.save(transaction, rng)?;
            client.save(transaction, rng)?;
            return Ok(out);
        }
    };
    let (of_invite, of_client) = recorded.records();
    let (of_invite, of_client) = (of_invite.to_vec(), of_client.to_vec());
    let out = recorded.apply();
    invite.append(transaction, of_invite);
    client.append(transaction, of_client);
    invite.save(transaction, rng)?;
    client.save(transaction, rng)?;
    Ok(out)
}

impl Log {
    /// Puts a new snapshot of the state as it is stored in place of all rows, if they are too many.
    fn make_room<S: State>(
        &mut self,
        state: &S,
        name: &str,
        transaction: &mut Transaction,
        rng: &mut TestRng,
    ) -> Result<(), Error> {
        let is_full = match self {
            Self::Whole => false,
            Self::Records(count) => *count >= RECORDS,
            Self::Journal(written) => written.is_full(),
        };
        if is_full { self.begin_anew(state, name, transaction, rng) } else { Ok(()) }
    }

    /// Puts a snapshot of the state as it stands in place of all rows; of a journal what has changed.
    fn begin_anew<S: State>(
        &mut self,
        state: &S,
        name: &str,
        transaction: &mut Transaction,
        rng: &mut TestRng,
    ) -> Result<(), Error> {
        let old = match self {
            Self::Journal(written) => {
                let old = written.entries;
                put_pages(transaction, name, written.renew(state, rng)?);
                old
            }
            Self::Whole | Self::Records(_) => {
                let record = key().seal(state, name.as_bytes(), rng)?;
                transaction.put(format!("{name}#state"), record);
                if let Self::Records(count) = self { std::mem::take(count) } else { 0 }
            }
        };
        (0..old).for_each(|entry| transaction.delete(row(name, entry)));
        Ok(())
    }
}

/// Writes the rows of a snapshot that change, each under its name.
fn put_pages(transaction: &mut Transaction, name: &str, snapshot: Vec<Page>) {
    for page in snapshot {
        let row = format!("{name}#page {}", page.id);
        match page.record {
            Some(record) => transaction.put(row, record),
            None => transaction.delete(row),
        }
    }
}

fn row(name: &str, entry: usize) -> String {
    format!("{name}#{entry:04}")
}

fn is_entry(row: &str) -> bool {
    row.split_once('#').is_some_and(|(_, entry)| entry.parse::<usize>().is_ok())
}

fn is_page(row: &str) -> bool {
    row.ends_with("#state") || row.contains("#page ")
}

/// Opens a snapshot and follows the changes after it; the outer anchor admits where the last one leads.
fn follow<S: State>(
    owner: &[u8],
    outer: Option<&Anchor>,
    snapshot: &[u8],
    changes: &[&[u8]],
) -> Result<S, Error> {
    let Some((last, rest)) = changes.split_last() else {
        return key().open(owner, outer, snapshot);
    };
    let mut state: S = key().open(owner, None, snapshot)?;
    for change in rest {
        key().open::<Change<S>>(owner, None, change)?.apply(&mut state)?;
    }
    key().open::<Change<S>>(owner, outer, last)?.apply(&mut state)?;
    Ok(state)
}
