//! The memory of messages that were sent, so that they can be sealed again.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::identity::device_list::MAX_DEVICES;
use crate::protocol::letter::LetterConversation;

use super::address::Address;
use super::limits::{HOUR, MAX_ACCOUNTS};
use super::paged_log::{Entry, PagedLog};
use crate::protocol::letter::{GroupId, MessageId};

/// The most messages that can be sealed again: the oldest is forgotten first.
pub(crate) const MAX_SENT: usize = 128;

/// The most accounts in all of these messages together: what a group costs to remember.
const MAX_SENT_ACCOUNTS: usize = 4096;

/// The time in seconds for which a message can be sealed again: as long as a server may hold one back.
pub(crate) const RESEND_FOR: u64 = 14 * 86_400;

/// The time in seconds for which a message waits for an account that was stopped, as somebody may be who is away
/// for a season: 90 days.
pub(crate) const QUEUE_FOR: u64 = 90 * 86_400;

/// The most messages that wait so. Of more the oldest waits no longer for the account that most wait for; one that
/// waits for nobody is one like the others.
pub(crate) const MAX_QUEUED: usize = 64;

/// The most times that one message is sealed again for one device: what cannot be opened after so many
/// attempts will not be, and whoever requests it more often wants something else.
pub(crate) const MAX_RESENDS: u8 = 5;

/// The time in seconds from one attempt to seal a letter for a device without a bundle to the next.
const ATTEMPT_AFTER: u64 = HOUR;

/// A message that was sent: enough to seal the same content again, and no other.
pub(super) struct Sent {
    pub(super) id: MessageId,
    pub(super) digest: [u8; 32],
    pub(super) at: u64,
    /// The time at which it went last to an account that it had waited for; else the time at which it was sent.
    pub(super) went: u64,
    /// The time at which it was last sealed, or was to be sealed, for who was left out.
    pub(super) tried: u64,
    pub(super) filed: Filed,
    /// Set for an object for own devices.
    pub(super) is_object: bool,
    /// The accounts that it is for and that were stopped, in ascending order: they get it later.
    pub(super) stopped: Vec<AccountId>,
    /// The accounts it went to, this device's own first, with the epochs of their lists.
    pub(super) lists: Vec<(AccountId, u64)>,
    /// Devices of these lists that got nothing.
    pub(super) left_out: Vec<Address>,
    /// Devices that it was sealed again for, in ascending order, and how often.
    pub(super) resent: Vec<(Address, u8)>,
}

/// A conversation as it lies in the state: every field is there, whichever conversation it is.
pub(super) struct Filed {
    is_group: bool,
    id: [u8; 32],
    audience: [u8; 32],
}

impl Filed {
    pub(super) fn of(conversation: LetterConversation) -> Self {
        match conversation {
            LetterConversation::With(account) => {
                Self { is_group: false, id: account.0, audience: [0; 32] }
            }
            LetterConversation::Group { id, audience } => {
                Self { is_group: true, id: id.0, audience }
            }
        }
    }

    pub(super) fn conversation(&self) -> LetterConversation {
        let Self { is_group, id, audience } = *self;
        if is_group {
            LetterConversation::Group { id: GroupId(id), audience }
        } else {
            LetterConversation::With(AccountId(id))
        }
    }
}

impl Sent {
    /// Returns the list by which it went to an account, if it did.
    pub(super) fn went_to(&self, account: AccountId) -> Option<(AccountId, u64)> {
        let (own, others) = self.lists.split_first()?;
        if own.0 == account {
            return Some(*own);
        }
        let place = others.binary_search_by_key(&account, |(listed, _)| *listed).ok()?;
        others.get(place).copied()
    }

    /// Lists the accounts that it is for, the own one perhaps twice.
    pub(super) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        let went_to = self.lists.iter().map(|(account, _)| *account);
        went_to.chain(self.stopped.iter().copied())
    }

    /// Tells whether an account is still to get it.
    pub(super) fn waits_for(&self, account: AccountId) -> bool {
        self.stopped.binary_search(&account).is_ok()
    }

    /// Tells whether an account that was stopped is still to get it.
    fn is_queued(&self) -> bool {
        !self.stopped.is_empty()
    }

    /// Tells whether somebody got nothing who is still to get it.
    fn is_owed(&self) -> bool {
        !self.left_out.is_empty() || self.is_queued()
    }

    /// Returns the time at which it is forgotten.
    pub(super) fn until(&self) -> u64 {
        let queued = if self.stopped.is_empty() { 0 } else { self.at.saturating_add(QUEUE_FOR) };
        self.resent_until().max(queued)
    }

    /// Returns the time until which it can be sealed again for whom it went to.
    pub(super) fn resent_until(&self) -> u64 {
        self.at.max(self.went).saturating_add(RESEND_FOR)
    }

    /// Notes that it was sealed for an account that was stopped, by its list of that epoch.
    fn settle(&mut self, account: AccountId, epoch: u64, now: u64) {
        let Ok(place) = self.stopped.binary_search(&account) else { return };
        self.stopped.remove(place);
        self.went = now;
        let Some((own, others)) = self.lists.split_first_mut() else { return };
        if own.0 == account {
            own.1 = epoch;
        } else {
            let place = others.partition_point(|(other, _)| *other < account).saturating_add(1);
            self.lists.insert(place, (account, epoch));
        }
    }

    /// Returns how often it was sealed again for a device.
    pub(super) fn times(&self, to: Address) -> u8 {
        let place = self.resent.binary_search_by_key(&to, |(address, _)| *address).ok();
        place.and_then(|place| self.resent.get(place)).map_or(0, |(_, times)| *times)
    }

    fn count(&mut self, to: Address) {
        self.left_out.retain(|address| *address != to);
        match self.resent.binary_search_by_key(&to, |(address, _)| *address) {
            Ok(place) => {
                if let Some((_, times)) = self.resent.get_mut(place) {
                    *times = times.saturating_add(1);
                }
            }
            Err(place) => self.resent.insert(place, (to, 1)),
        }
    }
}

