//! With whom messages are exchanged, and which: `spec/third-party.md`, "Providers" to "Labels".

mod agreed;
mod attestation;
mod authority;
mod content_profile;
mod descriptor;
mod envelope;
pub(super) mod group_envelope;
mod judgement;
mod merge;
mod names;
mod notices;
mod party;
#[expect(clippy::module_inception, reason = "the folder of the policy has the type of one")]
mod policy;
mod record;

pub use attestation::{AccountStatement, Attestation, AttestationRequest, AttestedDevice};
pub use authority::{Authority, AuthorityKey, TrustedKeys};
pub use content_profile::{ContentProfile, Feature};
pub use descriptor::{Programs, ProviderDescriptor, ProviderStatement, ProviderStatus};
pub use envelope::{ForeignChat, ForeignGroupId, ForeignMessageId, Said, Saying};
pub use judgement::Learned;
pub use names::{ForeignAccount, ForeignDevice, ProviderId};
pub use notices::{Notice, Notices};
pub use record::Consent;

#[cfg(test)]
pub(super) use agreed::agreed;
pub(super) use envelope::Ends;
pub(super) use group_envelope::ToldSenderKey;
pub(super) use judgement::follows;
pub(super) use merge::{AccountRoom, Merge};
pub(super) use party::{Disclosed, Party, enclose_in_group};

#[cfg(test)]
pub(super) use policy::MAX_UNDECIDED_OF_ONE;
pub(super) use policy::{MAX_ACCOUNTS, MAX_PROVIDERS, Policy};
pub(super) use record::AccountRecord;
