//! No layer names one above it, third-party cryptography stays below, and the crate does no I/O.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

use std::fs;
use std::path::Path;

/// Compiled for unit tests only, so outside the rules.
const TEST_FILES: [&str; 28] = [
    "src/client/tests.rs",
    "src/primitives/collision.rs",
    "src/primitives/generator.rs",
    "src/primitives/work.rs",
    "src/protocol/braid/tests/agreeing.rs",
    "src/protocol/braid/tests/ahead.rs",
    "src/protocol/braid/tests/lies.rs",
    "src/protocol/braid/tests/mod.rs",
    "src/protocol/braid/tests/stored.rs",
    "src/protocol/devices/tests/lists.rs",
    "src/protocol/devices/tests/mod.rs",
    "src/protocol/devices/tests/relations.rs",
    "src/protocol/letter/tests.rs",
    "src/protocol/linking/tests/accounts.rs",
    "src/protocol/linking/tests/altered.rs",
    "src/protocol/linking/tests/codes.rs",
    "src/protocol/linking/tests/mod.rs",
    "src/protocol/ratchet/healing.rs",
    "src/protocol/ratchet/leaps.rs",
    "src/protocol/ratchet/mixing.rs",
    "src/protocol/ratchet/tests/costs.rs",
    "src/protocol/ratchet/tests/mod.rs",
    "src/protocol/ratchet/tests/numbers.rs",
    "src/protocol/succession/tests/histories.rs",
    "src/protocol/succession/tests/ids.rs",
    "src/protocol/succession/tests/mod.rs",
    "src/protocol/succession/tests/rules.rs",
    "src/protocol/succession/tests/side.rs",
];

/// Files that may be longer than [`MAX_LINES`].
const MAX_LINES: usize = 400;

const CRYPTOGRAPHY: [&str; 9] = [
    "x25519_dalek",
    "ed25519_dalek",
    "curve25519_dalek",
    "libcrux_ml_kem",
    "hkdf",
    "hmac",
    "sha2",
    "aes_gcm",
    "subtle",
];

/// A source file, without its comments.
struct Source {
    path: String,
    lines: usize,
    code: String,
}

impl Source {
    fn is_in(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    /// The paths that begin with `root::`, by their second part.
    fn named_under(&self, root: &str) -> Vec<&str> {
        let start = format!("{root}::");
        let after = self.code.match_indices(&start).filter(|(at, _)| {
            let before = self.code[..*at].chars().next_back();
            !before.is_some_and(|char| char.is_alphanumeric() || "_:$".contains(char))
        });
        after.map(|(at, _)| word(&self.code[at + start.len()..])).collect()
    }

    /// Whether the word stands anywhere in the code.
    fn has_word(&self, word: &str) -> bool {
        let mut places = self.code.match_indices(word);
        places.any(|(at, _)| {
            let before = self.code[..at].chars().next_back();
            let after = self.code[at + word.len()..].chars().next();
            ![before, after].into_iter().flatten().any(|char| char.is_alphanumeric() || char == '_')
        })
    }
}

/// The identifier that a text begins with; the first character if it begins with none.
fn word(text: &str) -> &str {
    let end = text.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(text.len());
    &text[..end.max(1)]
}

fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    read(Path::new("src"), &mut sources);
    assert!(sources.len() > 30, "the sources were not found");
    sources
}

fn read(folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_str().unwrap().replace('\\', "/");
        if path.is_dir() {
            // The vectors are tests.
            if name != "src/vectors" {
                read(&path, sources);
            }
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        if !TEST_FILES.contains(&name.as_str()) {
            let code = text.lines().map(|line| line.split("//").next().unwrap());
            let code = code.collect::<Vec<_>>().join("\n");
            sources.push(Source { path: name, lines: text.lines().count(), code });
        }
    }
}

#[test]
fn primitives_name_nothing_of_this_crate_but_errors() {
    for source in sources().iter().filter(|source| source.is_in("src/primitives/")) {
        for named in source.named_under("crate") {
            assert_eq!(named, "error", "{}", source.path);
        }
        assert!(!source.code.contains("super::super"), "{}", source.path);
    }
}

