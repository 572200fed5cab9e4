//! Counters of what each account makes this client hold: `spec/sessions.md`, "Quotas". They are made when a state is
//! loaded and kept since, never stored.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::contact::Contact;
use super::levy::levy;
use super::limits::{
    MAX_ACCOUNTS, MAX_NEWCOMER_LISTS, MAX_NEWCOMER_SESSIONS, MAX_NEWCOMERS, MAX_SKIPPED_OF_ACCOUNT,
    MAX_SKIPPED_OF_CLIENT, MAX_SKIPPED_OF_NEWCOMERS,
};
use super::moves::Moves;
use crate::protocol::identity::certificate::AccountId;

/// Numbers that come near to [`MAX_NEWCOMERS`] and [`MAX_ACCOUNTS`].
const CROWDED_NEWCOMERS: usize = MAX_NEWCOMERS / 8 * 7;
const CROWDED_ACCOUNTS: usize = MAX_ACCOUNTS / 8 * 7;

/// The holding of one account: its sessions with all of its devices, and their keys.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Holding {
    /// Their skipped keys.
    pub(super) keys: usize,
    /// Their number.
    pub(super) sessions: usize,
}

/// The skipped keys that are too many, by those who give them.
#[derive(Default)]
pub(super) struct Surplus {
    /// The account itself.
    pub(super) own: usize,
    /// Other accounts, which hold more than it is left with, or as much.
    pub(super) others: Vec<(AccountId, usize)>,
}

/// The holdings of all accounts.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Holdings {
    newcomers: Pool,
    others: Pool,
    /// Accounts that are newcomers.
    accounts: usize,
    /// Lists of newcomers that wait.
    waiting: usize,
    /// Accounts that have moved.
    pub(super) moves: Moves,
}

/// The holdings of some accounts. Those that hold nothing are not in it.
#[derive(Default, PartialEq, Eq)]
struct Pool {
    of: BTreeMap<AccountId, Holding>,
    /// The same, who holds most keys last.
    order: BTreeSet<(usize, AccountId)>,
    keys: usize,
    sessions: usize,
}

impl Holdings {
    /// Notes what is held with an account.
    pub(super) fn set(&mut self, account: AccountId, is_newcomer: bool, held: Holding) {
        let (own, other) = if is_newcomer {
            (&mut self.newcomers, &mut self.others)
        } else {
            (&mut self.others, &mut self.newcomers)
        };
        other.set(account, Holding::default());
        own.set(account, held);
    }

    /// Forgets what is held, but not which accounts are known.
    pub(super) fn clear(&mut self) {
        self.newcomers = Pool::default();
        self.others = Pool::default();
    }

    /// Counts what is known of an account, if it is a newcomer, and notes it if it has moved.
    pub(super) fn enter(&mut self, contact: &Contact) {
        self.moves.enter(contact);
        if contact.newcomer {
            self.accounts = self.accounts.saturating_add(1);
            self.waiting = self.waiting.saturating_add(contact.waiting.lists().count());
        }
    }

    /// Counts it no more.
    pub(super) fn leave(&mut self, contact: &Contact) {
        self.moves.leave(contact);
        if contact.newcomer {
            self.accounts = self.accounts.saturating_sub(1);
            self.waiting = self.waiting.saturating_sub(contact.waiting.lists().count());
        }
    }

    /// Lists the newcomers of whose sessions something is held, and the number of these.
    pub(super) fn newcomers(&self) -> impl Iterator<Item = (AccountId, usize)> {
        self.newcomers.of.iter().map(|(account, held)| (*account, held.sessions))
    }

    /// Returns the skipped keys that are held with an account.
    pub(super) fn keys_of(&self, account: AccountId) -> usize {
        let held = self.newcomers.of.get(&account).or_else(|| self.others.of.get(&account));
        held.map_or(0, |held| held.keys)
    }

