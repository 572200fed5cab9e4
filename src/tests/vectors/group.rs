//! Groups: one history with an operation of each action and its checkpoint, and a fork with its path.

use alloc::vec;
use alloc::vec::Vec;

use super::form::Vector;
use crate::error::Error;
use crate::primitives::secret::Secret;
use crate::primitives::{dh, sign};
use crate::protocol::group::action::{Action, Adding, Founding};
use crate::protocol::group::checkpoint::Checkpoint;
use crate::protocol::group::member::Member;
use crate::protocol::group::operation::{Operation, OperationHash};
use crate::protocol::group::request::OperationRequest;
use crate::protocol::group::roster::Roster;
use crate::protocol::group::tree::Tree;
use crate::protocol::identity::certificate::{
    AccountId, AccountKey, AccountKind, Certificate, DeviceId, Identity,
};
use crate::protocol::labels;
use crate::protocol::letter::GroupId;

pub(super) fn vectors() -> Vec<Vector> {
    let mut all = vec![history(), fork(), weight()];
    all.extend(refused());
    all
}

/// An account with a device: its seeds, and what follows from them.
struct Person {
    signing_seed: [u8; 32],
    member: [u8; 64],
    certificate: Vec<u8>,
    identity: Identity,
}

impl Person {
    fn new(v: &mut Vector, who: &'static str) -> Self {
        v.part(who);
        let (id, account_seed) = (v.input("account id"), v.input("account seed"));
        let key = v.signing_key("account key", &account_seed);
        let device: [u8; 8] = v.input("device id");
        let (signing_seed, agreement_seed) = (v.input("signing seed"), v.input("agreement seed"));
        let signing = v.signing_key("signing key", &signing_seed);
        let agreement = v.agreement_key("agreement key", &agreement_seed);
        let core = [&[1][..], &id, &key, &device, &signing, &agreement].concat();
        v.bytes("core", &core);
        let label = labels::IDENTITY_ACCOUNT;
        let account = v.sign("account signature", &account_seed, label, &[&core]);
        let by_device =
            v.sign("device signature", &signing_seed, labels::IDENTITY_DEVICE, &[&core]);
        let certificate = [&core[..], &account, &by_device].concat();
        v.bytes("certificate", &certificate);
        v.part("");
        let member = [id, key].concat().try_into().unwrap();
        let (device, id) = (DeviceId(device), AccountId(id));
        let account_key = sign::SecretKey::from_seed(Secret::copy(&account_seed));
        let signing = sign::SecretKey::from_seed(Secret::copy(&signing_seed));
        let agreement = dh::SecretKey::from_seed(Secret::copy(&agreement_seed));
        let kind = AccountKind::Member;
        let real = Certificate::sign(kind, id, &account_key, device, &signing, &agreement);
        assert_eq!(real.encode(), certificate);
        let identity = Identity { signing, agreement, certificate: real };
        Self { signing_seed, member, certificate, identity }
    }

    fn as_member(&self) -> Member {
        let (id, key) = self.member.split_at(32);
        Member { id: AccountId(id.try_into().unwrap()), key: AccountKey(key.try_into().unwrap()) }
    }
}

/// A state by the formulas: the group's id, the last hash, its number.
#[derive(Clone, Copy)]
struct State([u8; 32], [u8; 32], u64);

const NOTHING: State = State([0; 32], [0; 32], 0);

fn set(people: &[&Person]) -> Vec<u8> {
    let mut members: Vec<_> = people.iter().map(|person| person.member).collect();
    members.sort_unstable();
    order(&members)
}

fn order(members: &[[u8; 64]]) -> Vec<u8> {
    [&u32::try_from(members.len()).unwrap().to_be_bytes()[..], &members.concat()].concat()
}

fn members(people: &[&Person]) -> Vec<Member> {
    let mut members: Vec<_> = people.iter().map(|person| person.as_member()).collect();
    members.sort_unstable();
    members
}

