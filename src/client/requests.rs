//! Requests: what this device asks others for, and when (`spec/fan-out.md`, "Unread letters").

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::address::Address;
use super::client::{Client, Inner};
use super::delta::{Asked, ClientItem, Raised};
use super::doubt::Level;
use super::limits::{DAY, HOUR};
use super::peer::Peer;
use super::plan::{Plan, Purpose};
use super::session_choice::NextSession;
use super::unread::Unread;
use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::letter::missing::Missing;
use crate::protocol::letter::{LetterConversation, MessageId};
use crate::storage::Pending;

/// The seconds between two requests to a device of which something has opened in between.
const ASK_ON: u64 = 600;

/// The most requests of an hour, beside those to own devices and to devices that have shown that they are on another
/// session: each may begin one.
const MAX_ASKED: usize = 32;

impl Client {
    /// Gives up the present session with a device, because the user says so: the next letter to it begins a new one,
    /// whatever was tried before, and [`Client::repairs`] lists such a letter, an hour after the last one at the
    /// latest. Nothing that was read is lost by it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::Unlisted`], [`Error::AccountChanged`] for a device that is in no known
    /// list; [`Error::OwnDevice`] for this very device.
    pub fn reset_session(
        &mut self,
        with: Address,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let inner = &*self.inner;
        if with == inner.address() {
            return Err(Error::OwnDevice);
        }
        inner.known(with.account)?.device(with.device)?;
        let now = inner.clock.now(now);
        let items = vec![ClientItem::Raised(Box::new(Raised { of: with, level: Level::Said }))];
        Ok(self.pending(now, items, ()))
    }
}

impl Inner {
    /// Lists the devices that a request is to go to by now: own devices first, then the newest doubt first.
    pub(super) fn requests(&self, now: Now) -> impl Iterator<Item = Address> {
        // A clock that is ahead for a minute makes everything ripe, and would date first messages ahead.
        let ripe = self.asked_times(now).filter(|(_, at)| *at <= now.reading() && !now.is_sudden());
        let (mut bounded, mut listed): (Vec<_>, Vec<_>) =
            ripe.map(|(to, _)| to).partition(|to| self.is_bounded(*to));
        // Whoever brings junk in many names keeps nobody from a first request.
        bounded.sort_by_key(|to| {
            let doubt = self.peers.get(to).map(|peer| peer.doubt).unwrap_or_default();
            (doubt.was_asked(), doubt.risen(), *to)
        });
        let free = MAX_ASKED.saturating_sub(self.asked_within_hour(now).count());
        listed.extend(bounded.into_iter().take(free));
        let own = self.account();
        listed.sort_by_key(|to| {
            let risen = self.peers.get(to).and_then(|peer| peer.doubt.risen());
            (to.account != own, Reverse(risen), *to)
        });
        listed.into_iter()
    }

    /// Returns when the next request is to go out, if none is by now.
    pub(super) fn next_request(&self, now: Now) -> Option<u64> {
        let times: Vec<_> = self.asked_times(now).map(|(_, at)| at).collect();
        let waits_for_place = times.iter().any(|at| *at <= now.reading());
        let place = self.asked_within_hour(now).min().filter(|_| waits_for_place);
        let at = times.into_iter().chain(place).filter(|at| *at > now.reading()).min();
        // In a sudden leap all waits for a second look.
        let waits = now.is_sudden() && (at.is_some() || waits_for_place);
        if waits { Some(now.second_look()) } else { at }
    }

    /// Tells whether requests to a device count among those of an hour: anybody can bring them about.
    fn is_bounded(&self, to: Address) -> bool {
        let shown = self.peers.get(&to).is_some_and(|peer| !peer.doubt.is_raised_by(Level::Shown));
        to.account != self.account() && !shown
    }

    /// Returns when the places of the requests of the last hour are free again.
    fn asked_within_hour(&self, now: Now) -> impl Iterator<Item = u64> {
        let asked = self.peers.values().filter_map(|peer| peer.doubt.asked());
        asked.map(|at| at.saturating_add(HOUR)).filter(move |at| *at > now.reading())
    }

    /// Plans a request to a device, which names all that is to be asked for.
    pub(super) fn plan_request(&self, to: Address, now: Now) -> Result<Plan, Error> {
        let gaps = self.peers.get(&to).map(|peer| peer.gaps.urgent(now.reading()));
        let missing = Missing { ids: self.ids_to_ask(to, now), gaps: gaps.unwrap_or_default() };
        let conversation = LetterConversation::With(to.account);
        self.plan_for(Purpose::ResendRequest(missing), conversation, to, now)
    }