#[test]
fn the_protocol_names_nothing_of_what_stands_on_it() {
    for source in sources().iter().filter(|source| source.is_in("src/protocol/")) {
        for named in source.named_under("crate") {
            let below = ["error", "primitives", "protocol"].contains(&named);
            assert!(below, "{} names crate::{named}", source.path);
        }
        assert!(!source.code.contains("super::super"), "{}", source.path);
    }
}

#[test]
fn cryptography_of_others_is_named_in_primitives_only() {
    for source in sources().iter().filter(|source| !source.is_in("src/primitives/")) {
        for name in CRYPTOGRAPHY.iter().chain(&["base64ct"]) {
            assert!(!source.has_word(name), "{} names {name}", source.path);
        }
    }
}

#[test]
fn randomness_enters_by_one_trait() {
    for source in sources().iter().filter(|source| source.path != "src/lib.rs") {
        for named in source.named_under("rand_core") {
            assert_eq!(named, "CryptoRng", "{}", source.path);
        }
    }
}

#[test]
fn outside_primitives_wiping_is_the_type_of_what_is_given_out() {
    for source in sources().iter().filter(|source| !source.is_in("src/primitives/")) {
        for named in source.named_under("zeroize") {
            assert_eq!(named, "Zeroizing", "{}", source.path);
        }
    }
}

#[test]
fn only_these_crates_are_named() {
    let known = ["alloc", "core", "rand_core", "zeroize", "base64ct"];
    for source in sources() {
        let uses = source.code.lines().filter_map(|line| line.trim().strip_prefix("use "));
        for root in uses.map(word) {
            let ours = ["crate", "super", "self"].contains(&root) || known.contains(&root);
            let local = source.code.contains(&format!("mod {root};")) || root == "private";
            let is_known = ours || local || CRYPTOGRAPHY.contains(&root);
            assert!(is_known, "{} uses {root}", source.path);
        }
    }
}

#[test]
fn there_is_no_standard_library_hence_no_files_clocks_or_threads() {
    for source in sources() {
        assert!(!source.has_word("std"), "{}", source.path);
    }
    let lib = fs::read_to_string("src/lib.rs").unwrap();
    assert!(lib.contains("\n#![no_std]\n"));
}

#[test]
fn there_is_no_unsafe_code() {
    for source in sources() {
        assert!(!source.has_word("unsafe"), "{}", source.path);
    }
    let lib = fs::read_to_string("src/lib.rs").unwrap();
    assert!(lib.contains("\n#![forbid(unsafe_code)]\n"));
}

#[test]
fn what_is_there_for_the_fuzzer_alone_is_one_type() {
    let mut lines = Vec::new();
    for source in sources() {
        let code: Vec<&str> = source.code.lines().map(str::trim).collect();
        assert!(!source.code.contains("not(fuzzing)"), "{}", source.path);
        let marked = code.windows(3).filter(|lines| lines[0] == "#[cfg(fuzzing)]");
        lines.extend(marked.map(|lines| {
            let what = if lines[1].starts_with("#[") { lines[2] } else { lines[1] };
            format!("{}: {what}", source.path)
        }));
    }
    lines.sort();
    let expected = [
        "src/lib.rs: pub use protocol::braid::Braids;",
        "src/protocol/braid/mod.rs: mod fuzzing;",
        "src/protocol/braid/mod.rs: pub use fuzzing::Braids;",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn nothing_is_printed_or_logged() {
    for source in sources() {
        for name in ["print", "println", "eprint", "eprintln", "dbg", "log", "tracing"] {
            assert!(!source.has_word(name), "{} names {name}", source.path);
        }
    }
}

#[test]
fn no_file_is_longer_than_400_lines() {
    for source in sources() {
        assert!(source.lines <= MAX_LINES, "{}: {} lines", source.path, source.lines);
    }
}
