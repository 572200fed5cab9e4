//! Files in chats with plain programs: `spec/third-party.md`, "Media".
//!
//! ```text
//! seal_media(kind, length) ─▶ MediaSealer ─ wants, seal ─▶ pieces, one behind the other    (upload)
//!                                  └─ reference ─▶ MediaReference ─▶ its values in a content
//! values in a content ─▶ MediaReference ─▶ MediaVerifier ─ wants, verify ─▶ nothing yet   (download)
//!                                               └─ finish ─▶ MediaOpener ─ wants, open ─▶ the content
//! ```

mod keys;
mod kind;
mod layout;
mod making;
mod opener;
mod reference;
mod sealer;
#[cfg(test)]
mod tests;
mod verifier;

pub use kind::MediaKind;
pub use layout::MAX_MEDIA_LENGTH;
pub use opener::MediaOpener;
pub use reference::MediaReference;
pub use sealer::MediaSealer;
pub use verifier::MediaVerifier;
