//! Making room, so that no account holds more than its quota, and none takes what is another's:
//! `spec/sessions.md`, "Quotas".

use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::RangeInclusive;

use super::address::Address;
use super::client::Inner;
use super::contact::Contact;
use super::delta::{Accept, Begin, MovedSession};
use super::holdings::{Holding, Surplus, is_crowded};
use super::levy::levy;
use super::limits::{MAX_ACCOUNTS, MAX_NEWCOMERS, MAX_REPLACED_OF_ACCOUNT};
use super::peer::Peer;
use super::session_choice::MAX_REPLACED;
use super::unread::Unread;
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::letter::MessageId;
use crate::protocol::position::SessionId;
use crate::storage::Anchor;

/// The number of newcomers that are not named to be forgotten when there are many.
const KEPT: usize = MAX_NEWCOMERS / 2;

/// The sessions that one more session with a device takes the place of.
pub(super) struct Displaced {
    /// A replaced session of the same account: its device and its place.
    session: Option<(Address, usize)>,
    /// All sessions with a newcomer's device.
    pub(super) newcomer: Option<Address>,
    /// Skipped keys that go with the session.
    pub(super) keys: usize,
}

impl Inner {
    /// Tells whether an account is a newcomer: this account has not written to it, and the user has not decided
    /// about it.
    pub(super) fn is_newcomer(&self, account: AccountId) -> bool {
        self.contacts.get(&account).is_some_and(|contact| contact.newcomer)
    }

    /// Tells who gives how many skipped keys, if an account comes to hold so many.
    pub(super) fn surplus(&self, account: AccountId, keys: usize) -> Surplus {
        self.holdings.surplus(account, self.is_newcomer(account), keys)
    }

    /// Tells what an accepted session takes the place of.
    pub(super) fn displaced_by(&self, from: Address, activate: bool) -> Displaced {
        let peer = self.peers.get(&from);
        let has_active = peer.is_some_and(Peer::has_active);
        // What is accepted is confirmed from the start: once it is active its initiator sends in no other one.
        let last = if activate { None } else { peer.and_then(Peer::last) };
        self.displaced(from, has_active || !activate, last)
    }

    /// Tells what one more session with a device takes the place of. `replaces` says that there is one more
    /// replaced session, and `last` names the one that the device may still send in.
    fn displaced(&self, with: Address, replaces: bool, last: Option<SessionId>) -> Displaced {
        let session = if replaces { self.replaced_to_give_up(with, last) } else { None };
        let grows = session.is_none() && self.is_newcomer(with.account);
        let newcomer = if grows && self.holdings.is_full_of_sessions() {
            self.newcomer_to_erase(with)
        } else {
            None
        };
        let keys = session.and_then(|(of, place)| Some(self.peers.get(&of)?.skipped_at(place)));
        Displaced { session, newcomer, keys: keys.unwrap_or(0) }
    }

    /// Finds the replaced session that goes for one more: one of the device itself if that has enough; if the
    /// account has, one of the device that has most.
    fn replaced_to_give_up(
        &self,
        with: Address,
        last: Option<SessionId>,
    ) -> Option<(Address, usize)> {
        let own = self.peers.get(&with);
        let own = own.and_then(|peer| Some((peer.counts().1, with, peer.oldest(last)?)));
        if let Some((_, of, place)) = own.filter(|(count, ..)| *count >= MAX_REPLACED) {
            return Some((of, place));
        }
        let of_account = || self.peers.range(devices_of(with.account));
        let all = of_account().fold(0_usize, |sum, (_, peer)| sum.saturating_add(peer.counts().1));
        if all < MAX_REPLACED_OF_ACCOUNT {
            return None;
        }
        let others = of_account().filter(|(address, _)| **address != with);
        let others = others.filter_map(|(address, peer)| {
            Some((peer.counts().1, *address, peer.oldest(peer.last())?))
        });
        let (_, of, place) = others.chain(own).max_by_key(|(count, ..)| *count)?;
        Some((of, place))
    }

    /// Finds the newcomer's device whose sessions go for one more: of the account with most sessions, and of
    /// equal ones the device that was heard of longest ago.
    pub(super) fn newcomer_to_erase(&self, but: Address) -> Option<Address> {
        let newcomers = self.holdings.newcomers();
        let ranked = newcomers.flat_map(|(account, sessions)| {
            let peers = self.peers.range(devices_of(account));
            let others = peers.filter(|(address, peer)| **address != but && peer.counts().0 > 0);
            others.map(move |(address, peer)| (Reverse(sessions), peer.heard, *address))
        });
        ranked.min().map(|(.., address)| address)
    }

    /// Begins a session of this device's own.
    pub(super) fn begin(&mut self, begin: Begin, now: u64) {
        let Begin { with, session } = begin;
        let last = session.continuation().predecessor().map(|last| last.session);
        let has_active = self.peers.get(&with).is_some_and(Peer::has_active);
        let displaced = self.displaced(with, has_active, last);
        self.give_up(&displaced);
        self.peer(with).begin(session, now);
        self.make_room(with.account);
        self.erase_newcomer(&displaced, now);
    }

