//! A systematic Reed-Solomon code over GF(2^16): a stream of `32 · N` bytes in chunks of 32, of
//! which any `N` give it back (`spec/braid.md`, "Streams and chunks").
//!
//! ```text
//! P_j(i)  = the two bytes of the stream at 32·i + 2·j, big-endian      i = 0 … N − 1, j = 0 … 15
//! chunk i = P_0(i) ‖ … ‖ P_15(i)                                       i = 0 … 65,535
//! ```
//!
//! No polynomial is ever written out. Its value at a point is a sum of its values at `N` others,
//! with the shares that Lagrange's formula gives: the same for all sixteen, so they go together.

/// Length of a chunk in bytes.
pub(crate) const CHUNK: usize = 32;

/// The two-byte elements of a chunk.
type Lanes = [u16; CHUNK / 2];

/// Chunk `index` of a stream of `N` chunks.
pub(crate) fn chunk<const N: usize>(stream: &[u8], index: u16) -> [u8; CHUNK] {
    let (chunks, _) = stream.as_chunks();
    if let Some(chunk) = chunks.get(usize::from(index)) {
        return *chunk;
    }
    let points = const { first_points::<N>() };
    at(index, &points, const { weights::<N>(&first_points()) }, chunks)
}

/// The stream behind `N` different chunks, in ascending order of their indices.
///
/// # Panics
///
/// Never. With fewer chunks, or with one twice, what comes out is something else.
pub(crate) fn rebuild<const N: usize>(chunks: &[(u16, [u8; CHUNK])], stream: &mut [u8]) {
    let (out, _) = stream.as_chunks_mut::<CHUNK>();
    for (index, chunk) in chunks {
        if let Some(out) = out.get_mut(usize::from(*index)) {
            *out = *chunk;
        }
    }
    let is_there = |wanted: u16| chunks.iter().any(|(index, _)| *index == wanted);
    let mut missing = (0..).zip(out).filter(|(index, _)| !is_there(*index)).peekable();
    if missing.peek().is_none() {
        return;
    }
    let mut points = [0; N];
    let mut values = [[0; CHUNK]; N];
    for ((point, value), (index, chunk)) in points.iter_mut().zip(&mut values).zip(chunks) {
        (*point, *value) = (*index, *chunk);
    }
    let weights = weights(&points);
    for (index, out) in missing {
        *out = at(index, &points, weights, &values);
    }
}

/// The values at `place` of the polynomials that have `values` at `points`.
fn at<const N: usize>(
    place: u16,
    points: &[u16; N],
    weights: [u16; N],
    values: &[[u8; CHUNK]],
) -> [u8; CHUNK] {
    // share of k = weight of k · Π (place − point) over all other points
    let mut shares = weights;
    let (mut before, mut after) = (1, 1);
    for (share, point) in shares.iter_mut().zip(points) {
        *share = multiply(*share, before);
        before = multiply(before, place ^ point);
    }
    for (share, point) in shares.iter_mut().zip(points).rev() {
        *share = multiply(*share, after);
        after = multiply(after, place ^ point);
    }
    sum(&shares, values)
}

/// The sum of all values, each times its share: bit by bit of the shares, so that the sixteen
/// elements of the sum are doubled only sixteen times.
fn sum<const N: usize>(shares: &[u16; N], values: &[[u8; CHUNK]]) -> [u8; CHUNK] {
    let mut lanes: [Lanes; N] = [[0; CHUNK / 2]; N];
    for (lanes, value) in lanes.iter_mut().zip(values) {
        for (lane, bytes) in lanes.iter_mut().zip(value.as_chunks().0) {
            *lane = u16::from_be_bytes(*bytes);
        }
    }
    let mut sum: Lanes = [0; CHUNK / 2];
    for bit in (0..16_u32).rev() {
        sum = sum.map(double);
        for (share, lanes) in shares.iter().zip(&lanes) {
            let mask = 0_u16.wrapping_sub(share.wrapping_shr(bit) & 1);
            for (sum, lane) in sum.iter_mut().zip(lanes) {
                *sum ^= lane & mask;
            }
        }
    }
    let mut chunk = [0; CHUNK];
    for (bytes, lane) in chunk.as_chunks_mut().0.iter_mut().zip(sum) {
        *bytes = lane.to_be_bytes();
    }
    chunk
}

/// For each point 1 / Π (point − other).
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "also evaluated at compile time, where there are no iterators; both indices are below N"
)]
const fn weights<const N: usize>(points: &[u16; N]) -> [u16; N] {
    let mut weights = [1; N];
    let mut one = 0;
    while one < N {
        let mut other = 0;
        while other < N {
            if other != one {
                weights[one] = multiply(weights[one], points[one] ^ points[other]);
            }
            other += 1;
        }
        weights[one] = invert(weights[one]);
        one += 1;
    }
    weights
}

/// 0, 1 … N − 1.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated at compile time, where there are no iterators; the index is below N"
)]
const fn first_points<const N: usize>() -> [u16; N] {
    let mut points = [0; N];
    let mut place = 1;
    while place < N {
        points[place] = points[place - 1] + 1;
        place += 1;
    }
    points
}

/// a · x modulo x^16 + x^12 + x^3 + x + 1.
const fn double(a: u16) -> u16 {
    a.wrapping_shl(1) ^ (0x100b & 0_u16.wrapping_sub(a.wrapping_shr(15)))
}

