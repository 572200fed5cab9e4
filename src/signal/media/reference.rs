//! References to media files: `spec/third-party.md`, "Media".

use alloc::boxed::Box;

use zeroize::Zeroizing;

use super::kind::MediaKind;
use super::layout::Layout;
use crate::error::Error;
use crate::primitives::secret::{Secret, redacted};

/// The words of a content about a media file: its kind, how to open it, and which bytes it is. Secret.
///
/// It has no encoding: the app writes these values in the other program's form, and reads them from there.
pub struct MediaReference {
    pub(super) kind: MediaKind,
    pub(super) key: Box<Secret<32>>,
    pub(super) layout: Layout,
    pub(super) content_hash: [u8; 32],
    pub(super) sealed_hash: [u8; 32],
}

redacted!(MediaReference, |this| kind = this.kind, length = this.length());

impl MediaReference {
    /// Makes a reference of the values that a content has of it: the kind by the field that they stand in, the media
    /// key, the length of the file in clear, and the SHA-256 of the file in clear and as it is sealed.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if key or hashes have not 32 bytes, or the length is not from 1 to
    /// [`MAX_MEDIA_LENGTH`](super::MAX_MEDIA_LENGTH): do not fetch the file.
    pub fn new(
        kind: MediaKind,
        key: &[u8],
        length: u64,
        content_hash: &[u8],
        sealed_hash: &[u8],
    ) -> Result<Self, Error> {
        Ok(Self {
            kind,
            key: Box::new(Secret::copy(key.try_into().map_err(|_| Error::Malformed)?)),
            layout: Layout::new(length).map_err(|_| Error::Malformed)?,
            content_hash: content_hash.try_into().map_err(|_| Error::Malformed)?,
            sealed_hash: sealed_hash.try_into().map_err(|_| Error::Malformed)?,
        })
    }

    /// Makes a second reference to the same file, because a reader outlives the content that it came in.
    pub(super) fn duplicate(&self) -> Self {
        Self { key: Box::new(self.key.duplicate()), ..*self }
    }

    /// Returns the kind of the file.
    #[must_use]
    pub fn kind(&self) -> MediaKind {
        self.kind
    }

    /// Returns the media key.
    #[must_use]
    pub fn key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.key.expose())
    }

    /// Returns the length of the file in clear.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.layout.length()
    }

    /// Returns the length of the sealed file: what is stored under another length is not it.
    #[must_use]
    pub fn sealed_length(&self) -> u64 {
        self.layout.total()
    }

    /// Returns the SHA-256 of the file in clear. It tells whoever guesses the file that the guess was right.
    #[must_use]
    pub fn content_hash(&self) -> [u8; 32] {
        self.content_hash
    }

    /// Returns the SHA-256 of the sealed file.
    #[must_use]
    pub fn sealed_hash(&self) -> [u8; 32] {
        self.sealed_hash
    }
}
