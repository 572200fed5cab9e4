use alloc::collections::BTreeSet;

use super::*;

fn padded(length: u64, padding: Padding) -> u64 {
    Terms::new(Media::File, length, padding).unwrap().padded()
}

#[test]
fn exact_padding_adds_nothing() {
    for length in [0, 1, 4096, 65_537, MAX_LENGTH] {
        assert_eq!(padded(length, Padding::Exact), length);
    }
}

#[test]
fn buckets_are_the_ones_of_the_page() {
    for (length, expected) in [
        (0, 4096),
        (1, 4096),
        (4096, 4096),
        (4097, 8192),
        (65_536, 65_536),
        (65_537, 69_632),
        (131_072, 131_072),
        (131_073, 139_264),
        (1_000_000, 1_015_808),
        (MAX_LENGTH - 1, MAX_LENGTH),
        (MAX_LENGTH, MAX_LENGTH),
    ] {
        assert_eq!(padded(length, Padding::Buckets), expected, "{length}");
    }
}

#[test]
fn buckets_add_a_sixteenth_at_most_and_are_few() {
    let mut buckets = BTreeSet::new();
    let (mut length, mut last) = (0_u64, 0);
    while length < MAX_LENGTH {
        let bucket = padded(length, Padding::Buckets);
        assert!(bucket >= last && bucket >= length);
        assert!(bucket - length < (length / 16).max(MIN_STEP) || length == 0, "{length}");
        assert_eq!(padded(bucket, Padding::Buckets), bucket, "a bucket is its own");
        buckets.insert(bucket);
        last = bucket;
        length += 1 + length / 97;
    }
    assert_eq!(buckets.len(), 16 + 32 * 16, "sixteen to an octave");
}

#[test]
fn more_than_the_maximum_is_refused() {
    let refused = Terms::new(Media::File, MAX_LENGTH + 1, Padding::Exact);
    assert_eq!(refused.err(), Some(Error::ContentTooLong));
}
