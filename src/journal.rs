//! A state in a store that appends: one snapshot, and the changes since. `spec/state.md`, "Journals".
//!
//! ```text
//! snapshot = head, page, … under the state key
//! head     = journal key ‖ digest of the pages ‖ core of the state
//! entry    = record of a change under the journal key
//!
//! begin ──▶ snapshot ──▶ entry ──▶ … ──▶ full ──▶ renew: the head, with another journal key, and
//!                                                  the pages that changed
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::change::Change;
use crate::error::Error;
use crate::primitives::secret::Secret;
use crate::protocol::pages::Pages;
use crate::protocol::record::{Anchor, StateKey};
use crate::snapshot::{self, Opened, Page};
use crate::state::State;

/// Changes in one journal.
const MAX_ENTRIES: u32 = 64;

/// Where the journal of one state stands: what the next change must continue, and the key that seals
/// it. Secret.
///
/// A journal spares writing the whole state for each message. Its entries hold keys, and a store
/// that appends keeps them: so they are sealed under a key that stands in the snapshot alone, and with the
/// snapshot's replacement all of them are out of reach, whatever the store has kept of them. That is
/// why a journal ends: after 64 changes, and after one that took a session or a chat to other ratchet
/// keys; that of a client after 64 changes only, because one of its sessions turns with almost every
/// message. The next change then has to wait for a new snapshot.
///
/// A snapshot is one record, or with a [`Client`](crate::Client) many ([`Page`]): a new one writes
/// only those of them that changed. What the store must do is the same for all states.
///
/// In one transaction write the pages that [`Journal::renew`] gives and delete all entries before it;
/// or write what [`Journal::seal`] or [`Sealed::journal`](crate::Sealed::journal) gives behind the
/// entries before it. If a write fails, drop state and journal, and load both again.
///
/// ```
/// # use std::collections::BTreeMap;
/// # use latchstring::{Error, Journal, Opened, Page, Session, StateKey, rand_core::CryptoRng};
/// # struct Rows { pages: BTreeMap<[u8; 32], Vec<u8>>, entries: Vec<Vec<u8>> }
/// /// Replaces the snapshot. `rows` stands for one transaction of your store.
/// fn replace(rows: &mut Rows, snapshot: Vec<Page>) {
///     for page in snapshot {
///         match page.record {
///             Some(record) => rows.pages.insert(page.name, record),
///             None => rows.pages.remove(&page.name),
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
/// ) -> Result<Opened, Error> {
///     let (opened, change) = session.stage(message)?.open()?;
///     if journal.is_full() {
///         let (snapshot, next) = journal.renew(session, key, rng)?;
///         replace(rows, snapshot);
///         *journal = next;
///     }
///     rows.entries.push(journal.seal(&change, rng)?);
///     // Commit here. If anything failed up to here, drop both, and load again. Then:
///     session.apply(change)?;
///     Ok(opened)
/// }
/// ```
pub struct Journal {
    key: StateKey,
    owner: Vec<u8>,
    pages: Pages,
    place: Place,
}

/// What is behind the snapshot: where it leads, how much it is, whether it is at its end.
#[derive(Clone, Copy)]
struct Place {
    head: Anchor,
    entries: u32,
    is_full: bool,
}

impl Place {
    /// The place behind one more change.
    fn after(&self, change: &Change) -> Result<Self, Error> {
        if change.base() != self.head {
            return Err(Error::StaleChange);
        }
        if self.is_full {
            return Err(Error::JournalFull);
        }
        let entries = self.entries.saturating_add(1);
        let is_full = change.turns() || entries >= MAX_ENTRIES;
        Ok(Self { head: change.anchor(), entries, is_full })
    }
}

impl Journal {
    /// Seals a snapshot of `state` under the state key, for `owner` as in [`StateKey::seal`], and begins
    /// the journal after it. The snapshot comes first. If the store holds one of this owner, delete
    /// all of it in the same transaction. No two states may have one owner: their heads have one name.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] if the state is larger than one AEAD call takes; [`Error::WeakKey`] if the
    /// random generator gives 32 zero bytes.
    pub fn begin<S: State>(
        state: &S,
        key: &StateKey,
        owner: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<Page>, Self), Error> {
        Self::write(state, (key, owner), None, rng)
    }

