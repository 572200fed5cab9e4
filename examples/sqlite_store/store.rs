//! States in `SQLite`: one transaction a step, a journal for each state, nothing of ours in clear.
//!
//! What to write, when, and in which order is the same for any store with transactions:
//!
//! 1. Begin a transaction. Compare the stored anchor with the state's: another process may have come first.
//! 2. If the journal is full, delete its entries, and write what has changed since its snapshot: pages
//!    that take the place of older ones, and pages to be deleted.
//! 3. Add the entry, the new anchor, and what the step is for: the message that is to leave, or the content
//!    that was read.
//! 4. Commit. Only then apply, send, show.
//! 5. If a snapshot was replaced, have the store forget the old one: it holds the key of the old entries.

use std::fmt;

use latchstring::rand_core::CryptoRng;
use latchstring::{Anchor, Change, Error, Journal, Page, Session, State, StateKey};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// What can go wrong: in the database, or with the message.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database. What was not committed did not happen.
    Store(rusqlite::Error),
    /// The message or the state.
    Protocol(Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Protocol(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Protocol(error)
    }
}

/// A database of states.
pub(crate) struct Store {
    database: Connection,
    key: StateKey,
}

/// A state with its place in the store.
pub(crate) struct Kept<S> {
    /// The state, as it is stored.
    pub(crate) state: S,
    journal: Journal,
    owner: String,
}

