//! Reading a part: what is fetched, and what is given out.

use super::*;

#[test]
fn a_part_is_read_with_the_pieces_that_it_needs_and_no_others() {
    let content = content(300_000);
    let (reference, stored) = sealed(&content, Padding::Buckets);
    let mut opener = Opener::new(&reference);
    for (range, pieces) in [
        // The index behind the padded content, and then what it names.
        (65_000..66_000, &[311_296, 0, SEGMENT][..]),
        (0..1, &[0]),
        (65_536..131_072, &[SEGMENT]),
        (299_999..300_000, &[4 * SEGMENT]),
        (5..5, &[]),
        (300_000..400_000, &[]),
        (Range { start: 7, end: 3 }, &[]),
    ] {
        opener.read(range.clone());
        let (out, fetched) = read(&mut opener, &stored);
        let part = content.get(range.start as usize..(range.end as usize).min(300_000));
        assert_eq!(out, part.unwrap_or_default(), "{range:?}");
        assert_eq!(fetched, pieces, "{range:?}");
    }
}

/// Opens what is wanted: returns it, and where the pieces stood that were fetched.
fn read(opener: &mut Opener, stored: &[u8]) -> (Vec<u8>, Vec<u64>) {
    let (mut out, mut fetched) = (Vec::new(), Vec::new());
    while let Some(piece) = opener.wants() {
        fetched.push(piece.start);
        out.extend_from_slice(opener.open(&mut fetch(stored, &piece)).unwrap());
    }
    (out, fetched)
}

#[test]
fn far_parts_are_read_with_two_indices_each() {
    let length = (GROUP + 2) * SEGMENT;
    let content = content(length as usize);
    let (reference, stored) = sealed(&content, Padding::Exact);
    let mut opener = Opener::new(&reference);
    let mut fetched = Vec::new();
    for at in [length - 9, 3, length / 2, length - 1, 77] {
        opener.read(at..at + 1);
        let (out, pieces) = read(&mut opener, &stored);
        assert_eq!(out, [content[at as usize]]);
        fetched.push(pieces.len());
        // What was opened of indices is there after a restart, too.
        opener = Opener::from_bytes(&opener.to_bytes()).unwrap();
    }
    // Top, index, segment; then each time another index; but once the same.
    assert_eq!(fetched, [3, 2, 1, 2, 2]);
}

#[test]
fn a_part_that_was_altered_is_refused_and_others_are_read() {
    let content = content(300_000);
    let (reference, mut stored) = sealed(&content, Padding::Buckets);
    stored[70_000] ^= 1;
    let mut opener = Opener::new(&reference);
    for (start, is_good) in [(0, true), (65_536, false), (131_072, true)] {
        opener.read(start..start + 10);
        let (out, result) = open_rest(&mut opener, &stored);
        let part = &content[start as usize..][..10];
        let expected = if is_good { (part, Ok(())) } else { (&[][..], Err(Error::Forged)) };
        assert_eq!((&out[..], result), expected);
    }
}

#[test]
fn only_a_reader_of_all_reads_the_padding() {
    // The content ends in the 33rd segment, its bucket with the 34th.
    let content = content(2_097_153);
    let (reference, stored) = sealed(&content, Padding::Buckets);
    let mut opener = Opener::new(&reference);
    let (out, fetched) = read(&mut opener, &stored);
    assert!(opener.is_finished() && out == content);
    assert_eq!(fetched.len(), 1 + 34);
    opener.read(0..reference.length());
    let (out, fetched) = read(&mut opener, &stored);
    assert!(opener.is_finished() && out == content);
    assert_eq!(fetched.len(), 33);
}
