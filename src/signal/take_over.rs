//! Handing over what is known of people on other messengers, and taking it over: `spec/third-party.md`, "Several
//! devices".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::protocol::clock::Now;
use crate::storage::Pending;

use super::client::{Client, Inner, MAX_PEERS};
use super::delta::ClientItem;
use super::handover::{Entries, HandedProvider, Person, PolicyHandover};
use super::peer::Peer;
use super::policy::{
    AccountRecord, AccountRoom, Attestation, AttestedDevice, Consent, ForeignAccount,
    ForeignDevice, MAX_PROVIDERS, Merge, Policy, Programs, ProviderDescriptor, ProviderId,
    ProviderStatement,
};

/// A thing that was handed over and not taken, or not as it was: tell a log, and the user of accounts and devices.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unmerged {
    /// The provider's descriptor is of a root that is not trusted here, is from the future, contradicts the known
    /// one, or found no room.
    Provider(ProviderId),
    /// The account's attestation is under another account key than the one known here, and waits for the user if it
    /// holds now, also if they have dismissed it before; or it contradicts the known one, or keys that devices were
    /// known by; or its provider is not known to stand by it, or by the one that waits beside it; or there was no
    /// room for the account. What was known here stays.
    Account(ForeignAccount),
    /// The user has decided otherwise about the account there, namely this. What they have decided here stays: ask
    /// them, or block the account here too.
    Consent(ForeignAccount, Consent),
    /// The device is known by another identity key here, which stays, or is one more than its account may have, or
    /// its provider's programs are not known to be plain.
    Device(ForeignDevice),
}

impl Client {
    /// Hands over what this device knows of people on other messengers, for another own device to take over: by which
    /// keys they are known, and what the user has decided. Page by page; send each to own devices
    /// ([`PolicyHandover::to_content`]). No session, key or secret is in it: the other device has its own.
    #[must_use]
    pub fn hand_over(&self) -> Vec<PolicyHandover> {
        let inner = &*self.inner;
        let providers = inner.policy.all_providers().map(|record| HandedProvider {
            descriptor: record.descriptor.clone(),
            acknowledged: record.acknowledged,
        });
        let people = inner.policy.all_accounts().map(|(account, record)| {
            let device = |(device, peer): (&ForeignDevice, &Peer)| AttestedDevice {
                number: device.number(),
                identity: *peer.identity(),
            };
            // Of an account with an attestation, that says what its devices are.
            let seen = record.attested.is_none().then(|| inner.known(account));
            Person {
                account: account.clone(),
                attested: record.attested.clone(),
                waiting: record.waiting.clone(),
                consent: record.consent,
                pin: record.pin,
                devices: seen.into_iter().flatten().map(device).collect(),
            }
        });
        let entries = Entries { providers: providers.collect(), people: people.collect() };
        PolicyHandover::paged(inner.device.account(), entries)
    }

    /// Takes over a page of what another own device knows, before this one talks to anybody, or later: each page for
    /// itself, in whatever order. Nothing that is known here is made weaker by it; what contradicts it is told.
    ///
    /// The trusted roots are this app's own and not handed over. Descriptors and attestations are verified once more.
    /// Opting in is taken over with a provider that is not known here. Whom the user has forgotten here comes back
    /// with a device that has not.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for one of another account than this device's; [`Error::BadSignature`] if a signature in
    /// it does not hold.
    pub fn take_over(
        &mut self,
        handover: &PolicyHandover,
        now: u64,
    ) -> Result<Pending<'_, Self, Vec<Unmerged>>, Error> {
        let (inner, now) = (&*self.inner, self.inner.clock.now(now));
        if handover.account() != inner.device.account() {
            return Err(Error::WrongPeer);
        }
        let mut merging = Merging::new(inner, now);
        for provider in &handover.entries.providers {
            merging.provider(provider)?;
        }
        for person in &handover.entries.people {
            merging.person(person)?;
        }
        let Merging { news, unmerged, .. } = merging;
        if news.is_empty() {
            return Ok(Pending::maybe(self, None, unmerged));
        }
        Ok(self.pending(now, [ClientItem::TakenOver(Box::new(news))], unmerged))
    }
}

