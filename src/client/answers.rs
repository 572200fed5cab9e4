//! Answers: what other devices wait for. `spec/fan-out.md`, "Resending".

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::address::Address;
use super::client::{Client, Inner};
use super::consistency::Findings;
use super::copied_letter::letter_of;
use super::delta::{ClientDelta, ClientItem};
use super::peer::Peer;
use super::places::half;
use super::plan::{Plan, Purpose};
use super::repair::Repair;
use super::sent_log::{Attempt, MAX_RESENDS, RESEND_FOR, Sent};
use super::wanted::Wanted;
use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::missing::{MAX_MISSING, Missing};
use crate::protocol::letter::{LetterConversation, MessageId};
use crate::storage::Pending;

/// The time in seconds after a letter in which it can be sealed for devices that its sender did not know of.
pub(crate) const BACKFILL_FOR: u64 = 86_400;

impl Client {
    /// Notes that the content which a repair needs is gone: a letter that a device has asked for is refused
    /// ([`Repair::Refuse`] comes next), and one that it was left out of is not offered again. Save the change, and
    /// apply it. Nothing is given up of a repair that needs no content.
    pub fn give_up(&mut self, repair: &Repair, now: u64) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        let item = self.inner.given_up(repair);
        let delta = item.map(|item| ClientDelta { now, items: vec![item] });
        Pending::maybe(self, delta, ())
    }
}

impl ClientDelta {
    /// Returns the letter that its messages hold, if it was said now or before: it can be sealed again.
    pub(super) fn letter(&self) -> Option<MessageId> {
        self.items.iter().find_map(|item| match item {
            ClientItem::Sent(sent) => Some(sent.id),
            ClientItem::Resent(resent) => Some(resent.id),
            _ => None,
        })
    }
}

