//! A guest chat, on either side, from the claim to its end.

#[expect(clippy::module_inception, reason = "the folder of a chat has its type")]
pub(super) mod chat;

mod copy;
mod delta;
mod device_list;
mod doubt;
mod event;
mod franking;
mod hand_over;
mod join;
mod memory;
mod pin;
mod receive;
mod repair;
mod send;
mod sessions;
mod state;
mod sync;
mod take;
mod words;

pub use chat::Chat;
pub use event::{
    ChatEvent, ChatStatus, ExportedText, ReceivedEvent, Repaired, SentText, SyncedCopy,
    TakenMessage,
};
pub(crate) use state::{Beginning, ChatTerms};
pub use sync::SyncOutcome;
