//! People on other messengers, by the Signal protocol: `spec/third-party.md`. What it shares with native
//! sessions (ratchet, chains, skipped keys, braid) is in `protocol/ratchet`; here are its bytes and its keys.

mod decryption_error;
mod fingerprint;
mod groups;
mod identity_secret;
mod keys;
mod sealed_sender;
mod sender;
mod service_id;
#[cfg(test)]
mod tests;

pub use decryption_error::DecryptionErrorMessage;
pub use fingerprint::{Comparison, Fingerprint, FingerprintVersion, Iterations, Party};
pub use groups::{ReceivedSenderKeys, SenderKey, SenderKeyDistribution, SenderKeyMessage};
pub use identity_secret::IdentitySecret;
pub use keys::IdentityKey;
pub use sealed_sender::{
    CertificateKey, CertifiedSender, ContentHint, RecipientDevice, SealedContent, SealedPayload,
    SealedRecipient, SenderCertificate, SentEnvelope, SentRecipient, Trust, UnsealedEnvelope,
};
pub use sender::SenderAddress;
pub use service_id::{ServiceId, Uuid};
