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
mod state_bytes;
#[cfg(test)]
mod tests;

pub(crate) use authenticator::NATIVE;
pub(crate) use braid::Braid;
pub(crate) use delta::BraidDelta;
#[cfg(fuzzing)]
pub use fuzzing::Braids;
#[cfg(test)]
pub(crate) use part::Kind;
pub(crate) use part::{BraidPart, MAX_EXTRA, PART};
pub(crate) use reserved::ReservedChunks;
pub(crate) use send::Capacity;
