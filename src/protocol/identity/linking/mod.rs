//! The linking of a device to an account: `spec/linking.md`.

pub(crate) mod briefing;
pub(crate) mod code;
pub(crate) mod digits;
#[expect(clippy::module_inception, reason = "the folder of linking has its exchange")]
mod linking;

#[cfg(test)]
pub(crate) use linking::offer_to;
pub(crate) use linking::{AcceptedOffer, Offered, PendingLinking, offer};