const fn multiply(a: u16, b: u16) -> u16 {
    let (mut product, mut a, mut b, mut bit) = (0, a, b, 0_u8);
    while bit < 16 {
        product ^= a & 0_u16.wrapping_sub(b & 1);
        (a, b) = (double(a), b.wrapping_shr(1));
        bit = bit.wrapping_add(1);
    }
    product
}

/// a^(2^16 − 2), which is 1 / a, and 0 for 0.
const fn invert(a: u16) -> u16 {
    // a^(2 + 4 + … + 2^15)
    let (mut result, mut power, mut bit) = (1, a, 1_u8);
    while bit < 16 {
        power = multiply(power, power);
        result = multiply(result, power);
        bit = bit.wrapping_add(1);
    }
    result
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]
    use super::*;
    use alloc::vec::Vec;

    /// The chunks of any indices, out of the stream alone.
    fn chunks<const N: usize>(stream: &[u8], indices: &[u16]) -> Vec<(u16, [u8; CHUNK])> {
        let mut indices = indices.to_vec();
        indices.sort_unstable();
        indices.into_iter().map(|index| (index, chunk::<N>(stream, index))).collect()
    }

    /// 96 bytes that look like nothing.
    fn some_stream() -> Vec<u8> {
        (0..96_u32).map(|i| (i * i * 7 + 3).to_le_bytes()[0]).collect()
    }

    #[test]
    fn every_element_but_zero_has_an_inverse() {
        assert_eq!(invert(0), 0);
        for a in 1..=u16::MAX {
            assert_eq!(multiply(a, invert(a)), 1);
        }
    }

    #[test]
    fn multiplication_is_that_of_polynomials_modulo_0x1100b() {
        let long = |a: u16, b: u16| {
            let mut product = (0..16).fold(0_u64, |sum, bit| {
                sum ^ if b & (1 << bit) == 0 { 0 } else { u64::from(a) << bit }
            });
            for bit in (16..32).rev() {
                if product & (1 << bit) != 0 {
                    product ^= 0x1_100b << (bit - 16);
                }
            }
            u16::try_from(product).unwrap()
        };
        for a in (0..=u16::MAX).step_by(251) {
            for b in (0..=u16::MAX).step_by(257) {
                assert_eq!(multiply(a, b), long(a, b), "{a} · {b}");
            }
        }
    }

    #[test]
    fn the_first_chunks_are_the_stream() {
        let stream: Vec<u8> = (0..=255).cycle().take(1152).collect();
        for (index, slice) in (0..).zip(stream.chunks(CHUNK)) {
            assert_eq!(chunk::<36>(&stream, index), slice);
        }
    }

    #[test]
    fn chunks_past_the_stream_alone_give_it_back() {
        let stream = some_stream();
        for indices in [[3, 4, 5], [0, 7, 65_535], [2, 1000, 2000], [1, 2, 40_000]] {
            let mut again = [0; 96];
            rebuild::<3>(&chunks::<3>(&stream, &indices), &mut again);
            assert_eq!(again.as_slice(), stream);
        }
    }

    /// Made by another implementation of this code, of [`some_stream`].
    const KNOWN: [&str; 6] = [
        "030a1f4273b2ff5ac33abf52f3a25f2a03eadfe2f3123f7ac31a7ff273029f4a",
        "03ca9f8273727f9ac3fa3f92f362df6a03aa5f22f3d2bfbac3daff3273c21f8a",
        "038a1fc27332ffdac3babfd2f3225faa036adf62f3923ffac39a7f7273829fca",
        "034a9f0273f27f1ac37a3f12f3e2dfea032a5fa2f352bf3ac35affb273421f0a",
        "060a5a6e76b2ba76c63afa7ef6a21e0602ea9acef6127a56c61a3ade7602da66",
        "06cadaae76723ab6c6fa7abef6629e4602aa1a0ef6d2fa96c6daba1e76c25aa6",
    ];

    #[test]
    fn chunks_of_the_stream_and_past_it_are_those_that_another_implementation_makes() {
        let stream = some_stream();
        for (index, known) in (0..).zip(KNOWN) {
            let made = chunk::<3>(&stream, index).map(|byte| alloc::format!("{byte:02x}")).concat();
            assert_eq!(made, known, "chunk {index}");
        }
    }

    #[test]
    fn products_and_inverses_are_those_that_another_implementation_gives() {
        assert_eq!(multiply(0x0002, 0x8000), 0x100b);
        assert_eq!(multiply(0x1234, 0x5678), 0x6324);
        assert_eq!(multiply(0xffff, 0xffff), 0x0733);
        assert_eq!(invert(0x0003), 0xf006);
    }

    proptest::proptest! {
        #[test]
        fn any_36_different_chunks_give_the_stream_back(
            stream in proptest::collection::vec(proptest::prelude::any::<u8>(), 1152),
            indices in proptest::collection::hash_set(proptest::prop_oneof![0..72_u16, proptest::prelude::any::<u16>()], 36),
        ) {
            let indices: Vec<u16> = indices.into_iter().collect();
            let mut again = [0; 1152];
            rebuild::<36>(&chunks::<36>(&stream, &indices), &mut again);
            proptest::prop_assert_eq!(again.as_slice(), stream);
        }

        #[test]
        fn any_5_different_chunks_give_the_stream_back(
            stream in proptest::collection::vec(proptest::prelude::any::<u8>(), 160),
            indices in proptest::collection::hash_set(0..12_u16, 5),
        ) {
            let indices: Vec<u16> = indices.into_iter().collect();
            let mut again = [0; 160];
            rebuild::<5>(&chunks::<5>(&stream, &indices), &mut again);
            proptest::prop_assert_eq!(again.as_slice(), stream);
        }
    }
}
