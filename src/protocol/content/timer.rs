//! Timers: `spec/conversations.md`.
//!
//! ```text
//! timer   = u32(seconds)                                1 to 31,622,400
//! setting = u64(number) ‖ u32(seconds)                  number from 1; seconds as above, or 0: off
//! kept    = u64(number) ‖ u32(seconds) ‖ flag ‖ [target]
//! ```

use super::target::Target;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// The longest timer in seconds: 366 days.
pub const MAX_TIMER: u32 = 366 * 86_400;

/// A new timer for a conversation, as a member says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerSetting {
    number: u64,
    seconds: u32,
}

/// The timer of a conversation, as a device knows it: the newest that any member has set. Keep it with the
/// conversation.
///
/// All devices that have heard the same settings know the same timer, in whatever order these came, and however
/// often.
///
/// ```
/// use latchstring::content::{Content, ConversationTimer};
///
/// # fn main() -> Result<(), latchstring::Error> {
/// let mut timer = ConversationTimer::default();
/// assert_eq!(timer.seconds(), None);
/// let week = Content::timer_setting(&timer, Some(7 * 86_400))?;
/// # let target = latchstring::content::Target::decode(&[7; 88])?;
/// // Sealed, and on every device opened: `target` is that of its letter.
/// if let Some(setting) = week.as_timer_setting() {
///     timer.merge(setting, &target);
/// }
/// assert_eq!(timer.seconds(), Some(7 * 86_400));
/// let message = Content::text("gone in a week")?.with_timer(7 * 86_400)?;
/// assert_eq!(message.timer(), timer.seconds());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConversationTimer {
    setting: TimerSetting,
    /// The letter that the setting came in; none if there was none.
    by: Option<Target>,
}

impl Default for TimerSetting {
    /// Makes the one that stands for none.
    fn default() -> Self {
        Self { number: 0, seconds: 0 }
    }
}

impl TimerSetting {
    /// Returns the timer in seconds; none if it is off.
    #[must_use]
    pub fn seconds(&self) -> Option<u32> {
        Some(self.seconds).filter(|seconds| *seconds != 0)
    }

    /// Returns its number: of two settings the one with the higher holds, and of two with one number that with the
    /// higher [`Target`].
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u64(self.number);
        writer.u32(self.seconds);
    }

    pub(super) fn read(body: &[u8]) -> Result<Self, Error> {
        let setting = Reader::all(body, Self::read_any)?;
        if setting.number == 0 { Err(Error::Malformed) } else { Ok(setting) }
    }

    fn read_any(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let setting = Self { number: reader.u64()?, seconds: reader.u32()? };
        if setting.seconds > MAX_TIMER { Err(Error::Malformed) } else { Ok(setting) }
    }
}

impl ConversationTimer {
    /// Returns the timer that a message of this conversation is to have, in seconds; none if it is to stay.
    #[must_use]
    pub fn seconds(&self) -> Option<u32> {
        self.setting.seconds()
    }

    /// Returns the letter that has set it, if any has: who that was, and when, is to be shown.
    #[must_use]
    pub fn set_by(&self) -> Option<Target> {
        self.by
    }

    /// Makes the setting that comes after it; [`Error::NotAllowed`] if there is none, or for no timer.
    pub(super) fn next(&self, seconds: Option<u32>) -> Result<TimerSetting, Error> {
        let number = self.setting.number.checked_add(1).ok_or(Error::NotAllowed)?;
        let seconds = seconds.map_or(Ok(0), checked)?;
        Ok(TimerSetting { number, seconds })
    }

    /// Takes in a setting that came in a letter of this conversation, this device's own included. Returns whether
    /// it changes anything: a line in the conversation says so then. An older one changes nothing.
    pub fn merge(&mut self, setting: TimerSetting, letter: &Target) -> bool {
        let is_newer = (setting.number, Some(*letter)) > (self.setting.number, self.by);
        if is_newer {
            *self = Self { setting, by: Some(*letter) };
        }
        is_newer
    }

    /// Encodes it, to be kept.
    #[must_use]
    pub fn encode(&self) -> alloc::vec::Vec<u8> {
        Writer::encoded(|writer| {
            self.setting.write(writer);
            writer.option(self.by.as_ref(), Target::write);
        })
    }

    /// Decodes what [`ConversationTimer::encode`] gave.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            let setting = TimerSetting::read_any(reader)?;
            let by = reader.option(Target::read)?;
            let was_set = setting != TimerSetting::default();
            let fits = was_set == by.is_some() && (setting.number != 0) == was_set;
            if fits { Ok(Self { setting, by }) } else { Err(Error::Malformed) }
        })
    }
}

/// Takes a timer of this side's.
pub(super) fn checked(seconds: u32) -> Result<u32, Error> {
    if (1..=MAX_TIMER).contains(&seconds) { Ok(seconds) } else { Err(Error::NotAllowed) }
}

/// Reads the timer of a message.
pub(super) fn read_timer(body: &[u8]) -> Result<u32, Error> {
    let seconds = Reader::all(body, Reader::u32)?;
    checked(seconds).map_err(|_| Error::Malformed)
}
