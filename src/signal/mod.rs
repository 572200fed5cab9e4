//! People on other messengers, by the Signal protocol: `spec/third-party.md`. What it shares with native
//! sessions (ratchet, chains, skipped keys, braid) is in `protocol/ratchet`; here are its bytes and its keys.

mod decryption_error;
mod fingerprint;
mod groups;
mod keys;
mod sender;
mod service_id;
#[cfg(test)]
mod tests;

pub use decryption_error::DecryptionErrorMessage;
pub use fingerprint::{Comparison, Fingerprint, FingerprintVersion, Iterations, Party};
pub use groups::{ReceivedSenderKeys, SenderKey, SenderKeyDistribution, SenderKeyMessage};
pub use keys::IdentityKey;
pub use sender::SenderAddress;
pub use service_id::{ServiceId, Uuid};
