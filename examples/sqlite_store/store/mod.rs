//! A store in `SQLite` for any number of states of this crate: clients, chats, invites, sessions.
//!
//! Every store with transactions writes the same things, at the same times, in the same order:
//!
//! 1. Make plans, fetch bundles, talk to servers: outside of any transaction. Nothing has changed yet.
//! 2. Begin a transaction that no other process can come between. Compare the anchor that is stored for
//!    each state with where the state in memory stands: another process or tab may have come first.
//! 3. If a journal is full, delete its entries, and write what has changed since its snapshot: pages
//!    that take the place of older ones, and pages to be deleted.
//! 4. Do the operation. Write an entry for each state that changes, its new anchor, and what the operation
//!    gave: new states, messages that are to leave, contents that were read. All of it in this one transaction.
//! 5. Commit. Only then show, acknowledge to the server, and send what the outbox holds.
//! 6. If it was not committed, drop the states that it was to change: they may be ahead of the store.
//!    Load them again.
//! 7. If a snapshot was replaced, have the database forget the old one: it holds the key of the old
//!    entries, and a write-ahead log keeps what was overwritten.
//! 8. Now and then put each state's anchor where a copy of the database does not reach: the system's
//!    key store, the server. Give it to [`Store::load`], which refuses a database from before it.
//!
//! [`Store::step`] does 2 to 7, and [`Step::change`] is where an operation is done. Meanwhile the step has the
//! states that it changes, so nobody sees one between its change and the commit.
//!
//! Every state is sealed under the key that [`Store::open`] is given and that belongs into the system's
//! key store, too. Envelopes in the outbox are sealed by their nature. Contents in the inbox, and of
//! what was said, are *in clear*: they are the app's, which knows how long they are to be kept and how to protect them.

mod step;

use std::fmt;

use latchstring::Error;
use latchstring::client::{Address, MessageId};
use latchstring::rand_core::CryptoRng;
use latchstring::session::Session;
use latchstring::storage::{Anchor, Journal, Page, Pending, State, StateKey};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior};

pub(crate) use step::Step;

/// A failure: in the database, or with the message.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database. What was not committed did not happen.
    Store(rusqlite::Error),
    /// The message or the state.
    Protocol(Error),
    /// A part of a step failed, and the step was to be committed all the same. It was not.
    HalfDone,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Protocol(error) => error.fmt(f),
            Self::HalfDone => f.write_str("a part of the step failed"),
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
    /// True if the write-ahead log may hold a snapshot that was replaced.
    remembers: bool,
}

/// A state of the store. It is in memory exactly as it is stored, or it is not in memory.
///
/// A step takes it out, and puts it back once it is committed; after one that failed it is loaded
/// again when it is next asked for.
pub(crate) struct Kept<S> {
    owner: String,
    anchor: Anchor,
    loaded: Option<Box<Loaded<S>>>,
}

struct Loaded<S> {
    state: S,
    journal: Journal,
}

/// A message that waits for the server to take it.
pub(crate) struct Waiting {
    /// To be given to [`Store::sent`]. No two messages ever have the same.
    pub(crate) number: i64,
    /// The state that sent it.
    pub(crate) owner: String,
    /// The device that it is for; nothing for a claim, a server copy, a blob, a session's message.
    pub(crate) to: Option<Address>,
    /// The message id of a client's letter, which the transport carries beside it: by it a device knows what it has
    /// read, and can ask for what it could not.
    pub(crate) id: Option<MessageId>,
    /// The bytes to bring.
    pub(crate) message: Vec<u8>,
}

