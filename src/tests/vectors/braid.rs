//! The formulas of the braid, and its first epoch written down step by step.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::form::Vector;
use super::tape::Tape;
use crate::primitives::erasure;
use crate::primitives::kem;
use crate::primitives::secret::Secret;
use crate::protocol::labels;
use crate::protocol::ratchet::braid::Braid;
use crate::protocol::ratchet::braid::Capacity;
use crate::protocol::ratchet::braid::NATIVE;
use crate::protocol::ratchet::braid::{BraidPart as RealPart, Kind};

pub(super) fn vectors() -> Vec<Vector> {
    vec![epoch()]
}

/// Multiplies in GF(2^16): polynomials, then modulo x^16 + x^12 + x^3 + x + 1.
fn product(a: u16, b: u16) -> u16 {
    let bits = (0..16).filter(|bit| b & (1 << bit) != 0);
    let long = bits.fold(0, |sum, bit| sum ^ (u32::from(a) << bit));
    let over = (16..31).rev();
    let short = over.fold(long, |sum, bit| sum ^ ((sum >> bit & 1) * (0x1_100b << (bit - 16))));
    u16::try_from(short).unwrap()
}

/// Returns one over `a`: its power 2^16 − 2.
fn inverse(a: u16) -> u16 {
    let powers = core::iter::successors(Some(product(a, a)), |power| Some(product(*power, *power)));
    powers.take(15).fold(1, product)
}

/// Computes the chunk at `index` of a stream, by Lagrange's formula.
pub(super) fn chunk(stream: &[u8], index: u16) -> [u8; 32] {
    let (chunks, _) = stream.as_chunks::<32>();
    if let Some(chunk) = chunks.get(usize::from(index)) {
        return *chunk;
    }
    let points = || 0..u16::try_from(chunks.len()).unwrap();
    let mut values = [0_u16; 16];
    for (point, chunk) in points().zip(chunks) {
        let others = points().filter(|other| *other != point);
        let share = others
            .fold(1, |share, other| product(share, product(index ^ other, inverse(point ^ other))));
        for (value, bytes) in values.iter_mut().zip(chunk.as_chunks().0) {
            *value ^= product(share, u16::from_be_bytes(*bytes));
        }
    }
    values.map(u16::to_be_bytes).as_flattened().try_into().unwrap()
}

/// The braid's part of one message.
pub(super) struct BraidPart {
    pub(super) epoch: u32,
    pub(super) kind: u8,
    pub(super) index: u16,
    pub(super) chunk: [u8; 32],
    /// The chunks behind the content.
    pub(super) extra: Vec<[u8; 32]>,
}

impl BraidPart {
    pub(super) fn bare(epoch: u32, kind: u8) -> Self {
        Self { epoch, kind, index: 0, chunk: [0; 32], extra: Vec::new() }
    }

    /// Returns the next chunks of a stream of which `count` went before, in a body that has room for
    /// some more. For streams of which nothing is acknowledged yet.
    pub(super) fn next(
        (epoch, kind): (u32, u8),
        stream: &[u8],
        count: u16,
        number: u32,
        room: usize,
    ) -> Self {
        let n = u16::try_from(stream.len() / 32).unwrap();
        let room = u16::try_from(room).unwrap();
        let each = u32::from((room + 1).min(n));
        if count >= 2 * n && number * each >= u32::from(2 * n) {
            return Self::bare(epoch, 0);
        }
        let more = room.min(n - 1);
        let extra = (1..=more).map(|more| chunk(stream, count + more)).collect();
        Self { epoch, kind, index: count, chunk: chunk(stream, count), extra }
    }

    pub(super) fn bytes(&self) -> [u8; 40] {
        let extra = u8::try_from(self.extra.len()).unwrap();
        let numbers = [&self.epoch.to_be_bytes()[..], &[self.kind, extra]].concat();
        [&numbers, &self.index.to_be_bytes()[..], &self.chunk].concat().try_into().unwrap()
    }

    /// Writes the part as lines of a vector.
    pub(super) fn write(&self, v: &mut Vector) -> [u8; 40] {
        v.number("part epoch", self.epoch);
        v.number("part kind", self.kind);
        v.number("part extra", u64::try_from(self.extra.len()).unwrap());
        v.number("part index", self.index);
        v.bytes("part chunk", &self.chunk);
        if !self.extra.is_empty() {
            v.bytes("extra chunks", self.extra.as_flattened());
        }
        let bytes = self.bytes();
        v.bytes("part", &bytes);
        bytes
    }
}

