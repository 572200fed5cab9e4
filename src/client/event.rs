//! Letters that arrive at a client: what they bring, and what is to be told beside it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::address::Address;
use super::blob_reference::BlobReference;
use super::contact::ListMismatch;
use super::copied_letter::CopiedLetter;
use super::own_object::OwnObject;
use super::plan::Conversation;
use crate::error::Error;
use crate::protocol::content::{Content, Sender, Target, decode_notice};
use crate::protocol::franking::Evidence;
use crate::protocol::group::operation::OperationHash;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter;
use crate::protocol::letter::MessageId;
use crate::protocol::letter::object::ObjectKind;
use crate::protocol::position::Position;
use crate::protocol::ratchet::{Exporter, MessageSecret};

/// A letter that was opened.
#[derive(Debug)]
pub struct ReceivedLetter {
    /// The device that sent it, as its session proved, whatever a server says.
    pub from: Address,
    /// The kind of its sender.
    pub sender: Sender,
    /// The conversation that it belongs to; for an own copy the one that it was sent in.
    pub conversation: Conversation,
    /// The message id, the same on all devices that got it.
    pub id: MessageId,
    /// The time of sending in seconds, by the sender's clock.
    pub sent: u64,
    /// The event that it is.
    pub event: LetterEvent,
    /// Findings of which the user, or a log, should know.
    pub alerts: Vec<Alert>,
    /// The message's place among those of the sender to this device.
    pub position: Position,
    /// Earlier messages that this one overtook. They can still arrive.
    pub skipped: usize,
    /// Messages of the sender's account overtaken before that are lost now: whatever device sent them.
    pub lost: usize,
    /// This account and the hash of the accounts that the sender sent to, or the state that it names, in a group.
    pub(super) audience: Option<(AccountId, [u8; 32])>,
    /// The evidence for the service that the sender has said this, if the letter was opened with its frank
    /// ([`Client::open_franked`](super::Client::open_franked)) and somebody else has said something in it.
    pub evidence: Option<Evidence>,
    pub(super) secret: Box<MessageSecret>,
    /// The message that it is, if it says something.
    pub(super) target: Option<Target>,
    /// The reading of this device's clock when it was opened.
    pub(super) opened_at: u64,
}

impl ReceivedLetter {
    /// Derives the exporter of the letter's envelope, the same as its sender has
    /// ([`Client::seal_exporting`](super::Client::seal_exporting)).
    #[must_use]
    pub fn exporter(&self) -> Exporter {
        self.secret.exporter()
    }

    /// Returns the time that it supports a clock with: none if its sender's list is over, since that may be a
    /// thief's.
    pub(super) fn support(&self) -> u64 {
        let is_over = self.alerts.iter().any(Alert::is_list_over);
        if is_over { 0 } else { self.sent }
    }

    /// Tells whether a group's message came from one of these accounts and was sent to exactly these; this
    /// account counts, whether it is named or not. If not, somebody writes who is not in the group, or sender
    /// and receiver do not agree on who is: tell the user.
    ///
    /// A message in any other conversation was sent to both accounts and nobody else. In a group that knows its
    /// members the letter names a state in the place of the accounts:
    /// [`Group::judge`](crate::group::Group::judge) says more.
    #[must_use]
    pub fn is_for(&self, members: &[AccountId]) -> bool {
        let Some((own, audience)) = self.audience else { return true };
        let from_member = self.from.account == own || members.contains(&self.from.account);
        from_member && letter::audience(members.iter().copied().chain([own])) == audience
    }

    /// Returns the group that it was said in, and the state that it names.
    pub(crate) fn group_state(&self) -> Option<(letter::GroupId, OperationHash)> {
        let Conversation::Group(id) = self.conversation else { return None };
        self.audience.map(|(_, state)| (id, OperationHash(state)))
    }
}

/// The event that a letter is.
#[non_exhaustive]
pub enum LetterEvent {
    /// A message.
    Message(Content),
    /// A message whose content is in a blob.
    Blob(BlobReference),
    /// Something from an own device, which nobody else can say.
    Own(OwnContent),
    /// A resend request: the sender could not open some messages, or did not get them. The client has noted which:
    /// [`Client::repairs`](super::Client::repairs) says what to seal. If the request came in a session that is not
    /// the active one, the sender cannot open that one either, and the next letter to it begins another one.
    ResendRequested,
    /// A refusal: what was asked for under these ids does not come again, unless another own device has it
    /// ([`Repair::AskOwn`](super::Repair::AskOwn)). Unless it names none, tell the user that something of this sender
    /// may be lost: junk and requests bear ids as well, so it may have been no message.
    NotResent(Vec<MessageId>),
    /// A seen report of another own device. Where it differs from what was seen here is in the alerts.
    SeenReport,
    /// A message of somebody else that an own device has read and passes on, as this device asks for. The own
    /// device's word is all that vouches for it, also that it was asked.
    Copied(Box<CopiedLetter>),
    /// A message that was opened before, and sent again. There is nothing to show. If its content is in a blob, here
    /// is the reference again, for an app that has lost it, or did not find the blob.
    Repeated(Option<BlobReference>),
}