impl Store {
    /// Opens a database, or makes one. The key comes from the system's key store.
    pub(crate) fn open(path: &str, key: StateKey) -> Result<Self, Failure> {
        let database = Connection::open(path)?;
        // What is deleted is overwritten, and what is committed has reached the disk. Pages lie
        // by their ids: in the order of writing they would tell who was talked to last. An entry has the
        // anchor beside it, and place 0 that of the snapshot: so a step touches few pages of the file.
        database.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA secure_delete = ON;
             CREATE TABLE IF NOT EXISTS page (owner TEXT, id BLOB, record BLOB NOT NULL,
                 PRIMARY KEY (owner, id)) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS entry (owner TEXT, place INTEGER, anchor BLOB NOT NULL,
                 record BLOB, PRIMARY KEY (owner, place)) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY,
                 owner TEXT NOT NULL, device BLOB, id BLOB, message BLOB);
             CREATE TABLE IF NOT EXISTS said (id BLOB PRIMARY KEY,
                 content BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS inbox (number INTEGER PRIMARY KEY,
                 owner TEXT NOT NULL, content BLOB NOT NULL);",
        )?;
        // The process before may have ended between a commit and what belongs behind it.
        let mut store = Self { database, key, remembers: true };
        store.forget();
        Ok(store)
    }

    /// Does `work` wholly or not at all: what it changes, keeps, sends and reads is one transaction. Its
    /// result is given out once that is committed.
    ///
    /// Every state that `work` was to change and that is not committed is dropped from memory.
    pub(crate) fn step<'a, R: CryptoRng, T>(
        &mut self,
        rng: &mut R,
        work: impl FnOnce(&mut Step<'a, '_, R>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // Immediate: from here on no other process writes, or the comparison would be worth nothing.
        let transaction =
            self.database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut step = Step::new(transaction, &self.key, rng);
        let result = work(&mut step)?;
        self.remembers |= step.commit()?;
        self.forget();
        Ok(result)
    }

    /// Keeps a new state.
    pub(crate) fn keep<S: State>(
        &mut self,
        owner: &str,
        state: S,
        rng: &mut impl CryptoRng,
    ) -> Result<Kept<S>, Failure> {
        self.step(rng, |step| step.keep(owner, state))
    }

    /// Loads a state, if there is one. With `outer`, one that is behind this anchor is refused.
    pub(crate) fn load<S: State>(
        &self,
        owner: &str,
        outer: Option<&Anchor>,
    ) -> Result<Option<Kept<S>>, Failure> {
        let moment = self.database.unchecked_transaction()?;
        Ok(read(&moment, &self.key, owner, outer)?.map(|loaded| Kept::new(owner, loaded)))
    }

    /// Takes what was replaced out of the write-ahead log. What a reader holds back is taken out after
    /// a later step; what is committed is committed, whatever becomes of this.
    fn forget(&mut self) {
        if self.remembers {
            let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
            let is_busy = self.database.query_row(checkpoint, [], |row| row.get(0));
            self.remembers = is_busy.unwrap_or(true);
        }
    }

    /// Lists the messages that are to be sent, or to be sent again: whoever gets one twice knows it.
    pub(crate) fn outbox(&self) -> Result<Vec<Waiting>, Failure> {
        let all = "SELECT number, owner, device, id, message FROM outbox
            WHERE message NOT NULL ORDER BY number";
        let mut find = self.database.prepare_cached(all)?;
        let waiting = |row: &Row<'_>| {
            let device: Option<[u8; 40]> = row.get(2)?;
            let to = device.as_ref().map(Address::from_bytes);
            let (number, owner, message) = (row.get(0)?, row.get(1)?, row.get(4)?);
            Ok(Waiting {
                number,
                owner,
                to,
                id: row.get::<_, Option<_>>(3)?.map(MessageId),
                message,
            })
        };
        Ok(find.query_map([], waiting)?.collect::<Result<_, _>>()?)
    }

    /// Removes a message that the server has.
    pub(crate) fn sent(&self, number: i64) -> Result<(), Failure> {
        // Of the last one the number stays, so that it is never used again: the server may say this twice.
        let last = "(SELECT max(number) FROM outbox)";
        let forget = format!("DELETE FROM outbox WHERE number = ?1 AND number < {last}");
        if self.database.prepare_cached(&forget)?.execute([number])? == 0 {
            let empty =
                "UPDATE outbox SET device = NULL, id = NULL, message = NULL WHERE number = ?1";
            self.database.prepare_cached(empty)?.execute([number])?;
        }
        Ok(())
    }

    /// Returns what was said under an id ([`Step::say`]), if it was not forgotten.
    pub(crate) fn said(&self, id: MessageId) -> Result<Option<Vec<u8>>, Failure> {
        let find = "SELECT content FROM said WHERE id = ?1";
        let mut find = self.database.prepare_cached(find)?;
        Ok(find.query_row([id.0], |row| row.get(0)).optional()?)
    }

    /// Forgets what was said before a time: nobody asks for it once it is two weeks old, but for those whom it waits
    /// for, which is 90 days at most.
    pub(crate) fn forget_said(&self, before: u64) -> Result<(), Failure> {
        let before = i64::try_from(before).unwrap_or(i64::MAX);
        self.database.execute("DELETE FROM said WHERE at < ?1", [before])?;
        Ok(())
    }

    /// Lists all that was read, each with the state that read it.
    pub(crate) fn inbox(&self) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let all = "SELECT owner, content FROM inbox ORDER BY number";
        let mut find = self.database.prepare_cached(all)?;
        let found = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Counts the bytes that are stored for a state.
    pub(crate) fn size(&self, owner: &str) -> Result<i64, Failure> {
        let sum = "SELECT coalesce(sum(length(record)), 0) FROM
            (SELECT owner, record FROM page UNION ALL SELECT owner, record FROM entry)
            WHERE owner = ?1";
        Ok(self.database.query_row(sum, [owner], |row| row.get(0))?)
    }
}

