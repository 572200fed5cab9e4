//! The beginning of a session: `spec/prekeys.md`, `spec/handshake.md`.

pub(crate) mod bundle;
pub(crate) mod continuation;
pub(crate) mod held;
pub(crate) mod prekeys;
pub(crate) mod replay;
pub(crate) mod served;
pub(crate) mod x3dh;
