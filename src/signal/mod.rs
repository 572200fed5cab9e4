//! People on other messengers, by the Signal protocol: `spec/third-party.md`. What it shares with native
//! sessions (ratchet, chains, skipped keys, braid) is in `protocol/ratchet`; here are its bytes and its keys.
//!
//! ```text
//! the app's maker   ProviderStatement ──sign──▶ descriptor ──▶ learn_provider, notices, opt_in
//! the account       AccountStatement ──sign──▶ request ──▶ its provider: attest ──▶ attestation
//!                                                          own: adopt      of others: learn_account
//! its service       Challenge ──▶ enlist, with a token of the provider ──▶ admit ──▶ bundles, Delivery
//! then              begin ──▶ seal        open ──▶ a request? ──▶ accept, block
//! ```
//!
//! A provider is off until its user opts in. Its people are attested, and say what all content profiles allow
//! ([`Client::seal`]); those of plain programs are trusted when they are first seen ([`Client::seal_plain`]); files
//! for these are sealed by [`Client::seal_media`] and read by [`MediaVerifier`]. Each device of an account gets a
//! message of its own ([`Client::devices_of`]). Own devices tell each other what was said and heard
//! ([`ForeignCopy`]), and whom they know ([`Client::hand_over`]).
//!
//! ```
//! use getrandom::{SysRng, rand_core::UnwrapErr};
//! use latchstring::Error;
//! use latchstring::content::{Content, Kinds, Sender};
//! use latchstring::session::{Account, AccountId};
//! use latchstring::signal::*;
//!
//! const NOW: u64 = 1_800_000_000; // seconds, from your clock
//!
//! /// A person's client, what the app's maker says of the person's provider, and what the person says.
//! fn person(name: &str, root: &Authority) -> Result<(Client, Vec<u8>, Vec<u8>), Error> {
//!     let mut rng = UnwrapErr(SysRng);
//!     let provider = ProviderId::new(&format!("{name}.example"))?;
//!     let device = ForeignDevice::new(&provider, &Address::new(name, 1)?);
//!     let roots = TrustedKeys::new([root.public_key()])?;
//!     let mut client = Client::generate(device.clone(), Version::V4, roots, NOW, &mut rng);
//!
//!     let (profile, until) = (ContentProfile::new(Kinds::of(Sender::Foreign), 2000), NOW + 30 * 86_400);
//!     let attesting = Authority::generate(&mut rng); // on the provider's server
//!     let descriptor = ProviderStatement {
//!         id: provider,
//!         counter: 1,
//!         from: NOW,
//!         until,
//!         status: ProviderStatus::Active,
//!         programs: Programs::Attested,
//!         floor: Version::V4,
//!         devices: 16,
//!         profile,
//!         attestation_keys: TrustedKeys::new([attesting.public_key()])?,
//!     };
//!     let account = Account::generate(AccountId([7; 32]), &mut rng);
//!     let statement = AccountStatement {
//!         account: device.account().clone(),
//!         key: account.public_key(),
//!         sequence: 1,
//!         from: NOW,
//!         until,
//!         profile,
//!         devices: vec![client.attested_device()],
//!     };
//!     let attestation = statement.sign(&account)?.attest(&attesting).encode();
//!     client.adopt(&attestation, account.public_key(), NOW)?.apply();
//!     Ok((client, descriptor.sign(root)?.encode(), attestation))
//! }
//!
//! fn main() -> Result<(), Error> {
//!     let mut rng = UnwrapErr(SysRng);
//!     let root = Authority::generate(&mut rng);
//!     let (mut ada, of_adas, says_ada) = person("ada", &root)?;
//!     let (mut grace, of_graces, says_grace) = person("grace", &root)?;
//!     let known = [(&mut ada, of_graces, says_grace), (&mut grace, of_adas, says_ada)];
//!     for (client, descriptor, attestation) in known {
//!         client.learn_provider(&descriptor, NOW)?.apply();
//!         let roots = TrustedKeys::new([root.public_key()])?;
//!         let provider = ProviderDescriptor::decode(&descriptor, &roots)?.statement().id.clone();
//!         // Show these to the user, who then says yes.
//!         let notices = client.notices(&provider).expect("a known provider");
//!         client.opt_in(&provider, notices, NOW)?.apply();
//!         client.learn_account(&attestation, NOW)?.apply();
//!     }
//!
//!     let to = grace.device().clone();
//!     ada.begin(&to, &grace.bundle(), NOW, &mut rng)?.apply();
//!     let hello = Content::text("the latchstring is out")?;
//!     let saying = Saying::new(&hello, ada.message_id(&mut rng));
//!     let message = ada.seal(&to, &saying, NOW, &mut rng)?.apply();
//!
//!     // Grace never wrote to Ada: she sees a preview, and is asked.
//!     let opened = grace.open(ada.device(), message.kind, &message.bytes, NOW)?.apply();
//!     assert!(opened.is_request);
//!     assert_eq!(opened.from.to_string(), "ada.1 [ada.example]");
//!     grace.accept(opened.from.account(), NOW)?.apply();
//!     Ok(())
//! }
//! ```

