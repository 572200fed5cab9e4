//! The form of a vector, and the steps of the formulas: each computes a value and writes it down.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::error::Error;
use crate::primitives::digest::{DIGEST_KEY, Digest};
use crate::primitives::kdf;
use crate::primitives::kdf::Prk;
use crate::primitives::secret::Secret;
use crate::primitives::{aead, dh, kem, sign};

/// The last words of the names whose values are decimal integers.
const INTEGERS: &[&str] = &[
    "at",
    "approval",
    "chain",
    "count",
    "created",
    "direction",
    "epoch",
    "expires",
    "extra",
    "generation",
    "id-number",
    "idle",
    "index",
    "issued",
    "kind",
    "length",
    "max-pending",
    "max-text",
    "mixed",
    "mode",
    "now",
    "number",
    "previous",
    "sent",
    "suite",
    "version",
];

/// One scenario: its inputs, the value of every formula, its results.
pub(super) struct Vector {
    name: String,
    page: &'static str,
    comment: &'static str,
    expect: String,
    part: &'static str,
    /// The inputs of an example: one byte repeated, by name.
    example: &'static [(&'static str, u8)],
    lines: Vec<(String, String)>,
}

impl Vector {
    pub(super) fn new(name: &str, page: &'static str, comment: &'static str) -> Self {
        let (name, expect) = (name.to_string(), "ok".to_string());
        Self { name, page, comment, expect, part: "", example: &[], lines: Vec::new() }
    }

