//! The first pass over a media file, which decrypts nothing: `spec/third-party.md`, "Media".

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::keys::{Keys, cut};
use super::layout::{MAC, length_of};
use super::opener::MediaOpener;
use super::reference::MediaReference;
use crate::attachment::Progress;
use crate::error::Error;
use crate::primitives::kdf::{RunningHash, RunningMac};
use crate::primitives::secret::{redacted, same};

/// A reader of a media file that looks whether all of it is there and nothing was altered. Only what it finds good is
/// opened: it becomes the [`MediaOpener`].
///
/// It holds 32 bytes for each [`PIECE`](crate::attachment::PIECE) that came, 2 MiB at most.
///
/// ```
/// use latchstring::Error;
/// use latchstring::signal::{MediaReference, MediaVerifier};
///
/// /// Opens a file that is stored as it came; `show` is given nothing that the reference does not vouch for.
/// fn read(reference: &MediaReference, stored: &[u8], mut show: impl FnMut(&[u8])) -> Result<(), Error> {
///     let fetch = |range: std::ops::Range<u64>| {
///         stored.get(range.start as usize..range.end as usize).ok_or(Error::Forged)
///     };
///     let mut verifier = MediaVerifier::new(reference);
///     while let Some(range) = verifier.wants() {
///         verifier.verify(fetch(range)?)?;
///     }
///     let mut opener = verifier.finish()?;
///     while let Some(range) = opener.wants() {
///         show(opener.open(&mut fetch(range)?.to_vec())?);
///     }
///     Ok(())
/// }
/// ```
pub struct MediaVerifier {
    inner: Box<Inner>,
}

redacted!(MediaVerifier, |this| kind = this.inner.reference.kind, progress = this.progress());

struct Inner {
    reference: MediaReference,
    sealed: RunningHash,
    mac: RunningMac,
    /// The MAC that the file has, which comes last.
    stated: Option<[u8; MAC]>,
    /// The hash of everything up to the end of each piece.
    hashes: Vec<[u8; 32]>,
    /// The number of bytes that have come.
    position: u64,
}

impl MediaVerifier {
    /// Begins to look at a file.
    #[must_use]
    pub fn new(reference: &MediaReference) -> Self {
        let mac = Keys::derive(&reference.key, reference.kind).mac();
        let reference = reference.duplicate();
        let (sealed, hashes) = (RunningHash::new(), Vec::new());
        let (stated, position) = (None, 0);
        let inner = Inner { reference, sealed, mac, stated, hashes, position };
        Self { inner: Box::new(inner) }
    }

    /// Returns which bytes of the sealed file to give to [`MediaVerifier::verify`] next, at most
    /// [`PIECE`](crate::attachment::PIECE); `None` if all have come.
    #[must_use]
    pub fn wants(&self) -> Option<Range<u64>> {
        self.inner.reference.layout.piece_or_mac(self.inner.position)
    }

    /// Takes the bytes that [`MediaVerifier::wants`] names. They may be kept for the second pass or fetched again: they
    /// are verified once more in any case.
    ///
    /// # Errors
    ///
    /// [`Error::Forged`] if they are fewer, because the file ends too early, or more. Nothing has changed. Whether
    /// they are the right ones is known at the end.
    pub fn verify(&mut self, piece: &[u8]) -> Result<(), Error> {
        let range = self.wants().unwrap_or_default();
        if piece.len() != length_of(&range) {
            return Err(Error::Forged);
        }
        self.inner.take(&range, piece);
        Ok(())
    }

    /// Ends the first pass. The opener begins the second one, at the beginning of the file.
    ///
    /// # Errors
    ///
    /// [`Error::Forged`] if these are not the bytes that were sealed, all of them and no others: fetch the file
    /// again, or give up.
    pub fn finish(mut self) -> Result<MediaOpener, Error> {
        let this = &mut *self.inner;
        // A hash of what is stored is not secret.
        let is_named = this.sealed.value() == this.reference.sealed_hash;
        let has_mac = this.stated.is_some_and(|stated| same(&cut(&this.mac), &stated));
        if !is_named || !has_mac {
            return Err(Error::Forged);
        }
        Ok(MediaOpener::new(&this.reference, core::mem::take(&mut this.hashes)))
    }

    /// Tells how much of the sealed file has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress { position: self.inner.position, end: self.inner.reference.layout.total() }
    }
}

impl Inner {
    /// Takes a piece of the text, or the MAC behind the last one.
    fn take(&mut self, range: &Range<u64>, piece: &[u8]) {
        if range.is_empty() {
            return;
        }
        self.sealed.update(piece);
        if self.reference.layout.piece(range.start).is_some() {
            self.mac.update(piece);
            self.hashes.push(self.sealed.value());
        } else {
            self.stated = piece.try_into().ok();
        }
        self.position = range.end;
    }
}
