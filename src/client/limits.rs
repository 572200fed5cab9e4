//! Bounds of a client's state, and how often time alone is worth a change.

use crate::protocol::identity::device_list::MAX_DEVICES;
use crate::protocol::ratchet::MAX_SKIPPED;

/// Accounts that a client knows at most, and that one plan addresses at most.
pub(crate) const MAX_ACCOUNTS: usize = 65_536;
/// Devices that a client holds something about at most.
pub(crate) const MAX_PEERS: usize = (MAX_ACCOUNTS + 1) * MAX_DEVICES;
/// Replaced sessions with all devices of an account at most: more than one for each device, so that there is
/// always one to give up that its peer does not send in any more.
pub(crate) const MAX_REPLACED_OF_ACCOUNT: usize = 48;
/// Skipped keys of all sessions with an account at most.
pub(crate) const MAX_SKIPPED_OF_ACCOUNT: usize = 2 * MAX_SKIPPED;
/// Skipped keys of a client at most.
pub(crate) const MAX_SKIPPED_OF_CLIENT: usize = 65_536;
/// Skipped keys of all newcomers at most: an eighth.
pub(crate) const MAX_SKIPPED_OF_NEWCOMERS: usize = MAX_SKIPPED_OF_CLIENT / 8;
/// Newcomers that a client knows at most.
pub(crate) const MAX_NEWCOMERS: usize = 2048;
/// Sessions with all newcomers at most.
pub(crate) const MAX_NEWCOMER_SESSIONS: usize = 2048;
/// Lists of newcomers that wait at most.
pub(crate) const MAX_NEWCOMER_LISTS: usize = 512;
/// Items of one delta at most.
pub(crate) const MAX_ITEMS: usize = 1 << 23;

/// The time in seconds whose passing alone is worth a change.
pub(crate) const HOUR: u64 = 3600;

/// A day in seconds.
pub(crate) const DAY: u64 = 24 * HOUR;
