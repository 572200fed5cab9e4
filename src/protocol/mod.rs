//! The specification: bytes and formulas, a folder or file a page. No storage, no API, no clock but in parameters.

pub(crate) mod attachment;
pub(crate) mod clock;
pub(crate) mod content;
pub(crate) mod franking;
pub(crate) mod group;
pub(crate) mod guest;
pub(crate) mod handshake;
pub(crate) mod history;
pub(crate) mod identity;
pub(crate) mod labels;
pub(crate) mod letter;
pub(crate) mod origin;
pub(crate) mod padding;
pub(crate) mod position;
pub(crate) mod ratchet;
pub(crate) mod settings;
pub(crate) mod wire;
