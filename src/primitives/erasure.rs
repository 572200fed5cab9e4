//! A systematic Reed-Solomon code over GF(2^16): it cuts a stream of `32 · N` bytes into chunks of 32,
//! any `N` of which give the stream back (`spec/braid.md`, "Streams and chunks").
//!
//! ```text
//! P_j(i)  = the two bytes of the stream at 32·i + 2·j, big-endian      i = 0 … N − 1, j = 0 … 15
//! chunk i = P_0(i) ‖ … ‖ P_15(i)                                       i = 0 … 65,535
//! ```
//!
//! No polynomial is ever written out. Its value at a point is a weighted sum of its values at `N`
//! others, by Lagrange's formula; the sixteen polynomials have the same weights and are evaluated
//! together.

/// Length of a chunk in bytes.
pub(crate) const CHUNK: usize = 32;

/// The two-byte elements of a chunk.
type Lanes = [u16; CHUNK / 2];

/// Computes chunk `index` of a stream of `N` chunks.
pub(crate) fn chunk<const N: usize>(stream: &[u8], index: u16) -> [u8; CHUNK] {
    let (chunks, _) = stream.as_chunks();
    if let Some(chunk) = chunks.get(usize::from(index)) {
        return *chunk;
    }
    let points = const { first_points::<N>() };
    at(index, &points, const { weights::<N>(&first_points()) }, chunks)
}

/// Rebuilds the stream from `N` different chunks, in ascending order of their indices.
///
/// # Panics
///
/// Never. With fewer than `N` different chunks the result is garbage.
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

/// Evaluates, at `place`, the polynomials that have `values` at `points`.
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

/// Sums all values, each times its share. It goes through the shares bit by bit, so that the sixteen
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

/// Computes 1 / Π (point − other) for each point.
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

/// Returns 0, 1 … N − 1.
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

/// Returns a · x modulo x^16 + x^12 + x^3 + x + 1.
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

/// Returns a^(2^16 − 2), which is 1 / a, and 0 for 0.
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
#[path = "tests/erasure.rs"]
mod tests;
