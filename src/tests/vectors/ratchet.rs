//! The formulas of the ratchet, written down step by step, and the padded lengths.

use alloc::vec;
use alloc::vec::Vec;

use super::braid::BraidPart;
use super::form::Vector;
use crate::primitives::digest::DIGEST_KEY;
use crate::primitives::secret::Secret;
use crate::primitives::{aead, kdf};
use crate::protocol::labels;
use crate::protocol::padding::Padding;

pub(super) fn vectors() -> Vec<Vector> {
    vec![padding()]
}

/// Makes a ratchet key from randomness and the root: the randomness, the seed, the public key.
pub(super) fn ratchet_key(v: &mut Vector, root: &[u8; 32]) -> ([u8; 32], [u8; 32], [u8; 32]) {
    let random = v.input("ratchet random");
    let prk = v.extract("ratchet prk", root, &[&random]);
    let seed = v.expand("ratchet seed", &prk, &[labels::RATCHET_KEY]);
    let public = v.agreement_key("ratchet key", &seed);
    (random, seed, public)
}

/// The results of a root step.
pub(super) struct Turned {
    pub(super) root: [u8; 32],
    pub(super) chain: [u8; 32],
    pub(super) next_header: [u8; 32],
}

/// Takes a root step before any secret of the braid is in the root, and without one.
pub(super) fn turn(v: &mut Vector, root: &[u8; 32], own: &[u8; 32], peer: &[u8; 32]) -> Turned {
    turn_to_epoch(v, root, own, peer, (0, &[0; 32]))
}

/// Takes a root step, with the newest epoch in the root after it, and the secret of that epoch.
pub(super) fn turn_to_epoch(
    v: &mut Vector,
    root: &[u8; 32],
    own: &[u8; 32],
    peer: &[u8; 32],
    (pq_epoch, secret): (u32, &[u8; 32]),
) -> Turned {
    let dh = v.agree("dh", own, peer);
    let prk = v.extract("root prk", root, &[&dh, secret]);
    let pq_epoch = pq_epoch.to_be_bytes();
    Turned {
        root: v.expand("next root", &prk, &[labels::RATCHET_ROOT, &pq_epoch, &[1]]),
        chain: v.expand("chain key 0", &prk, &[labels::RATCHET_ROOT, &pq_epoch, &[2]]),
        next_header: v.expand("next header key", &prk, &[labels::RATCHET_ROOT, &pq_epoch, &[3]]),
    }
}

/// The values that a message's place in the session decides.
pub(super) struct Sealing<'a> {
    pub(super) session: &'a [u8; 32],
    pub(super) direction: u8,
    pub(super) prefix: Option<&'a [u8]>,
    pub(super) ratchet: &'a [u8; 32],
    pub(super) previous: u32,
    pub(super) number: u32,
    pub(super) header_key: &'a [u8; 32],
    /// The newest epoch of the braid that is in the root.
    pub(super) pq_epoch: u32,
    pub(super) part: &'a BraidPart,
    pub(super) imprint_key: &'a [u8; DIGEST_KEY],
}

