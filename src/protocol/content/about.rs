//! Contents about other messages, and what stands beside a message: `spec/conversations.md`.

use alloc::boxed::Box;

use super::amendment::{Correction, Deletion, MAX_CORRECTIONS};
use super::attachment::Attachment;
use super::content::{Content, checked};
use super::kind::Kind;
use super::reaction::Reaction;
use super::receipt::{Receipt, ReceiptKind};
use super::said::Said;
use super::target::Target;
use super::timer::{self, ConversationTimer, TimerSetting};
use crate::error::Error;

impl Content {
    /// Makes it an answer to a message, which shows beside it.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] if it is no message.
    pub fn with_reply(mut self, target: &Target) -> Result<Self, Error> {
        if !self.said.is_message() {
            return Err(Error::NotAllowed);
        }
        self.reply = Some(Box::new(*target));
        Ok(self)
    }

    /// Has a message disappear so many seconds, up to 366 days, after it was read, and where it was written after it
    /// was sent. A conversation's own timer gives [`ConversationTimer::seconds`].
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for another time, and if it is no message, or one that is shown once.
    pub fn with_timer(mut self, seconds: u32) -> Result<Self, Error> {
        if !self.said.may_end() {
            return Err(Error::NotAllowed);
        }
        self.timer = Some(timer::checked(seconds)?);
        Ok(self)
    }

    /// Has an image, a voice message or a video be shown once, on one of the devices of each account that gets it
    /// ([`Client::view`](crate::client::Client::view)).
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for anything else, and for what has a timer.
    pub fn shown_once(mut self) -> Result<Self, Error> {
        let said = core::mem::replace(&mut self.said, Said::Nothing);
        if self.timer.is_some() {
            return Err(Error::NotAllowed);
        }
        self.said = said.and(Kind::ViewOnce, &[]).map_err(|_| Error::NotAllowed)?;
        Ok(self)
    }

    /// Makes a reaction to a message: a sign, as a rule an emoji, or nothing, to take back the one before. Its number
    /// is 1, or one more than that of the account's last reaction to this message.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] for a sign that is empty, longer than 64 bytes or no line; [`Error::NotAllowed`] for the
    /// number 0.
    pub fn reaction(target: &Target, number: u32, sign: Option<&str>) -> Result<Self, Error> {
        Ok(Said::Reaction(Box::new(Reaction::new(target, number, sign)?)).into())
    }

    /// Makes a receipt of 1 to 128 messages of one account.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for none, for more, and for messages of several accounts.
    pub fn receipt(kind: ReceiptKind, messages: &[Target]) -> Result<Self, Error> {
        Ok(Said::Receipt(Receipt::new(kind, messages)?).into())
    }

    /// Says that the user has begun to type, or has stopped.
    #[must_use]
    pub fn typing(begun: bool) -> Self {
        Said::Typing(begun).into()
    }

    /// Makes a new setting of the conversation's timer: seconds, up to 366 days, or none, so that messages stay.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for another time, or if somebody has set the last number that there is.
    pub fn timer_setting(now: &ConversationTimer, seconds: Option<u32>) -> Result<Self, Error> {
        Ok(Said::TimerSetting(now.next(seconds)?).into())
    }

    /// Makes a correction of an own message. Whose that is has been checked.
    pub(crate) fn correction(of: &Target, number: u8, text: &str) -> Result<Self, Error> {
        if !(1..=MAX_CORRECTIONS).contains(&number) {
            return Err(Error::NotAllowed);
        }
        Ok(Said::Correction(Correction { named: of.named, number, text: checked(text)? }).into())
    }

    /// Makes a deletion of an own message. Whose that is has been checked.
    pub(crate) fn deletion(of: &Target) -> Self {
        Said::Deletion(Deletion { named: of.named }).into()
    }

    /// Returns the message that it answers, if it does. It is the sender's word: show of that message what this
    /// device has itself, and nothing if it has none.
    #[must_use]
    pub fn reply(&self) -> Option<Target> {
        self.reply.as_deref().copied()
    }

    /// Returns the seconds after which it disappears, if it does
    /// ([`Client::start_timer`](crate::client::Client::start_timer)).
    #[must_use]
    pub fn timer(&self) -> Option<u32> {
        self.timer
    }

    /// Returns what is shown once, if that is what it is: an image, a voice message or a video.
    #[must_use]
    pub fn view_once(&self) -> Option<Kind> {
        self.as_view_once().map(Attachment::kind)
    }

    /// Returns the correction, if it is one.
    #[must_use]
    pub fn as_correction(&self) -> Option<&Correction> {
        match &self.said {
            Said::Correction(correction) => Some(correction),
            _ => None,
        }
    }

    /// Returns the deletion, if it is one.
    #[must_use]
    pub fn as_deletion(&self) -> Option<Deletion> {
        match &self.said {
            Said::Deletion(deletion) => Some(*deletion),
            _ => None,
        }
    }

    /// Returns the reaction, if it is one.
    #[must_use]
    pub fn as_reaction(&self) -> Option<&Reaction> {
        match &self.said {
            Said::Reaction(reaction) => Some(reaction),
            _ => None,
        }
    }

    /// Returns the receipt, if it is one.
    #[must_use]
    pub fn as_receipt(&self) -> Option<&Receipt> {
        match &self.said {
            Said::Receipt(receipt) => Some(receipt),
            _ => None,
        }
    }

    /// Returns whether somebody has begun to type, or has stopped, if that is what it says.
    #[must_use]
    pub fn as_typing(&self) -> Option<bool> {
        match &self.said {
            Said::Typing(begun) => Some(*begun),
            _ => None,
        }
    }

    /// Returns the setting of the conversation's timer, if it is one ([`ConversationTimer::merge`]).
    #[must_use]
    pub fn as_timer_setting(&self) -> Option<TimerSetting> {
        match &self.said {
            Said::TimerSetting(setting) => Some(*setting),
            _ => None,
        }
    }

    /// Returns what is shown once.
    pub(crate) fn as_view_once(&self) -> Option<&Attachment> {
        match &self.said {
            Said::ViewOnce(attachment) => Some(attachment),
            _ => None,
        }
    }

    /// Tells whether it is of use for a moment only: nobody remembers it, and it is not sent again.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.said, Said::Receipt(_) | Said::Typing(_))
    }

    /// Tells whether it stands in the letter itself, because nothing in it is long.
    pub(crate) fn is_brief(&self) -> bool {
        let is_about =
            matches!(self.said, Said::Deletion(_) | Said::TimerSetting(_) | Said::Reaction(_));
        is_about || self.is_passing()
    }
}