mod address;
mod binding;
mod bundle;
mod client;
mod connection;
mod conversations;
mod copied;
mod copy;
mod decisions;
mod decryption_error;
mod delta;
mod devices;
mod envelopes;
mod fingerprint;
mod groups;
mod handover;
mod handshake;
mod identities;
mod identity_secret;
mod keys;
mod media;
mod message;
mod message_keys;
mod own_keys;
mod peer;
mod policy;
mod prekeys;
mod sealed_message;
mod sealed_sender;
mod service_id;
mod session;
mod take_over;
#[cfg(test)]
pub(crate) mod tests;
mod version;
mod wire;

pub use address::Address;
pub use binding::Binding;
pub use bundle::{Bundle, KemPrekey, OneTimePrekey, SignedPrekey};
pub use client::{Client, PrekeyDuties};
pub use connection::{
    Arrival, Challenge, Delivery, EnlistedDevice, Enlistment, EnlistmentToken, PrekeyBatch,
    Question, Route,
};
pub use copied::{CopiedContent, Direction};
pub use copy::ForeignCopy;
pub use decryption_error::DecryptionErrorMessage;
pub use devices::KnownDevice;
pub use fingerprint::{Comparison, Fingerprint, FingerprintVersion, Iterations, Party};
pub use groups::{
    GroupContent, GroupMessage, OwnDistribution, ReceivedSenderKeys, SenderKey,
    SenderKeyDistribution, SenderKeyMessage,
};
pub use handover::PolicyHandover;
pub use keys::IdentityKey;
pub use media::{
    MAX_MEDIA_LENGTH, MediaKind, MediaOpener, MediaReference, MediaSealer, MediaVerifier,
};
pub use message::{ForeignContent, ForeignMessage, PlainContent};
pub use policy::{
    AccountStatement, Attestation, AttestationRequest, AttestedDevice, Authority, AuthorityKey,
    Consent, ContentProfile, Feature, ForeignAccount, ForeignChat, ForeignDevice, ForeignGroupId,
    ForeignMessageId, Learned, Notice, Notices, Programs, ProviderDescriptor, ProviderId,
    ProviderStatement, ProviderStatus, Said, Saying, TrustedKeys,
};
pub use sealed_message::{MessageKind, SealedMessage};
pub use sealed_sender::{
    CertificateKey, CertifiedSender, ContentHint, RecipientDevice, SealedContent, SealedPayload,
    SealedRecipient, SenderCertificate, SentEnvelope, SentRecipient, Trust, UnsealedEnvelope,
};
pub use service_id::{ServiceId, Uuid};
pub use take_over::Unmerged;
pub use version::Version;
