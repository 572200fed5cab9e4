//! People on other messengers, by the Signal protocol: `spec/third-party.md`. What it shares with native
//! sessions (ratchet, chains, skipped keys, braid) is in `protocol/ratchet`; here are its bytes and its keys.

mod groups;
mod keys;
mod sender;
mod service_id;
#[cfg(test)]
mod tests;

pub use groups::{ReceivedSenderKeys, SenderKey, SenderKeyDistribution, SenderKeyMessage};
pub use keys::IdentityKey;
pub use sender::SenderAddress;
pub use service_id::{ServiceId, Uuid};
