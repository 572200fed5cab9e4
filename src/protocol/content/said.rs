//! The meaning of a content's parts together: `spec/content.md`, "Which parts go together".

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::amendment::{Correction, Deletion};
use super::attachment::Attachment;
use super::kind::Kind;
use super::reaction::Reaction;
use super::receipt::Receipt;
use super::text::{MAX_TEXT, Text, text};
use super::timer::TimerSetting;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::padding::MAX_CONTENT;

/// Maximum length of what own devices tell each other of third-party chats: the longest message of a plain program,
/// and room for its label.
pub(crate) const MAX_FOREIGN: usize = (1 << 18) + (1 << 16);

/// The most objects of a group in one content.
pub(crate) const MAX_GROUP_OBJECTS: usize = 64;

/// The meaning of the parts that this release knows, together, but for what is beside them.
pub(super) enum Said {
    /// Nothing: all parts are unknown.
    Nothing,
    Text(Text),
    Attachment(Box<Attachment>),
    App {
        tag: u32,
        bytes: Zeroizing<Vec<u8>>,
    },
    /// Objects of a group, one at least.
    Group(Vec<Zeroizing<Vec<u8>>>),
    /// An image, a voice message or a video that is shown once.
    ViewOnce(Box<Attachment>),
    Correction(Correction),
    Deletion(Deletion),
    TimerSetting(TimerSetting),
    Reaction(Box<Reaction>),
    Receipt(Receipt),
    /// The notice that somebody has begun to type, or has stopped.
    Typing(bool),
    /// Words between own devices about third-party chats. Of kinds of their own, so that nothing shows them.
    Foreign {
        kind: Kind,
        body: Zeroizing<Vec<u8>>,
    },
}

/// A part, and what it says.
pub(super) type Part = (u8, Zeroizing<Vec<u8>>);

