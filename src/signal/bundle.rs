//! Bundles of prekeys: `spec/third-party.md`, "Bundles". Each service carries the values in its own way; for those
//! that have none there is an encoding ("Connecting").

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::dh;
use crate::primitives::kyber;
use crate::primitives::sign::Signature;
use crate::primitives::xeddsa;

use super::keys::{IdentityKey, KEM_KEY, KEY, kem_public_key, public_key};

/// A device's published keys, as its service hands them to somebody who wants to write to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The registration id, a number that a device draws when it is set up.
    pub registration: u32,
    /// The identity key.
    pub identity: IdentityKey,
    /// The signed prekey.
    pub signed: SignedPrekey,
    /// The KEM prekey. Without one a session is of version 3.
    pub kem: Option<KemPrekey>,
    /// The one-time prekey, if there is one left.
    pub one_time: Option<OneTimePrekey>,
}

/// A signed prekey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedPrekey {
    /// Its id.
    pub id: u32,
    /// The key: the byte 0x05, then 32 bytes.
    pub key: [u8; KEY],
    /// The signature of the identity key over all of `key`.
    pub signature: Signature,
}

/// A KEM prekey of version 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KemPrekey {
    /// Its id.
    pub id: u32,
    /// The key: the byte 0x08, then 1,568 bytes.
    pub key: Box<[u8; KEM_KEY]>,
    /// The signature of the identity key over all of `key`.
    pub signature: Signature,
}

/// A one-time prekey, which nothing signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimePrekey {
    /// Its id.
    pub id: u32,
    /// The key: the byte 0x05, then 32 bytes.
    pub key: [u8; KEY],
}

/// The keys of a bundle whose signatures hold.
pub(crate) struct Checked {
    pub(crate) signed: dh::PublicKey,
    pub(crate) kem: Option<(u32, kyber::PublicKey)>,
    pub(crate) one_time: Option<(u32, dh::PublicKey)>,
}

impl Bundle {
    /// Checks the signatures and the form of all keys.
    pub(crate) fn check(&self) -> Result<Checked, Error> {
        let identity = &self.identity.0;
        xeddsa::verify(identity, &[&self.signed.key], &self.signed.signature)?;
        let kem = self.kem.as_ref().map(|kem| {
            xeddsa::verify(identity, &[kem.key.as_slice()], &kem.signature)?;
            Ok((kem.id, kem_public_key(kem.key.as_slice())?))
        });
        let one_time = self.one_time.as_ref();
        let one_time = one_time.map(|prekey| Ok((prekey.id, public_key(&prekey.key)?)));
        Ok(Checked {
            signed: public_key(&self.signed.key)?,
            kem: kem.transpose()?,
            one_time: one_time.transpose()?,
        })
    }
}
