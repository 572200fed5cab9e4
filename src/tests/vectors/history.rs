//! History for an own device: request, items and manifest. The first is the example of `spec/history.md`.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::form::Vector;
use super::tape::Tape;
use crate::error::Error;
use crate::primitives::aes_ctr::xor_stream;
use crate::primitives::secret::Secret;
use crate::primitives::sign;
use crate::protocol::history::entry::HistoryEntry;
use crate::protocol::history::manifest::Manifest;
use crate::protocol::history::request::{HistoryRequest, Range};
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::labels;

/// The inputs of the example: each is this byte repeated.
const INPUTS: &[(&str, u8)] = &[
    ("request id", 0x50),
    ("account id", 0x10),
    ("asker device id", 0x14),
    ("source device id", 0x15),
    ("source signing seed", 0x16),
    ("friend account id", 0x20),
    ("friend device id", 0x24),
    ("newer message id", 0x44),
    ("older message id", 0x43),
    ("older digest", 0x45),
    ("key", 0x51),
];

pub(super) fn vectors() -> Vec<Vector> {
    let refused = [
        (
            "refused-history-request",
            "an answer to another request, which the asked device has signed",
        ),
        ("refused-history-range", "an answer with a message that is older than what was asked for"),
        ("refused-history-descent", "an answer whose parts do not descend"),
    ];
    let [request, range, descent] = refused.map(|(name, comment)| example(name, comment));
    vec![answered(), drawn(), of_another(request), out_of_range(range), ascending(descent)]
}

fn example(name: &str, comment: &'static str) -> Vector {
    Vector::example(name, "history", comment, INPUTS)
}

/// The two sides, and the request of the one.
struct Scene {
    account: [u8; 32],
    asker: [u8; 8],
    source: [u8; 8],
    seed: [u8; 32],
    key: [u8; 32],
    request: Vec<u8>,
}

impl Scene {
    /// Asks for all conversations from a time on, 50 messages and 1 MiB at most.
    fn new(v: &mut Vector, from: u64) -> Self {
        let id: [u8; 16] = v.input("request id");
        let (account, asker) = (v.input::<32>("account id"), v.input::<8>("asker device id"));
        let source: [u8; 8] = v.input("source device id");
        let seed = v.input("source signing seed");
        v.signing_key("source signing key", &seed);
        let from = [&from.to_be_bytes()[..], &[0; 56]].concat();
        v.bytes("from", &from);
        let to = [0xff; 64];
        v.bytes("to", &to);
        let caps = [&50_u32.to_be_bytes()[..], &(1_u64 << 20).to_be_bytes()].concat();
        let parts: [&[u8]; 9] =
            [&[1, 0x33], &id, &account, &asker, &source, &[0], &from, &to, &caps];
        let request = parts.concat();
        v.bytes("request", &request);
        let key = v.input("key");
        Self { account, asker, source, seed, key, request }
    }

    fn decoded(&self) -> HistoryRequest {
        let decoded = HistoryRequest::decode(&self.request).unwrap();
        assert_eq!(decoded.encode(), self.request);
        decoded
    }

