//! Attachments: their keys, pieces and references.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::form::Vector;
use crate::attachment::{Opener, PIECE, Reference, Sealer};
use crate::error::Error;
use crate::primitives::aes_ctr::xor_stream;
use crate::primitives::secret::Secret;
use crate::protocol::attachment::terms::Terms;
use crate::protocol::labels;

pub(super) fn vectors() -> Vec<Vector> {
    vec![segment(), padded(), index(), empty(), altered(), other(), padding(), too_long()]
}

fn new(name: &str, comment: &'static str) -> Vector {
    Vector::new(name, "attachments", comment)
}

const IMAGE_EXACT: [u8; 4] = [1, 0x32, 2, 0];
const IMAGE_BUCKETS: [u8; 4] = [1, 0x32, 2, 1];
const FILE_EXACT: [u8; 4] = [1, 0x32, 1, 0];

/// The keys of an attachment, by the formulas.
struct Keys {
    terms: Vec<u8>,
    key: [u8; 32],
    tag: [u8; 32],
    stream: [u8; 32],
}

impl Keys {
    fn derive(v: &mut Vector, front: [u8; 4], length: usize) -> Self {
        v.length("content", length);
        let length = u64::try_from(length).unwrap().to_be_bytes();
        let terms = [&front[..], &length].concat();
        v.bytes("terms", &terms);
        let key: [u8; 32] = v.input("key");
        let prk = v.extract("prk", labels::ATTACHMENT_KEY, &[&key]);
        let tag = v.expand("tag key", &prk, &[labels::ATTACHMENT_TAG, &terms]);
        let stream = v.expand("stream key", &prk, &[labels::ATTACHMENT_STREAM, &terms]);
        let _: [u8; 32] = v.expand("id", &prk, &[labels::ATTACHMENT_ID, &terms]);
        Self { terms, key, tag, stream }
    }

    /// Seals the segment with a number, which stands behind the names.
    fn seal(&self, v: &mut Vector, number: u64, segment: &[u8]) -> ([u8; 32], Vec<u8>) {
        let name =
            |of: &str| -> String { if number == 0 { of.into() } else { format!("{of} {number}") } };
        let tag = v.mac(&name("tag"), &self.tag, &[&[0], &number.to_be_bytes(), segment]);
        let key = v.mac(&name("segment key"), &self.stream, &[&tag]);
        let mut sealed = segment.to_vec();
        xor_stream(&Secret::copy(&key), &mut sealed);
        (tag, sealed)
    }

    fn refer(&self, v: &mut Vector, digest: &[u8; 32]) -> Vec<u8> {
        let reference = [&self.terms[..], &self.key, digest].concat();
        v.bytes("reference", &reference);
        reference
    }

    /// Has the crate seal a content under this key, and compares.
    fn compare(&self, content: &[u8], sealed: &[u8], reference: &[u8]) {
        let key = Box::new(Secret::copy(&self.key));
        let decoded = Reference::decode(reference).unwrap();
        let length = u64::try_from(content.len()).unwrap();
        let terms = Terms::new(decoded.media(), length, decoded.padding()).unwrap();
        let mut sealer = Sealer::new(key, terms);
        let (mut rest, mut stored, mut buffer) = (content, Vec::new(), [0; PIECE]);
        loop {
            let (here, behind) = rest.split_at(sealer.wants());
            buffer[..here.len()].copy_from_slice(here);
            rest = behind;
            let Some(piece) = sealer.seal(&mut buffer).unwrap() else { break };
            stored.extend_from_slice(piece);
        }
        assert!(stored == sealed);
        assert_eq!(sealer.reference().unwrap().encode()[..], *reference);
        assert_eq!(open(reference, sealed).as_deref(), Ok(content));
    }
}

/// Has the crate open an attachment.
fn open(reference: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let reference = Reference::decode(reference)?;
    let (mut opener, mut content) = (Opener::new(&reference), Vec::new());
    while let Some(range) = opener.wants() {
        let [from, to] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
        content.extend_from_slice(opener.open(&mut sealed[from..to].to_vec())?);
    }
    Ok(content)
}

/// Seals an attachment of one segment, by the formulas: returns it and its reference.
fn one(v: &mut Vector, front: [u8; 4], content: &[u8], padded: &[u8]) -> (Vec<u8>, Vec<u8>) {
    v.bytes("content", content);
    let keys = Keys::derive(v, front, content.len());
    let (tag, sealed) = keys.seal(v, 0, padded);
    v.bytes("sealed", &sealed);
    let reference = keys.refer(v, &tag);
    if padded.starts_with(content) && padded[content.len()..].iter().all(|byte| *byte == 0) {
        keys.compare(content, &sealed, &reference);
    }
    (sealed, reference)
}

