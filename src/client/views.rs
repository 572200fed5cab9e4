//! Views of what is shown once: `spec/conversations.md`, "View once".

use super::client::{Client, Inner};
use super::delta::ClientItem;
use super::limits::DAY;
use super::own_object::OwnObject;
use super::spent::MAX_VIEWED;
use crate::error::Error;
use crate::protocol::content::{Attachment, Content, Target, encode_notice};
use crate::storage::Pending;

/// The time in seconds for which something that is shown once waits to be viewed: 14 days.
const VIEW_FOR: u64 = 14 * DAY;

/// Something that is shown once, when it is shown.
#[derive(Debug)]
pub struct Viewing<'a> {
    /// The attachment to show.
    pub attachment: &'a Attachment,
    /// The notice for this account's other devices: seal it ([`Client::plan_object`]) before anything is shown, or
    /// note that it is owed.
    pub notice: OwnObject,
}

impl Client {
    /// Views something that is shown once: gives its attachment now, and never again on any device of this account
    /// that hears of it. Save the change, seal the notice for the other own devices, erase the content, then show.
    ///
    /// `received` is when this device has opened the letter, by its clock, also if the content was in a blob.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyViewed`] if it was viewed, here or on another own device, or came more than 14 days ago for
    /// sure: erase it, or the reference to its blob. [`Error::Expired`] if it came so long ago by a clock that may be
    /// ahead: keep it. [`Error::NotAllowed`] for any other content, and for one of this account's own.
    /// [`Error::TooOften`] if 512 were viewed in 150 days.
    pub fn view<'c>(
        &mut self,
        target: &Target,
        content: &'c Content,
        received: u64,
        now: u64,
    ) -> Result<Pending<'_, Self, Viewing<'c>>, Error> {
        let now = self.inner.clock.now(now);
        let attachment = content.as_view_once().ok_or(Error::NotAllowed)?;
        if target.account() == self.inner.own.list.first_id() {
            return Err(Error::NotAllowed);
        }
        let end = received.saturating_add(VIEW_FOR);
        if now.firm() >= end || self.inner.spent.has(target) {
            return Err(Error::AlreadyViewed);
        }
        if now.reading() >= end {
            return Err(Error::Expired);
        }
        if self.inner.spent.0.len() >= MAX_VIEWED {
            return Err(Error::TooOften);
        }
        let notice = OwnObject::new(encode_notice(target));
        let items = [ClientItem::Spent(target.name().into())].into();
        Ok(self.pending(now, items, Viewing { attachment, notice }))
    }

    /// Makes the notice of something that was viewed once more, if it was: for a process that has ended before it was
    /// sealed.
    #[must_use]
    pub fn view_notice(&self, target: &Target) -> Option<OwnObject> {
        let is_spent = self.inner.spent.has(target);
        is_spent.then(|| OwnObject::new(encode_notice(target)))
    }
}

impl Inner {
    /// Returns the item that notes what another own device has shown, if that is news.
    pub(super) fn note_viewed(&self, target: &Target) -> Option<ClientItem> {
        (!self.spent.has(target)).then(|| ClientItem::Spent(target.name().into()))
    }
}