    /// Makes the vector of an example on its page, whose inputs are one byte repeated each.
    pub(super) fn example(
        name: &str,
        page: &'static str,
        comment: &'static str,
        example: &'static [(&'static str, u8)],
    ) -> Self {
        Self { example, ..Self::new(name, page, comment) }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Names the part whose values follow, in front of their names; an empty name ends it.
    pub(super) fn part(&mut self, part: &'static str) {
        self.part = part;
    }

    /// Turns this into the vector of something that the code refuses.
    pub(super) fn refused(mut self, error: Option<Error>) -> Self {
        self.expect = format!("{:?}", error.expect("a refusal"));
        self
    }

    /// Puts the part in front of a name.
    fn full_name(&self, name: &str) -> String {
        let space = if self.part.is_empty() { "" } else { " " };
        format!("{}{space}{name}", self.part)
    }

    fn line(&mut self, name: &str, value: String) {
        let name = self.full_name(name);
        assert!(!self.lines.iter().any(|(other, _)| *other == name), "{name} twice");
        assert!(!name.contains(':'), "{name}");
        self.lines.push((name, value));
    }

    pub(super) fn bytes(&mut self, name: &str, value: &[u8]) {
        let last = name.rsplit(' ').next().unwrap();
        assert!(!INTEGERS.contains(&last), "{name} would read as an integer");
        self.line(name, hex(value));
    }

    pub(super) fn number(&mut self, name: &str, value: impl Into<u64>) {
        let last = name.rsplit(' ').next().unwrap();
        assert!(INTEGERS.contains(&last), "{name} would not read as an integer");
        self.line(name, value.into().to_string());
    }

    /// Writes a length, under a name that ends in what it is the length of.
    pub(super) fn length(&mut self, name: &str, value: usize) {
        self.line(&format!("length {name}"), value.to_string());
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        assert!(!value.contains(['"', '\\', '\n']), "{value}");
        self.line(name, format!("\"{value}\""));
    }

    /// Makes an input from a hash of its own name, so that nobody chose it; in an example it is the page's.
    pub(super) fn input<const N: usize>(&mut self, name: &str) -> [u8; N] {
        let of = if self.part.is_empty() { self.name.clone() } else { self.part.to_string() };
        let full_name = self.full_name(name);
        let of_page = self.example.iter().find(|(input, _)| *input == full_name);
        let value = of_page.map_or_else(|| chosen(&format!("{of} {name}")), |(_, byte)| [*byte; N]);
        self.bytes(name, &value);
        value
    }

    pub(super) fn hash(&mut self, name: &str, parts: &[&[u8]]) -> [u8; 32] {
        let value = kdf::hash(parts);
        self.bytes(name, &value);
        value
    }

    pub(super) fn extract(&mut self, name: &str, salt: &[u8], ikm: &[&[u8]]) -> Prk {
        let prk = Prk::extract(salt, ikm);
        self.bytes(name, prk.chain().expose());
        prk
    }

    pub(super) fn expand<const N: usize>(
        &mut self,
        name: &str,
        prk: &Prk,
        info: &[&[u8]],
    ) -> [u8; N] {
        let value = *prk.expand::<N>(info).expose();
        self.bytes(name, &value);
        value
    }

    /// Draws a value by the hedge, from random bytes that are an input: returns these and the value. `of` is
    /// what stands before "random" and "prk" in the names.
    pub(super) fn hedged<const N: usize>(
        &mut self,
        (of, name): (&str, &str),
        secret: &[u8; 32],
        info: &[&[u8]],
    ) -> ([u8; 32], [u8; N]) {
        let random: [u8; 32] = self.input(&format!("{of} random"));
        let prk = self.extract(&format!("{of} prk"), secret, &[&random]);
        (random, self.expand(name, &prk, info))
    }

    pub(super) fn digest(
        &mut self,
        name: &str,
        key: &[u8; DIGEST_KEY],
        (about, text): (&[u8], &[u8]),
    ) -> [u8; 16] {
        let value = Digest::new(&Secret::copy(key)).of(about, text);
        self.bytes(name, &value);
        value
    }

    pub(super) fn mac(&mut self, name: &str, key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
        let value = *kdf::mac(&Secret::copy(key), parts).expose();
        self.bytes(name, &value);
        value
    }

    pub(super) fn signing_key(&mut self, name: &str, seed: &[u8; 32]) -> [u8; 32] {
        let value = *sign::SecretKey::from_seed(Secret::copy(seed)).public().bytes();
        self.bytes(name, &value);
        value
    }

    pub(super) fn sign(
        &mut self,
        name: &str,
        seed: &[u8; 32],
        label: &[u8],
        body: &[&[u8]],
    ) -> [u8; 64] {
        let value = sign::SecretKey::from_seed(Secret::copy(seed)).sign(label, body);
        self.bytes(name, &value);
        value
    }

    pub(super) fn agreement_key(&mut self, name: &str, seed: &[u8; 32]) -> [u8; 32] {
        let value = *secret(seed).public().bytes();
        self.bytes(name, &value);
        value
    }

    /// Computes an agreement, which both sides must compute alike: each from its own seed.
    pub(super) fn agree(&mut self, name: &str, one: &[u8; 32], other: &[u8; 32]) -> [u8; 32] {
        let value = *secret(one).agree(&secret(other).public()).unwrap().expose();
        let there = *secret(other).agree(&secret(one).public()).unwrap().expose();
        assert_eq!(value, there);
        self.bytes(name, &value);
        value
    }

    pub(super) fn kem_key(&mut self, name: &str, seed: &[u8; 64]) -> [u8; kem::PUBLIC_KEY] {
        let value = *kem::SecretKey::from_seed(Secret::copy(seed)).public().bytes();
        self.bytes(name, &value);
        value
    }

    /// Seals under a key that seals nothing else: `ciphertext ‖ tag`.
    pub(super) fn seal(&mut self, name: &str, key: &[u8; 32], ad: &[u8], text: &[u8]) -> Vec<u8> {
        let sealed = aead::seal_once(Secret::copy(key), ad, text).unwrap();
        self.bytes(name, &sealed);
        sealed
    }
}

fn secret(seed: &[u8; 32]) -> dh::SecretKey {
    dh::SecretKey::from_seed(Secret::copy(seed))
}

/// Writes bytes in hexadecimal, as a vector does.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Computes `SHA-256("latchstring vector " ‖ name ‖ " " ‖ n)` for n = 0, 1, … as far as it must reach.
pub(super) fn chosen<const N: usize>(name: &str) -> [u8; N] {
    let blocks = (0..N.div_ceil(32))
        .flat_map(|n| kdf::hash(&[format!("latchstring vector {name} {n}").as_bytes()]));
    let blocks: Vec<u8> = blocks.take(N).collect();
    blocks.try_into().unwrap()
}

impl fmt::Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "page: {}\ncomment: {}\nexpect: {}", self.page, self.comment, self.expect)?;
        for (name, value) in &self.lines {
            let space = if value.is_empty() { "" } else { " " };
            writeln!(f, "{name}:{space}{value}")?;
        }
        Ok(())
    }
}
