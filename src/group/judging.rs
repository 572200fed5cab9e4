//! Letters of a group: whether their senders may write, and which state they name.

use alloc::boxed::Box;

use super::delta::{GroupDelta, StateReport};
use super::event::{Judgement, Standing};
use super::group::Group;
use crate::client::{Client, CopiedLetter, ReceivedLetter};
use crate::error::Error;
use crate::protocol::group::member::Member;
use crate::protocol::group::operation::OperationHash;
use crate::protocol::group::tree::Place;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::GroupId;
use crate::storage::Pending;

impl Group {
    /// Judges a letter of this group: whether its sender may write here, by whose word, and which state it was sealed
    /// for. Save the change, which notes that state, then act by the verdict. Judge before the content is looked at.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a letter of another conversation; [`Error::UnknownAccount`] if the client does not know
    /// its sender's account any more; [`Error::WrongClient`] for a client of another account.
    pub fn judge(
        &mut self,
        client: &Client,
        letter: &ReceivedLetter,
        now: u64,
    ) -> Result<Pending<'_, Self, Judgement>, Error> {
        let (writer, state) = self.named(client, letter.from.account, letter.group_state())?;
        let judgement = self.verdict(writer, state);
        let known = self.inner.reports.get(&writer).map(|report| report.state);
        let is_news = self.inner.tree.head().is_member(writer) && known != Some(state);
        let report = is_news.then(|| Box::new((writer, StateReport { state, since: now })));
        Ok(Pending::maybe(self, report.map(GroupDelta::Report), judgement))
    }

    /// Judges a letter that an own device passes on. Nothing is noted: that it was said is that device's word.
    ///
    /// # Errors
    ///
    /// As [`Group::judge`].
    pub fn judge_copy(&self, client: &Client, copy: &CopiedLetter) -> Result<Judgement, Error> {
        let (writer, state) = self.named(client, copy.from.account, copy.group_state())?;
        Ok(self.verdict(writer, state))
    }

    /// Returns who has written in this group, and the state that was named.
    fn named(
        &self,
        client: &Client,
        writer: AccountId,
        said_in: Option<(GroupId, OperationHash)>,
    ) -> Result<(Member, OperationHash), Error> {
        self.check_client(client)?;
        let said_here = said_in.filter(|(group, _)| *group == self.id());
        let (_, state) = said_here.ok_or(Error::WrongPeer)?;
        let list = client.list_of(writer).ok_or(Error::UnknownAccount)?;
        Ok((Member::of(list), state))
    }

    fn verdict(&self, writer: Member, state: OperationHash) -> Judgement {
        let tree = &self.inner.tree;
        let now = tree.head().admission(writer);
        let then = tree.roster_at(state).map(|roster| roster.is_member(writer));
        let standing = match (now, then) {
            (Some(word), Some(true) | None) => Standing::Member(word),
            (None, Some(true)) => Standing::Former,
            (None, None) if tree.place(state) == Place::Unknown => Standing::Unconfirmed,
            _ => Standing::Stranger,
        };
        Judgement { state: self.relation(state), writer: standing }
    }
}