    /// Writes two messages of the conversation with a friend: its own of the moment, and the friend's before it.
    fn chunk(&self, v: &mut Vector) -> (Vec<u8>, [Vec<u8>; 2]) {
        let friend: [u8; 32] = v.input("friend account id");
        let device: [u8; 8] = v.input("friend device id");
        let said = [
            ("newer", NOW, &self.account, &self.source, &b"it is"[..]),
            ("older", NOW - 60, &friend, &device, b"the latchstring is out"),
        ];
        let mut marks = Vec::new();
        let mut chunk = Vec::new();
        for (name, sent, account, device, text) in said {
            v.part(name);
            let id: [u8; 16] = v.input("message id");
            let mark = [&sent.to_be_bytes()[..], account, device, &id].concat();
            v.bytes("mark", &mark);
            let length = u32::try_from(text.len()).unwrap().to_be_bytes();
            let content = [&[1, 1][..], &length, text].concat();
            v.bytes("content", &content);
            // The friend's has facts, and the own one none.
            let facts = if name == "older" {
                let digest: [u8; 32] = v.input("digest");
                [&[1], &account[..], &digest, &(sent + 1).to_be_bytes()].concat()
            } else {
                vec![0]
            };
            v.bytes("facts", &facts);
            let entry = [&mark[..], &[1], &friend, &facts, &[0], &content].concat();
            let length = u32::try_from(entry.len()).unwrap().to_be_bytes();
            let item = [&length[..], &entry].concat();
            v.bytes("item", &item);
            let decoded = HistoryEntry::decode(&entry).unwrap();
            assert_eq!(decoded.encode()[..], item);
            chunk.extend(item);
            marks.push(mark);
        }
        v.part("");
        v.bytes("chunk", &chunk);
        (chunk, marks.try_into().unwrap())
    }

    /// Seals a chunk of one segment, and returns its reference.
    fn seal(&self, v: &mut Vector, chunk: &[u8]) -> Vec<u8> {
        let length = u64::try_from(chunk.len()).unwrap().to_be_bytes();
        let terms = [&[1, 0x32, 1, 0][..], &length].concat();
        let prk = v.extract("prk", labels::ATTACHMENT_KEY, &[&self.key]);
        let tag_key: [u8; 32] = v.expand("tag key", &prk, &[labels::ATTACHMENT_TAG, &terms]);
        let stream: [u8; 32] = v.expand("stream key", &prk, &[labels::ATTACHMENT_STREAM, &terms]);
        let tag = v.mac("tag", &tag_key, &[&[0], &0_u64.to_be_bytes(), chunk]);
        let segment = v.mac("segment key", &stream, &[&tag]);
        let mut sealed = chunk.to_vec();
        xor_stream(&Secret::copy(&segment), &mut sealed);
        v.bytes("sealed", &sealed);
        let reference = [&terms[..], &self.key, &tag].concat();
        v.bytes("reference", &reference);
        reference
    }

    /// Signs an answer of these parts.
    fn manifest(&self, v: &mut Vector, request: &[u8], parts: &[Vec<u8>]) -> Vec<u8> {
        let count = u32::try_from(parts.len()).unwrap().to_be_bytes();
        let id = &request[2..18];
        let front: [&[u8]; 6] = [&[1, 0x34], id, &self.asker, &self.source, &[0], &count];
        let body = [front.concat(), parts.concat()].concat();
        v.bytes("body", &body);
        let signed = [request, &body].concat();
        let signature = v.sign("signature", &self.seed, labels::HISTORY_MANIFEST, &[&signed]);
        let manifest = [&body[..], &signature].concat();
        v.bytes("manifest", &manifest);
        manifest
    }

    /// Has the crate judge an answer to the request.
    fn judge(&self, manifest: &[u8]) -> Result<Manifest, Error> {
        let (request, decoded) = (self.decoded(), Manifest::decode(manifest)?);
        assert_eq!(decoded.encode()[..], *manifest);
        if decoded.request != request.id {
            return Err(Error::Unsolicited);
        }
        let key = sign::SecretKey::from_seed(Secret::copy(&self.seed)).public();
        decoded.verify(&request, &key)?;
        decoded.check(&request)?;
        Ok(decoded)
    }
}

/// Makes a part of items between two marks.
fn part(newest: &[u8], oldest: &[u8], items: u32, reference: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 6] =
        [newest, oldest, &items.to_be_bytes(), reference, &[0, 0, 0, 5], b"ab/12"];
    parts.concat()
}

