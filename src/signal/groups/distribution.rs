//! Distribution messages, from a session or for one: `spec/third-party.md`, "Groups".

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::secret::redacted;
use crate::signal::keys::IdentityKey;
use crate::signal::policy::{ForeignDevice, ForeignGroupId, ToldSenderKey};
use crate::signal::service_id::Uuid;
use crate::signal::version::Version;

use super::wire::ToldChain;

/// The sender key of somebody else in a group, as it came in a session with that device.
///
/// Its bytes say nothing about who made it, so that nothing makes one but a message that was opened:
/// [`ForeignContent::SenderKey`](crate::signal::ForeignContent::SenderKey) of an attested account,
/// [`PlainContent::sender_key`](crate::signal::PlainContent::sender_key) of plain programs.
///
/// ```compile_fail,E0599
/// # use latchstring::signal::SenderKeyDistribution;
/// fn from_elsewhere(bytes: &[u8]) {
///     let _ = SenderKeyDistribution::decode(bytes); // whose would it be?
/// }
/// ```
pub struct SenderKeyDistribution {
    pub(super) provenance: Provenance,
    pub(super) group: Option<ForeignGroupId>,
    pub(super) told: ToldChain,
}

redacted!(
    SenderKeyDistribution,
    |it| from = it.provenance.from,
    group = it.group,
    distribution = it.distribution()
);

impl SenderKeyDistribution {
    /// Takes what was told by a device of an attested account. The old form says for which group it is by nothing.
    pub(crate) fn attested(
        provenance: Provenance,
        told: &ToldSenderKey<'_>,
    ) -> Result<Self, Error> {
        let chain = ToldChain::decode(told.distribution)?;
        if chain.place.distribution.is_none() {
            return Err(Error::Malformed);
        }
        Ok(Self { provenance, group: Some(told.group), told: chain })
    }

    /// Takes what was told by a plain program, in either form.
    pub(crate) fn plain(provenance: Provenance, bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self { provenance, group: None, told: ToldChain::decode(bytes)? })
    }

    /// Returns the device that told it.
    #[must_use]
    pub fn sender(&self) -> &ForeignDevice {
        &self.provenance.from
    }

    /// Returns the group that it is for, if the device is one of an attested account.
    #[must_use]
    pub fn group(&self) -> Option<ForeignGroupId> {
        self.group
    }

    /// Returns the id of the distribution; the old form has none.
    #[must_use]
    pub fn distribution(&self) -> Option<Uuid> {
        self.told.place.distribution
    }
}

/// The device that told something in a session, what it was known by, and the version of the session.
#[derive(Clone)]
pub(crate) struct Provenance {
    pub(crate) from: ForeignDevice,
    pub(crate) teller: Teller,
    pub(crate) version: Version,
}

/// A device as it was when it told something: what is told holds as long as it is the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Teller {
    pub(crate) identity: IdentityKey,
    /// The number of times that the user had opted out of its provider.
    pub(crate) opt_outs: u32,
}

impl Teller {
    pub(super) fn write(self, writer: &mut Writer) {
        writer.raw(self.identity.0.bytes());
        writer.u32(self.opt_outs);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let identity = IdentityKey(dh::PublicKey::decode(*reader.array()?)?);
        Ok(Self { identity, opt_outs: reader.u32()? })
    }
}

/// A distribution message of this device's sender key, for one device of somebody else
/// ([`SenderKey::tell`](super::SenderKey::tell)). Secret, like the chain.
pub struct OwnDistribution {
    pub(super) to: ForeignDevice,
    pub(super) group: Option<ForeignGroupId>,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

redacted!(OwnDistribution, |it| to = it.to, group = it.group);

impl OwnDistribution {
    /// Returns the device that it is for.
    #[must_use]
    pub fn to(&self) -> &ForeignDevice {
        &self.to
    }

    /// Returns its bytes, for a plain program: put them into a content as that program has it, and seal it in the
    /// session with this very device ([`Client::seal_plain`](crate::signal::Client::seal_plain)).
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
