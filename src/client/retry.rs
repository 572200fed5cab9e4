//! What could not be opened is asked for again, what was left out is made up for, and own devices
//! tell each other what they have read.

use crate::error::Error;
use crate::protocol::letter::{self, Sighting};

use alloc::vec::Vec;

use super::logs::{AGAIN_FOR, MAX_AGAIN, Sent};
use super::plan::{Plan, Purpose};
use super::{AccountId, Address, Client, Inner, MessageId};

/// How long after a message devices that its sender did not know of can be made up for, in seconds.
pub(crate) const BACKFILL_FOR: u64 = 86_400;

/// What one letter tells of what was read, at most.
const MAX_WITNESS: usize = 64;

impl Client {
    /// Plans to tell a device that its message of this name could not be opened, so that it seals
    /// it again. Seal it without content. Nothing in the crate does so by itself: whoever answers
    /// what does not open tells a stranger that somebody is there.
    ///
    /// Ask once for each name, and ask a device for nothing more until something of it has opened:
    /// it may be asking for this request, too.
    ///
    /// # Errors
    ///
    /// As [`Client::plan`]; [`Error::Unlisted`] if the device is not in its account's list.
    pub fn ask_again(&self, from: Address, id: MessageId, now: u64) -> Result<Plan, Error> {
        let purpose = Purpose::AskAgain(id);
        self.inner.plan_for(purpose, letter::Conversation::With(from.account), from, now)
    }

    /// Plans to seal a message again for a device that asked ([`Content::AskedAgain`]). Give
    /// [`Client::seal`] the same content; other content is refused.
    ///
    /// # Errors
    ///
    /// [`Error::KeyGone`] if the message is not remembered any more: the newest 128 are, for two
    /// weeks. [`Error::Unlisted`] if the device is not in the list of an account that the message
    /// went to, or came into it later ([`Client::backfill`]). [`Error::Exhausted`] if it was sealed
    /// again for that device five times. Else as [`Client::plan`].
    ///
    /// [`Content::AskedAgain`]: crate::Content::AskedAgain
    pub fn plan_again(&self, to: Address, id: MessageId, now: u64) -> Result<Plan, Error> {
        let inner = &*self.inner;
        let sent = inner.sent_before(&id, now)?;
        let (_, epoch) = sent.went_to(to.account).ok_or(Error::Unlisted)?;
        if inner.since(to).is_none_or(|since| since > epoch) {
            return Err(Error::Unlisted);
        }
        if sent.times(to) >= MAX_AGAIN {
            return Err(Error::Exhausted);
        }
        inner.plan_for(Purpose::Again(id), sent.filed.conversation(), to, now)
    }

    /// Plans to seal a message for those devices of its accounts that were left out of it, or that
    /// came into their list after it was sent. Give [`Client::seal`] the same content.
    ///
    /// # Errors
    ///
    /// [`Error::KeyGone`] if the message is not remembered any more, or was sent more than a day
    /// ago. Else as [`Client::plan`]. A plan without devices if nobody is missing.
    pub fn backfill(&self, id: MessageId, now: u64) -> Result<Plan, Error> {
        let inner = &*self.inner;
        let sent = inner.sent_before(&id, now)?;
        if now.max(inner.clock) >= sent.at.saturating_add(BACKFILL_FOR) {
            return Err(Error::KeyGone);
        }
        let others = sent.lists.iter().skip(1).map(|(account, _)| *account);
        let others: Vec<AccountId> = others.collect();
        let wanted = |address: Address| {
            let went = inner.since(address).zip(sent.went_to(address.account));
            let later = went.is_some_and(|(since, (_, epoch))| since > epoch);
            sent.left_out.contains(&address) || (later && sent.times(address) == 0)
        };
        inner.plan(Purpose::Again(id), sent.filed.conversation(), &others, wanted, now)
    }

    /// Plans to tell this account's other devices what this one has read of others lately, so that
    /// a sender who told them different things is noticed. Seal it without content; once a day is
    /// enough.
    ///
    /// # Errors
    ///
    /// As [`Client::plan`].
    pub fn witness(&self, now: u64) -> Result<Plan, Error> {
        let conversation = letter::Conversation::With(self.inner.account());
        self.inner.plan(Purpose::Witness, conversation, &[], |_| true, now)
    }
}

impl Inner {
    /// A plan for one device.
    fn plan_for(
        &self,
        purpose: Purpose,
        conversation: letter::Conversation,
        to: Address,
        now: u64,
    ) -> Result<Plan, Error> {
        if to == self.address() {
            return Err(Error::WrongPeer);
        }
        let contact = self.contact(to.account).ok_or(Error::Unlisted)?;
        contact.device(to.device)?;
        let mut accounts: Vec<_> = Vec::from([to.account]);
        if let letter::Conversation::With(account) = conversation {
            accounts.push(account);
        }
        accounts.retain(|account| *account != self.account());
        accounts.sort_unstable();
        accounts.dedup();
        self.plan(purpose, conversation, &accounts, |address| address == to, now)
    }

    /// The epoch of the first list that names the device.
    fn since(&self, address: Address) -> Option<u64> {
        self.contact(address.account)?.since(address.device)
    }

    pub(super) fn sent_before(&self, id: &MessageId, now: u64) -> Result<&Sent, Error> {
        let sent = self.sent.find(id).ok_or(Error::KeyGone)?;
        let until = sent.at.saturating_add(AGAIN_FOR);
        if now.max(self.clock) < until { Ok(sent) } else { Err(Error::KeyGone) }
    }

    /// What this device has read of others lately.
    pub(super) fn sightings(&self) -> Vec<Sighting> {
        self.seen.newest(self.account(), MAX_WITNESS)
    }
}
