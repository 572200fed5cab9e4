//! Rights: who may do what in a group.

use alloc::vec;

use super::super::roster::{MAX_ADMINISTRATORS, MAX_MEMBERS};
use super::*;
use crate::error::Error;

#[test]
fn each_action_is_for_whom_the_page_names_and_nobody_else() {
    let [founder, senior, junior, plain, stranger, ..] = people::<6>();
    let tree = founded(&founder, &[&senior, &junior], &[&plain]);
    let all = [&founder, &senior, &junior, &plain, &stranger];
    let appoint = |who| Action::Appoint(as_member(who));
    let dismiss = |who| Action::Dismiss(as_member(who));
    // By founder, senior, junior, plain member, stranger.
    for (action, may) in [
        (add(&stranger), [true, true, true, true, false]),
        (add(&plain), [false; 5]),
        (remove(&founder), [false; 5]),
        (remove(&senior), [true, false, false, false, false]),
        (remove(&junior), [true, true, false, false, false]),
        (remove(&plain), [true, true, true, false, false]),
        (remove(&stranger), [false; 5]),
        (Action::Remove(named(&[&plain, &senior])), [true, false, false, false, false]),
        (Action::Leave, [true, true, true, true, false]),
        (appoint(&plain), [true, true, true, false, false]),
        (appoint(&senior), [false; 5]),
        (appoint(&stranger), [false; 5]),
        (dismiss(&founder), [true, false, false, false, false]),
        (dismiss(&senior), [true, true, false, false, false]),
        (dismiss(&junior), [true, true, true, false, false]),
        (dismiss(&plain), [false; 5]),
    ] {
        for (by, may) in all.into_iter().zip(may) {
            let operation = over(&tree, tree.head().hash, action.clone(), by);
            let expected = if may { Ok(()) } else { Err(Error::NotEntitled) };
            assert_eq!(tree.check(&operation), expected, "{action:?}");
        }
    }
}

#[test]
fn nobody_but_administrators_adds_where_the_group_says_so() {
    let [founder, senior, plain, stranger, ..] = people::<6>();
    let members = named(&[&senior, &plain]);
    let administrators = vec![as_member(&senior)];
    let adding = Adding::Administrators;
    let founding = Founding { salt: [7; 32], adding, members, administrators };
    let found = Action::Found(founding);
    let first = Operation::sign(None, (OperationHash::NONE, 1), found, &founder);
    let mut tree = Tree::new(Roster::empty());
    tree.insert(first);
    for (by, expected) in [(&senior, Ok(())), (&plain, Err(Error::NotEntitled))] {
        assert_eq!(tree.check(&over(&tree, tree.head().hash, add(&stranger), by)), expected);
    }
}

#[test]
fn a_group_of_1024_members_takes_no_more() {
    let [founder, senior] = people();
    let mut tree = founded(&founder, &[&senior], &[]);
    let member = |number: usize| {
        let mut member = as_member(&founder);
        member.id.0[..8].copy_from_slice(&u64::try_from(number).unwrap().to_be_bytes());
        member
    };
    let mut count = 2;
    while count < MAX_MEMBERS {
        let more = (count..MAX_MEMBERS.min(count + 32)).map(member).collect::<Vec<_>>();
        count += more.len();
        next(&mut tree, Action::Add(sorted(&more)), &senior);
    }
    let full = over(&tree, tree.head().hash, Action::Add(vec![member(5_000)]), &founder);
    assert_eq!(tree.check(&full), Err(Error::TooManyAccounts));
    for number in 2..MAX_ADMINISTRATORS {
        next(&mut tree, Action::Appoint(member(number)), &founder);
    }
    let last = as_member(&person(1)).id.0[31];
    let full = over(&tree, tree.head().hash, Action::Appoint(member(500)), &founder);
    assert_eq!((tree.check(&full), last), (Err(Error::TooManyAccounts), 1));
    assert_eq!(tree.head().weight(member(MAX_ADMINISTRATORS - 1)), 1);
}
