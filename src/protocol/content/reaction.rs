//! Reactions: `spec/conversations.md`.
//!
//! ```text
//! reaction = target (88) ‖ u32(number) ‖ sign?
//! ```

use super::target::Target;
use super::text::{Text, text};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::primitives::text::is_line;

/// The longest sign in bytes: an emoji with all its joiners.
const MAX_SIGN: u16 = 64;

/// A reaction to a message: a sign, as a rule an emoji, or that the one before is taken back. Secret.
///
/// Of those of one account to one message the one with the highest number holds, and of two with one number that with
/// the higher [`Target`]: show one for each account.
pub struct Reaction {
    target: Target,
    number: u32,
    sign: Option<Text>,
}

redacted!(Reaction, |reaction| number = reaction.number);

impl Reaction {
    /// Makes one; [`Error::NotAllowed`] for the number 0, [`Error::InvalidName`] for a sign that is none.
    pub(super) fn new(target: &Target, number: u32, sign: Option<&str>) -> Result<Self, Error> {
        if number == 0 {
            return Err(Error::NotAllowed);
        }
        let sign = sign.map(|sign| read_sign(sign.as_bytes())).transpose();
        Ok(Self { target: *target, number, sign: sign.map_err(|_| Error::InvalidName)? })
    }

    /// Returns the message that it is about.
    #[must_use]
    pub fn target(&self) -> Target {
        self.target
    }

    /// Returns its number, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns the sign, a line of up to 64 bytes; none if the account takes its reaction back.
    #[must_use]
    pub fn sign(&self) -> Option<&str> {
        self.sign.as_ref().map(|sign| sign.as_str())
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        self.target.write(writer);
        writer.u32(self.number);
        writer.raw(self.sign().unwrap_or_default().as_bytes());
    }

    pub(super) fn read(body: &[u8]) -> Result<Self, Error> {
        Reader::all(body, |reader| {
            let (target, number) = (Target::read(reader)?, reader.u32()?);
            if number == 0 {
                return Err(Error::Malformed);
            }
            let sign = if reader.is_empty() { None } else { Some(read_sign(reader.rest())?) };
            Ok(Self { target, number, sign })
        })
    }
}

/// Reads a sign: a short line.
fn read_sign(bytes: &[u8]) -> Result<Text, Error> {
    let sign = text(bytes, MAX_SIGN)?;
    if is_line(&sign) { Ok(sign) } else { Err(Error::Malformed) }
}
