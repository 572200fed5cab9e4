//! Lengths of items.

use super::*;

#[test]
fn the_length_of_an_item_has_bounds() {
    for (length, is_one) in
        [(0, false), (98, false), (99, true), (179 + (1 << 20), true), (180 + (1 << 20), false)]
    {
        assert_eq!(entry_length(u32::to_be_bytes(length)).is_ok(), is_one, "{length}");
    }
}
