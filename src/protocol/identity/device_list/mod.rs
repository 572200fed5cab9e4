//! The devices of an account: `spec/devices.md`.

mod ancestry;
mod list;

pub(crate) use list::*;
pub use list::{DeviceList, ListHash};
