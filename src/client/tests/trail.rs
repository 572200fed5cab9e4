use alloc::vec;
use alloc::vec::Vec;

use super::*;

fn anchors(count: usize) -> Vec<Anchor> {
    let next = |anchor: &Anchor| Some(anchor.next(b"a change"));
    core::iter::successors(Some(Anchor::start(6, b"owner", b"name")), next).take(count).collect()
}

fn pieces(numbers: impl IntoIterator<Item = u64>) -> impl Iterator<Item = Title> {
    numbers.into_iter().map(|number| Title::Piece(9, number))
}

fn since(trail: &Trail, anchor: &Anchor) -> Option<Vec<Title>> {
    trail.since(anchor).map(|titles| titles.into_iter().collect())
}

#[test]
fn a_trail_tells_what_was_touched_since_an_anchor_that_it_has_passed() {
    let at = anchors(4);
    let mut trail = Trail::default();
    assert_eq!(since(&trail, &at[0]), None);
    trail.note(at[0], pieces([1, 2]), 10);
    trail.note(at[1], pieces([]), 10);
    trail.note(at[2], pieces([2, 3]), 10);
    let all = |numbers: &[u64]| Some(pieces(numbers.iter().copied()).collect::<Vec<_>>());
    assert_eq!(since(&trail, &at[0]), all(&[1, 2, 3]));
    assert_eq!(since(&trail, &at[1]), all(&[2, 3]));
    assert_eq!(since(&trail, &at[2]), all(&[2, 3]));
    assert_eq!(since(&trail, &at[3]), None, "no change was made from here");
    let other = at[0].next(b"another change");
    assert_eq!(since(&trail, &other), None, "of another history at the same generation");
    trail.clear();
    assert_eq!(since(&trail, &at[2]), None);
}

#[test]
fn a_trail_forgets_its_oldest_changes_whole() {
    let at = anchors(MAX_STEPS + 2);
    let mut trail = Trail::default();
    trail.note(at[0], pieces([1, 2, 3]), 4);
    trail.note(at[1], pieces([4, 5]), 4);
    assert_eq!(since(&trail, &at[0]), None);
    assert_eq!(since(&trail, &at[1]), Some(pieces([4, 5]).collect()));
    // One that touches more than are kept leaves nothing.
    trail.note(at[2], pieces(0..5), 4);
    assert_eq!(since(&trail, &at[2]), None);
    assert_eq!((trail.steps.len(), trail.titles.len()), (0, 0));
    for anchor in &at[..=MAX_STEPS] {
        trail.note(*anchor, pieces([]), 4);
    }
    assert_eq!(since(&trail, &at[0]), None);
    assert_eq!(since(&trail, &at[1]), Some(vec![]));
}
