//! The prekeys that a server says it serves of a device, compared with what the device can still open:
//! `spec/prekeys.md`, "What the server has".

use alloc::vec::Vec;

use super::bundle::PrekeyId;
use super::prekeys::{BATCH, MAX_ONE_TIME};

/// The prekeys that a server says it serves of a device: its bundle, and its one-time prekeys.
///
/// A server that lies here can make the device publish again what it has published already, and have it make
/// one-time prekeys before they are needed: a batch in 20 hours at most, once 200 are published and unused. So it
/// takes 14 days from when one was noted to have it erased, and nothing else comes of a lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "programs make it of what their server says")]
pub struct Served<'a> {
    /// The bundle's id ([`Bundle::id`](super::bundle::Bundle::id)), if the server has one.
    pub bundle: Option<PrekeyId>,
    /// The one-time prekeys that it has not handed out.
    pub one_time: Stock<'a>,
}

impl Served<'_> {
    /// Nothing at all: what a server has of a new device.
    pub const NOTHING: Self = Self { bundle: None, one_time: Stock::Count(0) };
}

/// The one-time prekeys that a server has not handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stock<'a> {
    /// Their ids ([`OneTimePrekey::id`](super::bundle::OneTimePrekey::id)): the best to have, because each is
    /// looked up.
    Ids(&'a [PrekeyId]),
    /// Only how many there are: that they are dead shows if they are more than the device has secrets.
    Count(usize),
}

impl Stock<'_> {
    /// Compares with the ids of all one-time prekeys that can still be opened: how many of those the server
    /// has, and what it must withdraw.
    pub(super) fn compare(self, mut held: Vec<PrekeyId>) -> (usize, Withdraw) {
        let ids = match self {
            Self::Count(count) if count > held.len() => return (0, Withdraw::All),
            Self::Count(count) => return (count, Withdraw::Nothing),
            // They cannot all be live, and a server does not choose how many are looked at.
            Self::Ids(ids) if ids.len() > MAX_ONE_TIME.saturating_add(BATCH.into()) => {
                return (0, Withdraw::All);
            }
            Self::Ids(ids) => ids,
        };
        held.sort_unstable();
        let mut dead = ids.to_vec();
        dead.sort_unstable();
        dead.dedup();
        let served = dead.len();
        dead.retain(|id| held.binary_search(id).is_err());
        let live = served.saturating_sub(dead.len());
        (live, if dead.is_empty() { Withdraw::Nothing } else { Withdraw::Ids(dead) })
    }
}

/// The one-time prekeys that a server must not hand out any longer, because their secrets are gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Withdraw {
    /// None.
    Nothing,
    /// Those with these ids.
    Ids(Vec<PrekeyId>),
    /// All that the server has: only their number shows that some are dead.
    All,
}
