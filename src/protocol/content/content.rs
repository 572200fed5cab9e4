//! Contents: `spec/content.md`, "Form".
//!
//! ```text
//! content = u8(version) ‖ part ‖ part …          in ascending order of kind, each at most once
//! part    = u8(kind) ‖ u32(length) ‖ body
//! app     = u32(tag) ‖ bytes
//! group   = u32(count) ‖ (u32(length) ‖ object) …      which this floor does not read
//! foreign = a copy or a hand-over of third-party chats, which this floor does not read
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::attachment::Attachment;
use super::kind::{Kind, is_harmless};
use super::kinds::Kinds;
use super::said::{Part, Said};
use super::target::Target;
use super::text::{MAX_TEXT, Text, text};
use super::timer::read_timer;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::attachment::reference::Reference;
use crate::protocol::padding::MAX_CONTENT;

/// The version of contents.
const VERSION: u8 = 1;

/// The words of somebody: a message (a text, an attachment, or content of the app's own), or something about
/// messages. Secret.
///
/// ```
/// use latchstring::Error;
/// use latchstring::attachment::Reference;
/// use latchstring::content::{Content, Kind, Kinds, Sender};
///
/// # fn main() -> Result<(), Error> {
/// #     let picture = [&[1, 0x32, 2, 0, 0, 0, 0, 0, 0, 0, 0, 19][..], &[7; 64]].concat();
/// #     say(&Reference::decode(&picture)?)
/// # }
/// // The reference is a sealer's: see `attachment`.
/// fn say(picture: &Reference) -> Result<(), Error> {
///     let said = Content::attached(picture, b"shelf 3")?.with_caption("the boat")?;
///     let bytes = said.encode();
///
///     // What was stored is read under the same rule as what arrives: who said it decides what it may be.
///     let read = Content::decode(&bytes, Kinds::of(Sender::Member))?;
///     assert_eq!(read.kind(), Some(Kind::Image));
///     assert_eq!(read.attachment().and_then(|image| image.caption()), Some("the boat"));
///     let refused = Content::decode(&bytes, Kinds::of(Sender::Guest));
///     assert_eq!(refused.err(), Some(Error::NotAllowed));
///     Ok(())
/// }
/// ```
pub struct Content {
    pub(super) said: Said,
    /// The message that it answers.
    pub(super) reply: Option<Box<Target>>,
    /// The seconds after which it disappears.
    pub(super) timer: Option<u32>,
    /// Harmless parts that this release does not know, in ascending order.
    unknown: Vec<Part>,
}

redacted!(Content, |content| kind = content.kind());

impl Content {
    /// Makes a text of 1 to 16,384 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for an empty one, [`Error::ContentTooLong`] for a longer one: send it as a file.
    pub fn text(content: &str) -> Result<Self, Error> {
        Ok(Said::Text(checked(content)?).into())
    }

    /// Makes an attachment: an image, a voice message, a video or a file, as the media of its reference says. The
    /// place, of up to 512 bytes, says where it is stored, if more is needed for that than the reference's id.
    ///
    /// # Errors
    ///
    /// [`Error::ContentTooLong`] for a longer place.
    pub fn attached(reference: &Reference, place: &[u8]) -> Result<Self, Error> {
        Ok(Said::Attachment(Box::new(Attachment::new(reference.duplicate(), place)?)).into())
    }

    /// Makes content of the app's own: bytes that the app gives a meaning, under a tag of its own choice that says
    /// which meaning. What has more than 2^20 bytes in all is refused when it is sealed.
    #[must_use]
    pub fn app(tag: u32, bytes: &[u8]) -> Self {
        Said::App { tag, bytes: Zeroizing::new(bytes.to_vec()) }.into()
    }

    /// Gives a file a name of up to 255 bytes, in the place of the one that it has.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] if it is no file; [`Error::InvalidName`] for a name that is empty, too long, no line
    /// ("Lines" in [the specification](crate::spec)), or a path: with `/` or `\`, or `.` or `..` alone.
    pub fn with_name(mut self, name: &str) -> Result<Self, Error> {
        let Said::Attachment(attachment) = &mut self.said else { return Err(Error::NotAllowed) };
        attachment.set_name(name)?;
        Ok(self)
    }

    /// Gives an attachment a caption, in the place of the one that it has.
    ///
    /// # Errors
    ///
    /// As [`Content::text`]; [`Error::NotAllowed`] if there is no attachment.
    pub fn with_caption(mut self, caption: &str) -> Result<Self, Error> {
        let Said::Attachment(attachment) = &mut self.said else { return Err(Error::NotAllowed) };
        attachment.caption = Some(checked(caption)?);
        Ok(self)
    }

