//! Messages from other messengers, as an app sees them.

use alloc::vec::Vec;
use core::ops::Range;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::secret::redacted;
use crate::protocol::position::Position;

use super::binding::Binding;
use super::groups::{Provenance, SenderKeyDistribution};
use super::keys::IdentityKey;
use super::policy::{ForeignDevice, Said};
use super::version::Version;

/// Maximum length of a preview in bytes: what is shown of somebody whom the user has not accepted.
const MAX_PREVIEW: usize = 256;

/// A message of somebody on another messenger that was opened. Its sender is a label that no native message has, and
/// it is none:
///
/// ```compile_fail,E0308
/// # use latchstring::{client::ReceivedLetter, signal::ForeignMessage};
/// fn show(letter: &ReceivedLetter) {}
///
/// fn show_foreign(message: &ForeignMessage) {
///     show(message); // a native letter is wanted
/// }
/// ```
#[non_exhaustive]
pub struct ForeignMessage {
    /// The device that sent it, as its session proved, with its account and provider: the label to show.
    pub from: ForeignDevice,
    /// The ground on which the device is taken for that account's.
    pub binding: Binding,
    /// The identity key of that device.
    pub identity: IdentityKey,
    /// The version of the session.
    pub version: Version,
    /// True for the first message of a session that is new to this side.
    pub is_new_session: bool,
    /// True if somebody asks to be accepted: the user has never written to the account. Show the preview, and ask;
    /// nothing more of the account is opened before.
    pub is_request: bool,
    /// The content.
    pub content: ForeignContent,
    /// Its place among those of its sender in the session.
    pub position: Position,
    /// Earlier messages that this one overtook. They can still arrive.
    pub skipped: usize,
    /// Messages overtaken before that are lost now.
    pub lost: usize,
}

redacted!(
    ForeignMessage,
    |message| from = message.from,
    binding = message.binding,
    version = message.version,
    is_new_session = message.is_new_session,
    is_request = message.is_request,
    skipped = message.skipped,
    lost = message.lost
);

/// The content of a message of somebody on another messenger. Secret.
#[non_exhaustive]
pub enum ForeignContent {
    /// The words of somebody of an attested account.
    Said(Said),
    /// The bytes of another program, which mean what that program says. The crate has not looked at them.
    Plain(PlainContent),
    /// The device's sender key in a group, to be learned
    /// ([`ReceivedSenderKeys::learn`](super::ReceivedSenderKeys::learn)). There is nothing to show.
    SenderKey(SenderKeyDistribution),
    /// Not shown, because it is no preview: not a text, or too long. Keep the message, and open it again if the user
    /// accepts the account: it was not used up.
    Held,
}

redacted!(ForeignContent, |content| is_preview = content.is_preview());

impl ForeignContent {
    /// Returns what was said, by somebody of an attested account.
    #[must_use]
    pub fn said(&self) -> Option<&Said> {
        match self {
            Self::Said(said) => Some(said),
            _ => None,
        }
    }

    /// Returns the bytes of another program.
    #[must_use]
    pub fn plain(&self) -> Option<&[u8]> {
        match self {
            Self::Plain(content) => Some(&content.bytes),
            _ => None,
        }
    }

    /// Tells whether it may be shown of somebody whom the user has not accepted.
    pub(super) fn is_preview(&self) -> bool {
        match self {
            Self::Said(said) => {
                let text = said.content.as_text();
                !said.view_once && text.is_some_and(|text| text.len() <= MAX_PREVIEW)
            }
            Self::Plain(content) => content.bytes.len() <= MAX_PREVIEW,
            Self::SenderKey(_) | Self::Held => false,
        }
    }
}

/// The bytes of another program, from a session with one of its devices. Secret. Nothing but an opened message has
/// one, so that what is found in it is that device's.
pub struct PlainContent {
    provenance: Provenance,
    bytes: Zeroizing<Vec<u8>>,
}

redacted!(PlainContent, |content| from = content.provenance.from);

impl PlainContent {
    pub(super) fn new(provenance: Provenance, bytes: Zeroizing<Vec<u8>>) -> Self {
        Self { provenance, bytes }
    }

    /// Returns the bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads the distribution message that stands at a place in it: the program whose bytes these are says where.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], also for a place outside; [`Error::UnknownVersion`], [`Error::WeakKey`] for the signing
    /// key.
    pub fn sender_key(&self, place: Range<usize>) -> Result<SenderKeyDistribution, Error> {
        let bytes = self.bytes.get(place).ok_or(Error::Malformed)?;
        SenderKeyDistribution::plain(self.provenance.clone(), bytes)
    }
}
