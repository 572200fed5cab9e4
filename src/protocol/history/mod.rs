//! History of conversations for an own device: `spec/history.md`.

pub(crate) mod entry;
pub(crate) mod manifest;
pub(crate) mod mark;
pub(crate) mod request;
pub(crate) mod scope;