    /// Takes a session of a peer's in.
    pub(super) fn accept(&mut self, accept: Accept, now: Now) {
        let Accept { from, session, activate, found, heard } = accept;
        let displaced = self.displaced_by(from, activate);
        self.give_up(&displaced);
        self.peer(from).accept(session, activate, found, now);
        self.peer(from).note_heard(heard);
        self.make_room(from.account);
        self.erase_newcomer(&displaced, now.reading());
    }

    /// Moves a session on, by a letter if it was sealed and can be sealed again.
    pub(super) fn move_session(
        &mut self,
        moved: &mut MovedSession,
        (next, now): (Anchor, u64),
        letter: Option<MessageId>,
    ) {
        let MovedSession { with, slot, heard, delta } = moved;
        self.peer(*with).note_heard(*heard);
        if self.peer(*with).advance(*slot, (next, now), delta, letter) {
            self.make_room(with.account);
        }
    }

    fn give_up(&mut self, displaced: &Displaced) {
        if let Some((of, place)) = displaced.session {
            self.peer(of).give_up(place);
        }
    }

    fn erase_newcomer(&mut self, displaced: &Displaced, now: u64) {
        if let Some(newcomer) = displaced.newcomer {
            self.part(newcomer.account, |address, _| *address == newcomer, now);
        }
    }

    /// Remembers a device whose sessions are erased now.
    pub(super) fn bury(&mut self, address: Address, newest: u64, now: u64) {
        let own = self.account();
        let contacts = &self.contacts;
        // Who is not known at all any more is a newcomer too.
        let is_newcomer = |account: AccountId| {
            account != own && contacts.get(&account).is_none_or(|contact| contact.newcomer)
        };
        self.tombstones.add((address, newest), now, is_newcomer);
    }

    /// Makes room for what an account holds more than before, and counts it.
    fn make_room(&mut self, account: AccountId) {
        let Surplus { own, others } = self.surplus(account, self.held_with(account).keys);
        self.drop_skipped(account, own);
        self.count(account);
        for (other, share) in others {
            self.drop_skipped(other, share);
            self.count(other);
        }
    }

    /// Drops skipped keys of an account: by a levy on its devices, of each its oldest.
    fn drop_skipped(&mut self, account: AccountId, surplus: usize) {
        let peers = self.peers.range(devices_of(account));
        let held = peers.map(|(address, peer)| (peer.skipped(), *address));
        for (address, share) in levy(held, surplus) {
            if let Some(peer) = self.peers.get_mut(&address) {
                peer.drop_skipped(share);
            }
        }
    }

    /// Counts what is held with an account.
    pub(super) fn count(&mut self, account: AccountId) {
        let (held, is_newcomer) = (self.held_with(account), self.is_newcomer(account));
        self.holdings.set(account, is_newcomer, held);
    }

    /// Counts what is held with all accounts.
    pub(super) fn count_all(&mut self) {
        self.holdings.clear();
        let mut accounts: Vec<_> = self.peers.keys().map(|address| address.account).collect();
        accounts.dedup();
        for account in accounts {
            self.count(account);
        }
    }

    /// Counts what was loaded, and tells whether it can have been written: whether nobody holds more than a quota,
    /// and everything is of devices in known lists, and about known accounts.
    pub(super) fn count_loaded(&mut self) -> bool {
        for contact in self.contacts.values() {
            self.holdings.enter(contact);
        }
        self.count_all();
        let is_listed = |address: &Address, peer: &Peer| {
            let listed =
                self.contact(address.account).and_then(|it| it.list.device(address.device));
            listed.is_some_and(|listed| peer.is_of(listed))
                && peer.reports.keys().all(|subject| self.contact(*subject).is_some())
        };
        let replaced = |account| {
            let peers = self.peers.range(devices_of(account));
            peers.fold(0_usize, |sum, (_, peer)| sum.saturating_add(peer.counts().1))
        };
        let is_of_listed = |unread: &Unread| {
            let contact = self.contact(unread.from.account);
            contact.is_some_and(|contact| contact.list.device(unread.from.device).is_some())
        };
        let is_bounded = |address: &Address| replaced(address.account) <= MAX_REPLACED_OF_ACCOUNT;
        self.holdings.is_kept()
            && self.unread.0.iter().all(is_of_listed)
            && self
                .peers
                .iter()
                .all(|(address, peer)| is_listed(address, peer) && is_bounded(address))
    }

    fn held_with(&self, account: AccountId) -> Holding {
        let peers = self.peers.range(devices_of(account)).map(|(_, peer)| peer);
        peers.fold(Holding::default(), |sum, peer| Holding {
            keys: sum.keys.saturating_add(peer.skipped()),
            sessions: sum.sessions.saturating_add(peer.counts().0),
        })
    }

