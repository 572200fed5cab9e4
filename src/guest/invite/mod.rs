//! The host's side of a link, from making it until somebody has claimed it.

#[expect(clippy::module_inception, reason = "the folder of an invite has its type")]
mod invite;

mod claim;
mod delta;
mod state_bytes;
mod sync;

pub use claim::{Introduction, OpenedClaim, RecordedClaim};
pub use invite::Invite;