impl LetterEvent {
    /// Tells whether it is of use for a moment only.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Message(content) | Self::Own(OwnContent::Said(content)) => content.is_passing(),
            _ => false,
        }
    }
}

/// The content that own devices tell each other: objects of the crate's own, and what the app says. The letter
/// says which it is, whatever the bytes begin with.
#[non_exhaustive]
pub enum OwnContent {
    /// A shared link, for [`Invite::import`](crate::guest::Invite::import).
    Link(OwnObject),
    /// A shared grant, for [`Invite::sync_grant`](crate::guest::Invite::sync_grant) and
    /// [`Chat::sync_grant`](crate::guest::Chat::sync_grant).
    Grant(OwnObject),
    /// A shared chat, for [`Chat::import`](crate::guest::Chat::import).
    Chat(OwnObject),
    /// A link's notice, for [`Invite::sync_notice`](crate::guest::Invite::sync_notice).
    Notice(OwnObject),
    /// A copy of what an own device said in a guest's chat, for [`Chat::sync_copy`](crate::guest::Chat::sync_copy).
    GuestCopy(OwnObject),
    /// A guest's hand-over that an own device has accepted, for
    /// [`Chat::sync_hand_over`](crate::guest::Chat::sync_hand_over).
    HandOver(OwnObject),
    /// A history request, for [`HistoryRequests::answer`](crate::history::HistoryRequests::answer).
    HistoryRequest(OwnObject),
    /// A history manifest, for [`HistoryImport::take`](crate::history::HistoryImport::take).
    HistoryManifest(OwnObject),
    /// Keys of the account's settings, for [`Settings::take_keys`](crate::settings::Settings::take_keys).
    SettingsKeys(OwnObject),
    /// Heads of the account's settings, for [`Settings::note_heads`](crate::settings::Settings::note_heads).
    SettingsHeads(OwnObject),
    /// The notice that another own device has shown this message, which is shown once: if the message here is marked so
    /// and the client has noted it ([`Client::view_notice`](super::Client::view_notice)), erase its content, or the
    /// reference to its blob. Nothing is noted of a device whose list is over ([`Alert::ListOver`]).
    Viewed(Target),
    /// A content of up to 4,096 bytes: what is longer arrives as [`LetterEvent::Blob`].
    Said(Content),
}

impl OwnContent {
    pub(super) fn sorted(kind: ObjectKind, object: &[u8]) -> Result<Self, Error> {
        let whole = OwnObject::new(Zeroizing::new(object.to_vec()));
        Ok(match kind {
            ObjectKind::Link => Self::Link(whole),
            ObjectKind::Grant => Self::Grant(whole),
            ObjectKind::Chat => Self::Chat(whole),
            ObjectKind::Notice => Self::Notice(whole),
            ObjectKind::GuestCopy => Self::GuestCopy(whole),
            ObjectKind::HandOver => Self::HandOver(whole),
            ObjectKind::HistoryRequest => Self::HistoryRequest(whole),
            ObjectKind::HistoryManifest => Self::HistoryManifest(whole),
            ObjectKind::SettingsKeys => Self::SettingsKeys(whole),
            ObjectKind::SettingsHeads => Self::SettingsHeads(whole),
            ObjectKind::Viewed => Self::Viewed(decode_notice(object)?),
        })
    }
}

impl fmt::Debug for OwnContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link(_) => "Link(..)",
            Self::Grant(_) => "Grant(..)",
            Self::Chat(_) => "Chat(..)",
            Self::Notice(_) => "Notice(..)",
            Self::GuestCopy(_) => "GuestCopy(..)",
            Self::HandOver(_) => "HandOver(..)",
            Self::HistoryRequest(_) => "HistoryRequest(..)",
            Self::HistoryManifest(_) => "HistoryManifest(..)",
            Self::SettingsKeys(_) => "SettingsKeys(..)",
            Self::SettingsHeads(_) => "SettingsHeads(..)",
            Self::Viewed(_) => "Viewed(..)",
            Self::Said(_) => "Said(..)",
        })
    }
}

