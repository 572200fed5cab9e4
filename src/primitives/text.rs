//! base64url without padding, encoded and decoded without tables indexed by secrets.

use alloc::string::String;

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
