//! Padding of a body: `spec/ratchet.md`, "Padding".
//!
//! ```text
//! padded = content ‖ 0x80 ‖ 0x00 …, to the next length of the policy
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::erasure::CHUNK;
use crate::primitives::last_byte::last_byte;

use super::ratchet::braid::MAX_EXTRA;

/// Maximum length of the content of one message, and of a blob, in bytes.
pub(crate) const MAX_CONTENT: usize = 1 << 20;

/// Maximum length of padded content in bytes: the longest content in buckets.
pub(crate) const MAX_BODY: usize = MAX_CONTENT + MAX_CONTENT / 8;

/// The lengths that a message may have on the wire, or an attachment in a store.
///
/// ```
/// # use latchstring::{Error, rand_core::CryptoRng, session::{Padding, Session}};
/// # fn seal(session: &mut Session, rng: &mut impl CryptoRng) -> Result<Vec<u8>, Error> {
/// let message = session.stage_send().padding(Padding::Exact).seal(b"of a length that all know", rng)?;
/// # Ok(message.apply())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Padding {
    /// Up to 6,144 bytes the lengths 32, 48, 64, 96, 128, 192 … (two to an octave), of which an
    /// observer sees one of 16; above, the next multiple of an eighth of the power of two below. Of
    /// attachments the next multiple of 4,096 bytes, or of a sixteenth of the power of two below.
    #[default]
    Buckets,
    /// One byte more than the content of a message, none more than that of an attachment: for content
    /// whose length is public anyway, or that the caller has padded.
    Exact,
}

impl Padding {
    /// Computes the padded length of `content` bytes, at least one more.
    pub(crate) fn length(self, content: usize) -> usize {
        let least = content.saturating_add(1);
        match self {
            Self::Exact => least,
            Self::Buckets if least <= 32 => 32,
            Self::Buckets => {
                // power ≤ least − 1 < 2 · power
                let power = 1_usize.wrapping_shl(content.max(32).ilog2());
                let step = power.wrapping_shr(if least <= 6144 { 1 } else { 3 });
                // Bytes that lie in memory are too few to overflow.
                least.checked_next_multiple_of(step).unwrap_or(least)
            }
        }
    }
}

impl Padding {
    /// Pads a content that stands alone, without chunks.
    pub(crate) fn pad(self, content: &[u8]) -> Zeroizing<Vec<u8>> {
        let length = self.length(content.len());
        let mut padded = Zeroizing::new(Vec::with_capacity(length));
        padded.extend_from_slice(content);
        padded.push(0x80);
        padded.resize(length, 0);
        padded
    }

    /// Computes the padded length for content that takes `chunks` chunks of the braid along, of which
    /// one is in the header.
    pub(crate) fn with_chunks(self, content: usize, chunks: u8) -> usize {
        let more = usize::from(chunks.saturating_sub(1).min(MAX_EXTRA)).saturating_mul(CHUNK);
        self.length(content.saturating_add(more))
    }
}

/// Finds the length of the content inside `padded`, which has been authenticated.
///
/// Every byte is looked at and none decides a branch: the work depends on the padded length, which is
/// public, and not on where the content ends.
pub(crate) fn content_length(padded: &[u8]) -> Result<usize, Error> {
    match last_byte(padded) {
        (content, 0x80) => usize::try_from(content).map_err(|_| Error::Forged),
        // Bad padding says no more than any other forgery.
        _ => Err(Error::Forged),
    }
}

#[cfg(test)]
#[path = "tests/padding.rs"]
mod tests;
