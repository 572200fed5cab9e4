//! Groups by sender keys: `spec/third-party.md`, "Groups".
//!
//! Each device of a group has a chain and a signing key of its own there, tells the others both in their pairwise
//! sessions, and then seals each message once for all of them. What is asked before a message to a device, or of one,
//! is asked here as well: every operation takes the client.
//!
//! ```text
//! SenderKey ── tell ──▶ (a pairwise session with each device) ── open ──▶ ReceivedSenderKeys::learn
//!     │                                                                            │
//!     └── seal ── one message for all ──▶ (the server) ── read_group_message ──▶ open
//! ```

mod chain;
mod distribution;
mod members;
mod message;
mod own;
mod own_chain;
mod own_delta;
mod received;
mod received_chain;
mod received_delta;
mod wire;

pub use distribution::{OwnDistribution, SenderKeyDistribution};
pub use message::{GroupContent, GroupMessage};
pub use own::SenderKey;
pub use received::ReceivedSenderKeys;
pub use wire::SenderKeyMessage;

pub(super) use distribution::{Provenance, Teller};
