//! Device lists: three of one account, one with a full trail, and refused ones.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::form::Vector;
use super::household::Household;
use crate::error::Error;
use crate::primitives::secret::Secret;
use crate::primitives::{kdf, sign};
use crate::protocol::identity::device_list::ListHash;
use crate::protocol::identity::device_list::{DeviceList, VALID_FOR};
use crate::protocol::labels;

const DAY: u64 = 86_400;

pub(super) fn vectors() -> Vec<Vector> {
    let mut all = vec![lists(), trail()];
    all.extend(refused());
    all
}

/// The inputs of the formulas for one list.
struct ListInputs<'a> {
    epoch: u64,
    issued: u64,
    expires: u64,
    members: &'a [&'a [u8]],
    /// `hash(n−k−1)`, and `inner` of the lists from there on.
    base: [u8; 32],
    trail: &'a [[u8; 32]],
    /// `hash(n−1)`.
    before: [u8; 32],
}

/// Computes a list by the formulas: inner(n), hash(n) and the bytes.
fn list(
    v: &mut Vector,
    home: &Household,
    inputs: &ListInputs<'_>,
) -> ([u8; 32], [u8; 32], Vec<u8>) {
    let ListInputs { epoch, issued, expires, members, base, trail, before } = inputs;
    v.number("epoch", *epoch);
    v.number("issued", *issued);
    v.number("expires", *expires);
    let count = u32::try_from(members.len()).unwrap();
    v.number("count", count);
    let times = [issued.to_be_bytes(), expires.to_be_bytes()].concat();
    let content = [&times[..], &count.to_be_bytes(), &members.concat()].concat();
    let inner =
        v.hash("inner", &[labels::DEVICES_CONTENT, &home.account_id, &home.account_key, &content]);
    v.bytes("base", base);
    v.bytes("trail", &trail.concat());
    v.bytes("predecessor", before);
    let hash = v.hash("hash", &[labels::DEVICES_HASH, &epoch.to_be_bytes(), before, &inner]);
    let signature = v.sign("signature", &home.account_seed, labels::DEVICES_LIST, &[&hash]);
    let front = [&[1, 0x12][..], &home.account_id, &home.account_key, &epoch.to_be_bytes()];
    let length = u32::try_from(trail.len()).unwrap().to_be_bytes();
    let back = [&length[..], base, &trail.concat(), &signature];
    let list = [front.concat(), content, back.concat()].concat();
    v.bytes("list", &list);
    (inner, hash, list)
}

fn lists() -> Vector {
    let mut v = Vector::new(
        "devices-lists",
        "devices",
        "the first list of an account, the next with a companion, and the next without it",
    );
    let home = Household::new(&mut v);
    let real = home.lists();
    let (mut trail, mut before): (Vec<[u8; 32]>, _) = (vec![], [0; 32]);
    for (n, part) in (0..).zip(["first", "second", "third"]) {
        v.part(part);
        let issued = NOW + n * DAY;
        let both = home.members();
        let alone = [&home.primary.own[..]];
        let inputs = ListInputs {
            epoch: n + 1,
            issued,
            expires: issued + VALID_FOR,
            members: if n == 1 { &both } else { &alone },
            base: [0; 32],
            trail: &trail,
            before,
        };
        let (inner, hash, bytes) = list(&mut v, &home, &inputs);
        let real = &real[usize::try_from(n).unwrap()];
        assert_eq!(real.encode(), bytes);
        assert_eq!((DeviceList::decode(&bytes).as_ref(), real.hash()), (Ok(real), ListHash(hash)));
        trail.push(inner);
        before = hash;
    }
    v.part("");
    v
}

fn trail() -> Vector {
    let mut v = Vector::new(
        "devices-trail",
        "devices",
        "list 67 of an account, the primary alone in each, issued a day after the one before",
    );
    let home = Household::new(&mut v);
    let members = [&home.primary.own[..]];
    let mut scratch = Vector::new("scratch", "", "");
    let (mut trail, mut hashes): (Vec<[u8; 32]>, _) = (vec![], vec![[0; 32]]);
    for n in 0..66 {
        scratch = Vector::new("scratch", "", "");
        let issued = NOW + n * DAY;
        let inputs = ListInputs {
            epoch: n + 1,
            issued,
            expires: issued + VALID_FOR,
            members: &members,
            base: [0; 32],
            trail: &[],
            before: *hashes.last().unwrap(),
        };
        let (inner, hash, _) = list(&mut scratch, &home, &inputs);
        trail.push(inner);
        hashes.push(hash);
    }
    drop(scratch);
    let issued = NOW + 66 * DAY;
    let inputs = ListInputs {
        epoch: 67,
        issued,
        expires: issued + VALID_FOR,
        members: &members,
        base: hashes[2],
        trail: &trail[2..],
        before: hashes[66],
    };
    let (_, hash, bytes) = list(&mut v, &home, &inputs);
    let account = home.key();
    let alone = home.certificate(&home.primary);
    let mut real = DeviceList::first(account.key(), alone.clone(), NOW);
    for n in 1..67 {
        real = real.next(account.key(), vec![alone.clone()], NOW + n * DAY).unwrap();
    }
    assert_eq!((real.encode(), real.hash()), (bytes, ListHash(hash)));
    assert_eq!(real.hash_at(2), Some(hashes[2]));
    v
}

