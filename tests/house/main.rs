//! What the tree says of itself: its floors, and the pages that name its tests.

use std::fs;
use std::path::{Path, PathBuf};

mod glossary;
mod layers;
mod security;

/// A place in the tree, by its path from the top.
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
    /// Whether it is compiled for tests only: one of its folders is named so.
    fn is_test_code(&self) -> bool {
        let mut folders = self.path.split('/').rev().skip(1);
        folders.any(|folder| folder == "tests")
    }
}

/// All files in Rust under a folder.
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
