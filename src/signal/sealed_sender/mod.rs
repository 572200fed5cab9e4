//! Sealed sender: envelopes that show a server who a message is for, and not whom it is from:
//! `spec/third-party.md`, "Sealed sender".
//!
//! ```text
//! SenderCertificate ┐
//! SealedContent     ┼─ seal_envelope ─────────▶ one envelope (version 1) ──────────────┐
//! Client            ┘                                                                  ├──▶ Client::unseal
//!                   └─ seal_envelope_to_many ─▶ SentEnvelope ── received_by (server) ──┘
//! ```

mod certificate;
mod content;
mod envelope;
mod keys;
mod sent;
#[cfg(test)]
pub(crate) mod tests;
mod v1;
mod v2;

pub use certificate::{CertificateKey, CertifiedSender, SenderCertificate, Trust};
pub use content::{ContentHint, SealedContent, SealedPayload};
pub use envelope::UnsealedEnvelope;
pub use sent::{RecipientDevice, SealedRecipient, SentEnvelope, SentRecipient};
