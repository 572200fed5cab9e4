//! Operations of this account's.

use alloc::boxed::Box;

use super::delta::GroupDelta;
use super::event::Made;
use super::group::Group;
use crate::client::Client;
use crate::content::Content;
use crate::error::Error;
use crate::protocol::group::action::{Action, MAX_NAMED};
use crate::protocol::group::member::{Member, sorted};
use crate::protocol::group::operation::Operation;
use crate::storage::Pending;

impl Group {
    /// Adds 1 to 32 accounts. Save the change, then send what it gives out, and a [`checkpoint`](Group::checkpoint)
    /// to each account that was added.
    ///
    /// # Errors
    ///
    /// [`Error::NotEntitled`] if this account may not add, or one of them is a member; [`Error::TooManyAccounts`] for
    /// more than 32, or than 1,024 members; [`Error::NoRecipient`] for none; [`Error::WrongClient`] for a client of
    /// another account; [`Error::OwnDeviceUnlisted`] if this device is no longer one of its account's.
    pub fn add(
        &mut self,
        client: &Client,
        members: &[Member],
    ) -> Result<Pending<'_, Self, Made>, Error> {
        let members = sorted(members);
        check_named(&members)?;
        self.make(client, Action::Add(members))
    }

    /// Removes 1 to 32 members to whom this account is senior. Save the change, then send what it gives out; nothing
    /// that is sealed for later [`recipients`](Group::recipients) is for them.
    ///
    /// # Errors
    ///
    /// [`Error::NotEntitled`] if this account is no administrator, or not senior to one of them, or one is no member;
    /// else as [`Group::add`].
    pub fn remove(
        &mut self,
        client: &Client,
        members: &[Member],
    ) -> Result<Pending<'_, Self, Made>, Error> {
        let members = sorted(members);
        check_named(&members)?;
        self.make(client, Action::Remove(members))
    }

    /// Leaves the group. Save the change, then send what it gives out. Keep the group until nobody names an older
    /// state any more: an operation made at the same time may void this one ([`Group::voided`]).
    ///
    /// # Errors
    ///
    /// [`Error::NotEntitled`] if this account is no member; else as [`Group::add`].
    pub fn leave(&mut self, client: &Client) -> Result<Pending<'_, Self, Made>, Error> {
        self.make(client, Action::Leave)
    }

    /// Makes a member the most junior administrator. Save the change, then send what it gives out.
    ///
    /// # Errors
    ///
    /// [`Error::NotEntitled`] if this account is no administrator, or the other one is no member or one already;
    /// [`Error::TooManyAccounts`] for more than 64 administrators; else as [`Group::add`].
    pub fn appoint(
        &mut self,
        client: &Client,
        member: Member,
    ) -> Result<Pending<'_, Self, Made>, Error> {
        self.make(client, Action::Appoint(member))
    }

    /// Makes an administrator a plain member: one to whom this account is senior, or this account itself. Save the
    /// change, then send what it gives out.
    ///
    /// # Errors
    ///
    /// [`Error::NotEntitled`] for all others; else as [`Group::add`].
    pub fn dismiss(
        &mut self,
        client: &Client,
        member: Member,
    ) -> Result<Pending<'_, Self, Made>, Error> {
        self.make(client, Action::Dismiss(member))
    }

    fn make(&mut self, client: &Client, action: Action) -> Result<Pending<'_, Self, Made>, Error> {
        let to = self.recipients(client)?;
        let head = self.inner.tree.head();
        let number = head.number.checked_add(1).ok_or(Error::NotEntitled)?;
        let identity = client.signer()?.identity();
        let made = Operation::sign(Some(self.id()), (head.hash, number), action, identity);
        head.check(&made)?;
        let content = Content::group([made.encode()]);
        Ok(Pending::new(self, GroupDelta::Take(Box::new(made)), Made { content, to }))
    }
}

fn check_named(members: &[Member]) -> Result<(), Error> {
    match members.len() {
        0 => Err(Error::NoRecipient),
        named if named > MAX_NAMED => Err(Error::TooManyAccounts),
        _ => Ok(()),
    }
}
