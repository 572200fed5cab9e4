//! How long a body looks: `spec/ratchet.md`, "Padding".
//!
//! ```text
//! padded = content ‖ 0x80 ‖ 0x00 …, to the next length of the policy
//! ```

use crate::error::Error;
use crate::primitives::erasure::CHUNK;

use super::braid::MAX_EXTRA;

/// The longest content of one message in bytes. What is longer travels as an attachment.
pub(crate) const MAX_CONTENT: usize = 1 << 20;

/// The longest padded content in bytes: that of the longest content in buckets.
pub(crate) const MAX_BODY: usize = MAX_CONTENT + MAX_CONTENT / 8;

/// Which lengths a message may have on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Padding {
    /// Up to 6,144 bytes the lengths 32, 48, 64, 96, 128, 192 … (two to an octave); above, the
    /// next multiple of an eighth of the power of two below. Up to there an
    /// observer sees one of 16 lengths.
    #[default]
    Buckets,
    /// One byte more than the content. For content whose length is public anyway or that the
    /// caller has padded.
    Exact,
}

impl Padding {
    /// The padded length of `content` bytes, at least one more.
    pub(crate) fn length(self, content: usize) -> usize {
        let least = content.saturating_add(1);
        match self {
            Self::Exact => least,
            Self::Buckets if least <= 32 => 32,
            Self::Buckets => {
                // power ≤ least − 1 < 2 · power
                let power = 1_usize.wrapping_shl(content.max(32).ilog2());
                let step = power.wrapping_shr(if least <= 6144 { 1 } else { 3 });
                least.checked_next_multiple_of(step).unwrap_or(least)
            }
        }
    }
}

impl Padding {
    /// The padded length for content that takes `chunks` chunks of the braid along, of which one is in
    /// the header.
    pub(crate) fn with_chunks(self, content: usize, chunks: u8) -> usize {
        let more = usize::from(chunks.saturating_sub(1).min(MAX_EXTRA)).saturating_mul(CHUNK);
        self.length(content.saturating_add(more))
    }
}

/// The length of the content inside `padded`, which has been authenticated.
///
/// Every byte is looked at and none decides a branch: the work depends on the padded length,
/// which is public, and not on where the content ends.
pub(crate) fn content_length(padded: &[u8]) -> Result<usize, Error> {
    // First the last block that is not all zero, by whole vectors; then the last byte in it that
    // is not zero, as (its place + 1) · 256 + itself.
    let (mut last, mut begins) = ([0; BLOCK], 0_usize);
    let (blocks, rest) = padded.as_chunks::<BLOCK>();
    let mut tail = [0; BLOCK];
    for (to, from) in tail.iter_mut().zip(rest) {
        *to = *from;
    }
    for (block, place) in blocks.iter().chain([&tail]).zip((0..).step_by(BLOCK)) {
        let any = block.iter().fold(0, |any, byte| any | byte);
        let mask = 0_u8.wrapping_sub(u8::from(any != 0));
        for (kept, byte) in last.iter_mut().zip(block) {
            *kept = (*kept & !mask) | (byte & mask);
        }
        begins = if any == 0 { begins } else { place };
    }
    let marker = last.iter().zip(1_u16..).fold(0, |marker, (byte, place)| {
        let here = place.wrapping_shl(8) | u16::from(*byte);
        u16::max(marker, if *byte == 0 { 0 } else { here })
    });
    // Padding that does not fit tells what any other forgery tells.
    if marker & 0xff != 0x80 {
        return Err(Error::Forged);
    }
    Ok(begins.saturating_add(usize::from(marker.wrapping_shr(8))).saturating_sub(1))
}

/// Bytes that [`content_length`] looks at together.
const BLOCK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn contents_up_to_4096_bytes_have_at_most_16_lengths() {
        let lengths: BTreeSet<_> = (0..=4096).map(|n| Padding::Buckets.length(n)).collect();
        assert!(lengths.len() <= 16, "{lengths:?}");
    }

    #[test]
    fn padding_is_at_least_a_byte_and_never_more_than_half() {
        for content in (0..20_000).chain([MAX_CONTENT - 1, MAX_CONTENT]) {
            let padded = Padding::Buckets.length(content);
            assert!(padded > content, "{content}");
            assert!(padded <= 32 || padded <= (content + 1) * 3 / 2, "{content} → {padded}");
            if content > 6144 {
                assert!(padded <= (content + 1) * 9 / 8 + 1, "{content} → {padded}");
            }
            assert_eq!(Padding::Exact.length(content), content + 1);
        }
    }

    #[test]
    fn the_longest_body_is_that_of_the_longest_content() {
        assert_eq!(Padding::Buckets.length(MAX_CONTENT), MAX_BODY);
        assert_eq!(Padding::Buckets.with_chunks(MAX_CONTENT, u8::MAX), MAX_BODY);
        assert!(Padding::Exact.with_chunks(MAX_CONTENT, u8::MAX) < MAX_BODY);
    }

    #[test]
    fn lengths_grow_with_the_content() {
        for content in 0..20_000 {
            assert!(Padding::Buckets.length(content) <= Padding::Buckets.length(content + 1));
        }
    }

    #[test]
    fn every_content_is_found_again_whatever_its_length() {
        for length in 0..300 {
            for more in [1, 2, 63, 64, 65, 200] {
                let mut padded = alloc::vec![7; length];
                padded.push(0x80);
                padded.resize(length + more, 0);
                assert_eq!(content_length(&padded), Ok(length), "{length} of {}", padded.len());
                padded[length] = 1;
                assert_eq!(content_length(&padded), Err(Error::Forged));
            }
        }
    }

    #[test]
    fn only_a_marker_followed_by_zeros_is_padding() {
        assert_eq!(content_length(b"hi\x80\0\0"), Ok(2));
        assert_eq!(content_length(b"\x80"), Ok(0));
        assert_eq!(content_length(b"\x80\x80"), Ok(1));
        for bad in [&b""[..], b"\0\0", b"hi", b"hi\x80\x01", b"hi\x80\0\x01"] {
            assert_eq!(content_length(bad), Err(Error::Forged));
        }
    }
}