/// Computes the operation after a state by the formulas, and lets the crate make the same.
fn operation(
    v: &mut Vector,
    by: &Person,
    after: State,
    bytes: &[u8],
    action: Action,
) -> (State, Operation) {
    let State(group, predecessor, number) = after;
    let number = number + 1;
    v.number("number", number);
    v.bytes("action", bytes);
    let rest = [&predecessor[..], &number.to_be_bytes(), &by.certificate, bytes].concat();
    let is_first = number == 1;
    let group = if is_first { v.hash("group id", &[labels::GROUP_ID, &rest]) } else { group };
    let statement = [&group[..], &rest].concat();
    let hash = v.hash("hash", &[labels::GROUP_HASH, &statement]);
    let label = labels::GROUP_OPERATION;
    let signature = v.sign("signature", &by.signing_seed, label, &[&statement]);
    let encoded = [&[1, 0x39][..], &statement, &signature].concat();
    v.bytes("operation", &encoded);
    let id = (!is_first).then_some(GroupId(group));
    let place = (OperationHash(predecessor), number);
    let real = Operation::sign(id, place, action, &by.identity);
    assert_eq!(real.encode(), encoded);
    assert_eq!(Operation::decode(&encoded).unwrap().hash(), OperationHash(hash));
    (State(group, hash, number), real)
}

/// Founds a group of the first and these others, of whom the first is an administrator.
fn found(v: &mut Vector, by: &Person, others: &[&Person]) -> (State, Operation) {
    found_with(v, by, others, &others[..1])
}

/// Founds a group with these administrators behind the founder.
fn found_with(
    v: &mut Vector,
    by: &Person,
    others: &[&Person],
    seniors: &[&Person],
) -> (State, Operation) {
    let salt: [u8; 32] = v.input("salt");
    let administrators: Vec<_> = seniors.iter().map(|person| person.member).collect();
    let bytes = [&[1][..], &salt, &[2], &set(others), &order(&administrators)].concat();
    let action = Action::Found(Founding {
        salt,
        adding: Adding::Members,
        members: members(others),
        administrators: seniors.iter().map(|person| person.as_member()).collect(),
    });
    operation(v, by, NOTHING, &bytes, action)
}

fn add(v: &mut Vector, by: &Person, after: State, who: &Person) -> (State, Operation) {
    let bytes = [&[2][..], &set(&[who])].concat();
    operation(v, by, after, &bytes, Action::Add(members(&[who])))
}

fn taken(tree: &mut Tree, operation: Operation) {
    tree.check(&operation).unwrap();
    tree.insert(operation);
}

fn history() -> Vector {
    let mut v = Vector::new(
        "group-history",
        "groups",
        "a group with an operation of each action, the checkpoint after them, and a request",
    );
    let [founder, second, third, fourth] =
        ["founder", "second", "third", "fourth"].map(|who| Person::new(&mut v, who));
    let mut tree = Tree::new(Roster::empty());
    let mut keep = |operation| taken(&mut tree, operation);
    v.part("found");
    let (state, first) = found(&mut v, &founder, &[&second, &third]);
    keep(first);
    v.part("add");
    let (state, next) = add(&mut v, &third, state, &fourth);
    keep(next);
    v.part("appoint");
    let bytes = [&[5][..], &third.member].concat();
    let action = Action::Appoint(third.as_member());
    let (state, next) = operation(&mut v, &second, state, &bytes, action);
    keep(next);
    v.part("remove");
    let bytes = [&[3][..], &set(&[&fourth])].concat();
    let action = Action::Remove(members(&[&fourth]));
    let (state, next) = operation(&mut v, &founder, state, &bytes, action);
    keep(next);
    v.part("dismiss");
    let bytes = [&[6][..], &third.member].concat();
    let action = Action::Dismiss(third.as_member());
    let (state, next) = operation(&mut v, &second, state, &bytes, action);
    keep(next);
    v.part("leave");
    let (state, next) = operation(&mut v, &third, state, &[4], Action::Leave);
    keep(next);
    v.part("");
    let State(group, hash, _) = state;
    assert_eq!(tree.head().members().count(), 2);
    checkpoint(&mut v, &second, GroupId(group), &tree);
    let request = [&[1, 0x3d][..], &group, &tree.path().next().unwrap().hash().0, &hash].concat();
    v.bytes("request", &request);
    let real = OperationRequest::decode(&request).unwrap();
    assert_eq!((real.group, real.wanted), (GroupId(group), OperationHash(hash)));
    assert_eq!(real.encode(), request);
    v
}