    /// Returns what it is, or nothing if it says nothing that this release knows: there is nothing to show then.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.said.kind()
    }

    /// Returns the text, if it is one. That of a correction is none, and stands with the correction.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.said {
            Said::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the attachment, if it is one. What is shown once gives [`Client::view`](crate::client::Client::view).
    #[must_use]
    pub fn attachment(&self) -> Option<&Attachment> {
        match &self.said {
            Said::Attachment(attachment) => Some(attachment),
            _ => None,
        }
    }

    /// Returns tag and bytes, if it is content of the app's own.
    #[must_use]
    pub fn as_app(&self) -> Option<(u32, &[u8])> {
        match &self.said {
            Said::App { tag, bytes } => Some((*tag, bytes)),
            _ => None,
        }
    }

    /// Makes a content of objects of a group, 1 to [`MAX_GROUP_OBJECTS`].
    pub(crate) fn group(objects: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Said::Group(objects.into_iter().map(Zeroizing::new).collect()).into()
    }

    /// Returns the objects of a group, if it is such: give each to [`Group::take`](crate::group::Group::take).
    #[must_use]
    pub fn as_group(&self) -> Option<impl Iterator<Item = &[u8]>> {
        match &self.said {
            Said::Group(objects) => Some(objects.iter().map(|object| object.as_slice())),
            _ => None,
        }
    }

    /// Makes what own devices tell each other of third-party chats, of up to [`MAX_FOREIGN`] bytes.
    #[cfg(feature = "signal")]
    pub(crate) fn foreign(kind: Kind, body: Zeroizing<Vec<u8>>) -> Self {
        Said::Foreign { kind, body }.into()
    }

    /// Returns what own devices tell each other of third-party chats, if it is of this kind.
    #[cfg(feature = "signal")]
    pub(crate) fn as_foreign(&self, wanted: Kind) -> Option<&[u8]> {
        match &self.said {
            Said::Foreign { kind, body } if *kind == wanted => Some(body),
            _ => None,
        }
    }

    /// Tells whether it has parts that this release does not know and leaves out. A later one may show more of the
    /// same bytes.
    #[must_use]
    pub fn has_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// Refuses a content that has a part of another kind than these.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`].
    pub fn check(&self, allowed: Kinds) -> Result<(), Error> {
        self.parts().iter().try_for_each(|(number, _)| allowed.check(*number))
    }

    /// Encodes it, to be stored: parts that this release does not know are as they came.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new();
        writer.u8(VERSION);
        for (number, body) in self.parts() {
            writer.u8(number);
            writer.bytes(&body);
        }
        writer.secret()
    }

    /// Returns all parts, in their order.
    fn parts(&self) -> Vec<Part> {
        let mut parts = self.said.parts();
        if let Some(seconds) = self.timer {
            parts.push((Kind::Timer.number(), Zeroizing::new(seconds.to_be_bytes().to_vec())));
        }
        if let Some(target) = &self.reply {
            parts.push((Kind::Reply.number(), Zeroizing::new(target.encode().to_vec())));
        }
        let unknown = self.unknown.iter();
        parts.extend(unknown.map(|(number, body)| (*number, Zeroizing::new(body.to_vec()))));
        parts.sort_by_key(|(number, _)| *number);
        parts
    }

    /// Decodes what somebody has said who may say these kinds ([`Kinds::of`]).
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for a part of another kind; [`Error::UnsupportedContent`] for a critical part that this
    /// release does not know, and for a content of a later version; [`Error::Malformed`] for all else that is no
    /// content.
    pub fn decode(bytes: &[u8], allowed: Kinds) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            match reader.u8()? {
                VERSION => {}
                0 => return Err(Error::Malformed),
                _ => return Err(Error::UnsupportedContent),
            }
            let mut content = Self::from(Said::Nothing);
            let mut last = 0;
            while !reader.is_empty() {
                let number = reader.u8()?;
                allowed.check(number)?;
                // Each kind once, in one order: a content has one encoding.
                if number <= last {
                    return Err(Error::Malformed);
                }
                last = number;
                content.read_part(number, reader.bytes(MAX_CONTENT)?)?;
            }
            if last == 0 { Err(Error::Malformed) } else { Ok(content) }
        })
    }

    /// Takes in the part behind all that were read.
    fn read_part(&mut self, number: u8, body: &[u8]) -> Result<(), Error> {
        match Kind::known(number) {
            Some(Kind::Timer) if self.said.may_end() => self.timer = Some(read_timer(body)?),
            Some(Kind::Reply) if self.said.is_message() => {
                self.reply = Some(Box::new(Target::decode(body)?));
            }
            // What disappears by a timer is nothing else beside.
            Some(_) if self.timer.is_some() => return Err(Error::Malformed),
            Some(kind) => {
                let before = core::mem::replace(&mut self.said, Said::Nothing);
                self.said = before.and(kind, body)?;
            }
            None if is_harmless(number) => {
                self.unknown.push((number, Zeroizing::new(body.to_vec())));
            }
            None => return Err(Error::UnsupportedContent),
        }
        Ok(())
    }
}

impl From<Said> for Content {
    fn from(said: Said) -> Self {
        Self { said, reply: None, timer: None, unknown: Vec::new() }
    }
}

/// Takes a text of this side's.
pub(super) fn checked(content: &str) -> Result<Text, Error> {
    match content.len() {
        0 => Err(Error::NotAllowed),
        length if length > usize::from(MAX_TEXT) => Err(Error::ContentTooLong),
        _ => text(content.as_bytes(), MAX_TEXT),
    }
}
