//! Six decimal digits that people read off one screen and type at another.

use alloc::boxed::Box;
use alloc::string::String;

use zeroize::Zeroizing;

use super::codec::{Reader, Writer};
use super::secret::{Secret, same};
use crate::error::Error;

/// Number of the digits.
const DIGITS: usize = 6;

/// Bytes that the digits are made of: 64 bits each.
pub(crate) const DRAWN: usize = 8 * DIGITS;

/// Six digits, in ASCII. Secret.
pub(crate) struct Digits(Box<Secret<DIGITS>>);

impl Digits {
    /// Makes digits of uniform bytes.
    pub(crate) fn of(drawn: &Secret<DRAWN>) -> Self {
        let (numbers, _) = drawn.expose().as_chunks::<8>();
        Self(Box::new(Secret::fill(|digits| {
            // 64 bits to a digit: the bias is below 2^-60.
            for (digit, number) in digits.iter_mut().zip(numbers) {
                let [.., value] = u64::from_be_bytes(*number).wrapping_rem(10).to_be_bytes();
                *digit = value.wrapping_add(b'0');
            }
        })))
    }

    /// Reads digits as typed: exactly six, and nothing else.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let bytes: &[u8; DIGITS] = text.as_bytes().try_into().map_err(|_| Error::InvalidDigits)?;
        if bytes.iter().all(u8::is_ascii_digit) {
            Ok(Self(Box::new(Secret::copy(bytes))))
        } else {
            Err(Error::InvalidDigits)
        }
    }

    /// Makes a second copy. Each use says why one is not enough.
    pub(crate) fn duplicate(&self) -> Self {
        Self(Box::new(self.0.duplicate()))
    }

    /// Compares with other digits in constant time.
    pub(crate) fn are(&self, others: &Self) -> bool {
        same(self.0.expose(), others.0.expose())
    }

    /// Returns the digits, to be shown.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(DIGITS));
        text.extend(self.0.expose().iter().map(|digit| char::from(*digit)));
        text
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.expose());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let digits: &[u8; DIGITS] = reader.array()?;
        let text = core::str::from_utf8(digits).map_err(|_| Error::Malformed)?;
        Self::parse(text).map_err(|_| Error::Malformed)
    }
}

#[cfg(test)]
#[path = "tests/digits.rs"]
mod tests;
