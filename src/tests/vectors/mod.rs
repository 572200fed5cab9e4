//! The files in `spec/vectors/`, derived anew from their inputs and compared.
//!
//! Each scenario follows the formulas of its page step by step with the primitives alone, runs
//! the crate's own code on the same inputs, and asserts that both end in the same bytes. Then the
//! steps must be, byte for byte, what the file says. With `LATCHSTRING_WRITE_VECTORS=1` the files
//! are written instead.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::large_stack_arrays,
    clippy::similar_names,
    reason = "a failed expectation is a failed test, and has the names of the formulas"
)]

extern crate std;

mod attachment;
mod braid;
mod briefing;
mod claim;
mod connecting;
mod content;
mod conversation;
mod devices;
mod drawn;
mod form;
mod franking;
mod group;
mod guest;
mod guest_words;
mod handshake;
mod history;
mod household;
mod identity;
mod letter;
mod linking;
mod model;
mod moved;
mod notice;
mod pin;
mod pq_epoch;
mod published;
mod ratchet;
mod refused;
mod refused_braid;
mod refused_guest;
mod refused_message;
mod refused_record;
mod session_pair;
mod settings;
mod shared;
mod state;
mod tape;
mod third_party;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::path::PathBuf;
use std::{env, fs};

use super::vectors::form::Vector;

/// The moment of every vector, in seconds.
const NOW: u64 = 1_800_000_000;

const SCENARIOS: &[fn() -> Vec<Vector>] = &[
    identity::vectors,
    devices::vectors,
    moved::vectors,
    drawn::vectors,
    linking::vectors,
    briefing::vectors,
    handshake::vectors,
    ratchet::vectors,
    conversation::vectors,
    pq_epoch::vectors,
    braid::vectors,
    state::vectors,
    published::vectors,
    refused_record::vectors,
    guest::vectors,
    guest_words::vectors,
    notice::vectors,
    claim::vectors,
    shared::vectors,
    pin::vectors,
    content::vectors,
    letter::vectors,
    group::vectors,
    attachment::vectors,
    history::vectors,
    franking::vectors,
    settings::vectors,
    refused::vectors,
    refused_message::vectors,
    refused_braid::vectors,
    refused_guest::vectors,
    third_party::vectors,
    connecting::vectors,
];

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "spec", "vectors"].iter().collect()
}

fn derived() -> BTreeMap<String, String> {
    let all: Vec<Vector> = SCENARIOS.iter().flat_map(|scenario| scenario()).collect();
    let files: BTreeMap<_, _> =
        all.iter().map(|vector| (format!("{}.txt", vector.name()), vector.to_string())).collect();
    assert_eq!(files.len(), all.len(), "two vectors have one name");
    files
}

/// Reads the names and bytes of the files in the folder, apart from its README.
fn stored() -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder()).expect("spec/vectors").map(|entry| {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        (name, fs::read(entry.path()).expect("a file"))
    });
    files.filter(|(name, _)| name != "README.md").collect()
}

#[test]
fn the_formulas_the_code_and_the_files_agree() {
    let derived = derived();
    if env::var_os("LATCHSTRING_WRITE_VECTORS").is_some() {
        for (name, text) in &derived {
            fs::write(folder().join(name), text).expect("a file that can be written");
        }
        return;
    }
    let stored = stored();
    for (name, text) in &derived {
        let file = stored.get(name).unwrap_or_else(|| panic!("{name} is missing"));
        let file = core::str::from_utf8(file).expect("UTF-8");
        for (number, (expected, found)) in (1..).zip(text.lines().zip(file.lines())) {
            assert_eq!(found, expected, "{name}, line {number}");
        }
        assert!(file == text, "{name} has other lines, or lines that end otherwise");
    }
    for name in stored.keys() {
        assert!(derived.contains_key(name), "{name} is no vector");
    }
}

/// Reads the name in a row of the README's table of vectors.
fn listed_name(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?.split_once("` |").map(|(name, _)| name)
}

#[test]
fn the_readme_lists_every_vector() {
    let readme = fs::read_to_string(folder().join("README.md")).expect("a README");
    let (_, list) = readme.split_once("## List").expect("a list");
    let mut listed: Vec<_> =
        list.lines().filter_map(listed_name).map(|name| format!("{name}.txt")).collect();
    listed.sort_unstable();
    assert_eq!(listed, stored().into_keys().collect::<Vec<_>>());
}