/// The keys with which both sides tag.
pub(super) struct Authenticator {
    pub(super) root: [u8; 32],
    pub(super) key: [u8; 32],
}

impl Authenticator {
    pub(super) fn start(v: &mut Vector, braid_key: &[u8; 32]) -> Self {
        Self { root: [0; 32], key: [0; 32] }.update(v, "auth", 1, braid_key)
    }

    fn update(&self, v: &mut Vector, name: &str, epoch: u64, k: &[u8; 32]) -> Self {
        let prk = v.extract(&format!("{name} prk"), &[0; 32], &[&self.root, k]);
        let info: [&[u8]; 2] = [labels::BRAID_AUTHENTICATOR, &epoch.to_be_bytes()];
        let both = *prk.expand::<64>(&info).expose();
        let (root, key) = both.split_first_chunk().unwrap();
        v.bytes(&format!("{name} root"), root);
        v.bytes(&format!("{name} key"), key);
        Self { root: *root, key: key.try_into().unwrap() }
    }
}

/// The side that makes the key pair of an epoch.
pub(super) struct KeySide {
    seed: [u8; 64],
    ek: [u8; 1184],
    /// The stream of the header.
    pub(super) stream: Vec<u8>,
}

impl KeySide {
    pub(super) fn generate(
        v: &mut Vector,
        authenticator: &Authenticator,
        epoch: u64,
        random: &[u8; 32],
    ) -> Self {
        let number = epoch.to_be_bytes();
        let prk = v.extract("braid seed prk", &authenticator.root, &[random]);
        let seed = v.expand("braid seed", &prk, &[labels::BRAID_KEY, &number]);
        let ek = v.kem_key("ek", &seed);
        let stream = header_stream(v, authenticator, epoch, &ek);
        Self { seed, ek, stream }
    }
}

/// Computes the stream of the header of a public key: `header ‖ header tag`.
pub(super) fn header_stream(
    v: &mut Vector,
    authenticator: &Authenticator,
    epoch: u64,
    ek: &[u8; 1184],
) -> Vec<u8> {
    let header = [&ek[1152..], &libcrux_sha3::sha256(ek)].concat();
    v.bytes("braid header", &header);
    let parts: [&[u8]; 3] = [labels::BRAID_HEADER, &epoch.to_be_bytes(), &header];
    let tag = v.mac("header tag", &authenticator.key, &parts);
    [&header[..], &tag].concat()
}

/// The first epoch of a session by the formulas.
pub(super) struct Epoch {
    pub(super) braid_key: [u8; 32],
    /// The randomness of initiator and responder.
    pub(super) random: [[u8; 32]; 2],
    pub(super) ek: [u8; 1184],
    /// The streams.
    pub(super) header: Vec<u8>,
    pub(super) vector: Vec<u8>,
    pub(super) ct1: Vec<u8>,
    pub(super) ct2: Vec<u8>,
    pub(super) secret: [u8; 32],
}

impl Epoch {
    pub(super) fn new(v: &mut Vector) -> Self {
        let braid_key = [0xa5; 32];
        let random = [[0x06; 32], [0x07; 32]];
        let number = 1_u64.to_be_bytes();
        v.bytes("braid key", &braid_key);
        v.bytes("initiator random", &random[0]);
        v.bytes("responder random", &random[1]);
        let authenticator = Authenticator::start(v, &braid_key);

        let key_side = KeySide::generate(v, &authenticator, 1, &random[0]);
        let header = &key_side.stream[..64];
        let prk = v.extract("coins prk", &authenticator.root, &[&random[1]]);
        let coins: [u8; 32] = v.expand("coins", &prk, &[labels::BRAID_COINS, &number, header]);
        let key = kem::PublicKey::decode(&key_side.ek).unwrap();
        let (ciphertext, shared) = key.encapsulate(&Secret::copy(&coins));
        let there = kem::SecretKey::from_seed(Secret::copy(&key_side.seed));
        assert_eq!(there.decapsulate(&ciphertext).expose(), shared.expose());
        let (first, second) = ciphertext.split_at(960);
        v.bytes("ct1", first);
        v.bytes("K'", shared.expose());
        let prk = v.extract("secret prk", &[0; 32], &[shared.expose()]);
        let secret = v.expand("secret", &prk, &[labels::BRAID_SECRET, &number]);
        let updated = authenticator.update(v, "updated auth", 1, &secret);
        v.bytes("ct2", second);
        let parts: [&[u8]; 4] = [labels::BRAID_CIPHERTEXT, &number, first, second];
        let tag = v.mac("ciphertext tag", &updated.key, &parts);

        Self {
            braid_key,
            random,
            ek: key_side.ek,
            header: key_side.stream,
            vector: key_side.ek[..1152].to_vec(),
            ct1: first.to_vec(),
            ct2: [second, &tag].concat(),
            secret,
        }
    }

