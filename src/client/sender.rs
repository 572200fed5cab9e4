//! Senders.

/// The kind of sender that something is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sender {
    /// Another device of this very account.
    Own,
    /// A member of the service, verified by its account's signature.
    Member,
    /// A guest: somebody who held the link. Label it so wherever it is shown.
    Guest,
}
