//! Judgements of a descriptor or an attestation by what was known before: `spec/third-party.md`, "Providers",
//! "Accounts and attestations".

use crate::error::Error;
use crate::protocol::clock::Now;
use crate::session::AccountKey;

use super::attestation::Attestation;
use super::descriptor::{Programs, ProviderDescriptor, ProviderStatement};
use super::names::ForeignAccount;
use super::policy::{MAX_PROVIDERS, Policy};
use super::record::{AccountRecord, Consent};

/// The relation of an attestation to what was known of its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Learned {
    /// It was known already.
    Known,
    /// It is the account's first.
    First,
    /// It follows from the known one. The sessions with devices that it does not name any more are erased.
    Renewed,
    /// It is under another account key: the account was set up anew, or its provider lets somebody else pose as it.
    /// Tell the user; until they decide ([`Client::accept_key`](crate::signal::Client::accept_key),
    /// [`Client::dismiss_key`](crate::signal::Client::dismiss_key)) nothing is sent to the account and nothing of it
    /// opened.
    KeyChanged,
}

impl Policy {
    /// Tells whether a descriptor says anything new.
    ///
    /// # Errors
    ///
    /// [`Error::ListExpired`]; [`Error::ListRollback`] for an older one, [`Error::ListFork`] for another one of the
    /// same counter; [`Error::Downgrade`] if accounts that are attested would not be any more;
    /// [`Error::TooManyAccounts`] if there are 64 providers.
    pub(crate) fn is_news(&self, descriptor: &ProviderDescriptor, now: Now) -> Result<bool, Error> {
        let is_news = self.is_other(descriptor)?;
        descriptor.check(now)?;
        Ok(is_news)
    }

    /// Tells the same of a descriptor whose time is not asked: it holds in its time only, whenever it was learned.
    pub(super) fn is_other(&self, descriptor: &ProviderDescriptor) -> Result<bool, Error> {
        let found = descriptor.statement();
        let known = self.providers.get(&found.id).map(|record| &record.descriptor);
        // What a root says that is not trusted any more binds nobody: it would lock the provider out for good.
        let trusted = known.filter(|known| self.roots().contains(known.root()));
        if let Some(known) = trusted.map(ProviderDescriptor::statement) {
            follows((found.counter, known.counter), found == known)?;
            // Its people are known by what they have signed: nobody takes that away from them.
            if (known.programs, found.programs) == (Programs::Attested, Programs::Plain) {
                return Err(Error::Downgrade);
            }
        } else if known.is_none() && self.providers.len() >= MAX_PROVIDERS {
            return Err(Error::TooManyAccounts);
        }
        Ok(known != Some(descriptor))
    }

    /// Tells what an attestation is to what is known of its account, once its signatures hold. Nothing is verified
    /// for a provider that the user has not opted in to.
    pub(crate) fn judge(&self, attestation: &Attestation, now: Now) -> Result<Learned, Error> {
        let found = attestation.statement();
        let provider = self.active(found.account.provider(), now)?.descriptor.statement();
        if provider.programs == Programs::Plain {
            return Err(Error::WrongKind);
        }
        self.check_foreign(&found.account)?;
        let record = self.account(&found.account);
        if record.is_some_and(|record| record.consent == Consent::Blocked) {
            return Err(Error::Blocked);
        }
        attestation.hold(provider, now)?;
        self.compare(attestation, record)
    }

    /// Compares an attestation with what is known of its account.
    pub(super) fn compare(
        &self,
        attestation: &Attestation,
        record: Option<&AccountRecord>,
    ) -> Result<Learned, Error> {
        let found = attestation.statement();
        let Some(attested) = record.and_then(|record| record.attested.as_ref()) else {
            return if record.is_some() || self.has_room(found.account.provider()) {
                Ok(Learned::First)
            } else {
                Err(Error::TooManyAccounts)
            };
        };
        let waiting = record.and_then(|record| record.waiting.as_ref());
        if attestation == &**attested || waiting.is_some_and(|waiting| attestation == &**waiting) {
            return Ok(Learned::Known);
        }
        let known = attested.statement();
        follows((found.sequence, known.sequence), found == known)?;
        if found.key == known.key {
            return Ok(Learned::Renewed);
        }
        if let Some(waiting) = waiting.map(|waiting| waiting.statement())
            && waiting.key == found.key
        {
            follows((found.sequence, waiting.sequence), found == waiting)?;
        }
        Ok(Learned::KeyChanged)
    }

    /// Judges an attestation of this side's own account, of which `key` is the key. Whether its provider's signature
    /// is by one of its keys is for others to know: what this side says of itself is under the account key.
    pub(crate) fn is_own_news(
        &self,
        attestation: &Attestation,
        account: &ForeignAccount,
        key: AccountKey,
        now: Now,
    ) -> Result<bool, Error> {
        let found = attestation.statement();
        if found.account != *account {
            return Err(Error::WrongPeer);
        }
        if found.key != key {
            return Err(Error::WrongAccount);
        }
        attestation.verify()?;
        attestation.check(now)?;
        let Some(own) = &self.own else { return Ok(true) };
        // Also under another account key: others compare the numbers of an account, whoever signs.
        follows((found.sequence, own.statement().sequence), found == own.statement())?;
        Ok(attestation != &**own)
    }
}

impl Attestation {
    /// Refuses an attestation that the provider has not signed or may not, that its account has not signed, or that
    /// is out of its time.
    pub(crate) fn hold(&self, provider: &ProviderStatement, now: Now) -> Result<(), Error> {
        if !provider.attestation_keys.contains(self.provider_key()) {
            return Err(Error::BadSignature);
        }
        if !self.statement().fits(provider) {
            return Err(Error::NotAllowed);
        }
        self.verify()?;
        self.check(now)
    }
}

/// Refuses a statement that was made before the known one, or another one in its place.
pub(crate) fn follows((found, known): (u64, u64), is_same: bool) -> Result<(), Error> {
    if found < known {
        Err(Error::ListRollback)
    } else if found == known && !is_same {
        Err(Error::ListFork)
    } else {
        Ok(())
    }
}
