//! Objects of groups as they travel.

use alloc::vec::Vec;

use super::super::checkpoint::Checkpoint;
use super::super::operation::MAX_OPERATION;
use super::super::request::OperationRequest;
use super::*;
use crate::error::Error;
use crate::primitives::tests::op_count::{self, Work};
use crate::protocol::letter::GroupId;

/// Checks that nothing decodes that differs in one byte or in its length.
fn alone(bytes: &[u8], is_refused: impl Fn(&[u8]) -> bool) {
    for place in 0..bytes.len() {
        let mut altered = bytes.to_vec();
        altered[place] ^= 1;
        assert!(is_refused(&altered), "byte {place}");
    }
    for length in [0, 1, 2, 34, bytes.len() - 1] {
        assert!(is_refused(&bytes[..length]), "{length} bytes");
    }
    assert!(is_refused(&[bytes, &[0]].concat()));
}

#[test]
fn an_operation_that_is_altered_anywhere_is_refused() {
    let [founder, senior, plain] = people();
    let tree = founded(&founder, &[&senior], &[&plain]);
    let bytes = over(&tree, tree.head().hash, remove(&plain), &senior).encode();
    assert_eq!(Operation::decode(&bytes).unwrap().encode(), bytes);
    alone(&bytes, |altered| Operation::decode(altered).is_err());
}

#[test]
fn an_operation_costs_three_signature_checks() {
    let [founder, senior, plain] = people();
    let tree = founded(&founder, &[&senior], &[&plain]);
    let bytes = over(&tree, tree.head().hash, remove(&plain), &senior).encode();
    let (operation, work) = op_count::of(|| Operation::decode(&bytes));
    assert!(operation.is_ok());
    assert_eq!(work, Work { verify: 3, ..Work::default() });
}

#[test]
fn a_checkpoint_that_is_altered_anywhere_is_refused() {
    let [founder, senior, plain] = people();
    let mut tree = founded(&founder, &[&senior], &[]);
    next(&mut tree, add(&plain), &senior);
    let group = tree.all().next().unwrap().group;
    let bytes = Checkpoint::sign(group, &tree, &senior);
    assert!(Checkpoint::decode(&bytes).unwrap().tree == tree);
    alone(&bytes, |altered| Checkpoint::decode(altered).is_err());
    let by_stranger = Checkpoint::sign(group, &tree, &person(9));
    assert_eq!(Checkpoint::decode(&by_stranger).err(), Some(Error::NotEntitled));
    let of_another = Checkpoint::sign(GroupId([9; 32]), &tree, &senior);
    assert_eq!(Checkpoint::decode(&of_another).err(), Some(Error::Malformed));
    let of_nothing = Checkpoint::sign(group, &Tree::new(Roster::empty()), &senior);
    assert_eq!(Checkpoint::decode(&of_nothing).err(), Some(Error::Malformed));
}

#[test]
fn nobody_founds_a_second_group_under_one_id() {
    let [founder, thief, plain] = people();
    let group = founded(&founder, &[], &[&plain]).all().next().unwrap().group;
    let founding = |salt| Founding {
        salt,
        adding: Adding::Members,
        members: named(&[&plain]),
        administrators: Vec::new(),
    };
    for (salt, by) in [([7; 32], &thief), ([8; 32], &founder)] {
        let place = (OperationHash::NONE, 1);
        let first = Operation::sign(Some(group), place, Action::Found(founding(salt)), by);
        assert_eq!(Operation::decode(&first.encode()).err(), Some(Error::Malformed));
    }
}

#[test]
fn an_operation_stands_where_it_says() {
    let [founder, senior] = people();
    let tree = founded(&founder, &[&senior], &[]);
    let (group, head) = (tree.all().next().unwrap().group, tree.head().hash);
    for place in [(OperationHash::NONE, 2), (head, 1), (head, 0)] {
        let operation = Operation::sign(Some(group), place, Action::Leave, &senior);
        assert_eq!(Operation::decode(&operation.encode()).err(), Some(Error::Malformed));
    }
    let skipped = Operation::sign(Some(group), (head, 3), Action::Leave, &senior);
    assert_eq!(tree.check(&skipped), Err(Error::Malformed));
}

#[test]
fn members_stand_in_order_and_each_once() {
    let [founder, one, other] = people();
    let tree = founded(&founder, &[], &[]);
    let mut members = named(&[&one, &other]);
    for action in [Action::Add(members.clone()), Action::Remove(members.clone())] {
        let operation = over(&tree, tree.head().hash, action, &founder);
        assert!(Operation::decode(&operation.encode()).is_ok());
    }
    members.reverse();
    let twice = named(&[&one]).repeat(2);
    let refused = [Action::Add(members), Action::Add(twice), Action::Remove(Vec::new())];
    for action in refused {
        let operation = over(&tree, tree.head().hash, action, &founder);
        assert_eq!(Operation::decode(&operation.encode()).err(), Some(Error::Malformed));
    }
}

#[test]
fn the_longest_operation_is_as_long_as_the_page_says() {
    let founder = person(1);
    let others: Vec<_> = (10..42).map(person).collect();
    let others: Vec<_> = others.iter().collect();
    let tree = founded(&founder, &others, &[]);
    assert_eq!(tree.all().next().unwrap().encode().len(), MAX_OPERATION);
    let group = tree.all().next().unwrap().group;
    assert!(Checkpoint::decode(&Checkpoint::sign(group, &tree, &founder)).is_ok());
}

#[test]
fn a_request_has_one_encoding() {
    let (head, wanted) = (OperationHash([2; 32]), OperationHash([3; 32]));
    let bytes = OperationRequest { group: GroupId([1; 32]), head, wanted }.encode();
    let read = OperationRequest::decode(&bytes).unwrap();
    assert_eq!((read.encode(), read.head, read.wanted), (bytes.clone(), head, wanted));
    for wrong in [&bytes[..97], &[&bytes[..], &[0]].concat()] {
        assert_eq!(OperationRequest::decode(wrong).err(), Some(Error::Malformed));
    }
}
