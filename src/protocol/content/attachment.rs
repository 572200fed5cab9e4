//! Attachments: `spec/content.md`, "Attachments".
//!
//! ```text
//! image, voice, video = reference ‖ u32(length) ‖ place
//! file                = reference ‖ u32(length) ‖ place ‖ name?
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::kind::Kind;
use super::text::{Text, text};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::primitives::text::is_line;
use crate::protocol::attachment::reference::Reference;
use crate::protocol::attachment::terms::Media;

/// Maximum length of a place in bytes.
const MAX_PLACE: usize = 512;
/// Maximum length of a file's name in bytes.
const MAX_NAME: u16 = 255;

/// An image, voice message, video or file that is stored elsewhere, with what is said of it. Secret.
pub struct Attachment {
    reference: Reference,
    place: Zeroizing<Vec<u8>>,
    name: Option<Text>,
    pub(super) caption: Option<Text>,
}

redacted!(Attachment, |attachment| kind = attachment.kind());

impl Attachment {
    /// Makes one without name and caption; [`Error::ContentTooLong`] for a longer place than 512 bytes.
    pub(super) fn new(reference: Reference, place: &[u8]) -> Result<Self, Error> {
        if place.len() > MAX_PLACE {
            return Err(Error::ContentTooLong);
        }
        let place = Zeroizing::new(place.to_vec());
        Ok(Self { reference, place, name: None, caption: None })
    }

    /// Takes a name; [`Error::NotAllowed`] if it is no file's, [`Error::InvalidName`] if it may not be one.
    pub(super) fn set_name(&mut self, name: &str) -> Result<(), Error> {
        if self.kind() != Kind::File {
            return Err(Error::NotAllowed);
        }
        self.name = Some(file_name(name.as_bytes()).map_err(|_| Error::InvalidName)?);
        Ok(())
    }

    /// Returns what it is: an image, a voice message, a video or a file.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.reference.media() {
            Media::File => Kind::File,
            Media::Image => Kind::Image,
            Media::Video => Kind::Video,
            Media::Voice => Kind::Voice,
        }
    }

    /// Returns what it is opened by.
    #[must_use]
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Returns where it is stored, in the app's own words; empty if its id says so. It is the sender's choice: look
    /// for it in stores that you trust, and never call an address because it stands here.
    #[must_use]
    pub fn place(&self) -> &[u8] {
        &self.place
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
        self.reference.write(writer);
        writer.bytes(&self.place);
        writer.raw(self.name().unwrap_or_default().as_bytes());
    }

    /// Reads the body of a part, whose kind must be what its reference says.
    pub(super) fn read(kind: Kind, body: &[u8]) -> Result<Self, Error> {
        Reader::all(body, |reader| {
            let reference = Reference::read(reader).map_err(|error| match error {
                Error::UnknownVersion(1..) => Error::UnsupportedContent,
                _ => Error::Malformed,
            })?;
            let mut attachment = Self::new(reference, reader.bytes(MAX_PLACE)?)?;
            if attachment.kind() != kind {
                return Err(Error::Malformed);
            }
            if kind == Kind::File && !reader.is_empty() {
                attachment.name = Some(file_name(reader.rest())?);
            }
            Ok(attachment)
        })
    }
}

/// Reads a file's name: a line that leads to no other folder.
fn file_name(bytes: &[u8]) -> Result<Text, Error> {
    let name = text(bytes, MAX_NAME)?;
    let is_path = name.contains(['/', '\\']) || matches!(name.as_str(), "." | "..");
    if is_line(&name) && !is_path { Ok(name) } else { Err(Error::Malformed) }
}
