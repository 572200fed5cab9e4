//! The secret half of an identity key.

use crate::primitives::dh;
use crate::primitives::secret::{Secret, redacted};

use super::keys::IdentityKey;

/// The secret half of the identity key that this device has on other messengers
/// ([`Client::identity_secret`](super::Client::identity_secret)). It signs prekeys, and agrees on the keys of sessions
/// and of sealed envelopes.
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

    /// Returns the public half.
    #[must_use]
    pub fn public(&self) -> IdentityKey {
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
