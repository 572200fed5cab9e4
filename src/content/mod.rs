//! Contents: all that may be said, and by whom.
//!
//! A [`Content`] is a text, an [attachment](crate::attachment) (an image, a voice message, a video or a file, with or
//! without a caption), or content of the app's own under a tag. Each [`Kind`] has a number, and [`Kinds::of`] is the
//! one table of which kinds a [`Sender`] may say: it is enforced when something is sealed, and again when it is
//! opened. Own devices have two more kinds for each other, of chats with people on other messengers.
//!
//! ```text
//!  Content::text, attached, app ─▶ Client::seal                           (write)
//!  Client::receive ─▶ LetterEvent::Message(Content) ─▶ kind, as_text, …   (read)
//!  Content::encode ─▶ the app's store ─▶ Content::decode                  (keep)
//! ```
//!
//! Other contents are about messages: a reply, a correction, a deletion, a reaction, a receipt, typing, a timer. The
//! message is a [`Target`], which comes with what was sent or opened.
//!
//! ```text
//!  ReceivedLetter::target, Outgoing::target ─▶ Content::with_reply, reaction, receipt
//!  MessageFacts ─▶ Client::correction, deletion ─▶ … ─▶ MessageFacts::is_corrected_by, is_deleted_by
//!  ConversationTimer ─▶ Content::timer_setting ─▶ … ─▶ ConversationTimer::merge
//!  Content::with_timer ─▶ … ─▶ Client::start_timer ─▶ timed
//!  Content::shown_once ─▶ … ─▶ Client::view, and its notice for the other own devices
//! ```
//!
//! Later releases know more kinds. What this one does not know it refuses ([`Error::UnsupportedContent`]), unless the
//! number says that it may be left out; what is left out is kept in the content's bytes.
//!
//! [`Error::UnsupportedContent`]: crate::Error::UnsupportedContent
//!
//! ```
//! use latchstring::content::{Content, Kind};
//!
//! # fn main() -> Result<(), latchstring::Error> {
//! let content = Content::text("shall we meet at noon?")?;
//! match content.kind() {
//!     Some(Kind::Text) => println!("{}", content.as_text().unwrap_or_default()),
//!     Some(Kind::App) => { /* what the tag says */ }
//!     Some(_) => { /* fetch content.attachment() */ }
//!     None => { /* nothing to show */ }
//! }
//! # Ok(())
//! # }
//! ```

pub use crate::protocol::content::{
    Attachment, Content, ConversationTimer, Correction, Deletion, Kind, Kinds, MAX_CORRECTIONS,
    MAX_RECEIPT, MAX_TIMER, Reaction, Receipt, ReceiptKind, Sender, Target, TimerSetting,
};
