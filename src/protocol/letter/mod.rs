//! Letters between clients, and blobs beside them: `spec/fan-out.md`.

pub(crate) mod blob;
mod conversation;
pub(crate) mod copy;
pub(crate) mod ids;
#[expect(clippy::module_inception, reason = "the folder of letters has the type of one")]
mod letter;
pub(crate) mod missing;
pub(crate) mod object;
mod said;
#[cfg(test)]
mod tests;

pub(crate) use conversation::{LetterConversation, audience};
pub use ids::{GroupId, MessageId};
pub(crate) use letter::{Body, Letter, Listed, MAX_SEEN_MESSAGES, SeenMessage};
pub(crate) use said::Said;
