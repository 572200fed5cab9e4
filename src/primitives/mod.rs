//! Cryptography and encodings that know no protocol: the only place that names third-party
//! cryptography. Nothing here imports from a floor above.

pub(crate) mod aead;
pub(crate) mod codec;
pub(crate) mod dh;
pub(crate) mod digest;
pub(crate) mod digits;
pub(crate) mod erasure;
pub(crate) mod id;
pub(crate) mod kdf;
pub(crate) mod kem;
pub(crate) mod last_byte;
pub(crate) mod pake;
pub(crate) mod secret;
pub(crate) mod sign;
pub(crate) mod siv;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod text;