    /// Changes what is known of an account, and counts it if it is a newcomer, or was one.
    pub(super) fn change_contact(&mut self, account: AccountId, change: impl FnOnce(&mut Contact)) {
        let Some(contact) = self.contacts.get_mut(&account) else { return };
        let was_newcomer = contact.newcomer;
        self.holdings.leave(contact);
        change(contact);
        self.holdings.enter(contact);
        if contact.newcomer != was_newcomer {
            self.count(account);
        }
    }

    /// Notes that an account is no newcomer any more.
    pub(super) fn acquaint(&mut self, account: AccountId) {
        if self.is_newcomer(account) {
            self.change_contact(account, |contact| contact.newcomer = false);
        }
    }

    /// Adds an account, in the place of a newcomer that the user has forgotten if need be.
    pub(super) fn add_contact(&mut self, contact: Contact) {
        if self.holdings.is_full_of_newcomers(self.contacts.len())
            && let Some(forgotten) = self.forgotten_newcomer(|_| true)
        {
            self.contacts.remove(&forgotten).iter().for_each(|gone| self.holdings.leave(gone));
        }
        self.holdings.enter(&contact);
        self.contacts.insert(contact.list.account(), contact);
    }

    /// Tells whether one more account can be known: a newcomer, or one that the user is about to write to.
    pub(super) fn has_room_for_account(&self, to_write: bool) -> bool {
        let accounts = self.contacts.len();
        let is_full = if to_write {
            accounts >= MAX_ACCOUNTS
        } else {
            self.holdings.is_full_of_newcomers(accounts)
        };
        !is_full || self.forgotten_newcomer(|_| true).is_some()
    }

    /// Tells whether a list of a contact can wait.
    pub(super) fn has_room_for_list(&self, contact: &Contact, list: &DeviceList) -> bool {
        !self.is_list_too_many(contact, list)
            || self.forgotten_with_list(contact.list.account()).is_some()
    }

    /// Lets a list wait for the user, in the place of what waits of a forgotten newcomer if need be.
    pub(super) fn hold(&mut self, list: DeviceList) {
        let account = list.account();
        let contact = self.contacts.get(&account);
        if contact.is_some_and(|contact| self.is_list_too_many(contact, &list))
            && let Some(forgotten) = self.forgotten_with_list(account)
        {
            self.change_contact(forgotten, |contact| contact.waiting.let_go());
        }
        self.change_contact(account, |contact| contact.waiting.hold(list));
    }

    /// Tells whether one more list of a newcomer would wait than may. One under the same key gives its place.
    fn is_list_too_many(&self, contact: &Contact, list: &DeviceList) -> bool {
        let is_one_more = contact.waiting.under(list.account_key()).is_none();
        contact.newcomer && is_one_more && self.holdings.is_full_of_lists()
    }

    /// Finds the forgotten newcomer, but for one, of which lists wait and whose known list is the oldest.
    fn forgotten_with_list(&self, but: AccountId) -> Option<AccountId> {
        self.forgotten_newcomer(|contact| {
            contact.waiting.is_open() && contact.list.account() != but
        })
    }

    /// Finds the forgotten newcomer whose list is the oldest, among those that are wanted.
    fn forgotten_newcomer(&self, wanted: impl Fn(&Contact) -> bool) -> Option<AccountId> {
        let forgotten = self.contacts.iter().filter(|(_, contact)| contact.forgotten);
        let newcomers = forgotten.filter(|(_, contact)| contact.newcomer && wanted(contact));
        let oldest = newcomers.min_by_key(|(account, contact)| (contact.list.issued(), **account));
        oldest.map(|(account, _)| *account)
    }

    /// Lists newcomers to be forgotten if there are many, those that were heard of longest ago first: so many
    /// that at most half of them are left, and half of what there may be.
    pub(super) fn crowd(&self) -> Vec<AccountId> {
        if !self.holdings.may_be_crowded(self.contacts.len()) {
            return Vec::new();
        }
        let heard = |account: AccountId| {
            let peers = self.peers.range(devices_of(account));
            peers.map(|(_, peer)| peer.heard).max().unwrap_or(0)
        };
        let newcomers = || self.contacts.iter().filter(|(_, contact)| contact.newcomer);
        let known = newcomers().filter(|(_, contact)| !contact.forgotten);
        let mut known: Vec<_> = known.map(|(account, _)| (heard(*account), *account)).collect();
        // Those that are forgotten give way.
        let forgotten = newcomers().count().saturating_sub(known.len());
        let accounts = self.contacts.len().saturating_sub(forgotten);
        if !is_crowded(known.len(), accounts) {
            return Vec::new();
        }
        known.sort_unstable();
        known.truncate(known.len().saturating_sub(KEPT.min(known.len() / 2)));
        known.into_iter().map(|(_, account)| account).collect()
    }
}

/// Returns the addresses that devices of an account can have.
fn devices_of(account: AccountId) -> RangeInclusive<Address> {
    let device = |byte| Address { account, device: DeviceId([byte; 8]) };
    device(0)..=device(u8::MAX)
}
