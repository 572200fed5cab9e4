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
    /// A correction: a new text for a message before.
    Correction,
    /// A deletion of a message before.
    Deletion,
    /// The timer beside a message that disappears.
    Timer,
    /// An image, a voice message or a video that is shown once; in a content the mark of it.
    ViewOnce,
    /// A new timer for the conversation.
    TimerSetting,
    /// The mark beside a message that answers another one.
    Reply,
    /// A reaction to a message.
    Reaction,
    /// A receipt of messages.
    Receipt,
    /// A notice that somebody types.
    Typing,
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
            Self::Correction => 7,
            Self::Deletion => 8,
            Self::Timer => 9,
            Self::ViewOnce => 0x0a,
            Self::TimerSetting => 0x0b,
            Self::Group => 0x0c,
            Self::ForeignCopy => 0x40,
            Self::ForeignHandover => 0x41,
            Self::Reply => 0x81,
            Self::Reaction => 0x82,
            Self::Receipt => 0x83,
            Self::Typing => 0x84,
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
            7 => Some(Self::Correction),
            8 => Some(Self::Deletion),
            9 => Some(Self::Timer),
            0x0a => Some(Self::ViewOnce),
            0x0b => Some(Self::TimerSetting),
            0x0c => Some(Self::Group),
            0x40 => Some(Self::ForeignCopy),
            0x41 => Some(Self::ForeignHandover),
            0x81 => Some(Self::Reply),
            0x82 => Some(Self::Reaction),
            0x83 => Some(Self::Receipt),
            0x84 => Some(Self::Typing),
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
