//! The functions of `accelerated.rs` where there is no faster library: none does anything.

use super::secret::Secret;
use crate::error::Error;

pub(super) fn public(_secret: &Secret<32>) -> Option<[u8; 32]> {
    None
}

pub(super) fn agree(_secret: &Secret<32>, _peer: &[u8; 32]) -> Option<Secret<32>> {
    None
}

/// A signing key that nobody can make.
pub(super) enum Signer {}

impl Signer {
    pub(super) fn new(_seed: &Secret<32>) -> Option<Self> {
        None
    }

    pub(super) fn public(&self) -> [u8; 32] {
        match *self {}
    }

    pub(super) fn sign(&self, _message: &[u8]) -> [u8; 64] {
        match *self {}
    }
}

pub(super) fn seal(
    _key: &Secret<32>,
    _nonce: &[u8; 12],
    _ad: &[u8],
    _buffer: &mut [u8],
) -> Option<[u8; 16]> {
    None
}

pub(super) fn open(
    _key: &Secret<32>,
    _nonce: &[u8; 12],
    _ad: &[u8],
    _buffer: &mut [u8],
    _tag: &[u8; 16],
) -> Option<Result<(), Error>> {
    None
}
