//! Objects that a device of an account makes for the others.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::primitives::secret::redacted;

/// An object for this account's other devices, which act upon it: a shared link, grant or chat of a guest's, a link's
/// notice, a copy of what was said to a guest, a guest's hand-over, a history request or manifest. Secret.
///
/// Another device's comes out of [`LetterEvent::Own`](super::LetterEvent::Own), and so from an own device: nothing that
/// anybody else wrote can become one, unless the app gives it to [`OwnObject::recall`].
pub struct OwnObject(Zeroizing<Vec<u8>>);

redacted!(OwnObject, |object| length = object.as_bytes().len());

impl OwnObject {
    pub(crate) fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    pub(super) fn duplicate(&self) -> Self {
        Self(Zeroizing::new(self.0.to_vec()))
    }

    /// Takes an object back from this device's own store ([`OwnObject::as_bytes`]), or makes one of a link's
    /// notice ([`Invite::notice`](crate::guest::Invite::notice)). Give nothing here that somebody else wrote: a
    /// stranger can write a shared chat that [`Chat::import`](crate::guest::Chat::import) takes. Nothing is
    /// checked: the operation that takes the object does that.
    #[must_use]
    pub fn recall(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, to be stored until the object can be used, a grant may come before its link, or is sent
    /// again.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
