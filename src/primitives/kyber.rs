//! Kyber-1024 as submitted to round 3, which is not ML-KEM-1024 (FIPS 203): keys and ciphertexts have the same
//! lengths and give other secrets. For formats of others. Keys are kept as seeds, as in `kem`.

use alloc::boxed::Box;

use libcrux_ml_kem::kyber1024;
use libcrux_ml_kem::mlkem1024::{MlKem1024Ciphertext, MlKem1024PrivateKey, MlKem1024PublicKey};

use super::kem::wipe;
use super::secret::{Secret, wipe_slice};
use crate::error::Error;

/// Length of an encapsulation key in bytes.
pub(crate) const PUBLIC_KEY: usize = 1568;

/// Length of a ciphertext in bytes.
pub(crate) const CIPHERTEXT: usize = 1568;

/// An encapsulation key whose coefficients are all reduced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey(Box<[u8; PUBLIC_KEY]>);

impl PublicKey {
    pub(crate) fn decode(bytes: &[u8; PUBLIC_KEY]) -> Result<Self, Error> {
        if !kyber1024::validate_public_key(&MlKem1024PublicKey::from(bytes)) {
            return Err(Error::WeakKey);
        }
        Ok(Self(Box::new(*bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8; PUBLIC_KEY] {
        &self.0
    }

    /// Encapsulates to this key: returns the ciphertext, and the secret that only the key's holder recovers.
    pub(crate) fn encapsulate(&self, coins: &Secret<32>) -> (Box<[u8; CIPHERTEXT]>, Secret<32>) {
        #[cfg(test)]
        super::tests::op_count::count(|work| work.kem = work.kem.saturating_add(1));
        let key = MlKem1024PublicKey::from(&*self.0);
        let (ciphertext, mut shared) = kyber1024::encapsulate(&key, *coins.expose());
        let secret = Secret::copy(&shared);
        wipe_slice(&mut shared);
        (Box::new(ciphertext.into()), secret)
    }
}

/// A decapsulation key, kept as its seed.
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
        super::tests::op_count::count(|work| work.kem = work.kem.saturating_add(1));
        let (mut secret, public) = kyber1024::generate_key_pair(*self.0.expose()).into_parts();
        wipe(&mut secret);
        PublicKey(Box::new(public.into()))
    }

    /// Recovers the secret inside `ciphertext`. A ciphertext made for another key gives an unrelated secret,
    /// never an error.
    pub(crate) fn decapsulate(&self, ciphertext: &[u8; CIPHERTEXT]) -> Secret<32> {
        #[cfg(test)]
        super::tests::op_count::count(|work| work.kem = work.kem.saturating_add(1));
        let (mut secret, _) = kyber1024::generate_key_pair(*self.0.expose()).into_parts();
        let shared = with(&secret, ciphertext);
        wipe(&mut secret);
        shared
    }
}

fn with(key: &MlKem1024PrivateKey, ciphertext: &[u8; CIPHERTEXT]) -> Secret<32> {
    let mut shared = kyber1024::decapsulate(key, &MlKem1024Ciphertext::from(ciphertext));
    let secret = Secret::copy(&shared);
    wipe_slice(&mut shared);
    secret
}

#[cfg(test)]
#[path = "tests/kyber.rs"]
pub(crate) mod tests;
