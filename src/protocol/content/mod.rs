//! Contents: what may be said, and by whom: `spec/content.md`.

mod attachment;
#[expect(clippy::module_inception, reason = "the folder of contents has the type of one")]
mod content;
mod kind;
mod kinds;
mod sender;
#[cfg(test)]
mod tests;
mod text;

pub use attachment::Attachment;
pub use content::Content;
pub(crate) use content::MAX_GROUP_OBJECTS;
pub use kind::Kind;
pub use kinds::Kinds;
pub use sender::Sender;
pub(crate) use text::{MAX_TEXT, Text, text};
