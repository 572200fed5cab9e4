//! Grounds on which devices on other messengers are taken for their accounts': `spec/third-party.md`, "Labels".

/// The ground on which a device is taken for its account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Binding {
    /// The account's key and its provider do, and the message says whose it is.
    Attested,
    /// Nobody does: the identity was trusted when it was first seen, and the message says nothing of its sender.
    Unbound,
}
