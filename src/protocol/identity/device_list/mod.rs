//! The devices of an account: `spec/devices.md`.

mod ancestry;
mod ids;
mod list;
mod moved;

#[cfg(test)]
pub(crate) use list::VALID_FOR;
pub use list::{DeviceList, ListHash};
pub(crate) use list::{MAX_DEVICES, MAX_LIST, RENEW_AFTER};
pub(crate) use moved::FORMER_FOR;
