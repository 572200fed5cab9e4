//! References to blobs, as letters bring them: `spec/fan-out.md`, "Blob".

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::content::{Content, Kinds, Sender};
use crate::protocol::letter::blob::{BlobHash, Reference};
use crate::storage::STATE_VERSION;

/// The kind of a reference to a blob that is kept.
const KEPT_REFERENCE: u8 = 0x1a;

/// The key, hash and length of a message's content that is in a blob. Secret.
pub struct BlobReference {
    reference: Reference,
    /// The kind of whoever said the content: it decides what the content may be.
    sender: Sender,
}

redacted!(BlobReference, |reference| length = reference.length());

impl BlobReference {
    pub(crate) fn new(reference: Reference, sender: Sender) -> Self {
        Self { reference, sender }
    }

    pub(super) fn duplicate(&self) -> Reference {
        self.reference.duplicate()
    }

    /// Returns the SHA-256 of the blob, to fetch it by.
    #[must_use]
    pub fn hash(&self) -> BlobHash {
        self.reference.hash()
    }

    /// Returns the length of the content in bytes, as the sender says.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.reference.length()
    }

    /// Opens the blob.
    ///
    /// # Errors
    ///
    /// [`Error::Forged`] for anything but the blob that the sender meant; else as [`Content::decode`]. On
    /// [`Error::UnsupportedContent`] keep the reference ([`BlobReference::to_bytes`]) until there is a newer release.
    pub fn open(&self, blob: &[u8]) -> Result<Content, Error> {
        let content = Content::decode(&self.reference.open(blob)?, Kinds::of(self.sender))?;
        if content.is_brief() { Err(Error::Malformed) } else { Ok(content) }
    }

    /// Encodes it, to be stored until the blob is there: no other letter brings it.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::begin(STATE_VERSION, KEPT_REFERENCE);
        writer.flag(self.sender == Sender::Own);
        self.reference.write(&mut writer);
        writer.secret()
    }

    /// Decodes what [`BlobReference::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::Malformed`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(STATE_VERSION, KEPT_REFERENCE)?;
            let sender = if reader.flag()? { Sender::Own } else { Sender::Member };
            Ok(Self { reference: Reference::read(reader)?, sender })
        })
    }
}
