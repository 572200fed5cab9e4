//! The digits of a linking, by which its user tells the true offer: `spec/linking.md`, "Digits".
//!
//! ```text
//! drawn   = HKDF-Expand(prk, LABEL(linking/digits) ‖ t, 48)
//! digit j = u64(bytes 8j … 8j + 7 of drawn) mod 10        j = 0 … 5, in ASCII
//! ```

use core::fmt;

use zeroize::Zeroizing;

use alloc::string::String;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::digits::Digits;
use crate::primitives::kdf::Prk;

use crate::protocol::labels;

/// Six digits that the primary shows and the user types at the new device. Secret until they are typed.
///
/// Somebody who saw the code can make an offer of its own, but not one with these digits: they follow from keys
/// that only the two devices have.
pub struct LinkingDigits(Digits);

impl LinkingDigits {
    pub(super) fn derive(prk: &Prk, transcript: &[u8; 32]) -> Self {
        Self(Digits::of(&prk.expand(&[labels::LINKING_DIGITS, transcript])))
    }

    /// Reads digits as the user typed them.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidDigits`] if they are not exactly six ASCII digits: ask again, no guess was spent.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Digits::parse(text).map(Self)
    }

    /// Returns the digits, for the primary's screen.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        self.0.text()
    }

    /// Compares with those that were typed.
    pub(super) fn check(&self, typed: &Self) -> Result<(), Error> {
        if self.0.are(&typed.0) { Ok(()) } else { Err(Error::DigitsDiffer) }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        self.0.write(writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Digits::read(reader).map(Self)
    }
}

impl fmt::Debug for LinkingDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkingDigits(…)")
    }
}
