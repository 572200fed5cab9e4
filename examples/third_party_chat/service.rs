//! The server of Ada's service: it admits devices of other providers, keeps their prekeys, and hands on what it
//! cannot read.

use std::collections::{HashMap, VecDeque};

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::Error;
use latchstring::signal::{
    Arrival, Attestation, Bundle, Challenge, Delivery, EnlistedDevice, Enlistment, ForeignAccount,
    ForeignDevice, KemPrekey, OneTimePrekey, PrekeyBatch, ProviderDescriptor, ProviderId, Route,
};

use crate::page::sees;

pub(crate) struct Service {
    origin: &'static str,
    /// The newest descriptor of each provider, by the roots that the service trusts.
    providers: HashMap<ProviderId, ProviderDescriptor>,
    /// The newest attestation of each account.
    accounts: HashMap<ForeignAccount, Attestation>,
    prekeys: HashMap<ForeignDevice, (Bundle, VecDeque<(OneTimePrekey, KemPrekey)>)>,
    mail: HashMap<ForeignDevice, VecDeque<Vec<u8>>>,
}

impl Service {
    pub(crate) fn new(origin: &'static str) -> Self {
        let (providers, accounts) = (HashMap::new(), HashMap::new());
        let (prekeys, mail) = (HashMap::new(), HashMap::new());
        Self { origin, providers, accounts, prekeys, mail }
    }

    /// Takes what the maker of the apps says of a provider.
    pub(crate) fn describe(&mut self, descriptor: ProviderDescriptor) {
        let says = descriptor.statement();
        sees(&format!("{} is {:?} by descriptor {}", says.id, says.status, says.counter));
        self.providers.insert(says.id.clone(), descriptor);
    }

    /// Knows an account of the service itself.
    pub(crate) fn member(&mut self, attestation: Attestation) {
        self.accounts.insert(attestation.statement().account.clone(), attestation);
    }

    /// Asks whoever connects to show who it is. The challenge is kept with the connection.
    pub(crate) fn connected(&self, now: u64) -> Result<Challenge, Error> {
        sees("somebody connects, and gets a challenge");
        Challenge::generate(self.origin, now, &mut UnwrapErr(SysRng))
    }

    /// Admits a device that answers the challenge of its connection.
    pub(crate) fn admit(
        &mut self,
        challenge: Challenge,
        answer: &[u8],
        route: Route,
        now: u64,
    ) -> Result<EnlistedDevice, Error> {
        let answer = Enlistment::decode(answer)?;
        let account = answer.account();
        let provider = self.providers.get(account.provider()).ok_or(Error::NotOptedIn)?;
        // By the service's own means: this connection is one of the proxy of that provider.
        let arrival = match route {
            Route::Direct(channel) => Arrival::Direct(channel),
            _ => Arrival::Proxy(account.provider()),
        };
        let device =
            challenge.admit(&answer, provider, self.accounts.get(account), arrival, now)?;
        sees(&format!("{} is admitted", device.device()));
        self.accounts.insert(account.clone(), device.attestation().clone());
        Ok(device)
    }

    /// Asks once more whether an admitted device may be connected, by what is known now.
    fn check(&self, device: &EnlistedDevice, now: u64) -> Result<(), Error> {
        let account = device.device().account();
        let provider = self.providers.get(account.provider()).ok_or(Error::NotOptedIn)?;
        device.check(provider, self.accounts.get(account).unwrap_or(device.attestation()), now)
    }

    /// Takes the keys by which others begin a chat with a device. They came in frames.
    pub(crate) fn publish(
        &mut self,
        device: &EnlistedDevice,
        (bundle, batch): (&[u8], &[u8]),
        now: u64,
    ) -> Result<(), Error> {
        self.check(device, now)?;
        let (bundle, batch) = (Bundle::decode(bundle)?, PrekeyBatch::decode(batch)?);
        device.check_bundle(&bundle)?;
        device.check_batch(&batch)?;
        self.keep(device.device().clone(), bundle, batch.into_prekeys());
        Ok(())
    }

    /// Keeps the keys of a device, of which the service knows whose it is.
    pub(crate) fn keep(
        &mut self,
        device: ForeignDevice,
        bundle: Bundle,
        batch: Vec<(OneTimePrekey, KemPrekey)>,
    ) {
        sees(&format!("keys of {device}, and {} one-time ones", batch.len()));
        self.prekeys.insert(device, (bundle, batch.into()));
    }

    /// Hands out a copy of a bundle, with a one-time prekey while there is one.
    pub(crate) fn bundle(&mut self, of: &ForeignDevice) -> Option<Vec<u8>> {
        let (bundle, stock) = self.prekeys.get_mut(of)?;
        let mut copy = bundle.clone();
        if let Some((one_time, kem)) = stock.pop_front() {
            (copy.one_time, copy.kem) = (Some(one_time), Some(kem));
        }
        Some(copy.encode())
    }

    /// Tells what it knows of an account; whoever asks verifies it.
    pub(crate) fn attestation(&self, of: &ForeignAccount) -> Option<Vec<u8>> {
        self.accounts.get(of).map(Attestation::encode)
    }

    /// Takes a message of an admitted device.
    pub(crate) fn take(
        &mut self,
        device: &EnlistedDevice,
        bytes: &[u8],
        now: u64,
    ) -> Result<(), Error> {
        self.check(device, now)?;
        let delivery = Delivery::decode(bytes)?;
        device.check_delivery(&delivery)?;
        self.post(&delivery);
        Ok(())
    }

    /// Puts a message into the mailbox of the device that it is for.
    pub(crate) fn post(&mut self, delivery: &Delivery) {
        let Delivery { from, to, message } = delivery;
        let size = message.bytes.len();
        sees(&format!("{size} B from {} to {}", from.address(), to.address()));
        self.mail.entry(to.clone()).or_default().push_back(delivery.encode());
    }

    /// Takes the next message for a device out of its mailbox.
    pub(crate) fn fetch(&mut self, device: &ForeignDevice) -> Option<Vec<u8>> {
        self.mail.get_mut(device)?.pop_front()
    }
}