/// A hand-over on its way into a client: what is taken of it, and what is not.
struct Merging<'a> {
    inner: &'a Inner,
    now: Now,
    news: Entries,
    unmerged: Vec<Unmerged>,
    room: AccountRoom,
    /// The providers that there is room for.
    providers: usize,
    /// The devices that there is room for.
    devices: usize,
}

impl<'a> Merging<'a> {
    fn new(inner: &'a Inner, now: Now) -> Self {
        Self {
            inner,
            now,
            news: Entries::default(),
            unmerged: Vec::new(),
            room: inner.policy.room(),
            providers: MAX_PROVIDERS.saturating_sub(inner.policy.all_providers().count()),
            devices: MAX_PEERS.saturating_sub(inner.peers.len()),
        }
    }

    fn provider(&mut self, handed: &HandedProvider) -> Result<(), Error> {
        let id = &handed.descriptor.statement().id;
        let policy = &self.inner.policy;
        let is_new = policy.provider(id).is_none();
        match policy.merge_descriptor(&handed.descriptor, self.now)? {
            Merge::Known => {}
            Merge::News if !is_new || self.providers > 0 => {
                self.providers = self.providers.saturating_sub(is_new.into());
                // Where the user has seen the provider before, they have decided.
                let acknowledged = handed.acknowledged.filter(|_| is_new);
                let descriptor = handed.descriptor.clone();
                self.news.providers.push(HandedProvider { descriptor, acknowledged });
            }
            _ => self.unmerged.push(Unmerged::Provider(id.clone())),
        }
        Ok(())
    }

    fn person(&mut self, handed: &Person) -> Result<(), Error> {
        let account = &handed.account;
        let record = self.inner.policy.account(account);
        // Nobody is a stranger to themselves.
        if account == self.inner.device.account() {
            return Ok(());
        }
        if record.is_none() && !self.room.take(account.provider(), handed.consent) {
            self.unmerged.push(Unmerged::Account(account.clone()));
            return Ok(());
        }
        let here = record.map_or(Consent::Unasked, |record| record.consent);
        if here.contradicts(handed.consent) {
            self.unmerged.push(Unmerged::Consent(account.clone(), handed.consent));
        }
        let mut taken = Person {
            account: account.clone(),
            attested: None,
            waiting: None,
            consent: here,
            pin: handed.pin,
            devices: Vec::new(),
        };
        self.attestations(handed, &mut taken)?;
        let is_seen = self.seen(handed, &mut taken);
        // Whoever was accepted there is accepted here by the same key, and nobody else.
        if handed.consent != Consent::Accepted || (is_seen && taken.is_same(handed, record)) {
            taken.consent = here.or(handed.consent);
        }
        let is_news = taken.attested.is_some()
            || taken.waiting.is_some()
            || !taken.devices.is_empty()
            || here != taken.consent
            || record.and_then(|record| record.pin) < handed.pin;
        if is_news {
            self.news.people.push(taken);
        }
        Ok(())
    }

    fn attestations(&mut self, handed: &Person, taken: &mut Person) -> Result<(), Error> {
        let Some(attested) = &handed.attested else { return Ok(()) };
        let (policy, now) = (&self.inner.policy, self.now);
        let provider = self.statement(handed.account.provider());
        let known = policy.account(&handed.account);
        let is_first = known.is_none_or(|record| record.attested.is_none());
        let mut merged = policy.merge_attestation(attested, provider, now)?;
        if is_first && self.inner.knows_otherwise(attested.statement()) {
            merged = Merge::Conflict;
        }
        let waiting = handed.waiting.as_deref();
        let waits = waiting.map(|waiting| {
            if is_first {
                Policy::merge_waiting(waiting, attested, provider, now)
            } else {
                policy.merge_attestation(waiting, provider, now)
            }
        });
        let mut waits = waits.transpose()?;
        // Nothing waits beside what is not taken: it would be the first.
        if is_first && merged != Merge::News {
            waits = None;
        }
        let is_asked = |merge| matches!(merge, Merge::Waits | Merge::Conflict);
        // What waited there waits here: that is told only where it is asked anew.
        let is_told = waits.is_some_and(|it| is_asked(it) && !(is_first && it == Merge::Waits));
        if is_asked(merged) || is_told {
            self.unmerged.push(Unmerged::Account(handed.account.clone()));
        }
        let is_taken = |merge: &Merge| matches!(merge, Merge::News | Merge::Waits);
        if is_taken(&merged) {
            taken.attested = Some(attested.clone());
        }
        if waits.is_some_and(|it| is_taken(&it)) {
            taken.waiting.clone_from(&handed.waiting);
        }
        Ok(())
    }

