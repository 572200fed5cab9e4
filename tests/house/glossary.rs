//! The glossary owns each term once, and what pages name of the code is there.

use std::fs;

use super::{File, files, tree};

/// Returns the rows of the table of terms: term, meaning, page, code.
fn rows() -> Vec<[String; 4]> {
    let page = fs::read_to_string(tree("spec/glossary.md")).unwrap();
    let (_, terms) = page.split_once("## Terms").unwrap();
    let (terms, _) = terms.split_once("## Words not used").unwrap();
    let rows = terms.lines().filter(|line| line.starts_with("| **"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let cells: Vec<_> = cells.iter().map(|cell| cell.trim_matches('|').trim()).collect();
        let [term, meaning, page, code] = cells[..] else { panic!("{row}") };
        [term, meaning, page, code].map(str::to_owned)
    })
    .collect()
}

/// Returns the form of a term by which the table is ordered.
fn key(term: &str) -> String {
    term.to_lowercase().chars().filter(|char| char.is_alphanumeric()).collect()
}

#[test]
fn each_term_stands_in_the_glossary_once_and_in_order() {
    let rows = rows();
    assert!(rows.len() > 100, "{}", rows.len());
    for two in rows.windows(2) {
        assert!(key(&two[0][0]) < key(&two[1][0]), "{} before {}", two[0][0], two[1][0]);
    }
    for [term, meaning, page, _] in &rows {
        assert!(!meaning.is_empty() && !meaning.contains("**"), "{term}");
        let file = page.rsplit_once('[').unwrap().1.trim_end_matches(']');
        assert!(tree("spec").join(file).is_file(), "{term}: {file}");
    }
}

/// Tells whether an item of this name is defined in a file.
fn defines(file: &File, item: &str) -> bool {
    let kinds = ["struct", "enum", "trait", "type", "fn", "const"];
    let is_defined = |kind: &str| {
        file.text.match_indices(&format!("{kind} {item}")).any(|(at, found)| {
            let after = file.text[at + found.len()..].chars().next();
            !after.is_some_and(|char| char.is_alphanumeric() || char == '_')
        })
    };
    // Ids are defined in a list of their own.
    let is_id = file.text.contains(&format!("\n    {item}: ")) && file.text.contains("ids! {");
    kinds.into_iter().any(is_defined) || is_id
}

#[test]
fn code_that_a_page_names_is_in_the_module_that_it_names() {
    let sources = files("src");
    let mut checked = 0;
    let pages = fs::read_dir(tree("spec")).unwrap().map(|entry| entry.unwrap().path());
    for page in pages.filter(|page| page.extension().is_some_and(|end| end == "md")) {
        let text = fs::read_to_string(&page).unwrap();
        for quoted in text.split('`').skip(1).step_by(2) {
            let Some((module, item)) = quoted.split_once("::") else { continue };
            let is_type = item.starts_with(|char: char| char.is_uppercase());
            let floors = [
                "content",
                "session",
                "client",
                "guest",
                "settings",
                "attachment",
                "history",
                "franking",
                "signal",
                "storage",
                "protocol",
                "primitives",
            ];
            if !is_type || !floors.contains(&module) {
                continue;
            }
            let (item, member) = item.split_once("::").map_or((item, None), |(a, b)| (a, Some(b)));
            let in_module = |file: &&File| {
                // A public module also gives what lower floors define.
                file.path.starts_with(&format!("src/{module}")) || is_given(&sources, module, item)
            };
            let found = sources.iter().filter(in_module).any(|file| defines(file, item));
            assert!(found, "{}: {quoted}", page.display());
            if let Some(member) = member.map(|member| member.trim_end_matches("()")) {
                let has = |file: &File| file.text.contains(member);
                assert!(sources.iter().any(has), "{}: {quoted}", page.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 80, "{checked}");
}

/// Tells whether a public module gives an item from a floor below.
fn is_given(sources: &[File], module: &str, item: &str) -> bool {
    let face = format!("src/{module}/mod.rs");
    let face = sources.iter().find(|file| file.path == face);
    face.is_some_and(|face| {
        face.text
            .split(|char: char| !char.is_alphanumeric() && char != '_')
            .any(|word| word == item)
    })
}
