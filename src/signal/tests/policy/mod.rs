//! With whom messages are exchanged, and which: each row of what third-party chats promise.
#![allow(clippy::arithmetic_side_effects, reason = "a failed expectation is a failed test")]

mod attested;
mod bound;
mod circle;
pub(crate) mod connecting;
mod consent;
mod contents;
mod copied;
mod copies;
mod frozen;
mod group_contents;
mod groups;
mod hand_over;
mod handed;
pub(crate) mod model;
mod providers;
mod several;
mod statements;
mod taken;
mod town;
