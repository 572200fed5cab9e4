use alloc::vec;

use super::*;

#[test]
fn the_stream_is_that_of_a_counter_from_zero() {
    let mut stream = [0; 32];
    apply(&Secret::copy(&[0; 32]), &mut stream).unwrap();
    // AES-256 under zeros of the blocks 0 and 1.
    let expected = [
        0xdc, 0x95, 0xc0, 0x78, 0xa2, 0x40, 0x89, 0x89, 0xad, 0x48, 0xa2, 0x14, 0x92, 0x84, 0x20,
        0x87, 0x53, 0x0f, 0x8a, 0xfb, 0xc7, 0x45, 0x36, 0xb9, 0xa9, 0x63, 0xb4, 0xf1, 0xc4, 0xcb,
        0x73, 0x8b,
    ];
    assert_eq!(stream, expected);
}

#[test]
fn a_text_of_any_length_comes_back() {
    for length in [0, 1, 15, 16, 17, 1000] {
        let mut text = vec![7; length];
        apply(&Secret::copy(&[3; 32]), &mut text).unwrap();
        assert!(length == 0 || text != vec![7; length]);
        apply(&Secret::copy(&[3; 32]), &mut text).unwrap();
        assert_eq!(text, vec![7; length]);
    }
}
