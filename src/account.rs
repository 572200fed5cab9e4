//! The account: the key that says which devices are one person's.

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::Secret;
use crate::primitives::{dh, sign};
use crate::protocol::identity::{AccountId, AccountKind, Certificate, DeviceId, Identity};
use crate::protocol::record::Anchor;
use crate::state::private::Stateful;

/// An account's signing key, held by its primary device. Secret.
///
/// It signs devices and lists of them and nothing else, and no device's own keys can stand in for it.
pub struct Account {
    id: AccountId,
    key: sign::SecretKey,
}

impl Account {
    /// Makes a new account key for the account that the app knows by `id`.
    pub fn generate(id: AccountId, rng: &mut impl CryptoRng) -> Self {
        let key = sign::SecretKey::from_seed(Secret::fill(|out| rng.fill_bytes(out)));
        Self { id, key }
    }

    /// The account's id, as the app chose it.
    #[must_use]
    pub fn id(&self) -> AccountId {
        self.id
    }

    /// The account's Ed25519 public key: what others compare and remember.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        *self.key.public().bytes()
    }

    /// The key itself, for what else it signs: device lists.
    pub(crate) fn key(&self) -> &sign::SecretKey {
        &self.key
    }

    /// A new device's secret identity, signed into this account.
    pub(crate) fn certify(&self, rng: &mut impl CryptoRng) -> Identity {
        let mut device = [0; 8];
        rng.fill_bytes(&mut device);
        let signing = sign::SecretKey::from_seed(Secret::fill(|out| rng.fill_bytes(out)));
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

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.id.0);
        writer.raw(self.key.seed().expose());
    }

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: AccountId(*reader.array()?),
            key: sign::SecretKey::from_seed(Secret::copy(reader.array()?)),
        })
    }

    fn stands(&self) -> Anchor {
        Anchor::start(Self::KIND, &self.id.0, &self.public_key())
    }
}
