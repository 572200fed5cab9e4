//! Links and what follows from them: `spec/guest-links.md`.

pub(crate) mod claim;
pub(crate) mod content;
pub(crate) mod grant;
pub(crate) mod guest_copy;
pub(crate) mod hand_over;
pub(crate) mod invitation;
pub(crate) mod late_device;
pub(crate) mod link;
pub(crate) mod pin;
pub(crate) mod server_copy;
pub(crate) mod text;
