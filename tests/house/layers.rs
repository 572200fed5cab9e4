//! No layer names one above it, third-party cryptography stays below, and the crate does no I/O.

use std::fs;

use super::{files, tree};

/// The floors of the house, from the ground up. A file names its own floor and those below it, and nothing above.
const FLOORS: [&str; 14] = [
    "error",
    "primitives",
    "protocol",
    "content",
    "storage",
    "attachment",
    "session",
    "client",
    "group",
    "guest",
    "settings",
    "history",
    "franking",
    "signal",
];

/// A longer file does more than one thing.
const MAX_LINES: usize = 400;

const CRYPTOGRAPHY: [&str; 14] = [
    "x25519_dalek",
    "ed25519_dalek",
    "curve25519_dalek",
    "libcrux_ml_kem",
    "hkdf",
    "hmac",
    "sha2",
    "aes_gcm",
    "aes_gcm_siv",
    "cbc",
    "ctr",
    "polyval",
    "subtle",
    "graviola",
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

    /// Lists the paths that begin with `root::`, by their second part.
    fn named_under(&self, root: &str) -> Vec<&str> {
        let start = format!("{root}::");
        let after = self.code.match_indices(&start).filter(|(at, _)| {
            let before = self.code[..*at].chars().next_back();
            !before.is_some_and(|char| char.is_alphanumeric() || "_:$".contains(char))
        });
        after.map(|(at, _)| word(&self.code[at + start.len()..])).collect()
    }

    /// Tells whether the word stands anywhere in the code.
    fn has_word(&self, word: &str) -> bool {
        let mut places = self.code.match_indices(word);
        places.any(|(at, _)| {
            let before = self.code[..at].chars().next_back();
            let after = self.code[at + word.len()..].chars().next();
            ![before, after].into_iter().flatten().any(|char| char.is_alphanumeric() || char == '_')
        })
    }
}

/// Returns the identifier that a text begins with; the first character if it begins with none.
fn word(text: &str) -> &str {
    let end = text.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(text.len());
    &text[..end.max(1)]
}

/// Reads the sources of the crate, without those that are compiled for tests only.
fn sources() -> Vec<Source> {
    let files = files("src").into_iter().filter(|file| !file.is_test_code());
    let sources: Vec<_> = files
        .map(|file| {
            let lines = file.text.lines();
            let code = lines.clone().map(|line| line.split("//").next().unwrap());
            let code = code.collect::<Vec<_>>().join("\n");
            Source { path: file.path, lines: lines.count(), code }
        })
        .collect();
    assert!(sources.len() > 30, "the sources were not found");
    sources
}

/// Returns the floor that a path in the crate begins with, counted from the ground.
fn floor(of: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| *floor == of)
}

#[test]
fn no_floor_names_what_stands_above_it() {
    let mut checked = 0;
    // The map stands above all floors; the pages of the specification are no code.
    let is_code =
        |source: &&Source| source.path != "src/lib.rs" && source.path != "src/spec/mod.rs";
    for source in sources().iter().filter(is_code) {
        let own = source.path.trim_start_matches("src/").split(['/', '.']).next().unwrap();
        let own = floor(own).unwrap_or_else(|| panic!("{} stands on no floor", source.path));
        for named in source.named_under("crate") {
            let named_floor = floor(named);
            assert!(named_floor.is_some_and(|it| it <= own), "{} names {named}", source.path);
            checked += 1;
        }
    }
    assert!(checked > 300, "{checked}");
}

#[test]
fn no_two_files_import_each_other_by_whatever_way() {
    let sources = sources();
    let arrows: Vec<Vec<usize>> = sources.iter().map(|source| imports(source, &sources)).collect();
    let count: usize = arrows.iter().map(Vec::len).sum();
    assert!(count > 300, "only {count} imports were found");
    if let Some(circle) = circle(&arrows) {
        let names: Vec<_> = circle.iter().map(|file| sources[*file].path.as_str()).collect();
        panic!("these import each other: {}", names.join(" -> "));
    }
}

