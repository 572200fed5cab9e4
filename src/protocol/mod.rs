//! The specification, a file a page. No storage and no API here.
//!
//! | file | page |
//! |---|---|
//! | `wire`, `labels` | `spec/wire.md`, `spec/README.md` |
//! | `identity`, `fingerprint` | `spec/identity.md` |
//! | `devices` | `spec/devices.md` |
//! | `linking` | `spec/linking.md` |
//! | `bundle`, `prekeys` | `spec/prekeys.md` |
//! | `handshake`, `descent` | `spec/handshake.md` |
//! | `padding`, `ratchet/` | `spec/ratchet.md` |
//! | `record`, `device_delta`, `course` | `spec/state.md` |
//! | `letter/`, `blob` | `spec/fan-out.md` |
//! | `succession/` | `spec/sessions.md` |
//! | `link`, `invitation`, `posting`, `claim`, `grant`, `join`, `pin`, `content` | `spec/guest-links.md` |

pub(crate) mod blob;
pub(crate) mod braid;
pub(crate) mod bundle;
pub(crate) mod claim;
pub(crate) mod content;
pub(crate) mod course;
pub(crate) mod descent;
pub(crate) mod device_delta;
pub(crate) mod devices;
pub(crate) mod fingerprint;
pub(crate) mod grant;
pub(crate) mod handshake;
pub(crate) mod identity;
pub(crate) mod invitation;
pub(crate) mod join;
pub(crate) mod labels;
pub(crate) mod letter;
pub(crate) mod link;
pub(crate) mod linking;
pub(crate) mod padding;
pub(crate) mod pages;
pub(crate) mod pin;
pub(crate) mod posting;
pub(crate) mod prekeys;
pub(crate) mod ratchet;
pub(crate) mod record;
pub(crate) mod succession;
pub(crate) mod wire;
