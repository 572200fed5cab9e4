//! Merging of what an own device knows into what is known here: `spec/third-party.md`, "Several devices".

use alloc::collections::BTreeMap;

use crate::error::Error;
use crate::protocol::clock::Now;

use super::attestation::Attestation;
use super::descriptor::{ProviderDescriptor, ProviderStatement};
use super::judgement::{Learned, follows};
use super::names::{ForeignAccount, ProviderId};
use super::policy::{MAX_ACCOUNTS, MAX_UNDECIDED, MAX_UNDECIDED_OF_ONE, Policy};
use super::record::{AccountRecord, Consent, ProviderRecord};

/// The relation of something that is handed over to what is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// It says nothing that is not known here, or something newer is.
    Known,
    /// It is taken.
    News,
    /// It is taken as what waits for the user: under another account key than the known one.
    Waits,
    /// It contradicts what is known here, which stays, or is not to be trusted.
    Conflict,
}

/// The room that there is for accounts.
pub(crate) struct AccountRoom {
    accounts: usize,
    undecided: usize,
    /// The number of each provider that the user has not decided about.
    of: BTreeMap<ProviderId, usize>,
}

impl AccountRoom {
    /// Takes the room for another account, if there is any.
    pub(crate) fn take(&mut self, provider: &ProviderId, consent: Consent) -> bool {
        let mut has_room = self.accounts > 0;
        if !consent.is_decided() {
            let of_one = self.of.entry(provider.clone()).or_default();
            has_room &= self.undecided > 0 && *of_one < MAX_UNDECIDED_OF_ONE;
            if has_room {
                *of_one = of_one.saturating_add(1);
                self.undecided = self.undecided.saturating_sub(1);
            }
        }
        if has_room {
            self.accounts = self.accounts.saturating_sub(1);
        }
        has_room
    }
}

impl Policy {
    pub(crate) fn all_providers(&self) -> impl Iterator<Item = &ProviderRecord> {
        self.providers.values().map(|record| &**record)
    }

    pub(crate) fn all_accounts(&self) -> impl Iterator<Item = (&ForeignAccount, &AccountRecord)> {
        self.accounts.iter().map(|(account, record)| (account, &**record))
    }

    /// Tells how many accounts may come.
    pub(crate) fn room(&self) -> AccountRoom {
        let mut of = BTreeMap::<_, usize>::new();
        let mut undecided: usize = 0;
        for (account, record) in &self.accounts {
            if !record.consent.is_decided() {
                let of_one = of.entry(account.provider().clone()).or_default();
                *of_one = of_one.saturating_add(1);
                undecided = undecided.saturating_add(1);
            }
        }
        AccountRoom {
            accounts: MAX_ACCOUNTS.saturating_sub(self.accounts.len()),
            undecided: MAX_UNDECIDED.saturating_sub(undecided),
            of,
        }
    }

    /// Judges a descriptor that is handed over. It holds in its time only, and may be past it: but one from the
    /// future would freeze the provider until then.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if a trusted root has not signed what is in its name.
    pub(crate) fn merge_descriptor(
        &self,
        descriptor: &ProviderDescriptor,
        now: Now,
    ) -> Result<Merge, Error> {
        if !self.roots().contains(descriptor.root()) {
            return Ok(Merge::Conflict);
        }
        let known = self.provider(&descriptor.statement().id);
        if known.is_some_and(|known| known.descriptor == *descriptor) {
            return Ok(Merge::Known);
        }
        descriptor.verify()?;
        Ok(match self.is_other(descriptor) {
            Ok(true) if descriptor.has_begun(now) => Merge::News,
            Ok(false) | Err(Error::ListRollback) => Merge::Known,
            Ok(true) | Err(_) => Merge::Conflict,
        })
    }

    /// Judges an attestation that is handed over, of an account of this provider, which must stand by it: anybody
    /// makes a key and signs in its name. One that is the account's first here is what the account is known by, also
    /// past its time: whether it holds is asked whenever something is said. One that would come in the place of
    /// another, or beside it, must hold now.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if a signature does not hold.
    pub(crate) fn merge_attestation(
        &self,
        attestation: &Attestation,
        provider: Option<&ProviderStatement>,
        now: Now,
    ) -> Result<Merge, Error> {
        let record = self.account(&attestation.statement().account);
        if record.is_some_and(|record| record.holds(attestation)) {
            return Ok(Merge::Known);
        }
        attestation.verify()?;
        let is_of = provider.is_some_and(|provider| attestation.is_of(provider));
        let Some(known) = record.and_then(|record| record.attested.as_ref()) else {
            let is_taken = is_of && attestation.has_begun(now);
            return Ok(if is_taken { Merge::News } else { Merge::Conflict });
        };
        let is_same_key = attestation.statement().key == known.statement().key;
        let is_later = attestation.statement().sequence > known.statement().sequence;
        let holds = is_of && attestation.check(now).is_ok();
        Ok(match self.compare(attestation, record) {
            Ok(Learned::Renewed) if holds => Merge::News,
            // It may leave out a device that is still talked to here.
            Ok(Learned::Renewed) if is_later => Merge::Conflict,
            Ok(Learned::Known | Learned::Renewed) => Merge::Known,
            Ok(Learned::KeyChanged) if holds => Merge::Waits,
            Err(Error::ListRollback) if is_same_key => Merge::Known,
            Ok(_) | Err(_) => Merge::Conflict,
        })
    }

    /// Judges an attestation that waits beside the account's first here, under another key than that one. It must
    /// hold now, as if it were learned after it.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if a signature does not hold.
    pub(crate) fn merge_waiting(
        attestation: &Attestation,
        first: &Attestation,
        provider: Option<&ProviderStatement>,
        now: Now,
    ) -> Result<Merge, Error> {
        attestation.verify()?;
        let (found, known) = (attestation.statement().sequence, first.statement().sequence);
        let holds = provider.is_some_and(|provider| attestation.is_of(provider))
            && attestation.check(now).is_ok()
            && follows((found, known), false).is_ok();
        Ok(if holds { Merge::Waits } else { Merge::Conflict })
    }
}

impl Consent {
    /// Returns what the user thinks once it is known what they think elsewhere: what they have decided here stays,
    /// whichever came first. Otherwise the stronger holds: to have decided than not, and to block than to accept.
    pub(crate) fn or(self, other: Self) -> Self {
        if self.is_decided() {
            return self;
        }
        let order = [Self::Blocked, Self::Accepted, Self::Requested];
        let held = order.into_iter().find(|consent| [self, other].contains(consent));
        held.unwrap_or(Self::Unasked)
    }

    /// Tells whether the user has decided here one way, and elsewhere the other.
    pub(crate) fn contradicts(self, other: Self) -> bool {
        self.is_decided() && other.is_decided() && self != other
    }

    /// Tells whether the user has decided.
    pub(crate) fn is_decided(self) -> bool {
        matches!(self, Self::Accepted | Self::Blocked)
    }
}

impl AccountRecord {
    /// Tells whether this very attestation is known of the account, or waits.
    fn holds(&self, attestation: &Attestation) -> bool {
        let mut held = [&self.attested, &self.waiting].into_iter().flatten();
        held.any(|known| **known == *attestation)
    }
}
