//! Letters between clients, and blobs beside them: `spec/fan-out.md`.

pub(crate) mod blob;
mod ids;
#[expect(clippy::module_inception, reason = "the folder of letters has the type of one")]
mod letter;
pub(crate) mod missing;
pub(crate) mod object;
#[cfg(test)]
mod tests;

pub use ids::{GroupId, MessageId};
pub(crate) use letter::{
    Body, Letter, LetterConversation, Listed, MAX_SEEN_MESSAGES, Said, SeenMessage, audience,
};
