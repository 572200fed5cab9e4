//! Senders.

/// The kind of sender that something is from. It decides what may be said
/// ([`Kinds::of`](crate::content::Kinds::of)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sender {
    /// Another device of this very account.
    Own,
    /// A member of the service, verified by its account's signature.
    Member,
    /// A guest: somebody who held the link. Label it so wherever it is shown.
    Guest,
    /// An account of another service. Label it so wherever it is shown.
    Foreign,
}
