//! Providers and accounts, and what stands against them: `spec/third-party.md`, "Providers" to
//! "First contact".

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::protocol::clock::Now;
use crate::signal::version::Version;

use super::agreed::agreed;
use super::attestation::{AccountStatement, Attestation};
use super::authority::TrustedKeys;
use super::descriptor::{Programs, ProviderDescriptor};
use super::names::{ForeignAccount, ForeignDevice, ProviderId};
use super::notices::Notices;
use super::party::{Party, Statements};
use super::record::{AccountRecord, Consent, ProviderRecord};

/// Maximum number of providers.
pub(crate) const MAX_PROVIDERS: usize = 64;

/// Maximum number of accounts.
pub(crate) const MAX_ACCOUNTS: usize = 5000;

/// Maximum number of accounts about which the user has not decided, so that strangers leave room for friends.
pub(super) const MAX_UNDECIDED: usize = MAX_ACCOUNTS / 2;

/// Maximum number of them at one provider, so that those of one leave room for those of others.
pub(crate) const MAX_UNDECIDED_OF_ONE: usize = 256;

/// The part of a client's state that says with whom messages may be exchanged.
pub(crate) struct Policy {
    /// This side's own account.
    account: ForeignAccount,
    pub(super) roots: TrustedKeys,
    pub(super) providers: BTreeMap<ProviderId, Box<ProviderRecord>>,
    pub(super) accounts: BTreeMap<ForeignAccount, Box<AccountRecord>>,
    /// The newest attestation of this side's own account.
    pub(super) own: Option<Box<Attestation>>,
}

impl Policy {
    /// Begins without providers.
    pub(crate) fn new(account: ForeignAccount, roots: TrustedKeys) -> Self {
        let (providers, accounts) = (BTreeMap::new(), BTreeMap::new());
        Self { account, roots, providers, accounts, own: None }
    }

