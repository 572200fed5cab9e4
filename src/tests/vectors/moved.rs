//! Lists of an account that moves to another id, and refused ones.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::form::Vector;
use super::household::Household;
use crate::primitives::secret::Secret;
use crate::primitives::sign;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::identity::device_list::{DeviceList, ListHash, VALID_FOR};
use crate::protocol::labels;

const DAY: u64 = 86_400;

pub(super) fn vectors() -> Vec<Vector> {
    vec![
        moves(),
        altered("refused-devices-moved-nothing", "a list that says nothing of moves", |list| {
            list.id = list.first;
            list.former.clear();
        }),
        altered("refused-devices-moved-self", "a list whose id is a former one", |list| {
            list.former[0].0 = list.id;
        }),
        altered("refused-devices-moved-twice", "a list that names a former id twice", |list| {
            list.former.push((list.first, NOW));
        }),
        altered("refused-devices-moved-many", "a list that names nine former ids", |list| {
            list.former.extend((1..9).map(|n| ([n; 32], NOW)));
        }),
        altered(
            "refused-devices-moved-first",
            "a list whose first id is not the one that its certificates name",
            |list| list.first = [9; 32],
        ),
        back(),
        claimed(),
    ]
}

/// A list of a primary alone by its fields, and those that the moves are.
struct Fields {
    id: [u8; 32],
    epoch: u64,
    issued: u64,
    first: [u8; 32],
    former: Vec<([u8; 32], u64)>,
    trail: Vec<[u8; 32]>,
    before: [u8; 32],
}

/// Computes a list by the formulas: inner(n), hash(n) and the bytes.
fn list(v: &mut Vector, home: &Household, fields: &Fields) -> ([u8; 32], [u8; 32], Vec<u8>) {
    let Fields { id, epoch, issued, first, former, trail, before } = fields;
    v.bytes("id", id);
    v.number("epoch", *epoch);
    v.number("issued", *issued);
    v.bytes("first id", first);
    let count = u32::try_from(former.len()).unwrap();
    v.number("count", count);
    let former = former.iter().flat_map(|(id, left)| [&id[..], &left.to_be_bytes()].concat());
    let former: Vec<u8> = former.collect();
    let moved = [&[0; 4][..], first, &count.to_be_bytes(), &former].concat();
    v.bytes("moved", &moved);
    let times = [issued.to_be_bytes(), (issued + VALID_FOR).to_be_bytes()].concat();
    let members = [&[0, 0, 0, 1][..], &home.primary.own].concat();
    let content = [&times[..], &moved, &members].concat();
    let inner = v.hash("inner", &[labels::DEVICES_CONTENT, id, &home.account_key, &content]);
    v.bytes("trail", &trail.concat());
    let hash = v.hash("hash", &[labels::DEVICES_HASH, &epoch.to_be_bytes(), before, &inner]);
    let signature = v.sign("signature", &home.account_seed, labels::DEVICES_LIST, &[&hash]);
    let front = [&[1, 0x12][..], id, &home.account_key, &epoch.to_be_bytes()].concat();
    let length = u32::try_from(trail.len()).unwrap().to_be_bytes();
    let back = [&length[..], &[0; 32], &trail.concat(), &signature].concat();
    let list = [front, content, back].concat();
    v.bytes("list", &list);
    (inner, hash, list)
}

/// Returns the first list of a household, and its `inner`.
fn first(home: &Household) -> (DeviceList, [u8; 32]) {
    let list = home.current(false);
    let mut scratch = Vector::new("scratch", "", "");
    let content = &list.encode()[74..294];
    let inner = scratch
        .hash("inner", &[labels::DEVICES_CONTENT, &home.account_id, &home.account_key, content]);
    (list, inner)
}

/// Returns the fields of the second list of a household, by which it moves.
fn second(v: &mut Vector, home: &Household) -> Fields {
    let (list, inner) = first(home);
    Fields {
        id: v.input("new id"),
        epoch: 2,
        issued: NOW + DAY,
        first: home.account_id,
        former: vec![(home.account_id, NOW + DAY)],
        trail: vec![inner],
        before: list.hash().0,
    }
}

/// Makes the crate's own next list, under this id.
fn next(home: &Household, list: &DeviceList, id: [u8; 32], now: u64) -> DeviceList {
    let alone = vec![home.certificate(&home.primary)];
    list.next_at(AccountId(id), home.key().key(), alone, now).unwrap()
}

fn moves() -> Vector {
    let mut v = Vector::new(
        "devices-moved",
        "devices",
        "the lists by which an account moves to another id, and back",
    );
    let home = Household::new(&mut v);
    let mut fields = second(&mut v, &home);
    let (mut real, new) = (first(&home).0, fields.id);
    for (part, id, issued) in [("moved", new, NOW + DAY), ("back", home.account_id, NOW + 2 * DAY)]
    {
        v.part(part);
        real = next(&home, &real, id, issued);
        let (inner, hash, bytes) = list(&mut v, &home, &fields);
        assert_eq!((real.encode(), real.hash()), (bytes.clone(), ListHash(hash)));
        assert_eq!(DeviceList::decode(&bytes).as_ref(), Ok(&real));
        fields.trail.push(inner);
        fields = Fields {
            id: home.account_id,
            epoch: 3,
            issued: NOW + 2 * DAY,
            former: vec![(new, NOW + 2 * DAY)],
            before: hash,
            ..fields
        };
    }
    v.part("");
    v
}

/// Alters some field of the list by which an account moves, and signs the result.
fn altered(name: &str, comment: &'static str, alter: impl FnOnce(&mut Fields)) -> Vector {
    let mut v = Vector::new(name, "devices", comment);
    let home = Household::new(&mut v);
    let mut fields = second(&mut v, &home);
    alter(&mut fields);
    let (_, _, bytes) = list(&mut v, &home, &fields);
    v.refused(DeviceList::decode(&bytes).err())
}

fn back() -> Vector {
    let comment = "the list under the old id, when the one by which the account moved is known";
    let mut v = Vector::new("refused-devices-moved-back", "devices", comment);
    let home = Household::new(&mut v);
    let id = v.input("new id");
    let (first, _) = first(&home);
    let known = next(&home, &first, id, NOW + DAY);
    v.bytes("known list", &known.encode());
    v.bytes("list", &first.encode());
    v.refused(first.follows(&known).err())
}

fn claimed() -> Vector {
    let comment =
        "a list of another account key that names the known account's id as its first one";
    let mut v = Vector::new("refused-devices-moved-claimed", "devices", comment);
    let home = Household::new(&mut v);
    let id = v.input("new id");
    let seed: [u8; 32] = v.input("another account seed");
    let other = Household { account_seed: seed, ..Household::new(&mut Vector::new("", "", "")) };
    let first_of_other =
        DeviceList::first(other.key().key(), other.certificate(&other.primary), NOW);
    let key = sign::SecretKey::from_seed(Secret::copy(&seed));
    let device = vec![other.certificate(&other.primary)];
    let claimed = first_of_other.next_at(AccountId(id), &key, device, NOW + DAY).unwrap();
    let known = first(&home).0;
    v.bytes("known list", &known.encode());
    v.bytes("list", &claimed.encode());
    assert_eq!(DeviceList::decode(&claimed.encode()).as_ref(), Ok(&claimed));
    v.refused(claimed.follows(&known).err())
}
