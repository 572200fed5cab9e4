//! The relay: it keeps device lists, prekeys and mailboxes, and prints what it sees.

use std::collections::{BTreeMap, VecDeque};

use latchstring::Error;
use latchstring::client::{Address, DeviceList, Envelope};
use latchstring::session::{AccountId, Bundle, OneTimePrekey};

#[derive(Default)]
pub(crate) struct Server {
    /// For the reader of this page: a server knows the ids.
    names: BTreeMap<Address, &'static str>,
    /// All lists of each account, the newest last.
    lists: BTreeMap<AccountId, Vec<Vec<u8>>>,
    /// Of the one-time prekeys the oldest is handed out first, because its device erases it first.
    bundles: BTreeMap<Address, (Bundle, VecDeque<OneTimePrekey>)>,
    mail: BTreeMap<Address, VecDeque<(Address, Vec<u8>)>>,
    /// The account whose newest list is hidden from everybody else: what a dishonest server does.
    pub(crate) hides: Option<AccountId>,
}

/// Prints a line of the server's view, beside the people's.
fn sees(what: &str) {
    println!("{:WIDTH$}│ {what}", "", WIDTH = crate::WIDTH);
}

impl Server {
    pub(crate) fn name(&self, address: Address) -> &'static str {
        self.names.get(&address).copied().unwrap_or("a new device")
    }

    /// Stores a device's prekeys, for those who will write to it.
    pub(crate) fn stock(
        &mut self,
        name: &'static str,
        bundle: Bundle,
        one_time: Vec<OneTimePrekey>,
    ) {
        let address = Address::of(bundle.certificate());
        let size = bundle.encode().len();
        sees(&format!("{name}: bundle of {size} B, {} one-time prekeys", one_time.len()));
        self.names.insert(address, name);
        self.bundles.insert(address, (bundle, one_time.into()));
    }

    pub(crate) fn publish(&mut self, list: &DeviceList) {
        let (bytes, count) = (list.encode(), list.devices().len());
        sees(&format!("device list {}: {count} device(s), {} B", list.epoch(), bytes.len()));
        self.lists.entry(list.account()).or_default().push(bytes);
    }

    /// Gives out the newest list of an account, or not the newest.
    pub(crate) fn list(&self, of: AccountId, by: Address) -> Result<DeviceList, Error> {
        let back = usize::from(self.hides == Some(of) && by.account != of);
        let list = self.lists.get(&of).and_then(|lists| lists.iter().nth_back(back));
        let list = DeviceList::decode(list.ok_or(Error::Unlisted)?)?;
        let hidden = if back > 0 { " and hides the next one" } else { "" };
        sees(&format!("gives {} device list {}{hidden}", self.name(by), list.epoch()));
        Ok(list)
    }

    /// Gives out a device's bundle, with a one-time prekey while there is one.
    pub(crate) fn bundle(&mut self, of: Address) -> Result<Bundle, Error> {
        sees(&format!("somebody fetches the bundle of {}", self.name(of)));
        let (bundle, one_time) = self.bundles.get_mut(&of).ok_or(Error::Unlisted)?;
        match one_time.pop_front() {
            Some(one_time) => bundle.attach(one_time),
            None => Ok(bundle.clone()),
        }
    }

    pub(crate) fn send(&mut self, from: Address, envelope: Envelope) {
        let (to, size) = (self.name(envelope.to), envelope.message.len());
        sees(&format!("{:>13} → {to:<13} {size:>5} B", self.name(from)));
        self.mail.entry(envelope.to).or_default().push_back((from, envelope.message));
    }

    /// Takes out the next envelope for a device, and who brought it, as the server says.
    pub(crate) fn fetch(&mut self, to: Address) -> Option<(Address, Vec<u8>)> {
        self.mail.get_mut(&to)?.pop_front()
    }

    /// Copies the next envelope for a device: what a dishonest server can give to somebody else.
    pub(crate) fn copy(&self, to: Address) -> Option<(Address, Vec<u8>)> {
        self.mail.get(&to)?.front().cloned()
    }
}
