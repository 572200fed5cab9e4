#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]
use super::*;
use alloc::vec::Vec;

/// Computes the chunks of any indices, from the stream alone.
fn chunks<const N: usize>(stream: &[u8], indices: &[u16]) -> Vec<(u16, [u8; CHUNK])> {
    let mut indices = indices.to_vec();
    indices.sort_unstable();
    indices.into_iter().map(|index| (index, chunk::<N>(stream, index))).collect()
}

/// Makes 96 bytes without a pattern.
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

/// Chunks of [`some_stream`] that another implementation of this code made.
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
