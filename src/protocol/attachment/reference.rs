//! References to attachments, which messages carry: `spec/attachments.md`, "Reference".
//!
//! ```text
//! reference = terms ‖ key ‖ digest          digest: the tag of the top piece
//! ```

use alloc::boxed::Box;

use zeroize::Zeroizing;

use super::keys::{AttachmentId, Keys};
use super::layout::Layout;
use super::terms::{Media, TERMS, Terms};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat};
use crate::primitives::secret::{Secret, redacted};
use crate::primitives::siv::{TAG, Tag};
use crate::protocol::padding::Padding;

/// The words of a message about an attachment: which one it is, how long, as what to show it, and how to open it.
///
/// Whoever has it can open the attachment, and it opens one content only, whoever made it. Secret.
pub struct Reference {
    pub(crate) key: Box<Secret<32>>,
    pub(crate) terms: Terms,
    pub(crate) digest: Tag,
}

impl Reference {
    /// Length of its encoding in bytes.
    pub const LENGTH: usize = TERMS + 32 + TAG;

    /// Returns what the sender wants the attachment to be shown as.
    #[must_use]
    pub fn media(&self) -> Media {
        self.terms.media
    }

    /// Returns how the attachment is padded.
    #[must_use]
    pub fn padding(&self) -> Padding {
        self.terms.padding
    }

    /// Returns the length of the content in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.terms.length()
    }

    /// Returns the length of the sealed attachment: what is stored under another length is not it.
    #[must_use]
    pub fn sealed_length(&self) -> u64 {
        Layout::new(self.terms.padded()).total()
    }

    /// Returns what the attachment is stored under.
    #[must_use]
    pub fn id(&self) -> AttachmentId {
        Keys::derive(&self.key, &self.terms).id()
    }

    /// Encodes the reference, to stand in a message.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<[u8; Self::LENGTH]> {
        Zeroizing::new(concat(&[&self.terms.encode(), self.key.expose(), &self.digest]))
    }

    /// Decodes what [`Reference::encode`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`], [`Error::WrongKind`] if the bytes are no reference; [`Error::Malformed`] for
    /// anything else that is not one whole canonical reference.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, Self::read)
    }

    /// Makes a second reference to the same attachment, because an opener outlives the message that it came in.
    pub(crate) fn duplicate(&self) -> Self {
        Self { key: Box::new(self.key.duplicate()), terms: self.terms, digest: self.digest }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&*self.encode());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let terms = Terms::read(reader)?;
        Ok(Self { key: Box::new(reader.secret()?), terms, digest: *reader.array()? })
    }
}

redacted!(Reference, |this| media = this.media(), length = this.length());
