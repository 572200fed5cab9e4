//! Decisions of the user and the app about providers and accounts: `spec/third-party.md`, "Providers" to "Notices".

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::Reader;
use crate::session::AccountKey;
use crate::storage::Pending;

use super::client::Client;
use super::delta::{ClientItem, Consented, Decided, Opted};
use super::policy::{
    AccountStatement, Attestation, AttestedDevice, Consent, ForeignAccount, Learned, Notices,
    ProviderDescriptor, ProviderId, TrustedKeys,
};

impl Client {
    /// Changes whose word is taken about providers. A provider that none of these keys has signed for freezes.
    pub fn trust(&mut self, roots: TrustedKeys, now: u64) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        self.pending(now, [ClientItem::Trusted(Box::new(roots))], ())
    }

    /// Learns a provider's descriptor. The provider is off until the user opts in.
    ///
    /// # Errors
    ///
    /// As [`ProviderDescriptor::decode`]; [`Error::ListRollback`] if a later one is known, [`Error::ListFork`] if
    /// another one of the same counter is; [`Error::Downgrade`] if its accounts were attested and would not be any
    /// more; [`Error::ListExpired`] if it is past its time, or from the future;
    /// [`Error::TooManyAccounts`] if there are 64 providers.
    pub fn learn_provider(
        &mut self,
        descriptor: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let (policy, now) = (&self.inner.policy, self.inner.clock.now(now));
        let descriptor = ProviderDescriptor::decode(descriptor, policy.roots())?;
        if !policy.is_news(&descriptor, now)? {
            return Ok(Pending::maybe(self, None, ()));
        }
        Ok(self.pending(now, [ClientItem::Described(Box::new(descriptor))], ()))
    }

    /// Returns the newest descriptor of a provider.
    #[must_use]
    pub fn provider(&self, id: &ProviderId) -> Option<&ProviderDescriptor> {
        self.inner.policy.provider(id).map(|record| &record.descriptor)
    }

    /// Tells whether the user has opted in to a provider.
    #[must_use]
    pub fn is_opted_in(&self, id: &ProviderId) -> bool {
        self.inner.policy.provider(id).is_some_and(|record| record.acknowledged.is_some())
    }

    /// Returns what the user is to be told of a provider, before they opt in and before anything is sent.
    #[must_use]
    pub fn notices(&self, id: &ProviderId) -> Option<Notices> {
        self.provider(id).map(|descriptor| Notices::of(descriptor.statement()))
    }

    /// Opts in to a provider, because the user has said so after these notices were shown. Also acknowledges them
    /// anew, where they have changed.
    ///
    /// # Errors
    ///
    /// [`Error::NotOptedIn`] if the provider is not known; [`Error::NoticesNotAcknowledged`] if there are others by
    /// now: show those.
    pub fn opt_in(
        &mut self,
        provider: &ProviderId,
        shown: Notices,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let now = self.inner.clock.now(now);
        let notices = self.notices(provider).ok_or(Error::NotOptedIn)?;
        if !shown.cover(notices) {
            return Err(Error::NoticesNotAcknowledged);
        }
        Ok(self.opted(provider, Some(shown), now.reading()))
    }

    /// Opts out of a provider: nothing of it is opened and nothing sent from now on. The sessions with its people are
    /// erased; by which keys they are known, and what the user thinks of them, stays, so that opting in again trusts
    /// nobody anew. What was shown is the app's, and stays too.
    pub fn opt_out(&mut self, provider: &ProviderId, now: u64) -> Pending<'_, Self, ()> {
        self.opted(provider, None, now)
    }

    fn opted(
        &mut self,
        provider: &ProviderId,
        acknowledged: Option<Notices>,
        now: u64,
    ) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        let opted = Opted { provider: provider.clone(), acknowledged };
        self.pending(now, [ClientItem::Opted(Box::new(opted))], ())
    }

    /// Says how an account's attestation names this device: what its primary signs for all its devices
    /// ([`AccountStatement::sign`]).
    #[must_use]
    pub fn attested_device(&self) -> AttestedDevice {
        AttestedDevice { number: self.inner.device.number(), identity: self.identity() }
    }

    /// Takes over the newest attestation of this side's own account, of which `key` is the key: what this device
    /// tells people of other providers follows from it.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] if it is of another account, [`Error::WrongAccount`] if it is under another key;
    /// [`Error::BadSignature`]; [`Error::ListRollback`], [`Error::ListFork`] as for other accounts, also under
    /// another account key than before; [`Error::ListExpired`]; [`Error::Malformed`], [`Error::UnknownVersion`],
    /// [`Error::WrongKind`], [`Error::WeakKey`] for the bytes.
    pub fn adopt(
        &mut self,
        attestation: &[u8],
        key: AccountKey,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let (inner, now) = (&*self.inner, self.inner.clock.now(now));
        let attestation = Reader::all(attestation, Attestation::recall)?;
        if !inner.policy.is_own_news(&attestation, inner.device.account(), key, now)? {
            return Ok(Pending::maybe(self, None, ()));
        }
        Ok(self.pending(now, [ClientItem::Adopted(Box::new(attestation))], ()))
    }

    /// Learns an account's attestation. Of one of a provider that the user has not opted in to, nothing but its name is
    /// read.
    ///
    /// # Errors
    ///
    /// [`Error::NotOptedIn`], [`Error::Frozen`] for the provider, [`Error::WrongKind`] if its programs know no
    /// attestations; [`Error::Blocked`] for the account, [`Error::OwnAccount`] if it is this very one;
    /// [`Error::BadSignature`] if the account or a key of the provider has not signed it; [`Error::NotAllowed`] if it
    /// has more devices than its provider may; [`Error::ListExpired`] if it is past its time, or from the future;
    /// [`Error::ListRollback`] if a later one is known, [`Error::ListFork`] if another one of the same number is;
    /// [`Error::IdentityChanged`] if it is the account's first, and one of its devices was known by another identity
    /// key when its programs were plain, or is left out: it can be learned once the user has accepted that
    /// ([`Client::acknowledge`], [`Client::forget_device`]);
    /// [`Error::TooManyAccounts`] if the user is to decide about 256 accounts of the provider or 2,500 in all, or there
    /// are 5,000;
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WeakKey`] for the bytes.
    pub fn learn_account(
        &mut self,
        attestation: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Self, Learned>, Error> {
        let (policy, now) = (&self.inner.policy, self.inner.clock.now(now));
        // Whose it is comes first: of a provider that is off nothing more is looked at.
        policy.active(AccountStatement::account_in(attestation)?.provider(), now)?;
        let attestation = Reader::all(attestation, Attestation::recall)?;
        let learned = policy.judge(&attestation, now)?;
        if learned == Learned::First && self.inner.knows_otherwise(attestation.statement()) {
            return Err(Error::IdentityChanged);
        }
        if learned == Learned::Known {
            return Ok(Pending::maybe(self, None, learned));
        }
        Ok(self.pending(now, [ClientItem::Attested(Box::new(attestation))], learned))
    }

    /// Returns what an account has said of itself, among it its devices: each gets its own copy of a message.
    #[must_use]
    pub fn statement_of(&self, account: &ForeignAccount) -> Option<&AccountStatement> {
        let record = self.inner.policy.account(account)?;
        record.attested.as_ref().map(|attested| attested.statement())
    }

    /// Returns what an account says of itself under another account key, which waits for the user's decision.
    #[must_use]
    pub fn changed_statement_of(&self, account: &ForeignAccount) -> Option<&AccountStatement> {
        let record = self.inner.policy.account(account)?;
        record.waiting.as_ref().map(|waiting| waiting.statement())
    }

    /// Accepts the account key that waits, after the user was shown it and has compared. The sessions with devices
    /// that it does not list end.
    ///
    /// # Errors
    ///
    /// [`Error::NotChanged`] if this key does not wait.
    pub fn accept_key(
        &mut self,
        account: &ForeignAccount,
        key: AccountKey,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        self.decided(account, key, true, now)
    }

    /// Dismisses the account key that waits, after the user was shown it: what was known before holds again.
    ///
    /// # Errors
    ///
    /// [`Error::NotChanged`] if this key does not wait.
    pub fn dismiss_key(
        &mut self,
        account: &ForeignAccount,
        key: AccountKey,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        self.decided(account, key, false, now)
    }

    fn decided(
        &mut self,
        account: &ForeignAccount,
        key: AccountKey,
        is_accepted: bool,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let now = self.inner.clock.now(now);
        if self.changed_statement_of(account).is_none_or(|changed| changed.key != key) {
            return Err(Error::NotChanged);
        }
        let decided = Decided { account: account.clone(), is_accepted };
        Ok(self.pending(now, [ClientItem::Decided(Box::new(decided))], ()))
    }

    /// Tells what the user thinks of an account.
    #[must_use]
    pub fn consent_of(&self, account: &ForeignAccount) -> Consent {
        self.inner.policy.account(account).map_or(Consent::Unasked, |record| record.consent)
    }

    /// Accepts an account that asked, or that was blocked.
    ///
    /// # Errors
    ///
    /// [`Error::OwnAccount`] for this side's own; [`Error::TooManyAccounts`] if there are 5,000 accounts.
    pub fn accept(
        &mut self,
        account: &ForeignAccount,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        self.consented(account, Consent::Accepted, now)
    }

    /// Blocks an account: nothing of it is looked at, and nothing sent to it.
    ///
    /// # Errors
    ///
    /// [`Error::OwnAccount`] for this side's own; [`Error::TooManyAccounts`] if there are 5,000 accounts.
    pub fn block(
        &mut self,
        account: &ForeignAccount,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        self.consented(account, Consent::Blocked, now)
    }

    fn consented(
        &mut self,
        account: &ForeignAccount,
        consent: Consent,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let now = self.inner.clock.now(now);
        self.inner.policy.check_foreign(account)?;
        if !self.inner.policy.has_room_for(account) {
            return Err(Error::TooManyAccounts);
        }
        let consented = Consented { account: account.clone(), consent };
        Ok(self.pending(now, [ClientItem::Consented(Box::new(consented))], ()))
    }

    /// Forgets an account: its sessions, the keys it is known by, the versions it has used, and what the user thinks
    /// of it. Whoever shows up under its name afterwards is somebody new. A hand-over of another own device that has
    /// not forgotten it brings it back.
    pub fn forget(&mut self, account: &ForeignAccount, now: u64) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        self.pending(now, [ClientItem::Forgotten(Box::new(account.clone()))], ())
    }
}
