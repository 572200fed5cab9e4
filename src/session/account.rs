//! The account: the key that says which devices are one person's.

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::{Secret, redacted};
use crate::primitives::{dh, kdf, sign};
use crate::protocol::identity::certificate::{
    AccountId, AccountKey, AccountKind, Certificate, DeviceId, Identity,
};
use crate::storage::{Anchor, Never, Stateful};

/// An account's signing key, held by its primary device. Secret.
///
/// It signs devices and device lists and nothing else, and no device's own keys can stand in for it.
pub struct Account {
    id: AccountId,
    key: sign::SecretKey,
}

redacted!(Account, |account| id = account.id);

impl Account {
    /// Makes a new account key for the account that the app knows by `id`.
    pub fn generate(id: AccountId, rng: &mut impl CryptoRng) -> Self {
        let key = sign::SecretKey::from_seed(Secret::fill(|out| rng.fill_bytes(out)));
        Self { id, key }
    }

    /// Returns the account's id, as the app chose it.
    #[must_use]
    pub fn id(&self) -> AccountId {
        self.id
    }

    /// Returns the account's Ed25519 public key, which others compare and remember.
    #[must_use]
    pub fn public_key(&self) -> AccountKey {
        AccountKey(*self.key.public().bytes())
    }

    /// Returns the key itself, which signs device lists as well.
    pub(crate) fn key(&self) -> &sign::SecretKey {
        &self.key
    }

    /// Makes a new device's secret identity, signed into this account.
    pub(crate) fn certify(&self, rng: &mut impl CryptoRng) -> Identity {
        let mut device = [0; 8];
        rng.fill_bytes(&mut device);
        let mut signing = sign::SecretKey::from_seed(Secret::fill(|out| rng.fill_bytes(out)));
        // A generator that repeats itself gave the account this key, and a list in which two have one key is
        // refused everywhere.
        if signing.public() == self.key.public() {
            signing = sign::SecretKey::from_seed(kdf::mac(signing.seed(), &[]));
        }
        let agreement = dh::SecretKey::from_seed(Secret::fill(|out| rng.fill_bytes(out)));
        let certificate = Certificate::sign(
            AccountKind::Member,
            self.id,
            &self.key,
            DeviceId(device),
            &signing,
            &agreement,
        );
        Identity { signing, agreement, certificate }
    }
}

impl Stateful for Account {
    const KIND: u8 = 0x01;

    type Delta = Never;
    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.id.0);
        writer.raw(self.key.seed().expose());
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: AccountId(*reader.array()?),
            key: sign::SecretKey::from_seed(reader.secret()?),
        })
    }

    fn stands(&self) -> Anchor {
        Anchor::start(Self::KIND, &self.id.0, &self.public_key().0)
    }

    fn advance(&mut self, _next: Anchor, delta: Never) {
        match delta {}
    }
}
