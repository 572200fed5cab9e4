//! The post-quantum braid: `spec/braid.md`.

mod authenticator;
#[expect(clippy::module_inception, reason = "the folder of the braid has its type")]
mod braid;
mod collector;
mod delta;
#[cfg(fuzzing)]
mod fuzzing;
mod part;
mod receive;
mod reserved;
mod send;
#[cfg(feature = "signal")]
mod signal_part;
mod state_bytes;
#[cfg(test)]
mod tests;

pub(crate) use authenticator::NATIVE;
#[cfg(feature = "signal")]
pub(crate) use authenticator::SIGNAL;
pub(crate) use braid::Braid;
pub(crate) use delta::BraidDelta;
#[cfg(fuzzing)]
pub use fuzzing::Braids;
#[cfg(test)]
pub(crate) use part::Kind;
pub(crate) use part::{BraidPart, MAX_EXTRA, PART};
pub(crate) use reserved::ReservedChunks;
pub(crate) use send::Capacity;
#[cfg(feature = "signal")]
pub(crate) use signal_part::SignalPart;