fn segment() -> Vector {
    let mut v = new("attachment", "an image of 19 bytes without padding, which is one segment");
    one(&mut v, IMAGE_EXACT, b"a picture of a boat", b"a picture of a boat");
    v
}

fn padded() -> Vector {
    let mut v = new("attachment-padded", "the same image in the smallest bucket");
    let mut padded = b"a picture of a boat".to_vec();
    padded.resize(4096, 0);
    one(&mut v, IMAGE_BUCKETS, b"a picture of a boat", &padded);
    v
}

fn empty() -> Vector {
    let mut v = new("attachment-empty", "a file of no bytes, which is one segment of none");
    one(&mut v, FILE_EXACT, b"", b"");
    v
}

fn index() -> Vector {
    let mut v = new(
        "attachment-index",
        "a file of 65,556 bytes 0x5a: two segments, of which the first is shown by its hash, and an index",
    );
    let content = vec![0x5a; 65_556];
    let keys = Keys::derive(&mut v, FILE_EXACT, content.len());
    let (tag, sealed) = keys.seal(&mut v, 0, &content[..65_536]);
    v.hash("sealed hash", &[&sealed]);
    let (other_tag, other) = keys.seal(&mut v, 1, &content[65_536..]);
    v.bytes("sealed 1", &other);
    let index = [tag, other_tag].concat();
    v.bytes("tags", &index);
    let top: [&[u8]; 3] = [&[1], &0_u64.to_be_bytes(), &index];
    let digest = v.mac("digest", &keys.tag, &top);
    let whole = [sealed, other, index].concat();
    v.hash("attachment hash", &[&whole]);
    let reference = keys.refer(&mut v, &digest);
    keys.compare(&content, &whole, &reference);
    v
}

fn altered() -> Vector {
    let mut v = new("refused-attachment-altered", "a sealed segment with one bit changed");
    let (mut sealed, reference) = one(&mut v, IMAGE_EXACT, b"pay one hundred", b"pay one hundred");
    sealed[14] ^= 1;
    v.bytes("altered sealed", &sealed);
    v.refused(open(&reference, &sealed).err())
}

fn other() -> Vector {
    let mut v = new(
        "refused-attachment-other",
        "another content of the same length, well sealed by a recipient under the same key",
    );
    let (_, reference) = one(&mut v, IMAGE_EXACT, b"pay one hundred", b"pay one hundred");
    let keys = Keys {
        terms: reference[..12].to_vec(),
        key: reference[12..44].try_into().unwrap(),
        ..Keys::derive(&mut new("refused-attachment-other", ""), IMAGE_EXACT, 15)
    };
    v.part("altered");
    let (tag, sealed) = keys.seal(&mut v, 0, b"pay one million");
    v.bytes("sealed", &sealed);
    assert_eq!(open(&[&reference[..44], &tag].concat(), &sealed).unwrap(), b"pay one million");
    v.refused(open(&reference, &sealed).err())
}

fn padding() -> Vector {
    let mut v = new(
        "refused-attachment-padding",
        "an image whose padding ends in another byte than zero, well sealed",
    );
    let mut padded = b"a picture of a boat".to_vec();
    padded.resize(4095, 0);
    padded.push(1);
    let (sealed, reference) = one(&mut v, IMAGE_BUCKETS, b"a picture of a boat", &padded);
    v.refused(open(&reference, &sealed).err())
}

fn too_long() -> Vector {
    let mut v = new("refused-attachment-length", "a reference to 2^48 + 1 bytes");
    let key: [u8; 32] = v.input("key");
    let digest: [u8; 32] = v.input("digest");
    let length = (1_u64 << 48) + 1;
    let reference = [&FILE_EXACT[..], &length.to_be_bytes(), &key, &digest].concat();
    v.bytes("reference", &reference);
    v.refused(Reference::decode(&reference).err())
}

#[test]
fn the_examples_on_the_page_are_these_vectors() {
    let page = include_str!("../../../spec/attachments.md");
    let mut shown = 0;
    for vector in [segment(), index()].map(|vector| vector.to_string()) {
        let values = vector.lines().filter_map(|line| line.split_once(": "));
        // The reference stands there in its parts, the index by its tags.
        let whole = |name: &str| !["reference", "tags", "prk", "sealed hash"].contains(&name);
        for (name, value) in values.filter(|(name, value)| whole(name) && value.len() >= 24) {
            if value.bytes().all(|byte| byte.is_ascii_hexdigit()) && name != "content" {
                assert!(page.contains(value), "{name}: {value}");
                shown += 1;
            }
        }
    }
    assert_eq!(shown, 8 + 12);
}
