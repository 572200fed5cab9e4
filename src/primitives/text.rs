//! Text: base64url without padding, encoded and decoded without tables indexed by secrets; and lines
//! that somebody else wrote and that a user is shown.

use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use crate::error::Error;

/// The text of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(Base64UrlUnpadded::encode_string(bytes))
}

/// The `N` bytes of a text of exactly that many. `N` is a multiple of 3, so a text has no spare bits
/// and is the only one of its bytes.
pub(crate) fn decode<const N: usize>(text: &str) -> Result<Zeroizing<[u8; N]>, Error> {
    let mut bytes = Zeroizing::new([0; N]);
    let decoded = Base64UrlUnpadded::decode(text, bytes.as_mut_slice())
        .map_err(|_| Error::LinkMangled)?
        .len();
    if decoded == N { Ok(bytes) } else { Err(Error::LinkMangled) }
}

/// The bytes of a text of at most `max` of them. A text with spare bits that are set is refused, so
/// that there is one text of its bytes.
pub(crate) fn decode_up_to(text: &str, max: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(alloc::vec![0; max]);
    let length = Base64UrlUnpadded::decode(text, bytes.as_mut_slice())
        .map_err(|_| Error::LinkMangled)?
        .len();
    bytes.truncate(length);
    Ok(bytes)
}

/// Whether a text can stand in a line that a user reads, and be no more than it seems to be: it has
/// no control characters, none that turn the direction of what follows, no separators of lines, and no
/// invisible ones but the joiners that scripts and pictures are written with.
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
