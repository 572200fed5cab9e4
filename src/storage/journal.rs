//! Journals: a snapshot of a state and the changes since, for a store that appends (`spec/state.md`,
//! "Journals").
//!
//! ```text
//! snapshot = head, page, … under the state key
//! head     = journal key ‖ digest of the pages ‖ core of the state
//! entry    = record of a change under the journal key
//!
//! begin ──▶ snapshot ──▶ entry ──▶ … ──▶ full ──▶ renew: the head, with another journal key, and
//!                                                  the pages that changed
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::anchor::Anchor;
use super::behind::Behind;
use super::change::Change;
use super::pages::Pages;
use super::snapshot::{self, OpenedSnapshot, Page, Written};
use super::state::State;
use super::state_key::StateKey;
use crate::error::Error;
use crate::primitives::secret::redacted;

/// Maximum number of changes in one journal.
const MAX_ENTRIES: u32 = 64;

/// The bytes of entries from which a journal is full, if its snapshot is not longer: what 64 messages of
/// honest peers come to several times over.
const MIN_LIMIT: usize = 65_536;

/// A snapshot of one state and the changes since, as a store holds them: what the next change must
/// continue, and the key that seals it. Secret.
///
/// A journal spares writing the whole state for each message. Its entries hold keys, and a store that
/// appends keeps them. So they are sealed under a key that is in the snapshot alone: once the snapshot
/// is replaced, they are all out of reach, whatever the store still has of them. That is why a journal
/// ends after 64 changes, and after one that took a session or a chat to other ratchet keys; a client's
/// does not end with that, because almost every message turns one of its sessions. It ends, too, once its
/// entries have come to 64 KiB, or to the length of the state at its snapshot if that is more: a peer
/// that skips messages makes long entries. The next change then has to wait for a new snapshot.
///
/// A snapshot is one record, or many for a [`Client`](crate::client::Client) ([`Page`]): a new snapshot
/// writes only the records that changed. The store's part is the same for all states.
///
/// In one transaction, either write the pages that [`Journal::renew`] gives and delete all entries in
/// front of them, or append what [`Pending::journal`](super::Pending::journal) gives. If a write fails,
/// drop state and journal, and load both again.
///
/// ```
/// # use std::collections::BTreeMap;
/// # use latchstring::{Error, rand_core::CryptoRng};
/// # use latchstring::{session::{Decrypted, Session}, storage::{Journal, Page, PageId, StateKey}};
/// # struct Rows { pages: BTreeMap<PageId, Vec<u8>>, entries: Vec<Vec<u8>> }
/// /// Replaces the snapshot. `rows` stands for one transaction of your store.
/// fn replace(rows: &mut Rows, snapshot: Vec<Page>) {
///     for page in snapshot {
///         match page.record {
///             Some(record) => rows.pages.insert(page.id, record),
///             None => rows.pages.remove(&page.id),
///         };
///     }
///     rows.entries.clear();
/// }
///
/// /// Receives one message.
/// fn receive(
///     session: &mut Session,
///     journal: &mut Journal,
///     key: &StateKey,
///     rows: &mut Rows,
///     message: &[u8],
///     rng: &mut impl CryptoRng,
/// ) -> Result<Decrypted, Error> {
///     // What does not open ends here, before anything has changed.
///     let opened = session.open(message)?;
///     if journal.is_full() {
///         replace(rows, journal.renew(opened.state(), key, rng)?);
///     }
///     let recorded = opened.journal(journal, rng)?;
///     rows.entries.extend(recorded.record().map(<[u8]>::to_vec));
///     let opened = recorded.apply();
///     // Write what `opened` says, too, and commit here. If anything failed up to here, drop session and
///     // journal, and load both again. Then show it:
///     Ok(opened)
/// }
/// ```
pub struct Journal {
    key: StateKey,
    owner: Vec<u8>,
    /// The pages of the snapshot, and the anchor that the state had then.
    pages: Pages,
    start: Anchor,
    tail: Tail,
}

redacted!(
    Journal,
    |journal| anchor = journal.anchor(),
    entries = journal.entries(),
    is_full = journal.is_full()
);

/// The entries behind the snapshot: the anchor they lead to, their number and bytes, how many bytes make
/// the journal full, and whether it is.
#[derive(Clone, Copy)]
struct Tail {
    head: Anchor,
    entries: u32,
    bytes: usize,
    limit: usize,
    is_full: bool,
}

