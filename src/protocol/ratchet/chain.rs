//! Chains of message keys: `spec/ratchet.md`, "Chains".
//!
//! ```text
//! message key i = HMAC-SHA-256(chain key i, 0x01)
//! chain key i+1 = HMAC-SHA-256(chain key i, 0x02)
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::braid::ReservedChunks;
use crate::error::Error;
use crate::primitives::kdf::mac_pair;
use crate::primitives::secret::Secret;

/// The key of one body, used once.
pub(crate) struct MessageKey(pub(crate) Secret<32>);

/// The key that the rest of a chain follows from.
pub(crate) struct ChainKey(pub(crate) Secret<32>);

impl ChainKey {
    /// Returns this message's key, and the chain key after it.
    pub(crate) fn step(&self) -> (MessageKey, Self) {
        let (message, next) = mac_pair(&self.0);
        (MessageKey(message), Self(next))
    }
}

/// A sending chain's place in memory, which is before its place in the store: `spec/ratchet.md`,
/// "Reserving".
pub(crate) struct Reserved {
    pub(super) chain_key: ChainKey,
    /// The next number.
    pub(super) at: u32,
    pub(super) chunks: ReservedChunks,
}

/// Keys of skipped messages, in ascending order of their numbers. See note `[boxes]`.
pub(crate) type SkippedKeys = Vec<(u32, Box<MessageKey>)>;

/// Walks a chain from number `from` to number `to`, keeping every key on the way. The caller has
/// bounded the distance.
pub(crate) fn walk(
    start: &ChainKey,
    from: u32,
    to: u32,
) -> Result<(SkippedKeys, Option<ChainKey>), Error> {
    walk_with(start, from, to, |chain_key, _| chain_key.step())
}

/// Walks a chain as [`walk`] does, by a step that may depend on the number of its message.
pub(super) fn walk_with(
    start: &ChainKey,
    from: u32,
    to: u32,
    step: impl Fn(&ChainKey, u32) -> (MessageKey, ChainKey),
) -> Result<(SkippedKeys, Option<ChainKey>), Error> {
    let distance = usize::try_from(to.saturating_sub(from)).map_err(|_| Error::TooFarAhead)?;
    let mut skipped = Vec::with_capacity(distance);
    let mut at = None;
    for number in from..to {
        let (key, next) = step(at.as_ref().unwrap_or(start), number);
        skipped.push((number, Box::new(key)));
        at = Some(next);
    }
    Ok((skipped, at))
}
