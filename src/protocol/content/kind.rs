//! Kinds of parts: `spec/content.md`, "Kinds".
//!
//! ```text
//! number = bit 7: harmless | bit 6: own devices only | 6 bits
//! ```

/// The bit of a kind's number that says: who does not know it may leave it out.
const HARMLESS: u8 = 0x80;
/// The bit of a kind's number that says: own devices alone may say it, to each other.
const OWN_ONLY: u8 = 0x40;

/// The kinds of what a content says, each with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A text; beside an attachment its caption.
    Text,
    /// An image.
    Image,
    /// A voice message.
    Voice,
    /// A video.
    Video,
    /// A file, with or without a name.
    File,
    /// Content of the app's own, under a tag of the app's own.
    App,
    /// Objects of a group: operations, a checkpoint or a request, for [`Group`](crate::group::Group).
    Group,
    /// A copy of what was said or heard in a chat with somebody on another messenger: own devices only, and no
    /// message of a native conversation.
    ForeignCopy,
    /// A hand-over of what is known of people on other messengers: own devices only.
    ForeignHandover,
}

impl Kind {
    /// Returns the number that stands for the kind in a content.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Text => 1,
            Self::Image => 2,
            Self::Voice => 3,
            Self::Video => 4,
            Self::File => 5,
            Self::App => 6,
            Self::Group => 0x0c,
            Self::ForeignCopy => 0x40,
            Self::ForeignHandover => 0x41,
        }
    }

    /// Returns the kind that this release knows by this number.
    pub(crate) fn known(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Text),
            2 => Some(Self::Image),
            3 => Some(Self::Voice),
            4 => Some(Self::Video),
            5 => Some(Self::File),
            6 => Some(Self::App),
            0x0c => Some(Self::Group),
            0x40 => Some(Self::ForeignCopy),
            0x41 => Some(Self::ForeignHandover),
            _ => None,
        }
    }
}

/// Tells whether a part of this number may be left out by who does not know it.
pub(crate) fn is_harmless(number: u8) -> bool {
    number & HARMLESS != 0
}

/// Tells whether own devices alone may say a part of this number.
pub(crate) fn is_own_only(number: u8) -> bool {
    number & OWN_ONLY != 0
}
