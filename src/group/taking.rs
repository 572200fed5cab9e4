//! Objects of others: checkpoints that are joined by, operations that are taken.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::delta::GroupDelta;
use super::event::GroupEvent;
use super::group::Group;
use crate::client::{Address, Client};
use crate::error::Error;
use crate::protocol::group::checkpoint::Checkpoint;
use crate::protocol::group::member::Member;
use crate::protocol::group::operation::{Operation, OperationHash};
use crate::protocol::group::tree::Tree;
use crate::storage::Pending;

impl Group {
    /// Joins a group by the word of a member's device, `from`, which has sent this checkpoint. Ask the user whether to
    /// be in it. Letters of other members then say whether they are in the same state ([`Group::reports`]).
    ///
    /// A device that has lost its way in a group, since it was away for more than 256 operations or since the device
    /// that signed one of them is not listed any more, joins anew and puts the new state in the place of the old one:
    /// by the word of an own device, or of whom the user trusts.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::Unlisted`] if no known list names `from`; [`Error::WrongPeer`] if another
    /// device has signed it; [`Error::NotRecipient`] if this account is no member by it; [`Error::NotEntitled`] if its
    /// giver is none, or an operation is by who may not make it; [`Error::BadSignature`], [`Error::WrongKind`],
    /// [`Error::UnknownVersion`], [`Error::Malformed`] for what is no checkpoint.
    pub fn join(client: &Client, from: Address, checkpoint: &[u8]) -> Result<Self, Error> {
        let list = client.list_of(from.account).ok_or(Error::UnknownAccount)?;
        let giver = list.device(from.device).ok_or(Error::Unlisted)?;
        let checkpoint = Checkpoint::decode(checkpoint)?;
        if checkpoint.giver != *giver {
            return Err(Error::WrongPeer);
        }
        let own = Member::of(client.list());
        if !checkpoint.tree.head().is_member(own) {
            return Err(Error::NotRecipient);
        }
        Ok(Self::new(client, (own, checkpoint.group), checkpoint.tree, &checkpoint.hash))
    }

    /// Takes an operation, whoever has sent it. Save the change, then show what it has brought about.
    ///
    /// # Errors
    ///
    /// [`Error::Duplicate`] for one that is known. [`Error::EntryMissing`] if it builds on one that is not here: keep
    /// it, ask for that ([`Group::request`]), and take it again. [`Error::UnknownAccount`], [`Error::Unlisted`] if no
    /// known list names the device that signed it: learn the list and take it again. [`Error::NotEntitled`] for one of
    /// somebody who may not make it, [`Error::TooManyAccounts`] for one without room; [`Error::Forked`] for one that
    /// leaves the history before the operations that are kept. [`Error::WrongPeer`] for one of another group;
    /// [`Error::WrongClient`] for a client of another account; [`Error::BadSignature`], [`Error::WrongKind`],
    /// [`Error::UnknownVersion`], [`Error::WeakKey`], [`Error::Malformed`] for what is none.
    pub fn take(
        &mut self,
        client: &Client,
        operation: &[u8],
    ) -> Result<Pending<'_, Self, Vec<GroupEvent>>, Error> {
        self.check_client(client)?;
        let operation = Operation::decode(operation)?;
        if operation.group != self.id() {
            return Err(Error::WrongPeer);
        }
        let tree = &self.inner.tree;
        match tree.check(&operation) {
            // Of strangers nothing is told.
            Err(Error::Forked) if !tree.head().is_member(operation.author()) => {
                return Err(Error::NotEntitled);
            }
            checked => checked?,
        }
        client.check_member_device(&operation.author)?;
        let events = self.events(&operation);
        Ok(Pending::new(self, GroupDelta::Take(Box::new(operation)), events))
    }

    /// Returns the things that an operation brings about.
    fn events(&self, operation: &Operation) -> Vec<GroupEvent> {
        let before = self.inner.in_force();
        let mut tree: Tree = self.inner.tree.clone();
        tree.insert(operation.clone());
        let after: BTreeSet<OperationHash> = tree.path().map(Operation::hash).collect();
        let came = (!after.contains(&operation.hash())).then_some(operation);
        // What is in force no more because it is not kept any more is before all that is.
        let left = self
            .inner
            .tree
            .path()
            .filter(|it| !after.contains(&it.hash()) && it.number > tree.base().number);
        let voided = left.chain(came).cloned().map(GroupEvent::Voided);
        let applied = tree.path().filter(|it| !before.contains(&it.hash()));
        let applied = applied.cloned().map(GroupEvent::Applied);
        let rival = self.inner.tree.rival(operation);
        let forked = rival
            .map(|_| GroupEvent::Forked { by: operation.author(), device: operation.device() });
        voided.chain(applied).chain(forked).collect()
    }
}
