//! A server that keeps lists, prekeys or messages of chosen victims back, for days: a list that was named serves no
//! longer than the pages say, no message is lost in silence, and who is no victim misses nothing.

use std::collections::BTreeMap;

use latchstring::client::{Address, ListHash};
use latchstring::session::{AccountId, Served};

use crate::server::{DAY, Mail, Server, attack};
use crate::world::World;

/// The accounts that are chosen: the first ones.
const VICTIMS: usize = 2;

/// The time for which a list is used after a letter has named a newer one (`spec/devices.md`).
const AHEAD: u64 = 3 * DAY;

/// Things of one account that the server keeps back.
pub struct Withheld {
    of: AccountId,
    until: u64,
    /// The number of its lists that others are shown, if newer ones are kept back.
    lists: Option<usize>,
    prekeys: bool,
    mail: bool,
}

/// All that letters have said of newer lists.
#[derive(Default)]
pub struct Named {
    /// The epochs of lists, as those have said them who know them.
    epochs: BTreeMap<ListHash, u64>,
    /// By the device that has opened such a letter, and by account: the list that it knew, and when it was.
    newer: BTreeMap<(usize, AccountId), (ListHash, u64)>,
}

impl Named {
    /// Forgets what letters have said to a device.
    pub fn forget(&mut self, node: usize) {
        self.newer.retain(|(by, _), _| *by != node);
    }
}

impl Server {
    /// Returns until when an envelope of a victim, or for one, is kept back.
    pub fn keeps_mail_until(&self, mail: &Mail) -> Option<u64> {
        let ends = [mail.from.account, mail.to.account];
        let kept = self.withheld.iter().filter(|kept| kept.mail && ends.contains(&kept.of));
        kept.map(|kept| kept.until).max()
    }

    pub fn keeps_prekeys(&self, of: Address) -> bool {
        self.withheld.iter().any(|kept| kept.prekeys && kept.of == of.account)
    }

    /// Returns how many lists of an account are shown, if newer ones are kept back.
    pub fn shows_lists(&self, of: AccountId) -> Option<usize> {
        self.withheld.iter().find(|kept| kept.of == of)?.lists
    }
}

impl World {
    /// Begins to keep something back, once in a while, and ends what has lasted long enough.
    pub fn withhold(&mut self) {
        if self.server.attacks & attack::WITHHOLD == 0 {
            return;
        }
        let now = self.now;
        self.server.withheld.retain(|kept| kept.until > now);
        let victim = self.below(VICTIMS);
        let of = self.account(victim);
        if !self.once_in(40) || self.server.withheld.iter().any(|kept| kept.of == of) {
            return;
        }
        let until = now + DAY + self.below((12 * DAY) as usize) as u64;
        let what = 1 + self.below(7);
        let lists = (what & 1 != 0).then(|| self.server.lists[&of].len());
        let (prekeys, mail) = (what & 2 != 0, what & 4 != 0);
        self.server.withheld.push(Withheld { of, until, lists, prekeys, mail });
        let kept = [
            (lists.is_some(), "lists are withheld"),
            (prekeys, "prekeys are withheld"),
            (mail, "mail is withheld"),
        ];
        for (_, what) in kept.iter().filter(|(is_kept, _)| *is_kept) {
            self.count(what);
        }
    }

    /// Tells whether everything between two devices arrives in time.
    pub fn is_lossless_between(&self, one: Address, other: Address) -> bool {
        let is_victim = |end: Address| {
            self.attacks & attack::WITHHOLD != 0
                && (0..VICTIMS).any(|victim| self.account(victim) == end.account)
        };
        self.is_lossless() && !is_victim(one) && !is_victim(other)
    }

    /// Notes which list of its own account a device names in what it seals.
    pub fn note_own_list(&mut self, node: usize) {
        let list = self.nodes[node].client.list();
        self.named.epochs.insert(list.hash(), list.epoch());
    }

    /// Notes that a letter has named a newer list of its sender's account than the known one.
    pub fn note_named(&mut self, node: usize, envelope: usize) {
        let sent = &self.sent[envelope];
        let of = sent.from.account;
        let (client, now) = (&self.nodes[node].client, self.time(node));
        if client.address().account == of {
            return;
        }
        let (_, named) = sent.lists[0];
        let known = client.list_of(of).unwrap();
        let entry = (known.hash(), now);
        if self.named.epochs[&named] <= known.epoch() {
            return;
        }
        if !self.is_misled(node) {
            let first = self.named.newer.entry((node, of)).or_insert(entry);
            if first.0 != entry.0 {
                *first = entry;
            }
        }
        let tasks = client.tasks(&Served::NOTHING, now);
        assert!(tasks.fetch_lists.contains(&of), "a list that was named is not fetched");
        self.count("a newer list is named");
    }

    /// Checks that a list is not used for longer than it may be once a letter has named a newer one.
    pub fn check_named(&mut self, node: usize, of: AccountId, what: &str) {
        let (client, now) = (&self.nodes[node].client, self.time(node));
        if client.address().account == of {
            return;
        }
        let Some((known, since)) = self.named.newer.get(&(node, of)) else { return };
        let is_known = client.list_of(of).is_some_and(|list| list.hash() == *known);
        assert!(!is_known || now <= since + AHEAD, "{what} by a list that was to be replaced");
    }
}
