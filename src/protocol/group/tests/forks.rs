//! Operations that were made at once, or say so.

use alloc::vec::Vec;

use super::super::tree::{MAX_ASIDE, MAX_PATH, Place};
use super::*;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::tests::test_rng::TestRng;
use rand_core::Rng;

/// Draws a number below a bound.
fn below(rng: &mut TestRng, bound: usize) -> usize {
    usize::try_from(rng.next_u64() % u64::try_from(bound).unwrap()).unwrap()
}

/// Draws an action, which its author may or may not be entitled to.
fn some_action(rng: &mut TestRng, people: &[Identity]) -> Action {
    let who = &people[below(rng, people.len())];
    match below(rng, 6) {
        0 | 1 => add(who),
        2 => remove(who),
        3 => Action::Appoint(as_member(who)),
        4 => Action::Dismiss(as_member(who)),
        _ => Action::Leave,
    }
}

/// Makes a tree of random operations, most of them over one of the newest states.
fn grown(rng: &mut TestRng, people: &[Identity]) -> Tree {
    let mut tree = founded(&people[0], &[&people[1], &people[2]], &[&people[3]]);
    for _ in 0..120 {
        let states: Vec<_> = tree.all().map(Operation::hash).collect();
        let state = match below(rng, 3) {
            0 => states[below(rng, states.len())],
            _ => tree.head().hash,
        };
        let author = &people[below(rng, people.len())];
        let operation = over(&tree, state, some_action(rng, people), author);
        if tree.check(&operation).is_ok() {
            tree.insert(operation);
        }
    }
    tree
}

/// Gives a replica all operations in a random order; what misses another one comes again.
fn delivered(rng: &mut TestRng, all: &[Operation]) -> Tree {
    let (mut tree, mut open) = (Tree::new(Roster::empty()), all.to_vec());
    while !open.is_empty() {
        let operation = open.swap_remove(below(rng, open.len()));
        match tree.check(&operation) {
            Ok(()) => tree.insert(operation),
            Err(Error::EntryMissing) => open.push(operation),
            Err(error) => panic!("{error}"),
        }
    }
    tree
}

fn hashes(tree: &Tree) -> Vec<OperationHash> {
    tree.path().map(Operation::hash).collect()
}

#[test]
fn all_take_one_path_whatever_order_operations_come_in() {
    let people = people::<6>();
    let (mut forked, mut grew) = (0, 0);
    for seed in 0..30 {
        let mut rng = TestRng::new(seed);
        let tree = grown(&mut rng, &people);
        let all: Vec<_> = tree.all().cloned().collect();
        for _ in 0..3 {
            let other = delivered(&mut rng, &all);
            assert_eq!(hashes(&other), hashes(&tree), "seed {seed}");
            assert!(other.head() == tree.head());
        }
        forked += tree.aside().count();
        grew += tree.path().count();
    }
    assert!(forked > 200 && grew > 300, "{forked} {grew}");
}

#[test]
fn a_tree_reads_back_as_it_was() {
    let people = people::<6>();
    let tree = grown(&mut TestRng::new(77), &people);
    let bytes = Writer::encoded(|writer| tree.write(writer));
    let again = Reader::all(&bytes, Tree::read).unwrap();
    assert!(again == tree && tree.aside().count() > 0);
}

#[test]
fn what_a_senior_says_goes_before_what_a_junior_says() {
    let [founder, senior, junior, plain, one, other] = people();
    let mut tree = founded(&founder, &[&senior, &junior], &[&plain]);
    let fork = tree.head().hash;
    for (by, who) in [(&plain, &one), (&junior, &other), (&senior, &one), (&founder, &other)] {
        let operation = take(&mut tree, fork, add(who), by);
        assert_eq!(tree.head().hash, operation.hash());
    }
    assert_eq!(tree.aside().count(), 3);
}

#[test]
fn a_branch_in_which_more_administrators_have_written_goes_before() {
    let [founder, senior, junior, plain, ..] = people::<6>();
    let mut tree = founded(&founder, &[&senior, &junior], &[&plain]);
    let fork = tree.head().hash;
    let first = take(&mut tree, fork, Action::Appoint(as_member(&plain)), &junior);
    let alone = take(&mut tree, fork, remove(&plain), &senior);
    assert_eq!(tree.head().hash, alone.hash());
    // The senior builds on the junior's: both have written there.
    let both = take(&mut tree, first.hash(), Action::Dismiss(as_member(&plain)), &senior);
    assert_eq!(hashes(&tree)[1..], [first.hash(), both.hash()]);
}

#[test]
fn a_removed_administrator_cannot_undo_that_by_an_older_date() {
    let [founder, senior, junior, plain, friend, ..] = people::<6>();
    let mut tree = founded(&founder, &[&senior, &junior], &[&plain]);
    let fork = tree.head().hash;
    next(&mut tree, add(&friend), &plain);
    let removed = next(&mut tree, remove(&junior), &senior);
    // By the state at the fork all of it is the junior's right.
    let dated = take(&mut tree, fork, remove(&plain), &junior);
    let added = take(&mut tree, dated.hash(), add(&friend), &junior);
    assert_eq!(tree.head().hash, removed.hash());
    // A plain member's word has no weight.
    let helped = take(&mut tree, added.hash(), Action::Leave, &friend);
    assert!(tree.place(helped.hash()) == Place::Aside);
    assert!(!tree.head().is_member(as_member(&junior)));
}