    /// Seals what a snapshot of `state` has that the one before it has not, and begins the journal
    /// after it. It counts once the pages are written and all entries deleted; until then this one
    /// does. If it is not known whether they were, neither does: load both again.
    ///
    /// Under another state key than before it is all of the state, and what the old key opens is to
    /// be deleted.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if `state` is behind what is stored, or another state. Else as
    /// [`Journal::begin`].
    pub fn renew<S: State>(
        &self,
        state: &S,
        key: &StateKey,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<Page>, Self), Error> {
        self.anchor().admits(&state.anchor()).map_err(|_| Error::StaleChange)?;
        Self::write(state, (key, &self.owner), Some(&self.pages), rng)
    }

    fn write<S: State>(
        state: &S,
        place: (&StateKey, &[u8]),
        before: Option<&Pages>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<Page>, Self), Error> {
        let secret = Box::new(Secret::fill(|out| rng.fill_bytes(out)));
        let (snapshot, pages) = snapshot::write(state, &secret, place, before, rng)?;
        let (key, owner) = place;
        Ok((snapshot, Self::new(key.with(secret)?, owner, pages, state.anchor())))
    }

    /// Opens a snapshot, all its records in any order, and applies the entries after it, in the
    /// order in which they were written.
    ///
    /// With `anchor`, what they lead to must not be behind it, as in [`StateKey::open`].
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
        let Opened { mut state, secret, pages } = snapshot::read::<S>(key, owner, snapshot)?;
        let mut journal = Self::new(key.with(secret)?, owner, pages, state.anchor());
        for entry in entries {
            let change: Change = journal.key.open(owner, None, entry.as_ref())?;
            journal.place = journal.place.after(&change).map_err(|_| Error::Corrupt)?;
            state.adopt(change).map_err(|_| Error::Corrupt)?;
        }
        if let Some(anchor) = anchor {
            anchor.admits(&journal.anchor())?;
        }
        Ok((state, journal))
    }

    fn new(key: StateKey, owner: &[u8], pages: Pages, head: Anchor) -> Self {
        let place = Place { head, entries: 0, is_full: false };
        Self { key, owner: owner.to_vec(), pages, place }
    }

    /// Where the stored state stands: what a second process or tab has not moved, if the store holds
    /// it too. Compare both in the transaction that writes.
    #[must_use]
    pub fn anchor(&self) -> Anchor {
        self.place.head
    }

    /// Whether a snapshot has to come before the next change.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.place.is_full
    }

    /// Changes since the snapshot.
    #[must_use]
    pub fn entries(&self) -> u32 {
        self.place.entries
    }

    /// Seals the next entry, and moves the journal on. Write it, then apply the change.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if the change does not continue the journal, [`Error::JournalFull`]. The
    /// journal is as it was.
    pub fn seal(&mut self, change: &Change, rng: &mut impl CryptoRng) -> Result<Vec<u8>, Error> {
        let place = self.place.after(change)?;
        let entry = self.key.seal(change, &self.owner, rng)?;
        self.place = place;
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]
    use super::*;
    use crate::account::Account;
    use crate::primitives::generator::TestRng;
    use crate::protocol::identity::AccountId;
    use crate::snapshot::HEAD;

    /// The error of opening a head of an account that holds this key and stands at this anchor.
    fn opened(secret: [u8; 32], anchor: impl FnOnce(&Account) -> Anchor) -> Option<Error> {
        let mut rng = TestRng::new(1);
        let account = Account::generate(AccountId([7; 32]), &mut rng);
        let key = StateKey::new(1, &[9; 32]).unwrap();
        let digest = Pages::new(&key, b"owner").digest();
        let text = [&secret[..], &digest, &account.to_bytes()].concat();
        let anchor = anchor(&account);
        let head = key.seal_record(HEAD, &anchor, b"owner", &text, &mut rng).unwrap();
        let none: [&[u8]; 0] = [];
        Journal::open::<Account>(&key, b"owner", None, [head], none).err()
    }

    #[test]
    fn a_snapshot_whose_record_says_another_anchor_than_its_state_is_corrupt() {
        assert_eq!(opened([5; 32], State::anchor), None);
        let next = |account: &Account| account.anchor().next(b"a change").unwrap();
        assert_eq!(opened([5; 32], next), Some(Error::Corrupt));
    }

    #[test]
    fn a_generator_of_zeros_begins_no_journal() {
        let account = Account::generate(AccountId([7; 32]), &mut TestRng::new(1));
        let key = StateKey::new(1, &[9; 32]).unwrap();
        let begun = Journal::begin(&account, &key, b"owner", &mut TestRng::zeros());
        assert_eq!(begun.err(), Some(Error::WeakKey));
    }

    #[test]
    fn a_snapshot_with_a_journal_key_of_zeros_is_refused() {
        assert_eq!(opened([0; 32], State::anchor), Some(Error::WeakKey));
    }
}
