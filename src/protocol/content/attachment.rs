//! Attachments: `spec/content.md`, "Attachments".
//!
//! ```text
//! image, voice, video = reference
//! file                = u32(length) ‖ reference ‖ name?
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::kind::Kind;
use super::text::{Text, text};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::primitives::text::is_line;

/// Maximum length of an attachment's reference in bytes.
const MAX_REFERENCE: usize = 256;
/// Maximum length of a file's name in bytes.
const MAX_NAME: u16 = 255;

/// The reference by which an attachment is found and opened: bytes that the app gives a meaning. Secret.
pub struct AttachmentReference(Zeroizing<Vec<u8>>);

redacted!(AttachmentReference, |reference| length = reference.as_bytes().len());

impl AttachmentReference {
    /// Takes the bytes of a reference: 1 to 256.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for none, or more.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        if (1..=MAX_REFERENCE).contains(&bytes.len()) {
            Ok(Self(Zeroizing::new(bytes.to_vec())))
        } else {
            Err(Error::Malformed)
        }
    }

    /// Returns the bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// An image, voice message, video or file that is stored elsewhere, with what is said of it. Secret.
pub struct Attachment {
    kind: Kind,
    reference: AttachmentReference,
    name: Option<Text>,
    pub(super) caption: Option<Text>,
}

redacted!(Attachment, |attachment| kind = attachment.kind);

impl Attachment {
    pub(super) fn new(kind: Kind, reference: AttachmentReference) -> Self {
        Self { kind, reference, name: None, caption: None }
    }

    /// Makes a file's; [`Error::InvalidName`] if the name may not be one.
    pub(super) fn file(reference: AttachmentReference, name: Option<&str>) -> Result<Self, Error> {
        let name = name.map(|name| file_name(name.as_bytes())).transpose();
        let name = name.map_err(|_| Error::InvalidName)?;
        Ok(Self { name, ..Self::new(Kind::File, reference) })
    }

    /// Returns what it is: an image, a voice message, a video or a file.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns what it is found and opened by.
    #[must_use]
    pub fn reference(&self) -> &AttachmentReference {
        &self.reference
    }

    /// Returns the name of a file, if it has one: a line, without `/` and `\`. It is the sender's choice: where
    /// and under which name a file is stored must not follow from it alone.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(|name| name.as_str())
    }

    /// Returns the text that goes with it, if there is one.
    #[must_use]
    pub fn caption(&self) -> Option<&str> {
        self.caption.as_ref().map(|caption| caption.as_str())
    }

    /// Writes the body of its part. The caption is a part of its own.
    pub(super) fn write(&self, writer: &mut Writer) {
        if self.kind == Kind::File {
            writer.bytes(self.reference.as_bytes());
            writer.raw(self.name().unwrap_or_default().as_bytes());
        } else {
            writer.raw(self.reference.as_bytes());
        }
    }

    /// Reads the body of a part.
    pub(super) fn read(kind: Kind, body: &[u8]) -> Result<Self, Error> {
        if kind != Kind::File {
            return Ok(Self::new(kind, AttachmentReference::new(body)?));
        }
        Reader::all(body, |reader| {
            let reference = AttachmentReference::new(reader.bytes(MAX_REFERENCE)?)?;
            let name = match reader.rest() {
                [] => None,
                name => Some(file_name(name)?),
            };
            Ok(Self { name, ..Self::new(kind, reference) })
        })
    }
}

/// Reads a file's name: a line that leads to no other folder.
fn file_name(bytes: &[u8]) -> Result<Text, Error> {
    let name = text(bytes, MAX_NAME)?;
    let is_path = name.contains(['/', '\\']) || matches!(name.as_str(), "." | "..");
    if is_line(&name) && !is_path { Ok(name) } else { Err(Error::Malformed) }
}
