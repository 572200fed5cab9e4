//! Merging of what an own device knows into what is known here: `spec/third-party.md`, "Several devices".

use alloc::collections::BTreeMap;

use crate::error::Error;
use crate::protocol::clock::Now;
use crate::signal::version::Version;

use super::attestation::Attestation;
use super::descriptor::{ProviderDescriptor, ProviderStatement};
use super::judgement::Learned;
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
    /// It contradicts what is known here, which stays.
    Conflict,
}

/// The room that there is for accounts.
pub(crate) struct Room {
    accounts: usize,
    undecided: usize,
    /// How many of each provider the user has not decided about.
    of: BTreeMap<ProviderId, usize>,
}

impl Room {
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
    pub(crate) fn room(&self) -> Room {
        let mut of = BTreeMap::<_, usize>::new();
        let mut undecided: usize = 0;
        for (account, record) in &self.accounts {
            if !record.consent.is_decided() {
                let of_one = of.entry(account.provider().clone()).or_default();
                *of_one = of_one.saturating_add(1);
                undecided = undecided.saturating_add(1);
            }
        }
        Room {
            accounts: MAX_ACCOUNTS.saturating_sub(self.accounts.len()),
            undecided: MAX_UNDECIDED.saturating_sub(undecided),
            of,
        }
    }

    /// Judges a descriptor that is handed over. Its time is not asked: it holds in its time only.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if a trusted root has not signed what is in its name.
    pub(crate) fn merge_descriptor(&self, descriptor: &ProviderDescriptor) -> Result<Merge, Error> {
        if !self.roots().contains(descriptor.root()) {
            return Ok(Merge::Conflict);
        }
        let known = self.provider(&descriptor.statement().id);
        if known.is_some_and(|known| known.descriptor == *descriptor) {
            return Ok(Merge::Known);
        }
        descriptor.verify()?;
        Ok(match self.is_other(descriptor) {
            Ok(true) => Merge::News,
            Ok(false) | Err(Error::ListRollback) => Merge::Known,
            Err(_) => Merge::Conflict,
        })
    }

    /// Judges an attestation that is handed over, of an account of this provider. One that is the account's first
    /// here is what the account is known by, whether it holds now or not: whether it does is asked whenever something
    /// is said. One that would come in the place of another, or beside it, must hold now.
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
        let Some(known) = record.and_then(|record| record.attested.as_ref()) else {
            return Ok(Merge::News);
        };
        let is_same_key = attestation.statement().key == known.statement().key;
        let holds = provider.is_some_and(|provider| {
            provider.attestation_keys.contains(attestation.provider_key())
                && attestation.statement().fits(provider)
                && attestation.check(now).is_ok()
        });
        Ok(match self.compare(attestation, record) {
            Ok(Learned::Renewed) if holds => Merge::News,
            Ok(Learned::Known | Learned::Renewed) => Merge::Known,
            Ok(Learned::KeyChanged) if holds => Merge::Waits,
            Err(Error::ListRollback) if is_same_key => Merge::Known,
            Ok(_) | Err(_) => Merge::Conflict,
        })
    }
}

impl Consent {
    /// Returns the stronger of two decisions: one is stronger than none, and to block than to accept.
    pub(crate) fn or(self, other: Self) -> Self {
        let order = [Self::Blocked, Self::Accepted, Self::Requested];
        let held = order.into_iter().find(|consent| [self, other].contains(consent));
        held.unwrap_or(Self::Unasked)
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

    /// Tells whether something that is known of the account elsewhere is new here.
    pub(crate) fn is_less(&self, consent: Consent, pin: Option<Version>) -> bool {
        self.consent.or(consent) != self.consent || pin > self.pin
    }
}
