//! Events of a chat, for its caller.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::client::{Address, Alert};
use crate::protocol::content::Sender;
use crate::protocol::guest::content::EndReason;
use crate::protocol::position::Position;

/// The stage that a chat is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChatStatus {
    /// The guest has claimed it; the host has not let the guest in yet.
    Waiting,
    /// Both sides may write.
    Active,
    /// It is over, and its keys are erased.
    Ended(EndReason),
}

/// An event that arrived in a chat, with its sender.
#[derive(Debug)]
pub struct ReceivedEvent {
    /// The event.
    pub event: ChatEvent,
    /// The device that sent it, by the keys of the session.
    pub from: Address,
    /// The kind of its sender, by the keys of the session.
    pub sender: Sender,
    /// Findings of which the user, or a log, should know: that the sender knows another device list of the host
    /// than this side does, or no longer does ([`Chat::mismatches`](crate::guest::Chat::mismatches)).
    pub alerts: Vec<Alert>,
    /// The message's place among those of its sender.
    pub position: Position,
    /// Earlier messages that this one overtook. They can still arrive.
    pub skipped: usize,
    /// Messages overtaken before that are lost now.
    pub lost: usize,
}

/// An event of a chat.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatEvent {
    /// A text, wiped on drop.
    Text(Zeroizing<String>),
    /// The host has proved the link's PIN; call [`Chat::prove_pin`](crate::guest::Chat::prove_pin).
    PinAnswered,
    /// The guest has proved the link's PIN, so both know it; the chat may be granted.
    PinProved,
    /// The other side does not know the PIN, or one of the two mistyped it: the guest, or the device that made the
    /// link. Applying the change ends the chat: there is no second guess, make a new link.
    PinWrong,
    /// The host has let this guest in. It may come again: a host repeats a grant that may have been lost.
    Granted,
    /// A late device of the host has joined. What the guest says from now on is sealed for it, too.
    Joined,
    /// The device of the host that sent this has ended its part of the chat, and did not make the link: the others go
    /// on, and it reads nothing more. Applying the change erases its keys. Show which device it was.
    DeviceEnded,
    /// The other side has ended the chat. Applying the change erases its keys.
    Ended,
}

impl fmt::Debug for ChatEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::PinAnswered => "PinAnswered",
            Self::PinProved => "PinProved",
            Self::PinWrong => "PinWrong",
            Self::Granted => "Granted",
            Self::Joined => "Joined",
            Self::DeviceEnded => "DeviceEnded",
            Self::Ended => "Ended",
        })
    }
}
