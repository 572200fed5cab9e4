//! Receipts and typing, which pass: who may be told, of what, and how often. `spec/conversations.md`, "Receipts and
//! typing".

use super::client::Inner;
use super::enclosed::Enclosed;
use super::passing::Passing;
use super::plan::{Plan, Purpose};
use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::content::{Content, Receipt};
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::LetterConversation;
use crate::protocol::letter::copy::LetterOf;

impl Inner {
    /// Returns what a plan says in passing, if it does and may.
    pub(super) fn passing(
        &self,
        plan: &Plan,
        enclosed: Enclosed<'_>,
        now: Now,
    ) -> Result<Option<Passing>, Error> {
        let Enclosed::Content(content) = enclosed else { return Ok(None) };
        if !content.is_passing() || !matches!(plan.purpose, Purpose::Message) {
            return Ok(None);
        }
        let own = self.account();
        let partner = match plan.conversation {
            LetterConversation::With(account) => Some(account),
            LetterConversation::Group { .. } => None,
        };
        self.check_passing(content, partner, true)?;
        let unread = content.as_receipt().is_some_and(|receipt| !self.has_opened(receipt));
        // Nobody is to see when this device is there, to whom nothing was said yet.
        let listed = plan.lists.iter().map(|(account, _)| *account);
        let mut told = listed.chain(plan.stopped.iter().map(|(account, _)| *account));
        let is_stranger = |account: AccountId| {
            account != own && self.contact(account).is_none_or(|contact| contact.newcomer)
        };
        if unread || told.any(is_stranger) {
            return Err(Error::NotAllowed);
        }
        let passing = Passing::of(content.as_typing().is_some(), plan.conversation);
        if self.passed.is_early(passing, now.reading()) {
            return Err(Error::TooOften);
        }
        Ok(Some(passing))
    }

    /// Refuses a receipt of messages that are none of the other side's, and what is said in passing to who does not
    /// wait for it. `partner` is the other side of a conversation, or this account.
    pub(super) fn check_passing(
        &self,
        content: &Content,
        partner: Option<AccountId>,
        is_own: bool,
    ) -> Result<(), Error> {
        let (own, first) = (self.account(), self.own.list.first_id());
        let may = match (content.as_receipt(), partner) {
            (None, partner) => content.as_typing().is_none() || partner != Some(own),
            (Some(_), None) => false,
            (Some(receipt), Some(partner)) if partner == own => receipt.account() != first,
            (Some(receipt), Some(partner)) if is_own => receipt.account() == self.name_of(partner),
            (Some(receipt), Some(_)) => receipt.account() == first,
        };
        if may { Ok(()) } else { Err(Error::NotAllowed) }
    }

    /// Tells whether all messages of a receipt were opened here, as far as that is remembered.
    fn has_opened(&self, receipt: &Receipt) -> bool {
        receipt.messages().all(|(device, id)| {
            let of = LetterOf { account: receipt.account(), device, id };
            self.was_seen(&self.letter_known(&of))
        })
    }
}
