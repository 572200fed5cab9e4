//! Copies of what was said and heard in third-party chats, for own devices: `spec/third-party.md`, "Several devices".
//!
//! ```text
//! copy      = 01 46 ‖ own device ‖ direction ‖ flag request ‖ u8(binding) ‖ chat ‖ message id (16) ‖ u64(sent)
//!             ‖ u32(disappears after) ‖ flag view once ‖ words
//! direction = 01 ‖ u32(count) ‖ account …  |  02 ‖ device          said, and to whom | heard, and of whom
//! binding   = 01: words are a content  |  02: words are bytes of plain programs
//! chat      = 01  |  02 ‖ group id (32)
//! message   = SHA-256(LABEL(signal/copy-message) ‖ speaker ‖ message id)
//! digest    = SHA-256(LABEL(signal/copy-digest) ‖ message ‖ direction ‖ u8(binding) ‖ chat ‖ u32(disappears after)
//!                     ‖ flag view once ‖ words)
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hash;
use crate::primitives::secret::redacted;
use crate::protocol::content::{Content, Kind, Kinds, Sender};
use crate::protocol::{labels, wire};

use super::binding::Binding;
use super::client::Client;
use super::copied::{CopiedContent, Direction, MAX_ACCOUNTS};
use super::groups::GroupMessage;
use super::message::ForeignMessage;
use super::policy::{
    ForeignAccount, ForeignChat, ForeignDevice, ForeignGroupId, ForeignMessageId, Said, Saying,
};
use super::wire::MAX_TEXT;

/// A copy of a message of a third-party chat, by which an own device tells the others what it said or heard there.
/// Secret.
///
/// It travels as a content that own devices alone may say ([`ForeignCopy::to_content`], with
/// [`To::Own`](crate::client::To::Own)), and what comes out at the other end is this type again, which is no native
/// message and never without its label:
///
/// ```compile_fail,E0308
/// # use latchstring::{content::Content, signal::ForeignCopy};
/// fn show(content: &Content) {}
///
/// fn show_copy(copy: &ForeignCopy) {
///     show(&copy.content); // a native content is wanted
/// }
/// ```
#[non_exhaustive]
pub struct ForeignCopy {
    /// The own device that said or heard it.
    pub own: ForeignDevice,
    /// The direction, and who is at the other end.
    pub direction: Direction,
    /// True if it is a request: the user had not accepted the account that it was heard of.
    pub is_request: bool,
    /// The chat that it belongs to.
    pub chat: ForeignChat,
    /// The id of the message: the sender's own, or of a plain program's the one that the app has for it.
    pub id: ForeignMessageId,
    /// The time of sending, by the clock of its sender.
    pub sent: u64,
    /// After how many seconds it disappears, if it does.
    pub disappears_after: Option<u32>,
    /// True if it may be shown once.
    pub view_once: bool,
    /// The words.
    pub content: CopiedContent,
}

redacted!(
    ForeignCopy,
    |copy| own = copy.own,
    direction = copy.direction,
    is_request = copy.is_request,
    chat = copy.chat,
    id = copy.id
);

impl ForeignCopy {
    /// Copies what this device has said to people on other messengers: once, to all accounts of the chat. The digest
    /// holds them, so that copies for one account each would be of two things under one id.
    ///
    /// # Errors
    ///
    /// [`Error::NoRecipient`] for no account; [`Error::TooManyAccounts`] for more than 256, or several that are in
    /// no group; [`Error::OwnAccount`] for this device's own; [`Error::NotAllowed`] for what nobody may say to people
    /// on other messengers.
    pub fn of_said(
        client: &Client,
        to: impl IntoIterator<Item = ForeignAccount>,
        saying: &Saying<'_>,
        now: u64,
    ) -> Result<Self, Error> {
        let content = CopiedContent::Attested(repeated(saying.content)?);
        Ok(Self {
            own: client.device().clone(),
            direction: said(client, to, saying.chat)?,
            is_request: false,
            chat: saying.chat,
            id: saying.id,
            sent: now,
            disappears_after: saying.disappears_after,
            view_once: saying.view_once,
            content,
        })
    }

    /// Copies bytes that this device has said to people of plain programs, under an id of the app's.
    ///
    /// # Errors
    ///
    /// As [`ForeignCopy::of_said`] for the accounts; [`Error::ContentTooLong`] for more than 2^18 bytes.
    pub fn of_said_plain(
        client: &Client,
        to: impl IntoIterator<Item = ForeignAccount>,
        (chat, id): (ForeignChat, ForeignMessageId),
        content: &[u8],
        now: u64,
    ) -> Result<Self, Error> {
        let direction = said(client, to, chat)?;
        Self::unbound((client.device(), direction, false), (chat, id), content, now)
    }

