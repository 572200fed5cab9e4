//! Operations, rosters and trees.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

mod forks;
mod objects;
mod rights;

use alloc::vec;
use alloc::vec::Vec;

use super::action::{Action, Adding, Founding};
use super::member::{Member, sorted};
use super::operation::{Operation, OperationHash};
use super::roster::Roster;
use super::tree::Tree;
use crate::primitives::secret::Secret;
use crate::primitives::{dh, sign};
use crate::protocol::identity::certificate::{
    AccountId, AccountKind, Certificate, DeviceId, Identity,
};

/// Makes the one device of an account.
fn person(number: u8) -> Identity {
    device(number, number)
}

/// Makes a device of an account.
fn device(account: u8, device: u8) -> Identity {
    let signing = sign::SecretKey::from_seed(Secret::copy(&[device; 32]));
    let agreement = dh::SecretKey::from_seed(Secret::copy(&[device; 32]));
    let key = sign::SecretKey::from_seed(Secret::copy(&[account ^ 0x80; 32]));
    let (id, kind) = (AccountId([account; 32]), AccountKind::Member);
    let device = DeviceId([device; 8]);
    let certificate = Certificate::sign(kind, id, &key, device, &signing, &agreement);
    Identity { signing, agreement, certificate }
}

fn people<const N: usize>() -> [Identity; N] {
    core::array::from_fn(|number| person(u8::try_from(number + 1).unwrap()))
}

fn as_member(identity: &Identity) -> Member {
    Member::of_device(&identity.certificate)
}

fn named(people: &[&Identity]) -> Vec<Member> {
    sorted(&people.iter().map(|person| as_member(person)).collect::<Vec<_>>())
}

/// Founds a group: the first of these, others that are administrators by seniority, plain members.
fn founded(founder: &Identity, senior: &[&Identity], plain: &[&Identity]) -> Tree {
    let members = named(&[senior, plain].concat());
    let administrators = senior.iter().map(|person| as_member(person)).collect();
    let founding = Founding { salt: [7; 32], adding: Adding::Members, members, administrators };
    let action = Action::Found(founding);
    let first = Operation::sign(None, (OperationHash::NONE, 1), action, founder);
    let mut tree = Tree::new(Roster::empty());
    tree.check(&first).unwrap();
    tree.insert(first);
    tree
}

/// Signs an operation over a state of the tree.
fn over(tree: &Tree, state: OperationHash, action: Action, by: &Identity) -> Operation {
    let (group, number) = (tree.all().next().unwrap().group, tree.roster_at(state).unwrap().number);
    Operation::sign(Some(group), (state, number + 1), action, by)
}

/// Takes an operation over a state of the tree, and gives it out.
fn take(tree: &mut Tree, state: OperationHash, action: Action, by: &Identity) -> Operation {
    let operation = over(tree, state, action, by);
    tree.check(&operation).unwrap();
    tree.insert(operation.clone());
    operation
}

/// Takes an operation over the state in force.
fn next(tree: &mut Tree, action: Action, by: &Identity) -> Operation {
    let head = tree.head().hash;
    take(tree, head, action, by)
}

fn add(who: &Identity) -> Action {
    Action::Add(vec![as_member(who)])
}

fn remove(who: &Identity) -> Action {
    Action::Remove(vec![as_member(who)])
}
