//! Tests of what other messengers speak, and what they share.

mod conversation;
mod costs;
pub(crate) mod known_answers;
pub(crate) mod policy;
mod sessions;
pub(super) mod world;
