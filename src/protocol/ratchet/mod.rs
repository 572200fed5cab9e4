//! The double ratchet and the post-quantum braid in it: `spec/ratchet.md`, `spec/braid.md`,
//! `spec/post-quantum.md`.

pub(crate) mod braid;
mod chain;
mod delta;
#[cfg(feature = "signal")]
mod epoch_chains;
mod exporter;
mod header;
mod imprint;
mod keys;
mod message_chain;
mod open;
mod overtaken;
#[cfg(feature = "signal")]
mod post_quantum;
mod profile;
#[expect(clippy::module_inception, reason = "the folder of the ratchet has its type")]
mod ratchet;
mod reserve;
mod seal;
#[cfg(feature = "signal")]
mod signal_ratchet;
mod skipped;
#[cfg(test)]
mod tests;

// The one code of chains and skipped keys serves sender keys too.
#[cfg(feature = "signal")]
pub(crate) use chain::{ChainKey, MessageKey, SkippedKeys, walk};
pub(crate) use delta::RatchetDelta;
pub use exporter::Exporter;
pub(crate) use exporter::MessageSecret;
pub(crate) use header::ClearHeader;
pub(crate) use open::{FirstMessage, StagedHeader};
pub(crate) use ratchet::Ratchet;
pub(crate) use reserve::MAX_RESERVED;
#[cfg(feature = "signal")]
pub(crate) use signal_ratchet::{SignalDelta, SignalKeys, SignalPlace, SignalRatchet};
pub(crate) use skipped::MAX_SKIPPED;
#[cfg(feature = "signal")]
pub(crate) use skipped::{find, read_skipped, remove, write_skipped};
