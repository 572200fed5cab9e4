//! Names and numbers of the errors, which programs in other languages use.
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

extern crate std;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec::Vec;

use crate::error::Error;

const SOURCE: &str = include_str!("../error/number.rs");

/// Reads the table in the documentation.
fn table() -> Vec<(u16, &'static str)> {
    let rows = SOURCE.lines().filter_map(|line| line.trim().strip_prefix("/// | "));
    let cells = rows.filter_map(|row| row.split_once(" | [`"));
    cells.map(|(number, rest)| (number.parse().unwrap(), rest.split_once('`').unwrap().0)).collect()
}

/// Reads the arms in the code, which knows every variant.
fn arms() -> Vec<(u16, &'static str)> {
    let arms = SOURCE.lines().filter_map(|line| line.split_once(" => (\"")).map(|(_, arm)| arm);
    let parts = arms.filter_map(|arm| arm.strip_suffix("),")?.split_once("\", "));
    parts.map(|(name, number)| (number.parse().unwrap(), name)).collect()
}

#[test]
fn numbers_and_names_are_distinct_and_documented() {
    let arms = arms();
    let numbers: BTreeSet<_> = arms.iter().map(|(number, _)| number).collect();
    let names: BTreeSet<_> = arms.iter().map(|(_, name)| name).collect();
    assert!(arms.len() > 60 && (numbers.len(), names.len()) == (arms.len(), arms.len()));
    assert!(arms.is_sorted());
    assert_eq!(table(), arms);
}

#[test]
fn an_error_is_named_as_it_is_written() {
    for (error, number) in [
        (Error::Malformed, 100),
        (Error::UnknownVersion(2), 101),
        (Error::BadSignature, 200),
        (Error::UnknownAccount, 305),
        (Error::DeviceConflict, 710),
    ] {
        assert_eq!(error.number(), number);
        assert_eq!(format!("{error:?}").split('(').next(), Some(error.name()));
    }
}
