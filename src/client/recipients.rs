//! Recipients of a letter in a group that knows its members.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::protocol::group::operation::OperationHash;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::GroupId;

/// The accounts that a letter in a group goes to, and the state of the group that it names:
/// [`Group::recipients`](crate::group::Group::recipients) makes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recipients {
    id: GroupId,
    state: OperationHash,
    members: BTreeSet<AccountId>,
}

impl Recipients {
    pub(crate) fn new(
        (id, state): (GroupId, OperationHash),
        members: impl Iterator<Item = AccountId>,
    ) -> Self {
        Self { id, state, members: members.collect() }
    }

    /// Returns the group.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.id
    }

    /// Returns the state of the group that the letter names.
    #[must_use]
    pub fn state(&self) -> OperationHash {
        self.state
    }

    /// Lists the accounts of all members but this one that are known by their keys, by the ids that they have now.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.members.iter().copied()
    }

    pub(super) fn to_vec(&self) -> Vec<AccountId> {
        self.members.iter().copied().collect()
    }
}