impl Inner {
    /// Lists what other devices wait for. Refusals come last of what was asked for, so that all that is given up on the
    /// way there is told as one.
    pub(super) fn answers(&self, now: Now) -> impl Iterator<Item = Repair> + '_ {
        let refusals = self.asking(now).filter(move |(to, wanted)| {
            !wanted.gaps.is_empty() || self.refused(*to, wanted, now).next().is_some()
        });
        let resends = self.asking(now).flat_map(move |(to, wanted)| {
            let ids = wanted.letters.iter().filter(|it| !it.given_up).map(|it| it.id);
            let open = ids.filter(move |id| self.resendable(to, id, now).is_ok());
            open.map(move |id| Repair::Resend { to, id })
        });
        let left_out = self.sent.owed(now).filter(move |sent| self.is_owed(sent, now));
        resends
            .chain(refusals.map(|(to, _)| Repair::Refuse { to }))
            .chain(left_out.map(|sent| Repair::Backfill { id: sent.id }))
            .chain(self.copies(now))
            .chain(self.report_due(now).then_some(Repair::SeenReport))
    }

    /// Plans an answer.
    pub(super) fn plan_answer(&self, repair: &Repair, now: Now) -> Result<Plan, Error> {
        match *repair {
            Repair::Refuse { to } => self.plan_refusal(to, now),
            Repair::Resend { to, id } => {
                let sent = self.resendable(to, &id, now)?;
                self.plan_for(Purpose::Resend(id), sent.filed.conversation(), to, now)
            }
            Repair::Backfill { id } => self.plan_backfill(id, now),
            _ => self.plan_copy(repair, now),
        }
    }

    /// Returns the devices that want something, and what. A newcomer is not answered: nothing was said to it, and it
    /// must not see when this device is there.
    fn asking(&self, now: Now) -> impl Iterator<Item = (Address, &Wanted)> {
        let is_listed = self.check_writes(now).is_ok();
        let asking =
            self.peers.iter().filter(move |(_, peer)| is_listed && !peer.wanted.is_empty());
        let open = asking.filter(move |(to, _)| {
            let contact = self.contact(to.account);
            contact.is_some_and(|contact| !contact.newcomer && contact.stop(now).is_none())
        });
        open.map(|(to, peer)| (*to, &peer.wanted))
    }

    /// Returns what was sent, if a device that asks for it may have it again.
    fn resendable(&self, to: Address, id: &MessageId, now: Now) -> Result<&Sent, Error> {
        let sent = self.sent_before(id, now)?;
        if now.firm() >= sent.resent_until() {
            return Err(Error::MessageForgotten);
        }
        let (_, epoch) = sent.went_to(to.account).ok_or(Error::NotRecipient)?;
        let is_later = self.since(to).ok_or(Error::Unlisted)? > epoch;
        // Whoever had it once, though it came later, may lose it as others do.
        if is_later && sent.times(to) == 0 {
            return Err(Error::NotRecipient);
        }
        if sent.times(to) >= MAX_RESENDS { Err(Error::ResendLimit) } else { Ok(sent) }
    }

    /// Lists those of the wanted letters that do not come again.
    fn refused<'a>(
        &'a self,
        to: Address,
        wanted: &'a Wanted,
        now: Now,
    ) -> impl Iterator<Item = MessageId> + 'a {
        let gone = wanted
            .letters
            .iter()
            .filter(move |letter| letter.given_up || self.resendable(to, &letter.id, now).is_err());
        gone.map(|letter| letter.id)
    }

    fn plan_refusal(&self, to: Address, now: Now) -> Result<Plan, Error> {
        let wanted = self.peers.get(&to).map(|peer| &peer.wanted).ok_or(Error::StalePlan)?;
        let mut ids: Vec<_> = self.refused(to, wanted, now).take(MAX_MISSING).collect();
        ids.sort_unstable();
        let mut gaps = wanted.gaps.clone();
        gaps.sort_unstable();
        let refused = Missing { ids, gaps };
        if refused.is_empty() {
            return Err(Error::StalePlan);
        }
        let conversation = LetterConversation::With(to.account);
        self.plan_for(Purpose::Refusal(refused), conversation, to, now)
    }

    /// Plans for those devices of a letter's accounts that were left out of it, or that came into their list within a
    /// day; and for all devices of an account that was stopped then and is not now.
    fn plan_backfill(&self, id: MessageId, now: Now) -> Result<Plan, Error> {
        let sent = self.sent_before(&id, now)?;
        let is_young = now.reading() < sent.at.saturating_add(BACKFILL_FOR);
        let is_kept = now.firm() < sent.resent_until();
        if !is_young && sent.stopped.is_empty() && (sent.left_out.is_empty() || !is_kept) {
            return Err(Error::MessageForgotten);
        }
        let mut others: Vec<_> = sent.accounts().filter(|of| *of != self.account()).collect();
        others.sort_unstable();
        let lacks = |address: Address| {
            let is_new = sent.times(address) == 0;
            let went = self.since(address).zip(sent.went_to(address.account));
            let later = went.is_some_and(|(since, (_, epoch))| since > epoch);
            (is_kept && sent.left_out.contains(&address))
                || (is_young && later && is_new)
                || (is_new && sent.waits_for(address.account))
        };
        self.plan(Purpose::Resend(id), sent.filed.conversation(), &others, lacks, now)
    }

    /// Tells whether a device that was left out of a letter still waits for it, or an account that was stopped and is
    /// not now.
    fn is_owed(&self, sent: &Sent, now: Now) -> bool {
        let goes = |account: AccountId| self.stop_of(account, now).is_none();
        let is_listed = |address: &Address| {
            let contact = self.contact(address.account);
            contact.is_some_and(|it| it.list.device(address.device).is_some())
        };
        let is_kept = now.firm() < sent.resent_until();
        let mut left_out = sent.left_out.iter().filter(|address| goes(address.account));
        self.check_writes(now).is_ok()
            && ((is_kept && left_out.any(is_listed)) || sent.stopped.iter().any(|of| goes(*of)))
    }

    fn given_up(&self, repair: &Repair) -> Option<ClientItem> {
        match *repair {
            Repair::Resend { to, id } => {
                let mut wanted = self.peers.get(&to)?.wanted.clone();
                wanted.give_up(&id);
                Some(ClientItem::Wanted(Box::new((to, wanted))))
            }
            Repair::Copy { to, from, id } => {
                let to = Address { account: self.account(), device: to };
                let mut wanted = self.peers.get(&to)?.wanted.clone();
                wanted.answer_copy(letter_of(from, id));
                Some(ClientItem::Wanted(Box::new((to, wanted))))
            }
            Repair::Backfill { id } => {
                Some(ClientItem::Attempt(Box::new(Attempt { id, is_last: true })))
            }
            _ => None,
        }
    }

    /// Notes what a device asks for: a gap finds the letters that went at its places.
    pub(super) fn note_request(&self, from: Address, missing: &Missing, found: &mut Findings) {
        if missing.is_empty() || self.is_newcomer(from.account) {
            return;
        }
        let nothing = Peer::default();
        let peer = self.peers.get(&from).unwrap_or(&nothing);
        let mut wanted = peer.wanted.clone();
        for id in &missing.ids {
            wanted.add(*id);
        }
        for gap in &missing.gaps {
            for letter in peer.places.letters(*gap) {
                if let Some(sent) = self.sent.iter().find(|sent| half(sent.id) == letter) {
                    wanted.add(sent.id);
                }
            }
            wanted.add_gap(*gap);
        }
        found.items.push(ClientItem::Wanted(Box::new((from, wanted))));
    }

    /// Forgets the places of letters that cannot be sealed again any more.
    pub(super) fn forget_places(&mut self) {
        let letters: BTreeSet<_> = self.sent.iter().map(|sent| half(sent.id)).collect();
        let is_held = |letter: &_| letters.contains(letter);
        self.peers.change(|peer| !peer.places.all(is_held), |peer| peer.places.retain(is_held));
    }

    /// Notes what a sealed answer has answered, also to a device that no bundle was to be had of: it asks again.
    pub(super) fn answered(&self, plan: &Plan, items: &mut Vec<ClientItem>) {
        let left_out = plan.left_out.iter().copied();
        let all = plan.targets.iter().map(|target| target.address).chain(left_out.clone());
        let (to, ids): (Vec<_>, &[MessageId]) = match &plan.purpose {
            Purpose::Resend(id) => (left_out.collect(), core::slice::from_ref(id)),
            Purpose::Refusal(refused) => (all.collect(), &refused.ids),
            _ => (all.collect(), &[]),
        };
        let sent = ids.first().and_then(|id| self.sent.find(id));
        let lacks =
            |sent: &Sent, to: &Address| sent.left_out.contains(to) || sent.waits_for(to.account);
        let was_left_out = |to: &Address| sent.is_some_and(|sent| lacks(sent, to));
        if let (Purpose::Resend(id), true) = (&plan.purpose, plan.left_out.iter().any(was_left_out))
        {
            items.push(ClientItem::Attempt(Box::new(Attempt { id: *id, is_last: false })));
        }
        for to in to {
            let Some(peer) = self.peers.get(&to).filter(|peer| !peer.wanted.is_empty()) else {
                continue;
            };
            let mut wanted = peer.wanted.clone();
            wanted.answer(ids);
            match &plan.purpose {
                // It asks for its gaps again, and finds the letter: a refusal would close them.
                Purpose::Resend(_) => wanted.gaps.clear(),
                Purpose::Refusal(refused) => wanted.answer_gaps(&refused.gaps),
                Purpose::Copy(of) => wanted.answer_copy(*of),
                _ => {}
            }
            items.push(ClientItem::Wanted(Box::new((to, wanted))));
        }
    }
}

const _: () = assert!(BACKFILL_FOR <= RESEND_FOR, "what is sealed for late devices is remembered");
