#![allow(clippy::arithmetic_side_effects, reason = "a failed expectation is a failed test")]

use super::*;
use crate::primitives::siv::TAG;

const FULL: u64 = FAN * PIECE_BYTES;

#[test]
fn the_constants_fit_each_other() {
    assert_eq!(u64::try_from(PIECE), Ok(PIECE_BYTES));
    assert_eq!(u64::try_from(TAG), Ok(TAG_BYTES));
    assert_eq!(FAN * TAG_BYTES, PIECE_BYTES);
    const { assert!(FAN_BITS * 3 + 16 >= 48) };
}

/// Follows the order of the pieces from the first, adding up their lengths.
fn walk(padded: u64) -> u64 {
    let layout = Layout::new(padded);
    let (mut at, mut content, mut pieces) = (0, 0, [0_u64; LEVELS]);
    let mut next = Some(Piece::segment(0));
    let mut last = Piece::segment(0);
    while let Some(piece) = next {
        assert_eq!(piece.number, pieces[piece.level], "{padded}: in order");
        pieces[piece.level] += 1;
        assert_eq!(layout.offset(piece), at, "{padded}: {piece:?}");
        let length = u64::try_from(layout.length(piece)).unwrap();
        assert!(length <= PIECE_BYTES);
        if piece.is_segment() {
            content += length;
        } else {
            // Everything that it names is in front of it.
            let below = layout.count(piece.level - 1);
            assert_eq!(pieces[piece.level - 1], (piece.number * FAN + FAN).min(below));
            assert_eq!(length, 32 * (below - piece.number * FAN).min(FAN));
        }
        at += length;
        assert_eq!(layout.end(piece), at);
        last = piece;
        next = layout.after(piece);
    }
    assert_eq!((content, at), (padded, layout.total()));
    assert_eq!(pieces, core::array::from_fn(|level| layout.count(level)));
    assert_eq!(last, layout.top());
    at
}

#[test]
fn pieces_follow_each_other_without_a_gap() {
    let lengths = [0, 1, 2, 65_535, 65_536, 65_537, 131_072, 1_000_000];
    let big = [FULL - 1, FULL, FULL + 1, FULL + 65_537, 2 * FULL, 2 * FULL + 1, 5 * FULL - 3];
    for length in lengths.into_iter().chain(big) {
        walk(length);
    }
}

#[test]
fn a_third_level_of_indices_follows_at_256_gib() {
    assert_eq!(Layout::new(FAN * FULL).top().level, 2);
    assert_eq!(Layout::new(FAN * FULL + 1).top().level, 3);
    walk(FAN * FULL + 1);
}

#[test]
fn a_single_segment_has_no_index() {
    for length in [0, 1, 65_536] {
        assert_eq!(walk(length), length);
        assert_eq!(Layout::new(length).top(), Piece::segment(0));
    }
    assert_eq!(walk(65_537), 65_537 + 64);
}

#[test]
fn the_longest_attachment_is_laid_out_by_arithmetic() {
    let layout = Layout::new(1 << 48);
    assert_eq!([0, 1, 2, 3].map(|level| layout.count(level)), [1 << 32, 1 << 21, 1 << 10, 1]);
    let indices = (1_u64 << 21) * PIECE_BYTES + (1 << 10) * PIECE_BYTES + 1024 * 32;
    assert_eq!(layout.total(), (1 << 48) + indices);
    let last = Piece::segment((1 << 32) - 1);
    assert_eq!(layout.length(last), PIECE);
    let behind = [last, last.parent(), last.parent().parent(), layout.top()];
    for [one, next] in behind.windows(2).map(|two| [two[0], two[1]]) {
        assert_eq!(layout.after(one), Some(next));
        assert_eq!(layout.end(one), layout.offset(next));
    }
    assert_eq!(layout.after(layout.top()), None);
}