    /// Copies what this device has heard of somebody of an attested account.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`] for bytes of a plain program, and for a message that was held.
    pub fn of_heard(client: &Client, message: &ForeignMessage) -> Result<Self, Error> {
        let said = message.content.said().ok_or(Error::WrongKind)?;
        Self::attested((client.device(), &message.from, message.is_request), said)
    }

    /// Copies what this device has heard in a group of somebody of an attested account: that is accepted, and asks
    /// for nothing.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`] for bytes of a plain program.
    pub fn of_heard_in_group(client: &Client, message: &GroupMessage) -> Result<Self, Error> {
        let said = message.content.said().ok_or(Error::WrongKind)?;
        Self::attested((client.device(), &message.from, false), said)
    }

    /// Copies what this device has heard of a plain program: which message of which chat it is, and when it was sent,
    /// is in bytes that the app alone can read.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`] for a message of an attested account, and for one that was held;
    /// [`Error::ContentTooLong`] for more than 2^18 bytes.
    pub fn of_heard_plain(
        client: &Client,
        message: &ForeignMessage,
        place: (ForeignChat, ForeignMessageId),
        sent: u64,
    ) -> Result<Self, Error> {
        let content = message.content.plain().ok_or(Error::WrongKind)?;
        let direction = Direction::Heard(message.from.clone());
        Self::unbound((client.device(), direction, message.is_request), place, content, sent)
    }

    /// Copies what this device has heard of a plain program under a sender key, as [`ForeignCopy::of_heard_plain`]
    /// does what came in a session.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`] for a message of an attested account; [`Error::ContentTooLong`] for more than 2^18 bytes.
    pub fn of_heard_plain_in_group(
        client: &Client,
        message: &GroupMessage,
        (group, id): (ForeignGroupId, ForeignMessageId),
        sent: u64,
    ) -> Result<Self, Error> {
        let content = message.content.plain().ok_or(Error::WrongKind)?;
        let direction = Direction::Heard(message.from.clone());
        let place = (ForeignChat::Group(group), id);
        Self::unbound((client.device(), direction, false), place, content, sent)
    }

    fn attested(
        (own, from, is_request): (&ForeignDevice, &ForeignDevice, bool),
        said: &Said,
    ) -> Result<Self, Error> {
        Ok(Self {
            own: own.clone(),
            direction: Direction::Heard(from.clone()),
            is_request,
            chat: said.chat,
            id: said.id,
            sent: said.sent,
            disappears_after: said.disappears_after,
            view_once: said.view_once,
            content: CopiedContent::Attested(repeated(&said.content)?),
        })
    }

    fn unbound(
        (own, direction, is_request): (&ForeignDevice, Direction, bool),
        (chat, id): (ForeignChat, ForeignMessageId),
        content: &[u8],
        sent: u64,
    ) -> Result<Self, Error> {
        if content.len() > MAX_TEXT {
            return Err(Error::ContentTooLong);
        }
        Ok(Self {
            own: own.clone(),
            direction,
            is_request,
            chat,
            id,
            sent,
            disappears_after: None,
            view_once: false,
            content: CopiedContent::Unbound(Zeroizing::new(content.to_vec())),
        })
    }

    /// Returns the device that said it.
    #[must_use]
    pub fn speaker(&self) -> &ForeignDevice {
        match &self.direction {
            Direction::Said(_) => &self.own,
            Direction::Heard(from) => from,
        }
    }

    /// Hashes which message it is a copy of: by speaker and message id. It is the same in all copies of one message,
    /// whichever own device made them. Show a message once.
    #[must_use]
    pub fn message_hash(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        self.speaker().write(&mut writer);
        hash(&[labels::SIGNAL_COPY_MESSAGE, writer.written(), &self.id.0])
    }

