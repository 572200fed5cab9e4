//! The secret half of an identity key.

use crate::primitives::dh;
use crate::primitives::secret::{Secret, redacted};

use super::keys::IdentityKey;

/// The secret half of the identity key that this device has on another messenger. It agrees on the keys of sealed
/// envelopes.
pub struct IdentitySecret {
    secret: dh::SecretKey,
    public: IdentityKey,
}

redacted!(IdentitySecret, |identity| public = identity.public());

impl IdentitySecret {
    /// Takes 32 secret bytes, as clients of the Signal protocol keep them.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self::new(dh::SecretKey::from_seed(Secret::copy(bytes)))
    }

    pub(crate) fn new(secret: dh::SecretKey) -> Self {
        Self { public: IdentityKey(secret.public()), secret }
    }

    /// Returns the public half.
    #[must_use]
    pub fn public(&self) -> IdentityKey {
        self.public
    }

    pub(crate) fn secret(&self) -> &dh::SecretKey {
        &self.secret
    }
}