#[test]
fn who_has_left_comes_back_by_no_older_date_once_another_administrator_wrote() {
    let [founder, senior, junior, plain, one, ..] = people::<6>();
    let mut tree = founded(&founder, &[&senior, &junior], &[&plain]);
    let fork = tree.head().hash;
    next(&mut tree, Action::Leave, &founder);
    let by_senior = next(&mut tree, add(&one), &senior);
    for who in [&senior, &junior, &plain] {
        take(&mut tree, fork, remove(who), &founder);
        assert_eq!(tree.head().hash, by_senior.hash());
    }
    // With a junior's help neither.
    let dated = over(&tree, fork, remove(&plain), &founder);
    take(&mut tree, dated.hash(), Action::Leave, &junior);
    assert_eq!(tree.head().hash, by_senior.hash());
}

#[test]
fn two_operations_of_one_device_over_one_state_are_rivals() {
    let [founder, senior, plain, one, ..] = people::<6>();
    let mut tree = founded(&founder, &[&senior], &[&plain]);
    let fork = tree.head().hash;
    let first = take(&mut tree, fork, add(&one), &founder);
    let second = over(&tree, fork, remove(&plain), &founder);
    assert_eq!(tree.rival(&second), Some(&first));
    // Another device of the account may not have known of it.
    let elsewhere = over(&tree, fork, remove(&plain), &device(1, 9));
    assert_eq!(tree.rival(&elsewhere), None);
    tree.insert(second.clone());
    let lower = first.hash().min(second.hash());
    assert_eq!(tree.head().hash, lower, "of equal branches the lower hash is taken");
}

#[test]
fn a_fork_behind_the_operations_that_are_kept_is_refused() {
    let [founder, senior, plain, one, ..] = people::<6>();
    let mut tree = founded(&founder, &[&senior], &[&plain]);
    let fork = tree.head().hash;
    let late = over(&tree, fork, remove(&senior), &founder);
    let (appoint, dismiss) =
        (Action::Appoint(as_member(&plain)), Action::Dismiss(as_member(&plain)));
    next(&mut tree, appoint.clone(), &founder);
    next(&mut tree, dismiss.clone(), &founder);
    let aside = take(&mut tree, fork, add(&one), &senior);
    assert!(tree.place(aside.hash()) == Place::Aside);
    for _ in 0..MAX_PATH / 2 {
        next(&mut tree, appoint.clone(), &founder);
        next(&mut tree, dismiss.clone(), &founder);
    }
    assert_eq!(tree.all().count(), MAX_PATH);
    assert_eq!(tree.check(&late), Err(Error::Forked));
    assert!(tree.place(fork) == Place::Past && tree.place(aside.hash()) == Place::Unknown);
    let bytes = Writer::encoded(|writer| tree.write(writer));
    assert!(Reader::all(&bytes, Tree::read).unwrap() == tree);
}

#[test]
fn who_floods_a_group_with_branches_pushes_out_its_own_first() {
    let [founder, senior, plain, one, ..] = people::<6>();
    let mut tree = founded(&founder, &[&senior], &[&plain]);
    let fork = tree.head().hash;
    let head = next(&mut tree, add(&one), &founder);
    let honest = take(&mut tree, fork, add(&one), &senior);
    for number in 10..200 {
        take(&mut tree, fork, add(&person(number)), &plain);
    }
    assert_eq!((tree.aside().count(), tree.head().hash), (MAX_ASIDE, head.hash()));
    assert!(tree.place(honest.hash()) == Place::Aside);
}

#[test]
fn what_who_is_no_member_has_branched_is_pushed_out_first() {
    let [founder, senior, plain, one, ..] = people::<6>();
    let mut tree = founded(&founder, &[&senior], &[&plain]);
    let fork = tree.head().hash;
    next(&mut tree, remove(&plain), &founder);
    let late = take(&mut tree, fork, add(&one), &plain);
    for number in 10..10 + u8::try_from(MAX_ASIDE).unwrap() {
        take(&mut tree, fork, add(&person(number)), &senior);
    }
    assert_eq!(tree.aside().count(), MAX_ASIDE);
    assert!(tree.place(late.hash()) == Place::Unknown);
}

#[test]
fn a_flood_pushes_out_nothing_that_speaks_for_the_path() {
    let [founder, senior, junior, third, plain, one] = people();
    let mut tree = founded(&founder, &[&senior, &junior, &third], &[&plain]);
    let fork = tree.head().hash;
    // The senior has written in both branches, and the junior's word, which is void, tells them apart.
    let other = take(&mut tree, fork, add(&one), &senior);
    take(&mut tree, other.hash(), add(&person(8)), &third);
    let first = take(&mut tree, fork, add(&person(9)), &plain);
    let voided = take(&mut tree, first.hash(), add(&one), &junior);
    let removed = take(&mut tree, first.hash(), remove(&junior), &senior);
    assert_eq!(tree.head().hash, removed.hash());
    for number in 10..10 + u8::try_from(MAX_ASIDE).unwrap() {
        take(&mut tree, fork, add(&person(number)), &plain);
        let bytes = Writer::encoded(|writer| tree.write(writer));
        assert!(Reader::all(&bytes, Tree::read).unwrap() == tree, "{number}");
    }
    assert_eq!((tree.aside().count(), tree.head().hash), (MAX_ASIDE, removed.hash()));
    assert!(tree.place(voided.hash()) == Place::Aside);
}

#[test]
fn an_operation_whose_predecessor_is_not_here_waits() {
    let [founder, senior, plain, one, ..] = people::<6>();
    let mut tree = founded(&founder, &[&senior], &[&plain]);
    let mut ahead = tree.clone();
    let first = next(&mut ahead, add(&one), &founder);
    let second = next(&mut ahead, remove(&plain), &senior);
    assert_eq!(tree.check(&second), Err(Error::EntryMissing));
    for operation in [first.clone(), second] {
        tree.check(&operation).unwrap();
        tree.insert(operation);
    }
    assert_eq!(tree.check(&first), Err(Error::Duplicate));
    assert!(tree == ahead);
}