    /// Hashes what the message says. If two copies of one message have two digests, whoever said it has told two of
    /// this account's devices two things: tell the user.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        self.direction.write(&mut writer);
        self.write_place(&mut writer);
        self.write_words(&mut writer);
        hash(&[labels::SIGNAL_COPY_DIGEST, &self.message_hash(), writer.written()])
    }

    /// Makes a content of it, for own devices: the native client seals it for nobody else.
    #[must_use]
    pub fn to_content(&self) -> Content {
        let mut writer = Writer::begin(wire::VERSION, wire::FOREIGN_COPY);
        self.own.write(&mut writer);
        self.direction.write(&mut writer);
        writer.flag(self.is_request);
        self.write_place(&mut writer);
        writer.raw(&self.id.0);
        writer.u64(self.sent);
        self.write_words(&mut writer);
        Content::foreign(Kind::ForeignCopy, writer.secret())
    }

    /// Reads a copy for a device, out of a content that an own device has said: no other sender's content can hold
    /// one. Compare [`ForeignCopy::own`] with the native device that has sent it: the app alone knows which number
    /// that one has on other messengers.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`] for any other content; [`Error::WrongPeer`] for a copy of another account's device;
    /// [`Error::NotAllowed`], [`Error::UnsupportedContent`] for words that nobody foreign may say;
    /// [`Error::UnknownVersion`] for a copy of a later release; [`Error::Malformed`].
    pub fn of_content(client: &Client, content: &Content) -> Result<Self, Error> {
        let bytes = content.as_foreign(Kind::ForeignCopy).ok_or(Error::WrongKind)?;
        let copy = Reader::all(bytes, Self::read)?;
        let is_own = copy.own.account() == client.device().account();
        if is_own { Ok(copy) } else { Err(Error::WrongPeer) }
    }

    fn write_place(&self, writer: &mut Writer) {
        writer.u8(match self.content.binding() {
            Binding::Attested => 1,
            Binding::Unbound => 2,
        });
        match self.chat {
            ForeignChat::Pair => writer.u8(1),
            ForeignChat::Group(group) => {
                writer.u8(2);
                writer.raw(&group.0);
            }
        }
    }

    fn write_words(&self, writer: &mut Writer) {
        writer.u32(self.disappears_after.unwrap_or(0));
        writer.flag(self.view_once);
        self.content.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.begin(wire::VERSION, wire::FOREIGN_COPY)?;
        let own = ForeignDevice::read(reader)?;
        let direction = Direction::read(reader)?;
        let is_request = reader.flag()?;
        let is_attested = match reader.u8()? {
            1 => true,
            2 => false,
            _ => return Err(Error::Malformed),
        };
        let chat = match reader.u8()? {
            1 => ForeignChat::Pair,
            2 => ForeignChat::Group(ForeignGroupId(*reader.array()?)),
            _ => return Err(Error::Malformed),
        };
        let (id, sent) = (ForeignMessageId(*reader.array()?), reader.u64()?);
        let disappears_after = Some(reader.u32()?).filter(|seconds| *seconds > 0);
        let view_once = reader.flag()?;
        let words = reader.rest();
        let asks = disappears_after.is_some() || view_once;
        let content = if is_attested {
            CopiedContent::Attested(Content::decode(words, Kinds::of(Sender::Foreign))?)
        } else if words.len() > MAX_TEXT || asks {
            // What a plain program asks for is in its bytes.
            return Err(Error::Malformed);
        } else {
            CopiedContent::Unbound(Zeroizing::new(words.to_vec()))
        };
        let copy = Self {
            own,
            direction,
            is_request,
            chat,
            id,
            sent,
            disappears_after,
            view_once,
            content,
        };
        if copy.fits() { Ok(copy) } else { Err(Error::Malformed) }
    }

    /// Tells whether the ends are not this account itself, and are as many as the chat has.
    fn fits(&self) -> bool {
        let own = self.own.account();
        match &self.direction {
            Direction::Said(accounts) => {
                accounts.is_sorted_by(|one, next| one < next)
                    && !accounts.contains(own)
                    && accounts.len() <= most(self.chat)
                    && !accounts.is_empty()
                    && !self.is_request
            }
            Direction::Heard(device) => device.account() != own,
        }
    }
}

/// Returns how many accounts can be told something in a chat at most.
fn most(chat: ForeignChat) -> usize {
    match chat {
        ForeignChat::Pair => 1,
        ForeignChat::Group(_) => MAX_ACCOUNTS,
    }
}

/// Puts the accounts that something was said to in order.
fn said(
    client: &Client,
    to: impl IntoIterator<Item = ForeignAccount>,
    chat: ForeignChat,
) -> Result<Direction, Error> {
    let mut accounts: Vec<_> = to.into_iter().take(MAX_ACCOUNTS.saturating_add(1)).collect();
    accounts.sort_unstable();
    accounts.dedup();
    if accounts.is_empty() {
        Err(Error::NoRecipient)
    } else if accounts.len() > most(chat) {
        Err(Error::TooManyAccounts)
    } else if accounts.contains(client.device().account()) {
        Err(Error::OwnAccount)
    } else {
        Ok(Direction::Said(accounts))
    }
}

/// Returns a content once more, if somebody foreign may say it.
fn repeated(content: &Content) -> Result<Content, Error> {
    Content::decode(&content.encode(), Kinds::of(Sender::Foreign))
}
