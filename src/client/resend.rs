//! Resend requests for what could not be opened, and seen reports among own devices.

use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::letter;

use alloc::vec::Vec;

use super::address::Address;
use super::client::{Client, Inner};
use super::limits::HOUR;
use super::plan::{Plan, Purpose};
use super::seen_log::REPORT_AFTER;
use super::sent_log::Sent;
use crate::protocol::letter::MessageId;
use crate::protocol::letter::missing::Missing;

impl Client {
    /// Plans a resend request for a letter that the app has lost, so that its sender seals it again. Seal the plan with
    /// [`Enclosed::Nothing`](super::Enclosed). What does not open needs no such call: [`Client::repairs`] lists it.
    ///
    /// # Errors
    ///
    /// As [`Client::plan`]; [`Error::Unlisted`] if the device is not in its account's list;
    /// [`Error::OwnDevice`] for this very device.
    pub fn request_resend(&self, from: Address, id: MessageId, now: u64) -> Result<Plan, Error> {
        let now = self.inner.clock.now(now);
        let gaps = self.inner.peers.get(&from).map(|peer| peer.gaps.urgent(now.reading()));
        let missing = Missing { ids: Vec::from([id]), gaps: gaps.unwrap_or_default() };
        let purpose = Purpose::ResendRequest(missing);
        self.inner.plan_for(purpose, letter::LetterConversation::With(from.account), from, now)
    }
}

impl Inner {
    /// Plans a seen report, which goes on where the one before ended.
    pub(super) fn plan_report(&self, now: Now) -> Result<Plan, Error> {
        let conversation = letter::LetterConversation::With(self.account());
        let plan = self.plan(Purpose::SeenReport, conversation, &[], |_| true, now)?;
        // It is not kept to be sealed later.
        plan.stop_of(self.account()).map_or(Ok(plan), |stop| Err(stop.refused()))
    }

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
    pub(super) fn since(&self, address: Address) -> Option<u64> {
        self.contact(address.account)?.since(address.device)
    }

    pub(super) fn sent_before(&self, id: &MessageId, now: Now) -> Result<&Sent, Error> {
        let sent = self.sent.find(id).ok_or(Error::MessageForgotten)?;
        if now.firm() < sent.until() { Ok(sent) } else { Err(Error::MessageForgotten) }
    }

    /// Tells whether a seen report is due.
    pub(super) fn report_due(&self, now: Now) -> bool {
        // A report is for own devices alone.
        let goes = self.own.stop(now).is_none();
        goes && now.reading() >= self.next_report()
            && self.has_companions()
            && self.seen.untold(self.account()).nth(REPORT_AFTER).is_some()
    }

    /// Returns when a report can be made again that left a device out.
    pub(super) fn next_report(&self) -> u64 {
        if self.report_tried == 0 { 0 } else { self.report_tried.saturating_add(HOUR) }
    }

    /// Tells whether this account has other devices.
    pub(super) fn has_companions(&self) -> bool {
        self.own.list.devices().len() > 1
    }
}
