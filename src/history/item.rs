//! Items of a history: messages, as one own device tells them to another.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::client::{Address, Conversation, Deadline, MessageFacts, MessageId};
use crate::content::{Content, Kinds, Sender, Target};
use crate::error::Error;
use crate::primitives::secret::redacted;
use crate::protocol::history::entry::{Facts, HistoryEntry};
use crate::protocol::history::mark::Mark;
use crate::protocol::history::scope::HistoryScope;
use crate::protocol::identity::certificate::AccountId;

/// A message of an old conversation, for another own device. Secret.
pub struct HistoryItem {
    /// The conversation that it belongs to.
    pub conversation: Conversation,
    /// The device that sent it.
    pub from: Address,
    /// The message id.
    pub id: MessageId,
    /// The time of sending in seconds, by the sender's clock.
    pub sent: u64,
    facts: Option<Facts>,
    started: Option<u64>,
    content: Zeroizing<Vec<u8>>,
}

redacted!(HistoryItem, |item| from = item.from, id = item.id, sent = item.sent);

impl HistoryItem {
    /// Makes an item of a message that this device has shown, or has sent.
    #[must_use]
    pub fn new(
        conversation: Conversation,
        from: Address,
        id: MessageId,
        sent: u64,
        content: &Content,
    ) -> Self {
        let content = content.encode();
        Self { conversation, from, id, sent, facts: None, started: None, content }
    }

    /// Adds the facts that are kept of it ([`ReceivedLetter::facts`](crate::client::ReceivedLetter::facts)), so that
    /// replies, reactions, corrections and deletions find it on the other device.
    ///
    /// # Errors
    ///
    /// [`Error::ContentMismatch`] for the facts of another message, or of another conversation.
    pub fn with_facts(mut self, facts: &MessageFacts) -> Result<Self, Error> {
        let target = &facts.target;
        let named = (target.device(), target.id(), facts.conversation);
        if named != (self.from.device, self.id, self.conversation) {
            return Err(Error::ContentMismatch);
        }
        let (account, digest) = (target.account(), target.digest());
        self.facts = Some(Facts { account, digest, at: facts.at });
        Ok(self)
    }

    /// Adds the deadline of a message that disappears, if its time has begun.
    ///
    /// # Errors
    ///
    /// [`Error::ContentMismatch`] if its content does not have this timer.
    pub fn with_deadline(mut self, deadline: &Deadline) -> Result<Self, Error> {
        if self.content()?.timer() != Some(deadline.seconds) {
            return Err(Error::ContentMismatch);
        }
        self.started = Some(deadline.started);
        Ok(self)
    }

    /// Returns its facts, to be kept with it: what is said about it later is judged by them. None if the source had
    /// none.
    #[must_use]
    pub fn facts(&self) -> Option<MessageFacts> {
        let Facts { account, digest, at } = self.facts?;
        let target = Target::new(account, self.from.device, self.id, digest);
        Some(MessageFacts { target, conversation: self.conversation, at })
    }

    /// Returns the deadline of a message that disappears, if its time has begun: show it only if
    /// [`Client::timed`](crate::client::Client::timed) says so.
    #[must_use]
    pub fn deadline(&self) -> Option<Deadline> {
        let seconds = self.content().ok()?.timer()?;
        self.started.map(|started| Deadline { started, seconds })
    }

    /// Returns what was said.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedContent`] if it needs a newer release: keep [`HistoryItem::encoded`] until there is one.
    pub fn content(&self) -> Result<Content, Error> {
        Content::decode(&self.content, Kinds::of(self.sender()))
    }

    /// Returns what was said, encoded, for [`Content::decode`] by what [`HistoryItem::sender`] may say.
    #[must_use]
    pub fn encoded(&self) -> &[u8] {
        &self.content
    }

    /// Returns the kind of its sender.
    #[must_use]
    pub fn sender(&self) -> Sender {
        if self.conversation == Conversation::Own { Sender::Own } else { Sender::Member }
    }

    pub(super) fn entry(&self, own: AccountId) -> HistoryEntry<'_> {
        HistoryEntry {
            mark: mark(self.sent, self.from, self.id),
            scope: scope(self.conversation, own),
            facts: self.facts,
            started: self.started,
            content: &self.content,
        }
    }

    pub(super) fn of(entry: &HistoryEntry<'_>, own: AccountId) -> Self {
        let Mark { sent, account, device, id } = entry.mark;
        Self {
            conversation: conversation(entry.scope, own),
            from: Address { account, device },
            id,
            sent,
            facts: entry.facts,
            started: entry.started,
            content: Zeroizing::new(entry.content.to_vec()),
        }
    }
}

/// An item as it arrives with a history. Secret.
///
/// Nothing but the word of the own device that tells it vouches for it: neither the sender nor the server has signed
/// any of it. Show it as part of the old conversation, and let it decide nothing.
#[derive(Debug)]
pub struct ToldItem {
    /// The own device that says so.
    pub told_by: Address,
    /// The place among all items of the answer, from 0. It is the same whenever the item is read again.
    pub number: u64,
    /// The message, as that device tells it.
    pub item: HistoryItem,
}

/// Returns the place of a message in the order of a history.
pub(super) fn mark(sent: u64, from: Address, id: MessageId) -> Mark {
    Mark { sent, account: from.account, device: from.device, id }
}

pub(super) fn scope(conversation: Conversation, own: AccountId) -> HistoryScope {
    match conversation {
        Conversation::With(account) => HistoryScope::With(account),
        Conversation::Group(group) => HistoryScope::Group(group),
        Conversation::Own => HistoryScope::With(own),
    }
}

pub(super) fn conversation(scope: HistoryScope, own: AccountId) -> Conversation {
    match scope {
        HistoryScope::With(account) if account == own => Conversation::Own,
        HistoryScope::With(account) => Conversation::With(account),
        HistoryScope::Group(group) => Conversation::Group(group),
    }
}