    /// Lists what the sides send one after the other, if each message arrives: the whole epoch, and the
    /// first message of the next one.
    fn parts(&self) -> Vec<RealPart> {
        let Self { header, vector, ct1, ct2, .. } = self;
        let bare = |kind| BraidPart::bare(1, kind);
        let of = |kind, stream: &[u8], index| BraidPart::next((1, kind), stream, index, 0, 0);
        let turns = (0..43).flat_map(|turn| {
            let by_initiator = match turn {
                0..3 => of(1, header, turn),
                3..32 => of(2, vector, turn - 3),
                32..39 => of(3, vector, turn - 3),
                _ => bare(4),
            };
            let by_responder = match turn {
                2..32 => of(5, ct1, turn - 2),
                38.. => of(6, ct2, turn - 38),
                _ => bare(0),
            };
            [by_initiator, by_responder]
        });
        let parts = turns.chain([BraidPart::bare(2, 0)]);
        parts.map(|part| RealPart::decode(&part.bytes()).unwrap()).collect()
    }

    /// Makes the crate's own sides.
    pub(super) fn sides(&self) -> [Braid; 2] {
        let key = Secret::copy(&self.braid_key);
        [Braid::initiate(&key, &NATIVE), Braid::accept(&key, &NATIVE)]
    }

    /// Runs the epoch on both sides of the crate.
    fn run(&self) {
        let mut sides = self.sides();
        for (message, expected) in self.parts().into_iter().enumerate() {
            let (from, to) = (message % 2, 1 - message % 2);
            let draws = message == 0 || (expected.kind, expected.index) == (Kind::Ct1, 0);
            let random: &[&[u8]] = if draws { &[&self.random[from]] } else { &[] };
            let part = send(&mut sides[from], random);
            assert_eq!(part.encode(), expected.encode(), "message {message}");
            let mut step = sides[to].receive(&part, &[], false).unwrap();
            sides[to].apply(&mut step);
        }
        for side in sides {
            assert_eq!(side.shared_secret().map(Secret::expose), Some(&self.secret));
        }
    }
}

/// Sends a side's next message, without room for more than one chunk.
pub(super) fn send(side: &mut Braid, random: &[&[u8]]) -> RealPart {
    let capacity = Capacity { number: 0, room: 0, is_busy: false };
    let (part, mut step) = Tape::play(random, |rng| side.send(&capacity, &mut Vec::new(), rng));
    side.apply(&mut step);
    part
}

/// Writes a few chunks of a stream: the last of the stream itself, the first and the last that are not.
fn chunks<const N: usize>(v: &mut Vector, name: &str, stream: &[u8]) {
    let n = u16::try_from(N).unwrap();
    let wanted = |index: &u16| [n - 1, n, u16::MAX].contains(index);
    for index in (0..=u16::MAX).filter(wanted) {
        let chunk = chunk(stream, index);
        v.bytes(&format!("{name} chunk {index}"), &chunk);
        assert_eq!(erasure::chunk::<N>(stream, index), chunk);
    }
    // The chunks left when all but one of the stream's own are lost.
    let left = (n - 1..2 * n - 2).chain([u16::MAX]);
    let left: Vec<_> = left.map(|index| (index, chunk(stream, index))).collect();
    let mut again = vec![0; stream.len()];
    erasure::rebuild::<N>(&left, &mut again);
    assert_eq!(again, stream);
}

fn epoch() -> Vector {
    let mut v = Vector::new(
        "braid-epoch",
        "braid",
        "the first epoch of a session, from the braid key to the secret, and chunks of each stream",
    );
    let epoch = Epoch::new(&mut v);
    chunks::<3>(&mut v, "header", &epoch.header);
    chunks::<36>(&mut v, "vector", &epoch.vector);
    chunks::<30>(&mut v, "ct1", &epoch.ct1);
    chunks::<5>(&mut v, "ct2", &epoch.ct2);
    epoch.run();
    v
}
