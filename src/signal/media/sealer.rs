//! Sealing a media file: `spec/third-party.md`, "Media".

use alloc::boxed::Box;

use super::keys::{Keys, cut};
use super::kind::MediaKind;
use super::layout::{MediaLayout, length_of};
use super::reference::MediaReference;
use crate::attachment::{PIECE, Progress};
use crate::primitives::aes_cbc::{BLOCK, encrypt_blocks, pad};
use crate::primitives::kdf::{RunningHash, RunningMac};
use crate::primitives::secret::{Secret, redacted};

/// A sealer of one media file, made by [`Client::seal_media`](crate::signal::Client::seal_media), which shows the
/// loop that drives it. Secret: no `Clone`, wiped on drop.
///
/// It allocates nothing after it was made. It is not saved: a file whose sealing has stopped is sealed anew, and has
/// another key then.
pub struct MediaSealer {
    inner: Box<Inner>,
}

redacted!(MediaSealer, |this| kind = this.inner.kind, progress = this.progress());

struct Inner {
    kind: MediaKind,
    key: Secret<32>,
    layout: MediaLayout,
    keys: Keys,
    /// The last block that was encrypted.
    iv: [u8; BLOCK],
    content: RunningHash,
    mac: RunningMac,
    sealed: RunningHash,
    /// The number of bytes that were sealed.
    position: u64,
}

impl MediaSealer {
    pub(super) fn new(kind: MediaKind, key: Secret<32>, layout: MediaLayout) -> Self {
        let keys = Keys::derive(&key, kind);
        let (mac, iv) = (keys.mac(), keys.iv);
        let [content, sealed] = [RunningHash::new(), RunningHash::new()];
        let inner = Inner { kind, key, layout, keys, iv, content, mac, sealed, position: 0 };
        Self { inner: Box::new(inner) }
    }

    /// Seals the next piece and returns its bytes, which stand in `buffer` and belong behind those of all pieces
    /// before; `None` if there is none left, and [`MediaSealer::reference`] is there.
    ///
    /// The buffer begins with the [`wants`](Self::wants) next bytes of the file. Whatever else is in it does not
    /// matter.
    pub fn seal<'a>(&mut self, buffer: &'a mut [u8; PIECE]) -> Option<&'a [u8]> {
        let this = &mut *self.inner;
        let range = this.layout.piece_or_mac(this.position)?;
        let (piece, _) = buffer.split_at_mut_checked(length_of(&range))?;
        if this.layout.piece(range.start).is_some() {
            let content = this.layout.content_in(&range);
            this.content.update(piece.get(..content)?);
            pad(piece, content);
            encrypt_blocks(&this.keys.cipher, &mut this.iv, piece.as_chunks_mut().0);
            this.mac.update(piece);
        } else {
            piece.copy_from_slice(&cut(&this.mac));
        }
        this.sealed.update(piece);
        this.position = range.end;
        Some(piece)
    }

    /// Returns how many bytes of the file the next call of [`MediaSealer::seal`] takes, 0 for a piece that has none.
    #[must_use]
    pub fn wants(&self) -> usize {
        let piece = self.inner.layout.piece(self.inner.position);
        piece.map_or(0, |piece| self.inner.layout.content_in(&piece))
    }

    /// Returns the length of the sealed file.
    #[must_use]
    pub fn sealed_length(&self) -> u64 {
        self.inner.layout.total()
    }

    /// Tells how much of the file was sealed.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let end = self.inner.layout.length();
        Progress { position: self.inner.position.min(end), end }
    }

    /// Returns the reference, once all pieces are sealed.
    #[must_use]
    pub fn reference(&self) -> Option<MediaReference> {
        let this = &*self.inner;
        (this.position == this.layout.total()).then(|| MediaReference {
            kind: this.kind,
            key: Box::new(this.key.duplicate()),
            layout: this.layout,
            has_length: true,
            content_hash: this.content.value(),
            sealed_hash: this.sealed.value(),
        })
    }
}
