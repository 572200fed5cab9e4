//! The keys of an attachment, and what they do with its pieces: `spec/attachments.md`, "Keys" and "Sealing".
//!
//! ```text
//! prk         = HKDF-Extract(salt = LABEL(attachment/key), ikm = key)
//! tag key     = HKDF-Expand(prk, LABEL(attachment/tag) ‖ terms, 32)
//! stream key  = HKDF-Expand(prk, LABEL(attachment/stream) ‖ terms, 32)
//! id          = HKDF-Expand(prk, LABEL(attachment/id) ‖ terms, 32)
//! tag         = HMAC(tag key, u8(level) ‖ u64(number) ‖ piece)
//! segment key = HMAC(stream key, tag)
//! sealed segment = AES-256-CTR(segment key, segment)
//! ```

use rand_core::CryptoRng;

use super::layout::Piece;
use super::terms::Terms;
use crate::error::Error;
use crate::primitives::codec::concat;
use crate::primitives::id::ids;
use crate::primitives::kdf::{Prk, hedged};
use crate::primitives::secret::Secret;
use crate::primitives::siv::{self, Tag};
use crate::protocol::labels;

ids! {
    /// The name that an attachment is stored under: 32 bytes that its reference gives and that say nothing else.
    AttachmentId: 32;
}

/// Draws the key of an attachment. `place` is where and when it is made.
pub(crate) fn draw(
    secret: &Secret<32>,
    terms: &Terms,
    place: &[u8],
    rng: &mut impl CryptoRng,
) -> Secret<32> {
    hedged(secret, labels::ATTACHMENT_DRAW, &[&terms.encode(), place], rng)
}

/// The keys of one attachment. Whoever holds them on the heap boxes them.
pub(crate) struct Keys {
    siv: siv::Keys,
    id: [u8; 32],
}

impl Keys {
    pub(crate) fn derive(key: &Secret<32>, terms: &Terms) -> Self {
        let prk = Prk::extract(labels::ATTACHMENT_KEY, &[key.expose()]);
        let expand = |label| prk.expand(&[label, &terms.encode()]);
        let (tag, stream) = (expand(labels::ATTACHMENT_TAG), expand(labels::ATTACHMENT_STREAM));
        let id = *expand(labels::ATTACHMENT_ID).expose();
        Self { siv: siv::Keys { tag, stream }, id }
    }

    pub(crate) fn id(&self) -> AttachmentId {
        AttachmentId(self.id)
    }

    /// Computes the tag of a piece in clear.
    pub(crate) fn tag(&self, piece: Piece, bytes: &[u8]) -> Tag {
        self.siv.tag(&about(piece), bytes)
    }

    /// Seals a segment in place, under its tag.
    pub(crate) fn seal(&self, tag: &Tag, segment: &mut [u8]) {
        self.siv.encrypt(tag, segment);
    }

    /// Opens a segment in place if its tag holds; otherwise wipes it.
    pub(crate) fn open(&self, piece: Piece, tag: &Tag, sealed: &mut [u8]) -> Result<(), Error> {
        self.siv.open(&about(piece), tag, sealed)
    }
}

/// Returns what a tag binds beside the piece's bytes: where it stands.
fn about(piece: Piece) -> [u8; 9] {
    let level = u8::try_from(piece.level).unwrap_or(u8::MAX);
    concat(&[&[level], &piece.number.to_be_bytes()])
}
