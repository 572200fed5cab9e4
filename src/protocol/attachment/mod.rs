//! Attachments, sealed in pieces: `spec/attachments.md`.

pub(crate) mod keys;
pub(crate) mod layout;
pub(crate) mod reference;
pub(crate) mod terms;
