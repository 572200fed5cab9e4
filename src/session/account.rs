//! The account: the key that says which devices are one person's.

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::{drawn, hedged};
use crate::primitives::secret::{Secret, redacted};
use crate::primitives::{dh, sign};
use crate::protocol::identity::certificate::{
    AccountId, AccountKey, AccountKind, Certificate, DeviceId, Identity,
};
use crate::protocol::labels;
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
        // There is no other secret yet: a generator that repeats gives one account one key, however often.
        let seed = drawn(labels::IDENTITY_ACCOUNT_SEED, &[&id.0], rng);
        Self { id, key: sign::SecretKey::from_seed(seed) }
    }

    /// Makes the account of a key that its primary has handed on.
    pub(crate) fn from_seed(id: AccountId, seed: Secret<32>) -> Self {
        Self { id, key: sign::SecretKey::from_seed(seed) }
    }

    /// Returns the id that the account was made with, as the app chose it. It may have moved to another one since
    /// ([`Client::move_account`](crate::client::Client::move_account)).
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
    pub(crate) fn certify(&self, now: u64, rng: &mut impl CryptoRng) -> Identity {
        let (seed, label) = (self.key.seed(), labels::IDENTITY_DEVICE_SEEDS);
        let now = now.to_be_bytes();
        let device = hedged(seed, label, &[&self.id.0, &now, &[1]], rng);
        let signing = hedged(seed, label, &[&self.id.0, &now, &[2]], rng);
        let agreement = hedged(seed, label, &[&self.id.0, &now, &[3]], rng);
        let signing = sign::SecretKey::from_seed(signing);
        let agreement = dh::SecretKey::from_seed(agreement);
        let certificate = Certificate::sign(
            AccountKind::Member,
            self.id,
            &self.key,
            DeviceId(*device.expose()),
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
