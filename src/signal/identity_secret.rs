//! The secret half of an identity key.

use crate::primitives::dh;
#[cfg(test)]
use crate::primitives::secret::Secret;
use crate::primitives::secret::redacted;

use super::keys::IdentityKey;

/// The secret half of the identity key that this device has on other messengers. It signs prekeys, and agrees on the
/// keys of sessions and of sealed envelopes.
pub(crate) struct IdentitySecret {
    secret: dh::SecretKey,
    public: IdentityKey,
}

redacted!(IdentitySecret, |identity| public = identity.public());

impl IdentitySecret {
    /// Takes 32 secret bytes, as clients of the Signal protocol keep them.
    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self::new(dh::SecretKey::from_seed(Secret::copy(bytes)))
    }

    /// Returns the public half.
    pub(crate) fn public(&self) -> IdentityKey {
        self.public
    }

    pub(crate) fn new(secret: dh::SecretKey) -> Self {
        Self { public: IdentityKey(secret.public()), secret }
    }

    pub(crate) fn key(&self) -> &IdentityKey {
        &self.public
    }

    pub(crate) fn secret(&self) -> &dh::SecretKey {
        &self.secret
    }
}
