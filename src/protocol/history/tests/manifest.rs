//! The longest manifest.

use super::*;

#[test]
fn the_longest_manifest_stands_in_a_letter() {
    // Version and kind, id, two devices, a flag, a count, parts with the longest place, a signature.
    let longest = 2 + 16 + 8 + 8 + 1 + 4 + MAX_PARTS * (64 + 64 + 4 + 76 + 4 + MAX_PLACE) + 64;
    assert_eq!(longest, 282_727);
    assert!(longest < crate::protocol::padding::MAX_CONTENT - 171);
}
