//! The tree's own rules: its floors, and the pages that name its terms and tests.

use std::fs;
use std::path::{Path, PathBuf};

mod docs;
mod errors;
mod glossary;
mod layers;
mod security;

/// Returns a place in the tree, by its path from the top.
fn tree(path: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)
}

/// A file in Rust.
struct File {
    /// Its path from the top.
    path: String,
    text: String,
}

impl File {
    /// Tells whether it is compiled for tests only: one of its folders is named so.
    fn is_test_code(&self) -> bool {
        let mut folders = self.path.split('/').rev().skip(1);
        folders.any(|folder| folder == "tests")
    }
}

/// Reads all files in Rust under a folder.
fn files(folder: &str) -> Vec<File> {
    let mut files = Vec::new();
    for entry in fs::read_dir(tree(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files.extend(self::files(&path));
        } else if entry.path().extension().is_some_and(|end| end == "rs") {
            files.push(File { text: fs::read_to_string(tree(&path)).unwrap(), path });
        }
    }
    files
}
