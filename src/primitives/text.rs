//! base64url without padding, encoded and decoded without tables indexed by secrets.

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
