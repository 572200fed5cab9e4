//! People on other messengers, by the Signal protocol: `spec/third-party.md`. What it shares with native
//! sessions (ratchet, chains, skipped keys, braid) is in `protocol/ratchet`; here are its bytes and its keys.

mod address;
mod bundle;
mod client;
mod decryption_error;
mod delta;
mod envelopes;
mod fingerprint;
mod groups;
mod handshake;
mod identity_secret;
mod keys;
mod message_keys;
mod own_keys;
mod peer;
mod prekeys;
mod sealed_sender;
mod service_id;
mod session;
#[cfg(test)]
mod tests;
mod version;
mod wire;

pub use address::Address;
pub use bundle::{Bundle, KemPrekey, OneTimePrekey, SignedPrekey};
pub use client::{Client, MessageKind, OpenedMessage, PrekeyDuties, SealedMessage};
pub use decryption_error::DecryptionErrorMessage;
pub use fingerprint::{Comparison, Fingerprint, FingerprintVersion, Iterations, Party};
pub use groups::{ReceivedSenderKeys, SenderKey, SenderKeyDistribution, SenderKeyMessage};
pub use identity_secret::IdentitySecret;
pub use keys::IdentityKey;
pub use sealed_sender::{
    CertificateKey, CertifiedSender, ContentHint, RecipientDevice, SealedContent, SealedPayload,
    SealedRecipient, SenderCertificate, SentEnvelope, SentRecipient, Trust, UnsealedEnvelope,
};
pub use service_id::{ServiceId, Uuid};
pub use version::Version;
