//! Resend requests for what could not be opened, letters for devices that were left out, and seen reports
//! among own devices.

use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::letter;

use alloc::vec::Vec;

use super::address::Address;
use super::client::{Client, Inner};
use super::plan::{Plan, Purpose};
use super::seen_log::REPORT_AFTER;
use super::sent_log::{MAX_RESENDS, RESEND_FOR, Sent};
use crate::protocol::letter::MessageId;
use crate::protocol::letter::missing::Missing;

/// The time in seconds after a message in which it can be sent to devices that its sender did not know of.
pub(crate) const BACKFILL_FOR: u64 = 86_400;

impl Client {
    /// Plans a resend request: tells a device that its message with this id could not be opened, so that it
    /// seals the message again. Seal the plan with [`Enclosed::Nothing`](super::Enclosed). Nothing in the crate does so by itself:
    /// whoever answers what does not open tells a stranger that somebody is there.
    ///
    /// Request each message once, and nothing more of a device until something of it has opened: the device
    /// may be requesting this very request.
    ///
    /// # Errors
    ///
    /// As [`Client::plan`]; [`Error::Unlisted`] if the device is not in its account's list;
    /// [`Error::OwnDevice`] for this very device.
    pub fn request_resend(&self, from: Address, id: MessageId, now: u64) -> Result<Plan, Error> {
        let missing = Missing { ids: Vec::from([id]), gaps: Vec::new() };
        let purpose = Purpose::ResendRequest(missing);
        let now = self.inner.clock.now(now);
        self.inner.plan_for(purpose, letter::LetterConversation::With(from.account), from, now)
    }

    /// Plans to seal a message again for a device that requested it ([`LetterEvent::ResendRequested`]).
    /// Give [`Client::seal`] the same content, or object; another one is refused.
    ///
    /// # Errors
    ///
    /// [`Error::MessageForgotten`] if the message is not remembered any more: the newest 128 are, for two
    /// weeks. [`Error::NotRecipient`] if it did not go to the device's account, or the device came into
    /// that account's list later ([`Client::backfill`]); [`Error::Unlisted`] if it is not in the list.
    /// [`Error::ResendLimit`] if it was sealed again for that device five times. Else as
    /// [`Client::plan`].
    ///
    /// [`LetterEvent::ResendRequested`]: super::LetterEvent::ResendRequested
    pub fn plan_resend(&self, to: Address, id: MessageId, now: u64) -> Result<Plan, Error> {
        let inner = &*self.inner;
        let now = inner.clock.now(now);
        let sent = inner.sent_before(&id, now)?;
        if now.reading() >= sent.at.saturating_add(RESEND_FOR) {
            return Err(Error::MessageForgotten);
        }
        let (_, epoch) = sent.went_to(to.account).ok_or(Error::NotRecipient)?;
        if inner.since(to).ok_or(Error::Unlisted)? > epoch {
            return Err(Error::NotRecipient);
        }
        if sent.times(to) >= MAX_RESENDS {
            return Err(Error::ResendLimit);
        }
        inner.plan_for(Purpose::Resend(id), sent.filed.conversation(), to, now)
    }

    /// Plans to seal a message for those devices of its accounts that were left out of it, or that
    /// came into their list after it was sent; and for all devices of an account that was stopped then
    /// ([`Plan::stopped`]) and is not now. Give [`Client::seal`] the same content.
    ///
    /// # Errors
    ///
    /// [`Error::MessageForgotten`] if the message is not remembered any more, or was sent more than a day
    /// ago, and 90 days if it waits for an account that was stopped. Else as [`Client::plan`]. The plan has no
    /// devices if nobody lacks the message, or who does is still stopped.
    pub fn backfill(&self, id: MessageId, now: u64) -> Result<Plan, Error> {
        let inner = &*self.inner;
        let now = inner.clock.now(now);
        let sent = inner.sent_before(&id, now)?;
        let is_late = now.reading() >= sent.at.saturating_add(BACKFILL_FOR);
        if is_late && sent.stopped.is_empty() {
            return Err(Error::MessageForgotten);
        }
        let mut others: Vec<_> = sent.accounts().filter(|of| *of != inner.account()).collect();
        others.sort_unstable();
        let wanted = |address: Address| {
            let is_new = sent.times(address) == 0;
            let went = inner.since(address).zip(sent.went_to(address.account));
            let later = went.is_some_and(|(since, (_, epoch))| since > epoch);
            let lacks = !is_late && (sent.left_out.contains(&address) || (later && is_new));
            lacks || (is_new && sent.waits_for(address.account))
        };
        inner.plan(Purpose::Resend(id), sent.filed.conversation(), &others, wanted, now)
    }

    /// Plans a seen report: tells this account's other devices which letters of others this one has opened,
    /// so that a sender who told them different things is noticed. Seal the plan with [`Enclosed::Nothing`](super::Enclosed)
    /// once a day, and when [`Tasks::report_seen`](super::Tasks::report_seen) says so. Each report goes on where the one
    /// before ended.
    ///
    /// # Errors
    ///
    /// As [`Client::plan`].
    pub fn report_seen(&self, now: u64) -> Result<Plan, Error> {
        let conversation = letter::LetterConversation::With(self.inner.account());
        let now = self.inner.clock.now(now);
        let inner = &*self.inner;
        let plan = inner.plan(Purpose::SeenReport, conversation, &[], |_| true, now)?;
        // It is not kept to be sealed later.
        plan.stop_of(inner.account()).map_or(Ok(plan), |stop| Err(stop.refused()))
    }
}

impl Inner {
    /// Makes a plan for one device.
    pub(super) fn plan_for(
        &self,
        purpose: Purpose,
        conversation: letter::LetterConversation,
        to: Address,
        now: Now,
    ) -> Result<Plan, Error> {
        if to == self.address() {
            return Err(Error::OwnDevice);
        }
        let contact = self.known(to.account)?;
        contact.device(to.device)?;
        let mut accounts: Vec<_> = Vec::from([to.account]);
        if let letter::LetterConversation::With(account) = conversation {
            accounts.push(account);
        }
        accounts.retain(|account| *account != self.account());
        accounts.sort_unstable();
        accounts.dedup();
        let plan = self.plan(purpose, conversation, &accounts, |address| address == to, now)?;
        plan.stop_of(to.account).map_or(Ok(plan), |stop| Err(stop.refused()))
    }

    /// Returns the epoch of the first list that names the device.
    fn since(&self, address: Address) -> Option<u64> {
        self.contact(address.account)?.since(address.device)
    }

    pub(super) fn sent_before(&self, id: &MessageId, now: Now) -> Result<&Sent, Error> {
        let sent = self.sent.find(id).ok_or(Error::MessageForgotten)?;
        if now.reading() < sent.until() { Ok(sent) } else { Err(Error::MessageForgotten) }
    }

    /// Tells whether a seen report is due.
    pub(super) fn report_due(&self) -> bool {
        self.has_companions() && self.seen.untold(self.account()).nth(REPORT_AFTER).is_some()
    }

    /// Tells whether this account has other devices.
    pub(super) fn has_companions(&self) -> bool {
        self.own.list.devices().len() > 1
    }
}
