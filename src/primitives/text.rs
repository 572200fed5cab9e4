//! Text: base64url without padding, encoded and decoded without tables indexed by secrets; and lines
//! that somebody else wrote and that a user is shown.

use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use crate::error::Error;

/// Encodes `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(Base64UrlUnpadded::encode_string(bytes))
}

/// Decodes a text of exactly `N` bytes. `N` is a multiple of 3, so the text has no spare bits and is
/// the only one of its bytes.
pub(crate) fn decode<const N: usize>(text: &str) -> Result<Zeroizing<[u8; N]>, Error> {
    let mut bytes = Zeroizing::new([0; N]);
    let decoded = Base64UrlUnpadded::decode(text, bytes.as_mut_slice())
        .map_err(|_| Error::LinkMangled)?
        .len();
    if decoded == N { Ok(bytes) } else { Err(Error::LinkMangled) }
}

/// Decodes a text of at most `max` bytes. A text whose spare bits are set is refused, so that bytes
/// have one text.
pub(crate) fn decode_up_to(text: &str, max: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(alloc::vec![0; max]);
    let length = Base64UrlUnpadded::decode(text, bytes.as_mut_slice())
        .map_err(|_| Error::LinkMangled)?
        .len();
    bytes.truncate(length);
    Ok(bytes)
}

/// Tells whether a text can stand in a line that a user reads without misleading: it has no control
/// characters, none that change the direction of text, no line separators, and no invisible characters
/// but the joiners that scripts and emoji need.
pub(crate) fn is_line(text: &str) -> bool {
    let deceives = |char: char| {
        let invisible = matches!(
            char,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        );
        invisible || char.is_control()
    };
    !text.chars().any(deceives)
}
