//! With whom messages are exchanged, and which: each row of what third-party chats promise.
#![allow(clippy::arithmetic_side_effects, reason = "a failed expectation is a failed test")]

mod attested;
mod bound;
mod circle;
mod consent;
mod contents;
mod group_contents;
mod groups;
pub(crate) mod model;
mod providers;
mod statements;
mod town;
