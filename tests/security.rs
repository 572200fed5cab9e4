//! The page on attacks names tests that exist.
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

/// The sources in which a test named `file::…` may be.
fn sources(file: &str) -> Vec<String> {
    let paths: &[&str] = match file {
        "ratchet" => {
            &["src/protocol/ratchet/tests/costs.rs", "src/protocol/ratchet/tests/numbers.rs"]
        }
        "healing" => &["src/protocol/ratchet/healing.rs"],
        "mixing" => &["src/protocol/ratchet/mixing.rs", "src/protocol/ratchet/leaps.rs"],
        "exchange" => &[
            "src/protocol/braid/tests/agreeing.rs",
            "src/protocol/braid/tests/lies.rs",
            "src/protocol/braid/tests/stored.rs",
        ],
        "succession" => &[
            "src/protocol/succession/tests/histories.rs",
            "src/protocol/succession/tests/rules.rs",
        ],
        "primitives" => &["src/primitives/dh.rs"],
        "letter" => &["src/protocol/letter/tests.rs"],
        "blob" => &["src/protocol/blob.rs"],
        _ => return vec![fs::read_to_string(format!("tests/{file}.rs")).unwrap()],
    };
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_test_that_the_page_on_attacks_names_exists() {
    let page = fs::read_to_string("spec/security.md").unwrap();
    let quoted = page.split('`').skip(1).step_by(2);
    let named: Vec<_> = quoted.filter_map(|quoted| quoted.split_once("::")).collect();
    let tests = named
        .iter()
        .filter(|(file, _)| file.chars().all(|char| char.is_lowercase() || char == '_'));
    let mut checked = 0;
    for (file, test) in tests.filter(|(_, test)| *test != "test") {
        let is_there = |source: &String| source.contains(&format!("fn {test}("));
        assert!(sources(file).iter().any(is_there), "{file}::{test}");
        checked += 1;
    }
    assert!(checked > 80, "{checked}");
}
