//! Secret bytes: filled in place, wiped on drop, and nothing more.

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// `N` secret bytes.
///
/// There is no `Clone`, no `Debug`, no `PartialEq` and no conversion out. The bytes are inline, so
/// that deriving a message key allocates nothing; whatever lives in a collection that can grow is
/// boxed by its owner, because a growing vector leaves unwiped copies behind.
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

    /// The bytes, to be read by a primitive or written into sealed state.
    pub(crate) fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// A second copy of this secret. Each use says why one is not enough.
    pub(crate) fn duplicate(&self) -> Self {
        Self::copy(&self.0)
    }

    /// Whether all bytes are zero, in constant time.
    pub(crate) fn is_zero(&self) -> bool {
        bool::from(self.0.ct_eq(&[0; N]))
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Compares two byte strings of one length in constant time.
pub(crate) fn same<const N: usize>(a: &[u8; N], b: &[u8; N]) -> bool {
    bool::from(a.ct_eq(b))
}
