//! The handshake: bundles, first messages, their replays, and what was done to them on the way.

mod agreement;
mod alteration;
mod bundles;
mod keys;
mod peers;
mod replay;
mod transcript;

use core::ops::Range;

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use latchstring::Error;
use latchstring::session::{
    Accepted, Account, AccountId, Bundle, Device, MessageKind, OneTimePrekey, Position, Role,
    Session,
};
use latchstring::storage::State;
use sha2::{Digest, Sha256};
use support::{
    NOW, TestRng, account_seed, bundle_with_one_time, certificate, device, flipped, recertified,
    refusal, refuses, restored, sign, signing_seed,
};
use x25519_dalek::x25519;

const DAY: u64 = 86_400;

// Where the parts of a bundle are (`spec/prekeys.md`).
const CERTIFICATE: Range<usize> = 2..267;
const CORE: Range<usize> = 2..139;
const SIGNED_PREKEYS: Range<usize> = 267..1507;
const SIGNED_PREKEYS_ID: Range<usize> = 267..275;
const SIGNED: Range<usize> = 275..307;
const LAST_RESORT: Range<usize> = 307..1491;
const CREATED: Range<usize> = 1491..1499;
const EXPIRES: Range<usize> = 1499..1507;
const SIGNED_PREKEYS_SIGNATURE: Range<usize> = 1507..1571;
const HAS_ONE_TIME: usize = 1571;
const ONE_TIME: Range<usize> = 1572..2796;
const ONE_TIME_ID: Range<usize> = 1572..1580;
const ONE_TIME_AGREEMENT: Range<usize> = 1580..1612;
const ONE_TIME_KEM: Range<usize> = 1612..2796;
const ONE_TIME_SIGNATURE: Range<usize> = 2796..2860;

// Where the parts of a first message are (`spec/handshake.md`).
const KIND: usize = 1;
const MODE: usize = 2;
const USED_SIGNED_PREKEYS: Range<usize> = 3..11;
const USED_ONE_TIME: Range<usize> = 11..19;
const EPHEMERAL: Range<usize> = 19..51;
const CIPHERTEXT: Range<usize> = 51..1139;
const SEALED_PAYLOAD: Range<usize> = 1139..1468;
const SEALED_CONTINUATION: Range<usize> = 1404..1452;
const HEADER: Range<usize> = 1468..1580;
const TAG: Range<usize> = 1580..1596;
const BODY: usize = 1596;

/// 2^255 − 19, little-endian.
const PRIME: [u8; 32] = {
    let mut prime = [0xff; 32];
    prime[0] = 0xed;
    prime[31] = 0x7f;
    prime
};

/// Lists the canonical encodings of the points whose order divides 8.
fn small_order() -> [[u8; 32]; 5] {
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = PRIME;
    minus_one[0] = 0xec;
    [
        [0; 32],
        one,
        minus_one,
        [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
            0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
            0x5f, 0x49, 0xb8, 0x00,
        ],
        [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
            0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
            0xd0, 0x9f, 0x11, 0x57,
        ],
    ]
}

/// Encodings that X25519 would take for another key's: u at or above the prime, or bit 255 set.
fn not_canonical(key: &[u8]) -> Vec<[u8; 32]> {
    let mut encodings: Vec<[u8; 32]> = (0xed..=0xff)
        .map(|low| {
            let mut above = PRIME;
            above[0] = low;
            above
        })
        .collect();
    encodings.extend(small_order());
    for encoding in encodings.iter_mut().skip(19) {
        encoding[31] |= 0x80;
    }
    let mut high: [u8; 32] = key.try_into().unwrap();
    high[31] |= 0x80;
    encodings.push(high);
    encodings
}

fn with(bytes: &[u8], place: Range<usize>, value: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place].copy_from_slice(value);
    bytes
}

/// Signs the prekeys of the bundle anew: what a dishonest owner of `device` publishes.
fn resigned(device: &Device, bundle: &[u8]) -> Vec<u8> {
    let (seed, core) = (signing_seed(device), bundle[CORE].to_vec());
    let signature = sign(&seed, "prekeys/lasting", &[&core, &bundle[SIGNED_PREKEYS]]);
    let mut bundle = with(bundle, SIGNED_PREKEYS_SIGNATURE, &signature);
    if bundle[HAS_ONE_TIME] == 1 {
        let signature = sign(&seed, "prekeys/one-time", &[&core, &bundle[ONE_TIME]]);
        bundle = with(&bundle, ONE_TIME_SIGNATURE, &signature);
    }
    bundle
}

/// An initiator, a responder and the responder's bundle.
struct Scene {
    rng: TestRng,
    initiator: Device,
    responder: Device,
    account: Account,
    bundle: Bundle,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let initiator = device(1, &mut rng);
        let account = Account::generate(AccountId([2; 32]), &mut rng);
        let mut responder = Device::generate(&account, NOW, &mut rng);
        let bundle = bundle_with_one_time(&mut responder, &mut rng);
        Self { rng, initiator, responder, account, bundle }
    }

    fn without_one_time(seed: u64) -> Self {
        let scene = Self::new(seed);
        Self { bundle: scene.responder.bundle(), ..scene }
    }

    fn initiate(&mut self) -> Session {
        self.initiator.initiate(&self.bundle, NOW, &mut self.rng).unwrap()
    }

    fn first(&mut self, content: &[u8]) -> Vec<u8> {
        self.initiate().encrypt(content, &mut self.rng).unwrap()
    }

    /// Accepts a message that must be good.
    fn accept(&mut self, first: &[u8]) -> Session {
        let accepted = self.responder.accept(first, NOW).unwrap();
        accepted.apply().session
    }
}

/// Makes the continuation of a session that continues none, or says that it continues this one.
fn continuation(predecessor: [u8; 32], closed: [u8; 8]) -> Vec<u8> {
    [&predecessor[..], &closed, &NOW.to_be_bytes()].concat()
}
