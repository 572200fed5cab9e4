//! Settings between the devices of one account: `spec/settings.md`.

pub(crate) mod assignment;
pub(crate) mod chain;
pub(crate) mod entry;
pub(crate) mod head;
pub(crate) mod history;
pub(crate) mod key;
pub(crate) mod map;
pub(crate) mod members;
pub(crate) mod name;
pub(crate) mod replica;
pub(crate) mod seal;
pub(crate) mod snapshot;
