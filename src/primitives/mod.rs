//! Cryptography and bytes that know no protocol: the only place that names third-party
//! cryptography. Nothing here imports from `protocol` or from the top.

pub(crate) mod aead;
pub(crate) mod codec;
#[cfg(test)]
pub(crate) mod collision;
pub(crate) mod dh;
pub(crate) mod erasure;
#[cfg(test)]
pub(crate) mod generator;
pub(crate) mod kdf;
pub(crate) mod kem;
pub(crate) mod pake;
pub(crate) mod secret;
pub(crate) mod sign;
pub(crate) mod text;
#[cfg(test)]
pub(crate) mod work;
