//! Somebody with whom messages may be exchanged, once all that stands against it was asked:
//! `spec/third-party.md`, "Opting in", "Accounts and attestations", "First contact".

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::protocol::clock::Now;
use crate::signal::keys::IdentityKey;
use crate::signal::version::Version;

use super::agreed::{agreed, check};
use super::attestation::AccountStatement;
use super::content_profile::ContentProfile;
use super::descriptor::ProviderStatement;
use super::envelope::{Ends, ForeignChat, ForeignGroupId, Said, Saying};
use super::group_envelope::{self, ToldSenderKey};
use super::names::ForeignDevice;
use super::record::{AccountRecord, Consent};

/// Somebody with whom messages may be exchanged.
pub(crate) struct Party<'a> {
    pub(super) provider: &'a ProviderStatement,
    pub(super) record: Option<&'a AccountRecord>,
    /// The statements of the account and of this side's; `None` where programs are plain.
    pub(super) statements: Option<Statements<'a>>,
}

/// The statements that two accounts have signed of themselves.
#[derive(Clone, Copy)]
pub(crate) struct Statements<'a> {
    pub(super) own: &'a AccountStatement,
    pub(super) peer: &'a AccountStatement,
}

/// The message of somebody of an attested account, once its fields were found to be true.
pub(crate) enum Disclosed<'a> {
    /// Words.
    Said(Said),
    /// A sender key, which nothing shows.
    Told(ToldSenderKey<'a>),
}

impl Party<'_> {
    /// Returns the oldest version in which there may be messages: whichever of the user's app, the provider's
    /// descriptor and what the account has used asks for most.
    pub(crate) fn floor(&self, own: Version) -> Version {
        let pin = self.record.and_then(|record| record.pin);
        own.max(self.provider.floor).max(pin.unwrap_or(own))
    }

    /// Tells whether neither side has written to the other.
    pub(crate) fn is_unasked(&self) -> bool {
        self.record.is_none_or(|record| record.consent == Consent::Unasked)
    }

    /// Tells whether nothing is known of its account.
    pub(crate) fn is_new(&self) -> bool {
        self.record.is_none()
    }

    /// Tells whether an account of which this many devices are known may have no other one. Of attested accounts the
    /// statement says which there are.
    pub(crate) fn is_full(&self, devices: usize) -> bool {
        !self.is_attested() && devices >= usize::from(self.provider.devices)
    }

    /// Tells whether its account has attestations.
    pub(crate) fn is_attested(&self) -> bool {
        self.statements.is_some()
    }

    /// Refuses a device that shows another identity key than its account attests.
    pub(crate) fn check_identity(&self, device: u8, identity: &IdentityKey) -> Result<(), Error> {
        let Some(statements) = self.statements else { return Ok(()) };
        let attested = statements.peer.device(device);
        if attested == Some(identity) { Ok(()) } else { Err(Error::Unlisted) }
    }

    /// Encloses what is to be said, if all profiles allow it.
    pub(crate) fn enclose(
        &self,
        ends: Ends<'_>,
        saying: &Saying<'_>,
        now: Now,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let statements = self.statements.ok_or(Error::WrongKind)?;
        check(self.shared(statements), saying.content, saying.features())?;
        let agreed = agreed(statements.own, statements.peer);
        Ok(ends.enclose(saying, &agreed, now.reading()))
    }

    /// Encloses a distribution message for one device of a group.
    pub(crate) fn tell(
        &self,
        ends: Ends<'_>,
        group: ForeignGroupId,
        distribution: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let statements = self.statements.ok_or(Error::WrongKind)?;
        Ok(ends.tell(&agreed(statements.own, statements.peer), group, distribution))
    }

    /// Discloses what was said or told, if all profiles allow it. Of plain programs nothing is looked at.
    pub(crate) fn disclose<'a>(
        &self,
        ends: Ends<'_>,
        text: &'a [u8],
        now: Now,
    ) -> Result<Option<Disclosed<'a>>, Error> {
        let Some(statements) = self.statements else { return Ok(None) };
        let is_agreed = |named: &[u8; 32]| {
            *named == agreed(statements.own, statements.peer)
                || self.record.is_some_and(|record| record.has_replaced(named, now))
        };
        if group_envelope::is_told(text) {
            return ends.told(text, is_agreed).map(Disclosed::Told).map(Some);
        }
        let profile = self.shared(statements);
        let said = ends.disclose(text, is_agreed, profile.kinds())?;
        allowed(profile, said).map(Disclosed::Said).map(Some)
    }

    /// Discloses what was said in a group, if all profiles allow it.
    pub(crate) fn disclose_in_group(
        &self,
        sender: &ForeignDevice,
        group: ForeignGroupId,
        text: &[u8],
    ) -> Result<Said, Error> {
        let profile = self.profile().ok_or(Error::WrongKind)?;
        allowed(profile, group_envelope::disclose(sender, group, text, profile.kinds())?)
    }

    /// Returns the profile of both sides and the provider together; there is none where programs are plain.
    pub(crate) fn profile(&self) -> Option<ContentProfile> {
        self.statements.map(|statements| self.shared(statements))
    }

    fn shared(&self, statements: Statements<'_>) -> ContentProfile {
        self.provider.profile.and(statements.peer.profile).and(statements.own.profile)
    }
}

/// Encloses what is to be said in a group, if the profiles of all members together allow it.
pub(crate) fn enclose_in_group(
    sender: &ForeignDevice,
    profile: ContentProfile,
    saying: &Saying<'_>,
    now: Now,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let ForeignChat::Group(group) = saying.chat else { return Err(Error::WrongPeer) };
    check(profile, saying.content, saying.features())?;
    Ok(group_envelope::enclose(sender, group, saying, now.reading()))
}

/// Refuses what was said if a profile does not allow it.
fn allowed(profile: ContentProfile, said: Said) -> Result<Said, Error> {
    match check(profile, &said.content, said.features()) {
        Ok(()) => Ok(said),
        Err(Error::ContentTooLong) => Err(Error::NotAllowed),
        Err(error) => Err(error),
    }
}
