//! ML-KEM-768 (FIPS 203). Keys are kept as their 64-byte seeds and expanded at use, so that no
//! library's internal form is ever persisted.

use alloc::boxed::Box;

use libcrux_ml_kem::MlKemPrivateKey;
use libcrux_ml_kem::mlkem768::{self, MlKem768Ciphertext, MlKem768PublicKey, incremental};
use zeroize::Zeroizing;

use super::codec::concat;
use super::secret::{Secret, wipe_slice};
use crate::error::Error;

/// Length of an encapsulation key in bytes.
pub(crate) const PUBLIC_KEY: usize = 1184;

/// Length of a ciphertext in bytes.
pub(crate) const CIPHERTEXT: usize = 1088;

/// Bytes of the first half of an encapsulation key: `rho ‖ SHA3-256(ek)`. The first half of a
/// ciphertext and the secret depend on nothing else of the key.
pub(crate) const HEADER: usize = 64;

/// Bytes of the second half of an encapsulation key: its coefficients.
pub(crate) const VECTOR: usize = 1152;

/// Bytes of the first half of a ciphertext.
pub(crate) const CIPHERTEXT_1: usize = 960;

/// Bytes of the second half of a ciphertext.
pub(crate) const CIPHERTEXT_2: usize = 128;

/// An encapsulation key in its two halves.
pub(crate) struct Halves {
    pub(crate) header: [u8; HEADER],
    pub(crate) vector: [u8; VECTOR],
}

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

    /// Encapsulates to this key with the coins `m` of FIPS 203: returns the ciphertext, and the secret that
    /// only the key's holder recovers.
    pub(crate) fn encapsulate(&self, coins: &Secret<32>) -> (Box<[u8; CIPHERTEXT]>, Secret<32>) {
        #[cfg(test)]
        super::tests::op_count::count(|work| work.kem = work.kem.saturating_add(1));
        let key = MlKem768PublicKey::from(&*self.0);
        let (ciphertext, mut shared) = mlkem768::encapsulate(&key, *coins.expose());
        let secret = Secret::copy(&shared);
        wipe_slice(&mut shared);
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
        super::tests::op_count::count(|work| work.kem = work.kem.saturating_add(1));
        let (mut secret, public) = mlkem768::generate_key_pair(*self.0.expose()).into_parts();
        wipe(&mut secret);
        PublicKey(Box::new(public.into()))
    }

    /// Recovers the secret inside `ciphertext`. A ciphertext made for another key gives an unrelated
    /// secret (implicit rejection), never an error.
    pub(crate) fn decapsulate(&self, ciphertext: &[u8; CIPHERTEXT]) -> Secret<32> {
        self.decapsulate_beside_public(ciphertext).0
    }

    /// Recovers the secret inside `ciphertext` as [`SecretKey::decapsulate`] does, and returns the public key, which it
    /// has to find for that.
    pub(crate) fn decapsulate_beside_public(
        &self,
        ciphertext: &[u8; CIPHERTEXT],
    ) -> (Secret<32>, PublicKey) {
        #[cfg(test)]
        super::tests::op_count::count(|work| work.kem = work.kem.saturating_add(1));
        let (mut secret, public) = mlkem768::generate_key_pair(*self.0.expose()).into_parts();
        let mut shared = mlkem768::decapsulate(&secret, &MlKem768Ciphertext::from(ciphertext));
        wipe(&mut secret);
        let out = Secret::copy(&shared);
        wipe_slice(&mut shared);
        (out, PublicKey(Box::new(public.into())))
    }
}

impl PublicKey {
    /// Joins the two halves of a key.
    ///
    /// # Errors
    ///
    /// [`Error::WeakKey`] if the header is another key's, or a coefficient is not reduced.
    pub(crate) fn join(header: &[u8; HEADER], vector: &[u8; VECTOR]) -> Result<Self, Error> {
        incremental::validate_pk_bytes(header, vector).map_err(|_| Error::WeakKey)?;
        let (rho, _) = header.split_at(32);
        Ok(Self(Box::new(concat(&[vector, rho]))))
    }
}

impl SecretKey {
    /// Returns the public key in its two halves.
    pub(crate) fn halves(&self) -> Box<Halves> {
        #[cfg(test)]
        super::tests::op_count::count(|work| work.kem = work.kem.saturating_add(1));
        let mut pair = Zeroizing::new([0; incremental::COMPRESSED_KEYPAIR_LEN]);
        incremental::generate_key_pair_compressed(*self.0.expose(), &mut pair);
        // The library's layout is that of FIPS 203: s ‖ vector ‖ rho ‖ SHA3-256(ek) ‖ z.
        let (_, public) = pair.split_at(VECTOR);
        let (vector, rest) = public.split_at(VECTOR);
        let (header, _) = rest.split_at(HEADER);
        Box::new(Halves { header: concat(&[header]), vector: concat(&[vector]) })
    }
}

/// Makes the first half of an encapsulation: the first [`CIPHERTEXT_1`] bytes of the ciphertext, and
/// the secret. The whole follows from the whole key and the same `coins`
/// ([`PublicKey::encapsulate`]), so that no internal form of the library is kept in between.
pub(crate) fn encapsulate_first(
    header: &[u8; HEADER],
    coins: &Secret<32>,
) -> (Box<[u8; CIPHERTEXT_1]>, Secret<32>) {
    #[cfg(test)]
    super::tests::op_count::count(|work| work.kem = work.kem.saturating_add(1));
    let mut state = Zeroizing::new([0; incremental::encaps_state_len()]);
    let mut shared = Zeroizing::new([0; 32]);
    let first = incremental::encapsulate1(
        header,
        *coins.expose(),
        state.as_mut_slice(),
        shared.as_mut_slice(),
    );
    #[expect(
        clippy::expect_used,
        reason = "the library fails on lengths only, which are fixed here"
    )]
    let first = first.expect("all lengths are the library's own");
    (Box::new(first.value), Secret::copy(&shared))
}

/// Wipes a key of the library's, whatever its parameters.
pub(super) fn wipe<const N: usize>(key: &mut MlKemPrivateKey<N>) {
    // The library's type does not wipe itself. It can only be overwritten whole, and the fence keeps
    // that write from being optimised away.
    *key = [0; N].into();
    core::hint::black_box(key);
}
