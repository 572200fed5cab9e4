//! A state in rows: whole, with the changes since, or with a journal.

use std::collections::BTreeMap;

use latchstring::{Anchor, Change, Changing, Error, Journal, Page, Sealed, State, StateKey};

use super::super::TestRng;
use super::{Disk, Flaw, Stop, Transaction};

/// How states are kept.
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

/// What is behind the snapshot.
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

    fn renew<S: State>(&self, state: &S, rng: &mut TestRng) -> Result<(Vec<Page>, Self), Error> {
        let (snapshot, journal) = self.journal.renew(state, &key(), rng)?;
        Ok((snapshot, Self { journal, entries: 0 }))
    }

    pub fn is_full(&self) -> bool {
        self.journal.is_full()
    }

    pub fn entry(&mut self, change: &Change, rng: &mut TestRng) -> Result<Vec<u8>, Error> {
        self.journal.seal(change, rng)
    }
}

impl<S: State> Kept<S> {
    /// A new state.
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
            kept.snapshot(transaction, rng)?;
        }
        transaction.moves(name, kept.state.anchor());
        Ok(kept)
    }

    /// The state in its rows.
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

    /// A change, with the state after it.
    pub fn change(
        &mut self,
        transaction: &mut Transaction,
        change: Change,
        rng: &mut TestRng,
    ) -> Result<(), Stop> {
        self.record(transaction, &change, rng)?;
        self.state.apply(change)?;
        self.save(transaction, rng)
    }

    /// A change. The state is to be moved on by it, and then to be saved.
    pub fn record(
        &mut self,
        transaction: &mut Transaction,
        change: &Change,
        rng: &mut TestRng,
    ) -> Result<(), Stop> {
        self.make_room(transaction, rng)?;
        let stored = self.stored(transaction, change.base())?;
        let entry = match &mut self.log {
            Log::Whole => return Ok(()),
            Log::Records(_) => change.record(&key(), self.name.as_bytes(), &stored, rng)?,
            Log::Journal(written) => written.entry(change, rng)?,
        };
        self.append(transaction, entry);
        Ok(())
    }

    /// The state has moved on.
    pub fn save(&mut self, transaction: &mut Transaction, rng: &mut TestRng) -> Result<(), Stop> {
        if matches!(self.log, Log::Whole) {
            self.snapshot(transaction, rng)?;
        }
        transaction.moves(&self.name, self.state.anchor());
        Ok(())
    }

    /// Compares.
    fn stored(&self, transaction: &Transaction, base: Anchor) -> Result<Anchor, Stop> {
        let stored = transaction.stored(&self.name, &base)?;
        // What the crate compares itself.
        let checked = matches!(self.log, Log::Records(_));
        if checked || stored == base { Ok(stored) } else { Err(Stop::Stale) }
    }

    /// A new snapshot of the state as it is stored, if one is due.
    fn make_room(&mut self, transaction: &mut Transaction, rng: &mut TestRng) -> Result<(), Stop> {
        let is_full = match &self.log {
            Log::Whole => false,
            Log::Records(count) => *count >= RECORDS,
            Log::Journal(written) => written.is_full(),
        };
        if is_full { self.snapshot(transaction, rng) } else { Ok(()) }
    }

    /// A snapshot of the state as it stands, in place of all rows; in a journal of what has changed.
    fn snapshot(&mut self, transaction: &mut Transaction, rng: &mut TestRng) -> Result<(), Stop> {
        let old = match &mut self.log {
            Log::Whole => 0,
            Log::Records(count) => std::mem::take(count),
            Log::Journal(written) => {
                let (snapshot, new) = written.renew(&self.state, rng)?;
                put_pages(transaction, &self.name, snapshot);
                std::mem::replace(written, new).entries
            }
        };
        if !matches!(self.log, Log::Journal(_)) {
            let bytes = key().seal(&self.state, self.name.as_bytes(), rng)?;
            transaction.put(format!("{}#state", self.name), bytes);
        }
        (0..old).for_each(|entry| transaction.delete(row(&self.name, entry)));
        Ok(())
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

impl<S: Changing> Kept<S> {
    /// A sealed message, with the state after it. It may leave after the commit.
    pub fn seal(
        &mut self,
        transaction: &mut Transaction,
        rng: &mut TestRng,
        seal: impl for<'a> FnOnce(&'a mut S, &mut TestRng) -> Result<Sealed<'a, S>, Error>,
    ) -> Result<S::Output, Stop> {
        self.make_room(transaction, rng)?;
        let stored = self.stored(transaction, self.state.anchor())?;
        let sealed = seal(&mut self.state, rng)?;
        let recorded = match &mut self.log {
            Log::Whole => {
                let out = sealed.apply()?;
                self.save(transaction, rng)?;
                return Ok(out);
            }
            Log::Records(_) => sealed.record(&key(), self.name.as_bytes(), &stored, rng)?,
            Log::Journal(written) => sealed.journal(&mut written.journal, rng)?,
        };
        let entry = recorded.record().to_vec();
        let out = recorded.apply()?;
        self.append(transaction, entry);
        self.save(transaction, rng)?;
        Ok(out)
    }
}

/// The rows of a snapshot that change, each under its name.
fn put_pages(transaction: &mut Transaction, name: &str, snapshot: Vec<Page>) {
    for page in snapshot {
        let hex: Vec<String> = page.name.iter().map(|byte| format!("{byte:02x}")).collect();
        let row = format!("{name}#page {}", hex.concat());
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

/// A snapshot and the changes after it; the outer anchor admits where the last one leads.
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
        state.apply(key().open(owner, None, change)?)?;
    }
    state.apply(key().open(owner, outer, last)?)?;
    Ok(state)
}
