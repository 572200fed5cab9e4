//! `XEdDSA` as the Signal protocol has it: signatures with an X25519 key, for formats of others. Native keys sign
//! nothing and agree on nothing with one key.
//!
//! ```text
//! a  = k mod L           A = a · B           sign = top bit of A
//! r  = SHA-512(0xfe ‖ 0xff × 31 ‖ k ‖ M ‖ Z) mod L        Z = 64 random bytes
//! R  = r · B             h = SHA-512(R ‖ A ‖ M) mod L      s = r + h · a mod L
//! signature = R ‖ s, with `sign` in the top bit of the last byte
//! ```

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use rand_core::CryptoRng;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use super::dh;
use super::secret::wipe_slice;
use super::sign::Signature;
use crate::error::Error;

/// The bit of a signature's last byte that holds the sign of the key's Edwards form.
const SIGN: u8 = 0x80;

/// Signs `message[0] ‖ message[1] ‖ …`.
pub(crate) fn sign(key: &dh::SecretKey, message: &[&[u8]], rng: &mut impl CryptoRng) -> Signature {
    let clamped = Zeroizing::new(clamp_integer(*key.seed().expose()));
    let secret = Zeroizing::new(Scalar::from_bytes_mod_order(*clamped));
    let public = EdwardsPoint::mul_base(&secret).compress();
    let mut random = Zeroizing::new([0; 64]);
    rng.fill_bytes(random.as_mut_slice());
    let mut prefix = [0xff; 32];
    prefix[0] = 0xfe;
    let nonce = [&prefix[..], clamped.as_slice()];
    let nonce = Zeroizing::new(scalar(&nonce, message, random.as_slice()));
    let point = EdwardsPoint::mul_base(&nonce).compress();
    let challenge = scalar(&[point.as_bytes(), public.as_bytes()], message, &[]);
    let response = multiply_add(&challenge, &secret, &nonce);
    let mut signature = [0; 64];
    let (first, second) = signature.split_at_mut(32);
    first.copy_from_slice(point.as_bytes());
    second.copy_from_slice(response.as_bytes());
    let [.., last] = &mut signature;
    let [.., top] = public.as_bytes();
    *last |= top & SIGN;
    signature
}

/// Checks a signature over `message[0] ‖ message[1] ‖ …`, with the sign bit of either form of `XEdDSA`.
pub(crate) fn verify(
    key: &dh::PublicKey,
    message: &[&[u8]],
    signature: &Signature,
) -> Result<(), Error> {
    #[cfg(test)]
    super::tests::op_count::count(|work| work.verify = work.verify.saturating_add(1));
    let (point, response) = signature.split_at(32);
    let mut response: [u8; 32] = response.try_into().map_err(|_| Error::BadSignature)?;
    let [.., last] = &mut response;
    let sign = (*last & SIGN) >> 7;
    *last &= !SIGN;
    // A scalar that is not reduced would be another signature over the same message.
    let response = Option::<Scalar>::from(Scalar::from_canonical_bytes(response))
        .ok_or(Error::BadSignature)?;
    let public = MontgomeryPoint(*key.bytes()).to_edwards(sign).ok_or(Error::BadSignature)?;
    if public.is_small_order() {
        return Err(Error::BadSignature);
    }
    let challenge = scalar(&[point, public.compress().as_bytes()], message, &[]);
    let negative = core::ops::Neg::neg(public);
    let expected =
        EdwardsPoint::vartime_double_scalar_mul_basepoint(&challenge, &negative, &response);
    // All of it is public.
    let point = CompressedEdwardsY::from_slice(point).map_err(|_| Error::BadSignature)?;
    if expected.compress() == point { Ok(()) } else { Err(Error::BadSignature) }
}

/// Computes `a · b + c mod L`.
#[expect(clippy::arithmetic_side_effects, reason = "numbers modulo a prime do not overflow")]
fn multiply_add(a: &Scalar, b: &Scalar, c: &Scalar) -> Scalar {
    a * b + c
}

/// Computes `SHA-512(before[0] ‖ … ‖ message[0] ‖ … ‖ after) mod L`.
fn scalar(before: &[&[u8]], message: &[&[u8]], after: &[u8]) -> Scalar {
    let mut hash = Sha512::new();
    for part in before.iter().chain(message).chain([&after]) {
        hash.update(part);
    }
    let mut wide: [u8; 64] = hash.finalize().into();
    let scalar = Scalar::from_bytes_mod_order_wide(&wide);
    wipe_slice(&mut wide);
    scalar
}

#[cfg(test)]
#[path = "tests/xeddsa.rs"]
mod tests;
