//! The accounts that have moved to another id, by the ids that they had.

use alloc::collections::BTreeSet;

use super::contact::Contact;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::identity::device_list::DeviceList;

/// The accounts that have moved, under each id that they had. Made when a state is loaded, and never stored.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Moves(BTreeSet<(AccountId, AccountId)>);

impl Moves {
    /// Notes an account, if it has moved.
    pub(super) fn enter(&mut self, contact: &Contact) {
        self.0.extend(moves_of(&contact.list));
    }

    /// Notes it no more.
    pub(super) fn leave(&mut self, contact: &Contact) {
        for of in moves_of(&contact.list) {
            self.0.remove(&of);
        }
    }

    /// Lists the ids that the accounts have now which once had this one.
    pub(super) fn from(&self, before: AccountId) -> impl Iterator<Item = AccountId> {
        let all = (before, AccountId([0; 32]))..=(before, AccountId([u8::MAX; 32]));
        self.0.range(all).map(|(_, now)| *now)
    }
}

/// Lists the ids that an account had, each with the one that it has.
fn moves_of(list: &DeviceList) -> impl Iterator<Item = (AccountId, AccountId)> {
    let now = list.account();
    let first = core::iter::once(list.first_id()).filter(move |first| *first != now);
    first.chain(list.former_ids().map(|(id, _)| id)).map(move |id| (id, now))
}
