//! Public ids: bytes that name something, with a text form in hexadecimal.

use core::fmt;

use crate::error::Error;

/// Defines public ids, each a type of its own: fixed bytes, ordered, hashed, shown and read in
/// hexadecimal.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident: $length:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $crate::primitives::id::write_hex(&self.0, f)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::error::Error;

            /// Reads the hexadecimal form, in lower or upper case; anything else is
            /// [`Error::Malformed`](crate::Error::Malformed).
            fn from_str(text: &str) -> Result<Self, $crate::error::Error> {
                $crate::primitives::id::read_hex(text).map(Self)
            }
        }

        impl From<[u8; $length]> for $name {
            fn from(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
    )*};
}
pub(crate) use ids;

/// Writes bytes as two lower-case digits each.
pub(crate) fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Reads exactly `N` bytes of two digits each.
pub(crate) fn read_hex<const N: usize>(text: &str) -> Result<[u8; N], Error> {
    let digits = text.as_bytes();
    let mut bytes = [0; N];
    if digits.len() != bytes.len().saturating_mul(2) {
        return Err(Error::Malformed);
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            *byte = (*byte << 4) | value.ok_or(Error::Malformed)?;
        }
    }
    Ok(bytes)
}