    /// Lists the ids that a request to a device names by now, in ascending order.
    fn ids_to_ask(&self, to: Address, now: Now) -> Vec<MessageId> {
        let since = self.peers.get(&to).map_or(0, |peer| peer.since);
        let ripe = |unread: &&Unread| unread.ask_at(since).is_some_and(|at| at <= now.reading());
        let mut ids: Vec<_> = self.unread.of(to).filter(ripe).map(|unread| unread.id).collect();
        ids.sort_unstable();
        ids
    }

    /// Lists the devices that something is to be asked of at some time, and that time.
    fn asked_times(&self, now: Now) -> impl Iterator<Item = (Address, u64)> {
        let in_doubt = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.doubt.risen().is_some() || peer.gaps.next().is_some());
        let in_doubt = in_doubt.map(|(address, _)| *address);
        let mut devices: Vec<_> =
            in_doubt.chain(self.unread.0.iter().map(|unread| unread.from)).collect();
        devices.sort_unstable();
        devices.dedup();
        // Nothing can be sent to the others: what to do about that says the error of a plan.
        let is_writable = move |to: &Address| {
            let contact = self.contact(to.account);
            contact.is_some_and(|it| it.stop(now).is_none() && it.list.device(to.device).is_some())
        };
        let able = self.check_writes(now).is_ok();
        let devices = devices.into_iter().filter(move |to| able && is_writable(to));
        devices.filter_map(move |to| Some((to, self.ask_at(to)?)))
    }

    /// Returns when the next request is to go to a device, if one is.
    fn ask_at(&self, to: Address) -> Option<u64> {
        let nothing = Peer::default();
        let peer = self.peers.get(&to).unwrap_or(&nothing);
        let letters = self.unread.of(to).filter_map(|unread| unread.ask_at(peer.since)).min();
        let first = letters.into_iter().chain(peer.gaps.next()).chain(peer.repair_at()).min()?;
        // A newcomer must not see by it when the user is there.
        let first = if self.is_newcomer(to.account) { first.saturating_add(DAY) } else { first };
        Some(first.max(peer.asks_from()))
    }

    /// Notes a letter that did not open.
    pub(super) fn note_unread(&mut self, unread: Unread) {
        let contacts = &self.contacts;
        self.unread
            .add(unread, |account| contacts.get(&account).is_some_and(|contact| contact.newcomer));
    }

    /// Notes that a request goes to a device, or was left out because no bundle of it was to be had.
    pub(super) fn note_asked(&mut self, asked: &Asked, now: Now) {
        self.unread.ask(asked.to, &asked.ids, now.reading());
        if let Some(peer) = self.peers.get_mut(&asked.to) {
            // A session that it needed would have begun with it; and one that the device holds has not helped before.
            let is_left_out = peer.next_session(now) == NextSession::New;
            let is_in_vain = is_left_out || (!peer.may_renew() && peer.doubt.was_asked());
            peer.doubt.ask(now.reading(), is_in_vain);
            peer.gaps.note_asked(now.reading());
        }
    }
}

impl Peer {
    /// Returns when a request is to be sent for the session's sake, though nothing is asked for: when the doubt
    /// rises, and once more if nobody answers. Who has nothing to say stays silent, and what it says later shows by
    /// itself which session it is on.
    fn repair_at(&self) -> Option<u64> {
        let risen = self.doubt.risen()?;
        let has_told =
            self.doubt.was_asked() || self.doubt.repaired().is_some_and(|at| at >= risen);
        match (has_told, self.doubt.is_fruitless()) {
            (false, _) => Some(risen),
            (true, false) => Some(self.attempt_at()),
            (true, true) => None,
        }
    }

    /// Returns when the next repair session may begin.
    fn attempt_at(&self) -> u64 {
        let waits = self.waits(u64::MAX, self.since);
        let after = if waits { self.doubt.patience() } else { HOUR };
        self.since.saturating_add(after).max(self.doubt.allowed_at())
    }

    /// Returns when the next request may go to the device: an hour after the one before in this session, sooner if
    /// something of it has opened since; once a day if nothing does.
    fn asks_from(&self) -> u64 {
        let Some(asked) = self.doubt.asked() else { return 0 };
        if self.heard > asked {
            return asked.saturating_add(ASK_ON);
        }
        asked.saturating_add(HOUR)
    }
}
