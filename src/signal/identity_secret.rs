//! The secret half of an identity key.

use crate::primitives::dh;
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
