//! Cryptography and encodings that know no protocol: the only place that names third-party
//! cryptography. Nothing here imports from a floor above.

#[cfg_attr(
    not(all(
        feature = "accelerated",
        any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little")),
        any(unix, windows)
    )),
    path = "unaccelerated.rs"
)]
mod accelerated;
pub(crate) mod aead;
#[cfg(feature = "signal")]
pub(crate) mod aes_cbc;
pub(crate) mod aes_ctr;
pub(crate) mod codec;
pub(crate) mod dh;
pub(crate) mod digest;
pub(crate) mod digits;
pub(crate) mod erasure;
#[cfg(feature = "signal")]
pub(crate) mod gcm_siv;
pub(crate) mod id;
pub(crate) mod kdf;
pub(crate) mod kem;
#[cfg(feature = "signal")]
pub(crate) mod kyber;
pub(crate) mod last_byte;
pub(crate) mod pake;
pub(crate) mod pasted;
#[cfg(feature = "signal")]
pub(crate) mod protobuf;
pub(crate) mod secret;
pub(crate) mod sign;
pub(crate) mod siv;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod text;
#[cfg(feature = "signal")]
pub(crate) mod xeddsa;
