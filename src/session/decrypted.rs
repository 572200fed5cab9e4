//! Messages that were opened.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::primitives::secret::redacted;
use crate::protocol::position::Position;
use crate::protocol::ratchet::{Exporter, MessageSecret};

/// A message that was opened.
pub struct Decrypted {
    /// The content, wiped on drop.
    pub content: Zeroizing<Vec<u8>>,
    /// The message's place among those of its sender.
    pub position: Position,
    /// Earlier messages that this one overtook. They can still arrive.
    pub skipped: usize,
    /// Messages overtaken before whose keys this one pushed out of memory, for room or for age. They are
    /// lost: tell the user.
    pub lost: usize,
    pub(crate) secret: Box<MessageSecret>,
}

redacted!(
    Decrypted,
    |opened| position = opened.position,
    skipped = opened.skipped,
    lost = opened.lost
);

impl Decrypted {
    /// Derives the message's exporter, the same as its sender has. Drop both soon, or whoever steals one has its
    /// secrets.
    #[must_use]
    pub fn exporter(&self) -> Exporter {
        self.secret.exporter()
    }
}
