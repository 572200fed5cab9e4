//! SHA-256, HMAC-SHA-256 and HKDF-SHA-256 (RFC 2104, RFC 5869), and the one place where randomness enters.

use hkdf::{Hkdf, HkdfExtract};
use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

use super::secret::{Secret, wipe_slice};

/// Computes `SHA-256(parts[0] ‖ parts[1] ‖ …)`.
pub(crate) fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Computes `SHA-512(parts[0] ‖ parts[1] ‖ …)`, for formats of others.
#[cfg(feature = "signal")]
pub(crate) fn hash_512(parts: &[&[u8]]) -> [u8; 64] {
    let mut hash = sha2::Sha512::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Computes `HMAC-SHA-256(key, parts[0] ‖ parts[1] ‖ …)`.
pub(crate) fn mac(key: &Secret<32>, parts: &[&[u8]]) -> Secret<32> {
    let mut mac = keyed(key);
    for part in parts {
        mac.update(part);
    }
    finish(mac)
}

/// Computes `(HMAC(key, 0x01), HMAC(key, 0x02))`, keyed once.
pub(crate) fn mac_pair(key: &Secret<32>) -> (Secret<32>, Secret<32>) {
    #[cfg(test)]
    super::tests::op_count::count(|work| work.chain = work.chain.saturating_add(1));
    let mut first = keyed(key);
    let mut second = first.clone();
    first.update(&[1]);
    second.update(&[2]);
    (finish(first), finish(second))
}

fn keyed(key: &Secret<32>) -> Hmac<Sha256> {
    // HMAC pads a short key with zeros to its block of 64 bytes; padding it here needs no fallible call.
    let mut block = [0; 64];
    let (head, _) = block.split_at_mut(32);
    head.copy_from_slice(key.expose());
    let mac = Hmac::new((&block).into());
    wipe_slice(&mut block);
    mac
}

fn finish(mac: Hmac<Sha256>) -> Secret<32> {
    let mut output = mac.finalize().into_bytes();
    let secret = Secret::fill(|out| out.copy_from_slice(&output));
    wipe_slice(&mut output);
    secret
}

/// A SHA-256 of bytes that come one after the other. Its value can be told at any place among them; a copy goes on by
/// itself.
#[cfg(feature = "signal")]
#[derive(Clone)]
pub(crate) struct RunningHash(Sha256);

#[cfg(feature = "signal")]
impl RunningHash {
    pub(crate) fn new() -> Self {
        Self(Sha256::new())
    }

    pub(crate) fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// Returns the hash of what has come.
    pub(crate) fn value(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }
}

/// An HMAC-SHA-256 of bytes that come one after the other.
#[cfg(feature = "signal")]
pub(crate) struct RunningMac(Hmac<Sha256>);

#[cfg(feature = "signal")]
impl RunningMac {
    pub(crate) fn new(key: &Secret<32>) -> Self {
        Self(keyed(key))
    }

    pub(crate) fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// Returns the MAC of what has come.
    pub(crate) fn value(&self) -> Secret<32> {
        finish(self.0.clone())
    }
}

/// The pseudorandom key between HKDF's two steps.
pub(crate) struct Prk {
    hkdf: Hkdf<Sha256>,
    bytes: Secret<32>,
}

impl Prk {
    /// Computes `HKDF-Extract(salt, ikm = parts[0] ‖ parts[1] ‖ …)`.
    pub(crate) fn extract(salt: &[u8], ikm: &[&[u8]]) -> Self {
        let mut extract = HkdfExtract::<Sha256>::new(Some(salt));
        for part in ikm {
            extract.input_ikm(part);
        }
        let (mut prk, hkdf) = extract.finalize();
        let bytes = Secret::fill(|out| out.copy_from_slice(&prk));
        wipe_slice(&mut prk);
        Self { hkdf, bytes }
    }

    /// Computes `HKDF-Expand(prk, info = parts[0] ‖ parts[1] ‖ …, N)`.
    pub(crate) fn expand<const N: usize>(&self, info: &[&[u8]]) -> Secret<N> {
        const { assert!(N <= 255 * 32, "HKDF-Expand ends at 255 blocks") };
        #[expect(clippy::expect_used, reason = "N is checked at compile time on the line above")]
        Secret::fill(|out| {
            self.hkdf.expand_multi_info(info, out).expect("N is at most 255 blocks");
        })
    }

    /// Returns the key itself, as the salt of a further extraction.
    pub(crate) fn chain(&self) -> &Secret<32> {
        &self.bytes
    }
}

/// Maximum number of parts in the `info` of a hedge, its label among them.
const MAX_PARTS: usize = 8;

/// Computes `HKDF-Expand(HKDF-Extract(salt = secret, ikm = 32 random bytes),
/// label ‖ about[0] ‖ about[1] ‖ …, N)`.
///
/// A generator that repeats itself (a restored virtual machine, a broken platform) still yields
/// different values wherever `secret` or `about` differs. So `about` is all that the caller knows of what
/// the value is for; where a key that follows from it seals under a constant nonce, the text too, so that
/// no key ever seals two texts.
pub(crate) fn hedged<const N: usize, const M: usize>(
    secret: &Secret<32>,
    label: &[u8],
    about: &[&[u8]; M],
    rng: &mut impl CryptoRng,
) -> Secret<N> {
    const { assert!(M < MAX_PARTS, "a hedge has a place for each of its parts") };
    let random = Secret::<32>::fill(|out| rng.fill_bytes(out));
    let mut info: [&[u8]; MAX_PARTS] = [&[]; MAX_PARTS];
    for (place, part) in info.iter_mut().zip([label].iter().chain(about)) {
        *place = part;
    }
    let value = Prk::extract(secret.expose(), &[random.expose()]).expand(&info);
    #[cfg(test)]
    let value = super::tests::repeats::drawn(label, &random, value);
    value
}

/// Computes [`hedged`] with 32 zero bytes in the place of the secret, for what is made where there is none
/// yet: then `about` alone is what a generator that repeats itself cannot take away.
pub(crate) fn drawn<const N: usize, const M: usize>(
    label: &[u8],
    about: &[&[u8]; M],
    rng: &mut impl CryptoRng,
) -> Secret<N> {
    hedged(&Secret::fill(|_| {}), label, about, rng)
}
