//! Bounds of a client's state, and how often time alone is worth a change.

use crate::protocol::identity::device_list::MAX_DEVICES;
use crate::protocol::ratchet::MAX_SKIPPED;

/// Accounts that a client knows at most, and that one plan addresses at most.
pub(crate) const MAX_ACCOUNTS: usize = 65_536;
/// Devices that a client holds something about at most.
pub(crate) const MAX_PEERS: usize = (MAX_ACCOUNTS + 1) * MAX_DEVICES;
/// Skipped keys of all sessions with an account at most.
pub(crate) const MAX_SKIPPED_OF_ACCOUNT: usize = 2 * MAX_SKIPPED;
/// Items of one delta at most.
pub(crate) const MAX_ITEMS: usize = 1 << 23;

/// The time in seconds whose passing alone is worth a change.
pub(crate) const HOUR: u64 = 3600;
