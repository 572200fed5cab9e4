//! Stops: why an account gets nothing of what is sealed now.

use super::client::{Client, Inner};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::Now;
use crate::protocol::identity::certificate::AccountId;

/// The time in seconds for which a device writes to others after its own account's list has expired: 30 days.
pub(crate) const LATE_FOR: u64 = 30 * 86_400;

/// The reason for which an account gets nothing of a letter, whatever its devices. It stops nobody else.
///
/// But for [`Stop::NoBundle`], the letter remembers the account, for 90 days: once nothing stops it any more,
/// [`Client::backfill`] plans the letter for all of its devices of then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stop {
    /// No device list of it is known: fetch and [`Client::learn`] one.
    Unknown,
    /// Its list is past its time: fetch and [`Client::learn`] a newer one. If there is none, its primary is
    /// switched off.
    ListOver,
    /// A list of it waits for the user ([`Client::changed_lists_of`]).
    Changed,
    /// Letters have named a newer list for three days, and it is not here: fetch and [`Client::learn`] it. If there
    /// is none, the server withholds it, or a device of the account lies.
    Withheld,
    /// All of its devices were left out: there was no bundle of them.
    NoBundle,
}

impl Stop {
    /// Returns the error for a letter that is for this account alone.
    pub(super) fn refused(self) -> Error {
        match self {
            Self::Unknown => Error::UnknownAccount,
            Self::ListOver | Self::Withheld => Error::ListExpired,
            Self::Changed => Error::AccountChanged,
            Self::NoBundle => Error::BundleMissing,
        }
    }

    pub(super) fn write(self, writer: &mut Writer) {
        writer.u8(match self {
            Self::Unknown => 1,
            Self::ListOver => 2,
            Self::Changed => 3,
            Self::Withheld => 4,
            Self::NoBundle => 5,
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(match reader.u8()? {
            1 => Self::Unknown,
            2 => Self::ListOver,
            3 => Self::Changed,
            4 => Self::Withheld,
            5 => Self::NoBundle,
            _ => return Err(Error::Malformed),
        })
    }
}

impl Client {
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