/// Computes the checkpoint of a whole history.
fn checkpoint(v: &mut Vector, giver: &Person, group: GroupId, tree: &Tree) {
    // Before the first operation there is nobody, and administrators may add.
    let empty = [&[0; 40][..], &[1], &[0; 8]].concat();
    let operations: Vec<_> = tree.path().map(Operation::encode).collect();
    let mut statement = [&group.0[..], &giver.certificate, &empty].concat();
    statement.extend(u32::try_from(operations.len()).unwrap().to_be_bytes());
    for operation in &operations {
        statement.extend(u32::try_from(operation.len()).unwrap().to_be_bytes());
        statement.extend(operation);
    }
    let label = labels::GROUP_CHECKPOINT;
    let signature = v.sign("checkpoint signature", &giver.signing_seed, label, &[&statement]);
    let bytes = [&[1, 0x3a][..], &statement, &signature].concat();
    v.bytes("checkpoint", &bytes);
    assert_eq!(Checkpoint::sign(group, tree, &giver.identity), bytes);
    let real = Checkpoint::decode(&bytes).unwrap();
    assert!(real.tree == *tree && real.group == group);
}

/// Joins the hashes of the path that a tree has.
fn path(tree: &Tree) -> Vec<u8> {
    tree.path().flat_map(|operation| operation.hash().0).collect()
}

fn fork() -> Vector {
    let mut v = Vector::new(
        "group-fork",
        "groups",
        "three branches from one state, and the path after each operation",
    );
    let [founder, second, third, fourth] =
        ["founder", "second", "third", "fourth"].map(|who| Person::new(&mut v, who));
    let mut tree = Tree::new(Roster::empty());
    let mut way = Vec::new();
    let mut keep = |v: &mut Vector, step: Operation, way: &mut Vec<[u8; 32]>| {
        way.push(step.hash().0);
        taken(&mut tree, step);
        v.bytes("path", &path(&tree));
    };
    v.part("first");
    let (state, step) = found(&mut v, &founder, &[&second, &third]);
    keep(&mut v, step, &mut way);
    let bytes = [&[5][..], &third.member].concat();
    let appoint = Action::Appoint(third.as_member());
    // A plain member, an administrator, the founder, all over one state; then the founder builds on the second.
    v.part("plain");
    let (_, step) = add(&mut v, &third, state, &fourth);
    keep(&mut v, step, &mut way);
    v.part("junior");
    let (junior, step) = add(&mut v, &second, state, &fourth);
    keep(&mut v, step, &mut way);
    v.part("senior");
    let (senior, step) = operation(&mut v, &founder, state, &bytes, appoint.clone());
    keep(&mut v, step, &mut way);
    v.part("endorsed");
    let (_, step) = operation(&mut v, &founder, junior, &bytes, appoint);
    keep(&mut v, step, &mut way);
    v.part("remade");
    let (_, step) = add(&mut v, &founder, senior, &fourth);
    keep(&mut v, step, &mut way);
    v.part("");
    let hashes = [way[0], way[2], way[4]].concat();
    assert_eq!(path(&tree), hashes, "two administrators go before one");
    v
}

/// Lets one senior administrator stand against two juniors, then two operations of one author against each other.
fn weight() -> Vector {
    let mut v = Vector::new(
        "group-weight",
        "groups",
        "the founder alone goes before two administrators; of equal branches the lower hash, and the path after each",
    );
    let [founder, second, third, fourth] =
        ["founder", "second", "third", "fourth"].map(|who| Person::new(&mut v, who));
    let mut tree = Tree::new(Roster::empty());
    let mut way = Vec::new();
    let mut keep = |v: &mut Vector, step: Operation| {
        way.push(step.hash());
        taken(&mut tree, step);
        v.bytes("path", &path(&tree));
    };
    v.part("first");
    let others = [&second, &third];
    let (first, step) = found_with(&mut v, &founder, &others, &others);
    keep(&mut v, step);
    v.part("junior");
    let (junior, step) = add(&mut v, &second, first, &fourth);
    keep(&mut v, step);
    v.part("joined");
    let (_, step) = operation(&mut v, &third, junior, &[4], Action::Leave);
    keep(&mut v, step);
    v.part("alone");
    let (alone, step) = add(&mut v, &founder, first, &fourth);
    keep(&mut v, step);
    for (part, who) in [("one", &second), ("other", &third)] {
        v.part(part);
        let bytes = [&[6][..], &who.member].concat();
        let action = Action::Dismiss(who.as_member());
        let (_, step) = operation(&mut v, &founder, alone, &bytes, action);
        keep(&mut v, step);
    }
    v.part("");
    let last = way[4].min(way[5]);
    let hashes: Vec<_> = [way[0], way[3], last].iter().flat_map(|hash| hash.0).collect();
    assert_eq!(path(&tree), hashes, "one who is more senior goes before two");
    v
}

