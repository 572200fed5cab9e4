//! The ids of the account of a list: `spec/devices.md`, "Moving to another id".

use alloc::boxed::Box;

use super::list::DeviceList;
use super::moved::Moved;
use crate::protocol::identity::certificate::AccountId;

impl DeviceList {
    /// Returns the id that the account had when it was made. All certificates of its devices name it, whatever id the
    /// account has now ([`DeviceList::account`]).
    #[must_use]
    pub fn first_id(&self) -> AccountId {
        self.moved.as_ref().map_or(self.account, |moved| moved.first)
    }

    /// Lists the ids that the account had in the last 90 days, newest first, each with the time at which it was left.
    /// That the account had them is its own word.
    pub fn former_ids(&self) -> impl Iterator<Item = (AccountId, u64)> {
        self.moved.iter().flat_map(|moved| moved.former())
    }

    /// Tells whether two lists are of one account: its first id and its key say so, under whatever id it is known.
    pub(crate) fn is_of_account(&self, other: &Self) -> bool {
        self.first_id() == other.first_id() && self.account_key == other.account_key
    }

    /// Tells whether the account has this id, or had it at first or lately.
    pub(crate) fn had(&self, id: AccountId) -> bool {
        id == self.account || id == self.first_id() || self.former_ids().any(|(had, _)| had == id)
    }

    /// Returns the ids that the account has had once this list's account has this id, if there is something to say.
    pub(super) fn moved_to(&self, account: AccountId, now: u64) -> Option<Box<Moved>> {
        let left = (self.account != account).then_some((self.account, now));
        let former = left.into_iter().chain(self.former_ids());
        Moved::new(account, self.first_id(), former, now)
    }
}
