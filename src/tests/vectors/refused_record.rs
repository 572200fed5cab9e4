//! Sealed records that are refused.

use alloc::vec;
use alloc::vec::Vec;

use super::form::Vector;
use super::state::{OWNER, account};
use crate::error::Error;
use crate::session::Account;
use crate::storage::{State, StateKey};

pub(super) fn vectors() -> Vec<Vector> {
    vec![another_owner(), altered(), rolled_back()]
}

fn refusal(
    name: &str,
    comment: &'static str,
    f: impl FnOnce(&mut Vector, &StateKey, &Account, Vec<u8>) -> Result<Account, Error>,
) -> Vector {
    let mut v = Vector::new(name, "state", comment);
    let (state, key, _, record) = account(&mut v);
    let error = f(&mut v, &key, &state, record).err();
    v.refused(error)
}

fn another_owner() -> Vector {
    refusal(
        "refused-state-owner",
        "a genuine record, opened for another owner",
        |v, key, _, record| {
            let other = b"account 7, primary devicf";
            v.bytes("opened for owner", other);
            key.open(other, None, &record)
        },
    )
}

fn altered() -> Vector {
    refusal(
        "refused-state-altered",
        "the last bit of a record is flipped",
        |v, key, _, mut record| {
            *record.last_mut().unwrap() ^= 1;
            v.bytes("opened record", &record);
            key.open(OWNER, None, &record)
        },
    )
}

fn rolled_back() -> Vector {
    refusal(
        "refused-state-rollback",
        "a genuine record, one change behind the anchor kept elsewhere",
        |v, key, state, record| {
            let name: [u8; 16] = v.input("change name");
            let kept = state.anchor().next(&name);
            v.bytes("kept anchor", &kept.to_bytes());
            key.open(OWNER, Some(&kept), &record)
        },
    )
}
