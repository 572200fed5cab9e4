//! The page on errors has each of them once.

use std::fs;

use super::tree;

/// Returns number and name of each row of a table that begins with a number.
fn rows(text: &str, line: &str) -> Vec<(u16, String)> {
    let rows = text.lines().filter_map(|it| it.trim_start().strip_prefix(line));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let numbered = cells.filter_map(|cells| Some((cells.first()?.parse().ok()?, cells[1])));
    numbered.map(|(number, name)| (number, name.split('`').nth(1).unwrap().to_owned())).collect()
}

#[test]
fn each_error_stands_on_its_page_once_by_its_number() {
    let numbered = rows(&fs::read_to_string(tree("src/error/number.rs")).unwrap(), "/// |");
    let page = rows(&fs::read_to_string(tree("spec/errors.md")).unwrap(), "|");
    assert!(numbered.len() > 70, "{}", numbered.len());
    assert_eq!(page, numbered);
    assert!(page.is_sorted_by(|one, other| one.0 < other.0));
}