impl Entry for Sent {
    const PAGE: u8 = 5;
    const PIECE: usize = 8;
    const MAX: usize = MAX_SENT + MAX_QUEUED;

    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.id.0);
        writer.raw(&self.digest);
        writer.u64(self.at);
        writer.u64(self.went);
        writer.u64(self.tried);
        self.filed.conversation().write(writer);
        writer.flag(self.is_object);
        writer.list(&self.stopped, |account, writer| writer.raw(&account.0));
        writer.list(&self.lists, |(account, epoch), writer| {
            writer.raw(&account.0);
            writer.u64(*epoch);
        });
        writer.list(&self.left_out, Address::write);
        writer.list(&self.resent, |(address, times), writer| {
            address.write(writer);
            writer.u8(*times);
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let most = MAX_ACCOUNTS.saturating_mul(MAX_DEVICES);
        let sent = Self {
            id: MessageId(*reader.array()?),
            digest: *reader.array()?,
            at: reader.u64()?,
            went: reader.u64()?,
            tried: reader.u64()?,
            filed: Filed::of(LetterConversation::read(reader)?),
            is_object: reader.flag()?,
            stopped: reader.list(MAX_ACCOUNTS, |reader| Ok(AccountId(*reader.array()?)))?,
            lists: reader
                .list(MAX_ACCOUNTS, |reader| Ok((AccountId(*reader.array()?), reader.u64()?)))?,
            left_out: reader.list(most, Address::read)?,
            resent: reader.list(most, |reader| Ok((Address::read(reader)?, reader.u8()?)))?,
        };
        let is_set = sent.stopped.is_sorted_by(|one, other| one < other);
        if is_set { Ok(sent) } else { Err(Error::Malformed) }
    }
}

/// An attempt to seal a message for who was left out of it, in vain.
pub(super) struct Attempt {
    pub(super) id: MessageId,
    /// True if nobody is to get it any more.
    pub(super) is_last: bool,
}

/// The messages sent last, oldest first.
#[derive(Default)]
pub(super) struct SentLog(pub(super) PagedLog<Sent>);

