//! Messages of groups on other messengers, as an app sees them.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::primitives::secret::redacted;
use crate::signal::binding::Binding;
use crate::signal::policy::{ForeignDevice, Said};

/// A message of a group that was opened.
#[non_exhaustive]
pub struct GroupMessage {
    /// The device that sent it, as the session proved in which its sender key was told: the label to show.
    pub from: ForeignDevice,
    /// The ground on which the device is taken for its account's.
    pub binding: Binding,
    /// The content.
    pub content: GroupContent,
}

redacted!(GroupMessage, |message| from = message.from, binding = message.binding);

/// The content of a message of a group. Secret.
#[non_exhaustive]
pub enum GroupContent {
    /// The words of somebody of an attested account.
    Said(Said),
    /// The bytes of another program, which mean what that program says. The crate has not looked at them. No sender
    /// key is learned from them: those are told in sessions.
    Plain(Zeroizing<Vec<u8>>),
}

redacted!(GroupContent, |content| is_said = content.said().is_some());

impl GroupContent {
    /// Returns what was said, by somebody of an attested account.
    #[must_use]
    pub fn said(&self) -> Option<&Said> {
        match self {
            Self::Said(said) => Some(said),
            Self::Plain(_) => None,
        }
    }

    /// Returns the bytes of another program.
    #[must_use]
    pub fn plain(&self) -> Option<&[u8]> {
        match self {
            Self::Said(_) => None,
            Self::Plain(bytes) => Some(bytes),
        }
    }
}
