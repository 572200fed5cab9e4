//! Profiles, which say what may be said: `spec/third-party.md`, "What may be said".
//!
//! ```text
//! profile = u64(kinds) ‖ u16(length of a text) ‖ u8(features)
//! ```

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::content::{Kind, Kinds, MAX_TEXT, Sender};

/// The kinds that people on other messengers may say, where a profile has them.
const KINDS: [Kind; 5] = [Kind::Text, Kind::Image, Kind::Voice, Kind::Video, Kind::File];

/// The abilities of one side, which it promises to keep to: kinds of content, the length of a text, features. Signed
/// within a provider's descriptor or an account's attestation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentProfile {
    /// A bit for each kind, by its number. Kinds of later releases are kept, since they are signed, and not allowed.
    kinds: u64,
    max_text: u16,
    features: u8,
}

/// Something that a message may ask of its reader's program, which promises by its profile to do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// The message disappears after a time.
    Timers,
    /// The message is shown once.
    ViewOnce,
    /// The reader's program says that a message was read.
    Receipts,
}

impl Feature {
    const fn bit(self) -> u8 {
        match self {
            Self::Timers => 1,
            Self::ViewOnce => 2,
            Self::Receipts => 4,
        }
    }
}

impl ContentProfile {
    /// Makes a profile of the kinds that a foreign sender may say ([`Sender::Foreign`]), without features. Its texts
    /// have up to `max_text` bytes.
    #[must_use]
    pub fn new(kinds: Kinds, max_text: u16) -> Self {
        let held = KINDS.into_iter().filter(|kind| kinds.contains(*kind));
        let kinds = held.fold(0, |bits, kind| bits | bit(kind));
        Self { kinds, max_text: max_text.min(MAX_TEXT), features: 0 }
    }

    /// Adds a feature.
    #[must_use]
    pub fn with(self, feature: Feature) -> Self {
        Self { features: self.features | feature.bit(), ..self }
    }

    /// Returns what is in both profiles.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            kinds: self.kinds & other.kinds,
            max_text: self.max_text.min(other.max_text),
            features: self.features & other.features,
        }
    }

    /// Returns the kinds that it allows: none that the table of senders does not, whatever was signed.
    #[must_use]
    pub fn kinds(self) -> Kinds {
        let held = KINDS.into_iter().filter(|kind| self.kinds & bit(*kind) != 0);
        held.fold(Kinds::NONE, Kinds::with).and(Kinds::of(Sender::Foreign))
    }

    /// Returns the maximum length of a text in bytes.
    #[must_use]
    pub fn max_text(self) -> u16 {
        self.max_text
    }

    /// Tells whether a feature is promised.
    #[must_use]
    pub fn has(self, feature: Feature) -> bool {
        self.features & feature.bit() != 0
    }

    pub(crate) fn write(self, writer: &mut Writer) {
        writer.u64(self.kinds);
        writer.u16(self.max_text);
        writer.u8(self.features);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { kinds: reader.u64()?, max_text: reader.u16()?, features: reader.u8()? })
    }
}

/// Returns the bit of a kind. Numbers of kinds that others than own devices say have six bits.
fn bit(kind: Kind) -> u64 {
    1_u64.rotate_left(u32::from(kind.number()))
}
