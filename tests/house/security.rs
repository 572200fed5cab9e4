//! The page on attacks names tests that exist.

use std::fs;

use super::{File, files, tree};

/// Tells whether a test named `name::…` may stand in the file: it, or a folder that it is in, has this name.
fn is_of(file: &File, name: &str) -> bool {
    file.path.split('/').any(|part| part.strip_suffix(".rs").unwrap_or(part) == name)
}

#[test]
fn every_test_that_the_page_on_attacks_names_exists() {
    let files: Vec<_> = files("src").into_iter().chain(files("tests")).collect();
    let page = fs::read_to_string(tree("spec/security.md")).unwrap();
    let quoted = page.split('`').skip(1).step_by(2);
    let named: Vec<_> = quoted.filter_map(|quoted| quoted.split_once("::")).collect();
    let tests = named
        .iter()
        .filter(|(name, _)| name.chars().all(|char| char.is_lowercase() || char == '_'));
    let mut checked = 0;
    for (name, test) in tests.filter(|(_, test)| *test != "test") {
        let start = format!("fn {test}(");
        let is_there = |file: &File| is_of(file, name) && file.text.contains(&start);
        assert!(files.iter().any(is_there), "{name}::{test}");
        checked += 1;
    }
    assert!(checked > 80, "{checked}");
}
