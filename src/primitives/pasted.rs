//! Secrets in texts as people paste them: `spec/README.md`, "Pasted secrets".
//!
//! ```text
//! pasted secret = letter ‖ "1" ‖ base32(bytes)
//! ```
//!
//! Which letter or digit a character is shows in no branch: those are secret. Whether it is one of them shows.

use alloc::string::String;
use alloc::vec::Vec;

use base32ct::{Base32UpperUnpadded, Encoding};
use zeroize::Zeroizing;

/// Maximum length of a text in bytes that is searched.
const MAX_TEXT: usize = 16_384;

/// Maximum number of times that escapes are undone.
const MAX_ESCAPED: usize = 3;

/// Maximum number of bytes that are skipped within a mark, and behind it.
const MAX_BETWEEN: usize = 256;

/// Maximum of bytes in front of a mark that are looked at for a URL.
const MAX_URL: usize = 2_048;

/// The byte that stands for escaped white space: it ends no URL, and is no character.
const ESCAPED_SPACE: u8 = 0x80;

/// The second character of a mark. It is none of base32, so that no secret has a mark in it.
const ONE: u8 = b'1';

/// Writes a pasted secret.
pub(crate) fn write(letter: char, bytes: &[u8]) -> Zeroizing<String> {
    let encoded = Zeroizing::new(Base32UpperUnpadded::encode_string(bytes));
    let mut text = Zeroizing::new(String::with_capacity(encoded.len().saturating_add(2)));
    text.push(letter);
    text.push(char::from(ONE));
    text.push_str(&encoded);
    text
}

/// Finds the first mark of this letter behind which `read` finds what it wants, among up to `max` characters.
pub(crate) fn find<T>(
    text: &str,
    letter: char,
    max: usize,
    mut read: impl FnMut(&[u8]) -> Option<T>,
) -> Option<T> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let mut text = Zeroizing::new(text.as_bytes().to_vec());
    for _ in 0..MAX_ESCAPED {
        let found = find_in(&text, letter, max, &mut read);
        if found.is_some() || !text.contains(&b'%') {
            return found;
        }
        text = unescaped(&text);
    }
    find_in(&text, letter, max, &mut read)
}

fn find_in<T>(
    text: &[u8],
    letter: char,
    max: usize,
    read: &mut impl FnMut(&[u8]) -> Option<T>,
) -> Option<T> {
    let ones = text.iter().enumerate().filter(|(_, byte)| **byte == ONE);
    ones.map(|(place, _)| text.split_at(place)).find_map(|(before, behind)| {
        let (_, behind) = behind.split_first()?;
        if is_marked(before, letter) { read(&characters(behind, max)) } else { None }
    })
}

/// Decodes the bytes that the first characters stand for; nothing if there are too few, or if they are not the one
/// text of these bytes.
pub(crate) fn decode(characters: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
    let characters = characters.get(..length.checked_mul(8)?.div_ceil(5))?;
    let mut bytes = Zeroizing::new(alloc::vec![0; length]);
    let decoded = Base32UpperUnpadded::decode(characters, bytes.as_mut_slice()).ok()?;
    let again = Zeroizing::new(Base32UpperUnpadded::encode_string(decoded));
    let pairs = again.bytes().zip(characters);
    let difference = pairs.fold(0, |any, (one, other)| any | (one ^ other));
    (decoded.len() == length && difference == 0).then_some(bytes)
}

/// Undoes the escapes of URLs once.
fn unescaped(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((byte, behind)) = first_of(rest) {
        out.push(byte);
        rest = behind;
    }
    out
}

/// Takes the first byte of a text, escaped or not.
fn first_of(text: &[u8]) -> Option<(u8, &[u8])> {
    if let [b'%', high, low, behind @ ..] = text
        && let Some(byte) = escape(*high, *low)
    {
        return Some((byte, behind));
    }
    text.split_first().map(|(byte, behind)| (*byte, behind))
}

/// Returns the byte that two hexadecimal digits stand for.
fn escape(high: u8, low: u8) -> Option<u8> {
    let [high, low] = [high, low].map(|digit| char::from(digit).to_digit(16));
    let byte = u8::try_from(high?.checked_mul(16)?.checked_add(low?)?).ok()?;
    Some(if byte.is_ascii_whitespace() { ESCAPED_SPACE } else { byte })
}

/// Tells whether a text ends with this letter, and with nothing in front of it that makes it part of something else.
fn is_marked(before: &[u8], letter: char) -> bool {
    let between = before.iter().rev().take_while(|byte| !is_character(**byte)).count();
    let rest = before.get(..before.len().saturating_sub(between)).unwrap_or_default();
    let Some((found, front)) = rest.split_last() else { return false };
    let is_part = front
        .last()
        .is_some_and(|byte| is_character(*byte) || matches!(byte, b'/' | b'?' | b'=' | b'&'));
    let is_letter = char::from(found.to_ascii_uppercase()) == letter;
    between <= MAX_BETWEEN && is_letter && !is_part && !is_within_url(front)
}

/// Tells whether a text ends within a URL that has no `#` yet: what follows was sent to a server.
fn is_within_url(text: &[u8]) -> bool {
    let from = text.len().saturating_sub(MAX_URL);
    let text = text.get(from..).unwrap_or_default();
    let word = text.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
    let place = word.windows(3).rposition(|part| part == b"://");
    let url = place.and_then(|place| word.get(place..));
    url.is_some_and(|url| !url.contains(&b'#'))
}

/// Returns the letters and digits that a text has in front, as capital ones, whatever stands between them.
fn characters(text: &[u8], max: usize) -> Zeroizing<Vec<u8>> {
    let mut found = Zeroizing::new(Vec::with_capacity(max));
    let mut between = 0_usize;
    for byte in text {
        if is_character(*byte) {
            found.push(byte.to_ascii_uppercase());
        } else {
            between = between.saturating_add(1);
        }
        if found.len() == max || between > MAX_BETWEEN {
            break;
        }
    }
    found
}

/// Tells whether a byte is a letter or a digit, and not which of both.
fn is_character(byte: u8) -> bool {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let is_digit = byte.wrapping_sub(b'0') < 10;
    is_letter | is_digit
}

#[cfg(test)]
#[path = "tests/pasted.rs"]
mod tests;
