//! ML-KEM-768 (FIPS 203). Keys are kept as their 64-byte seeds and expanded at use, so that no
//! library's internal form is ever persisted.

use alloc::boxed::Box;

use libcrux_ml_kem::mlkem768::{self, MlKem768Ciphertext, MlKem768PublicKey};
use rand_core::CryptoRng;
use zeroize::Zeroize;

use super::secret::Secret;
use crate::error::Error;

/// Length of an encapsulation key in bytes.
pub(crate) const PUBLIC_KEY: usize = 1184;

/// Length of a ciphertext in bytes.
pub(crate) const CIPHERTEXT: usize = 1088;

/// An encapsulation key whose coefficients are all reduced (FIPS 203, section 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey(Box<[u8; PUBLIC_KEY]>);

impl PublicKey {
    pub(crate) fn decode(bytes: &[u8; PUBLIC_KEY]) -> Result<Self, Error> {
        if !mlkem768::validate_public_key(&MlKem768PublicKey::from(bytes)) {
            return Err(Error::WeakKey);
        }
        Ok(Self(Box::new(*bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8; PUBLIC_KEY] {
        &self.0
    }

    /// Encapsulates to this key: the ciphertext, and the secret that only its holder recovers.
    pub(crate) fn encapsulate(
        &self,
        rng: &mut impl CryptoRng,
    ) -> (Box<[u8; CIPHERTEXT]>, Secret<32>) {
        self.encapsulate_derand(&Secret::fill(|out| rng.fill_bytes(out)))
    }

    /// [`PublicKey::encapsulate`] with its 32 random bytes given.
    pub(crate) fn encapsulate_derand(
        &self,
        random: &Secret<32>,
    ) -> (Box<[u8; CIPHERTEXT]>, Secret<32>) {
        #[cfg(test)]
        super::work::count(|work| work.kem = work.kem.saturating_add(1));
        let key = MlKem768PublicKey::from(&*self.0);
        let (ciphertext, mut shared) = mlkem768::encapsulate(&key, *random.expose());
        let secret = Secret::copy(&shared);
        shared.zeroize();
        (Box::new(ciphertext.into()), secret)
    }
}

/// A decapsulation key, kept as the seed `d ‖ z`.
pub(crate) struct SecretKey(Box<Secret<64>>);

impl SecretKey {
    pub(crate) fn from_seed(seed: Secret<64>) -> Self {
        Self(Box::new(seed))
    }

    pub(crate) fn seed(&self) -> &Secret<64> {
        &self.0
    }

    pub(crate) fn public(&self) -> PublicKey {
        #[cfg(test)]
        super::work::count(|work| work.kem = work.kem.saturating_add(1));
        let (mut secret, public) = mlkem768::generate_key_pair(*self.0.expose()).into_parts();
        wipe(&mut secret);
        PublicKey(Box::new(public.into()))
    }

    /// The secret inside `ciphertext`. A ciphertext made for another key gives an unrelated
    /// secret (implicit rejection), never an error.
    pub(crate) fn decapsulate(&self, ciphertext: &[u8; CIPHERTEXT]) -> Secret<32> {
        #[cfg(test)]
        super::work::count(|work| work.kem = work.kem.saturating_add(1));
        let (mut secret, _) = mlkem768::generate_key_pair(*self.0.expose()).into_parts();
        let mut shared = mlkem768::decapsulate(&secret, &MlKem768Ciphertext::from(ciphertext));
        wipe(&mut secret);
        let out = Secret::copy(&shared);
        shared.zeroize();
        out
    }
}

fn wipe(key: &mut mlkem768::MlKem768PrivateKey) {
    // The library's type does not wipe itself. It can only be overwritten whole, and the fence
    // keeps that write from being optimised away.
    *key = [0; 2400].into();
    core::hint::black_box(key);
}