fn answered() -> Vector {
    let mut v = example("history", "a request, and an answer of one part with two messages");
    let scene = Scene::new(&mut v, NOW - 3_600);
    let (chunk, [newest, oldest]) = scene.chunk(&mut v);
    let reference = scene.seal(&mut v, &chunk);
    let one = part(&newest, &oldest, 2, &reference);
    v.bytes("part", &one);
    let manifest = scene.manifest(&mut v, &scene.request, &[one]);
    let judged = scene.judge(&manifest).unwrap();
    let key = sign::SecretKey::from_seed(Secret::copy(&scene.seed));
    let signed = Manifest::sign(&scene.decoded(), false, &judged.parts, &key);
    assert_eq!(signed[..], manifest);
    v
}

fn drawn() -> Vector {
    let mut v =
        Vector::new("history-drawn", "history", "the id of a request for all that there is");
    let seed: [u8; 32] = v.input("agreement seed");
    let (anchor, account) = (v.input::<32>("anchor"), v.input::<32>("account id"));
    v.number("now", NOW);
    let (asker, asked) = (v.input::<8>("asker device id"), v.input::<8>("source device id"));
    let caps = [&(1_u32 << 26).to_be_bytes()[..], &(1_u64 << 36).to_be_bytes()].concat();
    let parts: [&[u8]; 7] = [&account, &asker, &asked, &[0], &[0; 64], &[0xff; 64], &caps];
    let rest = parts.concat();
    v.bytes("behind the id", &rest);
    let place = [&anchor[..], &NOW.to_be_bytes()].concat();
    let info: [&[u8]; 3] = [labels::HISTORY_REQUEST, &place, &rest];
    let (random, id) = v.hedged::<16>(("request", "request id"), &seed, &info);
    let secret = Box::new(Secret::copy(&seed));
    let parties = (AccountId(account), DeviceId(asker), DeviceId(asked));
    let drawn = Tape::play(&[&random], |rng| {
        HistoryRequest::draw(&secret, &place, parties, Range::ALL, rng)
    });
    assert_eq!((drawn.id, &drawn.encode()[18..]), (id, &rest[..]));
    v
}

fn of_another(mut v: Vector) -> Vector {
    let scene = Scene::new(&mut v, NOW - 3_600);
    let mut other = scene.request.clone();
    other[2] ^= 1;
    v.bytes("other request", &other);
    let manifest = scene.manifest(&mut v, &other, &[]);
    let error = scene.judge(&manifest).err();
    v.refused(error)
}

fn out_of_range(mut v: Vector) -> Vector {
    let scene = Scene::new(&mut v, NOW - 59);
    let (chunk, [newest, oldest]) = scene.chunk(&mut v);
    let reference = scene.seal(&mut v, &chunk);
    let one = part(&newest, &oldest, 2, &reference);
    let manifest = scene.manifest(&mut v, &scene.request, &[one]);
    let error = scene.judge(&manifest).err();
    v.refused(error)
}

fn ascending(mut v: Vector) -> Vector {
    let scene = Scene::new(&mut v, NOW - 3_600);
    let (chunk, [newest, oldest]) = scene.chunk(&mut v);
    let reference = scene.seal(&mut v, &chunk);
    let parts = [&oldest, &newest].map(|mark| part(mark, mark, 1, &reference));
    let manifest = scene.manifest(&mut v, &scene.request, &parts);
    let error = scene.judge(&manifest).err();
    v.refused(error)
}

#[test]
fn the_example_on_the_page_is_this_vector() {
    // The bytes of a line stand in front of what is said of them.
    let bytes = |line: &'static str| line.split("   ").next().unwrap_or_default();
    let page: String = include_str!("../../../spec/history.md").lines().map(bytes).collect();
    let vector: String = alloc::string::ToString::to_string(&answered());
    for name in ["request", "newer item", "older item", "manifest"] {
        let line = vector.lines().find_map(|line| line.strip_prefix(&*alloc::format!("{name}: ")));
        assert!(page.contains(line.unwrap()), "{name}");
    }
}
