//! Records of providers and accounts: `spec/third-party.md`, "State".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::Now;
use crate::signal::version::Version;

use super::agreed::AGREED;
use super::attestation::Attestation;
use super::descriptor::ProviderDescriptor;
use super::notices::Notices;

/// The time for which a message may still name an agreement that was replaced, in seconds.
const FORMER_FOR: u64 = 30 * 86_400;

/// Maximum number of agreements with an account that were replaced.
const MAX_FORMER: usize = 4;

/// A provider, and what the user has decided about it.
pub(crate) struct ProviderRecord {
    pub(crate) descriptor: ProviderDescriptor,
    /// The notices that the user knew when they opted in; `None` if they have not.
    pub(crate) acknowledged: Option<Notices>,
    /// The number of times that the user has opted out. All that was told before the last one ended by it.
    pub(crate) opt_outs: u32,
}

/// The user's decision about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Consent {
    /// Neither side has written to the other.
    Unasked,
    /// Somebody of it has written, and the user has not decided: nothing more of it is opened.
    Requested,
    /// The user has written to it, or has accepted it.
    Accepted,
    /// The user wants nothing of it: nothing is opened.
    Blocked,
}

/// An account on another messenger.
pub(crate) struct AccountRecord {
    pub(crate) attested: Option<Box<Attestation>>,
    /// An attestation under another account key, which waits for the user.
    pub(crate) waiting: Option<Box<Attestation>>,
    pub(crate) consent: Consent,
    /// The newest version that any of its devices has used: no device of it goes below.
    pub(crate) pin: Option<Version>,
    former: Vec<Former>,
}

/// An agreement that was replaced: what is on its way still names it.
struct Former {
    agreed: [u8; AGREED],
    until: u64,
}

impl ProviderRecord {
    pub(crate) fn write(&self, writer: &mut Writer) {
        self.descriptor.write(writer);
        writer.option(self.acknowledged, Notices::write);
        writer.u32(self.opt_outs);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let descriptor = ProviderDescriptor::recall(reader)?;
        let acknowledged = reader.option(Notices::read)?;
        Ok(Self { descriptor, acknowledged, opt_outs: reader.u32()? })
    }
}

impl AccountRecord {
    /// Begins with an account that is not known.
    pub(crate) fn new() -> Self {
        Self {
            attested: None,
            waiting: None,
            consent: Consent::Unasked,
            pin: None,
            former: Vec::new(),
        }
    }

    /// Remembers an agreement that is replaced.
    pub(crate) fn replace(&mut self, agreed: [u8; AGREED], now: u64) {
        self.former.retain(|former| former.until > now && former.agreed != agreed);
        self.former.insert(0, Former { agreed, until: now.saturating_add(FORMER_FOR) });
        self.former.truncate(MAX_FORMER);
    }

    /// Forgets all agreements that were replaced: they were with somebody else's key.
    pub(crate) fn forget_former(&mut self) {
        self.former.clear();
    }

    /// Tells whether an agreement was replaced a short while ago.
    pub(crate) fn has_replaced(&self, agreed: &[u8; AGREED], now: Now) -> bool {
        let mut former = self.former.iter().filter(|former| former.until > now.reading());
        former.any(|former| former.agreed == *agreed)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.option(self.attested.as_deref(), Attestation::write);
        writer.option(self.waiting.as_deref(), Attestation::write);
        self.consent.write(writer);
        writer.option(self.pin, |pin, writer| writer.u8(pin.number()));
        writer.list(&self.former, |former, writer| {
            writer.raw(&former.agreed);
            writer.u64(former.until);
        });
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut attestation = || reader.option(|reader| Attestation::recall(reader).map(Box::new));
        let (attested, waiting) = (attestation()?, attestation()?);
        Ok(Self {
            attested,
            waiting,
            consent: Consent::read(reader)?,
            pin: reader.option(|reader| Version::of_number(reader.u8()?))?,
            former: reader.list(MAX_FORMER, |reader| {
                Ok(Former { agreed: *reader.array()?, until: reader.u64()? })
            })?,
        })
    }
}

impl Consent {
    pub(crate) fn write(self, writer: &mut Writer) {
        writer.u8(match self {
            Self::Unasked => 0,
            Self::Requested => 1,
            Self::Accepted => 2,
            Self::Blocked => 3,
        });
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            0 => Ok(Self::Unasked),
            1 => Ok(Self::Requested),
            2 => Ok(Self::Accepted),
            3 => Ok(Self::Blocked),
            _ => Err(Error::Malformed),
        }
    }
}
