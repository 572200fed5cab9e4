//! Texts: `spec/content.md`, "Text". The rule is the same for members and for guests.

use alloc::string::{String, ToString};

use zeroize::Zeroizing;

use crate::error::Error;

/// Maximum length of a text in bytes. A policy may allow less.
pub(crate) const MAX_TEXT: u16 = 16_384;

/// A text, wiped on drop.
pub(crate) type Text = Zeroizing<String>;

/// Reads a text of 1 to `max` bytes of UTF-8.
pub(crate) fn text(bytes: &[u8], max: u16) -> Result<Text, Error> {
    if !(1..=usize::from(max)).contains(&bytes.len()) {
        return Err(Error::Malformed);
    }
    let text = core::str::from_utf8(bytes).map_err(|_| Error::Malformed)?;
    Ok(Zeroizing::new(text.to_string()))
}
