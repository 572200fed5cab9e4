//! One device of an account with everything it needs to talk: the facade of the crate.

mod compare;
mod contact;
mod gone;
mod guests;
mod linking;
mod lists;
mod logs;
mod open;
mod outgoing;
mod peer;
mod plan;
mod retry;
mod runs;
mod seal;
mod step;
mod stored;
#[cfg(test)]
mod tests;
mod upkeep;

pub use contact::View;
pub use linking::{Candidate, Welcome};
pub use lists::Learned;
pub use open::{Alert, Arrived, Content, Large};
pub use outgoing::{Envelope, Outgoing};
pub use plan::{Conversation, Plan, To};
pub(crate) use step::ClientDelta;
pub use upkeep::Duties;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::account::Account;
use crate::change::{Change, Changing, Delta};
use crate::device::Device;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::descent::Descent;
use crate::protocol::devices::{DeviceList, MAX_DEVICES};
use crate::protocol::identity::{AccountId, Certificate, DeviceId};
use crate::protocol::linking::Pending;
use crate::protocol::record::Anchor;
use crate::state::private::Stateful;

use contact::Contact;
use gone::GoneLog;
use logs::{SeenLog, SentLog};
use peer::Peer;
use step::{Moved, Step};

/// The name of a message, the same on all devices that got it: 16 random bytes.
pub type MessageId = [u8; 16];

/// Accounts that a client knows at most, and that one plan addresses at most.
pub(crate) const MAX_ACCOUNTS: usize = 65_536;
/// Devices that a client holds something about at most.
const MAX_PEERS: usize = (MAX_ACCOUNTS + 1) * MAX_DEVICES;
/// Steps of one change at most.
const MAX_STEPS: usize = 1 << 23;

/// Where a device is: its account, and its id in that account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The account.
    pub account: AccountId,
    /// The device in it.
    pub device: DeviceId,
}

impl Address {
    /// Where the device of a certificate is.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self { account: certificate.account(), device: certificate.device() }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.account.0);
        writer.raw(&self.device.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { account: AccountId(*reader.array()?), device: DeviceId(*reader.array()?) })
    }
}

/// One device of an account: its keys, the device lists it knows, its sessions with other devices,
/// and what it must remember of messages. Secret: no `Clone`, no `Debug`, wiped on drop.
///
/// Envelopes, bundles, device lists and time go in; plans, letters, alerts and changes come out.
/// Every operation either fails and leaves the client as it was, or makes one [`Change`] with
/// everything in it: save it, then [`Client::apply`] it, then send or show (`spec/state.md`).
///
/// `now` is the caller's clock in seconds; a value below one that the client has seen counts as that
/// one, so that setting a clock back revives nothing. After a clock that was wrong see
/// [`Client::mend_clock`].
pub struct Client {
    inner: Box<Inner>,
}

struct Inner {
    device: Device,
    own: Contact,
    contacts: BTreeMap<AccountId, Contact>,
    peers: BTreeMap<Address, Peer>,
    sent: SentLog,
    seen: SeenLog,
    gone: GoneLog,
    linking: Option<Box<Pending>>,
    clock: u64,
    anchor: Anchor,
}

impl Client {
    /// Makes the first device of an account, its primary, and the account's first device list, which
    /// [`Client::list`] gives to be published. Save the account and the client first.
    ///
    /// # Errors
    ///
    /// None with a working generator: two random keys would have to be the same.
    pub fn create(account: &Account, now: u64, rng: &mut impl CryptoRng) -> Result<Self, Error> {
        let device = Device::generate(account, now, rng);
        let list = DeviceList::first(account.key(), device.certificate().clone(), now)?;
        Ok(Self::new(device, list, now))
    }

    fn new(device: Device, list: DeviceList, now: u64) -> Self {
        let certificate = device.certificate();
        let anchor = Anchor::start(Self::KIND, &certificate.core(), list.hash());
        let inner = Inner {
            device,
            own: Contact::new(list),
            contacts: BTreeMap::new(),
            peers: BTreeMap::new(),
            sent: SentLog::default(),
            seen: SeenLog::default(),
            gone: GoneLog::default(),
            linking: None,
            clock: now,
            anchor,
        };
        Self { inner: Box::new(inner) }
    }