#[test]
fn a_circle_of_imports_is_found_wherever_it_lies() {
    assert_eq!(circle(&[vec![1], vec![2], vec![]]), None);
    assert_eq!(circle(&[vec![1], vec![2], vec![1]]), Some(vec![1, 2]));
    assert_eq!(circle(&[vec![], vec![2, 0], vec![3], vec![0, 1]]), Some(vec![1, 2, 3]));
    let file = |path: &str, code: &str| Source { path: path.into(), lines: 0, code: code.into() };
    let house = [
        file("src/a/mod.rs", "mod b;\npub use b::B;"),
        file("src/a/b.rs", "use super::c::{C, d::D};"),
        file("src/a/c.rs", "use crate::a::B;"),
    ];
    assert_eq!(imports(&house[0], &house), [1]);
    assert_eq!(imports(&house[1], &house), [2]);
    assert_eq!(imports(&house[2], &house), [0]);
}

/// Finds the files that a file names: by `use`, or by a path that begins in the crate or in a folder around it.
fn imports(source: &Source, all: &[Source]) -> Vec<usize> {
    let own = module(&source.path);
    let mut found: Vec<usize> = Vec::new();
    for path in paths(&source.code, &own) {
        // The longest beginning of the path that is a file.
        let named = (1..=path.len())
            .rev()
            .find_map(|length| all.iter().position(|file| module(&file.path) == path[..length]));
        let other = named.filter(|file| all[*file].path != source.path);
        found.extend(other.filter(|file| all[*file].path != "src/lib.rs"));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the module of a file, as a path in the crate.
fn module(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let parts = path.split('/').filter(|part| *part != "mod" && *part != "lib");
    parts.map(str::to_owned).collect()
}

/// Lists every path that the code of a module names, from the crate's root.
fn paths(code: &str, own: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let code = code.replace('\n', " ");
    for (at, start) in
        ["crate::", "super::", "self::"].iter().flat_map(|start| code.match_indices(start))
    {
        let before = code[..at].chars().next_back();
        if !before.is_some_and(|char| char.is_alphanumeric() || "_:$".contains(char)) {
            let root = if start == "crate::" { Vec::new() } else { own.to_vec() };
            expand(&code[at..], root, &mut found);
        }
    }
    // What a folder's page takes from the files in it.
    for (at, _) in code.match_indices("use ") {
        let name = word(&code[at + 4..]);
        if code.contains(&format!("mod {name};")) {
            found.push([own, &[name.to_owned()]].concat());
        }
    }
    found
}

/// Follows a path, and each branch of one in braces.
fn expand(text: &str, mut path: Vec<String>, found: &mut Vec<Vec<String>>) {
    let mut rest = text.trim_start();
    while rest.starts_with(|char: char| char.is_alphanumeric() || char == '_') {
        let name = word(rest);
        rest = &rest[name.len()..];
        match name {
            "crate" => path.clear(),
            "super" => drop(path.pop()),
            "self" => {}
            name => path.push(name.to_owned()),
        }
        match rest.strip_prefix("::") {
            Some(after) => rest = after.trim_start(),
            None => break,
        }
    }
    match rest.strip_prefix('{') {
        Some(inside) => branches(inside).iter().for_each(|one| expand(one, path.clone(), found)),
        None => found.push(path),
    }
}

/// Returns the parts between commas, up to the brace that closes.
fn branches(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, char) in text.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&text[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.into_iter().filter(|part| !part.trim().is_empty()).collect()
}

/// Finds a circle of arrows, if there is one.
fn circle(arrows: &[Vec<usize>]) -> Option<Vec<usize>> {
    fn visit(
        at: usize,
        arrows: &[Vec<usize>],
        done: &mut [bool],
        way: &mut Vec<usize>,
    ) -> Option<Vec<usize>> {
        if let Some(start) = way.iter().position(|seen| *seen == at) {
            return Some(way[start..].to_vec());
        }
        if done[at] {
            return None;
        }
        way.push(at);
        let found = arrows[at].iter().find_map(|next| visit(*next, arrows, done, way));
        way.pop();
        done[at] = true;
        found
    }
    let mut done = vec![false; arrows.len()];
    (0..arrows.len()).find_map(|start| visit(start, arrows, &mut done, &mut Vec::new()))
}

#[test]
fn tests_stand_only_in_folders_of_this_name() {
    for source in sources() {
        assert!(!source.code.contains("#[test]"), "{} has tests", source.path);
    }
}

#[test]
fn cryptography_of_others_is_named_in_primitives_only() {
    for source in sources().iter().filter(|source| !source.is_in("src/primitives/")) {
        for name in CRYPTOGRAPHY.iter().chain(&["base32ct"]) {
            assert!(!source.has_word(name), "{} names {name}", source.path);
        }
    }
}

#[test]
fn only_storage_reads_keys_that_are_believed() {
    let sources = sources();
    let callers = sources.iter().filter(|source| source.has_word("all_believed"));
    let callers: Vec<_> = callers.map(|source| source.path.as_str()).collect();
    assert_eq!(callers, ["src/primitives/codec.rs", "src/storage/state.rs"]);
    for source in sources.iter().filter(|source| source.has_word("recall::<")) {
        assert!(source.is_in("src/storage/"), "{} recalls a state", source.path);
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
fn what_other_messengers_speak_has_no_codec_of_its_own() {
    let mut checked = 0;
    for source in sources().iter().filter(|source| source.is_in("src/signal/")) {
        for word in ["from_be_bytes", "from_le_bytes", "to_le_bytes"] {
            assert!(!source.has_word(word), "{} names {word}", source.path);
        }
        checked += 1;
    }
    assert!(checked > 10, "{checked}");
}

/// The files that ask a generator for bytes. Everything else is drawn by the hedge in the first, which takes
/// what the value is about; the others say at the place why a plain draw is enough.
const DRAWING: [&str; 3] =
    ["src/primitives/kdf.rs", "src/primitives/xeddsa.rs", "src/protocol/ratchet/seal.rs"];

#[test]
fn a_generator_is_asked_in_these_places_only() {
    let words = ["fill_bytes", "next_u32", "next_u64"];
    let asks = |source: &Source, word: &str| source.code.matches(&format!(".{word}(")).count();
    for source in sources() {
        let asked: usize = words.iter().map(|word| asks(&source, word)).sum();
        assert_eq!(asked, usize::from(DRAWING.contains(&&*source.path)), "{}", source.path);
        for word in words {
            assert!(!source.has_word(&format!("try_{word}")), "{}", source.path);
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
    let known = ["alloc", "core", "rand_core", "zeroize", "base32ct"];
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
    let lib = fs::read_to_string(tree("src/lib.rs")).unwrap();
    assert!(lib.contains("\n#![no_std]\n"));
}

#[test]
fn there_is_no_unsafe_code() {
    for source in sources() {
        assert!(!source.has_word("unsafe"), "{}", source.path);
    }
    let lib = fs::read_to_string(tree("src/lib.rs")).unwrap();
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
        "src/lib.rs: pub use protocol::ratchet::braid::Braids;",
        "src/protocol/ratchet/braid/mod.rs: mod fuzzing;",
        "src/protocol/ratchet/braid/mod.rs: pub use fuzzing::Braids;",
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

/// The functions that step a chain and move the braid, each of which stands in one place.
const MACHINES: [&str; 5] = ["mac_pair", "walk_with", "drop_first", "encapsulate_first", "rebuild"];

#[test]
fn chains_skipped_keys_and_the_braid_are_there_once_for_all_wire_formats() {
    let mut found = 0;
    for source in sources() {
        let is_theirs = source.is_in("src/protocol/ratchet/") || source.is_in("src/primitives/");
        for machine in MACHINES {
            assert!(is_theirs || !source.has_word(machine), "{} has {machine}", source.path);
            found += usize::from(source.has_word(machine));
        }
        let own = ["fn step(", "fn walk(", "struct Skipped", "enum Phase"];
        for machine in own.into_iter().filter(|_| source.is_in("src/signal/")) {
            assert!(!source.code.contains(machine), "{} has a {machine} of its own", source.path);
        }
    }
    assert!(found >= 2 * MACHINES.len(), "{found}");
}
