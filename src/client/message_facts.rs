//! The facts of a message, by which corrections and deletions of it are judged: `spec/conversations.md`, "Corrections
//! and deletions".

use super::client::{Client, Inner};
use super::event::{LetterEvent, ReceivedLetter};
use super::limits::DAY;
use super::plan::Conversation;
use crate::error::Error;
use crate::protocol::content::{Content, Correction, Deletion, Target};
use crate::protocol::letter::MessageId;

/// The time in seconds in which a message can be corrected: a day.
const CORRECT_FOR: u64 = DAY;
/// The time in seconds in which a message can be deleted: a week.
const DELETE_FOR: u64 = 7 * DAY;
/// The time in seconds by which a correction or a deletion may be longer on its way than its message: 14 days.
const LATE: u64 = 14 * DAY;

/// The facts of a message, to be kept with it: which it is, where it belongs, and when it came here or went from
/// here.
///
/// ```
/// use latchstring::client::{Conversation, MessageFacts};
/// use latchstring::content::{Content, Target};
///
/// /// Shows a letter that was opened: `said` is what is kept of the message that its correction is of.
/// fn show(said: &MessageFacts, content: &Content, letter: &MessageFacts) {
///     if let Some(correction) = content.as_correction()
///         && said.is_corrected_by(correction, letter)
///     {
///         println!("{} (edited)", correction.text());
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageFacts {
    /// The message, told from all others.
    pub target: Target,
    /// The conversation that it belongs to.
    pub conversation: Conversation,
    /// The time at which this device opened it, or sealed it, by its clock in seconds.
    pub at: u64,
}

impl MessageFacts {
    /// Tells whether a correction that came with another letter is one of this message: by its author, in its
    /// conversation, and not too late. Of several the one with the highest [`Correction::number`] holds, and of two
    /// with one number that with the higher target.
    #[must_use]
    pub fn is_corrected_by(&self, correction: &Correction, letter: &Self) -> bool {
        let target = correction.target(letter.target.account());
        self.is_meant(&target, letter, CORRECT_FOR)
    }

    /// Tells whether a deletion that came with another letter is one of this message: by its author, in its
    /// conversation, and not too late.
    #[must_use]
    pub fn is_deleted_by(&self, deletion: &Deletion, letter: &Self) -> bool {
        let target = deletion.target(letter.target.account());
        self.is_meant(&target, letter, DELETE_FOR)
    }

    fn is_meant(&self, target: &Target, letter: &Self, seconds: u64) -> bool {
        let end = self.at.saturating_add(seconds).saturating_add(LATE);
        self.target == *target && self.conversation == letter.conversation && letter.at <= end
    }
}

impl ReceivedLetter {
    /// Returns which message it is, if it says something: what another message, or a reaction, is about. Of a copy it
    /// is the letter that was copied.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        self.target
    }

    /// Returns what is to be kept of it, if it says something that was not opened here before. Of a copy it is the
    /// letter that was copied, in its conversation.
    #[must_use]
    pub fn facts(&self) -> Option<MessageFacts> {
        let conversation = match &self.event {
            LetterEvent::Repeated(_) => return None,
            LetterEvent::Copied(copy) => copy.conversation,
            _ => self.conversation,
        };
        let facts = |target| MessageFacts { target, conversation, at: self.opened_at };
        self.target.map(facts)
    }
}

impl Client {
    /// Makes a correction of a message of this account: a new text, or of an attachment a new caption. Its number is
    /// 1, or one more than that of the last correction of this message; the highest is 32.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for a message of somebody else, for one that is older than a day, for another number, and
    /// for an empty text; [`Error::ContentTooLong`] for a longer one than a text.
    pub fn correction(
        &self,
        of: &MessageFacts,
        number: u8,
        text: &str,
        now: u64,
    ) -> Result<Content, Error> {
        self.check_own(of, CORRECT_FOR, now)?;
        Content::correction(&of.target, number, text)
    }

    /// Makes a deletion of a message of this account, for everybody who has it.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for a message of somebody else, and for one that is older than a week.
    pub fn deletion(&self, of: &MessageFacts, now: u64) -> Result<Content, Error> {
        self.check_own(of, DELETE_FOR, now)?;
        Ok(Content::deletion(&of.target))
    }

    /// Refuses a message of somebody else, and one that is too old.
    fn check_own(&self, of: &MessageFacts, seconds: u64, now: u64) -> Result<(), Error> {
        let now = self.inner.clock.now(now).reading();
        let is_own = of.target.account() == self.inner.own.list.first_id();
        let is_open = now <= of.at.saturating_add(seconds);
        if is_own && is_open { Ok(()) } else { Err(Error::NotAllowed) }
    }
}

impl Inner {
    /// Returns which message it is that this device sends.
    pub(super) fn own_message(&self, id: MessageId, digest: [u8; 32]) -> Target {
        Target::new(self.own.list.first_id(), self.address().device, id, digest)
    }
}