/// Begins a vector of a refused operation: three people, and the group that the first one founds.
fn begun(name: &'static str, comment: &'static str) -> (Vector, Tree, State, [Person; 3]) {
    let mut v = Vector::new(name, "groups", comment);
    let people = ["founder", "second", "third"].map(|who| Person::new(&mut v, who));
    let [founder, second, third] = &people;
    v.part("found");
    let (state, first) = found(&mut v, founder, &[second, third]);
    let mut tree = Tree::new(Roster::empty());
    taken(&mut tree, first);
    (v, tree, state, people)
}

fn refused() -> Vec<Vector> {
    vec![
        removes_a_senior(),
        dismisses_as_a_plain_member(),
        has_left(),
        skips(),
        signed_by_another(),
    ]
}

fn refusal(v: Vector, found: Option<Error>, expected: Error) -> Vector {
    assert_eq!(found, Some(expected));
    v.refused(found)
}

fn removes_a_senior() -> Vector {
    let (mut v, tree, state, [founder, second, _]) =
        begun("refused-group-junior", "an administrator that removes one who is senior to it");
    v.part("refused");
    let bytes = [&[3][..], &set(&[&founder])].concat();
    let action = Action::Remove(members(&[&founder]));
    let (_, step) = operation(&mut v, &second, state, &bytes, action);
    refusal(v, tree.check(&step).err(), Error::NotEntitled)
}

fn dismisses_as_a_plain_member() -> Vector {
    let (mut v, tree, state, [_, second, third]) =
        begun("refused-group-plain", "a member that is no administrator and dismisses one");
    v.part("refused");
    let bytes = [&[6][..], &second.member].concat();
    let (_, step) = operation(&mut v, &third, state, &bytes, Action::Dismiss(second.as_member()));
    refusal(v, tree.check(&step).err(), Error::NotEntitled)
}

fn has_left() -> Vector {
    let (mut v, mut tree, state, [_, _, third]) = begun(
        "refused-group-left",
        "a member that has left and adds itself, where all members may add",
    );
    v.part("leave");
    let (state, step) = operation(&mut v, &third, state, &[4], Action::Leave);
    taken(&mut tree, step);
    v.part("refused");
    let (_, step) = add(&mut v, &third, state, &third);
    refusal(v, tree.check(&step).err(), Error::NotEntitled)
}

fn skips() -> Vector {
    let (mut v, tree, State(group, hash, number), [founder, _, _]) =
        begun("refused-group-number", "an operation with the number 3 behind the first one");
    v.part("refused");
    let skipped = State(group, hash, number + 1);
    let (_, step) = operation(&mut v, &founder, skipped, &[4], Action::Leave);
    refusal(v, tree.check(&step).err(), Error::Malformed)
}

fn signed_by_another() -> Vector {
    let (mut v, _, State(group, predecessor, number), [founder, _, third]) = begun(
        "refused-group-signature",
        "an operation in the founder's name that somebody else has signed",
    );
    v.part("refused");
    let action = [&[3][..], &set(&[&third])].concat();
    v.bytes("action", &action);
    let number = (number + 1).to_be_bytes();
    let statement = [&group[..], &predecessor, &number, &founder.certificate, &action].concat();
    let label = labels::GROUP_OPERATION;
    let signature = v.sign("signature", &third.signing_seed, label, &[&statement]);
    let bytes = [&[1, 0x39][..], &statement, &signature].concat();
    v.bytes("operation", &bytes);
    refusal(v, Operation::decode(&bytes).err(), Error::BadSignature)
}
