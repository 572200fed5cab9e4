//! Messages to other messengers, as an app sees them.

use alloc::vec::Vec;

/// The kind of a message, which travels beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageKind {
    /// A message of a session that its receiver may not have yet: number 3 on the services' wires.
    Initial,
    /// A message of a session that both sides have: number 2, or 1 in the older libraries.
    Ordinary,
}

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedMessage {
    /// Its kind.
    pub kind: MessageKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}
