//! References to media files: `spec/third-party.md`, "Media".

use alloc::boxed::Box;

use zeroize::Zeroizing;

use super::kind::MediaKind;
use super::layout::MediaLayout;
use crate::error::Error;
use crate::primitives::secret::{Secret, redacted};

/// The words of a content about a media file: its kind, how to open it, and which bytes it is. Secret.
///
/// It has no encoding: the app writes these values in the other program's form, and reads them from there.
pub struct MediaReference {
    pub(super) kind: MediaKind,
    pub(super) key: Box<Secret<32>>,
    pub(super) layout: MediaLayout,
    /// False if the message does not say how long the content is.
    pub(super) has_length: bool,
    pub(super) content_hash: [u8; 32],
    pub(super) sealed_hash: [u8; 32],
}

redacted!(MediaReference, |this| kind = this.kind, sealed_length = this.sealed_length());

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
        let layout = MediaLayout::new(length).map_err(|_| Error::Malformed)?;
        Self::of((kind, key), layout, true, [content_hash, sealed_hash])
    }

    /// Makes a reference of a content that does not say how long the file is, as those of link thumbnails:
    /// `sealed_length` is what the store says of the file. Its padding says how long the content is then, and both
    /// hashes decide.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] as [`MediaReference::new`]; for a length that no sealed file has.
    pub fn without_length(
        kind: MediaKind,
        key: &[u8],
        sealed_length: u64,
        content_hash: &[u8],
        sealed_hash: &[u8],
    ) -> Result<Self, Error> {
        let layout = MediaLayout::of_sealed(sealed_length).ok_or(Error::Malformed)?;
        Self::of((kind, key), layout, false, [content_hash, sealed_hash])
    }

    fn of(
        (kind, key): (MediaKind, &[u8]),
        layout: MediaLayout,
        has_length: bool,
        [content_hash, sealed_hash]: [&[u8]; 2],
    ) -> Result<Self, Error> {
        let key = Box::new(Secret::copy(key.try_into().map_err(|_| Error::Malformed)?));
        let hash = |bytes: &[u8]| bytes.try_into().map_err(|_| Error::Malformed);
        let (content_hash, sealed_hash) = (hash(content_hash)?, hash(sealed_hash)?);
        Ok(Self { kind, key, layout, has_length, content_hash, sealed_hash })
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

    /// Returns the length of the file in clear, if that is known before it is opened.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.has_length.then(|| self.layout.length())
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
