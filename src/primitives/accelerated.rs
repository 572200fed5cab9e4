//! The faster library of the feature `accelerated`, which gives the same bytes: X25519, signing, and AES-256-GCM of what
//! is long enough to gain by it. It needs processor features, and stops the process where they are missing, so each
//! function asks first and returns `None` where the others have to do it.

use alloc::boxed::Box;

use graviola::Error;
use graviola::aead::AesGcm;
use graviola::key_agreement::x25519::{PublicKey, StaticPrivateKey};
use graviola::signing::eddsa::Ed25519SigningKey;
use graviola::util::is_cpu_supported;

use super::secret::Secret;

/// The length from which AES-256-GCM is faster here: below it, setting up the key takes longer.
const MIN_TEXT: usize = 512;

/// Computes the X25519 public key.
pub(super) fn public(secret: &Secret<32>) -> Option<[u8; 32]> {
    is_cpu_supported()
        .then(|| StaticPrivateKey::from_array(secret.expose()).public_key().as_bytes())
}

/// Computes X25519; zero if the peer's point is of small order.
pub(super) fn agree(secret: &Secret<32>, peer: &[u8; 32]) -> Option<Secret<32>> {
    if !is_cpu_supported() {
        return None;
    }
    let shared =
        StaticPrivateKey::from_array(secret.expose()).diffie_hellman(&PublicKey::from_array(peer));
    Some(shared.map_or_else(|_| Secret::fill(|_| {}), |shared| Secret::copy(&shared.0)))
}

/// An Ed25519 signing key beside its public key. Wiped on drop.
pub(super) struct Signer(Box<Ed25519SigningKey>);

impl Signer {
    pub(super) fn new(seed: &Secret<32>) -> Option<Self> {
        if !is_cpu_supported() {
            return None;
        }
        Ed25519SigningKey::from_bytes(seed.expose()).ok().map(|key| Self(Box::new(key)))
    }

    pub(super) fn public(&self) -> [u8; 32] {
        self.0.public_key().as_bytes()
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message)
    }
}

/// Tells whether a text of this length is sealed and opened here. No longer ones than the others take.
fn is_worth_it(length: usize) -> bool {
    length >= MIN_TEXT && u32::try_from(length).is_ok() && is_cpu_supported()
}

/// Encrypts `buffer` in place and returns the tag.
pub(super) fn seal(
    key: &Secret<32>,
    nonce: &[u8; 12],
    ad: &[u8],
    buffer: &mut [u8],
) -> Option<[u8; 16]> {
    is_worth_it(buffer.len()).then(|| {
        let mut tag = [0; 16];
        AesGcm::new(key.expose()).encrypt(nonce, ad, buffer, &mut tag);
        tag
    })
}

/// Decrypts `buffer` in place if `tag` holds; otherwise wipes it.
pub(super) fn open(
    key: &Secret<32>,
    nonce: &[u8; 12],
    ad: &[u8],
    buffer: &mut [u8],
    tag: &[u8; 16],
) -> Option<Result<(), Error>> {
    is_worth_it(buffer.len()).then(|| AesGcm::new(key.expose()).decrypt(nonce, ad, buffer, tag))
}

#[cfg(test)]
#[path = "tests/accelerated.rs"]
mod tests;
