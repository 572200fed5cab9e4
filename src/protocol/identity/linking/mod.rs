//! How a device becomes one of an account's: `spec/linking.md`.

pub(crate) mod code;
#[expect(clippy::module_inception, reason = "the folder of linking has its exchange")]
mod linking;

pub(crate) use linking::*;