/// Alters some field of the second of the three lists, and signs the result.
fn altered(
    name: &str,
    comment: &'static str,
    alter: impl FnOnce(&Household, &mut ListInputs<'_>, &mut Vec<Vec<u8>>),
) -> Vector {
    let mut v = Vector::new(name, "devices", comment);
    let home = Household::new(&mut v);
    let first = home.lists()[0].clone();
    let issued = NOW + DAY;
    let mut members: Vec<Vec<u8>> = home.members().into_iter().map(<[u8]>::to_vec).collect();
    let trail = [inner(&home, &first)];
    let mut inputs = ListInputs {
        epoch: 2,
        issued,
        expires: issued + VALID_FOR,
        members: &[],
        base: [0; 32],
        trail: &trail,
        before: first.hash().0,
    };
    alter(&home, &mut inputs, &mut members);
    let members: Vec<_> = members.iter().map(Vec::as_slice).collect();
    let (_, _, bytes) = list(&mut v, &home, &ListInputs { members: &members, ..inputs });
    v.refused(DeviceList::decode(&bytes).err())
}

/// Computes `inner` of a list, from its bytes.
fn inner(home: &Household, list: &DeviceList) -> [u8; 32] {
    let bytes = list.encode();
    let content = &bytes[74..94 + 200 * list.devices().len()];
    kdf::hash(&[labels::DEVICES_CONTENT, &home.account_id, &home.account_key, content])
}

/// Writes a list that decodes, and the error with which it does not take the known one's place.
fn compared(
    name: &str,
    comment: &'static str,
    lists: impl FnOnce(&Household) -> (DeviceList, DeviceList),
) -> Vector {
    let mut v = Vector::new(name, "devices", comment);
    let (known, list) = lists(&Household::new(&mut v));
    v.bytes("known list", &known.encode());
    v.bytes("list", &list.encode());
    assert_eq!(DeviceList::decode(&list.encode()).as_ref(), Ok(&list));
    let error = list.follows(&known).err();
    v.refused(error)
}

fn refused() -> Vec<Vector> {
    vec![
        altered(
            "refused-devices-order",
            "two devices in descending order, well signed",
            |_, _, members| members.reverse(),
        ),
        altered("refused-devices-twice", "one device twice, well signed", |_, _, members| {
            members[1] = members[0].clone();
        }),
        altered(
            "refused-devices-signature",
            "a device whose own signature is by the account key, in a list well signed",
            |home, _, members| {
                let device = [&home.primary, &home.companion]
                    .into_iter()
                    .find(|member| member.own == members[1])
                    .unwrap();
                let key = sign::SecretKey::from_seed(Secret::copy(&home.account_seed));
                let wrong = key.sign(labels::IDENTITY_DEVICE, &[&device.core]);
                members[1].truncate(136);
                members[1].extend_from_slice(&wrong);
            },
        ),
        altered(
            "refused-devices-life",
            "a list that says it is valid for 36 days, well signed",
            |_, inputs, _| inputs.expires = inputs.issued + 36 * DAY,
        ),
        altered(
            "refused-devices-trail",
            "a list that begins its trail with its own predecessor, well signed",
            |_, inputs, _| {
                inputs.trail = &[];
                inputs.base = inputs.before;
            },
        ),
        kind(),
        compared(
            "refused-devices-rollback",
            "a list that is older than the known one, which names it",
            |home| {
                let [first, _, third] = home.lists();
                (third, first)
            },
        ),
        compared(
            "refused-devices-fork",
            "a list whose trail has another list where the known one stands",
            |home| {
                let [first, second, _] = home.lists();
                let account = home.key();
                let other = first.next(account.key(), home.both(), NOW + DAY + 1).unwrap();
                let after = other.next(account.key(), home.both(), NOW + 2 * DAY).unwrap();
                (second, after)
            },
        ),
        compared(
            "refused-devices-gap",
            "list 67, when list 1 is the known one: its trail begins after list 2",
            |home| {
                let [first, ..] = home.lists();
                let account = home.key();
                let alone = home.certificate(&home.primary);
                let mut list = first.clone();
                while list.epoch() < 67 {
                    list = list.next(account.key(), vec![alone.clone()], NOW).unwrap();
                }
                (first, list)
            },
        ),
        expired(),
    ]
}

fn kind() -> Vector {
    let comment = "a list that says it is a bundle";
    let mut v = Vector::new("refused-devices-kind", "devices", comment);
    let mut bytes = Household::new(&mut v).lists()[1].encode();
    bytes[1] = 0x10;
    v.bytes("list", &bytes);
    v.refused(DeviceList::decode(&bytes).err())
}

fn expired() -> Vector {
    let comment = "a genuine list, a second after its last one";
    let mut v = Vector::new("refused-devices-expired", "devices", comment);
    let list = &Household::new(&mut v).lists()[1];
    v.bytes("list", &list.encode());
    let now = list.expires() + 1;
    v.number("now", now);
    assert_eq!(list.check(now - 1), Ok(()));
    v.refused(list.check(now).err().filter(|error| *error == Error::ListExpired))
}
