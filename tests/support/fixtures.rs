//! States as an earlier build left them, in `tests/state/v1/`, and what belongs to them.

use std::path::PathBuf;

use crate::tree;

fn fixture(name: &str) -> PathBuf {
    tree(&format!("tests/state/v1/{name}.hex"))
}

/// Tells whether fixtures are to be written before they are read.
pub fn is_writing_fixtures() -> bool {
    std::env::var_os("LATCHSTRING_WRITE_FIXTURES").is_some()
}

/// Reads a fixture.
pub fn read_fixture(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(fixture(name)).unwrap();
    let digits: Vec<char> = text.split_whitespace().flat_map(str::chars).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// Writes a fixture.
pub fn write_fixture(name: &str, bytes: &[u8]) {
    let mut text = String::new();
    for line in bytes.chunks(48) {
        text.extend(line.iter().map(|byte| format!("{byte:02x}")));
        text.push('\n');
    }
    std::fs::write(fixture(name), text).unwrap();
}
