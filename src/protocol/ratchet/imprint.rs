//! Imprints of opened messages: `spec/ratchet.md`, "Imprints".
//!
//! ```text
//! imprint = header tag[0..8] ‖ DIGEST(imprint key, version ‖ kind ‖ prefix hash,
//!                                     sealed header ‖ body tag ‖ body)[0..8]
//! ```

use crate::primitives::aead::TAG;
use crate::primitives::codec::{concat, first, halves};
use crate::primitives::digest::{DIGEST_KEY, Digest};
use crate::primitives::secret::{Secret, same};

use super::header::ClearHeader;

/// Length of an imprint in bytes.
pub(crate) const IMPRINT: usize = 16;

/// The memory of a message that was opened.
#[derive(Clone, Copy, Default)]
pub(crate) struct Imprint {
    /// Half of the header's tag, of which another one shows another header.
    head: [u8; IMPRINT / 2],
    /// Half of a digest of the whole message, under a key that nobody else has.
    whole: [u8; IMPRINT / 2],
}

impl Imprint {
    /// Computes the imprint of a message: its clear header, what is behind that, and the header's tag in there.
    pub(super) fn of(
        key: &Secret<DIGEST_KEY>,
        clear: &ClearHeader,
        payload: &[u8],
        header_tag: &[u8; TAG],
    ) -> Self {
        let clear: [u8; 2 + 32] = concat(&[&[clear.version, clear.kind], &clear.prefix_hash]);
        Self { head: first(header_tag), whole: first(&Digest::new(key).of(&clear, payload)) }
    }

    /// Computes the imprint of a message whose header is in clear. All have one head: where nothing vouches for a
    /// header, no other one shows a clone.
    #[cfg(feature = "signal")]
    pub(super) fn of_clear(key: &Secret<DIGEST_KEY>, message: &[u8]) -> Self {
        Self { head: [0; IMPRINT / 2], whole: first(&Digest::new(key).of(&[], message)) }
    }

    /// Tells whether two messages have headers of one tag, in constant time.
    pub(super) fn has_head_of(&self, other: &Self) -> bool {
        same(&self.head, &other.head)
    }

    /// Tells whether two messages are the same, in constant time.
    pub(super) fn is(&self, other: &Self) -> bool {
        same(&self.to_bytes(), &other.to_bytes())
    }

    pub(super) fn to_bytes(self) -> [u8; IMPRINT] {
        concat(&[&self.head, &self.whole])
    }

    pub(super) fn from_bytes(bytes: &[u8; IMPRINT]) -> Self {
        let (head, whole) = halves(bytes);
        Self { head, whole }
    }
}
