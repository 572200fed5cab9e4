//! The first words of what the code says of itself.

use crate::{File, files};

/// Words that begin a question: what follows one says what is to be found out, and not what stands there.
const QUESTIONS: [&str; 9] =
    ["What", "Whether", "How", "Where", "Who", "Whose", "Which", "Why", "When"];

/// Tells whether a line is part of a doc comment.
fn is_doc(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("///") || line.starts_with("//!")
}

/// Returns the first line of each doc comment, with its number.
fn first_lines(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let before = [""].into_iter().chain(file.text.lines());
    let pairs = (1..).zip(before.zip(file.text.lines()));
    let first = pairs.filter(|(_, (before, line))| is_doc(line) && !is_doc(before));
    first.map(|(number, (_, line))| (number, line.trim_start()))
}

#[test]
fn no_doc_begins_like_a_question() {
    let folders = ["src", "tests", "examples", "benches", "fuzz/src", "fuzz/fuzz_targets"];
    let mut seen = 0;
    for file in folders.into_iter().flat_map(files) {
        if file.path.contains("/target/") {
            continue;
        }
        for (number, line) in first_lines(&file) {
            let word = line[3..].trim_start().split(|it: char| !it.is_alphabetic()).next().unwrap();
            assert!(!QUESTIONS.contains(&word), "{}:{number}: {line}", file.path);
            seen += 1;
        }
    }
    assert!(seen > 3_000, "{seen}");
}