impl<S: State> Kept<S> {
    fn new(owner: &str, loaded: Box<Loaded<S>>) -> Self {
        Self { owner: owner.to_owned(), anchor: loaded.state.anchor(), loaded: Some(loaded) }
    }

    /// Returns the state as it is stored.
    pub(crate) fn get(&mut self, store: &Store) -> Result<&S, Failure> {
        let loaded = match self.loaded.take() {
            Some(loaded) => loaded,
            None => self.load_again(&*store.database.unchecked_transaction()?, &store.key)?,
        };
        Ok(&self.loaded.insert(loaded).state)
    }

    /// Loads the state again after a step that failed.
    fn load_again(&self, database: &Connection, key: &StateKey) -> Result<Box<Loaded<S>>, Failure> {
        let loaded = read(database, key, &self.owner, Some(&self.anchor))?;
        loaded.ok_or_else(|| Error::StateRollback.into())
    }

    /// Returns the owner that it is kept for: no record of it opens under another.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    /// Tells where it stood when this process last saved or loaded it: to be kept outside the database.
    pub(crate) fn anchor(&self) -> Anchor {
        self.anchor
    }
}

impl Kept<Session> {
    /// Counts the messages that can be sealed under numbers that one before reserved.
    pub(crate) fn reserved(&self) -> u32 {
        self.loaded.as_ref().map_or(0, |loaded| loaded.state.reserved())
    }

    /// Seals a message under such a number. There is nothing to write, so no step: send it. If it must
    /// not get lost with the process, send it by a step instead.
    pub(crate) fn seal_reserved(
        &mut self,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Failure> {
        let loaded = self.loaded.as_mut().ok_or(Error::NotReserved)?;
        Ok(loaded.state.stage_send().seal_reserved(content, rng)?)
    }
}

impl<S: State> Loaded<S> {
    /// Moves the state and its journal on by an operation: what that gives, and what is to be written. After an
    /// error of the operation both are as they were.
    fn advance<R: CryptoRng, T>(
        &mut self,
        key: &StateKey,
        rng: &mut R,
        work: impl for<'s> FnOnce(&'s mut S, &mut R) -> Result<Pending<'s, S, T>, Error>,
    ) -> Result<(T, Writing), Error> {
        let pending = work(&mut self.state, rng)?;
        // Not before the operation has succeeded: a forged message is to cost no snapshot.
        let mut renewed = None;
        if pending.is_change() && self.journal.is_full() {
            let state = pending.state();
            renewed = Some((self.journal.renew(state, key, rng)?, state.anchor()));
        }
        let recorded = pending.journal(&mut self.journal, rng)?;
        let entry = recorded.record().map(<[u8]>::to_vec);
        Ok((recorded.apply(), Writing { renewed, entry }))
    }
}

/// The writes of an operation: a new snapshot of the state before it, if the journal was full, and the entry
/// of its change, if there is one.
#[derive(Default)]
struct Writing {
    renewed: Option<(Vec<Page>, Anchor)>,
    entry: Option<Vec<u8>>,
}

/// Reads a state and its journal, all of one moment.
fn read<S: State>(
    database: &Connection,
    key: &StateKey,
    owner: &str,
    outer: Option<&Anchor>,
) -> Result<Option<Box<Loaded<S>>>, Failure> {
    let Some(stored) = stored(database, owner)? else { return Ok(None) };
    let (snapshot, entries) = records(database, owner)?;
    let (state, journal) = Journal::open(key, owner.as_bytes(), outer, &snapshot, &entries)?;
    if journal.anchor() == stored {
        Ok(Some(Box::new(Loaded { state, journal })))
    } else {
        Err(Error::Corrupt.into())
    }
}

/// Records of a state, as they lie in the database.
type Records = Vec<Vec<u8>>;

/// Reads the pages of a state, and the entries behind them.
fn records(database: &Connection, owner: &str) -> Result<(Records, Records), Failure> {
    let read = |find: &str| -> Result<Records, Failure> {
        let mut find = database.prepare_cached(find)?;
        let found = find.query_map([owner], |row| row.get(0))?;
        Ok(found.collect::<Result<_, _>>()?)
    };
    let entries = "SELECT record FROM entry WHERE owner = ?1 AND place > 0 ORDER BY place";
    Ok((read("SELECT record FROM page WHERE owner = ?1")?, read(entries)?))
}

/// Reads where a state stands in the store, if there is one.
fn stored(database: &Connection, owner: &str) -> Result<Option<Anchor>, Failure> {
    let last = "SELECT anchor FROM entry WHERE owner = ?1 ORDER BY place DESC LIMIT 1";
    let mut last = database.prepare_cached(last)?;
    let found = last.query_row([owner], |row| row.get(0)).optional()?;
    Ok(found.map(|bytes| Anchor::from_bytes(&bytes)))
}