impl Sealing<'_> {
    /// Computes the next chain key, the randomness of the body's nonce, and the message.
    pub(super) fn seal(
        &self,
        v: &mut Vector,
        chain: &[u8; 32],
        content: &[u8],
    ) -> ([u8; 32], [u8; 12], Vec<u8>) {
        let key = v.mac("message key", chain, &[&[1]]);
        let next = v.mac("next chain key", chain, &[&[2]]);
        v.bytes("content", content);
        let text = [content, self.part.extra.as_flattened()].concat();
        let padded = padded(&text, bucket(content.len()));
        let (random, message) = self.under(v, &key, &padded);
        (next, random, message)
    }

    /// Computes the randomness of the body's nonce, and the message, under a message key.
    pub(super) fn under(
        &self,
        v: &mut Vector,
        key: &[u8; 32],
        padded: &[u8],
    ) -> ([u8; 12], Vec<u8>) {
        v.number("direction", self.direction);
        v.number("previous", self.previous);
        v.number("number", self.number);
        v.number("mixed", self.pq_epoch);
        let place = [self.previous.to_be_bytes(), self.number.to_be_bytes()].concat();
        let (pq_epoch, part) = (self.pq_epoch.to_be_bytes(), self.part.write(v));
        v.bytes("padded content", padded);
        let clear = [1, if self.prefix.is_some() { 2 } else { 1 }];
        let with = |nonce: &[u8; 12]| {
            let header = [&self.ratchet[..], &place, nonce, &pq_epoch, &part].concat();
            let front = [labels::RATCHET_BODY, self.session, &[self.direction], &clear].concat();
            ([&front[..], &header].concat(), header)
        };
        v.bytes("imprint key", self.imprint_key);
        let random: [u8; 12] = v.input("nonce random");
        let about = [&clear[1..], &place, &pq_epoch, &part].concat();
        let digest = v.digest("nonce digest", self.imprint_key, (&about, padded));
        let hash = kdf::hash(&[labels::RATCHET_NONCE, &digest]);
        let nonce: [u8; 12] = core::array::from_fn(|at| hash[at] ^ random[at]);
        v.bytes("nonce", &nonce);
        let (ad, header) = with(&nonce);
        v.bytes("header", &header);
        v.bytes("body ad", &ad);
        let mut body = padded.to_vec();
        let tag = aead::seal(&Secret::copy(key), &nonce, &ad, &mut body).unwrap();
        v.bytes("body", &body);
        v.bytes("body tag", &tag);

        let prefix_hash = self.prefix.map_or([0; 32], |prefix| kdf::hash(&[prefix]));
        v.bytes("prefix hash", &prefix_hash);
        let ad = [labels::RATCHET_HEADER, &clear, &prefix_hash, &tag].concat();
        v.bytes("header ad", &ad);
        let mut sealed = header;
        let at: [u8; 12] = tag[..12].try_into().unwrap();
        let header_tag = aead::seal(&Secret::copy(self.header_key), &at, &ad, &mut sealed).unwrap();
        sealed.extend(header_tag);
        v.bytes("sealed header", &sealed);
        let front = self.prefix.unwrap_or(&clear);
        let message = [front, &sealed, &tag, &body].concat();
        v.bytes("message", &message);
        (random, message)
    }
}

/// Counts the chunks of the braid that fit between a content and its padded length.
pub(super) fn room(content: &[u8]) -> usize {
    (bucket(content.len()) - content.len() - 1) / 32
}

/// Pads: `content ‖ extra chunks ‖ 0x80 ‖ 0x00 …`, of which `text` is all but the padding.
pub(super) fn padded(text: &[u8], length: usize) -> Vec<u8> {
    let mut padded = [text, &[0x80]].concat();
    assert!(padded.len() <= length);
    padded.resize(length, 0);
    padded
}

/// Computes the padded length, by its description: the smallest of 32, 48, 64, 96 … 6144 that holds the
/// content and the marker, above that the next multiple of an eighth of the power of two below.
pub(super) fn bucket(content: usize) -> usize {
    let least = content + 1;
    let small = (5..=12).flat_map(|n| [1 << n, 3 << (n - 1)]).find(|length| *length >= least);
    small.unwrap_or_else(|| {
        let power = (12..32).map(|n| 1 << n).find(|power| least <= 2 * power).unwrap();
        (1..=8)
            .map(|eighths| power + eighths * (power / 8))
            .find(|length| *length >= least)
            .unwrap()
    })
}

fn padding() -> Vector {
    let mut v = Vector::new(
        "padding",
        "ratchet",
        "padded lengths (value) of contents (last number of the name), both policies",
    );
    let edges = [
        0, 1, 30, 31, 32, 47, 48, 63, 64, 95, 96, 127, 128, 191, 192, 255, 256, 383, 384, 511, 512,
        767, 768, 1023, 1024, 1535, 1536, 2047, 2048, 3071, 3072, 4095, 4096, 6143, 6144, 6655,
        6656, 8191, 8192, 9215, 9216, 65_535, 65_536, 1_048_575, 1_048_576,
    ];
    for content in edges {
        let length = bucket(content);
        assert_eq!(Padding::Buckets.length(content), length);
        v.length(&alloc::format!("buckets {content}"), length);
    }
    for content in [0, 31, 32, 1_048_576] {
        assert_eq!(Padding::Exact.length(content), content + 1);
        v.length(&alloc::format!("exact {content}"), content + 1);
    }
    for content in 0..20_000 {
        assert_eq!(Padding::Buckets.length(content), bucket(content));
    }
    v
}
