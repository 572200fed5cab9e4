//! A service's part: what it appends to an envelope, and its key.

use alloc::boxed::Box;

use crate::client::Address;
use crate::error::Error;
use crate::primitives::codec::{Reader, concat};
use crate::primitives::secret::{Secret, redacted, same};
use crate::protocol::franking::{Frank, tag};

/// The key of a service that takes reports. Secret: whoever has it can invent reports, and nobody else can check one.
///
/// Change it once in a while: the time of a [`Stamp`] says which key is meant, and with an old key the reports of its
/// time end.
pub struct ServiceKey(Box<Secret<32>>);

redacted!(ServiceKey, |key| bytes = key.0.expose().len());

impl ServiceKey {
    /// Takes 32 uniformly random bytes, which the service keeps.
    ///
    /// # Errors
    ///
    /// [`Error::WeakKey`] if all bytes are zero.
    pub fn new(key: &[u8; 32]) -> Result<Self, Error> {
        let key = Box::new(Secret::copy(key));
        if key.is_zero() { Err(Error::WeakKey) } else { Ok(Self(key)) }
    }

    /// Stamps an envelope when it comes in: notes under the service's key that `from` sent one with this frank to
    /// `to`, at the service's time `at`. Bring frank and stamp to the recipient with the envelope; there is nothing
    /// to store.
    ///
    /// `from` is the device that the service has authenticated, by its own means: the stamp is as sure as that is.
    #[must_use]
    pub fn stamp(&self, frank: &Frank, from: Address, to: Address, at: u64) -> Stamp {
        let tag = tag(&self.0, frank, &[from.to_bytes(), to.to_bytes()], at);
        Stamp { at, tag: *tag.expose() }
    }

    /// Tells whether a stamp is of these, in constant time.
    pub(super) fn has_made(
        &self,
        stamp: &Stamp,
        frank: &Frank,
        from: Address,
        to: Address,
    ) -> bool {
        same(&self.stamp(frank, from, to, stamp.at).tag, &stamp.tag)
    }
}

/// The word of a service about an envelope that it brought, for itself: nobody else can check it. Not secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// The time when the envelope came to the service, in seconds by its clock.
    pub at: u64,
    /// The tag under the service's key.
    pub tag: [u8; 32],
}

impl Stamp {
    /// Encodes the stamp in 40 bytes: time, tag.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 40] {
        concat(&[&self.at.to_be_bytes(), &self.tag])
    }

    /// Decodes what [`Stamp::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, Self::read)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { at: reader.u64()?, tag: *reader.array()? })
    }
}
