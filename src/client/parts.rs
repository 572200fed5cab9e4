//! Parts of the items of a client's delta.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::address::Address;
use super::doubt::Level;
use super::log_status::LogStatus;
use super::session_choice::Contradiction;
use super::slot::Slot;
use super::waiting::Dismissal;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::identity::certificate::AccountKey;
use crate::protocol::identity::device_list::ListHash;
use crate::protocol::letter::Listed;
use crate::protocol::letter::MessageId;
use crate::protocol::ratchet;
use crate::session::Session;

pub(super) struct Raised {
    pub(super) of: Address,
    pub(super) level: Level,
}

pub(super) struct Asked {
    pub(super) to: Address,
    /// The letters that the request names, in ascending order.
    pub(super) ids: Vec<MessageId>,
}

pub(super) struct Settled {
    pub(super) from: Address,
    pub(super) id: MessageId,
}

pub(super) struct Begin {
    pub(super) with: Address,
    pub(super) session: Session,
}

pub(super) struct Accept {
    pub(super) from: Address,
    pub(super) session: Session,
    /// True if it becomes the active session; else it is only read.
    pub(super) activate: bool,
    pub(super) found: Option<Contradiction>,
    /// The time at which its message was sent, but not later than it was opened.
    pub(super) heard: u64,
}

/// A message in a session, which it moves on.
pub(super) struct MovedSession {
    pub(super) with: Address,
    pub(super) slot: Slot,
    /// The time at which it was sent, but not later than it was opened; 0 if it was sealed.
    pub(super) heard: u64,
    pub(super) delta: ratchet::RatchetDelta,
}

pub(super) struct Resent {
    pub(super) id: MessageId,
    pub(super) to: Address,
}

pub(super) struct Queued {
    pub(super) id: MessageId,
    pub(super) account: AccountId,
}

pub(super) struct ListReport {
    pub(super) by: Address,
    pub(super) subject: AccountId,
    pub(super) listed: Option<Box<Listed>>,
}

pub(super) struct Dismissed {
    pub(super) account: AccountId,
    pub(super) dismissal: Dismissal,
}

pub(super) struct VerifiedKey {
    pub(super) account: AccountId,
    /// The account key that was compared; none to take the mark back.
    pub(super) key: Option<AccountKey>,
}

pub(super) struct Logged {
    pub(super) account: AccountId,
    pub(super) list: ListHash,
    pub(super) status: Option<LogStatus>,
}
