//! Envelopes around contents, within messages of attested accounts: `spec/third-party.md`, "Envelope".
//!
//! ```text
//! envelope = 01 42 ‖ sender ‖ receiver ‖ agreed (32) ‖ u8(kind of chat) ‖ chat (32) ‖ message id (16) ‖ u64(sent)
//!            ‖ u32(disappears after) ‖ u8(view once) ‖ content
//! sender, receiver = device          kind of chat = 01 pair | 02 group
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::id::ids;
use crate::primitives::secret::redacted;
use crate::protocol::content::{Content, Kinds};
use crate::protocol::wire;

use super::agreed::{AGREED, pair};
use super::content_profile::Feature;
use super::names::ForeignDevice;

ids! {
    /// The id of a message to people on other messengers: the same for all devices that it goes to.
    ForeignMessageId: 16;

    /// The id of a group with people on other messengers, as the app chose it.
    ForeignGroupId: 32;
}

/// The chat that a message belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForeignChat {
    /// That of the two accounts.
    Pair,
    /// A group.
    Group(ForeignGroupId),
}

/// The words that are to be said to somebody on another messenger.
#[derive(Clone, Copy)]
pub struct Saying<'a> {
    pub(crate) content: &'a Content,
    pub(crate) id: ForeignMessageId,
    pub(crate) chat: ForeignChat,
    pub(crate) disappears_after: Option<u32>,
    pub(crate) view_once: bool,
}

redacted!(Saying<'_>, |saying| id = saying.id, chat = saying.chat);

/// The words of somebody on another messenger. Secret.
#[non_exhaustive]
pub struct Said {
    /// The content: of a kind that both sides' profiles have.
    pub content: Content,
    /// The id that its sender gave it, the same in all copies of the message. Sender and id together name it.
    pub id: ForeignMessageId,
    /// The chat that it belongs to. Whether its sender is in the group is the app's to know.
    pub chat: ForeignChat,
    /// The time of sending, by the clock of its sender.
    pub sent: u64,
    /// After how many seconds it disappears, if it does.
    pub disappears_after: Option<u32>,
    /// True if it may be shown once.
    pub view_once: bool,
}

redacted!(Said, |said| id = said.id, chat = said.chat, sent = said.sent);

impl<'a> Saying<'a> {
    /// Says something in the chat of the two accounts. All devices that it goes to get the same id
    /// ([`Client::message_id`](crate::signal::Client::message_id)).
    #[must_use]
    pub fn new(content: &'a Content, id: ForeignMessageId) -> Self {
        Self { content, id, chat: ForeignChat::Pair, disappears_after: None, view_once: false }
    }

    /// Says it in a group.
    #[must_use]
    pub fn in_group(self, group: ForeignGroupId) -> Self {
        Self { chat: ForeignChat::Group(group), ..self }
    }

    /// Has it disappear after so many seconds, 0 for never, by programs that promise to do so; it is refused for
    /// others.
    #[must_use]
    pub fn disappearing(self, seconds: u32) -> Self {
        Self { disappears_after: Some(seconds).filter(|seconds| *seconds > 0), ..self }
    }

    /// Has it shown once, by programs that promise to do so; it is refused for others.
    #[must_use]
    pub fn view_once(self) -> Self {
        Self { view_once: true, ..self }
    }

    /// Lists what it asks of its reader's program.
    pub(crate) fn features(&self) -> impl Iterator<Item = Feature> {
        features(self.disappears_after, self.view_once)
    }

    /// Writes what stands behind the chat in an envelope.
    pub(super) fn write(&self, sent: u64, writer: &mut Writer) {
        writer.raw(&self.id.0);
        writer.u64(sent);
        writer.u32(self.disappears_after.unwrap_or(0));
        writer.flag(self.view_once);
        writer.raw(&self.content.encode());
    }
}

impl Said {
    /// Lists what it asks of its reader's program.
    pub(crate) fn features(&self) -> impl Iterator<Item = Feature> {
        features(self.disappears_after, self.view_once)
    }

    /// Reads what stands behind the chat in an envelope, to its end.
    pub(super) fn read(
        chat: ForeignChat,
        kinds: Kinds,
        reader: &mut Reader<'_>,
    ) -> Result<Self, Error> {
        let (id, sent) = (ForeignMessageId(*reader.array()?), reader.u64()?);
        let disappears_after = Some(reader.u32()?).filter(|seconds| *seconds > 0);
        let view_once = reader.flag()?;
        let content = Content::decode(reader.rest(), kinds)?;
        Ok(Self { content, id, chat, sent, disappears_after, view_once })
    }
}

fn features(disappears_after: Option<u32>, view_once: bool) -> impl Iterator<Item = Feature> {
    let timers = disappears_after.map(|_| Feature::Timers);
    [timers, view_once.then_some(Feature::ViewOnce)].into_iter().flatten()
}

/// The two devices of a message.
#[derive(Clone, Copy)]
pub(crate) struct Ends<'a> {
    pub(crate) sender: &'a ForeignDevice,
    pub(crate) receiver: &'a ForeignDevice,
}

