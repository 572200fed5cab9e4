//! Certificates and fingerprints: one encoding, strict signatures, codes that people compare.

mod certificates;
mod fingerprints;
mod signatures;

use core::ops::{Add, Mul, Range};

use ed25519_dalek::{Signature, SigningKey, Verifier, VerifyingKey};
use latchstring::Error;
use latchstring::session::{
    Account, AccountId, AccountKind, Bundle, Certificate, Device, Fingerprint,
};
use latchstring::storage::State;
use sha2::{Digest, Sha512};
use support::certificate::{
    ACCOUNT, ACCOUNT_KEY, ACCOUNT_SIGNATURE, AGREEMENT, CORE, DEVICE, DEVICE_SIGNATURE, SIGNING,
};
use support::guest::Talk;
use support::{
    NOW, TestRng, account_seed, bundle_with_one_time, device, flipped, recertified, restored,
    signing_seed,
};

const LENGTH: usize = 265;

/// The order of the base point, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A generator of the points of order 8.
const TORSION: [u8; 32] = [
    0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
    0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
];

/// A member's device, and the seeds of its account and of itself.
struct Member {
    bytes: Vec<u8>,
    account: [u8; 32],
    device: [u8; 32],
}

impl Member {
    fn new(seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let account = Account::generate(AccountId([1; 32]), &mut rng);
        let device = Device::generate(&account, NOW, &mut rng);
        Self {
            bytes: device.certificate().encode(),
            account: account_seed(&account),
            device: signing_seed(&device),
        }
    }

    fn altered(&self, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
        recertified(&self.bytes, &self.account, &self.device, change)
    }
}

fn refused(bytes: &[u8]) -> Option<Error> {
    Certificate::decode(bytes).err()
}

fn public_key(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}
