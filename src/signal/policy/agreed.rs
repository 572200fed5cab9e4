//! The agreement of two sides by their signed profiles: `spec/third-party.md`, "What may be said".
//!
//! ```text
//! end    = account ‖ account key (32) ‖ profile
//! agreed = SHA-256(LABEL(signal/agreed) ‖ end ‖ end)          the two ends in ascending order of their bytes
//! pair   = SHA-256(LABEL(signal/chat) ‖ account ‖ account)    in ascending order of their bytes
//! ```

use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::primitives::kdf::hash;
use crate::protocol::content::Content;
use crate::protocol::labels;

use super::attestation::AccountStatement;
use super::content_profile::{ContentProfile, Feature};
use super::names::ForeignAccount;

/// Length of what stands for an agreement in bytes.
pub(crate) const AGREED: usize = 32;

/// Hashes what both accounts have signed of themselves. Both sides come to the same bytes.
pub(crate) fn agreed(one: &AccountStatement, other: &AccountStatement) -> [u8; AGREED] {
    let end = |statement: &AccountStatement| {
        let mut writer = Writer::new();
        statement.account.write(&mut writer);
        writer.raw(&statement.key.0);
        statement.profile.write(&mut writer);
        writer
    };
    in_order(labels::SIGNAL_AGREED, &end(one), &end(other))
}

/// Derives the id of the chat of two accounts.
pub(crate) fn pair(one: &ForeignAccount, other: &ForeignAccount) -> [u8; 32] {
    let bytes = |account: &ForeignAccount| {
        let mut writer = Writer::new();
        account.write(&mut writer);
        writer
    };
    in_order(labels::SIGNAL_CHAT, &bytes(one), &bytes(other))
}

fn in_order(label: &[u8], one: &Writer, other: &Writer) -> [u8; 32] {
    let (one, other) = (one.written(), other.written());
    hash(&[label, one.min(other), one.max(other)])
}

/// Refuses content that a profile does not allow. Nothing is left out of it: it is refused whole.
///
/// # Errors
///
/// [`Error::NotAllowed`] for a kind or feature that is not in it, [`Error::ContentTooLong`] for a longer text.
pub(crate) fn check(
    profile: ContentProfile,
    content: &Content,
    features: impl IntoIterator<Item = Feature>,
) -> Result<(), Error> {
    content.check(profile.kinds())?;
    if content.kind().is_none() || !features.into_iter().all(|feature| profile.has(feature)) {
        return Err(Error::NotAllowed);
    }
    let caption = content.attachment().and_then(|attachment| attachment.caption());
    let text = content.as_text().or(caption).unwrap_or_default();
    if text.len() > profile.max_text().into() { Err(Error::ContentTooLong) } else { Ok(()) }
}
