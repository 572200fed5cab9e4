//! Keys of those whose word is taken about others: `spec/third-party.md`, "Providers".

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::drawn;
use crate::primitives::secret::{Secret, redacted};
use crate::primitives::sign::{PublicKey, SecretKey, Signature};
use crate::protocol::labels;

/// Maximum number of keys that one side trusts for one purpose.
const MAX_KEYS: usize = 4;

/// A signing key of whoever says which providers there are, or of a provider, which says who its accounts are.
/// Secret. It belongs on a server or an offline machine, and into no app.
pub struct Authority(SecretKey);

redacted!(Authority, |authority| key = authority.public_key());

impl Authority {
    /// Makes a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(SecretKey::from_seed(drawn(labels::SIGNAL_AUTHORITY, &[], rng)))
    }

    /// Takes the Ed25519 seed of a key that is kept elsewhere.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SecretKey::from_seed(Secret::copy(seed)))
    }

    /// Returns the public half.
    #[must_use]
    pub fn public_key(&self) -> AuthorityKey {
        AuthorityKey(self.0.public())
    }

    pub(crate) fn sign(&self, label: &[u8], body: &[&[u8]]) -> Signature {
        self.0.sign(label, body)
    }
}

/// The public half of an [`Authority`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthorityKey(pub(crate) PublicKey);

impl AuthorityKey {
    /// Decodes an Ed25519 public key.
    ///
    /// # Errors
    ///
    /// [`Error::WeakKey`] for bytes that are not canonical, or of small order.
    pub fn decode(bytes: [u8; 32]) -> Result<Self, Error> {
        PublicKey::decode(bytes).map(Self)
    }

    /// Encodes it in 32 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; 32] {
        *self.0.bytes()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.0.bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Self::decode(*reader.array()?)
    }
}

/// The keys whose word is taken: up to four, so that one can follow another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKeys(Vec<AuthorityKey>);

impl TrustedKeys {
    /// Trusts nobody. Without a key there are no providers.
    pub const NONE: Self = Self(Vec::new());

    /// Takes up to four keys, in whatever order.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPolicy`] for more than four.
    pub fn new(keys: impl IntoIterator<Item = AuthorityKey>) -> Result<Self, Error> {
        let mut keys: Vec<_> = keys.into_iter().take(MAX_KEYS.saturating_add(1)).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.len() > MAX_KEYS { Err(Error::InvalidPolicy) } else { Ok(Self(keys)) }
    }

    /// Tells whether a key is among them.
    #[must_use]
    pub fn contains(&self, key: &AuthorityKey) -> bool {
        self.0.contains(key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.list(&self.0, AuthorityKey::write);
    }

    /// Reads what [`TrustedKeys::write`] wrote: in ascending order, each once.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let keys: Vec<AuthorityKey> = reader.list(MAX_KEYS, AuthorityKey::read)?;
        let is_ascending = keys.is_sorted_by(|one, next| one < next);
        if is_ascending { Ok(Self(keys)) } else { Err(Error::Malformed) }
    }
}
