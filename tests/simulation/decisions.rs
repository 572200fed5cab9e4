//! Decisions of users about lists that wait, and about whom to forget.

use latchstring::client::DeviceList;
use latchstring::session::{AccountId, AccountKey};

use crate::world::World;

impl World {
    /// Returns the present key of an account, as people know it who meet.
    pub fn right_key(&self, of: AccountId) -> AccountKey {
        let person = self.people.iter().find(|person| person.account.id() == of).unwrap();
        person.account.public_key()
    }

    /// Lets the user decide about every list that waits: the one under the account's present key is right.
    pub fn decide_all(&mut self, node: usize, of: AccountId) {
        let right = self.right_key(of);
        let waiting: Vec<_> = self.nodes[node].client.changed_lists_of(of).cloned().collect();
        for list in waiting {
            let is_signed = self.server.signed.contains(&list.hash());
            if list.account_key() == right && is_signed {
                self.acknowledge(node, &list);
            } else if list.account_key() != right {
                let now = self.time(node);
                self.commit(node, |client, _| client.dismiss(&list, now)).unwrap();
                self.nodes[node].shown.remove(&(of, list.account_key()));
                self.count("dismiss");
            }
        }
    }

    pub fn acknowledge(&mut self, node: usize, list: &DeviceList) {
        let (now, of) = (self.time(node), list.account());
        match self.commit(node, |client, _| client.acknowledge(list, now)) {
            Ok(()) => {
                self.nodes[node].shown.remove(&(of, list.account_key()));
                self.drop_sessions(node, |address| address.account == of);
                self.nodes[node].queued.dropped.insert(of);
                self.losses += 1;
                self.count("acknowledge");
            }
            Err(error) => self.count_error("acknowledge", error),
        }
    }

    pub fn forget(&mut self, node: usize, of: AccountId) {
        let now = self.time(node);
        if self.commit(node, |client, _| client.forget(of, now)).is_ok() {
            self.drop_sessions(node, |address| address.account == of);
            self.nodes[node].queued.dropped.insert(of);
            self.losses += 1;
            self.count("forget");
        }
    }
}