    /// Who this device is.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        self.inner.device.certificate()
    }

    /// Where this device is.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::of(self.certificate())
    }

    pub(crate) fn device(&self) -> &Device {
        &self.inner.device
    }

    /// The device list of this account, as far as this device knows it.
    #[must_use]
    pub fn list(&self) -> &DeviceList {
        &self.inner.own.list
    }

    /// The device list of an account, as far as this device knows it.
    #[must_use]
    pub fn list_of(&self, account: AccountId) -> Option<&DeviceList> {
        self.inner.contact(account).map(|contact| &contact.list)
    }

    /// The device lists that devices reported last and that are not the ones known here: by whom, of
    /// which account, and what it means. Empty when everybody agrees.
    pub fn mismatches(&self) -> impl Iterator<Item = (Address, AccountId, View)> {
        self.inner.peers.iter().flat_map(|(by, peer)| {
            let reports = peer.reports.iter();
            reports.filter_map(|(subject, listed)| {
                let view = self.inner.contact(*subject)?.view(*listed)?;
                Some((*by, *subject, view))
            })
        })
    }

    /// Whether a session with this device exists that a message can be sealed in.
    #[must_use]
    pub fn has_session(&self, with: Address, now: u64) -> bool {
        let now = now.max(self.inner.clock);
        self.inner.peers.get(&with).is_some_and(|peer| peer.usable(now).is_some())
    }

    /// Moves the client on by a change that was made from it.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if the change was made from another state. Nothing changes then.
    pub fn apply(&mut self, change: Change) -> Result<(), Error> {
        let (next, Delta::Client(delta)) = change.take(&self.inner.anchor)? else {
            return Err(Error::StaleChange);
        };
        self.inner.apply(next, delta)
    }

    fn change(&self, now: u64, steps: Vec<Step>) -> Result<Change, Error> {
        let now = now.max(self.inner.clock);
        Change::new(self.inner.anchor, Delta::Client(ClientDelta { now, steps }))
    }
}

impl Inner {
    /// What is known of an account, this one included.
    fn contact(&self, account: AccountId) -> Option<&Contact> {
        if account == self.account() { Some(&self.own) } else { self.contacts.get(&account) }
    }

    /// What a new session with a device says about its place.
    fn descent(&self, address: Address, now: u64) -> Descent {
        let peer = self.peers.get(&address);
        let newest = self.newest(address);
        peer.map_or_else(|| Peer::new(newest).descent(now), |peer| peer.descent(now))
    }

    /// When the newest session with a device was made.
    fn newest(&self, address: Address) -> u64 {
        let gone = || self.gone.newest(address);
        self.peers.get(&address).map_or_else(gone, Peer::newest)
    }

    fn account(&self) -> AccountId {
        self.device.certificate().account()
    }

    fn address(&self) -> Address {
        Address::of(self.device.certificate())
    }

    /// Whether this device is still one of its account's.
    fn check_listed(&self) -> Result<(), Error> {
        let listed = self.own.device(self.address().device)?;
        if listed == self.device.certificate() { Ok(()) } else { Err(Error::Unlisted) }
    }

    fn apply(&mut self, next: Anchor, delta: ClientDelta) -> Result<(), Error> {
        let now = delta.now;
        for step in delta.steps {
            self.take(next, now, step)?;
        }
        self.anchor = next;
        self.clock = now;
        Ok(())
    }

    fn take(&mut self, next: Anchor, now: u64, step: Step) -> Result<(), Error> {
        match step {
            Step::Prekeys(change) => return self.device.apply(*change),
            Step::Begin(begin) => self.peer(begin.with).begin(begin.session, now),
            Step::Accept(accept) => {
                self.peer(accept.from).accept(accept.session, accept.activate, now);
            }
            Step::Sealed(mut moved) | Step::Opened(mut moved) => {
                let Moved { with, slot, delta } = &mut *moved;
                self.peer(*with).advance(*slot, next, now, delta);
            }
            Step::Asked(address) => self.peer(*address).ask(),
            Step::Seen(seen) => self.seen.add(*seen),
            Step::Sent(sent) => self.sent.add(*sent),
            Step::Again(again) => self.sent.count(&again.id, again.to),
            Step::Report(report) => {
                let reports = &mut self.peer(report.by).reports;
                match report.listed {
                    Some(listed) => reports.insert(report.subject, *listed),
                    None => reports.remove(&report.subject),
                };
            }
            Step::Learn(list) => self.learn(*list),
            Step::Changed(list) => {
                if let Some(contact) = self.contacts.get_mut(&list.account()) {
                    contact.changed = Some(list);
                }
            }
            Step::Acknowledge(account) => self.acknowledge(*account),
            Step::Dismiss(account) => self.dismiss(*account),
            Step::Forget(account) => self.forget(*account),
            Step::Linking(pending) => self.linking = pending,
            Step::Expire => self.expire(now),
            Step::Mend => self.mend(now),
        }
        Ok(())
    }

    fn peer(&mut self, address: Address) -> &mut Peer {
        let newest = self.newest(address);
        self.peers.entry(address).or_insert_with(|| Peer::new(newest))
    }
}

impl Changing for Client {
    type Output = Outgoing;
}
