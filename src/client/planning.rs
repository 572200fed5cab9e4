//! Planning: the accounts of a letter, who of them is stopped, and the devices of the others.

use alloc::vec::Vec;

use super::address::Address;
use super::client::{Client, Inner};
use super::limits::MAX_ACCOUNTS;
use super::own_object::OwnObject;
use super::plan::{Plan, PlanTarget, Purpose, To};
use super::stop::Stop;
use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::letter;
use crate::protocol::letter::object::ObjectKind;

/// The time in seconds for which a device writes to others after its own account's list has expired: 30 days.
pub(crate) const LATE_FOR: u64 = 30 * 86_400;

impl Client {
    /// Plans a message for all devices of the recipients, and for all other devices of this account.
    ///
    /// An account that nothing may be sent to now stops nobody else: [`Plan::stopped`] names it, and the letter
    /// remembers it. If it is the only recipient, this account's devices alone get the letter now. So it is with
    /// this account itself once its list is over ([`Tasks::writes_until`](super::Tasks::writes_until)): the others
    /// get the letter, and its own devices later.
    ///
    /// # Errors
    ///
    /// [`Error::OwnDeviceUnlisted`] if this device is not one of its own account's; [`Error::ListExpired`] if that
    /// account's list is over for 30 days, or from the future. For a letter to one account [`Error::UnknownAccount`]
    /// if no device list of it is known ([`Client::stopped`]), [`Error::AccountChanged`] until the user has decided
    /// about a list of it that waits ([`Client::changed_lists_of`]); [`Error::OwnAccount`] for this account as the
    /// other one; [`Error::NoRecipient`] for a group of nobody else, [`Error::TooManyAccounts`] for one of more than
    /// 65,535.
    pub fn plan(&self, to: To<'_>, now: u64) -> Result<Plan, Error> {
        let inner = &*self.inner;
        let own = inner.account();
        let mut accounts = match to {
            To::Account(account) => Vec::from([account]),
            To::Own => Vec::new(),
            To::Group { members: [], .. } => return Err(Error::NoRecipient),
            To::Group { members, .. } => members.to_vec(),
            To::Recipients(recipients) => recipients.to_vec(),
        };
        accounts.sort_unstable();
        accounts.dedup();
        if accounts.contains(&own) {
            return Err(Error::OwnAccount);
        }
        if accounts.len() >= MAX_ACCOUNTS {
            return Err(Error::TooManyAccounts);
        }
        let conversation = match to {
            To::Account(account) => letter::LetterConversation::With(account),
            To::Own => letter::LetterConversation::With(own),
            To::Group { id, .. } => {
                let audience = letter::audience(accounts.iter().copied().chain([own]));
                letter::LetterConversation::Group { id, audience }
            }
            To::Recipients(to) => {
                let (id, audience) = (to.group(), to.state().0);
                letter::LetterConversation::Group { id, audience }
            }
        };
        let now = inner.clock.now(now);
        let plan = inner.plan(Purpose::Message, conversation, &accounts, |_| true, now)?;
        let alone = match to {
            To::Account(account) => plan.stop_of(account),
            _ => None,
        };
        match alone {
            // There is nothing to wait for but what the user decides, or the app fetches.
            Some(stop @ (Stop::Unknown | Stop::Changed)) => Err(stop.refused()),
            _ => Ok(plan),
        }
    }

    /// Plans to send an object to all other devices of this account. Seal the plan with
    /// [`Enclosed::Nothing`](super::Enclosed).
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`], [`Error::UnknownVersion`], [`Error::Malformed`] for what is no such object; else as
    /// [`Client::plan`].
    pub fn plan_object(&self, object: &OwnObject, now: u64) -> Result<Plan, Error> {
        ObjectKind::of(object.as_bytes())?;
        let inner = &*self.inner;
        let conversation = letter::LetterConversation::With(inner.account());
        let purpose = Purpose::Object(object.duplicate());
        inner.plan(purpose, conversation, &[], |_| true, inner.clock.now(now))
    }

    /// Returns those of `accounts` that a letter would not go to now, and why: ask before the user writes, fetch
    /// what is to be fetched, and show the rest. [`Plan::stopped`](super::Plan::stopped) says the same of a plan.
    pub fn stopped<'a>(
        &'a self,
        accounts: &'a [AccountId],
        now: u64,
    ) -> impl Iterator<Item = (AccountId, Stop)> + 'a {
        let now = self.inner.clock.now(now);
        let stop = move |account: &AccountId| {
            self.inner.stop_of(*account, now).map(|stop| (*account, stop))
        };
        accounts.iter().filter_map(stop)
    }
}

impl Inner {
    /// Makes a plan for those devices of these accounts and of this one that `wanted` names, as far as nothing
    /// stops their account.
    pub(super) fn plan(
        &self,
        purpose: Purpose,
        conversation: letter::LetterConversation,
        accounts: &[AccountId],
        wanted: impl Fn(Address) -> bool,
        now: Now,
    ) -> Result<Plan, Error> {
        self.check_writes(now)?;
        let (mut lists, mut stopped, mut targets) = (Vec::new(), Vec::new(), Vec::new());
        for account in core::iter::once(self.account()).chain(accounts.iter().copied()) {
            let contact = self.contact(account);
            lists.extend(contact.map(|contact| (account, contact.listed())));
            if let Some(stop) = self.stop_of(account, now) {
                stopped.push((account, stop));
                continue;
            }
            let lists = contact.into_iter().map(|contact| &contact.list);
            let devices = lists.flat_map(DeviceList::addresses);
            let others = devices.filter(|address| *address != self.address());
            let others = others.filter(|address| wanted(*address));
            targets.extend(others.map(|address| self.target(address, now)));
        }
        stopped.sort_unstable();
        targets.sort_unstable_by_key(|target: &PlanTarget| target.address);
        self.bound_suspicion(&mut targets);
        let (by, left_out) = (Address::of(self.device.certificate()), Vec::new());
        Ok(Plan {
            by,
            purpose,
            conversation,
            lists,
            stopped,
            targets,
            left_out,
            chunks: 1,
            franks: false,
        })
    }

    /// Returns the reason for which nothing is sent to an account, if there is one.
    pub(super) fn stop_of(&self, account: AccountId, now: Now) -> Option<Stop> {
        self.contact(account).map_or(Some(Stop::Unknown), |contact| contact.stop(now))
    }

    /// Checks that this device may write at all: it is one of its account's, by a list that is not too long over.
    pub(super) fn check_writes(&self, now: Now) -> Result<(), Error> {
        self.check_listed()?;
        self.own.list.check_issued(now.reading())?;
        if now.reading() <= self.writes_until() { Ok(()) } else { Err(Error::ListExpired) }
    }

    /// Returns the last second in which this device writes, if its account signs no other list.
    pub(super) fn writes_until(&self) -> u64 {
        self.own.list.expires().saturating_add(LATE_FOR)
    }
}