    /// Finds what somebody is to messages that came from it. No byte of a message was looked at.
    ///
    /// # Errors
    ///
    /// [`Error::NotOptedIn`], [`Error::Frozen`], [`Error::OwnAccount`], [`Error::Blocked`], [`Error::NotAccepted`],
    /// [`Error::IdentityChanged`], [`Error::UnknownAccount`], [`Error::ListExpired`], [`Error::NotAllowed`],
    /// [`Error::Unlisted`], [`Error::OwnDeviceUnlisted`].
    pub(crate) fn reading(&self, from: &ForeignDevice, now: Now) -> Result<Party<'_>, Error> {
        let provider = self.active(from.provider(), now)?;
        self.party(provider, from, now)
    }

    /// Finds what somebody is to messages that are to be sent to it.
    ///
    /// # Errors
    ///
    /// As [`Policy::reading`]; [`Error::NoticesNotAcknowledged`].
    pub(crate) fn writing(&self, to: &ForeignDevice, now: Now) -> Result<Party<'_>, Error> {
        let provider = self.active(to.provider(), now)?;
        let notices = Notices::of(provider.descriptor.statement());
        if !provider.acknowledged.is_some_and(|known| known.cover(notices)) {
            return Err(Error::NoticesNotAcknowledged);
        }
        let party = self.party(provider, to, now)?;
        if let Some(own) = &self.own
            && party.is_attested()
        {
            own.check(now)?;
        }
        Ok(party)
    }

    /// Finds a provider that the user has opted in to, and that nobody has suspended.
    pub(crate) fn active(&self, id: &ProviderId, now: Now) -> Result<&ProviderRecord, Error> {
        let record = self.providers.get(id).filter(|record| record.acknowledged.is_some());
        let record = record.ok_or(Error::NotOptedIn)?;
        let descriptor = &record.descriptor;
        let is_active = self.roots.contains(descriptor.root()) && descriptor.is_active(now);
        if is_active { Ok(record) } else { Err(Error::Frozen) }
    }

    fn party<'a>(
        &'a self,
        provider: &'a ProviderRecord,
        device: &ForeignDevice,
        now: Now,
    ) -> Result<Party<'a>, Error> {
        self.check_foreign(device.account())?;
        let record = self.accounts.get(device.account()).map(|record| &**record);
        match record.map(|record| record.consent) {
            Some(Consent::Blocked) => return Err(Error::Blocked),
            Some(Consent::Requested) => return Err(Error::NotAccepted),
            _ => {}
        }
        let provider = provider.descriptor.statement();
        let statements = match provider.programs {
            Programs::Plain => None,
            Programs::Attested => {
                let record = record.ok_or(Error::UnknownAccount)?;
                if record.waiting.is_some() {
                    return Err(Error::IdentityChanged);
                }
                let attested = record.attested.as_ref().ok_or(Error::UnknownAccount)?;
                // A key that its provider has given up: somebody else may hold it.
                if !provider.attestation_keys.contains(attested.provider_key()) {
                    return Err(Error::UnknownAccount);
                }
                attested.check(now)?;
                let peer = attested.statement();
                // Learned before the provider's descriptor allowed fewer.
                if !peer.fits(provider) {
                    return Err(Error::NotAllowed);
                }
                peer.device(device.number()).ok_or(Error::Unlisted)?;
                let own = self.own.as_ref().ok_or(Error::OwnDeviceUnlisted)?.statement();
                Some(Statements { own, peer })
            }
        };
        Ok(Party { provider, record, statements })
    }

    /// Refuses this side's own account: its devices write to each other as members do.
    pub(crate) fn check_foreign(&self, account: &ForeignAccount) -> Result<(), Error> {
        if *account == self.account { Err(Error::OwnAccount) } else { Ok(()) }
    }

    pub(crate) fn own(&self) -> Option<&AccountStatement> {
        self.own.as_ref().map(|own| own.statement())
    }

    pub(crate) fn own_attestation(&self) -> Option<&Attestation> {
        self.own.as_deref()
    }

    pub(crate) fn roots(&self) -> &TrustedKeys {
        &self.roots
    }

    pub(crate) fn provider(&self, id: &ProviderId) -> Option<&ProviderRecord> {
        self.providers.get(id).map(|record| &**record)
    }

    /// Returns how often the user has opted out of a provider.
    pub(crate) fn opt_outs(&self, id: &ProviderId) -> u32 {
        self.provider(id).map_or(0, |record| record.opt_outs)
    }

    pub(crate) fn account(&self, account: &ForeignAccount) -> Option<&AccountRecord> {
        self.accounts.get(account).map(|record| &**record)
    }

    /// Tells whether there is room for another account of a provider about which the user has not decided.
    pub(crate) fn has_room(&self, provider: &ProviderId) -> bool {
        self.room().take(provider, Consent::Unasked)
    }

    /// Tells whether there is room for an account that the user writes to.
    pub(crate) fn has_room_for(&self, account: &ForeignAccount) -> bool {
        self.accounts.contains_key(account) || self.accounts.len() < MAX_ACCOUNTS
    }

    pub(crate) fn trust(&mut self, roots: TrustedKeys) {
        self.roots = roots;
    }

    pub(crate) fn describe(&mut self, descriptor: ProviderDescriptor) {
        let id = descriptor.statement().id.clone();
        if let Some(record) = self.providers.get_mut(&id) {
            record.descriptor = descriptor;
        } else {
            let record = ProviderRecord { descriptor, acknowledged: None, opt_outs: 0 };
            self.providers.insert(id, Box::new(record));
        }
    }

    pub(crate) fn opt(&mut self, provider: &ProviderId, acknowledged: Option<Notices>) {
        if let Some(record) = self.providers.get_mut(provider) {
            record.acknowledged = acknowledged;
            if acknowledged.is_none() {
                record.opt_outs = record.opt_outs.saturating_add(1);
            }
        }
    }

    /// Takes in an attestation that was judged. One under another account key waits.
    pub(crate) fn attest(&mut self, attestation: Box<Attestation>, now: u64) {
        let own = self.own.as_ref().map(|own| own.statement());
        let account = attestation.statement().account.clone();
        let record = self.accounts.entry(account).or_insert_with(|| Box::new(AccountRecord::new()));
        let known = record.attested.as_ref().map(|attested| attested.statement());
        if known.is_some_and(|known| known.key != attestation.statement().key) {
            record.waiting = Some(attestation);
            return;
        }
        if let (Some(own), Some(known)) = (own, known) {
            let (before, after) = (agreed(own, known), agreed(own, attestation.statement()));
            if before != after {
                record.replace(before, now);
            }
        }
        record.attested = Some(attestation);
    }

    /// Ends the waiting of an attestation, by taking it for the account's or by dropping it.
    pub(crate) fn decide(&mut self, account: &ForeignAccount, is_accepted: bool) {
        let Some(record) = self.accounts.get_mut(account) else { return };
        let waiting = record.waiting.take();
        if is_accepted && waiting.is_some() {
            record.attested = waiting;
            record.forget_former();
        }
    }

    pub(crate) fn consent(&mut self, account: &ForeignAccount, consent: Consent) {
        self.record(account).consent = consent;
    }

    /// Notes that a device of an account uses a version.
    pub(crate) fn pin(&mut self, account: &ForeignAccount, version: Version) {
        let record = self.record(account);
        record.pin = record.pin.max(Some(version));
    }

    pub(crate) fn forget(&mut self, account: &ForeignAccount) {
        self.accounts.remove(account);
    }

    /// Takes in the newest attestation of this side's own account.
    pub(crate) fn adopt(&mut self, attestation: Box<Attestation>, now: u64) {
        if let Some(own) = &self.own {
            for record in self.accounts.values_mut() {
                let Some(peer) = record.attested.as_ref().map(|it| it.statement()) else {
                    continue;
                };
                let before = agreed(own.statement(), peer);
                if before != agreed(attestation.statement(), peer) {
                    record.replace(before, now);
                }
            }
        }
        self.own = Some(attestation);
    }

    fn record(&mut self, account: &ForeignAccount) -> &mut AccountRecord {
        self.accounts.entry(account.clone()).or_insert_with(|| Box::new(AccountRecord::new()))
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        self.roots.write(writer);
        writer.list(self.providers.values(), |record, writer| record.write(writer));
        writer.option(self.own.as_deref(), Attestation::write);
    }

    /// Writes the accounts, each on a page of its own.
    pub(crate) fn write_accounts(&self, writer: &mut Writer) {
        for (account, record) in &self.accounts {
            let mut title = Writer::new();
            account.write(&mut title);
            writer.page(&[b"account", title.written()]);
            writer.raw(title.written());
            record.write(writer);
        }
    }

    pub(crate) fn accounts(&self) -> usize {
        self.accounts.len()
    }

    pub(crate) fn read(account: ForeignAccount, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut policy = Self::new(account, TrustedKeys::read(reader)?);
        let records: Vec<_> =
            reader.list(MAX_PROVIDERS, |reader| ProviderRecord::read(reader).map(Box::new))?;
        for record in records {
            let id = record.descriptor.statement().id.clone();
            ascending(&mut policy.providers, id, record)?;
        }
        policy.own = reader.option(|reader| Attestation::recall(reader).map(Box::new))?;
        Ok(policy)
    }

    pub(crate) fn read_accounts(
        &mut self,
        count: usize,
        reader: &mut Reader<'_>,
    ) -> Result<(), Error> {
        for _ in 0..count {
            let (account, record) =
                (ForeignAccount::read(reader)?, AccountRecord::read(reader).map(Box::new)?);
            ascending(&mut self.accounts, account, record)?;
        }
        Ok(())
    }
}
