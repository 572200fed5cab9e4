//! The host's device list as each side of a chat knows it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::protocol::guest::content::EndReason;
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::letter::Listed;

use super::chat::Chat;
use super::delta::{ChatDelta, ChatStep};
use super::state::Inner;
use crate::client::{Address, Alert, Client, ListMismatch, ListUpdate};
use crate::protocol::content::Sender;
use crate::storage::Pending;

impl Chat {
    /// Takes a newer device list of the host's account, on either side: the guest needs it to talk with the
    /// devices that there are, and a device of the host to tell the guest. Nothing changes if it brings
    /// nothing new. A list that follows the known one is taken although it has expired, because it may bridge
    /// the way to one that has not: the time is checked whenever a guest seals or opens.
    ///
    /// The sessions with devices that are not listed any more are erased when the change is applied. On a
    /// device of the host that is itself not listed any more, the change ends the chat.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a list of another account, or one that gives a device's id to other
    /// keys; [`Error::ListExpired`] for one from the future; [`Error::ListRollback`], [`Error::ListFork`],
    /// [`Error::ListGap`] for one that does not follow the known one; [`Error::Expired`],
    /// [`Error::Ended`].
    pub fn learn(
        &mut self,
        list: &DeviceList,
        now: u64,
    ) -> Result<Pending<'_, Self, ListUpdate>, Error> {
        let inner = &*self.inner;
        let now = self.alive(now)?;
        if !list.follows(&inner.list)? {
            return Ok(Pending::maybe(self, None, ListUpdate::Nothing));
        }
        list.check_issued(now.reading())?;
        let now = now.supported(list.issued());
        let (learned, step) = if inner.sender() == Sender::Guest
            && list.device(inner.own.device()) != Some(&inner.own)
        {
            (ListUpdate::Removed, ChatStep::End(EndReason::Removed))
        } else {
            (ListUpdate::between(&inner.list, list), ChatStep::Learn(Box::new(list.clone())))
        };
        Ok(self.step(now, step, learned))
    }

    /// Ends the chat on a device of the host that its account has removed, and erases its keys; nothing changes on
    /// any other. It needs no list that this chat could follow ([`Chat::learn`]).
    ///
    /// # Errors
    ///
    /// [`Error::WrongClient`] for the client of another device, and on the guest's side.
    pub fn leave(&mut self, client: &Client, now: u64) -> Result<Pending<'_, Self, ()>, Error> {
        let step = match self.inner.hosted_by(client) {
            Err(Error::OwnDeviceUnlisted) if self.inner.going().is_ok() => {
                Some(ChatStep::End(EndReason::Removed))
            }
            Ok(()) | Err(Error::OwnDeviceUnlisted) => None,
            Err(error) => return Err(error),
        };
        let now = self.inner.clock.now(now);
        let delta = step.map(|step| ChatDelta::step(now, step));
        Ok(Pending::maybe(self, delta, ()))
    }

    /// Lists which devices on the other side last reported another list of the host's devices than the one
    /// known here, and what it means. Empty when everybody agrees. A device stays until it reports the right
    /// list, or this side has learned the one that it reported.
    pub fn mismatches(&self) -> impl Iterator<Item = (Address, ListMismatch)> {
        let inner = &*self.inner;
        inner.sessions.iter().filter_map(|chat_session| {
            let mismatch = seen(&inner.list, chat_session.reported)?;
            Some((inner.address_of(chat_session.session.peer()), mismatch))
        })
    }
}

impl Inner {
    /// Returns which list of the host's devices this side knows.
    pub(super) fn listed(&self) -> Listed {
        Listed::of(&self.list)
    }

    /// Returns what is to be kept of a report, and told about it, when the last one was `before`.
    pub(super) fn compare(&self, before: Listed, reported: Listed) -> (Listed, Vec<Alert>) {
        let of = self.list.account();
        let (was, is) = (seen(&self.list, before), seen(&self.list, reported));
        let alert = match is {
            Some(mismatch) if was != is => Some(Alert::Lists { of, mismatch }),
            None if was.is_some() => Some(Alert::ListsAgree { of }),
            _ => None,
        };
        (is.map_or(Listed::NONE, |_| reported), alert.into_iter().collect())
    }
}

/// Compares a report with the known list; [`Listed::NONE`] stands for no report.
fn seen(known: &DeviceList, reported: Listed) -> Option<ListMismatch> {
    if reported == Listed::NONE { None } else { ListMismatch::of(known, reported) }
}