impl Store {
    /// Opens a database, or makes one. The key comes from the system's key store.
    pub(crate) fn open(path: &str, key: StateKey) -> Result<Self, Failure> {
        let database = Connection::open(path)?;
        // What is deleted is overwritten, and what is committed has reached the disk. Pages lie by
        // their names: in the order of writing they would tell who was talked to last.
        database.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA secure_delete = ON;
             CREATE TABLE IF NOT EXISTS page (owner TEXT, name BLOB, record BLOB NOT NULL,
                 PRIMARY KEY (owner, name)) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS entry (owner TEXT, place INTEGER, record BLOB NOT NULL,
                 PRIMARY KEY (owner, place)) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS anchor (owner TEXT PRIMARY KEY, anchor BLOB NOT NULL);
             CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY, message BLOB NOT NULL);
             CREATE TABLE IF NOT EXISTS inbox (number INTEGER PRIMARY KEY, content BLOB NOT NULL);",
        )?;
        Ok(Self { database, key })
    }

    /// Keeps a new state.
    pub(crate) fn keep<S: State>(
        &mut self,
        owner: &str,
        state: S,
        rng: &mut impl CryptoRng,
    ) -> Result<Kept<S>, Failure> {
        let transaction = self.database.transaction()?;
        let (snapshot, journal) = Journal::begin(&state, &self.key, owner.as_bytes(), rng)?;
        write_pages(&transaction, owner, &snapshot)?;
        transaction.execute(
            "INSERT INTO anchor VALUES (?1, ?2)",
            params![owner, state.anchor().to_bytes()],
        )?;
        transaction.commit()?;
        Ok(Kept { state, journal, owner: owner.to_owned() })
    }

    /// Loads a state, if there is one.
    pub(crate) fn load<S: State>(&self, owner: &str) -> Result<Option<Kept<S>>, Failure> {
        // All of it as it is at one moment, whatever another process writes meanwhile.
        let _moment = self.database.unchecked_transaction()?;
        let find = "SELECT anchor FROM anchor WHERE owner = ?1";
        let found = self.database.query_row(find, [owner], |row| row.get(0)).optional()?;
        let Some(anchor) = found else { return Ok(None) };
        let snapshot = self.records("SELECT record FROM page WHERE owner = ?1", owner)?;
        let entries =
            self.records("SELECT record FROM entry WHERE owner = ?1 ORDER BY place", owner)?;
        let anchor = Anchor::from_bytes(&anchor);
        let (state, journal) =
            Journal::open(&self.key, owner.as_bytes(), Some(&anchor), &snapshot, &entries)?;
        Ok(Some(Kept { state, journal, owner: owner.to_owned() }))
    }

    fn records(&self, find: &str, owner: &str) -> Result<Vec<Vec<u8>>, Failure> {
        let mut find = self.database.prepare(find)?;
        let found = find.query_map([owner], |row| row.get(0))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Seals a message, and gives it out once it and the state are saved.
    pub(crate) fn send(
        &mut self,
        kept: &mut Kept<Session>,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Failure> {
        let Kept { state, journal, owner } = kept;
        let transaction = self.database.transaction()?;
        let mut new = make_room(&transaction, &self.key, owner, state, journal, rng)?;
        let writer = new.as_mut().unwrap_or(journal);
        let place = writer.entries();
        let recorded = state.stage_send().seal(content, rng)?.journal(writer, rng)?;
        write_entry(&transaction, owner, place, recorded.record(), &writer.anchor())?;
        // Readable from here on, and in the same transaction. Without the commit the state in memory
        // stays ahead of the store, which refuses it from then on: load it again.
        let message = recorded.apply()?;
        transaction.execute("INSERT INTO outbox (message) VALUES (?1)", [&message])?;
        transaction.commit()?;
        self.forget(new, journal)?;
        Ok(message)
    }

    /// Opens a message, and gives the content out once it and the state are saved.
    pub(crate) fn receive(
        &mut self,
        kept: &mut Kept<Session>,
        message: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Failure> {
        let Kept { state, journal, owner } = kept;
        let (opened, change) = state.stage(message)?.open()?;
        let transaction = self.database.transaction()?;
        let mut new = make_room(&transaction, &self.key, owner, state, journal, rng)?;
        add(&transaction, owner, new.as_mut().unwrap_or(journal), &change, rng)?;
        transaction.execute("INSERT INTO inbox (content) VALUES (?1)", [&opened.content[..]])?;
        transaction.commit()?;
        state.apply(change)?;
        self.forget(new, journal)?;
        Ok(opened.content.to_vec())
    }

    /// Takes over a journal whose snapshot is committed, and what was deleted with the one before out
    /// of the write-ahead log.
    fn forget(&self, new: Option<Journal>, journal: &mut Journal) -> Result<(), Failure> {
        if let Some(new) = new {
            *journal = new;
            let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
            self.database.query_row(checkpoint, [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// Messages that are to be sent, or to be sent again: whoever gets one twice knows it.
    pub(crate) fn outbox(&self) -> Result<Vec<(i64, Vec<u8>)>, Failure> {
        let mut find = self.database.prepare("SELECT * FROM outbox ORDER BY number")?;
        let found = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The server has a message.
    pub(crate) fn sent(&self, number: i64) -> Result<(), Failure> {
        self.database.execute("DELETE FROM outbox WHERE number = ?1", [number])?;
        Ok(())
    }

    /// All that was read.
    pub(crate) fn inbox(&self) -> Result<Vec<Vec<u8>>, Failure> {
        let mut find = self.database.prepare("SELECT content FROM inbox ORDER BY number")?;
        let found = find.query_map([], |row| row.get(0))?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

/// In place of a full journal a snapshot of the state as it is stored, and the journal behind it, which
/// counts once the transaction is committed. Refuses if another process has moved the store on.
fn make_room<S: State>(
    transaction: &Transaction<'_>,
    key: &StateKey,
    owner: &str,
    state: &S,
    journal: &Journal,
    rng: &mut impl CryptoRng,
) -> Result<Option<Journal>, Failure> {
    let find = "SELECT anchor FROM anchor WHERE owner = ?1";
    let stored: [u8; 32] = transaction.query_row(find, [owner], |row| row.get(0))?;
    if stored != state.anchor().to_bytes() {
        return Err(Error::StaleChange.into());
    }
    if !journal.is_full() {
        return Ok(None);
    }
    let (snapshot, journal) = journal.renew(state, key, rng)?;
    transaction.execute("DELETE FROM entry WHERE owner = ?1", [owner])?;
    write_pages(transaction, owner, &snapshot)?;
    Ok(Some(journal))
}

fn write_pages(
    transaction: &Transaction<'_>,
    owner: &str,
    snapshot: &[Page],
) -> Result<(), Failure> {
    let mut replace = transaction.prepare_cached("REPLACE INTO page VALUES (?1, ?2, ?3)")?;
    let mut delete =
        transaction.prepare_cached("DELETE FROM page WHERE owner = ?1 AND name = ?2")?;
    for Page { name, record } in snapshot {
        match record {
            Some(record) => replace.execute(params![owner, name, record])?,
            None => delete.execute(params![owner, name])?,
        };
    }
    Ok(())
}

fn add(
    transaction: &Transaction<'_>,
    owner: &str,
    journal: &mut Journal,
    change: &Change,
    rng: &mut impl CryptoRng,
) -> Result<(), Failure> {
    let place = journal.entries();
    let entry = journal.seal(change, rng)?;
    write_entry(transaction, owner, place, &entry, &journal.anchor())
}

fn write_entry(
    transaction: &Transaction<'_>,
    owner: &str,
    place: u32,
    entry: &[u8],
    anchor: &Anchor,
) -> Result<(), Failure> {
    let mut insert = transaction.prepare_cached("INSERT INTO entry VALUES (?1, ?2, ?3)")?;
    insert.execute(params![owner, place, entry])?;
    let mut update =
        transaction.prepare_cached("UPDATE anchor SET anchor = ?2 WHERE owner = ?1")?;
    update.execute(params![owner, anchor.to_bytes()])?;
    Ok(())
}
