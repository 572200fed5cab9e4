//! Keys of a session's beginning: `spec/third-party.md`, "Handshake", after the public X3DH and PQXDH
//! specifications.
//!
//! ```text
//! DH1 = identity of the initiator, signed prekey        DH3 = base key, signed prekey
//! DH2 = base key, identity of the responder             DH4 = base key, one-time prekey, if there is one
//! root ‖ chain key ‖ braid key = HKDF(salt = nothing, ikm = 0xff × 32 ‖ DH1 ‖ DH2 ‖ DH3 ‖ DH4 ‖ KEM secret,
//!                                     info = of the version, 64 | 96)
//! ```

use crate::error::Error;
use crate::primitives::dh;
use crate::primitives::kdf::Prk;
use crate::primitives::secret::Secret;

use super::version::Version;

/// The keys that a session begins with. The chain key in between is never used: the responder takes a root step
/// before it sends.
pub(crate) struct SharedKeys {
    pub(crate) root: Secret<32>,
    /// The key that the post-quantum ratchet begins with, in version 4.
    pub(crate) braid: Option<Secret<32>>,
}

/// The initiator's agreements.
pub(crate) struct InitiatorKeys<'a> {
    pub(crate) identity: &'a dh::SecretKey,
    pub(crate) base: &'a dh::SecretKey,
    pub(crate) their_identity: &'a dh::PublicKey,
    pub(crate) signed: &'a dh::PublicKey,
    pub(crate) one_time: Option<&'a dh::PublicKey>,
}

/// The responder's agreements.
pub(crate) struct ResponderKeys<'a> {
    pub(crate) identity: &'a dh::SecretKey,
    pub(crate) signed: &'a dh::SecretKey,
    pub(crate) one_time: Option<&'a dh::SecretKey>,
    pub(crate) their_identity: &'a dh::PublicKey,
    pub(crate) base: &'a dh::PublicKey,
}

impl InitiatorKeys<'_> {
    /// Derives the session's keys; `kem` is the secret of version 4.
    pub(crate) fn derive(&self, kem: Option<&Secret<32>>) -> Result<SharedKeys, Error> {
        let agreed = [
            self.identity.agree(self.signed)?,
            self.base.agree(self.their_identity)?,
            self.base.agree(self.signed)?,
        ];
        let one_time = self.one_time.map(|one_time| self.base.agree(one_time)).transpose()?;
        Ok(derive(&agreed, one_time.as_ref(), kem))
    }
}

impl ResponderKeys<'_> {
    /// Derives the session's keys; `kem` is the secret of version 4.
    pub(crate) fn derive(&self, kem: Option<&Secret<32>>) -> Result<SharedKeys, Error> {
        let agreed = [
            self.signed.agree(self.their_identity)?,
            self.identity.agree(self.base)?,
            self.signed.agree(self.base)?,
        ];
        let one_time = self.one_time.map(|one_time| one_time.agree(self.base)).transpose()?;
        Ok(derive(&agreed, one_time.as_ref(), kem))
    }
}

fn derive(
    [one, two, three]: &[Secret<32>; 3],
    four: Option<&Secret<32>>,
    kem: Option<&Secret<32>>,
) -> SharedKeys {
    let agreed = [part(Some(one)), part(Some(two)), part(Some(three)), part(four), part(kem)];
    let [one, two, three, four, kem_part] = agreed;
    let ikm = [[0xff; 32].as_slice(), one, two, three, four, kem_part];
    expand(if kem.is_some() { Version::V4 } else { Version::V3 }, &ikm)
}

fn expand(version: Version, ikm: &[&[u8]]) -> SharedKeys {
    // A shorter output of HKDF is the beginning of a longer one.
    let keys = Prk::extract(&[], ikm).expand::<96>(&[info(version)]);
    let (root, rest) = keys.expose().split_at(32);
    let (_, braid) = rest.split_at(32);
    let cut = |keys: &[u8]| Secret::fill(|out: &mut [u8; 32]| out.copy_from_slice(keys));
    SharedKeys { root: cut(root), braid: (version == Version::V4).then(|| cut(braid)) }
}

/// Returns the bytes of a part, none if there is no such part.
fn part(secret: Option<&Secret<32>>) -> &[u8] {
    secret.map_or(&[], |secret| secret.expose())
}

const fn info(version: Version) -> &'static [u8] {
    match version {
        Version::V3 => b"WhisperText",
        Version::V4 => b"WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024",
    }
}

#[cfg(test)]
#[path = "tests/handshake.rs"]
mod tests;
