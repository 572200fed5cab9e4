//! People on other messengers, by the Signal protocol: `spec/third-party.md`. What it shares with native
//! sessions (ratchet, chains, skipped keys, braid) is in `protocol/ratchet`; here are its bytes and its keys.

mod address;
mod bundle;
mod client;
mod conversations;
mod decisions;
mod delta;
mod handshake;
mod keys;
mod message;
mod message_keys;
mod own_keys;
mod peer;
mod policy;
mod prekeys;
mod service_id;
mod session;
#[cfg(test)]
pub(crate) mod tests;
mod version;
mod wire;

pub use address::Address;
pub use bundle::{Bundle, KemPrekey, OneTimePrekey, SignedPrekey};
pub use client::{Client, PrekeyDuties};
pub use keys::IdentityKey;
pub use message::{Binding, ForeignContent, ForeignMessage, MessageKind, SealedMessage};
pub use policy::{
    AccountStatement, Attestation, AttestationRequest, AttestedDevice, Authority, AuthorityKey,
    Consent, Feature, ForeignAccount, ForeignChat, ForeignDevice, ForeignGroupId, ForeignMessageId,
    Learned, Notice, Notices, Profile, Programs, ProviderDescriptor, ProviderId, ProviderStatement,
    ProviderStatus, Said, Saying, TrustedKeys,
};
pub use service_id::{ServiceId, Uuid};
pub use version::Version;
