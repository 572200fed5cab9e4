//! The one table of who may say what: `spec/content.md`, "Who may say what".
//!
//! ```text
//! own       every number
//! member    every number that is not for own devices alone
//! guest     text
//! foreign   text, image, voice, video, file
//! ```

use super::kind::{Kind, is_harmless, is_own_only};
use super::sender::Sender;
use crate::error::Error;

/// A set of kinds, by their numbers: also of those that this release does not know.
///
/// ```
/// use latchstring::content::{Kind, Kinds, Sender};
///
/// assert!(Kinds::of(Sender::Foreign).contains(Kind::Voice));
/// assert!(!Kinds::of(Sender::Foreign).contains(Kind::App));
/// // A foreign service that has declared less is held to less, and never gets more.
/// let declared = Kinds::NONE.with(Kind::Text).with(Kind::App);
/// assert_eq!(Kinds::of(Sender::Foreign).and(declared), Kinds::NONE.with(Kind::Text));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kinds {
    /// A bit for each number, by the lower six bits of it; one word for each combination of the upper two.
    critical: u64,
    harmless: u64,
    own_critical: u64,
    own_harmless: u64,
}

impl Kinds {
    /// The empty set.
    pub const NONE: Self = Self { critical: 0, harmless: 0, own_critical: 0, own_harmless: 0 };

    /// The set of every kind, known or not.
    pub const ALL: Self = Self {
        critical: u64::MAX,
        harmless: u64::MAX,
        own_critical: u64::MAX,
        own_harmless: u64::MAX,
    };

    /// Returns what a sender may say: the table.
    #[must_use]
    pub fn of(sender: Sender) -> Self {
        match sender {
            Sender::Own => Self::ALL,
            Sender::Member => Self { own_critical: 0, own_harmless: 0, ..Self::ALL },
            Sender::Guest => Self::NONE.with(Kind::Text),
            Sender::Foreign => Self::NONE
                .with(Kind::Text)
                .with(Kind::Image)
                .with(Kind::Voice)
                .with(Kind::Video)
                .with(Kind::File),
        }
    }

    /// Adds a kind.
    #[must_use]
    pub fn with(self, kind: Kind) -> Self {
        let bit = bit(kind.number());
        // No harmless kind that has a name is for own devices alone.
        if is_harmless(kind.number()) {
            Self { harmless: self.harmless | bit, ..self }
        } else if is_own_only(kind.number()) {
            Self { own_critical: self.own_critical | bit, ..self }
        } else {
            Self { critical: self.critical | bit, ..self }
        }
    }

    /// Returns what is in both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            critical: self.critical & other.critical,
            harmless: self.harmless & other.harmless,
            own_critical: self.own_critical & other.own_critical,
            own_harmless: self.own_harmless & other.own_harmless,
        }
    }

    /// Tells whether a kind is in the set.
    #[must_use]
    pub fn contains(self, kind: Kind) -> bool {
        self.has(kind.number())
    }

    /// Refuses the number of a kind that is not in the set.
    pub(crate) fn check(self, number: u8) -> Result<(), Error> {
        if self.has(number) { Ok(()) } else { Err(Error::NotAllowed) }
    }

    fn has(self, number: u8) -> bool {
        let word = match (is_harmless(number), is_own_only(number)) {
            (false, false) => self.critical,
            (true, false) => self.harmless,
            (false, true) => self.own_critical,
            (true, true) => self.own_harmless,
        };
        word & bit(number) != 0
    }
}

/// Returns the bit of a number in its word: the place is its lower six bits.
fn bit(number: u8) -> u64 {
    1_u64.rotate_left(u32::from(number))
}
