//! Groups by sender keys: `spec/third-party.md`, "Groups".
//!
//! Each device of a group has a chain and a signing key of its own there, tells the others both in their pairwise
//! sessions, and then seals each message once for all of them.
//!
//! ```text
//! SenderKey ── distribution ──▶ (a pairwise session with each member) ──▶ ReceivedSenderKeys::learn
//!     │                                                                            │
//!     └── seal ── one message for all ──▶ (the server) ──────────────────────▶ open
//! ```

mod chain;
mod own;
mod received;
mod received_chain;
mod received_delta;
mod wire;

pub use own::SenderKey;
pub use received::ReceivedSenderKeys;
pub use wire::{SenderKeyDistribution, SenderKeyMessage};
