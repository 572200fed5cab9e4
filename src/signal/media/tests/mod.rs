//! Tests of media files, and what they share.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::large_stack_arrays,
    reason = "a failed expectation is a failed test"
)]

mod known_answers;
mod open;
mod passes;
mod seal;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::layout::MediaLayout;
use super::{MediaKind, MediaOpener, MediaReference, MediaSealer, MediaVerifier};
use crate::attachment::PIECE;
use crate::error::Error;
use crate::primitives::secret::Secret;

pub(super) const KEY: [u8; 32] = [0x5a; 32];

/// Returns content that is nowhere alike.
pub(super) fn content(length: usize) -> Vec<u8> {
    let byte = |i: usize| u8::try_from((i * 7 + i / 256) % 256).unwrap();
    (0..length).map(byte).collect()
}

/// Begins to seal under a key that the test chooses, as no client does.
pub(super) fn sealer(kind: MediaKind, key: &[u8; 32], length: usize) -> MediaSealer {
    let layout = MediaLayout::new(u64::try_from(length).unwrap()).unwrap();
    MediaSealer::new(kind, Secret::copy(key), layout)
}

/// Drives a sealer, and returns the sealed file.
pub(super) fn drive(sealer: &mut MediaSealer, mut content: &[u8]) -> Vec<u8> {
    let (mut stored, mut buffer) = (Vec::new(), Box::new([0xee; PIECE]));
    loop {
        let (here, rest) = content.split_at(sealer.wants());
        buffer[..here.len()].copy_from_slice(here);
        content = rest;
        let Some(piece) = sealer.seal(&mut buffer) else { break };
        stored.extend_from_slice(piece);
    }
    assert!(content.is_empty());
    stored
}

/// Seals a file.
pub(super) fn sealed(kind: MediaKind, key: &[u8; 32], content: &[u8]) -> (Vec<u8>, MediaReference) {
    let mut sealer = sealer(kind, key, content.len());
    let stored = drive(&mut sealer, content);
    (stored, sealer.reference().unwrap())
}

/// Returns the bytes at some places of what is stored, as many as are there.
pub(super) fn fetch(stored: &[u8], range: &Range<u64>) -> Vec<u8> {
    let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
    let end = end.min(stored.len());
    stored[start.min(end)..end].to_vec()
}

/// Gives a verifier what is stored.
pub(super) fn verify(reference: &MediaReference, stored: &[u8]) -> Result<MediaOpener, Error> {
    let mut verifier = MediaVerifier::new(reference);
    while let Some(range) = verifier.wants() {
        verifier.verify(&fetch(stored, &range))?;
    }
    verifier.finish()
}

/// Gives an opener what is stored, and returns what it has given out, and how it ended.
pub(super) fn open(opener: &mut MediaOpener, stored: &[u8]) -> (Vec<u8>, Result<(), Error>) {
    let mut content = vec![];
    while let Some(range) = opener.wants() {
        match opener.open(&mut fetch(stored, &range)) {
            Ok(piece) => content.extend_from_slice(piece),
            Err(error) => return (content, Err(error)),
        }
    }
    (content, Ok(()))
}

/// Reads what is stored, in both passes.
pub(super) fn read(reference: &MediaReference, stored: &[u8]) -> Result<Vec<u8>, Error> {
    let (content, end) = open(&mut verify(reference, stored)?, stored);
    end.map(|()| content)
}

/// Returns a reference that says something else than another one.
pub(super) fn saying(
    of: &MediaReference,
    length: u64,
    content_hash: [u8; 32],
    sealed_hash: [u8; 32],
) -> MediaReference {
    MediaReference::new(of.kind(), &*of.key(), length, &content_hash, &sealed_hash).unwrap()
}
