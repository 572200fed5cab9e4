//! Events of a chat, for its caller.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::client::{Address, Alert, Envelope};
use crate::error::Error;
use crate::protocol::content::Sender;
use crate::protocol::franking::Evidence;
use crate::protocol::guest::content::{EndReason, TextStatus};
use crate::protocol::guest::hand_over::HandOver;
use crate::protocol::guest::text::{ChatText, TextId};
use crate::protocol::position::Position;
use crate::protocol::ratchet::{Exporter, MessageSecret};

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
    /// The time when it was sealed, by its sender's clock.
    pub sent: u64,
    /// Set on the first event after the two devices began a new session in the place of one that no longer served.
    /// Tell the user: texts of the time between may be unread; and one side was restored from a backup, or
    /// somebody has a copy of it, and can now stand in its place.
    pub renewed: bool,
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
    /// The evidence for the service that the sender has said this, if it is a text and was opened with its frank
    /// ([`Chat::open_franked`](crate::guest::Chat::open_franked)).
    pub evidence: Option<Evidence>,
    pub(super) secret: Box<MessageSecret>,
}

impl ReceivedEvent {
    /// Derives the exporter of the message, the same as its sender has
    /// ([`Chat::text_exporting`](crate::guest::Chat::text_exporting)).
    #[must_use]
    pub fn exporter(&self) -> Exporter {
        self.secret.exporter()
    }
}

/// The result of taking in a message, whatever it is ([`Chat::take`](crate::guest::Chat::take)).
#[derive(Debug)]
#[non_exhaustive]
pub enum TakenMessage {
    /// It was opened: show the event.
    Event(Box<ReceivedEvent>),
    /// It was opened before: acknowledge it.
    Known,
    /// Keep it, let the chat learn the newest device list of the host's account, and take it again.
    Waits,
    /// It did not open, and the chat remembers what is to be remembered: acknowledge it, and show that there was
    /// something. [`Chat::repair`](crate::guest::Chat::repair) says what to send.
    Unread,
    /// It is none of this chat, or comes too late, and nothing is to be done: acknowledge it.
    Refused(Error),
}

/// The work of one look after a chat ([`Chat::repair`](crate::guest::Chat::repair)).
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Repaired {
    /// Messages to send, once the change is saved.
    pub envelopes: Vec<Envelope>,
    /// [`ChatEvent::NewLinkNeeded`] if the change ends the chat because nothing can repair it.
    pub event: Option<ChatEvent>,
}

/// A text that was sealed ([`Chat::text`](crate::guest::Chat::text)).
#[derive(Debug)]
pub struct SentText {
    /// The text, as the other side gets it: show it, and keep it to send it again
    /// ([`Chat::resend`](crate::guest::Chat::resend)) or to tell own devices
    /// ([`Chat::export_copy`](crate::guest::Chat::export_copy)).
    pub text: ChatText,
    /// Messages to send, once the change is saved.
    pub envelopes: Vec<Envelope>,
}

/// A text that was sealed, and what it exports.
#[derive(Debug)]
pub struct ExportedText {
    /// The text, and its envelopes.
    pub sent: SentText,
    /// The exporter of each envelope, with the device that has the same.
    pub exporters: Vec<(Address, Exporter)>,
}

/// A copy of another own device, as this one takes it ([`Chat::sync_copy`](crate::guest::Chat::sync_copy)).
#[derive(Debug)]
pub struct SyncedCopy {
    /// The text that the own device has said; `None` if the copy has none, or this device has it.
    pub text: Option<ChatText>,
    /// [`Alert::Equivocation`] for each text under whose id the guest, or the own device, has said something else
    /// here: tell the user.
    pub alerts: Vec<Alert>,
}

/// An event of a chat.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatEvent {
    /// A text.
    Text(ChatText),
    /// A text that came before, and was sent again: there is nothing to show. If the alerts name an
    /// [`Alert::Equivocation`], it says something else under the id of that text: tell the user that the device says
    /// two things.
    Repeated(TextId),
    /// The other side tells what has become of texts of this one. Ids that are not known here say nothing.
    Receipt {
        /// The fate of the texts.
        status: TextStatus,
        /// The texts.
        texts: Vec<TextId>,
    },
    /// The guest is an account from now on, by its own key and by that of a device of the account. Show it to the user,
    /// who says whether the host goes on with the account ([`Chat::accept_hand_over`]); nothing has changed before. It
    /// may come again.
    ///
    /// [`Chat::accept_hand_over`]: crate::guest::Chat::accept_hand_over
    HandedOver(Box<HandOver>),
    /// The host goes on with the account that this guest is now: the chat is over. Applying the change erases its keys.
    BecameAccount,
    /// The host has proved the link's PIN; call [`Chat::prove_pin`](crate::guest::Chat::prove_pin).
    PinAnswered,
    /// The guest has proved the link's PIN, so both know it; the chat may be granted.
    PinProved,
    /// The other side does not know the PIN, or one of the two mistyped it: the guest, or the device that made the
    /// link. Applying the change ends the chat: there is no second guess, make a new link.
    PinWrong,
    /// The host has let this guest in. It may come again: a host repeats a grant that may have been lost.
    Granted,
    /// A device of the host has come in: a late one, or with [`ReceivedEvent::renewed`] one that was in already. The
    /// guest's texts are sealed for it, too, from now on. It may come again.
    Joined,
    /// The guest is there, but has nothing to say: it waits, or did not read something. Nothing is to be shown;
    /// [`Chat::repair`](crate::guest::Chat::repair) answers it.
    Knocked,
    /// The two sides no longer understand each other, and nothing can repair it: the chat is over, and needs a new
    /// link. It is what [`Chat::repair`](crate::guest::Chat::repair) says.
    NewLinkNeeded,
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
            Self::Repeated(_) => "Repeated(..)",
            Self::Receipt { .. } => "Receipt(..)",
            Self::HandedOver(_) => "HandedOver(..)",
            Self::BecameAccount => "BecameAccount",
            Self::PinAnswered => "PinAnswered",
            Self::PinProved => "PinProved",
            Self::PinWrong => "PinWrong",
            Self::Granted => "Granted",
            Self::Joined => "Joined",
            Self::Knocked => "Knocked",
            Self::NewLinkNeeded => "NewLinkNeeded",
            Self::DeviceEnded => "DeviceEnded",
            Self::Ended => "Ended",
        })
    }
}