impl fmt::Debug for LetterEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(_) => f.write_str("Message(..)"),
            Self::Blob(reference) => f.debug_tuple("Blob").field(reference).finish(),
            Self::Own(own) => f.debug_tuple("Own").field(own).finish(),
            Self::ResendRequested => f.write_str("ResendRequested"),
            Self::NotResent(ids) => f.debug_tuple("NotResent").field(ids).finish(),
            Self::SeenReport => f.write_str("SeenReport"),
            Self::Copied(copy) => f.debug_tuple("Copied").field(copy).finish(),
            Self::Repeated(blob) => f.debug_tuple("Repeated").field(blob).finish(),
        }
    }
}

/// A thing that the user, or a log, should be told beside a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Alert {
    /// The first session with this device.
    NewSession,
    /// The device went on in a new session, which continues the old one or won against one that was begun at
    /// the same time. Nothing is wrong.
    SessionReplaced,
    /// The device had lost its sessions and begins anew: it was restored, or somebody else has its
    /// keys.
    SessionReset,
    /// The device forgot a session that it had, or messages that it sent: its state was rolled back to a
    /// backup, or copied, and the copy writes too. Tell the user.
    SessionForked,
    /// The device continues what this device does not know: the state of *this* device was rolled back to a
    /// backup, or had forgotten the account; or somebody poses as the other device. Tell the user.
    RolledBack,
    /// The letter came in a session that another one has replaced: it was held back, or crossed with a letter
    /// of this side.
    OldSession,
    /// The letter came in a session that is not active here and never was: it was begun at the same time as
    /// another one, or held back since; or by somebody who has the device's identity key. Two devices that
    /// begin to talk may meet it; later on it should not happen. A resend request in it makes this device
    /// begin another session with the device.
    StraySession,
    /// The device has answered in a session that this one began because something of it did not open. Nothing is
    /// wrong if it was restored, or letters were lost; but who has its identity key could answer as well. Note it
    /// where a careful user looks.
    SessionRepaired,
    /// The session was begun without a one-time prekey: they have run out, or a server withholds
    /// them.
    NoOneTimePrekey,
    /// The sender reported another device list of `of` than the one known here. It stays in
    /// [`Client::mismatches`](super::Client::mismatches) until the device reports the right one.
    Lists {
        /// The account that the list is of.
        of: AccountId,
        /// The relation of the reported list to the known one.
        mismatch: ListMismatch,
    },
    /// The sender reports the same device list of `of` as the one known here, after it had reported another.
    ListsAgree {
        /// The account that the list is of.
        of: AccountId,
    },
    /// A list of the sender's account under another account key waits for the user, or one with a gap
    /// ([`Client::changed_lists_of`](super::Client::changed_lists_of)): whoever wrote this may have the account's
    /// lost key. Show that with the letter.
    AccountChanged,
    /// The sender's device is in the known list of its account, but that list is past its time, or a newer one was
    /// named three days ago and is not here: the device may have been removed since. Show the letter as one that
    /// nobody vouches for, and let it decide nothing, also if it comes from an own device, until a newer list of the
    /// account is learned ([`Tasks::fetch_lists`](super::Tasks::fetch_lists)).
    ListOver {
        /// The account.
        of: AccountId,
        /// True if the sender dates the letter to when the list still served. That is its word alone.
        said_in_time: bool,
    },
    /// A letter is forgotten that the other own devices were not told of: nobody compares any more what its
    /// sender has said to them. So many letters came without a [`Repair::SeenReport`](super::Repair) between
    /// them: seal what [`Client::repairs`](super::Client::repairs) lists more often.
    NotCompared,
    /// Messages of another account that were overtaken are lost now: so many are missing in all, and as many of that
    /// account as of any other. One alert for each account that loses some. Tell the user.
    Lost {
        /// The account that the messages are of.
        of: AccountId,
        /// Their number.
        messages: usize,
    },
    /// So many newcomers have written that the sessions with this newcomer's device are erased, unanswered. What
    /// it has sent and what comes from it now does not open; if it is wanted, request that it be sent again
    /// ([`Client::request_resend`](super::Client::request_resend)).
    NewcomerErased {
        /// The device.
        device: Address,
    },
    /// A device told two things under one message id: to this device something else than to another own
    /// device, or something else the second time. What came later is not shown.
    Equivocation {
        /// The device that did.
        by: Address,
        /// The message id.
        id: MessageId,
    },
}

impl Alert {
    /// Tells whether the sender's list is over.
    pub(super) fn is_list_over(&self) -> bool {
        matches!(self, Self::ListOver { .. })
    }
}