    /// Takes in the devices that were seen of an account whose programs are plain. Of another one they say nothing.
    /// Tells whether none of them is another one here.
    fn seen(&mut self, handed: &Person, taken: &mut Person) -> bool {
        let inner = self.inner;
        let record = inner.policy.account(&handed.account);
        let attested = record.and_then(|record| record.attested.as_ref());
        let provider = self.statement(handed.account.provider());
        let plain = provider.filter(|provider| provider.programs == Programs::Plain);
        let most = plain.map_or(0, |provider| usize::from(provider.devices));
        let mut places = most.saturating_sub(inner.known(&handed.account).count());
        let mut is_same = true;
        for seen in &handed.devices {
            let device = handed.account.device(seen.number);
            let known = match attested {
                Some(attested) => attested.statement().device(seen.number),
                None => inner.peers.get(&device).map(Peer::identity),
            };
            let is_new = attested.is_none() && known.is_none();
            if is_new && places > 0 && self.devices > 0 {
                taken.devices.push(*seen);
                places = places.saturating_sub(1);
                self.devices = self.devices.saturating_sub(1);
            } else if known != Some(&seen.identity) {
                is_same &= known.is_none();
                self.unmerged.push(Unmerged::Device(device));
            }
        }
        is_same
    }

    /// Finds the newest statement about a provider by a trusted root: the one that is taken, or the one that is
    /// known.
    fn statement(&self, id: &ProviderId) -> Option<&ProviderStatement> {
        let policy = &self.inner.policy;
        let mut news = self.news.providers.iter().map(|taken| &taken.descriptor);
        let taken = news.find(|descriptor| descriptor.statement().id == *id);
        let known = policy.provider(id).map(|record| &record.descriptor);
        let newest = taken.or(known).filter(|newest| policy.roots().contains(newest.root()));
        newest.map(ProviderDescriptor::statement)
    }
}

impl Person {
    /// Tells whether an account is known by the account key by which it is known elsewhere, once this is taken; where
    /// it has none there, whether it has none here.
    fn is_same(&self, elsewhere: &Self, here: Option<&AccountRecord>) -> bool {
        let known = here.and_then(|record| record.attested.as_ref()).or(self.attested.as_ref());
        let key = |attested: &Attestation| attested.statement().key;
        known.map(|it| key(it)) == elsewhere.attested.as_ref().map(|it| key(it))
    }
}

impl Inner {
    /// Takes in what was judged.
    pub(super) fn take_in(&mut self, entries: Entries, now: u64) {
        for HandedProvider { descriptor, acknowledged } in entries.providers {
            let id = descriptor.statement().id.clone();
            self.policy.describe(descriptor);
            if acknowledged.is_some() {
                self.policy.opt(&id, acknowledged);
            }
        }
        for person in entries.people {
            let Person { account, attested, waiting, consent, pin, devices } = person;
            self.policy.consent(&account, consent);
            if let Some(pin) = pin {
                self.policy.pin(&account, pin);
            }
            for attestation in [attested, waiting].into_iter().flatten() {
                self.policy.attest(attestation, now);
            }
            for device in devices {
                let known = || Peer::known(device.identity);
                self.peers.entry(account.device(device.number)).or_insert_with(known);
            }
            self.keep_attested(&account);
        }
    }
}
