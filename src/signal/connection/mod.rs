//! Bytes by which devices of a provider connect to another service: `spec/third-party.md`, "Connecting".

mod bundle_frame;
mod challenge;
mod delivery;
mod enlisted;
mod enlistment;
mod prekey_batch;
mod token;

pub use challenge::{Challenge, Question};
pub use delivery::Delivery;
pub use enlisted::EnlistedDevice;
pub use enlistment::{Arrival, Enlistment, Route};
pub use prekey_batch::PrekeyBatch;
pub use token::EnlistmentToken;
