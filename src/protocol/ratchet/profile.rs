//! Profiles: what the ratchets of two wire formats differ in. All else is the same code.
//!
//! | | [`Native`] | `Signal` |
//! |---|---|---|
//! | a header is | sealed: a trial of header keys finds its chain | in clear: its ratchet key names the chain |
//! | the root takes in | agreements, and the secrets of the braid | agreements alone |
//! | a root step gives | root, chain key, next header key | root, chain key; header keys stay zeros |

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::Prk;
use crate::primitives::secret::Secret;
use crate::protocol::labels;

use super::braid::{Braid, BraidDelta, NATIVE};
use super::chain::ChainKey;
use super::header::HeaderKey;

/// The profile of this protocol's own wire format, which has its braid inside the ratchet.
pub(crate) type Native = Braid;

/// A ratchet's half beside agreements of X25519: what it puts into the root, and how.
pub(crate) trait Profile: Sized {
    /// Takes a root step, from what was agreed and the secret of epoch `pq_epoch` if that is not in the root yet.
    fn turn(
        root: &Secret<32>,
        agreed: &Secret<32>,
        pq_epoch: u32,
        secret: Option<&Secret<32>>,
    ) -> Turn;

    /// Returns the secret that waits to go into the root, if this side has it.
    fn secret(&self) -> Option<&Secret<32>>;

    /// Returns the secret that waits to go into the root, if this side is sure that the peer has it too.
    fn shared_secret(&self) -> Option<&Secret<32>>;

    /// Erases the secret, which is in the root now.
    fn forget_secret(&mut self);

    /// Applies what a message changed beside the chains.
    fn apply(&mut self, delta: &mut BraidDelta);

    /// Tells whether this can belong to an initiator's or a responder's ratchet with epochs up to `pq_epoch` in
    /// the root.
    fn fits(&self, pq_epoch: u32, is_initiator: bool) -> bool;

    fn write(&self, writer: &mut Writer);

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;
}

/// The results of a root step.
pub(crate) struct Turn {
    pub(super) root: Secret<32>,
    pub(super) chain_key: ChainKey,
    pub(super) next_header: HeaderKey,
}

impl Profile for Native {
    fn turn(
        root: &Secret<32>,
        agreed: &Secret<32>,
        pq_epoch: u32,
        secret: Option<&Secret<32>>,
    ) -> Turn {
        let secret = secret.map_or(&[0; 32], Secret::expose);
        let prk = Prk::extract(root.expose(), &[agreed.expose(), secret]);
        let pq_epoch = pq_epoch.to_be_bytes();
        let key = |i: u8| prk.expand::<32>(&[labels::RATCHET_ROOT, &pq_epoch, &[i]]);
        Turn { root: key(1), chain_key: ChainKey(key(2)), next_header: HeaderKey(key(3)) }
    }

    fn secret(&self) -> Option<&Secret<32>> {
        Self::secret(self)
    }

    fn shared_secret(&self) -> Option<&Secret<32>> {
        Self::shared_secret(self)
    }

    fn forget_secret(&mut self) {
        Self::forget_secret(self);
    }

    fn apply(&mut self, delta: &mut BraidDelta) {
        Self::apply(self, delta);
    }

    fn fits(&self, pq_epoch: u32, is_initiator: bool) -> bool {
        Self::fits(self, pq_epoch, is_initiator)
    }

    fn write(&self, writer: &mut Writer) {
        Self::write(self, writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Self::read(reader, &NATIVE)
    }
}

/// The profile of the Signal wire format: what it agrees on by ML-KEM goes into message keys, not into the root.
#[cfg(feature = "signal")]
pub(crate) struct Signal;

#[cfg(feature = "signal")]
impl Profile for Signal {
    /// Computes `root' ‖ chain key 0 = HKDF(salt = root, ikm = agreed, info = "WhisperRatchet", 64)`.
    fn turn(
        root: &Secret<32>,
        agreed: &Secret<32>,
        _pq_epoch: u32,
        _secret: Option<&Secret<32>>,
    ) -> Turn {
        let prk = Prk::extract(root.expose(), &[agreed.expose()]);
        let both = prk.expand::<64>(&[b"WhisperRatchet"]);
        let (root, chain_key) = halves_of(&both);
        let next_header = HeaderKey(Secret::copy(&[0; 32]));
        Turn { root, chain_key: ChainKey(chain_key), next_header }
    }

    fn secret(&self) -> Option<&Secret<32>> {
        None
    }

    fn shared_secret(&self) -> Option<&Secret<32>> {
        None
    }

    fn forget_secret(&mut self) {}

    fn apply(&mut self, _delta: &mut BraidDelta) {}

    fn fits(&self, pq_epoch: u32, _is_initiator: bool) -> bool {
        pq_epoch == 0
    }

    fn write(&self, _writer: &mut Writer) {}

    fn read(_reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self)
    }
}

/// Copies the two halves of an output of 64 bytes.
#[cfg(feature = "signal")]
pub(super) fn halves_of(both: &Secret<64>) -> (Secret<32>, Secret<32>) {
    let (one, other) = both.expose().split_at(32);
    let copy = |from: &[u8]| Secret::fill(|out: &mut [u8; 32]| out.copy_from_slice(from));
    (copy(one), copy(other))
}