impl Tail {
    /// Begins behind the snapshot of a state of this anchor and length.
    fn behind(head: Anchor, length: usize) -> Self {
        Self { head, entries: 0, bytes: 0, limit: length.max(MIN_LIMIT), is_full: false }
    }

    /// Refuses a state that is not the one in the store.
    fn check(&self, anchor: Anchor) -> Result<(), Error> {
        if anchor == self.head { Ok(()) } else { Err(Error::StaleChange) }
    }

    /// Refuses a change that does not continue the journal, and any if it is full.
    fn admits<S: State>(&self, change: &Change<S>) -> Result<(), Error> {
        self.check(change.base())?;
        if self.is_full { Err(Error::JournalFull) } else { Ok(()) }
    }

    /// Returns the tail after a change that it admits, in a record of so many bytes.
    fn after<S: State>(&self, change: &Change<S>, length: usize) -> Self {
        let entries = self.entries.saturating_add(1);
        let bytes = self.bytes.saturating_add(length);
        let is_full = change.is_turn() || entries >= MAX_ENTRIES || bytes >= self.limit;
        Self { head: change.anchor(), entries, bytes, limit: self.limit, is_full }
    }
}

impl Journal {
    /// Seals a snapshot of `state` under the state key, for `owner` as in [`StateKey::seal`], and
    /// begins the journal after it. Write the snapshot first. If the store holds one of this owner,
    /// delete all of it in the same transaction. Give each state an owner of its own: two heads of one
    /// owner share a page id.
    ///
    /// # Errors
    ///
    /// [`Error::StateTooLarge`] if the state is larger than one AEAD call takes.
    pub fn begin<S: State>(
        state: &S,
        key: &StateKey,
        owner: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<Page>, Self), Error> {
        let mut pages = Pages::new(key, owner);
        let Written { records, secret, marks, length } =
            snapshot::write(state, (key, owner), (&pages, None), rng)?;
        pages.apply(marks);
        let journal_key = key.with(secret)?;
        Ok((records, Self::new(journal_key, owner, pages, (state.anchor(), length))))
    }

