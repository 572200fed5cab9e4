//! What a chat tells its caller.

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::client::{Address, Alert};
use crate::protocol::content::EndReason;
use crate::protocol::ratchet::Position;

/// How far a chat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChatStatus {
    /// The guest has claimed it, the host has not let it in yet.
    Waiting,
    /// Both sides may write.
    Active,
    /// It is over, and its keys are erased.
    Ended(EndReason),
}

/// Whose words something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// Another device of this very account.
    Own,
    /// A member of the service, verified by its account's signature.
    Member,
    /// A guest: somebody who held the link. Label it so wherever it is shown.
    Guest,
}

/// Something that arrived in a chat.
pub struct Received {
    /// What it is.
    pub event: Event,
    /// The device that sent it, by the keys of the session.
    pub from: Address,
    /// Whose it is, by the keys of the session.
    pub origin: Origin,
    /// What the user, or a log, should know beside it: that the sender knows other devices of the
    /// host than this side does, or does not any more
    /// ([`Chat::mismatches`](crate::Chat::mismatches)).
    pub alerts: Vec<Alert>,
    /// Where it stands among the sender's messages.
    pub position: Position,
    /// Earlier messages that this one showed to be missing. They can still arrive.
    pub missing: usize,
    /// Still earlier messages that are lost for good.
    pub lost: usize,
}

/// What arrived.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A text, wiped on drop.
    Text(Zeroizing<String>),
    /// The host has proved the link's PIN; call [`Chat::prove_pin`](crate::Chat::prove_pin).
    PinAnswered,
    /// The guest has proved the link's PIN, so both know it; the chat may be granted.
    PinProved,
    /// The other side does not know the PIN, or one of the two mistyped it. Applying the change
    /// ends the chat: there is no second guess, make a new link.
    PinWrong,
    /// The host has let this guest in. May come again: a host repeats a grant that may have been
    /// lost.
    Granted,
    /// A device of the host that was linked later, or could not take the claim, has come in. What
    /// the guest says from now on is sealed for it, too.
    Joined,
    /// The other side has ended the chat. Applying the change erases its keys.
    Ended,
}