impl Said {
    /// Returns what it is.
    pub(super) fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Nothing => return None,
            Self::Text(_) => Kind::Text,
            Self::Attachment(attachment) => attachment.kind(),
            Self::App { .. } => Kind::App,
            Self::Group(_) => Kind::Group,
            Self::ViewOnce(_) => Kind::ViewOnce,
            Self::Correction(_) => Kind::Correction,
            Self::Deletion(_) => Kind::Deletion,
            Self::TimerSetting(_) => Kind::TimerSetting,
            Self::Reaction(_) => Kind::Reaction,
            Self::Receipt(_) => Kind::Receipt,
            Self::Typing(_) => Kind::Typing,
            Self::Foreign { kind, .. } => *kind,
        })
    }

    /// Tells whether it is a message, which may answer another one.
    pub(super) fn is_message(&self) -> bool {
        self.may_end() || matches!(self, Self::ViewOnce(_))
    }

    /// Tells whether it is a message that may disappear by a timer. What is shown once ends by that.
    pub(super) fn may_end(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Attachment(_) | Self::App { .. })
    }

    /// Adds a part of a known kind that stands behind these.
    pub(super) fn and(self, kind: Kind, body: &[u8]) -> Result<Self, Error> {
        match (self, kind) {
            (Self::Nothing, kind) => Self::first(kind, body),
            (Self::Text(caption), Kind::Image | Kind::Voice | Kind::Video | Kind::File) => {
                let mut attachment = Attachment::read(kind, body)?;
                attachment.caption = Some(caption);
                Ok(Self::Attachment(Box::new(attachment)))
            }
            (Self::Text(text), Kind::Correction) => {
                Ok(Self::Correction(Correction::read(body, text)?))
            }
            (Self::Attachment(attachment), Kind::ViewOnce) if body.is_empty() => {
                shown_once(attachment)
            }
            _ => Err(Error::Malformed),
        }
    }

    /// Reads the first part that is known.
    fn first(kind: Kind, body: &[u8]) -> Result<Self, Error> {
        Ok(match kind {
            Kind::Text => Self::Text(text(body, MAX_TEXT)?),
            Kind::Image | Kind::Voice | Kind::Video | Kind::File => {
                Self::Attachment(Box::new(Attachment::read(kind, body)?))
            }
            Kind::App => Reader::all(body, |reader| {
                let tag = reader.u32()?;
                Ok(Self::App { tag, bytes: Zeroizing::new(reader.rest().to_vec()) })
            })?,
            Kind::Group => Self::Group(group_objects(body)?),
            Kind::Deletion => Self::Deletion(Deletion::read(body)?),
            Kind::TimerSetting => Self::TimerSetting(TimerSetting::read(body)?),
            Kind::Reaction => Self::Reaction(Box::new(Reaction::read(body)?)),
            Kind::Receipt => Self::Receipt(Receipt::read(body)?),
            Kind::Typing => Self::Typing(Reader::all(body, Reader::flag)?),
            Kind::ForeignCopy | Kind::ForeignHandover => {
                if body.is_empty() || body.len() > MAX_FOREIGN {
                    return Err(Error::Malformed);
                }
                Self::Foreign { kind, body: Zeroizing::new(body.to_vec()) }
            }
            // These stand beside something.
            Kind::Correction | Kind::ViewOnce | Kind::Timer | Kind::Reply => {
                return Err(Error::Malformed);
            }
        })
    }

    /// Returns the parts, in their order.
    pub(super) fn parts(&self) -> Vec<Part> {
        let part = |kind: Kind, write: &dyn Fn(&mut Writer)| {
            let mut writer = Writer::new();
            write(&mut writer);
            (kind.number(), writer.secret())
        };
        let text = |text: &str| part(Kind::Text, &|writer| writer.raw(text.as_bytes()));
        let attached = |attachment: &Attachment| {
            let caption = attachment.caption().map(text);
            let itself = part(attachment.kind(), &|writer| attachment.write(writer));
            caption.into_iter().chain([itself]).collect::<Vec<_>>()
        };
        match self {
            Self::Nothing => Vec::new(),
            Self::Text(said) => vec![text(said)],
            Self::Attachment(attachment) => attached(attachment),
            Self::App { tag, bytes } => vec![part(Kind::App, &|writer| {
                writer.u32(*tag);
                writer.raw(bytes);
            })],
            Self::Group(objects) => vec![part(Kind::Group, &|writer| {
                writer.list(objects, |object, writer| writer.bytes(object));
            })],
            Self::ViewOnce(attachment) => {
                let mut parts = attached(attachment);
                parts.push(part(Kind::ViewOnce, &|_| {}));
                parts
            }
            Self::Correction(correction) => vec![
                text(correction.text()),
                part(Kind::Correction, &|writer| correction.write(writer)),
            ],
            Self::Deletion(deletion) => {
                vec![part(Kind::Deletion, &|writer| deletion.named.write(writer))]
            }
            Self::TimerSetting(setting) => {
                vec![part(Kind::TimerSetting, &|writer| setting.write(writer))]
            }
            Self::Reaction(reaction) => {
                vec![part(Kind::Reaction, &|writer| reaction.write(writer))]
            }
            Self::Receipt(receipt) => vec![part(Kind::Receipt, &|writer| receipt.write(writer))],
            Self::Typing(begun) => vec![part(Kind::Typing, &|writer| writer.flag(*begun))],
            Self::Foreign { kind, body } => vec![part(*kind, &|writer| writer.raw(body))],
        }
    }
}

/// Returns an attachment as one that is shown once: files are not, because they are there to be kept.
fn shown_once(attachment: Box<Attachment>) -> Result<Said, Error> {
    match attachment.kind() {
        Kind::Image | Kind::Voice | Kind::Video => Ok(Said::ViewOnce(attachment)),
        _ => Err(Error::Malformed),
    }
}

/// Reads the objects of a group, one at least.
fn group_objects(body: &[u8]) -> Result<Vec<Zeroizing<Vec<u8>>>, Error> {
    let object = |reader: &mut Reader<'_>| Ok(Zeroizing::new(reader.bytes(MAX_CONTENT)?.to_vec()));
    let objects: Vec<_> = Reader::all(body, |reader| reader.list(MAX_GROUP_OBJECTS, object))?;
    if objects.is_empty() { Err(Error::Malformed) } else { Ok(objects) }
}
