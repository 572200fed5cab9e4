//! Secret bytes: filled in place, wiped on drop, and nothing more.
//!
//! # Note `[boxes]`
//!
//! Wiping on drop reaches a value where it is, and not where it was:
//!
//! - A move leaves the value's bytes behind: in a vector that grows or is sorted, in a state that is handed on.
//!   Anything that holds a secret and can be moved on the heap is therefore in a box, which moves without them.
//! - The unused space of a smaller enum variant, or of `None`, holds whatever was on the stack when it was
//!   written, and is not wiped. In a state each variant is therefore one box, or zeros in the place of one
//!   ([`Room`]); small public values lie flat, with zeros for nothing.
//! - A value that is moved out of a box stays in the box's memory when that is freed. It is therefore swapped
//!   or copied out, and the box is dropped whole.

use alloc::vec::Vec;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Zeros in the place of the box that another variant of an enum has: see note `[boxes]`.
#[expect(dead_code, reason = "a room is there to be zero")]
pub(crate) struct Room(usize);

impl Room {
    pub(crate) const EMPTY: Self = Self(0);
}

/// `N` secret bytes.
///
/// There is no `Clone`, no `Debug`, no `PartialEq` and no conversion out. The bytes are inline, so that
/// deriving a message key allocates nothing; a holder that keeps them boxes them: see note `[boxes]`.
pub(crate) struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    /// Makes a secret by letting `write` fill it in place.
    pub(crate) fn fill(write: impl FnOnce(&mut [u8; N])) -> Self {
        let mut secret = Self([0; N]);
        write(&mut secret.0);
        secret
    }

    /// Copies a secret from bytes that something else owns and wipes.
    pub(crate) fn copy(bytes: &[u8; N]) -> Self {
        Self::fill(|out| out.copy_from_slice(bytes))
    }

    /// Returns the bytes, to be read by a primitive or written into sealed state.
    pub(crate) fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// Makes a second copy of this secret. Each use says why one is not enough.
    pub(crate) fn duplicate(&self) -> Self {
        Self::copy(&self.0)
    }

    /// Tells whether all bytes are zero, in constant time.
    pub(crate) fn is_zero(&self) -> bool {
        bool::from(self.0.ct_eq(&[0; N]))
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        wipe_slice(&mut self.0);
    }
}

/// Wipes bytes as one slice. An array that is given to `zeroize` itself is wiped byte by byte. Not generic,
/// so that it is compiled and optimised with this crate, and not wherever a holder is dropped.
pub(crate) fn wipe_slice(bytes: &mut [u8]) {
    bytes.zeroize();
}

/// Wipes a vector as one slice, and leaves it empty. Cleared, all of it is spare room, and only that is wiped as a
/// slice.
pub(crate) fn wipe_vec(bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.zeroize();
}

/// Implements `Debug` for a type that holds secrets: the type's name, the listed public values, and
/// `..` for the rest. So a holder of one can derive its own `Debug`, and a log never shows a key or
/// content.
macro_rules! redacted {
    ($name:ident $(<$lifetime:lifetime>)?, |$this:ident| $($field:ident = $value:expr),+ $(,)?) => {
        impl core::fmt::Debug for $name $(<$lifetime>)? {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let $this = self;
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($field), &$value))+
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use redacted;

/// Compares two byte strings of one length in constant time.
pub(crate) fn same<const N: usize>(a: &[u8; N], b: &[u8; N]) -> bool {
    bool::from(a.ct_eq(b))
}
