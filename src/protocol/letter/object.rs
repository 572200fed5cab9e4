//! Objects that own devices tell each other: `spec/fan-out.md`, "Objects".

use crate::error::Error;
use crate::protocol::wire;

/// The kinds of objects that own devices act upon.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectKind {
    Notice,
    Link,
    Grant,
    Chat,
    GuestCopy,
    HandOver,
    HistoryRequest,
    HistoryManifest,
    SettingsKeys,
    SettingsHeads,
    Viewed,
}

impl ObjectKind {
    /// Reads the kind of an object, and refuses all else. Nothing more of it is checked.
    pub(crate) fn of(object: &[u8]) -> Result<Self, Error> {
        match object {
            [wire::VERSION, wire::NOTICE, ..] => Ok(Self::Notice),
            [wire::VERSION, wire::SHARED_LINK, ..] => Ok(Self::Link),
            [wire::VERSION, wire::SHARED_GRANT, ..] => Ok(Self::Grant),
            [wire::VERSION, wire::SHARED_CHAT, ..] => Ok(Self::Chat),
            [wire::VERSION, wire::GUEST_COPY, ..] => Ok(Self::GuestCopy),
            [wire::VERSION, wire::GUEST_HAND_OVER, ..] => Ok(Self::HandOver),
            [wire::VERSION, wire::HISTORY_REQUEST, ..] => Ok(Self::HistoryRequest),
            [wire::VERSION, wire::HISTORY_MANIFEST, ..] => Ok(Self::HistoryManifest),
            [wire::VERSION, wire::SETTINGS_KEYS, ..] => Ok(Self::SettingsKeys),
            [wire::VERSION, wire::SETTINGS_HEADS, ..] => Ok(Self::SettingsHeads),
            [wire::VERSION, wire::VIEW_NOTICE, ..] => Ok(Self::Viewed),
            [wire::VERSION, _, ..] => Err(Error::WrongKind),
            [version, _, ..] => Err(Error::UnknownVersion(*version)),
            _ => Err(Error::Malformed),
        }
    }
}
