//! Attachments: whatever their length they come back, whatever a server does to them is refused.

mod content;
mod forgery;
mod frozen;
mod ranges;
mod resume;

use std::ops::Range;

use latchstring::Error;
use latchstring::attachment::{Media, Opener, PIECE, Padding, Reference, Sealer};
use support::{NOW, TestRng, client};

const SEGMENT: u64 = 65_536;

/// The segments that a full index names.
const GROUP: u64 = 2_048;

fn sealer(length: u64, padding: Padding) -> Sealer {
    let mut rng = TestRng::new(length);
    client(1, &mut rng).attach(Media::Video, length, padding, NOW, &mut rng).unwrap()
}

/// Returns bytes of which no two pieces have the same.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at ^ (at >> 8) ^ (at >> 16).wrapping_mul(31)) as u8).collect()
}

/// Seals the next piece, if there is one, of a content that is read where the sealer says.
fn seal_one(sealer: &mut Sealer, content: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let mut buffer = [0xee; PIECE];
    let from = sealer.progress().position as usize;
    let wanted = sealer.wants();
    buffer[..wanted].copy_from_slice(&content[from..][..wanted]);
    Ok(sealer.seal(&mut buffer)?.map(<[u8]>::to_vec))
}

/// Seals all pieces that are left.
fn seal_rest(sealer: &mut Sealer, content: &[u8]) -> Vec<u8> {
    let mut stored = Vec::new();
    while let Some(piece) = seal_one(sealer, content).unwrap() {
        stored.extend(piece);
    }
    stored
}

fn sealed(content: &[u8], padding: Padding) -> (Reference, Vec<u8>) {
    let mut sealer = sealer(content.len() as u64, padding);
    let stored = seal_rest(&mut sealer, content);
    (sealer.reference().unwrap(), stored)
}

/// Returns what a server gives when it is asked for a range of what it has.
fn fetch(stored: &[u8], range: &Range<u64>) -> Vec<u8> {
    let end = (range.end as usize).min(stored.len());
    stored[(range.start as usize).min(end)..end].to_vec()
}

/// Opens what is left, up to the first refusal, and returns what was given out until then.
fn open_rest(opener: &mut Opener, stored: &[u8]) -> (Vec<u8>, Result<(), Error>) {
    let mut out = Vec::new();
    while let Some(range) = opener.wants() {
        match opener.open(&mut fetch(stored, &range)) {
            Ok(content) => out.extend_from_slice(content),
            Err(error) => return (out, Err(error)),
        }
    }
    assert!(opener.is_finished());
    (out, Ok(()))
}

fn opened(reference: &Reference, stored: &[u8]) -> (Vec<u8>, Result<(), Error>) {
    open_rest(&mut Opener::new(reference), stored)
}