impl Ends<'_> {
    /// Puts an envelope around a content.
    pub(crate) fn enclose(
        self,
        saying: &Saying<'_>,
        agreed: &[u8; AGREED],
        sent: u64,
    ) -> Zeroizing<Vec<u8>> {
        let mut writer = self.bytes(wire::FOREIGN_ENVELOPE);
        writer.raw(agreed);
        let (kind, chat) = match saying.chat {
            ForeignChat::Pair => (1, pair(self.sender.account(), self.receiver.account())),
            ForeignChat::Group(group) => (2, group.0),
        };
        writer.u8(kind);
        writer.raw(&chat);
        saying.write(sent, &mut writer);
        writer.secret()
    }

    /// Takes a content out of its envelope. Each field must be what the session, the attestations and this side's
    /// own state say; `is_agreed` knows the agreements that hold.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] if it names other devices, or the chat of others; [`Error::ProfilesDiffer`] for another
    /// agreement; [`Error::NotAllowed`], [`Error::UnsupportedContent`] for the content; [`Error::Malformed`].
    pub(crate) fn disclose(
        self,
        bytes: &[u8],
        is_agreed: impl FnOnce(&[u8; AGREED]) -> bool,
        kinds: Kinds,
    ) -> Result<Said, Error> {
        Reader::all(bytes, |reader| {
            self.check(wire::FOREIGN_ENVELOPE, reader, is_agreed)?;
            let (kind, chat) = (reader.u8()?, *reader.array()?);
            let chat = match kind {
                1 if chat == pair(self.sender.account(), self.receiver.account()) => {
                    ForeignChat::Pair
                }
                1 => return Err(Error::WrongPeer),
                2 => ForeignChat::Group(ForeignGroupId(chat)),
                _ => return Err(Error::Malformed),
            };
            Said::read(chat, kinds, reader)
        })
    }

    /// Reads what stands in front of a form of some kind, and refuses it for other devices or by another agreement.
    pub(super) fn check(
        self,
        kind: u8,
        reader: &mut Reader<'_>,
        is_agreed: impl FnOnce(&[u8; AGREED]) -> bool,
    ) -> Result<(), Error> {
        let expected = self.bytes(kind);
        if reader.slice(expected.written().len())? != expected.written() {
            return Err(Error::WrongPeer);
        }
        if is_agreed(reader.array()?) { Ok(()) } else { Err(Error::ProfilesDiffer) }
    }

    pub(super) fn bytes(self, kind: u8) -> Writer {
        let mut writer = Writer::begin(wire::VERSION, kind);
        self.sender.write(&mut writer);
        self.receiver.write(&mut writer);
        writer
    }
}
