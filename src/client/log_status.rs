//! The status of a device list in a key-transparency log.

use crate::error::Error;

/// The status of one device list in a key-transparency log, as the app has found it.
///
/// This crate asks no log, and neither trusts nor refuses anything because of the status: it keeps it with the list,
/// for the app. A list that the log has may still be a thief's; but then its owner can find it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogStatus {
    /// The log has this very list for the account.
    Included,
    /// The log does not have it, though it has had the time to.
    Missing,
}

impl LogStatus {
    /// Encodes what is known of a list: nothing, or a status.
    pub(super) fn byte(status: Option<Self>) -> u8 {
        match status {
            None => 0,
            Some(Self::Included) => 1,
            Some(Self::Missing) => 2,
        }
    }

    pub(super) fn of(byte: u8) -> Result<Option<Self>, Error> {
        match byte {
            0 => Ok(None),
            1 => Ok(Some(Self::Included)),
            2 => Ok(Some(Self::Missing)),
            _ => Err(Error::Malformed),
        }
    }
}
