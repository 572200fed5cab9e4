//! People on other messengers, by the Signal protocol: `spec/third-party.md`. What it shares with native
//! sessions (ratchet, chains, skipped keys, braid) is in `protocol/ratchet`; here are its bytes and its keys.

mod address;
mod bundle;
mod client;
mod delta;
mod handshake;
mod keys;
mod message_keys;
mod own_keys;
mod peer;
mod prekeys;
mod service_id;
mod session;
#[cfg(test)]
mod tests;
mod version;
mod wire;

pub use address::Address;
pub use bundle::{Bundle, KemPrekey, OneTimePrekey, SignedPrekey};
pub use client::{Client, MessageKind, OpenedMessage, PrekeyDuties, SealedMessage};
pub use keys::IdentityKey;
pub use service_id::{ServiceId, Uuid};
pub use version::Version;