    /// Seals what a snapshot of `state` has and the one before it has not, and begins anew after it. Write the pages
    /// and delete all entries in one transaction. If you cannot know whether they were, load state and journal again.
    ///
    /// It costs what has changed since the snapshot before, however large the state is, if `state` is the one that
    /// was loaded or saved with this journal; else it looks at all of it, with the same result. Under another state
    /// key the snapshot is all of the state, and all that the old key opens is deleted.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if `state` is behind what is stored, or another state; otherwise as
    /// [`Journal::begin`].
    pub fn renew<S: State>(
        &mut self,
        state: &S,
        key: &StateKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<Page>, Error> {
        self.anchor().accepts(&state.anchor()).map_err(|_| Error::StaleChange)?;
        if !Pages::new(key, &self.owner).has_key_of(&self.pages) {
            let (mut records, next) = Self::begin(state, key, &self.owner, rng)?;
            records.extend(self.pages.all().map(|id| Page { id, record: None }));
            *self = next;
            return Ok(records);
        }
        let (owner, before) = (self.owner.as_slice(), (&self.pages, Some(&self.start)));
        let Written { records, secret, marks, length } =
            snapshot::write(state, (key, owner), before, rng)?;
        self.key = key.with(secret)?;
        self.pages.apply(marks);
        self.start = state.anchor();
        self.tail = Tail::behind(self.start, length);
        Ok(records)
    }

    /// Opens a snapshot, all its records in any order, and applies the entries after it, in the order
    /// in which they were written. With `anchor`, the resulting state must not be behind it, as in
    /// [`StateKey::open`].
    ///
    /// # Errors
    ///
    /// [`Error::WrongStateKey`] for another key or owner, or an entry of another journal, an older
    /// snapshot's too; [`Error::WrongKind`], [`Error::UnknownVersion`]; [`Error::StateRollback`] if the
    /// end is behind its anchor: entries or a snapshot were lost, or are an old copy;
    /// [`Error::WeakKey`] for a journal key of zeros; [`Error::Corrupt`] for damage, for records that
    /// are not all of one snapshot and nothing else, for entries that do not continue each other, and
    /// for more than a journal takes.
    pub fn open<S: State>(
        key: &StateKey,
        owner: &[u8],
        anchor: Option<&Anchor>,
        snapshot: impl IntoIterator<Item = impl AsRef<[u8]>>,
        entries: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<(S, Self), Error> {
        let (mut state, mut journal) = Self::open_snapshot(key, owner, snapshot)?;
        for entry in entries {
            journal.follow(&mut state, entry.as_ref())?;
        }
        if let Some(anchor) = anchor {
            anchor.accepts(&journal.anchor())?;
        }
        Ok((state, journal))
    }

    /// Opens a snapshot and as many of the entries after it as hold, in their order: what is left of a state that
    /// is behind its anchor, or whose journal is damaged. Call it once [`Journal::open`] has refused the store.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`] for the snapshot, which must be whole; [`Error::UnknownVersion`] also for an entry: a
    /// newer release has written it, which can read on.
    pub fn open_behind<S: State>(
        key: &StateKey,
        owner: &[u8],
        snapshot: impl IntoIterator<Item = impl AsRef<[u8]>>,
        entries: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Behind<S>, Error> {
        let (mut state, mut journal) = Self::open_snapshot(key, owner, snapshot)?;
        for entry in entries {
            match journal.follow(&mut state, entry.as_ref()) {
                Ok(()) => {}
                Err(error @ Error::UnknownVersion(_)) => return Err(error),
                Err(_) => break,
            }
        }
        Ok(Behind::new(state))
    }

    /// Opens the records of a snapshot, and begins the journal behind it.
    fn open_snapshot<S: State>(
        key: &StateKey,
        owner: &[u8],
        snapshot: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<(S, Self), Error> {
        let OpenedSnapshot { state, secret, pages, length } =
            snapshot::read::<S>(key, owner, snapshot)?;
        let place = (state.anchor(), length);
        Ok((state, Self::new(key.with(secret)?, owner, pages, place)))
    }

    /// Applies an entry that the store has, if it is the next one.
    fn follow<S: State>(&mut self, state: &mut S, entry: &[u8]) -> Result<(), Error> {
        let change: Change<S> = self.key.open(&self.owner, None, entry)?;
        self.tail.admits(&change).map_err(|_| Error::Corrupt)?;
        let tail = self.tail.after(&change, entry.len());
        change.apply(state).map_err(|_| Error::Corrupt)?;
        self.tail = tail;
        Ok(())
    }

    fn new(key: StateKey, owner: &[u8], pages: Pages, (start, length): (Anchor, usize)) -> Self {
        let tail = Tail::behind(start, length);
        Self { key, owner: owner.to_vec(), pages, start, tail }
    }

    /// Returns the anchor of the stored state. Keep it in the store as well, and compare the two in the
    /// transaction that writes: they differ once a second process or tab has written.
    #[must_use]
    pub fn anchor(&self) -> Anchor {
        self.tail.head
    }

    /// Tells whether a snapshot has to come before the next change.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.tail.is_full
    }

    /// Returns the number of changes since the snapshot.
    #[must_use]
    pub fn entries(&self) -> u32 {
        self.tail.entries
    }

    /// Refuses a state that is not the one in the store.
    pub(crate) fn check(&self, anchor: Anchor) -> Result<(), Error> {
        self.tail.check(anchor)
    }

    /// Seals the next entry. Nothing changes: [`Journal::add`] moves the journal on.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if the change does not continue the journal, [`Error::JournalFull`].
    pub(crate) fn seal<S: State>(
        &self,
        change: &Change<S>,
        rng: &mut impl CryptoRng,
    ) -> Result<SealedEntry, Error> {
        self.tail.admits(change)?;
        let record = self.key.seal(change, &self.owner, rng)?;
        let tail = self.tail.after(change, record.len());
        Ok(SealedEntry { record, tail })
    }

    /// Adds an entry that this journal has just sealed, and returns its record.
    pub(crate) fn add(&mut self, entry: SealedEntry) -> Vec<u8> {
        self.tail = entry.tail;
        entry.record
    }
}

/// An entry that a journal has sealed and does not count yet.
pub(crate) struct SealedEntry {
    record: Vec<u8>,
    tail: Tail,
}

#[cfg(test)]
#[path = "tests/journal.rs"]
mod tests;
