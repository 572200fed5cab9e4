//! The host's devices as each side of a chat knows them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::change::Change;
use crate::client::{Address, Alert, Learned, View};
use crate::error::Error;
use crate::protocol::content::EndReason;
use crate::protocol::devices::DeviceList;
use crate::protocol::letter::Listed;

use super::delta::Step;
use super::stage::Inner;
use super::{Chat, Origin};

/// What stands for no report: no list has epoch 0. Flat, and not an `Option`, because a state on the
/// heap must hold zeros where there is none, and not what was on the stack before.
pub(super) const NONE: Listed = Listed { epoch: 0, hash: [0; 32] };

impl Chat {
    /// Takes a newer device list of the host's account, on either side: the guest so that it talks
    /// with the devices that there are, a device of the host so that the guest is told. There is no
    /// change if it brings nothing new. What follows is taken although it has expired, because it may
    /// bridge the way to one that has not: the time is looked at whenever a guest speaks or reads.
    ///
    /// The sessions with devices that are gone are erased when the change is applied. On a device of
    /// the host that is gone itself, the change ends the chat.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a list of another account, or one that gives a device's id to other
    /// keys; [`Error::ListExpired`] for one from the future; [`Error::ListRollback`], [`Error::ListFork`],
    /// [`Error::ListGap`] for one that does not follow the known one; [`Error::Expired`],
    /// [`Error::Ended`].
    pub fn learn(&self, list: &DeviceList, now: u64) -> Result<(Learned, Option<Change>), Error> {
        let inner = &*self.inner;
        let now = self.alive(now)?;
        if !list.follows(&inner.list)? {
            return Ok((Learned::Nothing, None));
        }
        list.check_issued(now)?;
        let (learned, step) = if inner.origin() == Origin::Guest
            && list.device(inner.own.device()) != Some(&inner.own)
        {
            (Learned::Removed, Step::End(EndReason::Removed))
        } else {
            (Learned::between(&inner.list, list), Step::Learn(Box::new(list.clone())))
        };
        Ok((learned, Some(inner.change(now, step)?)))
    }

    /// The devices on the other side that reported another list of the host's devices than the one
    /// known here, and what it means. Empty when everybody agrees. It stays until the device reports
    /// the right list, or this side has learned the one that it reported.
    pub fn mismatches(&self) -> impl Iterator<Item = (Address, View)> {
        let inner = &*self.inner;
        inner.seats.iter().filter_map(|seat| {
            let view = seen(&inner.list, seat.reported)?;
            Some((Address::of(seat.session.peer()), view))
        })
    }
}

impl Inner {
    /// Which list of the host's devices this side knows.
    pub(super) fn listed(&self) -> Listed {
        Listed::of(&self.list)
    }

    /// What is to be kept of a report, and told about it, when the last one was `before`.
    pub(super) fn compare(&self, before: Listed, reported: Listed) -> (Listed, Vec<Alert>) {
        let of = self.list.account();
        let (was, is) = (seen(&self.list, before), seen(&self.list, reported));
        let alert = match is {
            Some(view) if was != is => Some(Alert::Lists { of, view }),
            None if was.is_some() => Some(Alert::ListsAgree { of }),
            _ => None,
        };
        (is.map_or(NONE, |_| reported), alert.into_iter().collect())
    }
}

/// What a report means; none was made as long as it is [`NONE`].
fn seen(known: &DeviceList, reported: Listed) -> Option<View> {
    if reported == NONE { None } else { View::of(known, reported) }
}
