//! Stops: why an account gets nothing of what is sealed now.

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// The reason for which an account gets nothing of a letter, whatever its devices. It stops nobody else.
///
/// But for [`Stop::NoBundle`], the letter remembers the account, for 90 days: once nothing stops it any more,
/// [`Repair::Backfill`](super::Repair::Backfill) plans the letter for all of its devices of then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stop {
    /// No device list of it is known: fetch and [`Client::learn`](super::Client::learn) one.
    Unknown,
    /// Its list is past its time: fetch and [`Client::learn`](super::Client::learn) a newer one. If there is none, its
    /// primary is switched off.
    ListOver,
    /// A list of it waits for the user ([`Client::changed_lists_of`](super::Client::changed_lists_of)). If the user
    /// acknowledges it, what waits is forgotten, because it was for whoever had the old key; if they dismiss it, it
    /// goes.
    Changed,
    /// Letters have named a newer list for three days, and it is not here: fetch and
    /// [`Client::learn`](super::Client::learn) it. If there is none, the server withholds it, or a device of the
    /// account lies.
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
