//! A state in a store that appends: one snapshot, and the changes since. `spec/state.md`, "Journals".
//!
//! ```text
//! snapshot = record of kind 0x08 under the state key: journal key (32) ‖ state
//! entry    = record of a change under the journal key
//!
//! begin ──▶ snapshot ──▶ entry ──▶ … ──▶ full ──▶ begin: a new snapshot with another journal key
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::change::Change;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::Secret;
use crate::protocol::record::{Anchor, StateKey};
use crate::state::State;

/// Changes in one journal.
const MAX_ENTRIES: u32 = 64;

/// The kind of a snapshot's record.
const SNAPSHOT: u8 = 0x08;

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
/// In one transaction write what [`Journal::begin`] gives and delete the snapshot and entries
/// before it; or write what [`Journal::seal`] or [`Sealed::journal`](crate::Sealed::journal) gives
/// behind the entries before it. If a write fails, drop state and journal, and load both again.
///
/// ```
/// # use latchstring::{Error, Journal, Opened, Session, State, StateKey, rand_core::CryptoRng};
/// # struct Rows { snapshot: Vec<u8>, entries: Vec<Vec<u8>> }
/// /// Receives one message. `rows` stands for one transaction of your store.
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
///         (rows.snapshot, *journal) = Journal::begin(session, key, b"owner", rng)?;
///         rows.entries.clear();
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
    /// the journal after it. The snapshot's bytes come first.
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
    ) -> Result<(Vec<u8>, Self), Error> {
        let secret = Box::new(Secret::fill(|out| rng.fill_bytes(out)));
        let mut text = Writer::new();
        text.raw(secret.expose());
        text.raw(&state.to_bytes());
        let head = state.anchor();
        let snapshot = key.seal_record(SNAPSHOT, &head, owner, text.written(), rng)?;
        Ok((snapshot, Self::new(key.with(secret)?, owner, head)))
    }

    /// Opens a snapshot and applies the entries after it, in the order in which they were written.
    ///
    /// With `anchor`, what they lead to must not be behind it, as in [`StateKey::open`].
    ///
    /// # Errors
    ///
    /// [`Error::WrongStateKey`] for another key or owner, or an entry of another journal, an older
    /// snapshot's too; [`Error::WrongKind`], [`Error::UnknownVersion`]; [`Error::StateRollback`] if the
    /// end is behind its anchor: entries or a snapshot were lost, or are an old copy;
    /// [`Error::WeakKey`] for a journal key of zeros; [`Error::Corrupt`] for damage, for entries that do not continue each other, and for more than
    /// a journal takes.
    pub fn open<S: State>(
        key: &StateKey,
        owner: &[u8],
        anchor: Option<&Anchor>,
        snapshot: &[u8],
        entries: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<(S, Self), Error> {
        let (head, text) = key.open_record(SNAPSHOT, owner, snapshot)?;
        let mut reader = Reader::new(&text);
        let secret = Box::new(Secret::copy(reader.array().map_err(|_| Error::Corrupt)?));
        let mut state = S::from_bytes(reader.rest())?;
        if state.anchor() != head {
            return Err(Error::Corrupt);
        }
        let mut journal = Self::new(key.with(secret)?, owner, head);
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

    fn new(key: StateKey, owner: &[u8], head: Anchor) -> Self {
        Self { key, owner: owner.to_vec(), place: Place { head, entries: 0, is_full: false } }
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

    /// The error of opening a snapshot of an account that holds this key and stands at this anchor.
    fn opened(secret: [u8; 32], anchor: impl FnOnce(&Account) -> Anchor) -> Option<Error> {
        let mut rng = TestRng::new(1);
        let account = Account::generate(AccountId([7; 32]), &mut rng);
        let key = StateKey::new(1, &[9; 32]).unwrap();
        let text = [&secret[..], &account.to_bytes()].concat();
        let anchor = anchor(&account);
        let snapshot = key.seal_record(SNAPSHOT, &anchor, b"owner", &text, &mut rng);
        let none: [&[u8]; 0] = [];
        Journal::open::<Account>(&key, b"owner", None, &snapshot.unwrap(), none).err()
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
