//! Notices, which a user is shown of a provider before anything is sent: `spec/third-party.md`, "Notices".

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::signal::version::Version;

use super::content_profile::Feature;
use super::descriptor::{Programs, ProviderStatement};

/// The version of what the notices mean. It grows when one of them says something else, or another one comes.
const VERSION: u16 = 1;

/// A thing that a user is told of a provider, as a code: the app has the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Notice {
    /// The other person's program is not of this app, and nobody here knows what it does with what it reads.
    OtherProgram,
    /// The provider or its programs may keep copies, also outside end-to-end encryption.
    KeepsCopies,
    /// The provider sees who writes to whom, and when.
    SeesWho,
    /// Unwanted messages and fraud are more common.
    Unwanted,
    /// The provider alone says whose account it is, unless the two people compare.
    AttestedByProvider,
    /// Messages do not disappear there.
    NoTimers,
    /// Nothing can be shown just once there.
    NoViewOnce,
    /// Nothing that was sent can be edited or deleted there.
    NoEdits,
    /// Nobody says whose account it is, and neither names nor devices are bound to a message.
    Unbound,
    /// Conversations may be without post-quantum keys.
    NotPostQuantum,
}

impl Notice {
    const ALL: [Self; 10] = [
        Self::OtherProgram,
        Self::KeepsCopies,
        Self::SeesWho,
        Self::Unwanted,
        Self::AttestedByProvider,
        Self::NoTimers,
        Self::NoViewOnce,
        Self::NoEdits,
        Self::Unbound,
        Self::NotPostQuantum,
    ];

    /// Returns the number that stands for the notice outside Rust.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::OtherProgram => 1,
            Self::KeepsCopies => 2,
            Self::SeesWho => 3,
            Self::Unwanted => 4,
            Self::AttestedByProvider => 5,
            Self::NoTimers => 6,
            Self::NoViewOnce => 7,
            Self::NoEdits => 8,
            Self::Unbound => 9,
            Self::NotPostQuantum => 10,
        }
    }

    fn bit(self) -> u32 {
        1_u32.rotate_left(u32::from(self.number()))
    }

    fn is_of(self, provider: &ProviderStatement) -> bool {
        let is_plain = provider.programs == Programs::Plain;
        match self {
            Self::NoTimers => is_plain || !provider.profile.has(Feature::Timers),
            Self::NoViewOnce => is_plain || !provider.profile.has(Feature::ViewOnce),
            Self::AttestedByProvider => !is_plain,
            Self::Unbound => is_plain,
            Self::NotPostQuantum => provider.floor < Version::V4,
            _ => true,
        }
    }
}

/// The notices of one provider, in their version: what the user is shown, and then has acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notices {
    version: u16,
    /// A bit for each notice, by its number.
    codes: u32,
}

impl Notices {
    /// Lists what is to be said of a provider.
    pub(crate) fn of(provider: &ProviderStatement) -> Self {
        let held = Notice::ALL.into_iter().filter(|notice| notice.is_of(provider));
        Self { version: VERSION, codes: held.fold(0, |codes, notice| codes | notice.bit()) }
    }

    /// Returns the version of what they mean.
    #[must_use]
    pub fn version(self) -> u16 {
        self.version
    }

    /// Lists them, to be shown to the user.
    pub fn list(self) -> impl Iterator<Item = Notice> {
        Notice::ALL.into_iter().filter(move |notice| self.codes & notice.bit() != 0)
    }

    /// Tells whether a user who has acknowledged these knows the others too.
    pub(crate) fn cover(self, others: Self) -> bool {
        self.version == others.version && self.codes | others.codes == self.codes
    }

    /// Makes those of another version.
    #[cfg(test)]
    pub(crate) fn of_version(self, version: u16) -> Self {
        Self { version, ..self }
    }

    pub(crate) fn write(self, writer: &mut Writer) {
        writer.u16(self.version);
        writer.u32(self.codes);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { version: reader.u16()?, codes: reader.u32()? })
    }
}
