//! Contents: what may be said, and by whom: `spec/content.md`.

mod about;
mod amendment;
mod attachment;
#[expect(clippy::module_inception, reason = "the folder of contents has the type of one")]
mod content;
mod kind;
mod kinds;
mod reaction;
mod receipt;
mod said;
mod sender;
mod target;
#[cfg(test)]
mod tests;
mod text;
mod timer;
mod view_notice;

pub use amendment::{Correction, Deletion, MAX_CORRECTIONS};
pub use attachment::Attachment;
pub use content::Content;
pub use kind::Kind;
pub use kinds::Kinds;
pub use reaction::Reaction;
pub use receipt::{MAX_RECEIPT, Receipt, ReceiptKind};
pub(crate) use said::MAX_GROUP_OBJECTS;
pub use sender::Sender;
pub use target::Target;
pub(crate) use text::{MAX_TEXT, Text, text};
pub use timer::{ConversationTimer, MAX_TIMER, TimerSetting};
pub(crate) use view_notice::{decode_notice, encode_notice};