impl SentLog {
    pub(super) fn find(&self, id: &MessageId) -> Option<&Sent> {
        self.0.iter().find(|sent| sent.id == *id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Sent> {
        self.0.iter()
    }

    /// Lists what somebody was left out of, and nobody has tried to seal for a while.
    pub(super) fn owed(&self, now: Now) -> impl Iterator<Item = &Sent> {
        let now = now.reading();
        let owed = self.0.iter().filter(|sent| sent.is_owed());
        owed.filter(move |sent| {
            now >= sent.tried.saturating_add(ATTEMPT_AFTER) && now < sent.until()
        })
    }

    /// Returns when the next attempt is to be made for who was left out of something.
    pub(super) fn next_attempt(&self, now: Now) -> Option<u64> {
        let owed = self.0.iter().filter(|sent| sent.is_owed());
        owed.map(|sent| sent.tried.saturating_add(ATTEMPT_AFTER))
            .filter(|at| *at > now.reading())
            .min()
    }

    /// Notes that a letter was to be sealed for who was left out of it.
    pub(super) fn attempt(&mut self, attempt: &Attempt, now: u64) {
        let attempted = |sent: &mut Sent| {
            sent.tried = now;
            if attempt.is_last {
                sent.left_out.clear();
                sent.stopped.clear();
            }
        };
        self.0.change(|sent| sent.id == attempt.id, attempted);
    }

    pub(super) fn add(&mut self, sent: Sent) {
        self.0.push(sent);
        while self.accounts(Sent::is_queued) > MAX_SENT_ACCOUNTS {
            // The letter to most accounts gives way, of several the oldest.
            let queued = self.0.iter().filter(|sent| sent.is_queued());
            let sizes = queued.map(|sent| (sent.accounts().count(), sent.id));
            let largest = sizes.reduce(|one, next| if next.0 > one.0 { next } else { one });
            let largest = largest.and_then(|(_, id)| self.0.find_mut(|sent| sent.id == id));
            let Some(largest) = largest else { break };
            largest.stopped.clear();
        }
        while self.queued() > MAX_QUEUED {
            self.unqueue();
        }
        let is_ordinary = |sent: &Sent| !sent.is_queued();
        loop {
            let ordinary = self.0.len().saturating_sub(self.queued());
            let is_over = ordinary > 1 && self.accounts(is_ordinary) > MAX_SENT_ACCOUNTS;
            if ordinary <= MAX_SENT && !is_over {
                break;
            }
            self.0.remove_first(is_ordinary);
        }
    }

    /// Ends the wait of one letter for one account: of that which most letters wait for, the oldest. So whoever stops
    /// everything that is said in a group, or to own devices, pushes out no letter for somebody else.
    fn unqueue(&mut self) {
        let mut letters = BTreeMap::<AccountId, usize>::new();
        for account in self.waited_for() {
            let count = letters.entry(account).or_default();
            *count = count.saturating_add(1);
        }
        let most = letters.into_iter().max_by_key(|(_, count)| *count);
        let Some((account, _)) = most else { return };
        if let Some(oldest) = self.0.find_mut(|sent| sent.waits_for(account)) {
            oldest.stopped.retain(|stopped| *stopped != account);
        }
    }

    /// Counts the accounts of some of the messages, together.
    fn accounts(&self, wanted: impl Fn(&Sent) -> bool) -> usize {
        let wanted = self.0.iter().filter(|sent| wanted(sent));
        wanted.fold(0, |sum, sent| sum.saturating_add(sent.accounts().count()))
    }

    /// Lists the accounts that messages wait for, each perhaps more than once.
    pub(super) fn waited_for(&self) -> impl Iterator<Item = AccountId> {
        self.0.iter().flat_map(|sent| sent.stopped.iter().copied())
    }

    fn queued(&self) -> usize {
        self.0.iter().filter(|sent| sent.is_queued()).count()
    }

    /// Notes that a message was sealed for an account that was stopped.
    pub(super) fn settle(&mut self, id: &MessageId, account: AccountId, epoch: u64, now: u64) {
        if let Some(sent) = self.0.find_mut(|sent| sent.id == *id) {
            sent.settle(account, epoch, now);
        }
    }

    pub(super) fn count(&mut self, id: &MessageId, to: Address) {
        if let Some(sent) = self.0.find_mut(|sent| sent.id == *id) {
            sent.count(to);
        }
    }

    /// Forgets what was sent to an account: who is there now is not who it was sent to.
    pub(super) fn forget(&mut self, account: AccountId) {
        self.0.retain(|sent| sent.filed.conversation() != LetterConversation::With(account));
        let is_due = |sent: &Sent| {
            sent.waits_for(account)
                || sent.lists.iter().any(|(listed, _)| *listed == account)
                || sent.left_out.iter().any(|address| address.account == account)
        };
        let forget = |sent: &mut Sent| {
            sent.stopped.retain(|stopped| *stopped != account);
            sent.lists.retain(|(listed, _)| *listed != account);
            sent.left_out.retain(|address| address.account != account);
        };
        self.0.change(is_due, forget);
    }

    /// Has all that was sent to an account follow it to another id.
    pub(super) fn follow(&mut self, from: AccountId, to: AccountId) {
        let new = |account: &mut AccountId| {
            if *account == from {
                *account = to;
            }
        };
        let follow = |sent: &mut Sent| {
            if sent.filed.conversation() == LetterConversation::With(from) {
                sent.filed = Filed::of(LetterConversation::With(to));
            }
            sent.stopped.iter_mut().for_each(new);
            sent.stopped.sort_unstable();
            // It may have been for whoever has the id now as well.
            sent.stopped.dedup();
            sent.lists.iter_mut().for_each(|(account, _)| new(account));
            if let Some((_own, others)) = sent.lists.split_first_mut() {
                others.sort_unstable();
            }
            sent.left_out.iter_mut().for_each(|address| new(&mut address.account));
            sent.resent.iter_mut().for_each(|(address, _)| new(&mut address.account));
            sent.resent.sort_unstable();
        };
        self.0.change(|_| true, follow);
    }

    /// Counts what says that it was sent later than now.
    pub(super) fn after(&self, now: u64) -> usize {
        self.0.iter().filter(|sent| sent.at > now).count()
    }

    /// Leaves no time ahead of now.
    pub(super) fn bound_times(&mut self, now: u64) {
        let is_ahead = |sent: &Sent| sent.at.max(sent.went).max(sent.tried) > now;
        let bound = |sent: &mut Sent| {
            sent.at = sent.at.min(now);
            sent.went = sent.went.min(now);
            sent.tried = sent.tried.min(now);
        };
        self.0.change(is_ahead, bound);
    }

    pub(super) fn expire(&mut self, now: u64) {
        self.0.retain(|sent| now < sent.until());
    }
}
