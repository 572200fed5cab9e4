//! Messages whose tag AES-256-GCM does not bind to them. A tag is linear in each block of the ciphertext: one free
//! block makes a text that opens under two keys, or one that has a tag which was chosen before.

use alloc::vec::Vec;

use crate::primitives::aead;
use crate::primitives::aead::{NONCE, TAG};
use crate::primitives::secret::Secret;

/// Makes a `ciphertext ‖ tag` of 32 bytes that opens under both keys (nonce 0), to texts that both end
/// in `last`. It exists for one pair of keys in 256; for the others it is `None`.
pub(crate) fn of(
    one: &Secret<32>,
    other: &Secret<32>,
    ad: &[u8],
    last: u8,
) -> Option<[u8; 32 + TAG]> {
    let (one_stream, other_stream) = (stream(one), stream(other));
    if one_stream[31] != other_stream[31] {
        return None;
    }
    // C = free ‖ fixed. In the tag, `free` stands in front of `fixed` and the lengths: times H³.
    let mut sealed = [0; 32 + TAG];
    sealed[31] = last ^ one_stream[31];
    let rest = [(one, one_stream), (other, other_stream)].map(|(key, stream)| {
        let mut text: Vec<u8> = stream.iter().zip(sealed).map(|(a, b)| a ^ b).collect();
        let tag = aead::seal(key, &[0; NONCE], ad, &mut text).unwrap();
        assert_eq!(text, sealed[..32]);
        u128::from_be_bytes(tag)
    });
    let cubes = [one, other].map(|key| {
        let h = hash_key(key);
        times(h, times(h, h))
    });
    let free = times(rest[0] ^ rest[1], inverse(cubes[0] ^ cubes[1]));
    let tag = rest[0] ^ times(free, cubes[0]);
    assert_eq!(tag, rest[1] ^ times(free, cubes[1]));
    sealed[..16].copy_from_slice(&free.to_be_bytes());
    sealed[32..].copy_from_slice(&tag.to_be_bytes());
    Some(sealed)
}

/// Makes a ciphertext of two blocks that opens with this tag, to a text that ends in `last`. Whoever has the
/// key can, for any nonce, associated data and tag.
pub(crate) fn with_tag(
    key: &Secret<32>,
    nonce: &[u8; NONCE],
    ad: &[u8],
    tag: &[u8; TAG],
    last: &[u8; 16],
) -> [u8; 32] {
    let mut stream = [0; 32];
    aead::seal(key, nonce, &[], &mut stream).unwrap();
    let mut sealed = [0; 32];
    sealed[16..].copy_from_slice(last);
    let mut text = sealed;
    for (at, byte) in stream.iter().enumerate() {
        text[at] = if at < 16 { *byte } else { text[at] };
        sealed[at] = if at < 16 { 0 } else { sealed[at] ^ byte };
    }
    let without = aead::seal(key, nonce, ad, &mut text).unwrap();
    assert_eq!(text, sealed);
    let h = hash_key(key);
    let missing = u128::from_be_bytes(*tag) ^ u128::from_be_bytes(without);
    let free = times(missing, inverse(times(h, times(h, h))));
    sealed[..16].copy_from_slice(&free.to_be_bytes());
    sealed
}

fn stream(key: &Secret<32>) -> [u8; 32] {
    let mut text = [0; 32];
    aead::seal(key, &[0; NONCE], &[], &mut text).unwrap();
    text
}

/// Finds H from two tags: over nothing, and over one block of zeros, which adds its length times H.
fn hash_key(key: &Secret<32>) -> u128 {
    let tag = |ad: &[u8]| u128::from_be_bytes(aead::seal(key, &[0; NONCE], ad, &mut []).unwrap());
    times(tag(&[]) ^ tag(&[0; 16]), inverse(128 << 64))
}

/// Multiplies in the field of GCM, whose bits count from the most significant.
fn times(a: u128, b: u128) -> u128 {
    let (mut product, mut shifted) = (0, b);
    for bit in (0..128).rev() {
        if a >> bit & 1 == 1 {
            product ^= shifted;
        }
        let carry = shifted & 1;
        shifted >>= 1;
        if carry == 1 {
            shifted ^= 0xe1 << 120;
        }
    }
    product
}

/// Returns `a^(2^128 − 2)`: the product of all repeated squares of `a`, without `a` itself.
fn inverse(a: u128) -> u128 {
    let (mut product, mut square) = (1 << 127, a);
    for _ in 1..128 {
        square = times(square, square);
        product = times(product, square);
    }
    product
}