    /// Tells who gives how many skipped keys, if an account comes to hold so many: what is over its quota the
    /// account itself; and what is over the quota of all newcomers, or of all accounts, these by a levy, but
    /// for a newcomer no other account than a newcomer.
    pub(super) fn surplus(&self, account: AccountId, is_newcomer: bool, keys: usize) -> Surplus {
        let own = keys.saturating_sub(MAX_SKIPPED_OF_ACCOUNT);
        let keys = keys.saturating_sub(own);
        let after = |sum: usize| sum.saturating_sub(self.keys_of(account)).saturating_add(keys);
        let of_all = after(self.newcomers.keys.saturating_add(self.others.keys));
        let mut over = of_all.saturating_sub(MAX_SKIPPED_OF_CLIENT);
        if is_newcomer {
            over = over.max(after(self.newcomers.keys).saturating_sub(MAX_SKIPPED_OF_NEWCOMERS));
        }
        if over == 0 {
            return Surplus { own, others: Vec::new() };
        }
        let mut others = self.givers(account, is_newcomer, keys, over);
        let place = others.iter().position(|(giver, _)| *giver == account);
        let share = place.map_or(0, |place| others.remove(place).1);
        Surplus { own: own.saturating_add(share), others }
    }

    /// Tells who gives how many of a levy of `over` keys, if an account comes to hold so many.
    fn givers(
        &self,
        account: AccountId,
        is_newcomer: bool,
        keys: usize,
        over: usize,
    ) -> Vec<(AccountId, usize)> {
        let pools = [Some(&self.newcomers), Some(&self.others).filter(|_| !is_newcomer)];
        let others = || pools.iter().flatten().map(|pool| pool.but(account));
        let most = others().filter_map(|mut held| Some(held.next()?.0)).fold(keys, usize::max);
        // Whoever gives all of it alone is left with this: who holds less is not asked.
        let floor = most.saturating_sub(over);
        let asked = others().flat_map(|held| held.take_while(|(keys, _)| *keys > floor));
        levy(asked.chain([(keys, account)]), over)
    }

    /// Tells whether one more session with a newcomer is too many.
    pub(super) fn is_full_of_sessions(&self) -> bool {
        self.newcomers.sessions >= MAX_NEWCOMER_SESSIONS
    }

    /// Tells whether one more newcomer is too many, so many accounts being known.
    pub(super) fn is_full_of_newcomers(&self, accounts: usize) -> bool {
        self.accounts >= MAX_NEWCOMERS || accounts >= MAX_ACCOUNTS
    }

    /// Tells whether it is worth a look whether there is a crowd.
    pub(super) fn may_be_crowded(&self, accounts: usize) -> bool {
        is_crowded(self.accounts, accounts)
    }

    /// Tells whether one more list of a newcomer that waits is too many.
    pub(super) fn is_full_of_lists(&self) -> bool {
        self.waiting >= MAX_NEWCOMER_LISTS
    }

    /// Tells whether nobody holds more than may be held: a state in which somebody does was not written here.
    pub(super) fn is_kept(&self) -> bool {
        let most = self.newcomers.most().max(self.others.most());
        most.is_none_or(|(keys, _)| keys <= MAX_SKIPPED_OF_ACCOUNT)
            && self.newcomers.keys <= MAX_SKIPPED_OF_NEWCOMERS
            && self.newcomers.keys.saturating_add(self.others.keys) <= MAX_SKIPPED_OF_CLIENT
            && self.newcomers.sessions <= MAX_NEWCOMER_SESSIONS
            && self.accounts <= MAX_NEWCOMERS
            && self.waiting <= MAX_NEWCOMER_LISTS
    }
}

impl Pool {
    fn set(&mut self, account: AccountId, held: Holding) {
        let before = if held == Holding::default() {
            self.of.remove(&account)
        } else {
            self.of.insert(account, held)
        };
        let before = before.unwrap_or_default();
        self.keys = self.keys.saturating_sub(before.keys).saturating_add(held.keys);
        self.sessions = self.sessions.saturating_sub(before.sessions).saturating_add(held.sessions);
        self.order.remove(&(before.keys, account));
        if held.keys > 0 {
            self.order.insert((held.keys, account));
        }
    }

    /// Returns who holds most keys, and how many.
    fn most(&self) -> Option<(usize, AccountId)> {
        self.order.last().copied()
    }

    /// Lists who holds how many keys, but for one account, those that hold most first.
    fn but(&self, account: AccountId) -> impl Iterator<Item = (usize, AccountId)> {
        self.order.iter().rev().copied().filter(move |(_, id)| *id != account)
    }
}

/// Tells whether so many newcomers, or accounts, come near to what there may be.
pub(super) fn is_crowded(newcomers: usize, accounts: usize) -> bool {
    newcomers >= CROWDED_NEWCOMERS || accounts >= CROWDED_ACCOUNTS
}
