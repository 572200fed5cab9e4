//! The second pass over a media file, which gives out its content: `spec/third-party.md`, "Media".

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::keys::Keys;
use super::layout::length_of;
use super::reference::MediaReference;
use crate::attachment::Progress;
use crate::error::Error;
use crate::primitives::aes_cbc::{BLOCK, decrypt, decrypt_blocks};
use crate::primitives::kdf::RunningHash;
use crate::primitives::secret::{redacted, same};
use crate::protocol::attachment::layout::PIECE_BYTES;

/// A reader of a media file that a [`MediaVerifier`](super::MediaVerifier) has found good. Secret: no `Clone`, wiped
/// on drop.
///
/// It allocates nothing after it was made. It is not saved: a reader that has stopped begins with the first pass.
pub struct MediaOpener {
    inner: Box<Inner>,
}

redacted!(MediaOpener, |this| kind = this.inner.reference.kind, progress = this.progress());

struct Inner {
    reference: MediaReference,
    keys: Keys,
    /// The hash of everything up to the end of each piece, as it was in the first pass.
    hashes: Vec<[u8; 32]>,
    sealed: RunningHash,
    content: RunningHash,
    /// The last block of the text in front of the next piece.
    iv: [u8; BLOCK],
    /// The number of bytes of the text that were opened.
    position: u64,
}

impl MediaOpener {
    pub(super) fn new(reference: &MediaReference, hashes: Vec<[u8; 32]>) -> Self {
        let keys = Keys::derive(&reference.key, reference.kind);
        let (reference, iv) = (reference.duplicate(), keys.iv);
        let [sealed, content] = [RunningHash::new(), RunningHash::new()];
        let inner = Inner { reference, keys, hashes, sealed, content, iv, position: 0 };
        Self { inner: Box::new(inner) }
    }

    /// Returns which bytes of the sealed file to give to [`MediaOpener::open`] next, at most
    /// [`PIECE`](crate::attachment::PIECE); `None` if the whole content was given out.
    #[must_use]
    pub fn wants(&self) -> Option<Range<u64>> {
        self.inner.reference.layout.piece(self.inner.position)
    }

    /// Opens in place the bytes that [`MediaOpener::wants`] names, and returns the content that is in them: none if
    /// they are padding alone. Nothing is decrypted that is not what came in the first pass.
    ///
    /// # Errors
    ///
    /// The opener is as it was, and `piece` is wiped if anything in it was decrypted.
    ///
    /// [`Error::Forged`] if these bytes are others than in the first pass: fetch the piece again, or give up.
    /// [`Error::ContentMismatch`] with the last piece if the content is not the one of the reference, which its
    /// sender alone can have made so: throw away what was given out before.
    pub fn open<'a>(&mut self, piece: &'a mut [u8]) -> Result<&'a [u8], Error> {
        let range = self.wants().unwrap_or_default();
        if piece.len() != length_of(&range) {
            return Err(Error::Forged);
        }
        if range.is_empty() {
            return Ok(&[]);
        }
        let this = &mut *self.inner;
        let sealed = this.verify(&range, piece)?;
        let content = if this.reference.layout.is_last(&range) {
            this.open_last(&range, piece)?
        } else {
            decrypt_blocks(&this.keys.cipher, &mut this.iv, piece.as_chunks_mut().0);
            this.content.update(piece);
            piece
        };
        (this.sealed, this.position) = (sealed, range.end);
        Ok(content)
    }

    /// Tells whether the whole content was given out, and is the one of the reference.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.wants().is_none()
    }

    /// Tells how much of the content was given out.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let end = self.inner.reference.layout.length();
        Progress { position: self.inner.position.min(end), end }
    }
}

impl Inner {
    /// Verifies that a piece is what it was in the first pass, and returns the hash up to its end.
    fn verify(&self, range: &Range<u64>, piece: &[u8]) -> Result<RunningHash, Error> {
        let mut sealed = self.sealed.clone();
        sealed.update(piece);
        let number = usize::try_from(range.start / PIECE_BYTES).ok();
        let before = number.and_then(|number| self.hashes.get(number));
        // Hashes of what is stored are not secret.
        if before == Some(&sealed.value()) { Ok(sealed) } else { Err(Error::Forged) }
    }

    /// Decrypts the last piece, if with it the content is the one of the reference; otherwise wipes it.
    fn open_last<'a>(&self, range: &Range<u64>, piece: &'a mut [u8]) -> Result<&'a [u8], Error> {
        let length = decrypt(&self.keys.cipher, &self.iv, piece);
        let expected = match (self.reference.has_length, length) {
            (false, Ok(length)) => length,
            _ => self.reference.layout.content_in(range),
        };
        let mut content = self.content.clone();
        content.update(piece.get(..expected).unwrap_or_default());
        let is_same = same(&content.value(), &self.reference.content_hash);
        if length != Ok(expected) || !is_same {
            piece.fill(0);
            return Err(Error::ContentMismatch);
        }
        Ok(piece.get(..expected).unwrap_or_default())
    }
}
