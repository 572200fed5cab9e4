//! People on other messengers, by the Signal protocol: `spec/third-party.md`. What it shares with native
//! sessions (ratchet, chains, skipped keys, braid) is in `protocol/ratchet`; here are its bytes and its keys.

mod keys;
mod service_id;

pub use keys::IdentityKey;
pub use service_id::{ServiceId, Uuid};
