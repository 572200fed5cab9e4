//! The linking of a device to an account: `spec/linking.md`.

pub(crate) mod code;
#[expect(clippy::module_inception, reason = "the folder of linking has its exchange")]
mod linking;

#[cfg(test)]
pub(crate) use linking::offer_to;
pub(crate) use linking::{Offered, PendingLinking, offer};
